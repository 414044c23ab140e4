"""Two records of one person are found to be one, two people are not, and what was learned is what is true."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jingwei.domains.insight.likeness import (
    LEVELS,
    Record,
    Weights,
    address_level,
    born_level,
    fitted,
    name_level,
    number_level,
    probability,
)
from jingwei.domains.insight.names import near, simplified, sounds
from jingwei.domains.insight.resolving import Known, Resolver
from jingwei.domains.insight.weights import SHIPPED
from jingwei.learning.linking import measured, wilson
from jingwei.simulation.registers import plant

NAMES = [
    ("张偉", "张伟", "same"),
    ("王小明", "Xiaoming Wang", "sounds_same"),
    ("王小明", "WANG XIAO MING", "sounds_same"),
    ("王小明", "王晓明", "sounds_same"),
    ("王小明", "王小朋", "near"),
    ("王伟", "王芳", "surname"),
    ("王伟", "李伟", "other"),
    ("单雄信", "Shan Xiongxin", "sounds_same"),
    ("Alice 爱丽丝", "alice", "sounds_same"),
    ("吕秀", "Lü Xiu", "sounds_same"),
    ("Иван Петров", "Петров Иван", "sounds_same"),
    ("Иван Петров", "Мария Сидорова", "other"),
    ("محمد علي", "فاطمة حسن", "other"),
    ("さとう", "たなか", "other"),
    ("김철수", "박영희", "other"),
    ("----", "0000", ""),
]


@pytest.mark.parametrize(("one", "other", "level"), NAMES)
def test_names_reach_the_level_they_should_whichever_comes_first(one, other, level):
    assert name_level(one, other) == name_level(other, one) == level


def test_dates_numbers_and_addresses_reach_their_levels():
    assert born_level("1990-05-12", "1990-12-05") == "near", "day and month are swapped"
    assert born_level("1990-05-12", "1990-05-13") == "near"
    assert born_level("1990", "1990-05-12") == "year" and born_level("1990-05-12", "1991-07-01") == "other"
    assert number_level("13800138000", "13800138001") == "near"
    assert number_level("13800138000", "13810138010") == "other"
    assert address_level("西湖区人民路12号3室", "西湖区人民路12號3室") == "same"
    assert address_level("西湖区人民路12号3室", "西湖区人民路12号") == "near"


def test_two_people_whose_names_are_in_other_letters_are_not_one_by_a_shared_phone():
    """A household's phone: nothing personal speaks for the record being the customer."""
    household = Known("c1", Record("c1", "Иван Петров", "1990-05-12", phone="13800138000"))
    wife = Record("r1", "Мария Сидорова", "", phone="13800138000")
    assert Resolver([household], SHIPPED).best(wife) is None
    himself = Record("r2", "Петров Иван", "1990-05-12", phone="13800138000")
    assert Resolver([household], SHIPPED).best(himself).sure


def test_the_numbers_of_an_address_count_in_any_letters():
    assert address_level("12 Main Street", "12 main street") == "same"
    assert address_level("12 Main Street", "99 Main Street") == "near"
    assert address_level("улица Мира 5", "проспект Ленина 40") == "other"


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_near_is_the_same_both_ways(one, other):
    assert near(one, other) == near(other, one)
    assert near(one, one)


def test_the_weight_of_a_pattern_is_the_sum_of_log_ratios_and_the_prior():
    m = {field: {level: 0.5 for level in levels} for field, levels in LEVELS.items()}
    u = {field: {level: 0.125 for level in levels} for field, levels in LEVELS.items()}
    weights = Weights(m, u, 0.2)
    assert weights.total(("same", "", "", "other", "", "", "")) == pytest.approx(-2 + 2 + 2)
    assert probability(0) == 0.5 and probability(2) == pytest.approx(0.8)
    assert probability(-1e9) >= 0 and probability(1e9) == 1.0


def test_what_is_learned_without_the_truth_is_the_truth():
    """Patterns drawn from a known m, u and prior are fitted back to them."""
    rng = random.Random(5)
    true = Weights(SHIPPED.m, SHIPPED.u, 0.02)
    counts: dict[tuple[str, ...], int] = {}
    for _ in range(60_000):
        side = true.m if rng.random() < true.prior else true.u
        pattern = tuple(rng.choices(list(side[f]), list(side[f].values()))[0] for f in LEVELS)
        counts[pattern] = counts.get(pattern, 0) + 1
    start = Weights({f: {x: 1 / len(some) for x in some} for f, some in LEVELS.items()}, true.u, 0.001)
    found = fitted(counts, 60_000, true.u, start)
    assert found.prior == pytest.approx(0.02, rel=0.1)
    for field, levels in true.m.items():
        for level, share in levels.items():
            assert math.isclose(found.m[field][level], share, abs_tol=0.05), (field, level)


WANG = Record("p1", "王小明", "1990-05-12", "c1", "13800138000", "", "西湖区人民路12号3室", "d1")


def best(record: Record, *more: Record):
    known = [Known("p1", WANG), *(Known(one.key, one) for one in more)]
    return Resolver(known, SHIPPED).best(record)


def test_sure_signs_link_and_are_named():
    assert best(Record("x", "Xiaoming Wang", "", "c1")).how == "certificate"
    assert best(Record("x", "王小明", "", "", "13800138000")).how == "phone"
    assert best(Record("x", "王小明", "1991-01-01", "", "13800138000")).how == "weight", (
        "birth speaks against it"
    )


def test_of_several_records_of_a_customer_the_one_that_fits_best_counts():
    other = WANG._replace(key="p1b", phone="13911112222", address="", device="", certificate="")
    known = [Known("p1", WANG), Known("p1", other), Known("p1", WANG._replace(name="王大", born=""))]
    found = Resolver(known, SHIPPED).best(Record("x", "王小明", "", "", "13911112222"))
    assert (found.customer, found.how, found.sure) == ("p1", "phone", True)


def test_a_relative_who_shares_phone_address_and_device_is_nobody_of_ours():
    relative = Record("x", "李娜", "1992-01-30", "", WANG.phone, "", WANG.address, WANG.device)
    assert best(relative) is None


def test_a_name_alone_is_not_enough_and_two_of_a_name_make_doubt():
    twin = WANG._replace(key="p2", certificate="c2", phone="13900000000", device="", address="")
    found = best(Record("x", "王小明", "1990-05-12"), twin)
    assert found is not None and not found.sure
    assert best(Record("x", "王小明")) is None


def test_planted_people_are_found_and_hardly_anybody_is_taken_for_another():
    planted = plant(800, 3)
    report = measured(planted.own, planted.other, planted.truth, lambda done, total: None)
    assert report.by_weight.precision.interval[0] > 0.985
    assert report.by_weight.recall.share > 0.96
    assert report.by_weight.recall.share > report.sure_signs_alone.recall.share + 0.1
    assert report.same_name_and_birth.recall.share < 0.8
    assert report.doubtful < 0.03 * report.records


def test_the_interval_of_a_share_is_wilsons():
    low, high = wilson(8, 10)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)  # as in Newcombe, 1998
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.text(max_size=12))
def test_any_text_can_be_a_name(text):
    assert all(isinstance(one, str) for one in sounds(text))
    assert name_level(text, text) == ("same" if simplified(text) else "")
