"""Deciding on an application: policy reasons, the score, the limit and the price; pure, on sealed inputs."""

from __future__ import annotations

from typing import Literal

import msgspec

from jingwei.domains.credit.company import company_card, company_score
from jingwei.domains.credit.company_inputs import BUREAU, CompanyInputs
from jingwei.domains.credit.company_limits import (
    company_limit_minor,
    covered_minor,
    of_turnover_minor,
    whole_hundreds,
)
from jingwei.domains.credit.inputs import CreditInputs, Score
from jingwei.domains.credit.limits import limit_minor
from jingwei.domains.credit.pricing import price_of
from jingwei.domains.credit.product import LoanProduct, Price
from jingwei.domains.credit.trained_score import TrainedCard, score_with
from jingwei.kernel.refusal import Words

GROWN_AGE = 18
OFTEN = 3
"""So many loans signed within 90 days are too many: borrowing anew before it can be seen what it costs."""

LATE_ELSEWHERE = 2
"""So many late payments of a company elsewhere are looked at by a person: its score does not read them."""

NEW_DAYS = 30
"""A customer known for fewer days is looked at by a person."""

Result = Literal["offer", "person", "refuse"]

HARD: dict[str, Words] = {
    "under_age": Words("Loans are for people of 18 years or older.", "贷款仅面向年满18周岁的客户。"),
    "not_a_person": Words("This product is for people, not for companies.", "该产品仅面向个人客户。"),
    "not_a_company": Words(
        "This product is for companies and sole traders, not for people.", "该产品仅面向企业和个体工商户。"
    ),
}
"""Policy reasons that no person can set aside."""

REFUSING: dict[str, Words] = {
    "own_loan_late": Words("A loan you have with us is late.", "您在我行的一笔贷款已逾期。"),
    "borrowing_too_often": Words(
        "You signed three loans in the last 90 days; another one now could become too much.",
        "您近90天内已签署三笔贷款，现在再借可能负担过重。",
    ),
    "debts_too_heavy": Words(
        "With your other debts, the instalments would take more of your income than we lend on.",
        "加上其他债务，每月还款占您收入的比例超过我行上限。",
    ),
    "above_grade_limit": Words(
        "The amount is above what we lend under this product at your present score.",
        "申请金额超过您当前评分在该产品下可借的上限。",
    ),
    "above_turnover": Words(
        "The amount is above the share of a year's turnover that we lend under this product.",
        "申请金额超过该产品按年营业额可借的比例。",
    ),
    "debts_not_covered": Words(
        "What your turnover leaves for repaying debts would not cover all instalments with enough to spare.",
        "营业额中可用于还款的部分不足以覆盖全部债务的每月还款额。",
    ),
}
"""Policy reasons that refuse; a person may look at them again."""

ASKING: dict[str, Words] = {
    "person_asked": Words("You asked that a person decides.", "您要求由工作人员决定。"),
    "large_amount": Words("An amount this large is always decided by a person.", "该金额须由工作人员审批。"),
    "score_doubtful": Words(
        "The score is near the edge, so a person decides.", "评分接近临界，由工作人员决定。"
    ),
    "age_not_known": Words("We do not know your date of birth.", "我行未登记您的出生日期。"),
    "known_briefly": Words(
        "You have been with us for less than a month, so a person decides.",
        "您成为客户不足一个月，由工作人员决定。",
    ),
    "late_elsewhere": Words(
        "The credit bureau reports several late payments elsewhere, so a person decides.",
        "征信记录显示在其他机构有多次逾期，由工作人员决定。",
    ),
    "debts_not_known": Words(
        "We were not let see what the company owes elsewhere, so a person decides.",
        "未获同意查询企业在其他机构的债务，由工作人员决定。",
    ),
}
"""Policy reasons that put a person between."""

POLICY = HARD | REFUSING | ASKING


class Asked(msgspec.Struct, frozen=True):
    """What is asked for, and who asks as far as the law wants it known (never a matter of price); and the
    trained scorecards in use, if any.

    `held`: a company is held to its limit as it is told, in whole hundreds; before, to what it comes of.
    """

    product: LoanProduct
    amount_minor: int
    months: int
    person: bool = False
    company: bool = False
    age: int | None = None
    cards: tuple[TrainedCard, ...] = ()
    held: bool = True


class Decided(msgspec.Struct, frozen=True):
    """What was decided: the result, the policy reasons (codes of POLICY) and the score, kept apart.

    `by_score` is whether the score alone would refuse: its grade is not lent to.
    """

    result: Result
    policy: tuple[str, ...]
    score: Score
    by_score: bool
    price: Price | None
    limit_minor: int


def decide(asked: Asked, inputs: CreditInputs) -> Decided:
    """Decide on what is asked, on these inputs alone."""
    company = company_of(asked, inputs)
    score = company_score(company_card(asked.cards), company) if company else score_with(asked.cards, inputs)
    price = price_of(asked.product, score)
    limit = most_minor(asked, inputs, price) if price else 0
    refusing = hard_reasons(asked) + refusing_reasons(asked, inputs, price, limit)
    asking = asking_reasons(asked, inputs, score)
    hard = any(code in HARD for code in refusing)
    result: Result = "offer"
    if hard or ((refusing or price is None) and not asked.person):
        result = "refuse"
    elif asking:
        result = "person"
    return Decided(result, refusing + asking, score, price is None, price, limit)


def company_of(asked: Asked, inputs: CreditInputs) -> CompanyInputs | None:
    """What a company is decided on under a product for companies; None of everybody else."""
    company = inputs.company
    meant = asked.company and asked.product.borrower == "company"
    return company if meant and isinstance(company, CompanyInputs) else None


def most_minor(asked: Asked, inputs: CreditInputs, price: Price) -> int:
    """The most that can be lent at this price: by the turnover of a company, by the income of a person."""
    company = company_of(asked, inputs)
    if company is None:
        return limit_minor(inputs, asked.product, price, asked.months)
    return company_limit_minor(company, inputs, asked.product, price, asked.months)


def hard_reasons(asked: Asked) -> tuple[str, ...]:
    """Why nobody may lend this."""
    meant = asked.product.borrower
    codes = {
        "under_age": asked.age is not None and asked.age < GROWN_AGE,
        "not_a_person": asked.company and meant == "person",
        "not_a_company": not asked.company and meant == "company",
    }
    return tuple(code for code, holds in codes.items() if holds)


def refusing_reasons(asked: Asked, inputs: CreditInputs, price: Price | None, limit: int) -> tuple[str, ...]:
    """Why the bank's own policy refuses; the score is not among it."""
    above_grade = price is not None and asked.amount_minor > price.most_minor
    company = company_of(asked, inputs)
    above = price is not None and asked.amount_minor > limit and not above_grade
    codes = {
        "own_loan_late": inputs.own_late,
        "borrowing_too_often": inputs.loans_90d >= OFTEN,
        "debts_too_heavy": above and company is None,
        "above_grade_limit": above_grade,
    }
    if company is not None and price is not None:
        turnover = of_turnover_minor(company, asked.product)
        covered = covered_minor(company, inputs, asked.product, price, asked.months)
        if asked.held:
            code = asked.product.currency
            turnover, covered = whole_hundreds(turnover, code), whole_hundreds(covered, code)
        codes |= {
            "above_turnover": asked.amount_minor > turnover,
            "debts_not_covered": above and asked.amount_minor > covered,
        }
    return tuple(code for code, holds in codes.items() if holds)


def asking_reasons(asked: Asked, inputs: CreditInputs, score: Score) -> tuple[str, ...]:
    """Why a person decides."""
    company = company_of(asked, inputs)
    codes = {
        "person_asked": asked.person,
        "large_amount": asked.amount_minor >= asked.product.person_from_minor,
        "score_doubtful": score.grade in asked.product.doubtful,
        "age_not_known": asked.age is None and not asked.company,
        "known_briefly": inputs.behaviour.account_days < NEW_DAYS,
        "late_elsewhere": company is not None and inputs.bureau.late_marks >= LATE_ELSEWHERE,
        "debts_not_known": company is not None and BUREAU not in company.agreed,
    }
    return tuple(code for code, holds in codes.items() if holds)


def missing_points(score: Score, most: dict[str, int]) -> tuple[tuple[str, int], ...]:
    """Which contributions fall short of the most they could give, and by how much; most first."""
    short = [(name, most[name] - points) for name, points in score.contributions if name in most]
    return tuple(sorted(((name, by) for name, by in short if by > 0), key=lambda pair: (-pair[1], pair[0])))
