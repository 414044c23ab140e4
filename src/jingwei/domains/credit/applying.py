"""An application as it is decided: with its reasons, its offer, or the advice with a refusal. Pure."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from jingwei.domains.credit.advice import advise
from jingwei.domains.credit.deciding import Asked, Decided
from jingwei.domains.credit.inputs import CreditInputs
from jingwei.domains.credit.loans import LoanApplication
from jingwei.domains.credit.offer import contract_of, offer_of, terms_sha256
from jingwei.domains.credit.product import LoanProduct
from jingwei.domains.credit.schedule import pack
from jingwei.kernel.clock import DAY, local_text
from jingwei.kernel.money import Money
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.family import age_on as whole_years


def text_of(value: object) -> str:
    """What an application keeps of a value: its JSON."""
    return msgspec.json.encode(value).decode()


def inputs_of(application: LoanApplication) -> CreditInputs:
    """The inputs it was decided on."""
    return msgspec.json.decode(application.inputs, type=CreditInputs)


def age_on(born: str, at: int) -> int | None:
    """Whole years since an ISO date on the bank's calendar; None when it is not known."""
    return whole_years(born, local_text(at, "%Y-%m-%d"))


def not_in_product(product: LoanProduct, amount_minor: int, months: int) -> Refusal | None:
    """Why this product is not lent in this amount or for this long, or None."""
    if not product.least_minor <= amount_minor <= product.most_minor:
        least, most = (Money(edge, product.currency) for edge in (product.least_minor, product.most_minor))
        return Refusal("loan_amount_not_possible", {"least": str(least), "most": str(most)})
    if months not in product.terms:
        return Refusal("loan_term_not_possible", {"terms": ", ".join(map(str, product.terms))})
    return None


def decided(
    application: LoanApplication, asked: Asked, inputs: CreditInputs, found: Decided
) -> LoanApplication:
    """The application with what was decided; not yet with its offer."""
    status = {"offer": "offered", "person": "waiting", "refuse": "refused"}[found.result]
    advice = advise(asked, inputs) if found.result == "refuse" else ()
    score = found.score
    return replace(
        application, status=status, points=score.points, grade=score.grade, score_by=score.by,
        limit_minor=found.limit_minor, policy_reasons=",".join(found.policy), by_score=int(found.by_score),
        inputs=text_of(inputs), contributions=text_of(score.contributions), advice=text_of(advice),
    )  # fmt: skip


def offered(application: LoanApplication, product: LoanProduct, rate_ppm: int, at: int) -> LoanApplication:
    """The application with an offer at this rate, good for the product's days."""
    made = offer_of(product, application.amount_minor, application.months, rate_ppm, at)
    named = (application.id, application.customer, application.account)
    contract = contract_of(product, made, application.months, named)
    return replace(
        application, status="offered", rate_ppm=rate_ppm, effective_ppm=made.effective_ppm,
        instalment_minor=made.plan[0].amount, interest_minor=made.interest_minor, fee_minor=made.fee_minor,
        total_minor=made.total_minor, plan=pack(made.plan), terms_sha256=terms_sha256(contract),
        offered_at=at, expires_at=at + product.offer_days * DAY,
    )  # fmt: skip
