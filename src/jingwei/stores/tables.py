"""The tables of the books, made from the kept kinds: one column for each field, the same in every engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, get_type_hints

import msgspec

from jingwei.ledger.accounts import Kept, Line
from jingwei.stores.store import ADDED, SHELVES, SINCE

NOT_NEGATIVE = frozenset({"held_minor", "overdraft_minor"})
"""Columns that no engine lets fall below zero."""


class Column(NamedTuple):
    """One column: `kind` is "int" (64 bit) or "text"; `optional` ones may be NULL."""

    name: str
    kind: str
    optional: bool


class Table(NamedTuple):
    """A table as every engine makes it; the first column of `key` columns is the primary key."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    indexed: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)


def columns_of(struct: type[msgspec.Struct]) -> tuple[Column, ...]:
    """One column for each field of a flat struct; raises TypeError for anything but str, int and None."""
    hints = get_type_hints(struct)
    return tuple(_column(struct, name, hints[name]) for name in struct.__struct_fields__)


def _column(struct: type[msgspec.Struct], name: str, hint: object) -> Column:
    kinds: dict[object, tuple[str, bool]] = {
        int: ("int", False),
        str: ("text", False),
        int | None: ("int", True),
        str | None: ("text", True),
    }
    if hint not in kinds:
        raise TypeError(f"{struct.__name__}.{name} cannot be a column: only str, int and None can")
    return Column(name, *kinds[hint])


def _shelf(kind: type[Kept]) -> Table:
    name, indexed = SHELVES[kind]
    columns = columns_of(kind)
    checks = tuple(f"{column.name} >= 0" for column in columns if column.name in NOT_NEGATIVE)
    return Table(name, columns, ("id",), indexed, checks)


TABLES: dict[type[Kept], Table] = {kind: _shelf(kind) for kind in SHELVES}
"""The table of each kept kind."""


def made_in(version: int) -> tuple[Table, ...]:
    """The tables that this version of the tables brought, with the columns they had then."""
    return tuple(
        table._replace(
            columns=tuple(one for one in table.columns if ADDED.get((kind, one.name), version) <= version)
        )
        for kind, table in TABLES.items()
        if SINCE.get(kind, 1) == version
    )


def added_in(version: int) -> tuple[tuple[str, str], ...]:
    """Table and name of each column that this version brought to a table there already; "" in old rows."""
    return tuple((TABLES[kind].name, name) for (kind, name), since in ADDED.items() if since == version)


LINES = Table("lines", columns_of(Line), ("id",), (), ("amount_minor > 0", "payer <> payee"))
"""The ledger's lines, by number; never changed once written."""


def upsert(table: Table, placeholder: str) -> str:
    """SQL that writes one row, replacing the one with the same id."""
    names = table.names
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in table.key)
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join([placeholder] * len(names))}) "
        f"ON CONFLICT ({', '.join(table.key)}) DO UPDATE SET {changes}"
    )


def insert(table: Table, placeholder: str) -> str:
    """SQL that writes one new row; a second row with the same key is refused by the engine."""
    names = table.names
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join([placeholder] * len(names))})"


def mismatches(found: Mapping[str, Iterable[str]]) -> list[str]:
    """Compare the columns an engine found with ours, by table; return what differs as sentences."""
    wrong = []
    for table in (*TABLES.values(), LINES):
        there = tuple(found.get(table.name, ()))
        if there != table.names:
            wrong.append(f"table {table.name} has columns {', '.join(there) or '(none)'}")
    return wrong


WHOSE_FREEZE = """
does AS (
    SELECT seq, account, tie, CASE
        WHEN kind = 'look_after' AND frozen THEN 'guardian'
        WHEN kind = 'freeze_account' AND frozen AND direction <> '' THEN 'bank'
        ELSE 'free' END AS what
    FROM told WHERE kind = 'look_after' OR (kind = 'freeze_account' AND direction <> 'in')
), held AS (
    SELECT account, min(seq) AS seq FROM does AS stop WHERE what = 'guardian' AND seq > coalesce(
        (SELECT CASE what WHEN 'bank' THEN stop.seq ELSE seq END FROM does AS other
        WHERE other.account = stop.account AND what <> 'guardian' ORDER BY other.seq DESC LIMIT 1), -1)
    GROUP BY account
), whose AS (SELECT does.tie, does.account, does.seq FROM held JOIN does ON does.seq = held.seq)
"""
"""SQL from `told` (done commands: seq, kind, account, tie, frozen, direction) to `whose`: the account each
guardian froze, and no bank since; by what journeys/look_after.py and freeze.py make of them."""

RENAMED_LINKS = (
    "UPDATE identity_links SET id = '~' || id || '~' "
    "WHERE id = source || '~' || subject AND replace(subject, '~', '') <> subject",
    "UPDATE identity_links SET id = substr(id, 2) WHERE substr(id, 1, 1) = '~'",
)
"""SQL that gives links of subjects with "~" the ids that `ledger.links.link_id` gives since version 3: first
ids that nothing has, since the new id of one link may be the old id of another."""
