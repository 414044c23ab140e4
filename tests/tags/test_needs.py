"""Needs are found on the same days live and over history, and tell of what they are named after."""

from __future__ import annotations

import random

import pytest

from jingwei.decisions.expression import ExpressionError
from jingwei.domains.tags.condition import TagCondition, may_read, read_condition
from jingwei.domains.tags.happenings import Happening
from jingwei.domains.tags.live import LiveTags, Person
from jingwei.domains.tags.needs import NEEDS, Need, Watch
from jingwei.kernel.clock import BANK_OFFSET, DAY
from jingwei.kernel.purpose import Purpose
from jingwei.kernel.refusal import Words
from jingwei.simulation.city.world import live_through
from jingwei.simulation.happened import happenings, people
from jingwei.simulation.needs_truth import hits, searched, watched

W = Words("a", "一")
START = 20_400


def at(day: int, hour: float = 12.0) -> int:
    return (START + day) * DAY - BANK_OFFSET + int(hour * DAY / 24)


def wage(who: str, day: int) -> Happening:
    return Happening(who, at(day), "income", "wage", 500_000, "test")


def baby(who: str, day: int, hour: float = 12.0) -> Happening:
    return Happening(who, at(day, hour), "card", "baby", 9_900, "test")


def need(then: str, first: str = "", within: int = 0, quiet: int = 5) -> Need:
    before = read_condition(first) if first else None
    return Need(f"{first}/{then}", W, W, read_condition(then), before, within, quiet)


def found(events: list[Happening], last: int) -> dict[str, list[int]]:
    told = watched(sorted(events, key=lambda one: one.at), {"a": Person(19_600_101)}, START, START + last)
    days: dict[str, list[int]] = {}
    for one in told:
        days.setdefault(one.need, []).append(one.day - START)
    return days


def test_wages_that_stay_away_are_told_when_34_days_are_closed():
    events = [wage("a", 0), wage("a", 30)]
    assert found(events, 63) == {"payday": [0, 30]}
    assert found(events, 64) == {"payday": [0, 30], "job_loss": [64]}
    assert "job_loss" not in found([*events, wage("a", 60)], 90)


def test_a_child_is_told_at_the_sixth_purchase_and_once():
    buys = [baby("a", day) for day in (1, 3, 5, 7, 9)]
    assert found(buys, 40) == {}
    assert found([*buys, baby("a", 9, 13), *(baby("a", day) for day in range(10, 60))], 100) == {"child": [9]}


def test_a_happening_outside_the_open_day_is_refused():
    watch = Watch(LiveTags())
    watch.today = START
    for day in (-1, 1):
        with pytest.raises(ValueError, match="not open"):
            watch.add(baby("a", day))


SEARCHED = (
    need("card_baby_count_7d >= 2"),
    need("card_baby_gap_days >= 3", quiet=2),
    need("page_help_count_7d >= 1", "card_baby_days_7d >= 2", within=2, quiet=1),
    need("card_all_rise_7d < 0 and card_all_most_30d > 5000", quiet=3),
    need("income_all_sum_7d >= 500000", "not (page_help_count_7d >= 1)", within=1),
)


@pytest.mark.parametrize("seed", range(2))
def test_live_finds_what_sql_finds(seed):
    rng = random.Random(seed)
    kinds = (("card", "baby"), ("card", "fuel"), ("page", "help"), ("income", "wage"))
    events = [
        Happening(f"p{rng.randrange(6)}", at(rng.randrange(13), 24 * rng.random()), *rng.choice(kinds),
                  rng.randrange(600_000), "test")
        for _ in range(90)
    ]  # fmt: skip
    events.sort(key=lambda one: one.at)
    known = {f"p{n}": Person() for n in range(6)}
    tags, live, place = LiveTags(), [], 0
    for name, person in known.items():
        tags.know(name, person)
    watch = Watch(tags, SEARCHED)
    for day in range(START, START + 15):
        watch.today = day
        while place < len(events) and events[place].day == day:
            live += watch.add(events[place])
            place += 1
        live += watch.close()
    assert sorted(live) == sorted(searched(events, known, range(START, START + 15), SEARCHED))
    assert {one.need for one in live} == {one.name for one in SEARCHED}


@pytest.mark.parametrize(
    ("text", "rises"),
    [
        ("card_baby_count_7d >= 2", True),
        ("card_baby_count_7d + card_fuel_count_7d > 2 or age_years < 30", True),
        ("card_baby_count_7d < 2", False),
        ("card_baby_gap_days >= 2", False),
        ("not (card_baby_count_7d >= 2)", False),
        ("card_baby_count_7d - card_fuel_count_7d >= 2", False),
    ],
)
def test_what_a_day_can_only_make_true_is_known(text, rises):
    assert read_condition(text).rises() is rises


def test_conditions_read_declared_tags_for_what_they_may_serve():
    assert may_read("page_mortgage_count_30d", Purpose.MARKETING)
    assert not may_read("page_mortgage_count_30d", Purpose.SERVICE)
    assert not may_read("sign_in_second_count_7d", Purpose.MARKETING)
    assert not may_read("card_health_sum_90d", Purpose.MARKETING)
    assert not may_read("shop_medicine_count_30d", Purpose.MARKETING)
    with pytest.raises(ExpressionError, match="may not be read for marketing"):
        read_condition("sign_in_second_count_7d > 1", Purpose.MARKETING)
    with pytest.raises(ExpressionError, match="unknown name"):
        read_condition("no_such_tag > 1")
    nobody: TagCondition = read_condition("income_wage_gap_days >= 0")
    assert not nobody.holds({"income_wage_gap_days": None})


def test_every_need_may_be_used_for_offers_and_is_worded():
    for one in NEEDS:
        assert all(may_read(name, Purpose.MARKETING) for name in one.reads), one.name
        assert one.words.zh != one.words.en and one.quiet > 0
        assert "health" not in " ".join(one.reads) and "medicine" not in " ".join(one.reads)


def test_the_city_tells_happenings_in_order_and_of_everybody_it_names():
    city = live_through(60, 20, 3)
    told, known = list(happenings(city)), people(city)
    assert [one.at for one in told] == sorted(one.at for one in told)
    assert {one.customer for one in told} <= set(known)
    assert {one.kind for one in told} >= {"card", "out", "in", "income", "page", "sign_in", "shop"}
    assert sum(one.amount_minor for one in told if one.kind == "card") == int(
        city.systems["cards"]["amount_minor"].sum()
    )
    assert hits(10, -20) and hits(10, 55) and not hits(10, 56) and not hits(None, 3)
