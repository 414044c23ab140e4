"""The insight shelf keeps a step of an import whole or not at all, once, and gives it back by customer."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from jingwei.domains.insight.happenings import Happening, Profile
from jingwei.kernel.clock import DAY, parse_iso
from jingwei.stores.insight import Import, Insight, Parcel, Rejected
from jingwei.stores.store import StoreError

AT = parse_iso("2026-03-01T08:00:00")


def paid(who: str, minor: int, day: int = 0, key: str = "", kind: str = "card_payment") -> Happening:
    at = AT + day * DAY
    return Happening(who, at, at, kind, "groceries", minor, "CNY", row_key=key)


def parcel(*told: Happening, position: int = 0, whose: dict[str, str] | None = None, **rest) -> Parcel:
    own = {one.subject: one.subject for one in told} if whose is None else whose
    return Parcel(told, rest.get("profiles", ()), rest.get("rejected", ()), rest.get("fields", {}),
                  position or len(told), 0, 0, own)  # fmt: skip


@pytest.fixture
def shelf(tmp_path):
    shelf = Insight(tmp_path / "insight.db")
    yield shelf
    shelf.close()


def fresh(name: str = "i1", source: str = "cards") -> Import:
    return Import(name, source, "m", "file.csv", "d", AT)


def test_what_was_taken_is_told_newest_first_over_all_sources(shelf):
    one, two = shelf.begin(fresh()), shelf.begin(fresh("i2", "wealth"))
    shelf.take(one, parcel(paid("alice", -100, 0), paid("bob", -5, 1), paid("alice", -200, 2)))
    shelf.take(two, parcel(paid("alice", -900, 1, kind="fund_bought")))
    assert [(one.source, one.amount_minor) for one in shelf.timeline("alice")] == [
        ("cards", -200),
        ("wealth", -900),
        ("cards", -100),
    ]
    assert [one.amount_minor for one in shelf.timeline("alice", ("card_payment",), before=AT + DAY)] == [-100]
    assert shelf.customers() == ["alice", "bob"]
    assert [one.id for one in shelf.arrived(1)] == [2, 3, 4]


def test_the_sums_by_month_are_the_sums_of_the_happenings(shelf):
    one = shelf.begin(fresh())
    one = shelf.take(one, parcel(paid("alice", -100), paid("alice", -200, 1), paid("alice", 50, 2)))
    shelf.take(one, parcel(paid("alice", -7, 3), paid("alice", -9, 31), position=5))
    rows = [(row[1], row[5], row[6], row[7], row[8]) for row in shelf.months("alice")]
    assert rows == [(202603, 4, 50, -307, AT + 3 * DAY), (202604, 1, 0, -9, AT + 31 * DAY)]


def test_a_row_with_a_number_of_its_own_is_taken_once_whatever_file_it_comes_in(shelf):
    one, two = shelf.begin(fresh()), shelf.begin(fresh("i2"))
    one = shelf.take(one, parcel(paid("alice", -1, key="r1"), paid("alice", -2, key="r2")))
    two = shelf.take(two, parcel(paid("alice", -2, key="r2"), paid("alice", -3, key="r3")))
    assert (one.taken, one.known, two.taken, two.known) == (2, 0, 1, 1)
    assert [told.amount_minor for told in shelf.arrived()] == [-1, -2, -3]
    assert sum(row[5] for row in shelf.months("alice")) == 3


def test_a_step_that_fails_leaves_nothing_and_the_position_stays(shelf):
    one = shelf.begin(fresh())
    one = shelf.take(one, parcel(paid("alice", -1), rejected=[Rejected(2, "at", "empty", "", "r")]))
    with pytest.raises(StoreError):
        shelf.take(one, parcel(paid("carol", -2), paid("alice", 2**70), position=3))
    assert shelf.imported("i1") == one
    assert shelf.customers() == ["alice"] and shelf.newest() == 1
    again = shelf.take(one, parcel(paid("carol", -2), position=3))
    assert (again.position, again.taken, again.rejected) == (3, 2, 1)
    assert [told.customer for told in shelf.arrived()] == ["alice", "carol"]


def test_linking_and_parting_rewrites_no_happening(shelf, tmp_path):
    one = shelf.begin(fresh(source="crm"))
    shelf.take(one, parcel(paid("c-17", -1), whose={}, profiles=[Profile("c-17", AT, "王芳")]))

    def rows() -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(tmp_path / "insight.db")) as db:
            return db.execute("SELECT * FROM happenings").fetchall()

    before = rows()
    assert shelf.timeline("alice") == [] and shelf.customers() == []
    shelf.link([("crm", "c-17", "alice")])
    assert [told.subject for told in shelf.timeline("alice")] == ["c-17"]
    shelf.link([("crm", "c-17", "")])
    assert shelf.timeline("alice") == [] and rows() == before


def test_columns_hold_everybody_whose_customer_is_known(shelf):
    one = shelf.begin(fresh())
    shelf.take(
        one, parcel(paid("alice", -1), paid("x", -5), paid("bob", -2), whose={"alice": "alice", "bob": "bob"})
    )
    (columns,) = shelf.columns()
    assert columns["customer"].tolist() == ["alice", "bob"]
    assert columns["amount_minor"].dtype == np.int64 and columns["amount_minor"].tolist() == [-1, -2]
    assert list(shelf.columns(after=3)) == []
