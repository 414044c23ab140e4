"""A write that fails in the middle, or at its end, leaves nothing open behind it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from jingwei.stores.grants import Family, Grants
from jingwei.stores.identities import Identities, Person
from jingwei.stores.insight import Insight


class Full:
    """A connection whose disk is full when it comes to this statement."""

    def __init__(self, db: sqlite3.Connection, statement: str) -> None:
        self._db, self._statement = db, statement

    def execute(self, sql: str, *values: Any) -> Any:
        if self._statement and sql.startswith(self._statement):
            self._statement = ""
            raise sqlite3.OperationalError("database or disk is full")
        return self._db.execute(sql, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)


@pytest.mark.parametrize("statement", ["COMMIT", "INSERT OR IGNORE INTO people"])
def test_identities_go_on_after_a_full_disk(tmp_path: Path, statement: str):
    ids: Any = Identities(tmp_path)
    real = ids._db
    ids._db = Full(real, statement)
    person = Person("customer:zoe", "zoe", "Zoe", ("customer",))
    with pytest.raises(sqlite3.OperationalError), ids.together():
        ids.add(person)
    with ids.together():
        assert ids.add(person)
    other = sqlite3.connect(tmp_path / "identities.db")
    assert other.execute("SELECT login FROM people").fetchall() == [("zoe",)], "and it is really written"
    other.close()
    ids._db = real
    ids.close()


@pytest.mark.parametrize("statement", ["COMMIT", "INSERT INTO codes"])
def test_grants_go_on_after_a_full_disk(tmp_path: Path, statement: str):
    grants: Any = Grants(tmp_path / "grants.db")
    real = grants._db
    grants._db = Full(real, statement)
    with pytest.raises(sqlite3.OperationalError):
        grants.begin(Family("f1", "app", "customer:zoe", "s", "openid", "n", 10**15), "https://a", "c")
    code = grants.begin(Family("f2", "app", "customer:zoe", "s", "openid", "n", 10**15), "https://a", "c")
    assert grants.use_code(code, 10**15) and grants.family("f1") is None
    other = sqlite3.connect(tmp_path / "grants.db")
    assert other.execute("SELECT used_at FROM codes").fetchall() == [(10**15,)], "what was used stays used"
    other.close()
    grants._db = real
    grants.close()


@pytest.mark.parametrize("statement", ["COMMIT", "DELETE FROM doubts"])
def test_the_insight_shelf_goes_on_after_a_full_disk(tmp_path: Path, statement: str):
    shelf: Any = Insight(tmp_path / "insight.db")
    real = shelf.people._db
    shelf.people._db = Full(real, statement)
    with pytest.raises(sqlite3.OperationalError):
        shelf.people.keep_doubts([])
    shelf.people.keep_doubts([])
    assert not real.in_transaction
    shelf.people._db = real
    shelf.close()
