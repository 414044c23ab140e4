"""The tables of a bank in PostgreSQL, version by version."""

from __future__ import annotations

from collections.abc import Callable

from jingwei.stores.tables import LINES, RENAMED_LINKS, WHOSE_FREEZE, Table, added_in, made_in

TEXT = 'text COLLATE "C"'


def make_version_1() -> list[str]:
    """The first tables. Text compares by bytes (collation C), as in every engine."""
    return [
        "CREATE TABLE bank (version integer NOT NULL, token bigint NOT NULL)",
        "INSERT INTO bank VALUES (0, 0)",
        "CREATE TABLE records (seq bigint PRIMARY KEY, body bytea NOT NULL)",
        "ALTER TABLE records ALTER body SET STORAGE EXTERNAL",
        f"CREATE TABLE answers (actor {TEXT} NOT NULL, key {TEXT} NOT NULL, seq bigint NOT NULL, "
        "PRIMARY KEY (key, actor))",
        "CREATE TABLE tiles (level integer, idx bigint, body bytea NOT NULL CHECK (length(body) = 8192), "
        "PRIMARY KEY (level, idx))",
        "ALTER TABLE tiles ALTER body SET STORAGE EXTERNAL",
        f"CREATE TABLE notes (name {TEXT} PRIMARY KEY, value text NOT NULL)",
        _create(LINES),
        *_shelves(1),
    ]


_REPORTED = (
    "INSERT INTO answers (actor, key, seq) "
    "SELECT '!report_fraud', told -> 'command' ->> 'payment' AS payment, min(seq) "
    "FROM (SELECT seq, convert_from(body, 'UTF8')::json AS told FROM records "
    "WHERE position('\"report_fraud\"'::bytea IN body) > 0) AS reports "
    "WHERE told -> 'command' ->> 'type' = 'report_fraud' AND told -> 'answer' ->> 'result' = 'done' "
    "GROUP BY payment"
)


def make_version_2() -> list[str]:
    """What came with the app and the desk; and that a payment is reported as fraud only once."""
    return [*_shelves(2), _REPORTED]


_FROZE = f"""
WITH bodies AS (
    SELECT seq, convert_from(body, 'UTF8')::json AS body FROM records
    WHERE position('"look_after"'::bytea IN body) > 0 OR position('"freeze_account"'::bytea IN body) > 0
), told AS (
    SELECT seq, body -> 'command' ->> 'type' AS kind, body -> 'command' ->> 'tie' AS tie,
        body -> 'command' ->> 'account' AS account, body -> 'command' ->> 'direction' AS direction,
        CASE body -> 'command' ->> 'type' WHEN 'look_after'
            THEN coalesce((body -> 'command' ->> 'frozen')::boolean, false)
            ELSE coalesce((body -> 'command' ->> 'on')::boolean, true) END AS frozen
    FROM bodies WHERE body -> 'answer' ->> 'result' = 'done'
), {WHOSE_FREEZE}
UPDATE ties SET froze = of.accounts FROM (
    SELECT tie, string_agg(account, ' ' ORDER BY seq) AS accounts FROM whose GROUP BY tie
) AS of WHERE ties.id = of.tie
"""


def make_version_3() -> list[str]:
    """A challenger's scores; whose freeze is on a child's account, told from the records; ids of links."""
    return [*_shelves(3), *_columns(3), _FROZE, *RENAMED_LINKS]


def _columns(version: int) -> list[str]:
    """The columns that came with a version."""
    return [
        f"ALTER TABLE {table} ADD COLUMN {name} {TEXT} NOT NULL DEFAULT ''"
        for table, name in added_in(version)
    ]


def _shelves(version: int) -> list[str]:
    """The tables of the kinds that came with a version, and their indexes."""
    return [
        *(f"{_create(table)} WITH (fillfactor = 70)" for table in made_in(version)),
        *(
            f"CREATE INDEX {table.name}_{column} ON {table.name} ({column}, id)"
            for table in made_in(version)
            for column in table.indexed
        ),
    ]


def _create(table: Table) -> str:
    parts = [
        f"{column.name} {'bigint' if column.kind == 'int' else TEXT}"
        f"{' PRIMARY KEY' if table.key == (column.name,) else ''}{'' if column.optional else ' NOT NULL'}"
        for column in table.columns
    ]
    parts += [f"CHECK ({check})" for check in table.checks]
    return f"CREATE TABLE {table.name} ({', '.join(parts)})"


STEPS: dict[int, Callable[[], list[str]]] = {1: make_version_1, 2: make_version_2, 3: make_version_3}
"""What leads to each version of the tables. A released step never changes; a new version adds one."""
