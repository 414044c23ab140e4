"""How sure the figures of offers are: many choices of one person are not many people's."""

from __future__ import annotations

import numpy as np
import pytest

from jingwei.simulation.offer_life import Life, Shown
from jingwei.simulation.offers_truth import off_policy, summary

EACH = 40


def shown_to(people: int, seed: int) -> list[Shown]:
    """Everybody is shown the first or the second of two offers many times; each takes all of them or none."""
    rng = np.random.default_rng(seed)
    told = []
    for who in range(people):
        takes = bool(rng.random() < 0.5)
        for _ in range(EACH):
            place = int(rng.integers(2))
            truths = (0.5, 0.3) if who % 2 else (0.3, 0.5)
            told.append(Shown(1, "x", ("a", "b"), place, 0.5, takes, truths, 0.5, f"P{who}"))
    return told


def wide(interval: list[float]) -> float:
    return interval[1] - interval[0]


def test_an_interval_is_as_wide_as_so_many_people_make_it_not_so_many_choices():
    told = summary(shown_to(100, 1))
    assert wide(told["taken_interval"]) == pytest.approx(2 * 1.96 * 0.5 / 10, rel=0.15)
    assert told["taken_interval"][0] < 0.5 < told["taken_interval"][1]
    assert summary([])["taken_interval"] is None and summary([])["regret"] is None


def test_what_the_log_says_of_another_way_misses_its_truth_no_oftener_than_said():
    inside = 0
    for seed in range(40):
        shown = shown_to(60, seed)
        told = off_policy(shown, Life(shown, {}, set(), {}))
        low, high = told["ips"]["interval"]
        inside += low <= 0.5 <= high
    assert inside >= 34, "at 95 %, fewer than 34 of 40 come by chance once in three hundred times"
