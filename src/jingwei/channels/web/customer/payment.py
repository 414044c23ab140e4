"""One payment: what, when, why, where it stands, and taking it back while that is possible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from jingwei.channels.problems import Problem
from jingwei.channels.web.customer.people import Named
from jingwei.channels.web.customer.transfer import key_of
from jingwei.channels.web.pages import worded
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.channels.words import result_words
from jingwei.journeys.pay import Pay
from jingwei.journeys.shape import Sealed
from jingwei.journeys.undo_payment import UndoPayment
from jingwei.kernel.ids import case_id, challenge_id, pending_id
from jingwei.kernel.refusal import REFUSALS
from jingwei.ledger.accounts import Hold
from jingwei.ledger.planned import PendingPayment
from jingwei.ledger.work import Case, Challenge, Reversal

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.kernel.kept import Kept

SENT, UNDONE, FAILED = "sent", "undone", "failed"


class State(NamedTuple):
    """Where a payment stands: `code` names its sentence; what waits for an answer, if anything does."""

    code: str
    pending: PendingPayment | None = None
    challenge: Challenge | None = None
    case: Case | None = None


def add_payment(router: Router, site: Site) -> None:
    """Add /app/payment/{payment} and its undo."""

    async def show(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        sealed = own_payment(site, session.who, visit.request.path_params["payment"])
        return site.page(visit, "app/payment.html", told(site, visit, session.who, sealed))

    async def undo(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        form = await form_of(visit, session)
        sealed = own_payment(site, session.who, visit.request.path_params["payment"])
        pending = state_of(site, sealed).pending
        named = pending.id if pending else "U00000000000"
        answer = (await site.do(UndoPayment(**site.stamp(session, key_of(form)), pending=named))).answer
        if answer.refusal is not None:
            values = told(site, visit, session.who, sealed)
            says = worded(answer.refusal.words(), visit.lang)
            return site.page(visit, "app/payment.html", values | {"failed": says}, 422)
        return RedirectResponse(f"/app/payment/{sealed.answer.id}?told=undone", 303)

    site.add(router, "/app/payment/{payment}", show)
    site.add(router, "/app/payment/{payment}/undo", undo, "POST")


def own_payment(site: Site, who: str, some_id: str) -> Sealed:
    """The record of a transfer this customer made or got. Raises Problem, foreign and missing alike."""
    sealed = site.desk.record(some_id)
    command = sealed.command
    if isinstance(command, Pay):
        got = sealed.answer.movements or sealed.answer.hold
        if command.customer == who or (got and site.desk.home.bank.owner_of(command.payee) == who):
            return sealed
    raise Problem("decision_not_found")


def _one(site: Site, kind: type[Kept], some_id: str) -> Any:
    return next(iter(site.desk.reader.load(kind, [some_id])), None)


def state_of(site: Site, sealed: Sealed) -> State:
    """Where a payment stands now."""
    answer, number = sealed.answer, sealed.seq
    if answer.result == "refused":
        return State("refused")
    if _one(site, Reversal, answer.id) is not None:
        return State("reversed")
    if answer.movements:
        return State(SENT)
    pending = _one(site, PendingPayment, pending_id(number))
    if pending is not None:
        codes = {"settled": SENT, "expired": FAILED}
        return State(codes.get(pending.status, pending.status), pending=pending)
    challenge = _one(site, Challenge, challenge_id(number)) if answer.challenge else None
    if challenge is not None:
        over = challenge.status == "open" and challenge.expires_at < site.now()
        code = {"confirmed": SENT, "open": "stepped_up"}.get(challenge.status, challenge.status)
        return State("late" if over else code, challenge=challenge)
    case = _one(site, Case, case_id(number)) if answer.case else None
    if case is not None:
        return State({"released": SENT, "open": "held"}.get(case.status, "not_released"), case=case)
    hold = _one(site, Hold, answer.hold)
    return State(SENT if hold is None or hold.status == "captured" else "held")


def told(site: Site, visit: Visit, who: str, sealed: Sealed) -> dict[str, Any]:
    """Everything the page of a payment shows."""
    command, answer = sealed.command, sealed.answer
    mine = command.customer == who
    state = state_of(site, sealed)
    if not mine and state.code not in (SENT, "reversed"):
        raise Problem("decision_not_found")
    named = Named(site, visit, who)
    lang = visit.lang
    whys = site.desk.sentences.reasons(answer) if mine else ()
    reasons = [why.zh if lang == "zh" else why.en for why in whys]
    refusal = worded(result_words(answer), lang) if answer.refusal is not None else ""
    why = REFUSALS[state.pending.why] if state.pending and state.pending.why in REFUSALS else None
    fees = sum(one.amount_minor for one in answer.movements[1:])
    return {
        "payment": command, "id": answer.id, "mine": mine, "state": state, "reasons": reasons,
        "refusal": refusal, "payer": named(command.payer), "payee": named(command.payee),
        "fee": state.pending.fee_minor if state.pending else fees, "failed": "",
        "why": worded(why.told({}), lang) if why else "", "again": again(command) if mine else "",
    }  # fmt: skip


def again(command: Pay) -> str:
    """The address that begins the same payment again."""
    return "/app/pay?" + urlencode({"to": command.payee})
