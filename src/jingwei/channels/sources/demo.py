"""Source systems of the demo: made-up files for its people and some of the city's, brought in as any other.

Everything in them is simulated. Some rows are wrong on purpose, some records leave open whose they are.
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb
import msgspec

from jingwei.channels.sources.at_home import AtHand, import_at_home
from jingwei.channels.sources.importing import Progress
from jingwei.channels.sources.shipped import mappings_named
from jingwei.channels.sources.who import resolve_at_home
from jingwei.kernel.clock import DAY, bank_day, iso
from jingwei.simulation.city.files import write
from jingwei.simulation.city.town import NOTE, Plan, city_of
from jingwei.simulation.city.world import live_through

if TYPE_CHECKING:
    from jingwei.simulation.city.world import City
    from jingwei.stores.insight import Insight

FOLDER: Final = "demo-sources"
UNFINISHED: Final = "unfinished"
"""Lies in the folder until everything in it came in."""

MADE_UP: Final = "simulated_"
"""Sources of the demo's companies, which came in before."""

PEOPLE, DAYS, SEED = 40, 75, 8
OF_THE_CITY: Final = 100
"""How many of the city's people are known over all systems."""

LIVES: Final = {"alice": 1, "bob": 4, "carol": 7, "mallory": 11, "grace": 15}
"""Whose made-up life of the small city each demo customer leads (positions among its people)."""

NOT_MOVED: Final = frozenset({"customers", "shops", "crm", "reports_cards", "reports_payments"})

REGISTER: Final = (
    ("alice", "Alice 爱丽丝", "1991-03-08", "999101199103081001", "10013800001", "alice@mail.example",
     "西湖区人民路12号3室", "d-alice"),
    ("bob", "Bob 鲍勃", "1986-11-20", "999101198611201002", "10013800002", "bob@mail.example",
     "南山区学院街8号", "d-bob"),
    ("carol", "Carol 卡萝", "1984-07-15", "", "10013800003", "", "东城区和平里65号22室", "d-carol"),
    ("grace", "Grace 葛奶奶", "1948-04-12", "", "10013800004", "", "东城区和平里65号22室", ""),
    ("mallory", "Mallory 马洛里", "1979-01-30", "", "", "", "", "d-mallory"),
)  # fmt: skip

CONTACTS: Final = (
    ("c-101", "Ailisi", "1991-03-08", "+86 100 1380 0001", "", "", "interested", "asks about funds"),
    ("c-102", "鮑勃", "", "", "BOB@mail.example", "", "talked", "moves in spring"),
    ("c-103", "卡萝", "1984-07-15", "", "", "东城区和平里65號22室", "talked", "her mother needs help"),
    ("c-104", "Ka Luo", "1984", "", "", "", "no_answer", ""),
    ("c-105", "马洛里", "1979", "10013811111", "", "", "talked", "wants a higher limit"),
    ("c-106", "葛奶奶", "1948", "", "", "", "interested", "asks for a person, not a machine"),
    ("c-107", "李娜", "1992-01-30", "10013800003", "", "东城区和平里65号22室", "talked", "Carol's cousin"),
    ("c-108", "鲍勃", "1986-20-11", "", "", "", "talked", "the date is wrong on purpose"),
)

CLUB: Final = (
    ("r1", "m-1", "爱丽丝", "100-1380-0001", "2 08:30", "food"),
    ("r2", "m-1", "爱丽丝", "100-1380-0001", "5 18:10", "suitcase"),
    ("r3", "m-2", "鲍勃", "10013800002", "3 12:00", "sport"),
    ("r4", "m-2", "鲍勃", "10013800002", "32 12:00", "sport"),
    ("r5", "", "无名", "", "4 12:00", "books"),
    ("r6", "m-3", "Kaluo", "10013800003", "6 09:00", "baby\x07"),
    ("r7", "m-3", "Kaluo", "10013800003", "6 09:05", "baby"),
    ("r3", "m-2", "鲍勃", "10013800002", "3 12:00", "sport"),
)


def bring_demo(home: AtHand, shelf: Insight, tell: Progress = lambda done, total: None) -> int:
    """Bring the demo's source systems in unless that was done before; return how many rows were taken.

    What was stopped on its way is completed. `tell` is called as it goes on; what it raises ends it.
    """
    folder = home.path / FOLDER
    if not (folder / UNFINISHED).exists():
        if any(not one.source.startswith(MADE_UP) for one in shelf.imports()):
            return 0
        _write_files(folder, home, home.clock.now())
    taken = 0
    for named in (*mappings_named("demo"), *mappings_named("city")):
        path = folder / named.mapping.read.file
        if named.name not in ("city/register", "city/crm"):
            taken += import_at_home(home, shelf, named.mapping, str(path), resume=True, tell=tell).taken
    resolve_at_home(home, shelf, tell)
    (folder / UNFINISHED).unlink()
    return taken


def _write_files(whole: Path, home: AtHand, now: int) -> None:
    """All files of the demo, or none; what a start that was stopped left is written again."""
    folder = whole.with_name(f"{whole.name}.new")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(whole, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / UNFINISHED).touch()
    _csv(folder / "register.csv", "customer,name,born,certificate,phone,email,address,device", REGISTER)
    _crm(folder / "crm.jsonl", now)
    club = [(key, who, name, phone, _when(now, when), what) for key, who, name, phone, when, what in CLUB]
    _csv(folder / "club.csv", "receipt,member,name,phone,when,what", club)
    first = date(1970, 1, 1) + timedelta(days=bank_day(now) - DAYS)
    lives = {f"p{place:06d}": who for who, place in LIVES.items()}
    _parquet(folder, live_through(PEOPLE, DAYS, SEED, first), lives, now)
    kept = home.reader.note(NOTE)
    if kept is not None:
        plan = msgspec.json.decode(kept, type=Plan)
        some = {f"p{n:06d}": f"p{n:06d}" for n in range(min(OF_THE_CITY, plan.people))}
        _parquet(folder, city_of(plan), some, plan.now)
    folder.rename(whole)


def _when(now: int, ago: str) -> str:
    """Days ago and the hour, as the club writes it; a day that does not exist stays a mistake."""
    days, hour = ago.split(" ")
    return f"2026-02-{days} {hour}" if int(days) > 28 else f"{iso(now - int(days) * DAY)[:10]} {hour}"


def _crm(path: Path, now: int) -> None:
    names = ("contact", "name", "born", "phone", "email", "address", "outcome", "note")
    lines = []
    for number, row in enumerate(CONTACTS):
        told = dict(zip(names, row, strict=True)) | {
            "id": f"n{number}",
            "at": iso(now - (3 * number + 2) * DAY),
        }
        lines.append(msgspec.json.encode(told))
    path.write_bytes(b"\n".join(lines) + b"\n")


def _csv(path: Path, header: str, rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        writer.writerows(rows)


def _parquet(folder: Path, city: City, who: dict[str, str], until: int) -> None:
    """Add what the city's systems tell of some people, by the numbers they have with us, up to a moment."""
    mark = "" if city.people.size > PEOPLE else "s-"
    with tempfile.TemporaryDirectory() as scratch, duckdb.connect() as duck:
        made = Path(scratch) / "city"
        write(city, made)
        duck.execute("CREATE TABLE who (person VARCHAR, us VARCHAR)")
        duck.executemany("INSERT INTO who VALUES (?, ?)", list(who.items()))
        for file in sorted(made.glob("*.parquet")):
            if file.stem not in NOT_MOVED:
                _beside(duck, _ours(file, mark, until), folder / file.name)
        plain = _text(made / "shops.parquet")
        shops = f"SELECT * REPLACE ('{mark}' || shop AS shop) FROM read_parquet('{plain}')"
        _beside(duck, shops, folder / "shops.parquet")


def _ours(source: Path, mark: str, until: int) -> str:
    """The query of the rows of these people, shops and strangers marked so that two cities do not mix."""
    replaced, join = "who.us AS person", ""
    if source.stem == "payments":
        replaced += f", coalesce(other.us, 'elsewhere-{mark}' || rows.payee) AS payee"
        join = "LEFT JOIN who other ON other.person = rows.payee"
    if source.stem == "cards":
        replaced += f", '{mark}' || rows.shop AS shop"
    return (
        f"SELECT rows.* REPLACE ({replaced}) FROM read_parquet('{_text(source)}') rows "
        f"JOIN who ON who.person = rows.person {join} WHERE rows.at < make_timestamp({until})"
    )


def _beside(duck: duckdb.DuckDBPyConnection, sql: str, to: Path) -> None:
    """Write rows to a file, beside what it holds already."""
    if to.exists():
        sql += f" UNION ALL BY NAME SELECT * FROM read_parquet('{_text(to)}')"
    fresh = to.with_suffix(".new")
    duck.execute(f"COPY ({sql}) TO '{_text(fresh)}' (FORMAT parquet)")
    fresh.replace(to)


def _text(path: Path) -> str:
    return str(path).replace("'", "''")
