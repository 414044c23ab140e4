"""Definitions: what contradicts itself is refused, what every listed feature must have, and purposes."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest
from tests.features.feature_histories import derived, feature

from jingwei.domains.fraud.features import FRAUD
from jingwei.features.catalogue import PurposeNotAllowed, allowed, check_list, digest, names, serving
from jingwei.features.definition import (
    COUNT,
    LONGEST,
    MEAN,
    SHORTEST,
    Feature,
    bank_hours,
    distinct,
    fraud_count,
)
from jingwei.features.terms import choose, larger, ratio, read, smaller, text
from jingwei.kernel.purpose import DataClass, Purpose


@pytest.mark.parametrize("one", FRAUD, ids=lambda one: one.name)
def test_every_fraud_feature_is_worded_and_guarded(one):
    assert one.says.endswith(".") and one.says[0].isupper()
    assert one.says_zh.endswith("。") and any("\u4e00" <= letter <= "\u9fff" for letter in one.says_zh)
    assert Purpose.RISK in one.purposes and Purpose.MARKETING not in one.purposes
    if isinstance(one, Feature) and one.value.kind.value.startswith("fraud"):
        assert one.data == DataClass.LABELS and one.purposes == {Purpose.RISK}, (
            "what the bank suspects is not shown"
        )


def test_the_fraud_list_is_consistent():
    check_list(FRAUD)
    assert len(FRAUD) >= 30 and len(names(FRAUD)) == len(set(names(FRAUD)))


def test_a_purpose_is_refused_by_name():
    allowed(FRAUD, Purpose.RISK)
    with pytest.raises(PurposeNotAllowed, match="marketing.*payments_1h"):
        allowed(FRAUD, Purpose.MARKETING)
    allowed(serving(FRAUD, Purpose.SERVICE), Purpose.SERVICE)
    assert "terminal_frauds_28d" not in names(serving(FRAUD, Purpose.SERVICE))


def test_a_derived_feature_may_not_serve_more_than_its_inputs():
    base = feature("base", COUNT, SHORTEST)
    more = dataclasses.replace(derived("more", ("base",), lambda a: a), purposes=frozenset(Purpose))
    with pytest.raises(ValueError, match="more purposes than base"):
        check_list((base, more))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"over": SHORTEST - 1}, "window"),
        ({"over": LONGEST + 1}, "window"),
        ({"empty": 1.0}, "an empty count is 0"),
        ({"value": MEAN, "empty": float("nan")}, "finite"),
        ({"value": fraud_count(delay=-1)}, "delay"),
        ({"value": distinct("no such entity")}, "entity"),
        ({"by": 'x" OR 1=1'}, "entity"),
        ({"name": "Two words"}, "lower case"),
        ({"says": " "}, "says"),
        ({"says_zh": ""}, "says"),
        ({"purposes": frozenset()}, "purposes"),
    ],
)
def test_a_definition_that_contradicts_itself_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(feature("good", COUNT, SHORTEST), **wrong)


def test_the_edges_of_a_window_are_allowed():
    assert feature("short", COUNT, SHORTEST).over == 300_000_000
    assert feature("long", COUNT, LONGEST).over == 90 * 86_400_000_000


def test_lists_that_contradict_themselves_are_refused():
    one = feature("one", COUNT, SHORTEST)
    with pytest.raises(ValueError, match="two features have this name"):
        check_list((one, one))
    with pytest.raises(ValueError, match="say the same"):
        check_list((one, dataclasses.replace(one, name="other", says_zh="另一个")))
    with pytest.raises(ValueError, match="neither an earlier feature"):
        check_list((derived("half", ("one",), lambda a: a * 0.5), one))


def test_bank_hours_outside_the_day_are_refused():
    with pytest.raises(ValueError, match="bank hours"):
        bank_hours(24, 3)


@pytest.mark.parametrize("function", [lambda a: a / 2, lambda a: 1 / a, lambda a: 1.0 if a > 2 else 0.0, abs])
def test_what_not_every_execution_can_do_is_refused(function):
    with pytest.raises(TypeError):
        derived("wrong", ("amount_minor",), function)


def test_a_function_is_read_as_it_computes():
    formula = read(lambda a, b: choose(a <= b, larger(a, 2.0), smaller(ratio(a, b, 0.0), 1.0 - b)), 2)
    assert text(formula).startswith(
        "choose(<=(input(0x0.0p+0),input(0x1.0000000000000p+0)),larger(input(0x0.0p+0)"
    )
    assert [choose(1.0 > 2.0, 1.0, 2.0), larger(1.0, 2.0), smaller(1.0, 2.0), ratio(3.0, 0.0, 9.0)] == [
        2.0,
        2.0,
        1.0,
        9.0,
    ]


@pytest.mark.parametrize(
    "change", [{"over": SHORTEST + 1}, {"by": "payee"}, {"value": MEAN}, {"name": "other"}]
)
def test_the_digest_knows_every_change_of_meaning(change):
    one = feature("one", COUNT, SHORTEST)
    assert digest((one,)) == digest((dataclasses.replace(one, says="Said otherwise."),))
    assert digest((one,)) != digest((dataclasses.replace(one, **change),))
    assert digest((derived("d", ("hour",), lambda a: a),)) != digest(
        (derived("d", ("hour",), lambda a: a + 1),)
    )


def test_definitions_are_read_without_the_compiler():
    code = "import sys, jingwei.domains.fraud.features; sys.exit('numba' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], check=False, env={"PYTHONPATH": "src"}).returncode == 0
    )
