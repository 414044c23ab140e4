"""The tables of a bank in one SQLite file, version by version."""

from __future__ import annotations

from collections.abc import Callable

from jingwei.stores.tables import LINES, RENAMED_LINKS, WHOSE_FREEZE, Column, Table, added_in, made_in


def make_version_1() -> list[str]:
    """The first tables."""
    return [
        "CREATE TABLE records (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT",
        "CREATE TABLE answers (actor TEXT NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL, "
        "PRIMARY KEY (key, actor)) STRICT, WITHOUT ROWID",
        "CREATE TABLE tiles (level INTEGER NOT NULL, idx INTEGER NOT NULL, body BLOB NOT NULL "
        "CHECK (length(body) = 8192), PRIMARY KEY (level, idx)) STRICT",
        "CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
        _create(LINES, ""),
        *_shelves(1),
    ]


_REPORTED = (
    "INSERT INTO answers (actor, key, seq) "
    "SELECT '!report_fraud', json_extract(CAST(body AS TEXT), '$.command.payment') AS payment, min(seq) "
    "FROM records WHERE instr(body, CAST('\"report_fraud\"' AS BLOB)) "
    "AND json_extract(CAST(body AS TEXT), '$.command.type') = 'report_fraud' "
    "AND json_extract(CAST(body AS TEXT), '$.answer.result') = 'done' GROUP BY payment"
)


def make_version_2() -> list[str]:
    """What came with the app and the desk; and that a payment is reported as fraud only once."""
    return [*_shelves(2), _REPORTED]


_FROZE = f"""
WITH bodies AS (
    SELECT seq, CAST(body AS TEXT) AS body FROM records
    WHERE instr(body, CAST('"look_after"' AS BLOB)) OR instr(body, CAST('"freeze_account"' AS BLOB))
), told AS (
    SELECT seq, json_extract(body, '$.command.type') AS kind, json_extract(body, '$.command.tie') AS tie,
        json_extract(body, '$.command.account') AS account,
        json_extract(body, '$.command.direction') AS direction,
        CASE json_extract(body, '$.command.type') WHEN 'look_after'
            THEN coalesce(json_extract(body, '$.command.frozen'), 0)
            ELSE coalesce(json_extract(body, '$.command.on'), 1) END AS frozen
    FROM bodies WHERE json_extract(body, '$.answer.result') = 'done'
), {WHOSE_FREEZE}
UPDATE ties SET froze = of.accounts FROM (
    SELECT tie, group_concat(account, ' ') AS accounts FROM (SELECT * FROM whose ORDER BY seq) GROUP BY tie
) AS of WHERE ties.id = of.tie
"""


def make_version_3() -> list[str]:
    """A challenger's scores; whose freeze is on a child's account, told from the records; ids of links."""
    return [*_shelves(3), *_columns(3), _FROZE, *RENAMED_LINKS]


def _columns(version: int) -> list[str]:
    """The columns that came with a version."""
    return [
        f"ALTER TABLE {table} ADD COLUMN {name} TEXT NOT NULL DEFAULT ''" for table, name in added_in(version)
    ]


def _shelves(version: int) -> list[str]:
    """The tables of the kinds that came with a version, and their indexes."""
    return [
        *(_create(table, ", WITHOUT ROWID") for table in made_in(version)),
        *(
            f"CREATE INDEX {table.name}_{column} ON {table.name} ({column})"
            for table in made_in(version)
            for column in table.indexed
        ),
    ]


def _create(table: Table, how: str) -> str:
    parts = [_column(column, table) for column in table.columns]
    parts += [f"CHECK ({check})" for check in table.checks]
    return f"CREATE TABLE {table.name} ({', '.join(parts)}) STRICT{how}"


def _column(column: Column, table: Table) -> str:
    kind = "INTEGER" if column.kind == "int" else "TEXT"
    key = " PRIMARY KEY" if table.key == (column.name,) else ""
    return f"{column.name} {kind}{key}{'' if column.optional else ' NOT NULL'}"


STEPS: dict[int, Callable[[], list[str]]] = {1: make_version_1, 2: make_version_2, 3: make_version_3}
"""What leads to each version of the tables. A released step never changes; a new version adds one."""
