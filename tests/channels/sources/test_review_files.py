"""What goes wrong in a file costs the row it stands in, and what the fix says works."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from tests.channels.sources.conftest import CARDS, quiet

from jingwei.channels.sources.importing import import_source
from jingwei.channels.sources.raw import SourceError
from jingwei.domains.insight.mapping import MappingError, read_mapping

HEADER = b"who,when,amount,what\n"
GOOD = b"alice,2026-03-01T08:00:00,12.30,groceries\n"


def brought(shelf, mapping, path, bound):
    return import_source(shelf, mapping, str(path), bound, resume=False, tell=quiet)[1]


def test_an_open_quote_and_broken_letters_lines_later_lose_no_row_between_them(tmp_path, shelf, cards, bound):
    path = tmp_path / "cards.csv"
    path.write_bytes(HEADER + b'"bob,2026-03-01,1.00,x\n' + GOOD * 5 + b'b\xffb"\n' + GOOD)
    report = brought(shelf, cards, path, bound)
    assert (report.taken, report.rejected) == (6, 2)
    assert {(fault.code, fault.first_line) for fault in report.faults} == {("quote_open", 2)}


KEYED = 'row_key = "number"\ncategory = { column = "shop", look_up = "shops" }'
LOOKED_UP = CARDS.replace('category = "what"', KEYED)
SHOPS = '[look_up.shops]\nfile = "shops.csv"\nkey = "shop"\nvalue = "kind"\n'


def test_with_a_newer_file_to_look_up_in_what_was_rejected_comes_in_and_nothing_twice(tmp_path, shelf, bound):
    mapping = read_mapping(LOOKED_UP + SHOPS)
    path, shops = tmp_path / "cards.csv", tmp_path / "shops.csv"
    path.write_text("number,who,when,amount,shop\n1,alice,2026-03-01,1.00,s1\n2,alice,2026-03-02,1.00,s2\n")
    shops.write_text("shop,kind\ns1,groceries\n")
    first = brought(shelf, mapping, path, bound)
    assert (first.taken, first.rejected) == (1, 1) and first.faults[0].code == "not_found"
    assert brought(shelf, mapping, path, bound).already_there
    shops.write_text("shop,kind\ns1,groceries\ns2,fuel\n")
    again = brought(shelf, mapping, path, bound)
    assert (again.taken, again.known, again.rejected) == (1, 1, 0)
    assert [told.category for told in shelf.arrived()] == ["groceries", "fuel"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('at = "when"', 'at = ""', "needs a moment"),
        ('category = "what"', 'category = "what"\nwhen = [{ column = "what" }]', "nothing is asked of what"),
        ("[[event]]", '[profile]\nname = { column = "who", look_up = "who" }\n[[event]]', "look_up.who"),
        ("[[event]]", '[profile]\nname = { words = { a = "b" } }\n[[event]]', "names both"),
    ],
)
def test_a_mapping_that_could_not_be_carried_out_is_refused_when_it_is_read(old, new, says):
    with pytest.raises(MappingError, match=says) as told:
        read_mapping(CARDS.replace(old, new))
    assert told.value.line > 1 and told.value.fix


class Stopped(Exception):
    """The power went."""


def test_a_database_stopped_half_way_is_gone_on_with_so_that_all_taken_gets_sealed(
    tmp_path, shelf, bound, monkeypatch
):
    monkeypatch.setattr("jingwei.channels.sources.importing.STEP", 2)
    query = 'query = "SELECT * FROM t ORDER BY number"'
    keyed = CARDS.replace('format = "csv"', f'format = "sqlite"\n{query}').replace(
        "[[event]]", '[[event]]\nrow_key = "number"'
    )
    mapping, path = read_mapping(keyed), tmp_path / "cards.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute('CREATE TABLE t (number INTEGER, who TEXT, "when" TEXT, amount TEXT, what TEXT)')
        rows = [(n, "alice", f"2026-03-0{n}", f"{n}.50", "food") for n in range(1, 6)]
        db.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", rows)
        db.commit()

    def stop(done: int, total: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        import_source(shelf, mapping, str(path), bound, resume=False, tell=stop)
    later = bound._replace(now=bound.now + 1)
    with pytest.raises(SourceError, match="stopped after row 2"):
        brought(shelf, mapping, path, later)
    _, report = import_source(shelf, mapping, str(path), later, resume=True, tell=quiet)
    assert (report.resumed_from, report.rows, report.taken) == (2, 5, 5)
    assert [bool(one.done_at) for one in shelf.imports()] == [True]
    assert brought(shelf, mapping, path, later._replace(now=later.now + 1)).known == 5
