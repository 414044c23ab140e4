"""What can be done to a case from the desk: each form is the same command as in REST; also to many."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import RedirectResponse, Response

from jingwei.channels.roles import RISK
from jingwei.channels.web.pages import new_key, worded
from jingwei.channels.web.staff.case import case_page, row_of
from jingwei.channels.web.staff.floor import may_work, reviewer, worker
from jingwei.channels.web.visit import form_of
from jingwei.journeys.assign_case import AssignCase
from jingwei.journeys.escalate_case import EscalateCase
from jingwei.journeys.note_case import NoteCase
from jingwei.journeys.review_case import ReviewCase
from jingwei.journeys.snooze_case import SnoozeCase
from jingwei.kernel.clock import HOUR
from jingwei.kernel.command import Command, CommandError, checked
from jingwei.kernel.ids import seq_of
from jingwei.kernel.refusal import Refusal

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.routing import Router

    from jingwei.channels.web.staff.floor import Floor
    from jingwei.channels.web.visit import Visit
    from jingwei.journeys.shape import Answer
    from jingwei.stores.sessions import Session

ACTS = ("release", "refuse", "assign", "escalate", "snooze", "note")
MOST_AT_ONCE = 50
TYPED = ("comment", "outcome", "reason", "text", "to")


class Result(NamedTuple):
    """What one case of a batch came to; `address` is its page, `wrong` is why it was not done, or ""."""

    case: str
    address: str
    says: str
    wrong: str


def add_acts(router: Router, floor: Floor) -> None:
    """Add the forms of a case, and the batch."""
    site = floor.site

    async def act(visit: Visit) -> Response:
        session = reviewer(visit)
        form = await form_of(visit, session)
        row, what = row_of(floor, visit), visit.request.path_params["act"]
        if what not in ACTS:
            return RedirectResponse(f"/desk/cases/{row.case.id}", 303)
        typed = {"typed": {name: text(form, name) for name in TYPED}, "opened": what}
        try:
            command = checked(command_of(floor, session, form, what, row.case.id))
        except CommandError:
            return case_page(floor, visit, session, row, typed | {"wrong": visit.say("case.why_missing")})
        answer = (await site.do(command)).answer
        if answer.refusal is not None:
            return case_page(
                floor, visit, session, row_of(floor, visit), typed | {"wrong": wrong_of(visit, answer)}
            )
        stays = what in ("note", "assign") or answer.result == "proposed"
        to = f"/desk/cases/{row.case.id}" if stays else "/desk"
        return RedirectResponse(f"{to}?told={told_of(what, answer)}", 303)

    async def batch(visit: Visit) -> Response:
        session = worker(visit)
        form = await form_of(visit, session)
        what = text(form, "act")
        names = [str(one) for one in form.getlist("case")][:MOST_AT_ONCE]
        cases = [name for name in names if seq_of(name) is not None]
        if what not in ACTS or not cases:
            return RedirectResponse("/desk?error=nothing_chosen", 303)
        doing = (done_to(floor, visit, session, form, (what, case)) for case in cases)
        results = await asyncio.gather(*doing)
        return site.page(visit, "desk/batch.html", {"results": results, "act": what})

    site.add(router, "/desk/cases/{case}/{act}", act, "POST", roles=RISK)
    site.add(router, "/desk/batch", batch, "POST")


async def done_to(
    floor: Floor, visit: Visit, session: Session, form: FormData, act: tuple[str, str]
) -> Result:
    """Do one act (what, case) of a batch, and tell what it came to."""
    what, case = act
    row = floor.board.find(case)
    to = row.address if row is not None else f"/desk/cases/{case}"
    if row is None or not may_work(session, row):
        why = Refusal("case_not_found" if row is None else "not_allowed")
        return Result(case, to, "", worded(why.words(), visit.lang))
    if row.lending and what in ("release", "refuse"):
        return Result(case, to, "", visit.say("book.one_by_one"))
    try:
        command = checked(command_of(floor, session, form, what, case))
    except CommandError:
        return Result(case, to, "", visit.say("case.why_missing"))
    answer = (await floor.site.do(command)).answer
    if answer.refusal is not None:
        return Result(case, to, "", wrong_of(visit, answer))
    return Result(case, to, visit.say(f"told.{told_of(what, answer)}"), "")


def command_of(floor: Floor, session: Session, form: FormData, what: str, case: str) -> Command:
    """The command a form asks for; the key is the form's own for each case, so that twice is once."""
    stamp = floor.site.stamp(session, f"{text(form, 'key') or new_key()}:{what}:{case}")
    fields: dict[str, Any] = {"case": case}
    if what in ("release", "refuse"):
        outcome, reason = text(form, "outcome"), text(form, "reason")
        fields |= {"release": what == "release", "comment": text(form, "comment")}
        return ReviewCase(**stamp, **fields, outcome=outcome, reason=reason)  # type: ignore[arg-type]
    if what == "assign":
        return AssignCase(**stamp, **fields, to=text(form, "to"))
    if what == "escalate":
        return EscalateCase(**stamp, **fields, reason=text(form, "comment"))
    if what == "note":
        return NoteCase(**stamp, **fields, text=text(form, "text"))
    hours = text(form, "hours")
    until = floor.site.now() + (int(hours) if hours.isdecimal() and len(hours) < 4 else 0) * HOUR
    return SnoozeCase(**stamp, **fields, until=until, reason=text(form, "comment"))


def text(form: FormData, name: str) -> str:
    """What was typed into a field."""
    value = form.get(name, "")
    return " ".join(value.split()) if isinstance(value, str) else ""


def wrong_of(visit: Visit, answer: Answer) -> str:
    """Why it was not done."""
    assert answer.refusal is not None
    return worded(answer.refusal.words(), visit.lang)


def told_of(what: str, answer: Answer) -> str:
    """The name of the sentence that says what was done."""
    return "proposed" if answer.result == "proposed" else f"case_{what}"
