"""The work on a loan case: who has it, putting it off, the second line, remarks; as with a payment's case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response

from jingwei.channels.roles import LENDING
from jingwei.channels.web.staff.acts import command_of, text, told_of, wrong_of
from jingwei.channels.web.staff.floor import worker
from jingwei.channels.web.staff.loans.case import case_at, page
from jingwei.channels.web.visit import Visit, form_of
from jingwei.kernel.command import CommandError, checked

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.staff.floor import Floor

ACTS = ("assign", "escalate", "snooze", "note")
TYPED = ("comment", "text")


def add_work(router: Router, floor: Floor) -> None:
    """Add the forms of /desk/loans/cases/{case}: each is the same command as in REST."""
    site = floor.site

    async def act(visit: Visit) -> Response:
        session = worker(visit)
        form = await form_of(visit, session)
        case, found = case_at(site, visit)
        what = visit.request.path_params["act"]
        here = f"/desk/loans/cases/{case.id}"
        if what not in ACTS:
            return RedirectResponse(here, 303)
        typed = {"typed": {name: text(form, name) for name in TYPED}, "opened": what}
        try:
            command = checked(command_of(floor, session, form, what, case.id))
        except CommandError:
            return page(floor, visit, session, case, found, typed | {"wrong": visit.say("case.why_missing")})
        answer = (await site.do(command)).answer
        if answer.refusal is not None:
            return page(floor, visit, session, case, found, typed | {"wrong": wrong_of(visit, answer)})
        to = here if what in ("note", "assign") else "/desk"
        return RedirectResponse(f"{to}?told={told_of(what, answer)}", 303)

    site.add(router, "/desk/loans/cases/{case}/{act}", act, "POST", roles=LENDING)
