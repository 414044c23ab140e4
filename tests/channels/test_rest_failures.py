"""When the store fails: a clear answer, readiness turns red, and the same key still pays once."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from tests.channels.counter import Counter, Talk

from jingwei.bank import Reply
from jingwei.channels.rest.joined import Joined
from jingwei.journeys.shape import Answer
from jingwei.stores.store import Batch, StoreError


@pytest.fixture
def talk(tmp_path: Path):
    talk = Talk(Counter(tmp_path))
    yield talk
    talk.close()


def test_a_full_disk_is_told_and_survived(talk: Talk, monkeypatch: pytest.MonkeyPatch):
    store = talk.counter.home.store

    def full(batch: Batch) -> None:
        raise StoreError("/srv/bank.db: full (SQLite: 13)", "the disk is full; free some space and ask again")

    monkeypatch.setattr(store, "write", full)
    key, size = talk.counter.key(), store.size()
    told = talk.pay(key=key)
    assert (told.status_code, told.json()["code"]) == (503, "store_failed")
    assert told.headers["retry-after"] == "1"
    assert "free some space" in told.json()["en"]
    assert "bank.db" not in told.text and "SQLite" not in told.text
    order = talk.post("/v1/deposits", {"account": "bob", "amount": "1.00", "currency": "CNY"})
    assert (order.status_code, order.headers["retry-after"]) == (503, "1")
    assert store.size() == size

    monkeypatch.setattr(
        "jingwei.channels.rest.health.probe", lambda home: (_ for _ in ()).throw(OSError(28, "full"))
    )
    red = talk.get("/ready", "")
    assert (red.status_code, red.json()["status"]) == (503, "not_ready")
    assert talk.get("/health", "").status_code == 200

    monkeypatch.undo()
    assert talk.get("/ready", "").status_code == 200
    again = talk.pay(key=key)
    assert again.json()["result"] == "allowed" and "idempotent-replayed" not in again.headers
    assert talk.pay(key=key).content == again.content
    assert store.size() == size + 1


def test_a_write_that_works_again_turns_readiness_green(talk: Talk, monkeypatch: pytest.MonkeyPatch):
    store = talk.counter.home.store
    with monkeypatch.context() as patched:
        patched.setattr(store, "write", lambda batch: (_ for _ in ()).throw(StoreError("gone")))
        assert talk.pay().status_code == 503
    monkeypatch.setattr(
        "jingwei.channels.rest.health.probe", lambda home: (_ for _ in ()).throw(OSError(5, "no"))
    )
    assert talk.get("/ready", "").status_code == 503
    assert talk.pay().status_code == 201
    assert talk.get("/ready", "").status_code == 200


def test_a_bug_spares_the_other_requests_of_its_batch(talk: Talk, monkeypatch: pytest.MonkeyPatch):
    from msgspec.structs import replace

    from jingwei.journeys import pay
    from jingwei.journeys.table import BY_COMMAND

    journey = BY_COMMAND[pay.Pay]

    def stumbles(ask: pay.Pay, seen: pay.Seen):
        if ask.memo == "bug":
            raise ZeroDivisionError("a planted bug")
        return pay.act(ask, seen)

    monkeypatch.setitem(BY_COMMAND, pay.Pay, replace(journey, act=stumbles))
    body = {"payer": "alice", "payee": "bob", "amount": "1.00", "currency": "CNY", "device": "phone"}
    calls = [
        {
            "method": "POST",
            "url": "/v1/payments",
            "json": body | {"memo": memo},
            "headers": talk.counter.head("customer:alice"),
        }
        for memo in ("a", "bug", "b")
    ]
    told = talk.together(calls)
    assert [one.status_code for one in told] == [201, 500, 201]
    assert told[1].json()["code"] == "bug" and "ZeroDivision" not in told[1].text
    assert talk.get("/v1/accounts/bob").json()["booked"] == "50002.00"


class SlowBank:
    """Takes 8 ms for every batch, like a slow disk, and notes how many commands each had."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def do_each(self, commands: list[Any]) -> list[Any]:
        self.sizes.append(len(commands))
        time.sleep(0.008)
        return [Reply(0, Answer("D00000000000", "done")) for _ in commands]


def test_on_a_slow_disk_those_who_came_together_are_written_together_again():
    """Each asks again a moment after its answer; without patience the first would have a write to itself."""
    bank = SlowBank()

    async def crowd() -> None:
        joined = Joined(bank, None, lambda size: None)  # type: ignore[arg-type]

        async def one(number: int) -> None:
            for _ in range(20):
                await joined.ask(None)  # type: ignore[arg-type]
                await asyncio.sleep(number * 0.0001)

        await asyncio.gather(*(one(number) for number in range(8)))

    asyncio.run(crowd())
    assert sum(bank.sizes) == 160
    assert len(bank.sizes) <= 30, bank.sizes
    assert 0 not in bank.sizes
