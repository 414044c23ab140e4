"""How days are named, bars are drawn and refusals are listed: small things a person sees on every page."""

from __future__ import annotations

import re

import pytest
from tests.channels.web.desk_floor import Floor

from jingwei.channels.web.customer.consents import why_of
from jingwei.channels.web.days import day_name
from jingwei.channels.web.staff.pictures import bars
from jingwei.journeys.pay import Pay
from jingwei.kernel.clock import BANK_OFFSET, DAY, HOUR, parse_iso

NOON = parse_iso("2026-11-22T12:00:00+08:00")
"""A Sunday."""


@pytest.mark.parametrize(
    ("ago", "en", "zh"),
    [
        (0, "Today", "今天"),
        (DAY, "Yesterday", "昨天"),
        (2 * DAY, "Fri 20 Nov", "11月20日 周五"),
        (6 * DAY, "Mon 16 Nov", "11月16日 周一"),
        (330 * DAY, "Sat 27 Dec 2025", "2025年12月27日 周六"),
        (-DAY, "Mon 23 Nov", "11月23日 周一"),
    ],
)
def test_a_day_is_named_as_people_name_it(ago, en, zh):
    assert (day_name(NOON - ago, NOON, "en"), day_name(NOON - ago, NOON, "zh")) == (en, zh)


def test_a_day_begins_at_midnight_of_the_bank():
    midnight = (NOON + BANK_OFFSET) // DAY * DAY - BANK_OFFSET
    assert day_name(midnight, NOON, "en") == "Today"
    assert day_name(midnight - 1, NOON, "en") == "Yesterday"
    assert day_name(midnight - 1, midnight + HOUR, "en") == "Yesterday"


def test_a_picture_says_each_sentence_whole_and_draws_the_longest_bar_whole():
    drawn = str(bars([("<b>" * 60, 1.0, "+1.00"), ("half", -0.5, "−0.50"), ("nothing", 0.0, "0")], "x"))
    assert drawn.count("&lt;b&gt;") == 60 and "−0.50" in drawn
    assert [int(one) for one in re.findall(r'width="(\d+)"', drawn)] == [1000, 500, 6]


@pytest.fixture(scope="module")
def floor(tmp_path_factory):
    one = Floor(tmp_path_factory.mktemp("lists") / "home")
    yield one
    one.close()


def test_the_list_of_decisions_says_why_where_no_rule_does(floor):
    """A payment that failed for want of money is told so, whatever the rules remarked on it."""
    money = {"customer": "carol", "payer": "carol", "payee": "bob", "amount_minor": 90_000}
    for _ in range(6):
        answer = floor.do(Pay(**money, currency="CNY", device="phone", **floor.stamp("customer:carol")))
    assert (answer.result, answer.refusal.code, answer.reasons) == ("refused", "balance_too_low", ("score",))
    page = floor.sign_in("staff:reviewer").get("/desk/decisions", params={"result": "refused"}).text
    row = page[page.index(f"/desk/decisions/{answer.id}") :].partition("</tr>")[0]
    assert answer.refusal.words().en in row


@pytest.mark.parametrize("why", ["offer", "day list", "audience", "pay later"])
def test_why_a_program_of_the_bank_read_is_worded_in_both_languages(why):
    assert re.search(r"[\u4e00-\u9fff]", why_of(why, "zh")) and why_of(why, "en") != why
    assert why_of("asked at the counter", "zh") == "asked at the counter", "what a person said stays as said"
