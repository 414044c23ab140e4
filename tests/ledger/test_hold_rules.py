"""Holds: captured in full or part, released, expired; what that does to money and limits."""

from __future__ import annotations

from tests.ledger.notation import check


def test_a_hold_keeps_money_back_without_moving_it():
    check("""
        account alice 100.00 CNY
        account shop 0.00 CNY
        hold h1 alice -> shop 30.00 = held
        alice 100.00
        available alice 70.00
        move alice -> shop 70.01 = balance_too_low
        hold h2 alice -> shop 70.01 = balance_too_low
        hold h2 alice -> shop 70.00 = held
        available alice 0.00
    """)


def test_a_capture_in_part_leaves_the_rest_held():
    check("""
        account alice 100.00 CNY
        account shop 0.00 CNY
        hold h1 alice -> shop 30.00
        capture h1 20.00 = captured
        alice 80.00
        held alice 10.00
        available alice 70.00
        shop 20.00
        capture h1 10.01 = above_held_amount
        capture h1 10.00 = captured
        held alice 0.00
        capture h1 0.01 = hold_not_active
        release h1 = hold_not_active
    """)


def test_a_release_makes_the_rest_available_again_once():
    check("""
        account alice 100.00 CNY
        account shop 0.00 CNY
        hold h1 alice -> shop 30.00
        capture h1 12.00
        release h1 = released
        available alice 88.00
        release h1 = hold_not_active
        expire h1 = hold_not_active
        capture h1 1.00 = hold_not_active
        available alice 88.00
    """)


def test_a_capture_works_with_an_empty_account_because_the_money_was_kept():
    check("""
        account alice 10.00 CNY
        account shop 0.00 CNY
        overdraft alice 5.00
        hold h1 alice -> shop 15.00
        available alice 0.00
        move alice -> shop 0.01 = balance_too_low
        capture h1 15.00 = captured
        alice -5.00
    """)


def test_a_hold_can_be_captured_up_to_its_last_moment():
    check("""
        account alice 10.00 CNY
        account shop 0.00 CNY
        hold h1 alice -> shop 5.00 until 2026-11-05
        day 2026-11-05 00:00:00
        capture h1 1.00 = captured
        day 2026-11-05 00:00:00.000001
        capture h1 1.00 = hold_not_active
        held alice 4.00
        expire h1 = expired
        available alice 9.00
    """)


def test_a_freeze_or_closing_after_the_hold_stops_the_capture_but_not_the_release():
    check("""
        account alice 10.00 CNY
        account shop 0.00 CNY
        hold h1 alice -> shop 5.00
        hold h2 alice -> shop 5.00
        freeze alice out
        capture h1 5.00 = account_frozen
        held alice 10.00
        release h1 = released
        unfreeze alice out
        close shop
        capture h2 5.00 = account_closed
        release h2 = released
        available alice 10.00
    """)


def test_a_hold_counts_against_limits_when_placed_and_not_again_when_captured():
    check("""
        account alice 100.00 CNY
        account shop 0.00 CNY
        limit alice payment 30.00
        limit alice day 50.00
        hold h1 alice -> shop 30.01 = above_payment_limit
        hold h1 alice -> shop 30.00
        move alice -> shop 20.01 = above_day_limit
        capture h1 30.00 = captured
        move alice -> shop 20.01 = above_day_limit
        move alice -> shop 20.00 = posted
    """)


def test_what_a_release_gives_back_can_be_spent_again_the_same_day():
    check("""
        account alice 100.00 CNY
        account shop 0.00 CNY
        limit alice day 50.00
        limit alice month 60.00
        hold h1 alice -> shop 50.00
        capture h1 10.00
        move alice -> shop 0.01 = above_day_limit
        release h1
        move alice -> shop 40.01 = above_day_limit
        move alice -> shop 40.00 = posted
    """)


def test_a_release_on_a_later_day_gives_back_the_month_but_not_the_new_day():
    check("""
        account alice 100.00 CNY
        account shop 0.00 CNY
        limit alice day 50.00
        limit alice month 60.00
        day 2026-11-03
        hold h1 alice -> shop 40.00
        day 2026-11-04
        move alice -> shop 20.01 = above_month_limit
        move alice -> shop 15.00 = posted
        release h1
        move alice -> shop 35.01 = above_day_limit
        move alice -> shop 35.00 = posted
        day 2026-11-05
        move alice -> shop 10.01 = above_month_limit
        move alice -> shop 10.00 = posted
    """)


def test_a_release_in_another_month_gives_no_limit_back():
    check("""
        account alice 100.00 CNY
        account shop 0.00 CNY
        limit alice month 60.00
        day 2026-11-30
        hold h1 alice -> shop 50.00
        day 2026-12-01
        move alice -> shop 20.00
        release h1
        move alice -> shop 40.01 = above_month_limit
        move alice -> shop 40.00 = posted
    """)


def test_a_hold_needs_both_accounts():
    check("""
        account alice 10.00 CNY
        account bob 0.00 USD
        hold h1 alice -> nobody 1.00 = account_not_found
        hold h1 nobody -> alice 1.00 = account_not_found
        hold h1 alice -> bob 1.00 = currency_differs
        hold h1 alice -> alice 1.00 = same_account
    """)
