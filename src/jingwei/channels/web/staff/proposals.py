"""Changes that wait for a second person: what each would do, and that person's yes or no."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace
from starlette.responses import RedirectResponse, Response

from jingwei.channels.rates import reference
from jingwei.channels.roles import may_ask
from jingwei.channels.web.pages import worded
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.journeys.exchange import Exchange
from jingwei.journeys.review_case import ReviewCase
from jingwei.journeys.set_limits import SetLimits
from jingwei.journeys.shape import every
from jingwei.journeys.two_people import PROPOSALS
from jingwei.kernel.command import Command
from jingwei.ledger.accounts import Account
from jingwei.ledger.work import Case

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.stores.sessions import Session


class Proposal(NamedTuple):
    """A change that waits: its case, what was asked for, in which currencies, and what this person may do.

    `sold` is the currency of the account that is changed or pays, `bought` that of an exchange's payee.
    `agree`: this person may ask for the same; `decline`: may say no.
    """

    case: Case
    ask: Exchange | SetLimits
    sold: str
    bought: str
    rate: str
    mine: bool
    agree: bool
    decline: bool


def proposals(site: Site, session: Session, now: int) -> list[Proposal]:
    """The changes that wait for a second person at this moment, the one that ends first on top."""
    cases = [
        case
        for case in every(site.desk.reader, Case, "status", "open")
        if case.code in PROPOSALS and case.due_at > now
    ]
    found = (_read(site, session, case) for case in sorted(cases, key=lambda case: case.due_at))
    return [one for one in found if one is not None]


def _read(site: Site, session: Session, case: Case) -> Proposal | None:
    ask = site.desk.record(case.about).command
    if not isinstance(ask, Exchange | SetLimits):
        return None
    names = (ask.payer, ask.payee) if isinstance(ask, Exchange) else (ask.account,)
    kept = {one.id: one.currency for one in site.desk.reader.load(Account, names)}
    mine = ask.actor == session.actor
    return Proposal(
        case, ask, kept[names[0]], kept[names[-1]],
        rate_text(ask) if isinstance(ask, Exchange) else "", mine,
        not mine and may_ask(session.roles, type(ask)), may_ask(session.roles, ReviewCase),
    )  # fmt: skip


def rate_text(ask: Exchange) -> str:
    """The rate as people write it: 7.12"""
    return format((Decimal(ask.rate_numerator) / Decimal(ask.rate_denominator)).normalize(), "f")


def add_proposals(router: Router, site: Site, values: Callable[[Session], dict[str, Any]]) -> None:
    """Add the answers to proposals, which stand on /desk/people; `values` are those of that page."""

    async def answer(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        form = await form_of(visit, session)
        stamp, named = site.stamp(session, str(form.get("key", ""))), str(form.get("case", ""))
        waiting = proposals(site, session, stamp["at"])
        found = next((one for one in waiting if one.case.id == named), None)
        if found is None:
            return RedirectResponse("/desk/people?error=proposal_gone", 303)
        command = _answer(site, found, str(form.get("do", "")), stamp)
        if command is None:
            return RedirectResponse("/desk/people?error=not_read", 303)
        given = (await site.do(command)).answer
        if given.refusal is not None:
            why = worded(given.refusal.words(), visit.lang)
            return site.page(visit, "desk/people.html", values(session) | {"refused": why}, 409)
        if given.result == "proposed":
            return RedirectResponse("/desk/people?error=proposal_anew", 303)
        told = "proposal_declined" if isinstance(command, ReviewCase) else "proposal_done"
        return RedirectResponse(f"/desk/people?told={told}", 303)

    site.add(router, "/desk/people/proposal", answer, "POST")


def _answer(site: Site, found: Proposal, does: str, stamp: dict[str, Any]) -> Command | None:
    """What this person asks for: the same change, its end, or None for anything else."""
    if does == "decline":
        return ReviewCase(case=found.case.id, release=False, **stamp)
    if does != "agree":
        return None
    if isinstance(found.ask, Exchange):
        now = reference(site.desk.home.path, found.sold, found.bought)
        return replace(found.ask, reference=now, **stamp)
    return replace(found.ask, **stamp)
