"""Deciding: policy and score apart, prices blind to who one is, advice that holds, exact contributions."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from jingwei.domains.credit.advice import WORDS, Advice, advise, changed, ladders, told
from jingwei.domains.credit.applying import age_on, decided, offered
from jingwei.domains.credit.deciding import POLICY, Asked, Decided, decide, missing_points
from jingwei.domains.credit.first_score import BASE, CARD, MOST, credit_score
from jingwei.domains.credit.inputs import Behaviour, Bureau, CreditInputs
from jingwei.domains.credit.limits import limit_minor, room_minor
from jingwei.domains.credit.loans import LoanApplication
from jingwei.domains.credit.pricing import PROTECTED
from jingwei.domains.credit.product import LoanProduct
from jingwei.domains.credit.products import shipped
from jingwei.kernel.clock import parse_iso

AT = parse_iso("2026-11-02T04:00:00")


def product(code: str = "personal_loan") -> LoanProduct:
    found = shipped().find(code)
    assert found is not None
    return found


INPUTS = st.builds(
    CreditInputs,
    behaviour=st.builds(
        Behaviour, until=st.just(20_000), account_days=st.integers(0, 3_000), balance_days=st.integers(0, 90),
        income_months=st.integers(0, 6), income_minor=st.integers(0, 5_000_000), spending_minor=st.just(0),
        overdrawn_days=st.sampled_from((0, 0, 3, 40)), refused=st.sampled_from((0, 0, 1, 9)),
        purchases=st.integers(0, 30),
    ),
    bureau=st.builds(
        Bureau, source=st.just("simulated bureau"), reported_at=st.just(AT), debts=st.integers(0, 6),
        monthly_minor=st.integers(0, 400_000), late_marks=st.integers(0, 4), inquiries=st.integers(0, 8),
    ),
    own_monthly_minor=st.integers(0, 200_000), own_loans=st.integers(0, 3), own_late=st.booleans(),
    loans_90d=st.integers(0, 4),
)  # fmt: skip
ASKED = st.builds(
    Asked, product=st.sampled_from([one for one in shipped().all() if one.kind != "revolving"]),
    amount_minor=st.integers(10_000, 60_000_000), months=st.sampled_from((3, 6, 12, 24, 36, 60)),
    person=st.booleans(), company=st.booleans(), age=st.sampled_from((None, 17, 18, 40, 90)),
)  # fmt: skip


@given(INPUTS)
def test_base_and_contributions_add_up_to_the_points_exactly(inputs: CreditInputs) -> None:
    score = credit_score(inputs)
    assert score.points == BASE + sum(points for _, points in score.contributions)
    assert [name for name, _ in score.contributions] == [line.name for line in CARD]
    short = missing_points(score, MOST)
    assert sum(MOST.values()) + BASE - score.points == sum(by for _, by in short)


@given(INPUTS, st.sampled_from(("late_marks", "debts", "inquiries")))
def test_more_debt_or_late_marks_never_give_points(inputs: CreditInputs, what: str) -> None:
    worse = replace(inputs, bureau=replace(inputs.bureau, **{what: getattr(inputs.bureau, what) + 1}))
    assert credit_score(worse).points <= credit_score(inputs).points


def fields(kind: Any) -> set[str]:
    return set(kind.__struct_fields__)


def test_no_protected_attribute_is_among_the_inputs_of_score_and_price() -> None:
    read = fields(Behaviour) | fields(Bureau) | fields(CreditInputs)
    assert not read & PROTECTED
    assert not {part for name in read for part in name.split("_")} & PROTECTED


def offer(who: str, asked: Asked, inputs: CreditInputs, found: Decided) -> tuple[int, int, int]:
    """What this customer would be offered: rate, effective rate and total."""
    code, amount = asked.product.id, asked.amount_minor
    plain = LoanApplication("Q1", who, code, who, amount, "CNY", 12, "", AT, "D1")
    kept = decided(plain, asked, inputs, found)
    if found.price is not None:
        kept = offered(kept, asked.product, found.price.rate_ppm, AT)
    return kept.rate_ppm, kept.effective_ppm, kept.total_minor


@given(INPUTS, ASKED, st.sampled_from((18, 25, 40, 67, 90)), st.sampled_from((18, 25, 40, 67, 90)))
def test_age_changes_neither_price_nor_limit_nor_score(
    inputs: CreditInputs, asked: Asked, one: int, other: int
) -> None:
    first, second = (decide(replace(asked, age=age), inputs) for age in (one, other))
    assert first == second
    offers = [offer(who, asked, inputs, first) for who in ("zhang-wei-f-beijing", "aisha-m-kashgar")]
    assert offers[0] == offers[1]


def strong() -> CreditInputs:
    seen = Behaviour(
        until=20_000, account_days=800, balance_days=90, income_months=6, income_minor=2_000_000,
        spending_minor=0, overdrawn_days=0, refused=0, purchases=3,
    )  # fmt: skip
    report = Bureau(source="s", reported_at=AT, debts=0, monthly_minor=0, late_marks=0, inquiries=0)
    return CreditInputs(behaviour=seen, bureau=report)


@pytest.mark.parametrize(
    ("asked", "inputs", "result", "policy"),
    [
        ({}, {}, "offer", ()),
        ({"age": 17}, {}, "refuse", ("under_age",)),
        ({"age": 18}, {}, "offer", ()),
        ({"age": None}, {}, "person", ("age_not_known",)),
        ({"company": True, "age": None}, {}, "refuse", ("not_a_person",)),
        ({"person": True}, {}, "person", ("person_asked",)),
        ({}, {"own_late": True}, "refuse", ("own_loan_late",)),
        ({"person": True}, {"own_late": True}, "person", ("own_loan_late", "person_asked")),
        ({}, {"loans_90d": 3}, "refuse", ("borrowing_too_often",)),
        ({}, {"loans_90d": 2}, "offer", ()),
        ({"amount_minor": 49_999_999, "months": 60}, {}, "offer", ()),
        ({"amount_minor": 50_000_000, "months": 60}, {}, "person", ("large_amount",)),
    ],
)
def test_each_rule_on_both_sides_of_its_edge(asked: Any, inputs: Any, result: str, policy: Any) -> None:
    plain = Asked(product(), 1_000_000, 12, age=30)
    found = decide(replace(plain, **asked), replace(strong(), **inputs))
    assert (found.result, found.policy) == (result, policy)


def test_all_debts_together_take_at_most_half_of_the_income() -> None:
    inputs = replace(strong(), own_monthly_minor=300_000)
    assert room_minor(inputs, 50) == 1_000_000 - 300_000
    price = product().price("A")
    assert price is not None
    limit = limit_minor(inputs, product(), price, 12)
    at_edge = decide(Asked(product(), limit, 12, age=30), inputs)
    above = decide(Asked(product(), limit + 10_000, 12, age=30), inputs)
    assert at_edge.result == "offer" and above.policy == ("debts_too_heavy",)


@settings(max_examples=150)
@given(ASKED, INPUTS)
def test_every_advice_turns_the_refusal_when_it_is_followed(asked: Asked, inputs: CreditInputs) -> None:
    """Checked by deciding again; a smaller change of the same kind would not have turned it."""
    for advice in advise(asked, inputs):
        case = (asked, inputs)
        for change in advice.changes:
            case = changed(case, change)
        assert decide(*case).result == advice.leads_to != "refuse"
        assert told(advice, "CNY").en and set(WORDS) >= {one.code for one in advice.changes}
        if len(advice.changes) == 1 and (only := advice.changes[0]).code != "lower_amount":
            smaller = [one for one in ladders(asked, inputs)[only.code]]
            before = smaller[: smaller.index(only.value)]
            less = (changed((asked, inputs), replace(only, value=value)) for value in before)
            assert all(decide(*one).result == "refuse" for one in less)


FAIR = st.builds(
    lambda months, days, debts, inquiries, income: replace(
        strong(),
        behaviour=replace(strong().behaviour, income_months=months, balance_days=days, income_minor=income),
        bureau=replace(strong().bureau, debts=debts, monthly_minor=debts * 60_000, inquiries=inquiries),
    ),
    st.integers(0, 6), st.integers(0, 90), st.integers(0, 5), st.integers(0, 6),
    st.integers(300_000, 3_000_000),
)  # fmt: skip


@settings(max_examples=150)
@given(FAIR, st.integers(100_000, 40_000_000), st.sampled_from((3, 6, 12, 24)))
def test_ordinary_people_who_are_refused_get_advice_that_holds(
    inputs: CreditInputs, amount: int, months: int
) -> None:
    """A lower amount is the largest that is not refused: a hundred more would be."""
    asked = Asked(product(), amount, months, age=40)
    found = advise(asked, inputs)
    assert bool(found) == (decide(asked, inputs).result == "refuse") or credit_score(inputs).grade == "E"
    for advice in found:
        assert advice.leads_to in ("offer", "person")
        only = advice.changes[0]
        if len(advice.changes) == 1 and only.code == "lower_amount":
            case = changed((asked, inputs), only)
            more = changed((asked, inputs), replace(only, value=only.value + 10_000))
            assert decide(*case).result != "refuse"
            assert decide(*more).result == "refuse" or only.value + 10_000 >= amount


@given(ASKED, INPUTS)
def test_advice_is_given_for_refusals_alone_and_never_where_nobody_may_lend(
    asked: Asked, inputs: CreditInputs
) -> None:
    found = decide(asked, inputs)
    if found.result != "refuse" or {"under_age", "not_a_person"} & set(found.policy):
        assert advise(asked, inputs) == ()
    assert set(found.policy) <= set(POLICY)


def test_advice_survives_being_kept() -> None:
    asked = Asked(product(), 5_000_000, 3, age=30)
    found = advise(asked, strong())
    kept = msgspec.json.decode(msgspec.json.encode(found), type=tuple[Advice, ...])
    assert kept == found and found[0].changes[0].code == "lower_amount"


@pytest.mark.parametrize(
    ("born", "age"), [("2008-11-02", 18), ("2008-11-03", 17), ("", None), ("1990-01-01", 36)]
)
def test_age_counts_birthdays_on_the_banks_calendar(born: str, age: int | None) -> None:
    assert age_on(born, AT) == age
