"""Notifications: only one's own, resumed where they broke off, limited, with balances as they stand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request
from tests.channels.web.browser import Browser

from jingwei.channels.web.customer.events import AT_ONCE, MOST_EACH, Fan, told
from jingwei.channels.web.customer.people import Named
from jingwei.channels.web.visit import Visit
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.pay import Pay

ALICE = frozenset({"alice"})


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    one = Browser(tmp_path_factory.mktemp("events") / "home")
    yield one
    one.close()


@pytest.fixture
def site(bank):
    """The part of a site that notifications read."""
    return SimpleNamespace(desk=bank.desk)


def stamp(bank: Browser, actor: str) -> dict[str, Any]:
    bank.clock.advance(1)
    return {"key": f"e{bank.clock.at}", "actor": actor, "at": bank.clock.at, "known_at": bank.clock.at}


def pay(bank: Browser, payer: str, payee: str, minor: int, **more: Any) -> Any:
    fields = {"customer": payer, "payer": payer, "payee": payee, "amount_minor": minor, "currency": "CNY"}
    ask = Pay(**fields, device="phone", **more, **stamp(bank, f"customer:{payer}"))
    return bank.home.bank.do([ask])[0]


def listen(bank: Browser, fan: Fan, who: str, accounts: frozenset[str], after: int = -1) -> Any:
    async def go() -> Any:
        stream = fan.open(who, accounts, after)
        if fan._task is not None:
            fan._task.cancel()
        return stream

    return bank._runner.run(go())


def test_one_hears_of_both_directions_and_of_nobody_elses_money(bank, site):
    fan = Fan(site)
    alice, mallory = listen(bank, fan, "alice", ALICE), listen(bank, fan, "mallory", frozenset({"mallory"}))
    out = pay(bank, "alice", "bob", 5)
    other, into = pay(bank, "bob", "carol", 6), pay(bank, "bob", "alice", 7)
    fan.look()
    assert [one.seq for one in alice.waiting] == [out.seq, into.seq]
    assert other.seq not in {one.seq for one in alice.waiting} and not mallory.waiting
    fan.look()
    assert len(alice.waiting) == 2


def test_a_refused_a_waiting_and_a_stepped_up_payment_are_told_too(bank, site):
    fan = Fan(site)
    alice = listen(bank, fan, "alice", ALICE)
    made = [
        pay(bank, "alice", "mallory", 1_000_000_000_000),
        pay(bank, "alice", "mallory", 10, undo_s=15),
        pay(bank, "alice", "mallory", 600_000),
    ]
    fan.look()
    assert [one.seq for one in alice.waiting] == [one.seq for one in made]


def test_a_stream_goes_on_where_it_broke_off(bank, site):
    first, second = pay(bank, "alice", "bob", 8), pay(bank, "alice", "bob", 9)
    again = listen(bank, Fan(site), "alice", ALICE, first.seq)
    assert [one.seq for one in again.waiting] == [second.seq]
    for odd in (-1, second.seq, second.seq + AT_ONCE, 10**14):
        assert not listen(bank, Fan(site), "alice", ALICE, odd).waiting


def test_a_customer_has_so_many_streams_and_closing_one_makes_room(bank, site):
    fan = Fan(site)
    streams = [listen(bank, fan, "alice", ALICE) for _ in range(MOST_EACH)]
    assert all(streams) and listen(bank, fan, "alice", ALICE) is None
    assert listen(bank, fan, "bob", frozenset({"bob"})) is not None
    fan.shut(streams[0])
    assert listen(bank, fan, "alice", ALICE) is not None


def test_what_is_told_holds_the_balance_as_it_stands_in_both_languages(bank, site):
    fan = Fan(site)
    stream = listen(bank, fan, "alice", ALICE)
    money = {"amount_minor": 4_200, "currency": "CNY"}
    bank.home.bank.do([Deposit(account="alice", **money, **stamp(bank, "system:core"))])
    fan.look()
    booked = bank.home.bank._overlay.standing("alice").balance.booked_minor
    for lang, says in (("en", "¥42.00 came in from Cash"), ("zh", "收到现金的¥42.00")):
        visit = Visit(Request({"type": "http", "headers": []}), None, lang, False, "")
        found = told(site, visit, stream, stream.waiting[0], Named(site, visit, "alice"))
        assert found["text"] == says
        assert found["balances"]["alice"][0] == f"¥{booked / 100:,.2f}"


def test_strangers_and_staff_hear_nothing(bank):
    bank.fresh()
    assert bank.get("/app/events").headers["location"].startswith("/sign-in")
    bank.sign_in("staff:reviewer")
    assert bank.get("/app/events").headers["location"].startswith("/sign-in")
