"""Accounts from opening to closing through the bank's one door: money, holds, reversals, day-end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from jingwei.journeys import run_day_end
from jingwei.journeys.capture import CaptureCardPayment
from jingwei.journeys.close_account import CloseAccount
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.exchange import Exchange
from jingwei.journeys.expire_holds import ExpireHolds
from jingwei.journeys.freeze import FreezeAccount
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.publish_policy import PublishPolicy
from jingwei.journeys.release_hold import ReleaseHold
from jingwei.journeys.reverse import Reverse
from jingwei.journeys.review_case import ReviewCase
from jingwei.journeys.run_day_end import RunDayEnd
from jingwei.journeys.set_limits import SetLimits
from jingwei.journeys.shape import Answer
from jingwei.kernel.clock import bank_day, day_start, parse_iso
from jingwei.ledger.accounts import Account, Balance, Hold
from jingwei.ledger.work import Case, Customer, Reversal

CORE = "system:core"


RULES = """
name = "{name}"
version = 9
[[rules]]
code = "exactly_777"
when = "amount_minor == 77_700"
verdict = "hold"
weight = 80
says = "The amount is 777.00."
says_zh = "金额为777.00。"
"""


@pytest.fixture
def town(town: Any) -> Any:
    """The town under one rule: a payment of 777.00 waits for a person, every other is allowed."""
    for name in ("outgoing_transfer", "card_payment"):
        assert (
            town.do(PublishPolicy(text=RULES.format(name=name), **town.stamp(CORE))).answer.result == "done"
        )
    return town


def ask(town: Any, kind: type, actor: str = "staff:lin", key: str = "", **fields: Any) -> Answer:
    """Do one command and return what it came to."""
    return town.do(kind(**fields, **town.stamp(actor, key))).answer


def code(answer: Answer) -> str:
    """The refusal's code, or the result."""
    if answer.refusal is None:
        return answer.result
    assert not answer.movements and "…" not in answer.refusal.words().en + answer.refusal.words().zh
    return answer.refusal.code


def kept(town: Any, kind: type, some_id: str) -> Any:
    return next(iter(town.home.store.load(kind, [some_id])), None)


def test_an_account_is_opened_with_its_customer_and_its_first_money(town):
    answer = ask(
        town, OpenAccount, customer="carol", name="Carol 王", born="1990-02-28", product="savings_cny",
        opening_minor=5_000,
    )  # fmt: skip
    assert code(answer) == "done" and answer.made.startswith("A")
    assert town.money(answer.made) == (5_000, 0)
    assert kept(town, Account, answer.made).product == "savings_cny@1"
    carol = kept(town, Customer, "carol")
    assert (carol.name, carol.born, carol.since) == ("Carol 王", "1990-02-28", town.clock.at)
    second = ask(town, OpenAccount, customer="carol", name="Other", product="youth_cny@1")
    assert code(second) == "done" and second.made != answer.made
    assert kept(town, Customer, "carol").name == "Carol 王"


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"product": "nothing"}, "product_not_found"),
        ({"product": "current_cny@2"}, "product_not_found"),
        ({"account": "alice"}, "account_exists"),
        ({"account": "bank:cash:CNY"}, "account_number_reserved"),
        ({"account": "bank:anything"}, "account_number_reserved"),
        ({"account": "A00000000999"}, "account_number_reserved"),
        ({"product": "savings_cny", "opening_minor": 4_999}, "opening_too_small"),
        ({"product": "savings_cny"}, "opening_too_small"),
        ({"source": "nobody", "opening_minor": 1}, "account_not_found"),
        ({"source": "bob", "opening_minor": 1}, "account_not_found"),
        ({"customer": "bob", "source": "bob", "opening_minor": 1}, "balance_too_low"),
        (
            {"customer": "alice", "product": "current_usd", "source": "alice", "opening_minor": 1},
            "currency_differs",
        ),
    ],
)
def test_an_account_that_cannot_be_opened_leaves_nothing_behind(town, fields, refusal):
    answer = ask(town, OpenAccount, **({"customer": "dora", "product": "current_cny"} | fields))
    assert code(answer) == refusal
    assert kept(town, Customer, "dora") is None


def test_customers_open_for_themselves_with_their_own_money(town):
    mine: dict[str, Any] = {"customer": "alice", "product": "savings_cny", "opening_minor": 10_000}
    assert code(ask(town, OpenAccount, "customer:alice", **mine)) == "not_allowed"
    assert code(ask(town, OpenAccount, "customer:bob", source="bob", **mine)) == "not_allowed"
    assert code(ask(town, OpenAccount, "customer:alice", source="alice", **mine)) == "done"
    assert town.money("alice") == (4_990_000, 0)
    theirs = {"customer": "bob", "product": "savings_cny", "opening_minor": 10_000}
    assert code(ask(town, OpenAccount, "customer:bob", source="alice", **theirs)) == "account_not_found"


def test_money_comes_in_from_outside_only_through_the_banks_own_people(town):
    money = {"amount_minor": 100, "currency": "CNY"}
    assert code(ask(town, Deposit, account="bob", source="clearing", **money)) == "done"
    assert (town.money("bob"), town.money("bank:clearing:CNY")) == ((100, 0), (-100, 0))
    assert code(ask(town, Deposit, "customer:bob", account="bob", **money)) == "not_allowed"
    assert code(ask(town, Deposit, account="nobody", **money)) == "account_not_found"
    assert code(ask(town, Deposit, account="bank:fees:CNY", **money)) == "account_not_found"
    assert code(ask(town, Deposit, account="bob", amount_minor=1, currency="USD")) == "currency_differs"
    ask(town, FreezeAccount, account="bob", direction="in")
    assert code(ask(town, Deposit, account="bob", **money)) == "account_frozen"


def authorised(town: Any, amount: int = 3_000) -> str:
    """Authorise a card payment of alice without capturing it; return its hold."""
    answer = town.do(town.card("alice", "t1", amount, capture=False)).answer
    assert answer.result == "allowed"
    return answer.hold


def test_an_authorised_payment_is_captured_in_parts_and_the_rest_released(town):
    hold = authorised(town)
    assert town.money("alice") == (5_000_000, 3_000)
    taken = {"hold": hold, "currency": "CNY"}
    answer = ask(town, CaptureCardPayment, CORE, amount_minor=2_000, **taken)
    assert (code(answer), answer.about) == ("done", "D" + hold[1:])
    assert (town.money("alice"), town.money("bank:card_settlement:CNY")) == ((4_998_000, 1_000), (2_000, 0))
    assert code(ask(town, CaptureCardPayment, amount_minor=1_001, **taken)) == "above_held_amount"
    wrong = {"hold": hold, "currency": "USD", "amount_minor": 1}
    assert code(ask(town, CaptureCardPayment, **wrong)) == "currency_differs"
    assert code(ask(town, ReleaseHold, hold=hold)) == "done"
    assert town.money("alice") == (4_998_000, 0)
    assert code(ask(town, ReleaseHold, hold=hold)) == "hold_not_active"
    assert code(ask(town, CaptureCardPayment, amount_minor=1, **taken)) == "hold_not_active"
    for unknown in ("H00000009999", "nothing"):
        assert code(ask(town, ReleaseHold, hold=unknown)) == "hold_not_found"
        gone = {"hold": unknown, "currency": "CNY", "amount_minor": 1}
        assert code(ask(town, CaptureCardPayment, **gone)) == "hold_not_found"


def held(town: Any) -> Answer:
    """Make a card payment that waits for a person."""
    answer = town.do(town.card("alice", "t1", 77_700)).answer
    assert (answer.result, town.money("alice")) == ("held", (5_000_000, 77_700))
    return answer


def test_money_that_waits_for_a_person_moves_by_that_answer_only(town):
    answer = held(town)
    taken = {"hold": answer.hold, "currency": "CNY", "amount_minor": 77_700}
    assert code(ask(town, CaptureCardPayment, **taken)) == "hold_under_review"
    assert code(ask(town, ReleaseHold, hold=answer.hold)) == "hold_under_review"
    ask(town, ReviewCase, case=answer.case, release=False)
    assert town.money("alice")[1] == 0


def test_holds_expire_when_their_time_is_over_and_not_before(town):
    holds = [authorised(town, 1_000 + n) for n in range(3)]
    expires = [kept(town, Hold, hold).expires_at for hold in holds]
    town.clock.at = expires[1] - 1
    answer = ask(town, ExpireHolds, CORE)  # the stamp adds a second
    assert answer.events[0].holds == tuple(holds[: sum(e < town.clock.at for e in expires)])
    town.later(days=1)
    first = ask(town, ExpireHolds, CORE, limit=1)
    assert first.events[0].last != ""
    rest = ask(town, ExpireHolds, CORE, after=first.events[0].last)
    assert rest.events[0].last == ""
    assert {kept(town, Hold, hold).status for hold in holds} == {"expired"}
    assert town.money("alice") == (5_000_000, 0)
    assert ask(town, ExpireHolds, CORE).events[0].holds == ()


def test_a_case_nobody_answered_is_closed_when_its_hold_expires(town):
    answer = held(town)
    town.clock.at = kept(town, Hold, answer.hold).expires_at
    assert ask(town, ExpireHolds, CORE).events[0].holds == (answer.hold,)
    assert kept(town, Case, answer.case).status == "refused"
    assert town.money("alice")[1] == 0
    assert code(ask(town, ReviewCase, case=answer.case, release=True)) == "case_closed"


def test_an_entry_is_reversed_whole_once_and_with_its_own_key(town):
    town.open("carol", 100_000, product="overdraft_cny")
    paid = town.do(town.pay("carol", "bob", 40_000)).answer
    assert [m.kind for m in paid.movements] == ["payment", "fee"]
    back = ask(town, Reverse, key="undo-1", decision=paid.id, reason="wrong account")
    assert code(back) == "done"
    mirrored = [("bank:fees:CNY", "carol", "reversal"), ("bob", "carol", "reversal")]
    assert [(m.payer, m.payee, m.kind) for m in back.movements] == mirrored
    assert [town.money(name)[0] for name in ("carol", "bob", "bank:fees:CNY")] == [100_000, 0, 0]
    again = town.do(Reverse(decision=paid.id, reason="wrong account", **town.stamp("staff:lin", "undo-1")))
    assert again.replayed and msgspec.json.encode(again.answer) == msgspec.json.encode(back)
    assert code(ask(town, Reverse, key="undo-2", decision=paid.id)) == "already_reversed"
    assert code(ask(town, Reverse, decision=back.id)) == "not_reversible"
    assert kept(town, Reversal, paid.id).by == back.id
    assert town.money("carol") == (100_000, 0)


def test_what_moved_nothing_cannot_be_reversed(town):
    refused = town.do(town.pay("bob", "alice", 1)).answer
    assert code(refused) == "balance_too_low"
    for decision in (refused.id, "D00000099999", "nonsense"):
        assert code(ask(town, Reverse, decision=decision)) == "nothing_to_reverse"


def test_money_spent_since_cannot_be_taken_back(town):
    paid = town.do(town.pay("alice", "bob", 10_000)).answer
    assert town.do(town.pay("bob", "alice", 1)).answer.result == "allowed"
    assert code(ask(town, Reverse, decision=paid.id)) == "balance_too_low"
    assert kept(town, Reversal, paid.id) is None
    assert town.money("bob") == (9_999, 0)
    assert code(ask(town, Reverse, "customer:alice", decision=paid.id)) == "not_allowed"


def test_freezes_add_up_and_are_lifted_by_direction(town):
    for direction, on, frozen in (
        ("in", True, "in"),
        ("out", True, "both"),
        ("in", False, "out"),
        ("", True, ""),
    ):
        answer = ask(town, FreezeAccount, account="alice", direction=direction, on=on)
        assert answer.events[0].frozen == kept(town, Account, "alice").frozen == frozen
    assert code(ask(town, FreezeAccount, "customer:alice", account="alice", direction="out")) == "not_allowed"
    for account in ("nobody", "bank:cash:CNY"):
        assert code(ask(town, FreezeAccount, account=account, direction="out")) == "account_not_found"


def test_owners_tighten_their_limits_and_only_the_bank_widens_them(town):
    def limits(actor: str, payment: int | None, day: int | None, month: int | None, **more: Any) -> str:
        terms = {"payment_minor": payment, "day_minor": day, "month_minor": month}
        return code(ask(town, SetLimits, actor, account="alice", **terms, **more))

    assert limits("customer:alice", 1_000, 2_000, 3_000) == "done"
    assert code(town.do(town.pay("alice", "bob", 1_001)).answer) == "above_payment_limit"
    assert limits("customer:alice", 1_001, 2_000, 3_000) == "not_allowed"
    assert limits("customer:alice", None, 2_000, 3_000) == "not_allowed"
    assert limits("customer:alice", 1_000, 2_000, 3_000, overdraft_minor=1) == "not_allowed"
    assert limits("customer:bob", 1, 1, 1) == "account_not_found"
    assert limits("staff:lin", 3_000, 2_000, 3_000) == "limits_out_of_order"
    assert limits("staff:lin", None, None, None, overdraft_minor=500) == "done"
    assert kept(town, Account, "alice").overdraft_minor == 500
    assert limits("customer:alice", None, None, None, overdraft_minor=0) == "done"


def test_money_is_exchanged_between_a_customers_own_accounts_at_the_banks_rate(town):
    made = ask(town, OpenAccount, customer="alice", account="alice-usd", product="current_usd")
    assert code(made) == "done"
    rate = {"rate_numerator": 10, "rate_denominator": 71, "margin_bp": 50}
    swap = {"customer": "alice", "payer": "alice", "payee": "alice-usd", "amount_minor": 71_000} | rate
    assert code(ask(town, Exchange, "customer:alice", **swap)) == "not_allowed"
    answer = ask(town, Exchange, CORE, **swap)
    assert (code(answer), len(answer.movements), answer.events[0].bought_minor) == ("done", 2, 9_950)
    assert (town.money("alice"), town.money("alice-usd")) == ((4_929_000, 0), (9_950, 0))
    assert code(ask(town, Exchange, CORE, **(swap | {"payee": "bob"}))) == "account_not_found"
    assert code(ask(town, Exchange, CORE, **(swap | {"amount_minor": 1}))) == "exchange_too_small"
    assert code(ask(town, Reverse, decision=answer.id)) == "done"
    assert (town.money("alice"), town.money("alice-usd")) == ((5_000_000, 0), (0, 0))


LAST = bank_day(parse_iso("2026-11-30T04:00:00"))


def savers(town: Any, count: int = 5) -> list[str]:
    """Open savings accounts with 36,500.00 yuan each: 0.85 % a year is 85 cents a day."""
    names = [f"saver-{n}" for n in range(count)]
    for name in names:
        fields = {"customer": name, "account": name, "product": "savings_cny", "opening_minor": 3_650_000}
        assert code(ask(town, OpenAccount, CORE, **fields)) == "done"
    return names


def day_end(town: Any, day: int, limit: int = 2, pages: int = 99) -> list[Any]:
    """Close a bank day, `limit` accounts at a time; stop dead after so many pages."""
    at = max(town.clock.at, day_start(day + 1))
    done = []
    for page in run_day_end.run(day, at, lambda command: town.do(command).answer, limit=limit):
        done.append(page)
        if len(done) == pages:
            break
    return done


def test_interest_of_a_month_is_posted_once_however_often_it_is_run(town):
    names = savers(town)
    pages = day_end(town, LAST)
    assert sum(page.accounts for page in pages) == len(names) + 2
    assert {town.money(name) for name in names} == {(3_650_000 + 29 * 85, 0)}
    assert town.money("bank:interest_paid:CNY") == (-29 * 85 * len(names), 0)
    size = town.home.store.size()
    assert day_end(town, LAST) == pages and town.home.store.size() == size
    assert sum(page.accounts for page in day_end(town, LAST, limit=3)) == 0
    assert {town.money(name) for name in names} == {(3_650_000 + 29 * 85, 0)}


@pytest.mark.parametrize("pages", [1, 2, 3])
def test_a_day_end_killed_in_the_middle_goes_on_where_it_stopped(town, pages):
    names = savers(town)
    day_end(town, LAST, pages=pages)
    town.reopen()
    paid = [town.money(name)[0] > 3_650_000 for name in names]
    assert not all(paid)
    day_end(town, LAST)
    assert {town.money(name) for name in names} == {(3_650_000 + 29 * 85, 0)}
    assert town.home.store.note("day_end") == f"{LAST} "


def test_running_daily_or_once_a_month_earns_the_same(make_town: Callable[[str], Any]):
    accrued = []
    for name, days in (("daily", range(LAST - 3, LAST + 4)), ("once", (LAST + 3,))):
        town = make_town(name)
        savers(town, 1)
        for day in days:
            town.clock.at = max(town.clock.at, day_start(day + 1))
            day_end(town, day)
        balance = kept(town, Balance, "saver-0")
        accrued.append((balance.booked_minor, balance.accrued_micro, balance.accrued_day))
    assert accrued[0] == accrued[1]


def test_a_day_earns_on_what_it_ended_with_even_when_it_is_closed_late(town):
    savers(town, 1)
    town.clock.at = day_start(LAST + 3)
    ask(town, SetLimits, account="saver-0", payment_minor=None, day_minor=None, month_minor=None)
    assert town.do(town.pay("saver-0", "bob", 3_650_000)).answer.result == "allowed"
    assert town.money("saver-0") == (0, 0)
    day_end(town, LAST)
    assert town.money("saver-0") == (29 * 85, 0)


def test_a_day_that_is_not_over_cannot_be_closed(town):
    today = bank_day(town.clock.at)
    assert code(ask(town, RunDayEnd, CORE, day=today)) == "day_not_over"
    assert code(ask(town, RunDayEnd, CORE, day=today - 1)) == "done"
    assert code(ask(town, RunDayEnd, "customer:alice", day=today - 1)) == "not_allowed"
    town.clock.at = day_start(today + 1) - 1_000_001
    assert code(ask(town, RunDayEnd, CORE, day=today)) == "day_not_over"
    assert code(ask(town, RunDayEnd, CORE, day=today)) == "done"


def test_a_day_end_is_not_reversed(town):
    savers(town, 1)
    town.clock.at = day_start(LAST + 1)
    answer = ask(town, RunDayEnd, CORE, day=LAST)
    assert answer.movements
    assert code(ask(town, Reverse, decision=answer.id)) == "not_reversible"


def test_an_account_is_closed_with_its_interest_to_the_last_day(town):
    savers(town, 1)
    assert code(ask(town, CloseAccount, account="saver-0")) == "account_not_empty"
    assert code(ask(town, CloseAccount, account="saver-0", payee="bob")) == "account_not_found"
    made = ask(town, OpenAccount, customer="saver-0", account="next", product="current_cny")
    assert code(made) == "done"
    town.later(days=10)
    answer = ask(town, CloseAccount, "customer:saver-0", account="saver-0", payee="next")
    assert code(answer) == "done"
    assert (town.money("saver-0"), town.money("next")) == ((0, 0), (3_650_000 + 10 * 85, 0))
    assert kept(town, Account, "saver-0").status == "closed"
    assert kept(town, Balance, "saver-0").accrued_micro == 0
    assert code(ask(town, CloseAccount, account="saver-0", payee="next")) == "account_closed"
    assert code(ask(town, Deposit, account="saver-0", amount_minor=1, currency="CNY")) == "account_closed"
    town.clock.at = day_start(LAST + 1)
    day_end(town, LAST)
    assert town.money("saver-0") == (0, 0)


def test_an_account_with_holds_or_debts_stays_open(town):
    ask(town, OpenAccount, customer="alice", account="alice-2", product="current_cny")
    authorised(town)
    assert code(ask(town, CloseAccount, account="alice", payee="alice-2")) == "account_has_holds"
    town.open("carol", 0, product="overdraft_cny")
    assert town.do(town.pay("carol", "bob", 1_000)).answer.result == "allowed"
    assert code(ask(town, CloseAccount, account="carol")) == "account_owes"
    assert code(ask(town, CloseAccount, "customer:bob", account="carol")) == "account_not_found"
    assert code(ask(town, CloseAccount, account="bank:cash:CNY")) == "account_not_found"
