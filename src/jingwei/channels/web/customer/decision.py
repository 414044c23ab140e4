"""Why a payment was refused or held, what to change, and the appeal to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import RedirectResponse, Response

from jingwei.channels.identity import caller_of
from jingwei.channels.problems import Problem
from jingwei.channels.rest.evidence import parts_told, seen
from jingwei.channels.web.customer.people import Named
from jingwei.channels.web.pages import worded
from jingwei.channels.web.phrases import phrases
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.journeys.appeal import AppealDecision, own_payment
from jingwei.kernel.command import CommandError, checked
from jingwei.kernel.refusal import Words
from jingwei.ledger.appeals import APPEAL_DAYS, Appeal, appeal_id
from jingwei.ledger.work import Case, Challenge

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.journeys.shape import Sealed
    from jingwei.stores.sessions import Session
    from jingwei.stores.store import Reader

JUDGED = "payment_refused"
MOST_CHANGES = 3


class Reason(NamedTuple):
    """A reason as shown: its sentence, and the law behind it or ""."""

    says: Words
    law: str


class State(NamedTuple):
    """Where a payment stands: a key of phrases ("refused", "waits", ...), and until when."""

    name: str
    until: int = 0


def add_decision(router: Router, site: Site) -> None:
    """Add /app/decision/<id> and its appeal."""

    async def show(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        return page(site, visit, own(site, visit, session))

    async def appeal(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        sealed = own(site, visit, session)
        form = await form_of(visit, session)
        text = str(form.get("text", "")).strip()
        if not text:
            return page(site, visit, sealed, "", visit.say("error.appeal_empty"))
        try:
            stamp = site.stamp(session, str(form.get("key", "")))
            command = checked(AppealDecision(decision=sealed.answer.id, text=text, **stamp))
        except CommandError:
            return page(site, visit, sealed, text, visit.say("error.appeal_long"))
        answer = (await site.do(command)).answer
        if answer.refusal is not None:
            return page(site, visit, sealed, text, worded(answer.refusal.words(), visit.lang))
        return RedirectResponse(f"/app/decision/{sealed.answer.id}?told=appealed", 303)

    site.add(router, "/app/decision/{decision}", show)
    site.add(router, "/app/decision/{decision}/appeal", appeal, "POST")


def own(site: Site, visit: Visit, session: Session) -> Sealed:
    """The payment, if it is the session's own. Raises Problem, foreign and missing alike."""
    sealed = seen(site.desk, visit.request.path_params["decision"], caller_of(session.actor))
    if not own_payment(sealed, session.who):
        raise Problem("decision_not_found")
    return sealed


def state_of(reader: Reader, sealed: Sealed) -> State:
    """Where the payment stands now."""
    given = sealed.answer
    if given.result == "held":
        case = next(iter(reader.load(Case, [given.case])), None)
        if case is not None and case.status == "open":
            return State("waits", case.due_at)
        return State("let_go" if case is not None and case.status == "released" else "refused_by_person")
    if given.result == "stepped_up":
        asked = next(iter(reader.load(Challenge, [given.challenge])), None)
        open_one = asked is not None and asked.status == "open"
        guardian = asked is not None and asked.customer != getattr(sealed.command, "customer", "")
        until = asked.expires_at if asked is not None else 0
        name = asked.status if asked is not None else "expired"
        return State(("waits_guardian" if guardian else "waits_you") if open_one else name, until)
    return State(given.result)


def reasons_of(site: Site, sealed: Sealed) -> list[Reason]:
    """The reasons in their order, heaviest first, with the law a rule names."""
    given = sealed.answer
    policy = site.desk.sentences.policy(given.policy) if given.reasons else None
    laws = {rule.code: rule.law for rule in policy.rules} if policy else {}
    whys = site.desk.sentences.reasons(given)
    found = [Reason(Words(why.en, why.zh), laws.get(why.code, "")) for why in whys]
    if given.refusal is not None and given.refusal.code != JUDGED:
        found.insert(0, Reason(given.refusal.words(), ""))
    return found


def changes(sealed: Sealed) -> list[str]:
    """Keys of the sentences that say what to change, one for each reason that has one."""
    refusal = sealed.answer.refusal
    codes = [refusal.code] if refusal is not None else []
    keys = [f"change.{code}" for code in (*codes, *sealed.answer.reasons)]
    found = {phrases()[key]: key for key in reversed(keys) if key in phrases()}
    return list(found.values())[::-1][:MOST_CHANGES] or ["change.other"]


def page(site: Site, visit: Visit, sealed: Sealed, typed: str = "", refusal: str = "") -> Response:
    """The page; with what was typed and why it was not taken, when it was not."""
    reader = site.desk.reader
    state = state_of(reader, sealed)
    appeal = next(iter(reader.load(Appeal, [appeal_id(sealed.answer.id)])), None)
    payee = getattr(sealed.command, "payee", "")
    named = Named(site, visit, visit.session.who if visit.session else "")
    values = {
        "paid": sealed.command,
        "payee": named(payee) if payee else sealed.command.terminal,
        "id": sealed.answer.id,
        "state": state,
        "reasons": reasons_of(site, sealed),
        "model": [Words(part.en, part.zh) for part in parts_told(sealed.answer)],
        "changes": changes(sealed) if state.name in ("refused", "refused_by_person") else [],
        "appeal": appeal,
        "may_appeal": appeal is None and state.name in ("refused", "refused_by_person"),
        "days": APPEAL_DAYS,
        "typed": typed,
        "refusal": refusal,
    }
    return site.page(visit, "app/decision.html", values, 422 if refusal else 200)
