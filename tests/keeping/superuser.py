"""What somebody who may write the database can do to a bank: seven ways with the log, and with the books."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from jingwei.audit.heads import SigningKey
from jingwei.journeys.overlay import Overlay
from jingwei.journeys.shape import Outcome, Sealed
from jingwei.journeys.table import ONLY_ONCE, claimed, seal, unseal
from jingwei.keeping.redo import _judgements, _parts, _Redo
from jingwei.ledger.accounts import Line
from jingwei.ledger.products import shipped
from jingwei.stores.store import SHELVES, Batch, Store
from jingwei.stores.tables import LINES, TABLES, Column


class Rows:
    """The tables of a bank under a superuser's hands: `run(sql, values)` with ? marks, in either engine."""

    def __init__(self, run: Callable[..., list[Any]], raw: Path | None = None) -> None:
        self.run = run
        self.raw = raw
        """The SQLite file, to change bytes in place."""

    def size(self) -> int:
        return int(self.run("SELECT count(*) FROM records")[0][0])

    def body(self, seq: int) -> bytes:
        return bytes(self.run("SELECT body FROM records WHERE seq = ?", seq)[0][0])

    def put(self, seq: int, body: bytes) -> None:
        self.run("UPDATE records SET body = ? WHERE seq = ?", body, seq)


def _flipped(body: bytes, draw: random.Random) -> bytes:
    bit = draw.randrange(8 * len(body))
    changed = bytearray(body)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def flip(rows: Rows, draw: random.Random) -> None:
    """One bit of one record; in SQLite in the file's own bytes when the record lies there in one piece."""
    seq = draw.randrange(rows.size())
    body = rows.body(seq)
    changed = _flipped(body, draw)
    if rows.raw is not None:
        content = rows.raw.read_bytes()
        if content.count(body) == 1:
            rows.raw.write_bytes(content.replace(body, changed))
            return
    rows.put(seq, changed)


def delete(rows: Rows, draw: random.Random) -> None:
    rows.run("DELETE FROM records WHERE seq = ?", draw.randrange(rows.size()))


def swap(rows: Rows, draw: random.Random) -> None:
    one, two = draw.sample(range(rows.size()), 2)
    first, second = rows.body(one), rows.body(two)
    rows.put(one, second)
    rows.put(two, first)


def insert(rows: Rows, draw: random.Random) -> None:
    """A copy of a true record, numbered as what it stands for; the ones behind move up."""
    size = rows.size()
    at, source = draw.randrange(size), draw.randrange(size)
    copy = unseal(rows.body(source))
    rows.run("UPDATE records SET seq = -seq - 2 WHERE seq >= ?", at)
    rows.run("UPDATE records SET seq = -seq - 1 WHERE seq < 0")
    rows.run("INSERT INTO records (seq, body) VALUES (?, ?)", at, seal(at, copy.command, copy.answer))


def edit_tiles(rows: Rows, draw: random.Random) -> None:
    """One tile is changed or removed, the records left alone."""
    level, idx, body = draw.choice(rows.run("SELECT level, idx, body FROM tiles ORDER BY 1, 2"))
    if draw.random() < 0.5:
        rows.run("DELETE FROM tiles WHERE level = ? AND idx = ?", level, idx)
    else:
        changed = _flipped(bytes(body), draw)
        rows.run("UPDATE tiles SET body = ? WHERE level = ? AND idx = ?", changed, level, idx)


SIMPLE = (flip, delete, swap, insert)
"""Ways that leave tiles and heads alone."""


def cut(told: list[Sealed], draw: random.Random) -> list[Sealed]:
    """The log without its tail."""
    return told[: draw.randrange(8, len(told))]


def edit(told: list[Sealed], draw: random.Random) -> list[Sealed]:
    """One record asks for something else: another amount, or another moment."""
    at = draw.randrange(8, len(told))
    one = told[at]
    if "amount_minor" in one.command.__struct_fields__ and draw.random() < 0.7:
        asked = replace(one.command, amount_minor=one.command.amount_minor + draw.randrange(1, 500))
    else:
        asked = replace(one.command, known_at=one.command.known_at + 1)
    return [*told[:at], Sealed(one.seq, asked, one.answer), *told[at + 1 :]]


def cut_and_forge(told: list[Sealed], draw: random.Random) -> list[Sealed]:
    """The tail is replaced by records that were never asked; as many, fewer or more."""
    at = draw.randrange(8, len(told))
    count = draw.choice((len(told) - at, draw.randrange(1, 200)))
    made = []
    for seq in range(at, at + count):
        model = draw.choice([one for one in told[8:] if type(one.command) not in ONLY_ONCE])
        made.append(Sealed(seq, replace(model.command, key=f"forged-{seq}"), model.answer))
    return told[:at] + made


WHOLE: dict[str, Callable[[list[Sealed], random.Random], list[Sealed]]] = {
    "cut": cut,
    "edit and rechain": edit,
    "cut and forge": cut_and_forge,
}
"""Ways that make everything anew: records, tiles, books and, with the key, the head."""


class Forger(_Redo):
    """Does false commands and seals whatever comes of them, so that log, tiles and books agree."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, shipped())
        self.leaves: list[bytes] = []

    def write(self, told: Sequence[Sealed]) -> None:
        """Keep the books that follow from these commands."""
        for start, end in _parts(told):
            part = told[start:end]
            overlay: Overlay = self._overlay
            self._now, lines, leaves = {one.seq: one for one in part}, list[Line](), []
            notes: dict[str, str] = {}
            for one in part:
                outcome = self._first(one)
                overlay.apply(outcome)
                lines += outcome.lines
                notes |= outcome.notes
                leaves.append(seal(one.seq, one.command, outcome.answer))
                self._now[one.seq] = unseal(leaves[-1])
            keys = [(one.command.actor, one.command.key, one.seq) for one in part]
            keys += [(*mark, part[i].seq) for i, mark in claimed([one.command for one in part]).items()]
            self._store.write(Batch(part[0].seq, leaves, keys, lines, overlay.take_changed(), notes))
            overlay.settle()

    def _first(self, one: Sealed) -> Outcome:
        """The first outcome that is possible at all."""
        for judgement in _judgements(one):
            try:
                return self._act(one, judgement)
            except (AssertionError, LookupError, TypeError, ValueError):
                continue
        raise AssertionError("nothing comes of it")


def forge(store: Store, told: Sequence[Sealed], key: SigningKey | None, at: int) -> None:
    """Write a whole false bank into an empty store; with the key, under a head signed anew."""
    Forger(store).write(told)
    if key is not None:
        size, root = store.root()
        head = key.sign("bank", size, root, at)
        store.set_notes({"head": msgspec.json.encode(head).decode()})


def told_by(path: Path) -> list[Sealed]:
    """All records of a bank in SQLite."""
    with sqlite3.connect(path) as connection:
        found = [unseal(body) for (body,) in connection.execute("SELECT body FROM records ORDER BY seq")]
    connection.close()
    return found


# -- the books alone

COLUMNS = {
    **{name: TABLES[kind].columns for kind, (name, _) in SHELVES.items()},
    "lines": LINES.columns,
}
OTHERS = {"answers": ("actor", "key", "seq"), "notes": ("name", "value")}


def edit_books(rows: Rows, draw: random.Random) -> str:
    """Change, remove or make up one row of one table, the records left alone; return what was done."""
    full = [name for name in (*COLUMNS, *OTHERS) if rows.run(f"SELECT 1 FROM {name} LIMIT 1")]
    if draw.random() < 0.2:
        return make_up(rows, draw.choice([name for name in COLUMNS if name not in full]))
    name = draw.choice(full)
    key = {"answers": "seq", "notes": "name"}.get(name, "id")
    ids = [row[0] for row in rows.run(f"SELECT {key} FROM {name} ORDER BY 1")]
    ids = [some_id for some_id in ids if some_id != "head"]
    some_id, how = draw.choice(ids), draw.choice(("change", "change", "remove", "make up"))
    if how == "remove":
        rows.run(f"DELETE FROM {name} WHERE {key} = ?", some_id)
    elif how == "make up":
        names = OTHERS.get(name) or [column.name for column in COLUMNS[name]]
        change = {"lines": "id + 1", "answers": "actor || 'x'"}.get(name, f"{key} || 'x'")
        replaced = "actor" if name == "answers" else key
        values = ", ".join(change if column == replaced else column for column in names)
        where = f"WHERE {key} = ?"
        rows.run(f"INSERT INTO {name} ({', '.join(names)}) SELECT {values} FROM {name} {where}", some_id)
    else:
        _change(rows, draw, name, (key, some_id))
    return f"{how} {name} {some_id}"


def make_up(rows: Rows, name: str) -> str:
    """The first row of a table that is empty."""
    made = {column.name: _made_up(column) for column in COLUMNS[name]}
    marks = ", ".join("?" * len(made))
    rows.run(f"INSERT INTO {name} ({', '.join(made)}) VALUES ({marks})", *made.values())
    return f"make up {name} {made['id']}"


def _made_up(column: Column) -> str | int | None:
    return None if column.optional else 1 if column.kind == "int" else "dec-2"


def _change(rows: Rows, draw: random.Random, name: str, place: tuple[str, Any]) -> None:
    """Change one column of a row to another value its table allows."""
    key, some_id = place
    if name in OTHERS:
        column, number = {"answers": ("seq", True), "notes": ("value", False)}[name]
    else:
        some = draw.choice([column for column in COLUMNS[name] if column.name not in (key, "payee")])
        column, number = some.name, some.kind == "int"
    new = f"coalesce({column}, 0) + 1" if number else f"coalesce({column}, '') || 'x'"
    rows.run(f"UPDATE {name} SET {column} = {new} WHERE {key} = ?", some_id)


# -- a bank in SQLite


class InSqlite:
    """Copies of a closed bank, each to be damaged once; the anchors lie beside, out of reach."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.true, self.path = home, folder / "home"
        self.path.mkdir()
        shutil.copytree(home / "keys", self.path / "keys")
        shutil.copytree(home.parent / f"{home.name}-anchors", folder / "home-anchors")
        self.key = SigningKey.open(self.path / "keys" / "signing.pem")
        self.told = told_by(home / "bank.db")
        self.place = str(self.path / "bank.db")
        self.again()

    def again(self) -> None:
        """The true bank."""
        for left in self.path.glob("bank.db*"):
            left.unlink()
        shutil.copy(self.true / "bank.db", self.place)

    def touch(self, how: Callable[[Rows, random.Random], Any], draw: random.Random) -> Any:
        """Let the superuser at the file."""
        connection = sqlite3.connect(self.place, isolation_level=None)
        try:
            run = lambda sql, *values: connection.execute(sql, values).fetchall()  # noqa: E731
            return how(Rows(run, Path(self.place)), draw)
        finally:
            connection.close()

    def forge(self, told: Sequence[Sealed], *, with_key: bool) -> None:
        """A whole false bank in the place of the true one."""
        from jingwei.stores.sqlite import SqliteStore

        for left in self.path.glob("bank.db*"):
            left.unlink()
        store = SqliteStore(self.place)
        try:
            forge(store, told, self.key if with_key else None, 1)
        finally:
            store.close()


class InPostgres:
    """The same in a PostgreSQL database of its own, as its superuser."""

    def __init__(self, home: Path, folder: Path, dsn: str) -> None:
        import psycopg

        from jingwei.keeping.redo import redo
        from jingwei.stores.postgres import PostgresStore

        true = InSqlite(home, folder)
        self.path, self.key, self.told, self.place = true.path, true.key, true.told, dsn
        self._connect = partial(psycopg.connect, dsn, autocommit=True)
        self._tables = [*COLUMNS, *OTHERS, "records", "tiles"]
        with self._connect() as database:
            database.execute("DROP SCHEMA IF EXISTS kept CASCADE; DROP SCHEMA public CASCADE")
            database.execute("CREATE SCHEMA public; CREATE SCHEMA kept")
        store = PostgresStore(dsn)
        rows = [(one.seq, seal(one.seq, one.command, one.answer)) for one in self.told]
        redo(rows, store, shipped())
        with sqlite3.connect(home / "bank.db") as file:
            head = file.execute("SELECT value FROM notes WHERE name = 'head'").fetchone()[0]
        file.close()
        store.set_notes({"head": head})
        store.close()
        with self._connect() as database:
            for name in self._tables:
                database.execute(f"CREATE TABLE kept.{name} AS TABLE {name}")  # type: ignore[arg-type]

    def again(self) -> None:
        """The true bank."""
        with self._connect() as database, database.transaction():
            database.execute(f"TRUNCATE {', '.join(self._tables)}")  # type: ignore[arg-type]
            for name in self._tables:
                database.execute(f"INSERT INTO {name} TABLE kept.{name}")  # type: ignore[arg-type]

    def touch(self, how: Callable[[Rows, random.Random], Any], draw: random.Random) -> Any:
        """Let the superuser at the tables."""

        with self._connect() as database:

            def run(sql: str, *values: object) -> list[Any]:
                cursor = database.execute(sql.replace("?", "%s"), values or None)  # type: ignore[arg-type]
                return cursor.fetchall() if cursor.description else []

            return how(Rows(run), draw)

    def forge(self, told: Sequence[Sealed], *, with_key: bool) -> None:
        """A whole false bank in the place of the true one."""
        from jingwei.stores.postgres import PostgresStore

        with self._connect() as database:
            database.execute(f"TRUNCATE {', '.join(self._tables)}")  # type: ignore[arg-type]
        store = PostgresStore(self.place)
        try:
            forge(store, told, self.key if with_key else None, 1)
        finally:
            store.close()
