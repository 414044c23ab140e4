"""The undo window: money waits, can be taken back in time, and never settles before its time."""

from __future__ import annotations

from typing import Any

import pytest

from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.capture import CaptureCardPayment
from jingwei.journeys.close_account import CloseAccount
from jingwei.journeys.expire_holds import run as expire
from jingwei.journeys.freeze import FreezeAccount
from jingwei.journeys.payment import PaymentWaits
from jingwei.journeys.prefer import Prefer
from jingwei.journeys.release_hold import ReleaseHold
from jingwei.journeys.settle_payment import SettlePayment, run
from jingwei.journeys.undo_payment import UndoPayment
from jingwei.journeys.waiting import GRACE
from jingwei.kernel.clock import SECOND
from jingwei.ledger.accounts import Hold
from jingwei.ledger.family import Preference
from jingwei.ledger.planned import PendingPayment


def pay(town: Any, amount: int = 10_000, undo_s: int | None = 15, **more: Any) -> Any:
    return town.do(town.pay("alice", "bob", amount, device="phone-1", undo_s=undo_s, **more)).answer


def undo(town: Any, pending: str, actor: str = "customer:alice") -> Any:
    return town.do(UndoPayment(pending=pending, **town.stamp(actor))).answer


def settle(town: Any, pending: str) -> Any:
    return town.do(SettlePayment(pending=pending, **town.stamp("system:settling"))).answer


def settle_all(town: Any) -> int:
    at = town.clock.at
    return run(
        at,
        lambda after: town.home.store.find(PendingPayment, "status", "waiting", after=after),
        lambda ask: town.do(ask).answer,
    )


def kept(town: Any, pending: str) -> PendingPayment:
    return town.bank._overlay.get(PendingPayment, pending)


def until(town: Any, moment: int) -> None:
    """Let the next command be asked at this moment (each takes a second)."""
    town.clock.at = moment - SECOND


def test_money_waits_and_is_sent_at_its_time_once(town: Any) -> None:
    answer = pay(town)
    assert (answer.result, answer.movements) == ("allowed", ())
    assert (town.money("alice"), town.money("bob")) == ((5_000_000, 10_000), (0, 0))
    until(town, kept(town, answer.made).settle_at)
    sent = settle(town, answer.made)
    assert (sent.result, sent.about) == ("allowed", answer.id)
    assert (town.money("alice"), town.money("bob")) == ((4_990_000, 0), (10_000, 0))
    assert settle(town, answer.made).refusal.code == "pending_over"
    assert town.money("bob") == (10_000, 0)
    assert kept(town, answer.made).status == "settled"


def test_it_cannot_settle_a_microsecond_inside_its_window(town: Any) -> None:
    answer = pay(town)
    until(town, kept(town, answer.made).settle_at - 1)
    assert settle(town, answer.made).refusal.code == "undo_window_open"
    assert settle_all(town) == 0
    assert (town.money("alice"), town.money("bob")) == ((5_000_000, 10_000), (0, 0))


def test_undo_gives_all_back_once_and_nothing_settles_after(town: Any) -> None:
    answer = pay(town)
    until(town, kept(town, answer.made).settle_at - 1)
    assert undo(town, answer.made).result == "done"
    assert town.money("alice") == (5_000_000, 0)
    assert undo(town, answer.made).refusal.code == "pending_over"
    town.later(seconds=60)
    assert settle(town, answer.made).refusal.code == "pending_over"
    assert (town.money("alice"), town.money("bob")) == ((5_000_000, 0), (0, 0))
    assert kept(town, answer.made).status == "undone"


def test_undo_comes_too_late_at_the_very_end(town: Any) -> None:
    answer = pay(town)
    until(town, kept(town, answer.made).settle_at)
    assert undo(town, answer.made).refusal.code == "too_late_to_undo"
    assert settle_all(town) == 1
    assert town.money("bob") == (10_000, 0)


@pytest.mark.parametrize("actor", ["customer:bob", "staff:lin", "system:settling"])
def test_nobody_else_can_undo_and_foreign_and_missing_look_alike(town: Any, actor: str) -> None:
    answer = pay(town)
    told = [undo(town, pending, actor).refusal for pending in (answer.made, "U99999999999")]
    assert told[0] == told[1]
    assert town.money("alice") == (5_000_000, 10_000)


def test_a_worker_that_runs_twice_pays_once(town: Any) -> None:
    made = [pay(town, 1_000 * n).made for n in (1, 2, 3)]
    town.later(seconds=20)
    assert (settle_all(town), settle_all(town)) == (3, 0)
    assert town.money("bob") == (6_000, 0)
    assert [kept(town, one).status for one in made] == ["settled"] * 3


def test_asked_again_with_its_key_it_waits_once(town: Any) -> None:
    first, again = pay(town, key="same"), pay(town, key="same")
    assert (first.id, first.made) == (again.id, again.made)
    assert town.money("alice") == (5_000_000, 10_000)


@pytest.mark.parametrize("direction", ["out", "both"])
def test_frozen_in_between_the_money_is_given_back(town: Any, direction: str) -> None:
    answer = pay(town)
    town.do(FreezeAccount(account="alice", direction=direction, on=True, **town.stamp("staff:lin")))
    town.later(seconds=20)
    told = settle(town, answer.made)
    assert (told.result, told.movements) == ("done", ())
    assert (town.money("alice"), town.money("bob")) == ((5_000_000, 0), (0, 0))
    assert (kept(town, answer.made).status, kept(town, answer.made).why) == ("failed", "account_frozen")


def test_a_payee_that_closed_in_between_gets_nothing(town: Any) -> None:
    answer = pay(town)
    assert town.do(CloseAccount(account="bob", **town.stamp("customer:bob"))).answer.result == "done"
    town.later(seconds=20)
    settle(town, answer.made)
    assert (town.money("alice"), kept(town, answer.made).why) == ((5_000_000, 0), "account_closed")


def test_nothing_else_takes_or_frees_money_that_waits(town: Any) -> None:
    answer = pay(town)
    money = {"amount_minor": 1, "currency": "CNY"}
    capture = CaptureCardPayment(hold=answer.hold, **money, **town.stamp("system:cards"))
    free = ReleaseHold(hold=answer.hold, **town.stamp("staff:lin"))
    for command in (capture, free):
        assert town.do(command).answer.refusal.code == "hold_under_review"
    assert town.money("alice") == (5_000_000, 10_000)


def test_a_bank_closed_for_a_month_gives_the_money_back(town: Any) -> None:
    answer = pay(town)
    town.clock.advance(GRACE + 60 * SECOND)
    assert expire(town.clock.at, lambda ask: town.do(ask).answer) == 1
    assert (town.money("alice"), kept(town, answer.made).status) == ((5_000_000, 0), "expired")
    assert settle_all(town) == 0


def test_money_that_waits_cannot_be_spent_and_counts_against_the_limit_once(town: Any) -> None:
    town.open("dora", 10_000)
    waits = town.pay("dora", "bob", 9_000, device="phone-2", undo_s=15)
    assert town.do(waits).answer.made
    short = town.do(town.pay("dora", "bob", 1_001, device="phone-2")).answer
    assert short.refusal.code == "balance_too_low"
    spent = town.bank._overlay.standing("dora").balance.spent_day_minor
    town.later(seconds=20)
    settle_all(town)
    assert town.bank._overlay.standing("dora").balance.spent_day_minor == spent == 9_000


def test_features_see_a_payment_that_waits_once(town: Any) -> None:
    before = town.bank.judge.live.snapshot()
    answer = pay(town)
    seen = town.bank.judge.live.snapshot()
    assert seen != before
    town.later(seconds=20)
    settle_all(town)
    assert town.bank.judge.live.snapshot() == seen
    assert kept(town, answer.made).status == "settled"


def test_a_confirmed_step_up_waits_too_counted_from_the_confirmation(town: Any) -> None:
    asked = pay(town, 600_000, undo_s=60)
    assert asked.result == "stepped_up"
    shown = {"payee": "bob", "amount_minor": 600_000, "currency": "CNY", "confirm": True}
    town.later(seconds=100)
    command = AnswerStepUp(challenge=asked.challenge, **shown, **town.stamp("customer:alice"))
    told = town.do(command).answer
    assert (told.result, town.money("bob")) == ("allowed", (0, 0))
    assert kept(town, told.made).settle_at == command.at + 60 * SECOND
    assert undo(town, told.made).result == "done"
    assert (town.money("alice"), town.money("bob")) == ((5_000_000, 0), (0, 0))
    assert town.bank._overlay.get(Hold, told.hold).status == "released"


def test_a_payment_that_says_nothing_waits_as_its_customer_prefers(town: Any):
    """Null is the customer's own choice, on every channel; without one a payment does not wait."""
    assert pay(town, undo_s=None).result == "allowed" and not town.home.store.load(Preference, ["alice"])
    for seconds in (30, 0):
        town.do(Prefer(undo_s=seconds, **town.stamp("customer:alice")))
        answer = pay(town, undo_s=None)
        waits = [one for one in answer.events if isinstance(one, PaymentWaits)]
        assert [one.settle_at - town.clock.now() for one in waits] == ([30 * SECOND] if seconds else [])
