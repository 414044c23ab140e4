"""A company's application decided again after it took a source back: as if it had never been read."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from jingwei.domains.credit.advice import advise
from jingwei.domains.credit.applying import inputs_of, text_of
from jingwei.domains.credit.company_inputs import BUREAU, CompanyInputs, only
from jingwei.domains.credit.deciding import Asked, Decided, decide
from jingwei.domains.credit.inputs import CreditInputs, not_read
from jingwei.domains.credit.loans import LoanApplication
from jingwei.domains.credit.product import LoanProduct
from jingwei.domains.credit.trained_score import TrainedCard


def company_in(application: LoanApplication) -> CompanyInputs | None:
    """What a company was scored on; None of a person's application."""
    found = inputs_of(application).company if application.inputs else None
    return found if isinstance(found, CompanyInputs) else None


def taken_back(application: LoanApplication, agreed: Collection[str]) -> tuple[str, ...]:
    """The sources it was decided on that the company does not let be read any more."""
    company = company_in(application)
    return tuple(name for name in company.agreed if name not in agreed) if company else ()


def inputs_without(application: LoanApplication, agreed: Collection[str]) -> CreditInputs:
    """The inputs with every source gone that is not agreed to; those of a person as they are."""
    inputs, company = inputs_of(application), company_in(application)
    if company is None:
        return inputs
    left = only(company, agreed)
    report = inputs.bureau if BUREAU in left.agreed else not_read(inputs.bureau.reported_at)
    return replace(inputs, company=left, bureau=report)


def decided_again(
    application: LoanApplication, product: LoanProduct, cards: Sequence[TrainedCard], agreed: Collection[str]
) -> LoanApplication:
    """The application as a person must see it now: scored, bounded and explained without what was taken back.

    Its status stays: who decides is a person already. As it is when nothing was taken back.
    """
    if not taken_back(application, agreed):
        return application
    inputs = inputs_without(application, agreed)
    asked, found = again(application, product, cards, inputs)
    return replace(
        application, points=found.score.points, grade=found.score.grade, score_by=found.score.by,
        limit_minor=found.limit_minor, policy_reasons=",".join(found.policy), by_score=int(found.by_score),
        inputs=text_of(inputs), contributions=text_of(found.score.contributions),
        advice=text_of(advise(asked, inputs) if found.result == "refuse" else ()),
    )  # fmt: skip


def again(
    application: LoanApplication, product: LoanProduct, cards: Sequence[TrainedCard], inputs: CreditInputs
) -> tuple[Asked, Decided]:
    """What is asked, and the decision on these inputs."""
    person = "person_asked" in application.policy_reasons.split(",")
    asked = Asked(
        product, application.amount_minor, application.months, person, company=True, cards=tuple(cards)
    )
    return asked, decide(asked, inputs)
