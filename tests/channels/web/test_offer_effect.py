"""What offers bring, as business staff read it in the browser and programs over REST."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from tests.channels.web.browser import Browser

from jingwei.channels.identity import FILE, Tokens
from jingwei.channels.web.staff import offers
from jingwei.domains.offers.outcomes import Came, Group
from jingwei.journeys.give_consent import GiveConsent
from jingwei.journeys.offer_rules import catalogue
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.open_pot import OpenPot
from jingwei.journeys.show_offer import ShowOffer
from jingwei.kernel.clock import DAY
from jingwei.kernel.purpose import Purpose

MANAGER = "staff:customer_manager"
KEYS = itertools.count()
FACTS = {"age_years": 30, "is_company": 0, "income_all_count_90d": 3, "income_wage_count_90d": 3,
         "income_pension_count_90d": 0, "income_all_sum_90d": 0, "out_bill_count_90d": 0,
         "loan_late_count_365d": 0}  # fmt: skip


def do(browser: Browser, kind: Any, actor: str, **fields: Any) -> None:
    at = browser.home.clock.now()
    answer = browser.home.bank.do([kind(key=f"e{next(KEYS)}", actor=actor, at=at, known_at=at, **fields)])[0]
    assert answer.answer.refusal is None, answer.answer.refusal


@pytest.fixture
def month(tmp_path) -> Iterator[Browser]:
    """Twenty customers were offered a pot, or it was withheld, on one day; every other one opened one."""
    browser = Browser(tmp_path / "home")
    for n in range(20):
        who = f"c{n}"
        do(browser, OpenAccount, "system:core", customer=who, account=who, product="current_cny", name=who)
        do(browser, GiveConsent, f"customer:{who}", customer=who, purpose=Purpose.MARKETING)
        do(browser, ShowOffer, f"customer:{who}", customer=who, facts=FACTS, needs=("payday",))
        if n % 2:
            do(browser, OpenPot, f"customer:{who}", account=who, name="rain")
    yield browser
    browser.close()


def test_the_page_waits_then_tells_both_groups_and_that_it_is_early(month: Browser):
    held = [n for n in range(20) if catalogue().in_control(f"c{n}")]
    assert held, "somebody is in the control group"
    month.sign_in(MANAGER)
    page = month.get("/desk/offers?lang=en").text
    assert "30 days are over yet (under way: 20)" in page
    month.clock.advance(31 * DAY)
    month.sign_in(MANAGER)
    page = month.get("/desk/offers?lang=en").text
    shown = 20 - len(held)
    took = sum(n % 2 for n in range(20) if n not in held)
    assert f"{took} of {shown} people" in page and f"{sum(n % 2 for n in held)} of {len(held)} people" in page
    assert "Do not read this yet" in page and "Difference: " in page
    assert "对照组" in month.get("/desk/offers?lang=zh").text


def test_over_rest_the_same_is_told_to_staff_alone(month: Browser):
    month.clock.advance(31 * DAY)
    tokens = Tokens(month.home.path / FILE)
    tokens.grant(MANAGER, "customer:c1", "staff:teller")

    def asked(actor: str):
        head = {"authorization": f"Bearer {tokens.by_actor[actor]}"}
        return month.get("/v1/offer-effect", headers=head)

    told = asked(MANAGER).json()
    assert told["shown"]["people"] + told["control"]["people"] == 20 and not told["readable"]
    assert told["low"] <= told["difference"] <= told["high"] and told["needed_control"] > 20
    assert asked("customer:c1").status_code == asked("staff:teller").status_code == 403


@pytest.mark.parametrize(
    ("shown", "control", "says"),
    [
        (Group(9_000, 900, 3), Group(1_000, 20, 0), "Offers bring something"),
        (Group(9_000, 180, 3), Group(1_000, 20, 0), "no difference can be told"),
        (Group(9_000, 90, 3), Group(1_000, 100, 0), "Offers do harm"),
    ],
)
def test_what_may_be_read_is_said_in_words(month: Browser, monkeypatch, shown, control, says):
    async def counted(_: Any) -> Came:
        return Came(shown, control, {one.id: (Group(), Group()) for one in catalogue().offer})

    monkeypatch.setattr(offers, "counted", counted)
    month.sign_in("staff:model_owner")
    assert says in month.get("/desk/offers?lang=en").text


def test_a_group_of_nobody_has_no_share_and_nothing_to_differ_from(month: Browser, monkeypatch):
    async def counted(_: Any) -> Came:
        return Came(Group(7, 2, 0), Group(0, 0, 5), {one.id: (Group(), Group()) for one in catalogue().offer})

    monkeypatch.setattr(offers, "counted", counted)
    month.sign_in(MANAGER)
    page = month.get("/desk/offers?lang=en").text
    assert "2 of 7 people" in page and "0 of 0 people" not in page and "Difference" not in page
    assert "Do not read this yet" in page and 'class="bars long"' in page, "long sizes stand below their bars"


def test_others_may_not_open_it(month: Browser):
    for who in ("staff:teller", "staff:auditor"):
        assert month.sign_in(who).get("/desk/offers").status_code == 403
