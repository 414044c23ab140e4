"""Groups that are compared: who has no value is none of the others."""

from __future__ import annotations

import numpy as np

from jingwei.channels.web.staff.oversight.credit_room import group_says
from jingwei.learning.fairness import UNKNOWN, gaps, groups_of
from jingwei.learning.measures import draws


def test_those_of_unknown_age_are_not_the_oldest():
    """They are refused each time; the oldest never are, and no gap is told between the known ages."""
    rng = np.random.default_rng(2)
    age = np.floor(rng.uniform(18, 80, 2_000))
    age[:400] = np.nan
    number, names = groups_of(age, age)
    assert len(names) == 5 and names[-1] == UNKNOWN and set(number[:400]) == {4}
    score = np.where(np.isnan(age), 0.9, 0.1)
    told = gaps((number, names), np.zeros(2_000, np.bool_), score, 0.5, draws(2_000, 50))
    assert told["approval"]["lowest"] == UNKNOWN and told["groups"][UNKNOWN]["rows"] == 400
    assert all(told["groups"][name]["approval"] == 1.0 for name in names[:-1])
    assert group_says(UNKNOWN, "zh") == "未知"


def test_few_values_and_texts_name_what_is_not_known_too():
    few = np.array([1.0, 2.0, np.nan, 2.0])
    assert groups_of(few, few)[1] == ["1", "2", UNKNOWN]
    words = np.array(["f", "", "m"], dtype=object)
    assert groups_of(words, words)[1] == [UNKNOWN, "f", "m"]
