"""What a batch learns of customers: tiers by fifths, value, segments, and the behaviour graph."""

from __future__ import annotations

import random

import numpy as np
import pytest

from jingwei.domains.tags.happenings import Happening
from jingwei.domains.tags.live import Person
from jingwei.domains.tags.steps import START, Steps
from jingwei.domains.tags.tiers import READS, fifths, learn_cuts, tiers
from jingwei.kernel.clock import BANK_OFFSET, DAY, MINUTE
from jingwei.learning.lifetime_value import fit_buying_rate
from jingwei.learning.segments import find_segments, stable, standardised
from jingwei.learning.tag_batch import buying, learn_tags, value_tags
from jingwei.stores.tagged import TagShelf

TODAY = 20_500


def card(who: str, back: int, minor: int = 5_000) -> Happening:
    return Happening(who, (TODAY - back) * DAY - BANK_OFFSET + 43_200_000_000, "card", "fuel", minor, "t")


def test_fifths_hold_a_fifth_each_and_ties_stay_together():
    assert fifths(list(range(1, 11))) == (2, 4, 6, 8)
    assert fifths([7]) == (7, 7, 7, 7)
    with pytest.raises(ValueError, match="nobody"):
        fifths([])


def test_tiers_rise_with_what_is_good_and_a_gap_counts_the_other_way():
    rows = [dict(zip(READS, (n, 101 - n, (101 - n) * 100), strict=True)) for n in range(1, 101)]
    cuts = learn_cuts(rows)
    told = [tiers(cuts, row) for row in rows]
    assert [one["rfm_recency"] for one in told] == sorted((one["rfm_recency"] for one in told), reverse=True)
    assert {one["rfm_tier"] for one in told} == {1, 2, 3, 4, 5}
    assert told[0] == {"rfm_recency": 5, "rfm_frequency": 5, "rfm_money": 5, "rfm_tier": 5}
    for tag in ("rfm_recency", "rfm_frequency", "rfm_money"):
        counts = np.bincount([one[tag] for one in told], minlength=6)[1:]
        assert counts.tolist() == [20] * 5
    never = dict(zip(READS, (None, 0, 0), strict=True))
    assert tiers(cuts, never)["rfm_tier"] == 1


def groups(seed: int, size: int = 60) -> list[list[int]]:
    rng = random.Random(seed)
    centres = ([2000, 10, 0], [20, 900, 4], [300, 30, 5000])
    return [
        [max(0, int(rng.gauss(c, c * 0.2 + 1))) for c in centre] for centre in centres for _ in range(size)
    ]


def test_segments_that_are_there_are_found_and_what_is_noise_is_told_as_unstable():
    names = ("card_fuel_count_90d", "card_baby_count_90d", "out_rent_count_90d")
    found = find_segments(groups(1), names, (3,), 6)
    assert [len(set(found.labels[i : i + 60].tolist())) for i in (0, 60, 120)] == [1, 1, 1]
    assert found.stability[3][0] > 0.98
    assert any("Paid by card: fuel" in words.en and "high" in words.en for words in found.names)
    rng = np.random.Generator(np.random.PCG64(1))
    assert stable(rng.standard_normal((180, 6)), 5, 6)[0] < 0.6
    with pytest.raises(ValueError, match="too few"):
        find_segments(groups(1, 10), names, (3,))


def test_a_column_that_says_nothing_and_a_missing_value_do_not_break_the_scale():
    told = standardised([[1, None, 5], [2, 3, 5], [3, 4, 5]])
    assert np.all(np.isfinite(told)) and np.abs(told[:, 2]).max() < 1e-9


def test_value_reads_days_of_purchase():
    told = buying(
        [card("a", 14), card("a", 14, 1), card("a", 7, 3_000), card("a", 0, 5_000), card("b", 3)], TODAY
    )
    assert told.customers == ["a", "b"]
    assert told.histories.repeats.tolist() == [2, 0]
    assert told.histories.last.tolist() == [2, 0] and told.histories.watched.tolist() == [2, 3 / 7]
    assert told.mean.tolist() == [40.0, 0.0]


@pytest.fixture(scope="module")
def crowd() -> list[Happening]:
    """People who buy at rates of their own and leave at some time."""
    rng = random.Random(3)
    made = []
    for n in range(150):
        rate, back, stays = rng.gammavariate(1.0, 0.15) + 0.01, 200.0, rng.random() < 0.6
        end = 0 if stays else rng.uniform(0, 180)
        while back > end:
            made.append(card(f"p{n:03d}", int(back), int(rng.gammavariate(4, 1_500)) + 100))
            back -= rng.expovariate(rate)
    return made


def test_the_batch_keeps_value_tiers_and_segments_as_tags(crowd: list[Happening]):
    shelf = TagShelf()
    who = sorted({one.customer for one in crowd})
    shelf.know((name, Person(19_900_101)) for name in who)
    shelf.add(crowd)
    learned = learn_tags(shelf, TODAY, who[:140])
    assert learned.left_out == []
    shelf.learn(learned.rows)
    names = ("value_year_minor", "active_percent", "rfm_tier", "segment_number")
    rows = shelf.values(names, TODAY, who)
    assert all(None not in row for row in rows[:140])
    assert all(row[1:] == (None, None, None, None) for row in rows[140:])
    told = buying([one for one in crowd if one.customer in who[:140]], TODAY)
    alive = fit_buying_rate(told.histories).alive(told.histories)
    assert [row[2] for row in rows[:140]] == np.rint(alive * 100).astype(int).tolist()
    assert dict((name, v) for name, tag, v in value_tags(told) if tag == names[0])[who[0]] == rows[0][1]


def test_nobody_to_learn_from_is_no_fault():
    """A new bank, or one in which nobody agreed: what cannot be learned is named, and the server goes on."""
    learned = learn_tags(TagShelf(), TODAY, ())
    assert (learned.rows, learned.cuts, learned.segments) == ([], None, None)
    assert [one.partition(":")[0] for one in learned.left_out] == ["tiers", "value", "segments"]
    once = buying([card("a", 3, 500), card("b", 9, 700)], TODAY)
    with pytest.raises(ValueError, match=r"twice|few customers"):
        value_tags(once)


def test_steps_follow_each_other_within_half_an_hour():
    def page(who: str, minute: int, name: str) -> Happening:
        return Happening(who, TODAY * DAY + minute * MINUTE, "page", name, 0, "t")

    told = [page("a", 0, "home"), page("b", 1, "home"), page("a", 30, "mortgage"), page("b", 32, "mortgage"),
            page("a", 61, "home"), card("a", 0)]  # fmt: skip
    steps = Steps()
    steps.add_all(told)
    assert dict(steps.edges) == {(START, "home"): 3, ("home", "mortgage"): 1, (START, "mortgage"): 1}
    assert steps.leads_to("mortgage", 1) == [("home", 1, 1.0), (START, 1, 0.25)]
