"""A record can be about many customers at once: pages, notifications and files tell each their own part."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from starlette.requests import Request
from tests.channels.web.browser import Browser

from jingwei.channels.web.customer import my_data
from jingwei.channels.web.customer.events import Fan, lines, told
from jingwei.channels.web.customer.people import Named
from jingwei.channels.web.visit import Visit
from jingwei.journeys import run_day_end
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.keep_payee import KeepPayee
from jingwei.kernel.clock import DAY, bank_day
from jingwei.stores.store import SHELVES


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    """Alice and bob have money; a month of interest was posted to both in one record."""
    one = Browser(tmp_path_factory.mktemp("own") / "home")
    for who, minor in (("alice", 60_000_000), ("bob", 770_000_000)):
        fields = {"account": who, "amount_minor": minor, "currency": "CNY"}
        one.home.bank.do([Deposit(**fields, **stamp(one, "system:core"))])
    yield one
    one.close()


def stamp(bank: Browser, actor: str) -> dict[str, Any]:
    bank.clock.advance(1)
    return {"key": f"o{bank.clock.at}", "actor": actor, "at": bank.clock.at, "known_at": bank.clock.at}


def month_end(bank: Browser) -> Any:
    """The record of a day-end that paid interest to both; the bank's own clock is after it."""
    bank.clock.advance(100 * DAY)
    today = bank_day(bank.clock.at)
    before = bank.home.store.size()
    list(run_day_end.run(today - 1, bank.clock.at, lambda ask: bank.home.bank.do([ask])[0].answer))
    assert bank.home.store.size() > before
    return before


def interest(found: list[dict[str, Any]]) -> set[str]:
    return {one["payee"] for one in found if one["kind"] == "interest"}


def test_interest_paid_to_all_is_told_to_each_alone(bank):
    async def open_stream(fan: Fan) -> Any:
        stream = fan.open("alice", frozenset({"alice"}), -1)
        fan._task.cancel()
        return stream

    fan = Fan(SimpleNamespace(desk=bank.desk))
    stream = bank._runner.run(open_stream(fan))
    month_end(bank)
    fan.look()
    sealed = next(one for one in stream.waiting if type(one.command).__name__ == "RunDayEnd")
    mine = [one for one in sealed.answer.movements if "alice" in (one.payer, one.payee)]
    others = [one for one in sealed.answer.movements if "bob" in (one.payer, one.payee)]
    assert mine and others, "one record is about both"
    visit = Visit(Request({"type": "http", "headers": []}), None, "en", False, "")
    site = SimpleNamespace(desk=bank.desk)
    for order in (mine + others, others + mine):
        answer = msgspec.structs.replace(sealed.answer, movements=tuple(order))
        turned = msgspec.structs.replace(sealed, answer=answer)
        said = told(site, visit, stream, turned, Named(site, visit, "alice"))
        assert f"¥{mine[0].amount_minor / 100:,.2f}" in said["text"]
    bank.sign_in("customer:alice")
    decisions = json.loads(bank.get("/app/my-data.json").content)["decisions"]
    record = next(one for one in decisions if one["seq"] == sealed.seq)
    assert interest(record["movements"]) == {"alice"}, "what bob earned is not in alice's file"


def test_a_stream_ends_with_its_session(bank):
    """Who ends all sessions is not watched any longer by a page that is still open."""
    bank.sign_in("customer:alice")
    living = [SimpleNamespace(session=SimpleNamespace(sid="s1"))]
    site = SimpleNamespace(
        desk=bank.desk,
        now=lambda: bank.clock.at,
        sessions=SimpleNamespace(living=lambda actor, now: living),
    )

    async def go() -> list[bytes]:
        fan = Fan(site)
        stream = fan.open("alice", frozenset({"alice"}), -1)
        fan._task.cancel()
        session: Any = SimpleNamespace(sid="s1", who="alice", actor="customer:alice")
        visit = Visit(Request({"type": "http", "headers": []}), session, "en", False, "")
        found: list[bytes] = []
        async for part in lines(site, visit, fan, stream):
            found.append(part)
            if len(found) == 1:
                living.clear()
                fields = {"account": "alice", "amount_minor": 99, "currency": "CNY"}
                bank.home.bank.do([Deposit(**fields, **stamp(bank, "system:core"))])
                fan.look()
        return found

    assert bank._runner.run(go()) == [b"retry: 2000\n\n"]


def test_the_file_holds_every_kind_of_thing_that_names_a_customer(bank):
    """A kind that is added to the books stands in the file, or is named here with why not."""
    named = {kind for kind, (_, columns) in SHELVES.items() if "customer" in columns}
    assert named <= set(my_data.KEPT.values())
    bank.sign_in("customer:alice")
    ask = KeepPayee(customer="alice", account="bob", name="Bob", **stamp(bank, "customer:alice"))
    bank.home.bank.do([ask])
    found = json.loads(bank.get("/app/my-data.json").content)
    assert [one["account"] for one in found["payees"]] == ["bob"]
    assert "ties" in found and "preference" in found and "early_warnings" in found
    for lang in ("en", "zh"):
        assert bank.get("/app/my-data", params={"lang": lang}).status_code == 200
