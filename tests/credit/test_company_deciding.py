"""Deciding on companies: turnover and cover, sources that count as average, advice that holds, prices."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from jingwei.domains.credit.advice import WORDS, advise, changed, ladders, told
from jingwei.domains.credit.company import (
    AVERAGE,
    FIRST,
    SENTENCES,
    asked_of,
    company_card,
    company_score,
)
from jingwei.domains.credit.company_inputs import OWN, SOURCES, CompanyInputs, only
from jingwei.domains.credit.company_limits import covered_minor, of_turnover_minor, whole_hundreds
from jingwei.domains.credit.deciding import POLICY, Asked, decide
from jingwei.domains.credit.inputs import Behaviour, Bureau, CreditInputs, not_read
from jingwei.domains.credit.pricing import PROTECTED
from jingwei.domains.credit.product import LoanProduct
from jingwei.domains.credit.product_file import ProductError, parse_loan_product
from jingwei.domains.credit.products import shipped
from jingwei.domains.credit.trained_score import COMPANY_READS, TrainedCard
from jingwei.kernel.clock import parse_iso

AT = parse_iso("2026-11-02T04:00:00")
ALL = ("tax", "power", "invoices", "supply_chain", "bureau")
SEEN = Behaviour(
    until=20_000, account_days=800, balance_days=90, income_months=6, income_minor=2_000_000,
    spending_minor=900_000, overdrawn_days=0, refused=0, purchases=3,
)  # fmt: skip
CLEAN = Bureau(source="simulated bureau", reported_at=AT, debts=0, monthly_minor=0, late_marks=0, inquiries=0)
GOOD_OWN = {
    "account_days": 1200.0, "balance_days": 90.0, "money_in_year": 600_000.0, "money_in_change": 0.1,
    "refused": 0.0,
}  # fmt: skip
GOOD_SOURCES = {
    "tax": {"tax_sales_year": 1_000_000.0, "tax_sales_change": 0.0, "tax_late_filings": 0.0},
    "invoices": {"invoices_late_share": 0.05, "invoices_days": 25.0, "invoices_largest_buyer": 0.2},
}


def product(code: str = "shop_loan") -> LoanProduct:
    found = shipped().find(code)
    assert found is not None
    return found


def company(
    own: dict[str, float] | None = None, agreed: tuple[str, ...] = ALL, **sources: Any
) -> CompanyInputs:
    return CompanyInputs(
        GOOD_OWN | (own or {}), GOOD_SOURCES | sources, agreed, ("tax", "invoices", "bureau")
    )


def inputs(found: CompanyInputs | None = None, report: Bureau = CLEAN, **more: Any) -> CreditInputs:
    return CreditInputs(behaviour=SEEN, bureau=report, company=found or company(), **more)


def asked(amount: int = 10_000_000, months: int = 12, **more: Any) -> Asked:
    return Asked(**({"product": product(), "amount_minor": amount, "months": months, "company": True} | more))


INPUTS = st.builds(
    lambda own, late, share, largest, sales, days, agreed, debts, more: inputs(
        company(
            own, agreed,
            tax={"tax_sales_year": sales, "tax_sales_change": 0.0, "tax_late_filings": late},
            invoices={
                "invoices_late_share": share, "invoices_days": days, "invoices_largest_buyer": largest,
            },
        ),
        replace(CLEAN, debts=debts, monthly_minor=debts * 200_000) if "bureau" in agreed else not_read(AT),
        **more,
    ),
    st.fixed_dictionaries(
        {
            "account_days": st.integers(0, 3_000).map(float), "balance_days": st.integers(0, 90).map(float),
            "money_in_year": st.integers(0, 2_000_000).map(float), "refused": st.integers(0, 4).map(float),
        }
    ),
    st.integers(0, 6).map(float), st.integers(0, 60).map(lambda n: n / 100),
    st.integers(5, 90).map(lambda n: n / 100), st.integers(0, 4_000_000).map(float),
    st.integers(5, 120).map(float), st.sets(st.sampled_from(ALL)).map(lambda s: tuple(sorted(s))),
    st.integers(0, 4), st.fixed_dictionaries({"loans_90d": st.integers(0, 3), "own_late": st.booleans()}),
)  # fmt: skip
ASKED = st.builds(
    asked, st.integers(500_000, 200_000_000), st.sampled_from((6, 12, 24, 36)),
    product=st.sampled_from([product(), product("stock_loan")]), person=st.booleans(),
)  # fmt: skip


@given(INPUTS)
def test_best_and_contributions_add_up_to_the_points_exactly(found: CreditInputs) -> None:
    assert isinstance(found.company, CompanyInputs)
    score = company_score(FIRST, found.company)
    assert score.points == FIRST.best + sum(by for _, by in score.contributions)
    assert all(by <= 0 for _, by in score.contributions)


@given(INPUTS, st.sampled_from(("tax", "invoices")))
def test_a_source_taken_back_counts_as_the_average_companys(found: CreditInputs, source: str) -> None:
    assert isinstance(found.company, CompanyInputs)
    left = tuple(name for name in found.company.agreed if name != source)
    without = company_score(FIRST, only(found.company, left))
    parts = dict(without.contributions)
    for line in FIRST.lines:
        if line.feature in SOURCES[source]:
            assert parts[line.feature] == line.neutral
    kept = {name for name, _ in without.contributions} - set(SOURCES[source])
    before = dict(company_score(FIRST, found.company).contributions)
    assert all(parts[name] == before[name] for name in kept)


def test_a_company_of_which_everything_is_unknown_but_average_has_the_average_points() -> None:
    own = {"account_days": 500.0, "balance_days": 60.0, "money_in_year": 100_000.0, "money_in_change": 0.0}
    average = CompanyInputs(own | {"refused": 0.0}, {}, ())
    assert company_score(FIRST, average).points == AVERAGE + 5, "all but the payments, of which none failed"


def test_records_that_are_here_but_not_agreed_to_change_nothing() -> None:
    mute = decide(asked(), inputs(company(agreed=("bureau",))))
    loud = decide(asked(), inputs(company(agreed=("bureau",), tax={"tax_sales_year": 9e9})))
    assert mute == loud


def test_only_sources_the_card_reads_are_asked_for() -> None:
    assert asked_of(FIRST) == ("tax", "invoices", "bureau")
    bare = TrainedCard("company", "x", 600, tuple(line for line in FIRST.lines if line.feature in OWN))
    assert asked_of(bare) == ("bureau",)
    assert company_card([bare]) is bare and company_card([]) is FIRST


def test_every_column_a_card_may_read_has_its_sentence_and_none_is_protected() -> None:
    assert set(COMPANY_READS) == set(SENTENCES)
    assert not {part for name in COMPANY_READS for part in name.split("_")} & PROTECTED


def shop(amount: int, months: int = 36, **more: Any) -> Any:
    return decide(asked(amount, months), inputs(**more))


def test_the_amount_is_bounded_by_the_turnover_on_both_sides_of_its_edge() -> None:
    most = of_turnover_minor(company(), product())
    assert most == 30_000_000, "30 % of a million declared, which is more than the 600,000 seen here"
    assert shop(most).policy == () and shop(most + 1).policy == ("above_turnover",)
    assert shop(most).limit_minor == shop(most + 1).limit_minor == most
    unread = company(agreed=("bureau", "invoices"))
    assert of_turnover_minor(unread, product()) == 18_000_000


def test_debts_must_be_covered_with_enough_to_spare() -> None:
    found, debts = company(), replace(CLEAN, debts=2, monthly_minor=600_000)
    price = product().price("B")
    assert price is not None
    case = inputs(found, debts)
    covered = covered_minor(found, case, product(), price, 12)
    room = 1_000_000_00 * 15 // 100 // 12 * 100 // 125 - 600_000
    assert 0 < covered < room * 12
    most = whole_hundreds(covered, "CNY")
    grade = decide(asked(most), case)
    assert grade.score.grade == "B" and grade.policy == () and grade.limit_minor == most < covered
    assert decide(asked(most + 1), case).policy == ("debts_not_covered",)


@pytest.mark.parametrize(
    ("ask", "seen", "result", "policy"),
    [
        ({}, {}, "offer", ()),
        ({"person": True}, {}, "person", ("person_asked",)),
        ({"company": False, "age": 40}, {}, "refuse", ("not_a_company",)),
        ({}, {"found": company(agreed=("tax", "invoices")), "report": not_read(AT)}, "person",
         ("debts_not_known",)),
        ({}, {"own_late": True}, "refuse", ("own_loan_late",)),
        ({}, {"loans_90d": 3}, "refuse", ("borrowing_too_often",)),
        ({"product": product("personal_loan"), "age": None}, {}, "refuse", ("not_a_person",)),
    ],
)  # fmt: skip
def test_each_rule(ask: Any, seen: Any, result: str, policy: Any) -> None:
    found = decide(asked(**ask), inputs(**seen))
    assert (found.result, found.policy) == (result, policy)


@pytest.mark.parametrize(("amount", "result"), [(49_999_999, "offer"), (50_000_000, "person")])
def test_half_a_million_always_goes_to_a_person(amount: int, result: str) -> None:
    rich = company(tax=GOOD_SOURCES["tax"] | {"tax_sales_year": 9_000_000.0})
    found = decide(asked(amount, 36), inputs(rich))
    assert found.result == result and ("large_amount" in found.policy) == (result == "person")


@settings(max_examples=150)
@given(ASKED, INPUTS)
def test_every_advice_to_a_company_turns_the_refusal(ask: Asked, found: CreditInputs) -> None:
    for advice in advise(ask, found):
        case = (ask, found)
        for change in advice.changes:
            case = changed(case, change)
        assert decide(*case).result == advice.leads_to != "refuse"
        words = told(advice, "CNY")
        assert words.en and words.zh and {one.code for one in advice.changes} <= set(WORDS)
    assert set(decide(ask, found).policy) <= set(POLICY)


@settings(max_examples=100)
@given(INPUTS)
def test_advice_names_nothing_the_bank_was_not_let_see(found: CreditInputs) -> None:
    assert isinstance(found.company, CompanyInputs)
    of = {"returns_on_time": "tax", "buyers_on_time": "invoices", "buyers_sooner": "invoices",
          "more_buyers": "invoices", "fewer_debts": "bureau"}  # fmt: skip
    named = {one.code for advice in advise(asked(200_000_000), found) for one in advice.changes}
    assert all(of[code] in found.company.agreed for code in named if code in of)


def test_debts_nobody_was_let_see_are_not_advised_on() -> None:
    heavy = replace(CLEAN, debts=3, monthly_minor=300_000)
    seen, unseen = inputs(report=heavy), inputs(company(agreed=("tax", "invoices")), heavy)
    told = [ladders(asked(), one)["fewer_debts"] for one in (seen, unseen)]
    assert told == [[2, 1, 0], []]


@given(INPUTS, st.sampled_from((0, 25, 70)), st.booleans())
def test_the_price_is_the_grades_and_nothing_elses(found: CreditInputs, age: int, own_late: bool) -> None:
    one = decide(asked(), found)
    other = decide(asked(age=age or 40), replace(found, own_late=own_late))
    assert one.price == other.price == product().price(one.score.grade)


def test_inputs_of_people_are_kept_byte_for_byte_as_before() -> None:
    person = CreditInputs(behaviour=SEEN, bureau=CLEAN)
    assert b"company" not in msgspec.json.encode(person)
    kept = msgspec.json.decode(msgspec.json.encode(inputs()), type=CreditInputs)
    assert kept == inputs()


def test_a_product_for_companies_says_how_its_limit_is_found() -> None:
    from importlib.resources import files

    text = (files("jingwei.domains.credit") / "products" / "shop_loan.toml").read_text("utf-8")
    with pytest.raises(ProductError) as wrong:
        parse_loan_product(text.replace("cover_percent = 125", "cover_percent = 90"), "x.toml")
    assert "cover_percent" in str(wrong.value)
    with pytest.raises(ProductError):
        parse_loan_product(text.replace('borrower = "company"\n', ""), "x.toml")
