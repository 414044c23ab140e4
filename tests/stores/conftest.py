"""What the store tests share: one set of engines, and books that move money the way the ledger does."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jingwei.ledger.accounts import Account, Balance, Hold, Kept, Line, Movement, Standing
from jingwei.ledger.posting import Posted, post
from jingwei.ledger.work import Case
from jingwei.stores.local_postgres import LocalPostgres, find_programs, local_postgres
from jingwei.stores.store import Batch, Store

ENGINES = ("sqlite", "pipelined", "postgres")


class MovingBooks:
    """Makes batches: each record opens two accounts of the bank or moves money, with its key and its line."""

    def __init__(self, seed: int = 7) -> None:
        self.chance = random.Random(seed)
        self.size = 0
        self.standings: dict[str, Standing] = {}
        self.leaves: list[bytes] = []
        self.all_lines: list[Line] = []

    def batch(self, count: int) -> Batch:
        """The next `count` records."""
        keys, lines = [], []
        kept: dict[type[Kept], dict[str, Kept]] = {Account: {}, Balance: {}, Hold: {}, Case: {}}
        first = self.size
        for seq in range(first, first + count):
            keys.append((f"teller{seq % 3}", f"key-{seq:06d}", seq))
            lines += self._move(seq, kept)
            if seq % 5 == 0:
                hold = Hold(f"H{seq}", "alice", "bob", 100, "CNY", "active", "card", seq, seq + 9)
                kept[Hold][hold.id] = hold
                kept[Case][f"C{seq}"] = Case(
                    f"C{seq}", f"D{seq}", "ann", hold.id, "open", "odd", seq, seq + 7
                )
        leaves = [
            b"%d|" % seq + self.chance.randbytes(self.chance.randrange(900))
            for seq in range(first, first + count)
        ]
        self.size += count
        self.leaves += leaves
        self.all_lines += lines
        return Batch(first, leaves, keys, lines, {kind: list(found.values()) for kind, found in kept.items()})

    def _move(self, seq: int, kept: dict[type[Kept], dict[str, Kept]]) -> tuple[Line, ...]:
        names = self.chance.sample([f"acc{n:03d}" for n in range(40)], 2)
        for name in names:
            if name not in self.standings:
                account = Account(
                    name, f"owner{name[-1]}", "current@1", "CNY", side="bank", limit_day_minor=None
                )
                self.standings[name] = Standing(account, Balance(name))
                kept[Account][name] = account
        movement = Movement(names[0], names[1], self.chance.randrange(1, 10**6), "CNY", "payment")
        posted = post((movement,), self.standings, seq, 1_700_000_000_000_000 + seq)
        assert isinstance(posted, Posted)
        self.standings |= posted.standings
        for name, standing in posted.standings.items():
            kept[Balance][name] = standing.balance
        return posted.lines


@pytest.fixture(scope="session")
def server() -> Iterator[LocalPostgres]:
    """A PostgreSQL of our own; skipped only where PostgreSQL is not installed."""
    if find_programs() is None:
        pytest.skip("PostgreSQL is not installed")
    with local_postgres(["shared_buffers=32MB"]) as running:
        yield running


@pytest.fixture
def database(server: LocalPostgres) -> str:
    """The address of an empty PostgreSQL database."""
    import psycopg

    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(
            "SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public"
        )
    return server.dsn


Opener = Callable[[], Store]


@pytest.fixture(params=ENGINES)
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens the same bank again and again; whatever is open at the end is closed."""
    place = str(tmp_path / "bank.db")
    if request.param == "postgres":
        place = request.getfixturevalue("database")
    opened: list[Store] = []

    def open_it() -> Store:
        from jingwei.stores.opening import open_store
        from jingwei.stores.pipeline import PipelinedStore

        store: Store = PipelinedStore(place) if request.param == "pipelined" else open_store(place)
        opened.append(store)
        return store

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def store(opener: Opener) -> Store:
    """An empty bank in each engine in turn."""
    return opener()


@pytest.fixture
def books() -> MovingBooks:
    """Books nobody has written yet."""
    return MovingBooks()
