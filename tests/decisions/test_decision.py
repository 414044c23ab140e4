"""What a policy decides: the strictest verdict, reasons heaviest first, and never a yes out of an unknown."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jingwei.decisions import (
    INPUT_MISSING,
    Policy,
    PolicyError,
    Rule,
    Verdict,
    compile_policy,
    decide,
    explain,
)

NAN = math.nan
COLUMNS = ("score", "amount", "mean", "hour")
RULES = {
    "known_payee": ("mean > 0 and amount <= 2 * mean", "allow", 5),
    "large": ("amount >= 1_000", "step_up", 40),
    "far_above_usual": ("amount / mean >= 3 or score > 0.99", "step_up", 60),
    "at_night": ("not 6 <= hour < 24", "step_up", 40),
    "fraud_likely": ("score >= 0.90", "hold", 90),
    "fraud_certain": ("score >= 0.98 and amount >= 100", "refuse", 95),
}


def rule_of(code: str, when: str, verdict: str, weight: int) -> Rule:
    words = code.replace("_", " ")
    return Rule(
        code=code,
        when=when,
        verdict=Verdict.of(verdict),
        weight=weight,
        says=f"So: {words}.",
        says_zh=f"因为：{words}。",
    )


POLICY = Policy("made up", 1, tuple(rule_of(code, *rule) for code, rule in RULES.items()))
COMPILED = compile_policy(POLICY, COLUMNS)

DECIDED = """
score 0.10  amount  999  mean 500  hour 12  = allow    known_payee
score 0.10  amount  999  mean 499  hour 12  = allow
score 0.10  amount 1000  mean 500  hour 12  = step_up  large known_payee
score 0.10  amount  999  mean 333  hour 12  = step_up  far_above_usual
score 0.10  amount  999  mean 334  hour 12  = allow
score 0.10  amount 1000  mean 900  hour  5  = step_up  large at_night known_payee
score 0.10  amount  999  mean 900  hour  6  = allow    known_payee
score 0.89  amount  999  mean 400  hour 12  = allow
score 0.90  amount  999  mean 400  hour 12  = hold     fraud_likely
score 0.98  amount   99  mean  40  hour 12  = hold     fraud_likely
score 0.98  amount  100  mean  40  hour 12  = refuse   fraud_certain fraud_likely
score 1 amount 4000 mean 400 hour 0 = refuse fraud_certain fraud_likely far_above_usual large at_night
score nan   amount   10  mean  10  hour 12  = hold     input_missing known_payee
score nan   amount 1000  mean 900  hour 12  = hold     input_missing large known_payee
score 0.10  amount   10  mean   0  hour 12  = hold     input_missing
score 0.98  amount  100  mean   0  hour 12  = refuse   input_missing fraud_certain fraud_likely
score 0.10  amount  nan  mean   9  hour 12  = hold     input_missing
score 0.10  amount   10  mean   9  hour inf = hold     input_missing known_payee
score nan   amount  nan  mean nan  hour nan = hold     input_missing
"""


def case_of(written: str) -> tuple[float, ...]:
    words = written.split()
    assert tuple(words[::2]) == COLUMNS
    return tuple(map(float, words[1::2]))


@pytest.mark.parametrize("line", DECIDED.strip().splitlines())
def test_each_case_gets_its_verdict_and_reasons(line):
    written, _, expected = line.partition(" = ")
    verdict, *codes = expected.split()
    decision = decide(COMPILED, *COMPILED.row(case_of(written)))
    assert (decision.verdict.code, list(decision.codes)) == (verdict, codes)
    assert tuple(reason.code for reason in decision.reasons) == decision.codes


def test_the_same_masks_give_the_same_decision_object():
    assert COMPILED.decide(6, 0) is COMPILED.decide(6, 0)
    assert COMPILED.decide(6, 0) != COMPILED.decide(2, 0)


def test_masks_that_cannot_be_are_a_bug():
    for hits, unknown in ((1 << 6, 0), (0, 1 << 6), (1, 1)):
        with pytest.raises(ValueError, match="do not fit 6 rules"):
            COMPILED.decide(hits, unknown)


bits = st.integers(0, 2 ** len(RULES) - 1)


@settings(max_examples=300, deadline=None)
@given(bits, bits)
def test_the_strictest_rule_wins_and_unknown_is_never_yes(hits, unknown):
    hits &= ~unknown
    decision = COMPILED.decide(hits, unknown)
    hit = [rule for i, rule in enumerate(POLICY.rules) if hits >> i & 1]
    asked = [rule.verdict for rule in hit] + [Verdict.HOLD] * bool(unknown) + [Verdict.ALLOW]
    assert decision.verdict is max(asked)
    assert not unknown or decision.verdict >= Verdict.HOLD
    assert (INPUT_MISSING in decision.codes) == bool(unknown)
    assert sorted(decision.codes) == sorted([rule.code for rule in hit] + [INPUT_MISSING] * bool(unknown))
    weights = [POLICY.rule(code).weight for code in decision.codes if code != INPUT_MISSING]
    assert weights == sorted(weights, reverse=True)


values = st.one_of(st.sampled_from((NAN, math.inf, -math.inf, 0.0, 1.0)), st.floats(-10, 2_000))


@settings(max_examples=300, deadline=None)
@given(st.tuples(values, values, values, values))
def test_a_case_that_is_let_through_had_every_value(case):
    decision = COMPILED.decide(*COMPILED.row(case))
    if decision.verdict < Verdict.HOLD:
        assert all(map(math.isfinite, case))


def test_rules_of_equal_weight_stay_in_the_order_of_the_policy():
    assert COMPILED.decide(0b001010, 0).codes == ("large", "at_night")


def test_a_policy_is_not_bound_to_columns_it_cannot_read():
    with pytest.raises(PolicyError, match=r"rule 1, field when: .*unknown name 'mean'; did you mean 'means'"):
        compile_policy(POLICY, ("score", "amount", "means", "hour"))
    with pytest.raises(ValueError, match="twice"):
        compile_policy(POLICY, (*COLUMNS, "hour"))


def test_columns_may_come_in_any_order():
    turned = compile_policy(POLICY, COLUMNS[::-1])
    case = (0.98, 100.0, 40.0, 12.0)
    assert turned.row(case[::-1]) == COMPILED.row(case)


BECAUSE = """
score 0.93  amount  999  mean 400  hour 12  : fraud_likely     : score 0.93 >= 0.90
score 0.10  amount 1000  mean 250  hour 12  : far_above_usual  : (amount / mean = 4) >= 3
score 1.00  amount  100  mean 250  hour 12  : far_above_usual  : score 1 > 0.99
score 0.10  amount 1000  mean 700  hour  5  : at_night         : not 6 <= hour 5 < 24
score 0.10  amount 1000  mean 700  hour 12  : known_payee      : mean 700 > 0; amount 1000 <= (2 * mean = 1400)
score 0.10  amount 12345678.5  mean 9  hour 12 : large         : amount 12345678.5 >= 1_000
score nan   amount   10  mean   0  hour 12  : input_missing    : far_above_usual could not be decided: score missing; fraud_likely could not be decided: score missing; fraud_certain could not be decided: score missing
score 0.10  amount   10  mean   0  hour 12  : input_missing    : far_above_usual could not be decided: its calculation has no result
"""  # noqa: E501


@pytest.mark.parametrize("line", BECAUSE.strip().splitlines())
def test_an_explanation_tells_what_was_compared(line):
    written, code, because = (part.strip() for part in line.split(":", 2))
    case = case_of(written)
    told = explain(COMPILED, case, COMPILED.decide(*COMPILED.row(case)))
    found = next(reason for reason in told if reason.code == code)
    assert "; ".join(found.because) == because


def test_an_explanation_has_the_words_in_both_languages_and_the_values_read():
    case = (0.93, 10.0, NAN, 12.0)
    missing, likely = explain(COMPILED, case, COMPILED.decide(*COMPILED.row(case)))
    assert (missing.code, missing.verdict, missing.read) == (INPUT_MISSING, "hold", {"mean": None})
    assert missing.says.endswith("a person will look at it.") and "工作人员" in missing.says_zh
    assert (likely.code, likely.verdict, likely.read) == ("fraud_likely", "hold", {"score": 0.93})
    assert (likely.says, likely.says_zh) == ("So: fraud likely.", "因为：fraud likely。")
    assert msgspec.json.decode(msgspec.json.encode(missing))["read"] == {"mean": None}


@settings(max_examples=300, deadline=None)
@given(st.tuples(values, values, values, values))
def test_every_reason_of_every_case_can_be_explained(case):
    decision = COMPILED.decide(*COMPILED.row(case))
    told = explain(COMPILED, case, decision)
    assert tuple(reason.code for reason in told) == decision.codes
    assert all(reason.because and reason.says and reason.says_zh for reason in told)


NESTED = """
not (amount < 5 or hour > 20)              : not amount 1000 < 5; not hour 12 > 20
not (amount < 5 and hour > 10)             : not amount 1000 < 5
not (amount > 5 and hour > 20)             : not hour 12 > 20
not not amount > 5                         : amount 1000 > 5
not (not amount > 5 or hour > 20)          : amount 1000 > 5; not hour 12 > 20
amount < 5 or hour > 10 or score > 0       : hour 12 > 10; score 0.5 > 0
amount > 5 and (hour > 20 or score > 0)    : amount 1000 > 5; score 0.5 > 0
min(amount, 2 * hour) - -score == 24.5     : (min(amount, 2 * hour) - -score = 24.5) == 24.5
0 < score < hour                           : 0 < score 0.5 < hour 12
"""


@pytest.mark.parametrize("line", NESTED.strip().splitlines())
def test_only_the_comparisons_that_decided_are_told(line):
    when, because = (part.strip() for part in line.split(":"))
    compiled = compile_policy(Policy("nested", 1, (rule_of("nested", when, "hold", 1),)), COLUMNS)
    case = (0.5, 1000.0, 0.0, 12.0)
    (told,) = explain(compiled, case, compiled.decide(*compiled.row(case)))
    assert "; ".join(told.because) == because
