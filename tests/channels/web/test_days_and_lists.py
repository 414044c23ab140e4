"""How days are named, lines are broken and refusals are listed: small things a person sees on every page."""

from __future__ import annotations

import re

import pytest
from tests.channels.web.desk_floor import Floor

from jingwei.channels.web.customer.consents import why_of
from jingwei.channels.web.days import day_name
from jingwei.channels.web.staff.pictures import MOST_WIDE, bars, broken
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


@pytest.mark.parametrize("sentence", ["word " * 30, "本笔金额高出您最近三十天" * 6, "short"])
def test_a_long_sentence_takes_two_lines_and_loses_nothing(sentence):
    first, more = broken(sentence.strip())
    joined = f"{first} {more}".strip() if " " in sentence else first + more
    assert joined == sentence.strip()
    assert bool(more) == (sum(2 if ord(c) > 0x2E80 else 1 for c in sentence.strip()) > MOST_WIDE)


def test_a_picture_is_as_tall_as_its_lines():
    drawn = [str(bars([(one, 1.0, "")], "x")) for one in ("a", "b " * 60)]
    short, long = (int(re.search(r'height="(\d+)"', one)[1]) for one in drawn)
    assert short < long


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
