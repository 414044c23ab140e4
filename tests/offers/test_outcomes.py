"""What offers bring is counted from the books: everybody once, both groups alike, only who agrees."""

from __future__ import annotations

import pytest
from tests.offers.office import HELD, RULES, SHOWN, Office

from jingwei.channels.rest.offer_effect import moments_of, offers_came
from jingwei.domains.offers.catalogue import spread
from jingwei.domains.offers.outcomes import WINDOW, Came, Group, came_of, firsts
from jingwei.domains.offers.showing import Offering
from jingwei.journeys.answer_offer import AnswerOffer
from jingwei.journeys.ask_for_person import AskForPerson
from jingwei.journeys.open_pot import OpenPot
from jingwei.journeys.schedule_payment import SchedulePayment
from jingwei.journeys.withdraw_consent import WithdrawConsent
from jingwei.kernel.clock import DAY, bank_day
from jingwei.kernel.purpose import Purpose


def offering(customer: str, at: int, state: str = "open", offer: str = "payday_pot") -> Offering:
    return Offering(f"O{customer}{at}", customer, offer, "", "any~any", state, at, 0, 500_000)


def test_everybody_counts_once_with_the_first_offer_and_only_when_the_days_are_over():
    made = [
        offering("ann", 5 * DAY), offering("ann", 1 * DAY, offer="home_talk"), offering("ben", 2 * DAY),
        offering("eve", 3 * DAY, "control"), offering("eve", 9 * DAY, "control"), offering("new", 39 * DAY),
        offering("old", 1 * DAY, offer="no longer named"),
    ]  # fmt: skip
    first = firsts(made)
    days = {who: one.shown_at // DAY for who, one in first.items()}
    assert days == {"ann": 1, "ben": 2, "eve": 3, "new": 39, "old": 1}
    asked: list[tuple[str, str, int, int]] = []

    def did(*what) -> bool:
        asked.append(what)
        return what[0] in ("ben", "new")

    came = came_of(first.values(), RULES, did, 40 * DAY)
    assert (came.shown, came.control) == (Group(2, 1, 1), Group(1, 0, 0))
    assert came.offers["home_talk"] == (Group(1, 0, 0), Group())
    assert came.arms == (2, 1, 1, 0)
    assert ("ann", "call", 1 * DAY, 1 * DAY + WINDOW) in asked and "new" not in {who for who, *_ in asked}


def test_at_the_last_moment_the_days_are_over():
    one = [offering("ann", 0)]
    for now, expected in ((WINDOW - 1, Group(0, 0, 1)), (WINDOW, Group(1, 1, 0))):
        assert came_of(one, RULES, lambda *_: True, now).shown == expected


def counted(office: Office) -> Came:
    reader = office.home.store.reader()
    try:
        return offers_came(reader, RULES, office.clock.at)
    finally:
        reader.close()


@pytest.fixture
def months(office: Office) -> Office:
    """Both agreed and had an offer of a pot, one of them withheld."""
    for who in (SHOWN, HELD):
        office.agree(who)
        assert office.show(who).events[0].offer in ("payday_pot", "deposit_rate")
    return office


def do_all(office: Office, who: str) -> None:
    """Whatever any card is about."""
    customer = f"customer:{who}"
    assert not office.do(OpenPot, customer, account=who, name="rain").refusal
    assert not office.open(who, "savings_cny").refusal
    day = {"every": "monthly", "first_day": bank_day(office.clock.at) + 2, "until_day": None}
    money = {"customer": who, "payer": who, "payee": SHOWN if who == HELD else HELD, "amount_minor": 100}
    assert not office.do(SchedulePayment, customer, currency="CNY", **money, **day).refusal
    assert not office.do(AskForPerson, customer).refusal


def test_both_groups_are_counted_by_what_the_books_say_whatever_they_answered(months: Office):
    assert counted(months).shown == Group(0, 0, 1)
    made = months.home.store.find(Offering, "customer", SHOWN)[0]
    months.do(AnswerOffer, f"customer:{SHOWN}", offering=made.id, answer="not_interested")
    months.clock.advance(5 * DAY)
    do_all(months, SHOWN)
    months.clock.advance(26 * DAY)
    came = counted(months)
    assert (came.shown, came.control) == (Group(1, 1, 0), Group(1, 0, 0))
    do_all(months, HELD)  # after its 30 days
    assert counted(months).control == Group(1, 0, 0)


def test_the_control_group_counts_when_it_does_it_by_itself(months: Office):
    do_all(months, HELD)
    months.clock.advance(31 * DAY)
    came = counted(months)
    assert (came.shown, came.control) == (Group(1, 0, 0), Group(1, 1, 0))


def test_who_no_longer_agrees_is_not_read(months: Office):
    months.clock.advance(31 * DAY)
    months.do(WithdrawConsent, f"customer:{HELD}", customer=HELD, purpose=Purpose.MARKETING)
    came = counted(months)
    assert (came.shown, came.control) == (Group(1, 0, 0), Group())


@pytest.mark.parametrize(
    ("offer", "does"),
    [
        ("child_plan", lambda office: office.do(OpenPot, f"customer:{SHOWN}", account=SHOWN, name="child")),
        ("study_account", lambda office: office.open(SHOWN, "current_usd")),
        ("deposit_rate", lambda office: office.open(SHOWN, "savings_cny")),
        ("home_talk", lambda office: office.do(AskForPerson, f"customer:{SHOWN}")),
        ("bills_calendar", lambda office: do_all(office, SHOWN)),
    ],
)
def test_each_card_is_seen_to_be_taken_by_its_own_thing(office: Office, offer: str, does):
    office.agree(SHOWN)
    start = office.clock.at
    what = RULES.by_id[offer].counts

    def taken() -> bool:
        reader = office.home.store.reader()
        try:
            return any(start <= at < start + WINDOW for at in moments_of(reader, SHOWN, what))
        finally:
            reader.close()

    assert not taken()
    does(office)
    assert taken()


def test_a_first_account_is_not_an_account_in_a_new_currency(office: Office):
    reader = office.home.store.reader()
    assert list(moments_of(reader, SHOWN, "currency_account")) == []
    reader.close()


def test_the_groups_are_dealt_by_the_customer_alone():
    assert RULES.in_control(HELD) and not RULES.in_control(SHOWN)
    assert spread(RULES.salt, HELD) % 100 < RULES.control_percent
