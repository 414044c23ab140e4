"""Files of every format come in by a mapping; every mistake in them is told with its line, column and fix."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from tests.channels.sources.conftest import CARDS, quiet

from jingwei.channels.sources.importing import import_source, try_source
from jingwei.channels.sources.lines import LONGEST_LINE
from jingwei.channels.sources.raw import SourceError
from jingwei.channels.sources.shipped import shipped
from jingwei.domains.insight.mapping import MappingError, read_mapping
from jingwei.stores.insight import Insight
from jingwei.stores.local_postgres import find_programs, local_postgres

HEADER = "who,when,amount,what\n"
GOOD = "alice,2026-03-01T08:00:00,12.30,groceries\n"


def brought(shelf, mapping, path, bound, *, resume=False):
    return import_source(shelf, mapping, str(path), bound, resume=resume, tell=quiet)


def of(format_: str, **read: str) -> str:
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in read.items())
    return CARDS.replace('format = "csv"\n', f'format = "{format_}"\n{lines}')


def test_each_mistake_is_told_with_its_line_its_column_and_what_to_do(tmp_path, shelf, cards, bound):
    path = tmp_path / "cards.csv"
    rows = [
        GOOD,
        "bob,yesterday,1.00,x\n",
        "bob,2026-03-01,1.005,x\n",
        "bob,2026-03-01,-3.00,x\n",
        ",2026-03-01,3.00,x\n",
        "bob,1702-03-01,3.00,x\n",
        "bob,2027-03-01,3.00,x\n",
        "bob,2026-03-01,3.00\n",
        '"bob,2026-03-01,3.00,x\n',
        f"bob,2026-03-01,3.00,{'x' * 201}\n",
        "bob,2026-03-01,3.00,a\x07b\n",
        '"bo""b",2026-03-01,"1,000.00","two\nlines"\n',
        '"bob",2026-03-01,"1,000.00","a, b"\n',
    ]
    path.write_text(HEADER + "".join(rows), newline="")
    one, report = brought(shelf, cards, path, bound)
    found = [(row.line, row.column, row.code) for row in shelf.rejected(one.id)]
    assert found == [
        (3, "when", "not_a_moment"),
        (4, "amount", "not_an_amount"),
        (5, "amount", "below_zero"),
        (6, "who", "empty"),
        (7, "when", "out_of_time"),
        (8, "when", "out_of_time"),
        (9, "", "columns_differ"),
        (10, "", "quote_open"),
        (11, "what", "too_long"),
        (12, "what", "bad_character"),
        (13, "what", "bad_character"),
    ]
    assert [(told.subject, told.amount_minor, told.category) for told in shelf.arrived()] == [
        ("alice", -1230, "groceries"),
        ("bob", -100000, "a, b"),
    ]
    assert (report.rows, report.taken, report.rejected) == (13, 2, 11)
    worst = next(fault for fault in report.faults if fault.code == "not_a_moment")
    assert worst.en == "yesterday is not a moment." and worst.fix and worst.zh and worst.first_line == 3


def test_a_hostile_file_is_survived_and_what_is_good_in_it_comes_in(tmp_path, shelf, cards, bound):
    path = tmp_path / "cards.csv"
    giant = b"alice,2026-03-01T08:00:00,1.00," + b"x" * (3 * LONGEST_LINE) + b"\n"
    quotes = b'"' * 999 + b"\n"
    rows = [
        GOOD.encode(),
        giant,
        b"\xff\xfe\x00\x80,,,\n",
        b"\x00" * 50 + b"\n",
        quotes,
        b"\n\n",
        GOOD.encode(),
    ]
    path.write_bytes(HEADER.encode() + b"".join(rows) + b'bob,"2026')
    one, report = brought(shelf, cards, path, bound)
    codes = [row.code for row in shelf.rejected(one.id)]
    assert report.taken == 2 and codes[0] == "line_too_long" and "not_utf8" in codes and len(codes) == 5
    assert all(len(row.row) <= 500 for row in shelf.rejected(one.id))


def test_other_encodings_and_delimiters_are_read_as_the_mapping_says(tmp_path, shelf, bound):
    path = tmp_path / "卡.csv"
    path.write_bytes("who;when;amount;what\nalice;2026-03-01;5.00;超市\n".encode("gb18030"))
    mapping = read_mapping(of("csv", encoding="gb18030", delimiter=";", zone="+08:00"))
    brought(shelf, mapping, path, bound)
    (told,) = shelf.arrived()
    assert told.category == "超市" and told.at == 1_772_294_400_000_000  # midnight in China


def test_json_lines_come_in_and_broken_ones_are_named(tmp_path, shelf, bound):
    path = tmp_path / "cards.jsonl"
    good = {"who": "alice", "when": "2026-03-01T08:00:00Z", "amount": 12.3, "what": "bread", "more": [1]}
    rows = [
        json.dumps(good),
        "{",
        "[1]",
        json.dumps({**good, "what": {"a": 1}}),
        "[" * 100_000,
        '{"who": NaN}',
    ]
    path.write_text("\n".join(rows))
    one, _ = brought(shelf, read_mapping(of("jsonl")), path, bound)
    assert [told.amount_minor for told in shelf.arrived()] == [-1230], (
        "a JSON number is read as it is written"
    )
    codes = [(row.line, row.code) for row in shelf.rejected(one.id)]
    assert codes == [(2, "not_json"), (3, "not_json"), (4, "nested"), (5, "not_json"), (6, "not_json")]


def sql_file(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / f"cards.{kind}"
    rows = [(n, "alice", f"2026-03-0{n}T08:00:00", f"{n}.50", "food") for n in range(1, 6)]
    columns = "(id INTEGER, who TEXT, moment TEXT, amount TEXT, what TEXT)"
    if kind == "duckdb":
        with duckdb.connect(str(path)) as duck:
            duck.execute(f"CREATE TABLE t {columns}")
            duck.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", rows)
    else:
        with sqlite3.connect(path) as db:
            db.execute(f"CREATE TABLE t {columns}")
            db.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", rows)
        db.close()
    return path


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_a_database_comes_in_by_a_query_and_a_row_only_once(tmp_path, shelf, bound, kind):
    query = "SELECT id, who, moment AS 'when', amount, what FROM t ORDER BY id"
    query = query.replace("'", '"')
    mapping = read_mapping(of(kind, query=query) + 'row_key = "id"\n')
    path = sql_file(tmp_path, kind)
    _, first = brought(shelf, mapping, path, bound)
    _, again = brought(shelf, mapping, path, bound._replace(now=bound.now + 1))
    assert (first.taken, again.taken, again.known) == (5, 0, 5)
    assert [told.amount_minor for told in shelf.arrived()] == [-150, -250, -350, -450, -550]


def test_parquet_comes_in_and_what_is_no_parquet_is_said_to_be_none(tmp_path, shelf, bound):
    path = tmp_path / "cards.parquet"
    duckdb.sql(
        "SELECT 'alice' AS who, TIMESTAMP '2026-03-01 08:00:00' + INTERVAL (i) DAY AS \"when\", "
        "12.30::DECIMAL(9,2) AS amount, 'food' AS what FROM range(3) t(i)"
    ).write_parquet(str(path))
    brought(shelf, read_mapping(of("parquet")), path, bound)
    assert [told.amount_minor for told in shelf.arrived()] == [-1230] * 3
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(SourceError, match="not a Parquet file") as told:
        brought(shelf, read_mapping(of("parquet")), path, bound)
    assert told.value.fix


def test_a_missing_column_names_the_nearest_and_all_there_are(tmp_path, cards, bound):
    path = tmp_path / "cards.csv"
    path.write_text("who,whenn,amount,what\n")
    with pytest.raises(SourceError, match=r"line 1: there is no column 'when'; did you mean 'whenn'") as told:
        try_source(cards, str(path), bound, tell=quiet)
    assert "whenn, amount" in told.value.fix


def test_strangers_are_kept_for_linking_and_counted(tmp_path, shelf, cards, bound):
    path = tmp_path / "cards.csv"
    path.write_text(HEADER + GOOD + GOOD.replace("alice", "stranger"))
    _, report = brought(shelf, cards, path, bound)
    assert report.strangers == 1 and [told.customer for told in shelf.arrived()] == ["alice", ""]


class Stopped(Exception):
    """The power went."""


def test_stopped_anywhere_and_resumed_it_is_as_if_it_had_not_stopped(tmp_path, cards, bound, monkeypatch):
    monkeypatch.setattr("jingwei.channels.sources.importing.STEP", 3)
    path = tmp_path / "cards.csv"
    rows = [GOOD.replace("12.30", f"{n}.00") if n % 4 else f'"b,{n}\n' for n in range(1, 21)]
    path.write_text(HEADER + "".join(rows))
    with closing(Insight(":memory:")) as whole:
        reference, _ = brought(whole, cards, path, bound)
        arrived, rejected = whole.arrived(), whole.rejected(reference.id)
    for stop_after in range(1, 7):
        left = [stop_after]

        def tell(done: int, total: int, left: list[int] = left) -> None:
            left[0] -= 1
            if not left[0]:
                raise Stopped

        with closing(Insight(":memory:")) as shelf:
            with pytest.raises(Stopped):
                import_source(shelf, cards, str(path), bound, resume=False, tell=tell)
            with pytest.raises(SourceError, match="stopped after row"):
                brought(shelf, cards, path, bound)
            again, _ = brought(shelf, cards, path, bound, resume=True)
            assert shelf.arrived() == arrived and shelf.rejected(again.id) == rejected
        assert (again.chain, again.taken, again.line) == (reference.chain, reference.taken, reference.line)


KILLED = """
import os, sys
from jingwei.channels.sources import importing
from tests.channels.sources.conftest import CARDS, NOW
from jingwei.domains.insight.mapping import read_mapping
from jingwei.stores.insight import Insight
importing.STEP = 500
bound = importing.Bound(lambda kind, keys: {key: key for key in keys}, lambda n: "", NOW)
importing.import_source(Insight(sys.argv[1]), read_mapping(CARDS), sys.argv[2], bound, resume=True,
                        tell=lambda done, total: print(done, flush=True))
"""


def test_killed_while_it_writes_it_goes_on_and_takes_nothing_twice(tmp_path, cards, bound):
    path, shelf_path = tmp_path / "cards.csv", tmp_path / "insight.db"
    path.write_text(HEADER + "".join(GOOD.replace("12.30", f"{n}.00") for n in range(1, 20_001)))
    root = Path(__file__).resolve().parents[3]
    env = {**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    for _ in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(shelf_path), str(path)], env=env, stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    shelf = Insight(shelf_path)
    one, report = brought(shelf, cards, path, bound, resume=True)
    assert report.resumed_from > 0
    assert [told.amount_minor for told in shelf.arrived(limit=30_000)] == [-100 * n for n in range(1, 20_001)]
    assert shelf.chain_again(one.id) == (one.chain, 20_000)
    shelf.close()


WRONG = [
    ('kind = "card_payment"', 'kind = "card_paiment"', 10, "no kind of happening"),
    ('at = "when"\n', "", 9, "at"),
    ('format = "csv"', 'format = "xls"', 5, "Invalid enum"),
    ('amount = "amount"\n', "", 9, "has an amount"),
    ('category = "what"', 'category = { column = "what", look_up = "shops" }', 15, "look_up.shops"),
    ('always = "CNY"', 'always = "RMB"', 14, "no currency"),
    ('column = "who"', 'column = "who', 7, "not TOML"),
    ('category = "what"', 'categroy = "what"', 15, "categroy"),
    ('title = { en = "Cards", zh = "卡" }', 'title = { en = "Cards" }', 3, "both languages"),
]


@pytest.mark.parametrize(("old", "new", "line", "says"), WRONG)
def test_a_mistake_in_a_mapping_is_told_with_its_line(old, new, line, says):
    with pytest.raises(MappingError, match=says) as told:
        read_mapping(CARDS.replace(old, new, 1))
    assert told.value.line == line and told.value.fix


def test_every_shipped_mapping_is_readable_and_the_city_has_twelve_systems_and_a_register():
    found = [one for one in shipped() if one.name.startswith("city/")]
    assert len(found) == 13 and all(one.mapping.source == one.name.removeprefix("city/") for one in found)


@pytest.mark.skipif(find_programs() is None, reason="PostgreSQL is not installed")
def test_postgresql_comes_in_by_a_query_that_only_reads_and_its_password_is_not_kept(shelf, bound):
    psycopg = pytest.importorskip("psycopg")
    with local_postgres() as server:
        with psycopg.connect(server.dsn, autocommit=True) as database:
            database.execute(
                "CREATE TABLE t (id INT, who TEXT, at TIMESTAMPTZ, amount NUMERIC(12, 2), what TEXT)"
            )
            database.execute(
                "INSERT INTO t SELECT n, 'alice', '2026-03-01 08:00+08'::timestamptz + "
                "n * interval '1 hour', n + 0.25, 'food' FROM generate_series(1, 12000) n"
            )
        query = 'SELECT id, who, at AS "when", amount, what FROM t ORDER BY id'
        mapping = read_mapping(of("postgres", query=query) + 'row_key = "id"\n')
        one, report = import_source(shelf, mapping, server.dsn, bound, resume=False, tell=quiet)
        taken = [(told.amount_minor, told.at) for told in shelf.arrived(limit=2)]
        assert taken == [(-125, 1_772_326_800_000_000), (-225, 1_772_330_400_000_000)]
        assert report.taken + report.rejected == 12_000 and report.taken > 2_000
        assert "@" not in one.file and ":" not in one.file.partition("/")[0].partition(":")[0]
        wrong = read_mapping(of("postgres", query="DELETE FROM t RETURNING *") + 'row_key = "id"\n')
        with pytest.raises(SourceError):
            try_source(wrong, server.dsn, bound, tell=quiet)
