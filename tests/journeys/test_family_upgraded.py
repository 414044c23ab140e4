"""A bank of version 2 kept no note of whose freeze is on a child's account: its upgrade finds it out."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from tests.keeping.small_bank import database

from jingwei.home import open_home
from jingwei.journeys.freeze import FreezeAccount
from jingwei.journeys.look_after import LookAfter
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.ties import AcceptTie, OfferTie
from jingwei.ledger.family import Tie
from jingwei.stores.local_postgres import find_programs

ENGINES = ("sqlite", "postgres") if find_programs() else ("sqlite",)
BACK = "DROP TABLE challenger_scores; ALTER TABLE ties DROP COLUMN froze;"
LIMITS: dict[str, Any] = {"payment_minor": 5_000, "day_minor": 8_000, "month_minor": 20_000}


def person(town: Any, who: str, born: str, accounts: tuple[str, ...], product: str = "current_cny") -> None:
    for account in accounts:
        named = {"customer": who, "account": account, "name": who, "born": born, "product": product}
        stamp = town.stamp("system:core")
        assert town.do(OpenAccount(opening_minor=100_000, **named, **stamp)).answer.result == "done"


def guardian(town: Any, who: str) -> str:
    stamp = town.stamp(f"customer:{who}")
    made = town.do(OfferTie(kind="guardian", whose="kid", keeper=who, **stamp)).answer.made
    assert town.do(AcceptTie(tie=made, **town.stamp("customer:kid"))).answer.result == "done"
    return str(made)


def freezes(town: Any, ties: dict[str, str], chance: random.Random, count: int) -> None:
    """Guardians and the bank freeze and free two accounts, as it comes."""
    for _ in range(count):
        account = chance.choice(["pocket", "saved"])
        if chance.random() < 0.6:
            who = chance.choice(sorted(ties))
            stamp, frozen = town.stamp(f"customer:{who}"), chance.random() < 0.7
            town.do(LookAfter(tie=ties[who], account=account, frozen=frozen, **LIMITS, **stamp))
        else:
            way: Any = chance.choice(["", "in", "out", "both"])
            stamp, on = town.stamp("staff:desk"), chance.random() < 0.5
            town.do(FreezeAccount(account=account, direction=way, on=on, **stamp))


def noted(town: Any) -> dict[str, str]:
    return {tie.id: tie.froze for tie in town.home.store.load(Tie, sorted(town.ties.values()))}


def put_back(town: Any, path: Path) -> None:
    """Make the tables those of version 2."""
    if not town.store_url:
        connection = sqlite3.connect(path / "bank.db")
        connection.executescript(BACK + "PRAGMA user_version = 2")
        connection.close()
        return
    import psycopg

    with psycopg.connect(town.store_url, autocommit=True) as there:
        there.execute((BACK + "UPDATE bank SET version = 2").encode())


@pytest.mark.parametrize("engine", ENGINES)
def test_whose_freeze_it_is_comes_with_the_upgrade(engine, new_town, tmp_path):
    where = database("freezes") if engine == "postgres" else ""
    town = new_town(tmp_path / "town", store_url=where)
    person(town, "alice", "1985-03-03", ("alice",))
    person(town, "adam", "1984-03-03", ("adam",))
    person(town, "kid", "2014-06-01", ("pocket", "saved"), "youth_cny")
    town.ties = {who: guardian(town, who) for who in ("alice", "adam")}
    seen, chance = set(), random.Random(20261122)
    for _ in range(25):
        freezes(town, town.ties, chance, 4)
        notes = noted(town)
        seen |= {len(note.split()) for note in notes.values()}
        town.home.close()
        put_back(town, tmp_path / "town")
        town.home = open_home(town.path, town.clock, store_url=where)
        assert noted(town) == notes
    assert seen == {0, 1, 2}, "one guardian froze none, one and both accounts"
    town.audit()
    town.home.close()
