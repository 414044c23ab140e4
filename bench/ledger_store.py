"""Durable ledger batches of 1,000 movements on SQLite and PostgreSQL against PostgreSQL's own TPC-B.

Both sides move money in durable transactions on the same disk in the same run, taking turns.

TPC-B (pgbench, the best of 1, 4, 8 and 16 clients, prepared statements) adds an amount to a random one of
a million accounts (scale 10), to its teller and its branch, and writes a history row, one commit each.

Ours: a random one of 100,000 accounts pays a random one of 100 tellers, 1,000 movements in one commit. Before
it, the payer's available money and the unique key are checked; with it come the ledger line linked to both
accounts' last ones, both balances, the sealed record, and the check that balances and lines agree. TPC-B
checks no overdraft and knows no keys and no seals; ours does not wait for each movement's own commit.

"file": one clearing file of 1,000 entries is one record with one key, checked as columns (ledger.bulk).
"records": each movement is a record with its own key and evidence, posted one by one (ledger.posting).
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import psycopg

from bench.ratio import Ratio
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import Account, Balance, Line, Movement, Standing
from jingwei.ledger.bulk import Columns, File, balances_of, clear, lines_of
from jingwei.ledger.posting import post
from jingwei.stores.local_postgres import LocalPostgres, local_postgres
from jingwei.stores.opening import open_store
from jingwei.stores.store import Batch, Store

ACCOUNTS, TELLERS, MOVEMENTS = 100_000, 100, 1_000
SCALE, CLIENTS = 10, (1, 4, 8, 16)
ROUNDS, SECONDS = 3, 3.0
OVERDRAFT_MINOR = 10**9
AIMS = {"SQLite": 12.0, "PostgreSQL": 15.0}

_encode = msgspec.json.Encoder().encode
_names = np.array(
    [f"A{n:011d}" for n in range(ACCOUNTS)] + [f"teller:{n:03d}:CNY" for n in range(TELLERS)], dtype=object
)


class Ledger:
    """One store and the books in memory beside it; each call writes one durable batch of 1,000 movements."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.chance = np.random.default_rng(11)
        rows = len(_names)
        zeros = np.zeros(rows, dtype=np.int64)
        self.columns = Columns(
            zeros.copy(),
            zeros,
            np.full(rows, OVERDRAFT_MINOR),
            np.full(rows, -1),
            np.arange(rows) >= ACCOUNTS,
        )
        self.seq = 0
        for start in range(0, rows, 20_000):
            opened: list[Balance] = [Balance(name) for name in _names[start : start + 20_000]]
            self._write(Batch(self.seq, [b"opened"], [], [], {Balance: opened}))

    def _write(self, batch: Batch) -> None:
        self.store.write(batch)
        self.seq += len(batch.leaves)

    def _draw(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        payer = self.chance.integers(0, ACCOUNTS, MOVEMENTS)
        payee = self.chance.integers(ACCOUNTS, ACCOUNTS + TELLERS, MOVEMENTS)
        return payer, payee, self.chance.integers(1, 5_000, MOVEMENTS)

    def file(self) -> int:
        """One clearing file; returns how many movements were booked."""
        payer, payee, amount = self._draw()
        leaf = b"".join((b"clearing %d" % self.seq, payer.tobytes(), payee.tobytes(), amount.tobytes()))
        key = ("clearing", f"file-{self.seq:012d}")
        if self.store.answered([key]):
            return 0
        cleared = clear(self.columns, payer, payee, amount, self.seq)
        file = File(self.seq, self.seq, "CNY", "clearing")
        lines = lines_of(file, cleared, _names, payer, payee, amount)
        balances = balances_of(self.columns, cleared, _names, payer, payee)
        self._write(Batch(self.seq, [leaf], [(*key, self.seq)], lines, {Balance: balances}))
        return len(lines)

    def records(self) -> int:
        """1,000 records of one movement each; returns how many were booked."""
        payer, payee, amount = self._draw()
        asked = [
            Movement(giving, taking, much, "CNY", "transfer")
            for giving, taking, much in zip(_names[payer], _names[payee], amount.tolist(), strict=True)
        ]
        keys = [("clearing", f"move-{seq:012d}", seq) for seq in range(self.seq, self.seq + MOVEMENTS)]
        if self.store.answered([key[:2] for key in keys]):
            return 0
        standings = self._standings(payer, payee)
        leaves: list[bytes] = []
        lines: list[Line] = []
        changed: dict[str, Standing] = {}
        for seq, movement in enumerate(asked, self.seq):
            outcome = post((movement,), standings, seq, seq)
            if not isinstance(outcome, Refusal):
                standings.update(outcome.standings)
                changed.update(outcome.standings)
                lines += outcome.lines
            leaves.append(_encode((seq, movement, outcome)))
        self._keep(changed)
        balances = [standing.balance for standing in changed.values()]
        self._write(Batch(self.seq, leaves, keys, lines, {Balance: balances}))
        return len(lines)

    def _standings(self, payer: np.ndarray, payee: np.ndarray) -> dict[str, Standing]:
        found: dict[str, Standing] = {}
        for row in np.unique(np.concatenate((payer, payee))).tolist():
            name, bank = _names[row], row >= ACCOUNTS
            account = Account(
                name, "o", "p@1", "CNY", "bank" if bank else "customer", overdraft_minor=OVERDRAFT_MINOR
            )
            booked, last = int(self.columns.booked[row]), int(self.columns.last_line[row])
            found[name] = Standing(account, Balance(name, booked, 0, last))
        return found

    def _keep(self, changed: dict[str, Standing]) -> None:
        for name, standing in changed.items():
            row = int(name[1:]) if name[0] == "A" else ACCOUNTS + int(name[7:10])
            self.columns.booked[row] = standing.balance.booked_minor
            self.columns.last_line[row] = standing.balance.last_line


def rate(work: Callable[[], int], seconds: float) -> float:
    """Movements a second over about this many seconds."""
    done, started = 0, time.perf_counter()
    while (spent := time.perf_counter() - started) < seconds:
        done += work()
    return done / spent


def pgbench(server: LocalPostgres, *options: str) -> str:
    """Run pgbench on the server's TPC-B database and return what it says."""
    place = ["-h", "127.0.0.1", "-p", str(server.port), "-U", "bank", *options, "tpcb"]
    done = subprocess.run(
        [str(server.programs / "pgbench"), *place],
        env={**os.environ, "PGPASSWORD": server.password},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def tpcb(server: LocalPostgres, clients: int, seconds: float) -> float:
    """Transactions a second of TPC-B."""
    said = pgbench(server, "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(round(seconds)))
    found = re.search(r"tps = ([0-9.]+)", said)
    assert found is not None, f"pgbench says no rate: {said}"
    return float(found[1])


@contextmanager
def ledgers(server: LocalPostgres) -> Iterator[dict[str, Ledger]]:
    """A ledger with its accounts in each engine, both on the disk of the server's data."""
    with tempfile.TemporaryDirectory(prefix="jingwei-bench-") as folder:
        places = {"SQLite": str(Path(folder) / "bank.db"), "PostgreSQL": server.dsn}
        made = {engine: Ledger(open_store(place)) for engine, place in places.items()}
        try:
            yield made
        finally:
            for ledger in made.values():
                ledger.store.close()


def run() -> list[Ratio]:
    """Measure; rates are movements (TPC-B: transactions) a second, medians of rounds taken in turn."""
    with local_postgres(["shared_buffers=256MB", "max_wal_size=4GB"]) as server:
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute("CREATE DATABASE tpcb")
        pgbench(server, "-i", "-q", "-s", str(SCALE))
        with ledgers(server) as made:
            ratios = in_turn(server, made)
            for ledger in made.values():
                assert not (wrong := ledger.store.check()), (
                    f"the measured books do not hang together: {wrong}"
                )
            return ratios


def in_turn(server: LocalPostgres, made: dict[str, Ledger]) -> list[Ratio]:
    """All sides one after the other, several rounds, so that a noisy machine disturbs all alike."""
    works: dict[tuple[str, str], Callable[[], int]] = {
        (engine, how): getattr(ledger, how) for engine, ledger in made.items() for how in ("file", "records")
    }
    for work in works.values():
        work()
    theirs: dict[int, list[float]] = {clients: [] for clients in CLIENTS}
    ours: dict[tuple[str, str], list[float]] = {which: [] for which in works}
    for _ in range(ROUNDS):
        for clients, rates in theirs.items():
            rates.append(tpcb(server, clients, SECONDS))
        for which, work in works.items():
            ours[which].append(rate(work, SECONDS))
    best = max(theirs, key=lambda clients: statistics.median(theirs[clients]))
    baseline = f"pgbench TPC-B, scale {SCALE}, {best} clients"
    return [
        Ratio(
            f"ledger on {engine}, 1,000 movements a commit, {how}",
            statistics.median(rates),
            baseline,
            statistics.median(theirs[best]),
            "movements/s",
            AIMS[engine] if how == "file" else None,
            f"{ACCOUNTS:,} accounts pay {TELLERS} tellers; rounds {min(rates):,.0f} to {max(rates):,.0f}",
        )
        for (engine, how), rates in ours.items()
    ]
