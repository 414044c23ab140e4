"""The view of one of 100,000 customers over 12 source systems, against a plain join of the source tables.

A simulated city lives for three days; what its 12 systems record comes in by the shipped mappings. The
baseline holds the same rows as 12 SQLite tables, each with an index by person, and asks them in one
query for the newest rows and the sums by month; it knows no purposes, no consents and no accounts.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import duckdb
import msgspec

from bench.ratio import Ratio
from jingwei.channels.rest.customer_view import view_told
from jingwei.channels.rest.view_of import permitted_data, whole
from jingwei.channels.sources.at_home import at_hand, import_at_home
from jingwei.channels.sources.shipped import mappings_named
from jingwei.home import Home, open_home
from jingwei.journeys.import_accounts import HistoricAccount, ImportAccounts
from jingwei.journeys.import_customers import MOST, HistoricCustomer, ImportCustomers
from jingwei.kernel.purpose import Purpose
from jingwei.simulation.city.files import write
from jingwei.simulation.city.world import live_through

CUSTOMERS, DAYS, SEED = 100_000, 2, 12
ASKED = 2_000
SYSTEMS = ("cards", "payments", "deposits", "loans", "wealth", "digital", "crm", "insurance", "service",
           "devices", "registers", "shopping")  # fmt: skip


def quiet(done: int, total: int) -> None:
    """Nobody watches."""


def settle(home: Home) -> None:
    """Let 100,000 customers with an account each move in."""
    at = home.clock.now()
    stamp: dict[str, Any] = {"actor": "system:core", "at": at, "known_at": at, "source": "bench"}
    product = home.bank.products.latest("current_cny")
    assert product is not None
    names = [f"p{number:06d}" for number in range(CUSTOMERS)]
    for start in range(0, CUSTOMERS, MOST):
        some = names[start : start + MOST]
        people = tuple(HistoricCustomer(one, f"姓名{one}", "1980-01-01") for one in some)
        home.bank.do([ImportCustomers(key=f"c{start}", customers=people, **stamp)])
        items = tuple(HistoricAccount(one, one, at) for one in some)
        home.bank.do([ImportAccounts(key=f"a{start}", product=product.id, items=items, **stamp)])


def tables(folder: Path, to: Path) -> sqlite3.Connection:
    """The source systems as 12 indexed tables: person, at, amount_minor and what else there is as text."""
    db = sqlite3.connect(to)
    with duckdb.connect() as duck:
        for name in SYSTEMS:
            path = str(folder / f"{name}.parquet")
            header = [
                row[0] for row in duck.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()
            ]
            amount = "amount_minor" if "amount_minor" in header else "0"
            rest = [one for one in header if one not in ("person", "at", "amount_minor")]
            text = " || ' ' || ".join(f"coalesce(\"{one}\"::VARCHAR, '')" for one in rest) or "''"
            found = duck.execute(
                f'SELECT person, epoch_us("at"), {amount}, {text} FROM read_parquet(?)', [path]
            )
            db.execute(f"CREATE TABLE {name} (person TEXT, at INTEGER, amount_minor INTEGER, text TEXT)")
            while rows := found.fetchmany(50_000):
                db.executemany(f"INSERT INTO {name} VALUES (?, ?, ?, ?)", rows)
            db.execute(f"CREATE INDEX {name}_person ON {name} (person, at)")
    db.commit()
    return db


def joined(db: sqlite3.Connection) -> Callable[[str], int]:
    """Ask all 12 tables for one person: the newest 40 rows, and sums by month and system."""
    every = " UNION ALL ".join(
        f"SELECT '{name}' AS system, at, amount_minor, text FROM {name} WHERE person = ?1" for name in SYSTEMS
    )
    newest = f"SELECT * FROM ({every}) ORDER BY at DESC LIMIT 40"
    sums = (
        "SELECT system, strftime('%Y%m', at / 1000000, 'unixepoch'), count(*), sum(max(amount_minor, 0)), "
        f"sum(min(amount_minor, 0)) FROM ({every}) GROUP BY 1, 2"
    )

    def ask(who: str) -> int:
        rows = [db.execute(newest, (who,)).fetchall(), db.execute(sums, (who,)).fetchall()]
        return len(msgspec.json.encode(rows))

    return ask


def viewed(home: Home) -> Callable[[str], int]:
    """Our view of one person as it goes out: consents asked, everything read, put together and encoded."""
    reader, shelf, at = home.store.reader(), home.insight, home.clock.now()

    def ask(who: str) -> int:
        allowed = permitted_data(reader, who, Purpose.SERVICE, at)
        seen = whole(reader, shelf, who, Purpose.SERVICE, allowed, at)
        return len(msgspec.json.encode(view_told(seen, who, at, clear=False)))

    return ask


def scanned(folder: Path) -> Callable[[str], int]:
    """The same question to the 12 Parquet files as the systems wrote them, by DuckDB on one thread."""
    duck = duckdb.connect()
    duck.execute("SET threads = 1")
    every = " UNION ALL BY NAME ".join(
        f"SELECT '{name}' AS system, \"at\" AS moment FROM '{folder / name}.parquet' WHERE person = $who"
        for name in SYSTEMS
    )
    sql = f"SELECT system, count(*), max(moment) FROM ({every}) GROUP BY system"
    return lambda who: len(duck.execute(sql, {"who": who}).fetchall())


def in_turn(asks: list[Callable[[str], int]], people: list[str]) -> list[tuple[float, float, float]]:
    """Median and 95th percentile of each in milliseconds, and the 95th of the processor's time alone.

    All are asked for one person after the other. On a busy machine the two 95ths are far apart: what lies
    between them is waiting for a processor.
    """
    took: list[list[float]] = [[] for _ in asks]
    worked: list[list[float]] = [[] for _ in asks]
    for who in people:
        for ask, mine, own in zip(asks, took, worked, strict=True):
            started, busy = perf_counter(), process_time()
            ask(who)
            own.append((process_time() - busy) * 1_000)
            mine.append((perf_counter() - started) * 1_000)
    return [
        (statistics.median(one), statistics.quantiles(one, n=20)[-1], statistics.quantiles(own, n=20)[-1])
        for one, own in zip(took, worked, strict=True)
    ]


def run() -> Iterator[Ratio]:
    """Build all, ask all for the same people in turn."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "city"
        rows = sum(write(live_through(CUSTOMERS, DAYS, SEED), folder).values())
        home = open_home(Path(scratch) / "home")
        settle(home)
        started, taken = perf_counter(), 0
        for one in mappings_named("city"):
            path = str(folder / one.mapping.read.file)
            hand = at_hand(home)
            taken += import_at_home(hand, home.insight, one.mapping, path, resume=False, tell=quiet).taken
        rate = taken / (perf_counter() - started)
        db = tables(folder, Path(scratch) / "tables.db")
        draw = random.Random(7)
        people = [f"p{draw.randrange(CUSTOMERS):06d}" for _ in range(ASKED)]
        asks = [viewed(home), joined(db)]
        in_turn(asks, people[:100])
        (p50, p95, cpu95), (base50, base95, base_cpu95) = in_turn(asks, people)
        ((scan50, _, _),) = in_turn([scanned(folder)], people[:20])
        note = f"{CUSTOMERS:,} customers, {taken:,} happenings of {rows:,} rows, in at {rate:,.0f}/s"
        yield line("view p50", p50, "12 indexed tables joined", base50, note)
        yield line("view p95", p95, "12 indexed tables joined", base95, "waiting for a processor included")
        yield line(
            "view p95, processor time", cpu95, "12 indexed tables joined", base_cpu95, "without waiting"
        )
        yield line("view p50", p50, "12 Parquet files as written, DuckDB", scan50, "counts only")
        db.close()
        home.close()


def line(name: str, ours: float, baseline: str, theirs: float, note: str) -> Ratio:
    """One line of the table, of milliseconds."""
    told = f"{ours:.2f} ms against {theirs:.2f} ms; {note}"
    return Ratio(name, 1_000 / ours, baseline, 1_000 / theirs, "views/s", None, told)
