"""Confirming a payment the bank asks about: its reasons in words first, then yes, no, or ask family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response

from jingwei.channels.problems import Problem
from jingwei.channels.signon.people import Refused
from jingwei.channels.web.customer.payment import state_of
from jingwei.channels.web.customer.people import Named
from jingwei.channels.web.customer.transfer import key_of
from jingwei.channels.web.pages import worded
from jingwei.channels.web.proving import What, ask_proof, proved
from jingwei.channels.web.sign_in import refused_text
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.kernel.ids import seq_of
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.work import Challenge, Customer

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
            return RedirectResponse(onward(site, challenge), 303)
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
        return RedirectResponse(onward(site, challenge, "" if refusal else chosen), 303)

    site.add(router, "/app/step-up/{challenge}", show)
    site.add(router, "/app/step-up/{challenge}", answer, "POST")


def what(site: Site, visit: Visit, challenge: Challenge) -> What:
    """What is proved: this payment, its payee as the page names it, and its amount."""
    name = Named(site, visit, challenge.customer)(challenge.payee)
    return What("pay", challenge.id, challenge.payee, challenge.amount_minor, challenge.currency, name)


def page(site: Site, visit: Visit, session: Session, challenge: Challenge, says: str = "") -> Response:
    """The reasons, exactly what is to be confirmed, and the answers there are."""
    shown = what(site, visit, challenge)
    sealed = site.desk.record(challenge.about)
    child = child_of(site, challenge)
    whys = site.desk.sentences.reasons(sealed.answer)
    values = {
        "challenge": challenge,
        "child": name_of(site, child) if child else "",
        "payee": shown.name,
        "asking": ask_proof(site, session, shown),
        "reasons": [why.zh if visit.lang == "zh" else why.en for why in whys],
        "open": state_of(site, sealed).code == "stepped_up",
        "failed": "" if says == "?" else says,
    }
    return site.page(visit, "app/step_up.html", values, 422 if says else 200)


TOLD = {"yes": "confirmed", "no": "denied", "family": "family"}
TOLD_GUARDIAN = {"yes": "child_paid", "no": "child_not_paid", "family": "child_not_paid"}


def onward(site: Site, challenge: Challenge, chosen: str = "") -> str:
    """Where the outcome stands: at one's own payment, or with the family; with what was chosen."""
    child = child_of(site, challenge)
    to = "/app/family" if child else f"/app/payment/{challenge.about}"
    return f"{to}?told={(TOLD_GUARDIAN if child else TOLD)[chosen]}" if chosen else to


def child_of(site: Site, challenge: Challenge) -> str:
    """Who asked for the payment when it was not the one who must answer: a guardian's child; else ""."""
    asked = str(getattr(site.desk.record(challenge.about).command, "customer", ""))
    return "" if asked == challenge.customer else asked


def name_of(site: Site, who: str) -> str:
    """The name of somebody the guardian knows."""
    found = next(iter(site.desk.reader.load(Customer, [who])), None)
    return found.name if found and found.name else who


def mine(site: Site, who: str, some_id: str) -> Challenge:
    """The customer's own challenge. Raises Problem, foreign and missing alike."""
    found = site.desk.reader.load(Challenge, [some_id]) if seq_of(some_id) is not None else []
    if not found or found[0].customer != who:
        raise Problem("challenge_not_found")
    return found[0]
