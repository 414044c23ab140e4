"""Left to spend: whatever is planned, it is the balance that is there once the month is over."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.channels.web.browser import Browser

from jingwei.channels.rest.views import standings
from jingwei.channels.streams.planned_work import turn
from jingwei.channels.web.customer.coming import coming, left_to_spend, month_end, today
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.publish_policy import PublishPolicy
from jingwei.journeys.schedule_payment import SchedulePayment
from jingwei.kernel.clock import DAY
from jingwei.ledger.planned import FIRST, Schedule, due_at

CALM = """
name = "outgoing_transfer"
version = 2
[[rules]]
code = "never"
when = "amount_minor < 0"
verdict = "refuse"
weight = 1
says = "The amount is below zero."
says_zh = "金额小于零。"
"""

PLAN = st.tuples(
    st.sampled_from(["once", "weekly", "monthly"]),
    st.integers(0, 40),
    st.none() | st.integers(0, 40),
    st.integers(1, 50_000),
    st.sampled_from(["bob", "alice-savings"]),
)


def test_the_month_ends_where_the_next_begins() -> None:
    ends = (("2026-01-31", "2026-02-01"), ("2026-12-01", "2027-01-01"), ("2028-02-29", "2028-03-01"))
    for text, after in ends:
        day = (date.fromisoformat(text) - FIRST).days
        assert month_end(day) == (date.fromisoformat(after) - FIRST).days


def stamp(bank: Browser, key: str, actor: str = "customer:alice") -> dict[str, Any]:
    return {"key": key, "actor": actor, "at": bank.clock.at, "known_at": bank.clock.at}


def left(bank: Browser) -> int:
    own = standings(bank.home.store, "alice", "", 50)
    planned = bank.home.store.find(Schedule, "customer", "alice", limit=1_000)
    return left_to_spend(own, coming(planned, month_end(today(bank.clock.at))), "CNY")


@settings(max_examples=6, phases=[Phase.explicit, Phase.generate])
@given(st.lists(PLAN, min_size=1, max_size=5))
def test_left_to_spend_is_what_is_there_when_the_month_is_over(plans: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bank = Browser(Path(folder) / "home")
        try:
            told_and_there(bank, plans)
        finally:
            bank.close()


def told_and_there(bank: Browser, plans: list[Any]) -> None:
    """Plan, note what is left, let the month pass, and compare."""
    own = {"customer": "alice", "product": "savings_cny", "account": "alice-savings"}
    more = {"opening_minor": 1_000_000, "source": "alice"}
    bank.home.bank.do([PublishPolicy(text=CALM, **stamp(bank, "calm", "staff:lin"))])
    bank.home.bank.do([OpenAccount(**own, **more, **stamp(bank, "own"))])
    first = today(bank.clock.at)
    for n, (every, ahead, last, minor, payee) in enumerate(plans):
        ask = SchedulePayment(
            customer="alice", payer="alice", payee=payee, amount_minor=minor, currency="CNY", every=every,
            first_day=first + ahead, until_day=None if last is None else first + ahead + last,
            device="phone", **stamp(bank, f"plan-{n}"),
        )  # fmt: skip
        assert bank.home.bank.do([ask])[0].answer.result == "done"
    promised = left(bank)
    end = month_end(first)
    while today(bank.clock.at) < end:
        bank._runner.run(until_quiet(bank))
        bank.clock.advance(DAY)
    bank.clock.at = due_at(end) - 1
    bank._runner.run(until_quiet(bank))
    own_now = standings(bank.home.store, "alice", "", 50)
    assert sum(one.balance.booked_minor for one in own_now) == promised


async def until_quiet(bank: Browser) -> None:
    """Let the worker run until nothing is due any more."""
    while await turn(bank.desk):
        await asyncio.sleep(0)
