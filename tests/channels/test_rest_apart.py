"""A bank that writes in a second process: answers only what is durable, and survives the writer's death."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.channels.counter import Counter, Talk
from tests.channels.line import BODY, Line, read_answer

from jingwei.stores.pipeline import PipelinedStore
from jingwei.stores.sqlite_reads import SqliteReader


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    talk = Talk(Counter(tmp_path, apart=True))
    yield talk
    talk.close()


def writer(talk: Talk) -> int:
    assert isinstance(talk.counter.home.store, PipelinedStore)
    return talk.counter.home.store.listening()[0]


def calls(talk: Talk, memos: tuple[str, ...]) -> list[dict[str, object]]:
    return [
        {
            "method": "POST",
            "url": "/v1/payments",
            "json": BODY | {"memo": memo},
            "headers": talk.counter.head("customer:alice"),
        }
        for memo in memos
    ]


def test_the_same_payments_give_the_same_bytes_and_the_same_log(tmp_path: Path):
    told, roots = [], []
    for apart in (False, True):
        talk = Talk(Counter(tmp_path / str(apart), apart=apart))
        answers = [talk.pay(amount=f"{n}.00") for n in (1, 2, 3)] + [talk.card(), talk.pay(to="nobody")]
        answers += [talk.pay(key="key-1", amount="1.00"), talk.pay(key="key-1", amount="9.00")]
        told.append([(one.status_code, one.content) for one in answers])
        roots.append(talk.counter.home.store.root())
        talk.close()
    assert told[0] == told[1]
    assert roots[0] == roots[1]


def test_an_answer_is_durable_when_it_is_given(talk: Talk):
    """Another connection finds what was answered, each time."""
    reader = SqliteReader(talk.counter.home.path / "bank.db")
    for n in range(20):
        key = talk.counter.key()
        assert talk.pay(key=key, amount=f"{n + 1}.00").status_code == 201
        assert reader.answered([("customer:alice", key)])
    reader.close()


def test_nobody_is_answered_before_the_writer_has_written(talk: Talk):
    child = writer(talk)
    os.kill(child, signal.SIGSTOP)
    answered: list[float] = []
    asker = threading.Thread(target=lambda: answered.append(talk.pay().status_code))
    asker.start()
    asker.join(0.5)
    early = list(answered)
    os.kill(child, signal.SIGCONT)
    asker.join(20)
    assert (early, answered) == ([], [201])


def test_a_writer_killed_before_it_wrote_is_told_and_the_same_key_pays_once(talk: Talk):
    assert talk.pay().status_code == 201
    booked = talk.get("/v1/accounts/bob").json()["booked"]
    child, key = writer(talk), talk.counter.key()
    os.kill(child, signal.SIGSTOP)
    killer = threading.Timer(0.3, os.kill, (child, signal.SIGKILL))
    killer.start()
    told = talk.pay(key=key, amount="5.00")
    assert (told.status_code, told.json()["code"]) == (503, "store_failed")
    assert talk.get("/v1/accounts/bob").json()["booked"] == booked
    again = talk.pay(key=key, amount="5.00")
    assert again.status_code == 201 and "idempotent-replayed" not in again.headers
    assert talk.pay(key=key, amount="5.00").content == again.content
    assert talk.get("/v1/accounts/bob").json()["booked"] == f"{float(booked) + 5:.2f}"


def test_a_bug_spares_the_other_requests(talk: Talk, monkeypatch: pytest.MonkeyPatch):
    from msgspec.structs import replace

    from jingwei.journeys import pay
    from jingwei.journeys.table import BY_COMMAND

    journey = BY_COMMAND[pay.Pay]

    def stumbles(ask: pay.Pay, seen: pay.Seen):
        if ask.memo == "bug":
            raise ZeroDivisionError("a planted bug")
        return pay.act(ask, seen)

    monkeypatch.setitem(BY_COMMAND, pay.Pay, replace(journey, act=stumbles))
    told = talk.together(calls(talk, ("a", "bug", "b")))
    assert [one.status_code for one in told] == [201, 500, 201]
    assert talk.get("/v1/accounts/bob").json()["booked"] == "50002.00"


def test_a_crowd_over_the_wire_with_other_orders_between(tmp_path: Path):
    line = Line(Counter(tmp_path, apart=True))

    async def crowd() -> list[str]:
        async def one(n: int) -> list[str]:
            reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
            told = []
            for turn in range(6):
                order = {"account": "bob", "amount": "1.00", "currency": "CNY"}
                asks_staff = {"Authorization": line.counter.head("system:core")["Authorization"]}
                deposit = line.request(order, path="/v1/deposits", **asks_staff)
                writer.write(deposit if (n + turn) % 7 == 0 else line.request())
                status, _, body = await read_answer(reader)
                assert status in (200, 201), body
                told.append(json.loads(body)["result"])
            writer.close()
            return told

        return sum(await asyncio.gather(*(one(n) for n in range(24))), [])

    told = asyncio.run(asyncio.wait_for(crowd(), 60))
    moved = told.count("allowed") + told.count("done")
    assert len(told) == 24 * 6 and moved > 20
    began = time.perf_counter()
    line.close()
    assert time.perf_counter() - began < 20
    reopened = Talk(Counter(tmp_path))
    assert reopened.get("/v1/accounts/bob").json()["booked"] == f"{50000 + moved}.00"
    reopened.close()
