"""People who wait for the bank: appeals and call-backs, the one due first on top, late ones marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse, Response

from jingwei.channels.problems import Problem
from jingwei.channels.web.customer.decision import reasons_of
from jingwei.channels.web.pages import worded
from jingwei.channels.web.staff.loans.book import open_cases
from jingwei.channels.web.staff.proposals import add_proposals, proposals
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.journeys.answer_appeal import AnswerAppeal
from jingwei.journeys.ask_for_person import AnswerCall
from jingwei.journeys.shape import every
from jingwei.kernel.command import CommandError, checked
from jingwei.kernel.ids import seq_of
from jingwei.ledger.appeals import APPEAL, CALL_BACK, Appeal
from jingwei.ledger.work import Case

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.stores.sessions import Session


def add_people_waiting(router: Router, site: Site) -> None:
    """Add /desk/people with its answers, and /desk/appeal/<id>."""

    def values(session: Session) -> dict[str, Any]:
        found = every(site.desk.reader, Case, "status", "open")
        waiting = [case for case in found if case.code in (APPEAL, CALL_BACK)]
        return {
            "cases": sorted(waiting, key=lambda case: case.due_at),
            "loans": len(open_cases(site)),
            "proposals": proposals(site, session, site.now()),
            "refused": "",
        }

    async def people(visit: Visit) -> Response:
        return site.page(visit, "desk/people.html", values(signed_in(visit, inside=True)))

    async def called(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        form = await form_of(visit, session)
        ask: dict[str, Any] = {"case": str(form.get("case", "")), "words": str(form.get("words", ""))}
        try:
            command = checked(AnswerCall(**ask, **site.stamp(session, str(form.get("key", "")))))
        except CommandError:
            return RedirectResponse("/desk/people?error=not_read", 303)
        refused = (await site.do(command)).answer.refusal is not None
        return RedirectResponse(f"/desk/people?{'error=call_closed' if refused else 'told=called'}", 303)

    async def show(visit: Visit) -> Response:
        signed_in(visit, inside=True)
        return page(site, visit)

    async def answer(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        form = await form_of(visit, session)
        return await answered(site, visit, session, str(form.get("words", "")).strip(), form.get("overturn"))

    site.add(router, "/desk/people", people)
    site.add(router, "/desk/people", called, "POST")
    add_proposals(router, site, values)
    site.add(router, "/desk/appeal/{appeal}", show)
    site.add(router, "/desk/appeal/{appeal}", answer, "POST")


async def answered(site: Site, visit: Visit, session: Session, words: str, overturn: object) -> Response:
    """Answer the appeal of the address; the page again, with what was typed, when it is not taken."""
    number = visit.request.path_params["appeal"]
    if overturn not in ("0", "1") or not words:
        return page(site, visit, words, visit.say("error.appeal_words"))
    ask: dict[str, Any] = {"appeal": number, "overturn": overturn == "1", "words": words}
    try:
        command = checked(AnswerAppeal(**ask, **site.stamp(session, f"appeal:{number}:{site.now()}")))
    except CommandError:
        return page(site, visit, words, visit.say("error.appeal_long"))
    refusal = (await site.do(command)).answer.refusal
    if refusal is not None:
        return page(site, visit, words, worded(refusal.words(), visit.lang))
    return RedirectResponse("/desk/people?told=appeal_answered", 303)


def page(site: Site, visit: Visit, typed: str = "", refusal: str = "") -> Response:
    """One appeal with the decision it is about."""
    number = visit.request.path_params["appeal"]
    found = site.desk.reader.load(Appeal, [number]) if seq_of(number) is not None else []
    if not found:
        raise Problem("appeal_not_found")
    sealed = site.desk.record(found[0].about)
    values = {
        "appeal": found[0],
        "paid": sealed.command,
        "reasons": reasons_of(site, sealed),
        "typed": typed,
        "refusal": refusal,
    }
    return site.page(visit, "desk/appeal.html", values, 422 if refusal else 200)
