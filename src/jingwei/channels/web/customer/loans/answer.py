"""The answer to an application: an offer to sign, a person who looks at it, or a refusal that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from jingwei.channels.lending.figures import sources_of
from jingwei.channels.signon.people import Refused
from jingwei.channels.web.customer.loans.applying import plain
from jingwei.channels.web.customer.loans.mine import own, state_of
from jingwei.channels.web.customer.people import Named
from jingwei.channels.web.customer.transfer import key_of
from jingwei.channels.web.lending.papers import contract_digest, foresee
from jingwei.channels.web.lending.pictures import instalments
from jingwei.channels.web.lending.told import (
    advice_of,
    name_of,
    parts_of,
    policy_of,
    product_of,
    purpose_text,
    rows_of,
    sentence,
)
from jingwei.channels.web.pages import worded
from jingwei.channels.web.proving import What, ask_proof, proved
from jingwei.channels.web.saved import font
from jingwei.channels.web.sign_in import refused_text
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.domains.credit.advice import Advice, told
from jingwei.domains.credit.letter import letter
from jingwei.domains.credit.loans import LoanApplication
from jingwei.domains.credit.offer import percent
from jingwei.domains.credit.schedule import unpack
from jingwei.journeys.review_loan import AskLoanReview
from jingwei.journeys.sign_loan import DeclineLoanOffer, SignLoan
from jingwei.kernel.command import CommandError, checked
from jingwei.ledger.appeals import APPEAL_DAYS, Appeal, appeal_id
from jingwei.ledger.work import Case

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.stores.sessions import Session

MISSING = "application_not_found"
FILLS = {"lower_amount": "amount", "longer_term": "months"}
"""The changes that the form itself can make, and the field each goes into."""


def add_answer(router: Router, site: Site) -> None:
    """Add /app/loans/applications/{application} with signing, declining and the appeal."""

    def found(visit: Visit) -> tuple[Session, LoanApplication]:
        session = signed_in(visit, inside=False)
        return session, own(site, session, LoanApplication, visit.request.path_params["application"], MISSING)

    async def show(visit: Visit) -> Response:
        session, application = found(visit)
        return page(site, visit, session, application)

    async def sign(visit: Visit) -> Response:
        session, application = found(visit)
        return await signed(site, visit, session, application)

    async def decline(visit: Visit) -> Response:
        session, application = found(visit)
        stamp = site.stamp(session, key_of(await form_of(visit, session)))
        command = DeclineLoanOffer(customer=session.who, application=application.id, **stamp)
        refusal = (await site.do(command)).answer.refusal
        if refusal is not None:
            return page(site, visit, session, application, worded(refusal.words(), visit.lang))
        return RedirectResponse("/app/loans?told=loan_declined", 303)

    async def appeal(visit: Visit) -> Response:
        session, application = found(visit)
        form = await form_of(visit, session)
        text = str(form.get("text", "")).strip()
        if not text:
            return page(site, visit, session, application, visit.say("error.appeal_empty"))
        try:
            stamp = site.stamp(session, key_of(form))
            command = checked(AskLoanReview(application=application.id, text=text, **stamp))
        except CommandError:
            return page(site, visit, session, application, visit.say("error.appeal_long"), text)
        refusal = (await site.do(command)).answer.refusal
        if refusal is not None:
            return page(site, visit, session, application, worded(refusal.words(), visit.lang), text)
        return RedirectResponse(f"/app/loans/applications/{application.id}?told=appealed", 303)

    base = "/app/loans/applications/{application}"
    site.add(router, base, show)
    site.add(router, f"{base}/sign", sign, "POST")
    site.add(router, f"{base}/decline", decline, "POST")
    site.add(router, f"{base}/appeal", appeal, "POST")


def what(site: Site, visit: Visit, application: LoanApplication) -> What:
    """What is proved by signing: this loan, this amount, to this account."""
    one = application
    name = Named(site, visit, one.customer)(one.account)
    return What("loan", one.id, one.account, one.amount_minor, one.currency, name)


async def signed(site: Site, visit: Visit, session: Session, application: LoanApplication) -> Response:
    """Sign exactly what the page showed: the proof names the loan and the amount."""
    form = await form_of(visit, session)
    if not form.get("read"):
        return page(site, visit, session, application, visit.say("loans.error.read"))
    try:
        proof = (await proved(site, visit, form, what(site, visit, application))).evidence
    except Refused as refused:
        return page(site, visit, session, application, refused_text(visit, refused))
    digest = await contract_digest(site.desk.reader, application)
    try:
        command = checked(sign_command(site, session, form, application, proof, digest))
    except CommandError:
        return page(site, visit, session, application, visit.say("error.form_old"))
    answer = (await site.do(command)).answer
    if answer.refusal is not None:
        return page(site, visit, session, application, worded(answer.refusal.words(), visit.lang))
    return RedirectResponse(f"/app/loans/{answer.made}?told=loan_signed", 303)


def sign_command(
    site: Site, session: Session, form: FormData, application: LoanApplication, proof: str, digest: str
) -> SignLoan:
    """The command, with the amount and the digest of the terms as the page showed them."""
    shown = str(form.get("amount_minor", ""))
    return SignLoan(
        **site.stamp(session, key_of(form)), customer=session.who, application=application.id,
        account=application.account, amount_minor=int(shown) if shown.isascii() and shown.isdecimal() else 0,
        currency=application.currency, terms_sha256=str(form.get("terms_sha256", "")), proof=proof,
        contract_sha256=digest,
    )  # fmt: skip


def page(
    site: Site, visit: Visit, session: Session, application: LoanApplication, wrong: str = "", typed: str = ""
) -> Response:
    """The answer as it stands now."""
    state = state_of(application, site.now())
    values: dict[str, Any] = {
        "one": application,
        "state": state,
        "wrong": wrong,
        "typed": typed,
        "name": name_of(visit, application.product),
        "purpose": purpose_text(visit, application.purpose),
        "parts": parts_of(application),
        "sources": sources_of(application),
        "percent": percent,
        "pdf": font() is not None,
    }
    if application.plan:
        values |= offer_values(visit, application)
    if state == "offered":
        foresee(site.desk.reader, application)
        values["asking"] = ask_proof(site, session, what(site, visit, application))
        values["account"] = Named(site, visit, application.customer)(application.account)
    elif state == "waiting":
        case = next(iter(site.desk.reader.load(Case, [application.case_number])), None)
        values |= {"due": case.due_at if case else 0, "policy": policy_of(application)}
    elif state == "refused":
        values |= refusal_values(site, visit, application)
    return site.page(visit, "app/loans/answer.html", values, 422 if wrong else 200)


def offer_values(visit: Visit, application: LoanApplication) -> dict[str, Any]:
    """The offer: in one sentence, as a chart, row by row."""
    rows = rows_of(unpack(application.plan))
    return {
        "sentence": worded(sentence(application), visit.lang),
        "rows": rows,
        "picture": instalments(rows, application.currency, visit.say("loans.chart")),
        "product": product_of(application.product),
    }


def refusal_values(site: Site, visit: Visit, application: LoanApplication) -> dict[str, Any]:
    """Why, what would turn it, and the way to a person."""
    appeal = next(iter(site.desk.reader.load(Appeal, [appeal_id(application.decision)])), None)
    advice = [
        (worded(told(one, application.currency), visit.lang), one.leads_to, fills(application, one))
        for one in advice_of(application)
    ]
    return {
        "letter": letter(application), "advice": advice, "appeal": appeal, "days": APPEAL_DAYS,
        "may_appeal": appeal is None,
    }  # fmt: skip


def fills(application: LoanApplication, advice: Advice) -> str:
    """The address of the form with these changes made; "" when the form cannot make any of them."""
    code = application.product.partition("@")[0]
    asked = {
        "amount": plain(application.amount_minor, application.currency),
        "months": str(application.months),
        "purpose": application.purpose,
    }
    changes = {FILLS[one.code]: one.value for one in advice.changes if one.code in FILLS}
    if not changes:
        return ""
    if "amount" in changes:
        asked["amount"] = plain(changes["amount"], application.currency)
    if "months" in changes:
        asked["months"] = str(changes["months"])
    return f"/app/loans/apply/{code}?{urlencode(asked)}"
