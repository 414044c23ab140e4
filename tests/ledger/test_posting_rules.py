"""The rules of posting as the business states them: both sides of every edge."""

from __future__ import annotations

import pytest
from tests.ledger.notation import check

from jingwei.kernel.money import MAX_AMOUNT_MINOR
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import CHART, Account, Balance, Movement, Standing, chart_account, chart_id
from jingwei.ledger.posting import MAX_BALANCE_MINOR, post


def test_a_payment_with_its_fee_is_whole_or_not_at_all():
    check("""
        account  alice   100.00 CNY
        account  bob       0.00 CNY
        account  fees      0.00 CNY
        move  alice -> bob 99.00 ; alice -> fees 2.00    = balance_too_low
        alice   100.00
        bob       0.00
        move  alice -> bob 99.00 ; alice -> fees 1.00    = posted
        alice     0.00
        bob      99.00
        fees      1.00
    """)


def test_a_balance_goes_to_zero_and_not_one_cent_below():
    check("""
        account alice 10.00 CNY
        account bob 0.00 CNY
        move alice -> bob 10.01 = balance_too_low
        move alice -> bob 10.00 = posted
        move alice -> bob 0.01 = balance_too_low
    """)


def test_an_overdraft_line_is_used_to_its_last_cent_only():
    check("""
        account alice 10.00 CNY
        account bob 0.00 CNY
        overdraft alice 5.00
        available alice 15.00
        move alice -> bob 15.01 = balance_too_low
        move alice -> bob 15.00 = posted
        alice -5.00
        move alice -> bob 0.01 = balance_too_low
        overdraft alice 4.99 = overdraft_in_use
        overdraft alice 5.00 = allowed
    """)


def test_held_money_counts_as_used_overdraft():
    check("""
        account alice 0.00 CNY
        account shop 0.00 CNY
        overdraft alice 10.00
        hold h alice -> shop 6.00
        overdraft alice 5.99 = overdraft_in_use
        overdraft alice 6.00 = allowed
    """)


@pytest.mark.parametrize("amount", ["0.00", "-1.00"])
def test_an_amount_must_be_above_zero(amount):
    check(f"""
        account alice 10.00 CNY
        account bob 10.00 CNY
        move alice -> bob {amount} = amount_not_possible
        hold h alice -> bob {amount} = amount_not_possible
        hold h alice -> bob 5.00
        capture h {amount} = amount_not_possible
    """)


def test_the_largest_amount_moves_and_one_more_does_not():
    cash, alice = chart_id("cash", "CNY"), Standing(Account("alice", "a", "p@1", "CNY"), Balance("alice"))
    standings = {cash: chart_account(cash), "alice": alice}
    for amount, refusal in ((MAX_AMOUNT_MINOR, None), (MAX_AMOUNT_MINOR + 1, Refusal("amount_not_possible"))):
        posted = post((Movement(cash, "alice", amount, "CNY", "deposit"),), standings, 0, 0)
        assert (posted if isinstance(posted, Refusal) else None) == refusal


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("room", [0, 1])
def test_no_balance_grows_beyond_64_bits(room, before):
    cash = chart_id("cash", "CNY")
    bob = Standing(Account("bob", "b", "p@1", "CNY"), Balance("bob"))
    for bank_has, alice_has in ((0, MAX_BALANCE_MINOR - room), (-MAX_BALANCE_MINOR + room + before, 0)):
        bank = Standing(chart_account(cash).account, Balance(cash, bank_has))
        alice = Standing(Account("alice", "a", "p@1", "CNY"), Balance("alice", alice_has))
        movements = (Movement(cash, "bob", 1, "CNY", "deposit"),) * before
        movements += (Movement(cash, "alice", 1, "CNY", "deposit"),)
        posted = post(movements, {cash: bank, "alice": alice, "bob": bob}, 0, 0)
        assert (posted == Refusal("balance_too_large")) == (room == 0)


def test_every_movement_is_checked_on_the_books_the_one_before_it_left():
    check("""
        account alice 5.00 CNY
        account bob 0.00 CNY
        account carol 0.00 CNY
        move bob -> carol 5.00 ; alice -> bob 5.00 = balance_too_low
        move alice -> bob 5.00 ; bob -> carol 5.00 = posted
        carol 5.00
        move carol -> bob 3.00 ; carol -> alice 3.00 = balance_too_low
    """)


def test_refusals_come_in_the_written_order():
    check("""
        account alice 1.00 CNY
        account bob 0.00 USD
        account done 0.00 CNY
        move alice -> nobody 5.00 = account_not_found
        move nobody -> alice 5.00 = account_not_found
        move alice -> alice 5.00 = same_account
        move alice -> bob 5.00 = currency_differs
        close done
        freeze alice both
        move alice -> done 5.00 = account_closed
        move done -> alice 5.00 = account_closed
    """)


def test_a_freeze_stops_its_own_direction_only_and_freezes_add_up():
    check("""
        account alice 10.00 CNY
        account bob 10.00 CNY
        freeze alice out
        move alice -> bob 1.00 = account_frozen
        hold h alice -> bob 1.00 = account_frozen
        move bob -> alice 1.00 = posted
        freeze alice in
        move bob -> alice 1.00 = account_frozen
        hold h bob -> alice 1.00 = account_frozen
        unfreeze alice out
        move alice -> bob 1.00 = posted
        move bob -> alice 1.00 = account_frozen
        unfreeze alice in
        move bob -> alice 1.00 = posted
        freeze alice both
        unfreeze alice in
        move alice -> bob 1.00 = account_frozen
        move bob -> alice 1.00 = posted
    """)


def test_the_bank_owes_its_interest_whatever_is_frozen():
    check("""
        account alice 10.00 CNY
        freeze alice both
        move bank:interest_paid:CNY -> alice 1.00 = account_frozen
        move bank:interest_paid:CNY -> alice 1.00 as interest = posted
        move alice -> bank:fees:CNY 1.00 as fee = account_frozen
    """)


def test_limits_for_a_payment_a_day_and_a_month():
    check("""
        account alice 1000.00 CNY
        account bob 0.00 CNY
        limit alice payment 50.00
        limit alice day 80.00
        limit alice month 120.00
        day 2026-11-29
        move alice -> bob 50.01 = above_payment_limit
        move alice -> bob 50.00 = posted
        move alice -> bob 30.01 = above_day_limit
        move alice -> bob 30.00 = posted
        move alice -> bob 0.01 = above_day_limit
        day 2026-11-30
        move alice -> bob 40.01 = above_month_limit
        move alice -> bob 40.00 = posted
        day 2026-12-01
        move alice -> bob 50.00 = posted
    """)


def test_the_bank_day_ends_at_midnight_in_china():
    check("""
        account alice 100.00 CNY
        account bob 0.00 CNY
        limit alice day 10.00
        day 2026-11-30 23:59:59.999999
        move alice -> bob 10.00 = posted
        move alice -> bob 0.01 = above_day_limit
        day 2026-12-01 00:00:00
        move alice -> bob 10.00 = posted
    """)


def test_a_late_payment_cannot_start_the_count_afresh():
    check("""
        account alice 100.00 CNY
        account bob 0.00 CNY
        limit alice day 10.00
        limit alice month 30.00
        day 2026-12-01
        move alice -> bob 9.00 = posted
        day 2026-11-30
        move alice -> bob 1.01 = above_day_limit
        move alice -> bob 1.00 = posted
        day 2026-12-01
        move alice -> bob 0.01 = above_day_limit
    """)


def test_a_limit_set_during_the_day_counts_what_was_spent_before():
    check("""
        account alice 100.00 CNY
        account bob 0.00 CNY
        move alice -> bob 30.00
        limit alice day 40.00
        move alice -> bob 10.01 = above_day_limit
        move alice -> bob 10.00 = posted
        limit alice day none
        move alice -> bob 10.00 = posted
    """)


def test_only_spending_counts_against_limits():
    check("""
        account alice 100.00 CNY
        account bob 0.00 CNY
        limit alice payment 1.00
        limit alice day 1.00
        move alice -> bob 5.00 as fee = posted
        move alice -> bob 5.00 as card = above_payment_limit
        move alice -> bob 1.00 as card = posted
        move alice -> bob 0.01 as exchange = above_day_limit
    """)


def test_limits_must_grow_with_their_time():
    check("""
        account alice 100.00 CNY
        limit alice day 10.00
        limit alice payment 10.01 = limits_out_of_order
        limit alice payment 10.00 = limited
        limit alice month 9.99 = limits_out_of_order
        limit alice month 10.00 = limited
        limit alice day none = limited
        limit alice month 9.99 = limits_out_of_order
    """)


def test_an_account_closes_only_when_nothing_is_in_it():
    check("""
        account alice 10.00 CNY
        account bob 0.00 CNY
        close alice = account_not_empty
        hold h alice -> bob 10.00
        close alice = account_has_holds
        capture h 10.00
        close alice = closed
        close alice = account_closed
        overdraft bob 5.00
        move bob -> bob2 10.00 = account_not_found
        move bob -> bank:cash:CNY 15.00
        close bob = account_owes
    """)


def test_every_account_of_the_chart_exists_for_every_currency_and_nothing_else_does():
    for code in CHART:
        assert chart_account(chart_id(code, "KWD")).account.currency == "KWD"
    for wrong in (
        "bank:cash:XXX",
        "bank:gold:CNY",
        "bank:cash",
        "cash:CNY",
        "bank:cash:CNY:x",
        "",
        "bank:cash:cny",
    ):
        assert chart_account(wrong) is None


def test_yen_has_no_places_and_dinar_three():
    check("""
        account ken 1000 JPY
        account yui 0 JPY
        move ken -> yui 1001 = balance_too_low
        move ken -> yui 1 = posted
        ken 999
        account ali 1.000 KWD
        account noor 0.000 KWD
        move ali -> noor 1.001 = balance_too_low
        move ali -> noor 0.001 = posted
        ali 0.999
    """)
