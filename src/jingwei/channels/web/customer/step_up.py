"""Confirming a payment the bank asks about: its reasons in words first, then yes, no, or ask family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response

from jingwei.channels.problems import Problem
from jingwei.channels.signon.people import Refused
from jingwei.channels.web.customer.payment import own_payment, state_of
from jingwei.channels.web.customer.people import Named
from jingwei.channels.web.customer.transfer import key_of
from jingwei.channels.web.pages import worded
from jingwei.channels.web.proving import What, ask_proof, proved
from jingwei.channels.web.sign_in import refused_text
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.kernel.ids import seq_of
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.work import Challenge

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.stores.sessions import Session


def add_step_up(router: Router, site: Site) -> None:
    """Add /app/step-up/{challenge}."""

    async def show(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        challenge = mine(site, session.who, visit.request.path_params["challenge"])
        if challenge.status != "open":
            return RedirectResponse(f"/app/payment/{challenge.about}", 303)
        return page(site, visit, session, challenge)

    async def answer(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        form = await form_of(visit, session)
        challenge = mine(site, session.who, visit.request.path_params["challenge"])
        chosen = str(form.get("answer", "")) or ("yes" if form.get("passkey") else "")
        shown = tuple(str(form.get(name, "")) for name in ("payee", "amount_minor", "currency"))
        if chosen not in ("yes", "no", "family"):
            return page(site, visit, session, challenge, "?")
        if shown != (challenge.payee, str(challenge.amount_minor), challenge.currency):
            words = Refusal("what_was_signed_differs").words()
            return page(site, visit, session, challenge, worded(words, visit.lang))
        evidence = ""
        if chosen == "yes":
            try:
                evidence = (await proved(site, visit, form, what(site, visit, challenge))).evidence
            except Refused as refused:
                return page(site, visit, session, challenge, refused_text(visit, refused))
        command = AnswerStepUp(
            **site.stamp(session, key_of(form)),
            challenge=challenge.id,
            confirm=chosen == "yes",
            payee=shown[0],
            amount_minor=int(shown[1]),
            currency=shown[2],
            proof=evidence,
        )
        reply = await site.do(command)
        refusal = reply.answer.refusal
        if refusal is not None and refusal.code != "challenge_expired":
            return page(site, visit, session, challenge, worded(refusal.words(), visit.lang))
        told = {"yes": "confirmed", "no": "denied", "family": "family"}[chosen]
        about = f"/app/payment/{challenge.about}"
        return RedirectResponse(about if refusal else f"{about}?told={told}", 303)

    site.add(router, "/app/step-up/{challenge}", show)
    site.add(router, "/app/step-up/{challenge}", answer, "POST")


def what(site: Site, visit: Visit, challenge: Challenge) -> What:
    """What is proved: this payment, its payee as the page names it, and its amount."""
    name = Named(site, visit, challenge.customer)(challenge.payee)
    return What("pay", challenge.id, challenge.payee, challenge.amount_minor, challenge.currency, name)


def page(site: Site, visit: Visit, session: Session, challenge: Challenge, says: str = "") -> Response:
    """The reasons, exactly what is to be confirmed, and the answers there are."""
    shown = what(site, visit, challenge)
    sealed = own_payment(site, challenge.customer, challenge.about)
    whys = site.desk.sentences.reasons(sealed.answer)
    values = {
        "challenge": challenge,
        "payee": shown.name,
        "asking": ask_proof(site, session, shown),
        "reasons": [why.zh if visit.lang == "zh" else why.en for why in whys],
        "open": state_of(site, sealed).code == "stepped_up",
        "failed": "" if says == "?" else says,
    }
    return site.page(visit, "app/step_up.html", values, 422 if says else 200)


def mine(site: Site, who: str, some_id: str) -> Challenge:
    """The customer's own challenge. Raises Problem, foreign and missing alike."""
    found = site.desk.reader.load(Challenge, [some_id]) if seq_of(some_id) is not None else []
    if not found or found[0].customer != who:
        raise Problem("challenge_not_found")
    return found[0]
