"""At the close of a day only those are asked whom a need may concern: what asking everybody finds."""

from __future__ import annotations

import random

import pytest

from jingwei.domains.tags.condition import read_condition
from jingwei.domains.tags.happenings import Happening
from jingwei.domains.tags.live import LiveTags, Person
from jingwei.domains.tags.needs import FOR_EVER, NEEDS, Need, Watch
from jingwei.kernel.clock import day_start
from jingwei.kernel.refusal import Words

SAYS = (Words("x", "x"), Words("y", "y"))
AGAIN = read_condition("card_baby_count_7d >= 2")
SEARCHED = (
    *NEEDS,
    Need("less", *SAYS, read_condition("card_baby_rise_30d <= -2"), quiet=20),
    Need("gap", *SAYS, read_condition("card_baby_gap_days >= 40 and age_years >= 30"), quiet=50),
    Need("none", *SAYS, read_condition("card_baby_count_30d <= 0"), quiet=200),
    Need("old", *SAYS, read_condition("age_years >= 40 or card_baby_count_30d >= 3"), quiet=200),
    Need("first", *SAYS, read_condition("card_baby_count_7d >= 1"), AGAIN, 9, 5),
)  # fmt: skip
FIRST, DAYS = 20_000, 150


def found(watch: Watch, seed: int) -> list[tuple[str, str, int]]:
    """What is found over some months of made-up happenings."""
    draw, told = random.Random(seed), []
    for number in range(30):
        watch.tags.know(f"p{number}", Person(19_600_101 + 10_000 * number, FIRST))
    kinds = (("card", "baby"), ("income", "wage"), ("page", "mortgage"), ("page", "pension"))
    for day in range(FIRST, FIRST + DAYS):
        watch.today = day
        busy = (day - FIRST) % 75 < 25
        for _ in range(draw.randrange(12) if busy else 0):
            kind, category = draw.choice(kinds)
            who = f"p{draw.randrange(12)}"
            told += watch.add(Happening(who, day_start(day), kind, category, 900_000, "books"))
        told += watch.close()
    return sorted((one.customer, one.need, one.day) for one in told)


@pytest.mark.parametrize("seed", range(3))
def test_asking_those_concerned_finds_what_asking_everybody_finds(seed, monkeypatch):
    ours = found(Watch(LiveTags(), SEARCHED), seed)
    monkeypatch.setattr(Watch, "_concerned", lambda watch, _: watch.tags.people | watch.tags.tracks)
    assert ours == found(Watch(LiveTags(), SEARCHED), seed)
    assert {need for _, need, _ in ours} >= {"less", "gap", "none", "old", "first", "payday"}


def test_how_long_a_need_concerns_somebody_follows_from_what_it_reads():
    reach = {need.name: need.reach for need in SEARCHED}
    assert reach["less"] == {"card_baby": 60}
    assert reach["job_loss"] == {"income_wage": FOR_EVER}
    assert reach["none"] is None and reach["old"] is None
    assert reach["payday"] == {"income_wage": 7, "income_pension": 7}
