"""The page of a draft: what changes, what a backtest and the shadow say, and the second person's answer."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse, Response

from jingwei.channels.problems import Problem
from jingwei.channels.rest.rule_versions import in_force
from jingwei.channels.web.staff.oversight.editor import changes
from jingwei.channels.web.staff.oversight.room import RULES, field, refusal_says, who
from jingwei.channels.web.staff.oversight.rules import wrong_page
from jingwei.channels.web.staff.oversight.shadows import draft_text
from jingwei.channels.web.staff.oversight.work import compared_values, start_backtest
from jingwei.channels.web.visit import form_of
from jingwei.decisions.drafts import OPEN, PolicyDraft
from jingwei.decisions.policy import Verdict, parse_policy
from jingwei.journeys.answer_draft import ApprovePolicy, RejectPolicy
from jingwei.journeys.shadow_policy import ShadowPolicy
from jingwei.journeys.shape import Answer

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.staff.oversight.room import Room
    from jingwei.channels.web.visit import Visit
    from jingwei.kernel.command import Command
    from jingwei.stores.sessions import Session

ACTS = ("approve", "reject", "shadow", "unshadow", "backtest")


def add_drafts(router: Router, room: Room) -> None:
    """Add /desk/drafts/{draft} and what can be done with it."""
    site = room.site

    async def show(visit: Visit) -> Response:
        session = room.enter(visit, *RULES)
        return site.page(visit, "desk/policy_draft.html", draft_values(room, session, draft_of(room, visit)))

    async def act(visit: Visit) -> Response:
        session = room.enter(visit, *RULES)
        form = await form_of(visit, session)
        draft, what = draft_of(room, visit), visit.request.path_params["act"]
        if what not in ACTS:
            raise Problem("not_found")
        if what == "backtest":
            candidate = parse_policy(draft_text(room.desk.reader, draft))
            job = start_backtest(room, session, candidate, field(form, "most", 20), about=draft.id)
            if job is None:
                return RedirectResponse(f"/desk/drafts/{draft.id}?error=one_at_a_time", 303)
            return RedirectResponse(f"/desk/jobs/{job.id}", 303)
        answer: Answer = (await site.do(command(room, session, draft, what, form))).answer
        if answer.refusal is not None:
            return wrong_page(site, visit, refusal_says(answer.refusal, visit.lang))
        return RedirectResponse(f"/desk/drafts/{draft.id}?told=draft_{what}", 303)

    site.add(router, "/desk/drafts/{draft}", show)
    site.add(router, "/desk/drafts/{draft}/{act}", act, "POST")


def draft_of(room: Room, visit: Visit) -> PolicyDraft:
    """The draft in the address. Raises Problem `not_found`."""
    for draft in room.desk.reader.load(PolicyDraft, [visit.request.path_params["draft"]]):
        return draft
    raise Problem("not_found")


def command(room: Room, session: Session, draft: PolicyDraft, what: str, form: Any) -> Command:
    """What is asked of the bank."""
    stamp = room.site.stamp(session, field(form, "key"))
    says = field(form, "comment")
    if what == "approve":
        text = draft_text(room.desk.reader, draft)
        return ApprovePolicy(**stamp, draft=draft.id, text=text, comment=says)
    if what == "reject":
        return RejectPolicy(**stamp, draft=draft.id, reason=says)
    return ShadowPolicy(**stamp, draft=draft.id, on=what == "shadow")


def draft_values(room: Room, session: Session, draft: PolicyDraft) -> dict[str, Any]:
    """What the page of a draft shows."""
    reader = room.desk.reader
    now, text = in_force(reader, draft.name), draft_text(reader, draft)
    before = reader.note(f"policy:{draft.name}") or ""
    job = room.jobs.newest("backtest", draft.id) or room.jobs.newest(
        "backtest", f"{draft.name}@{draft.version}"
    )
    shadow = room.shadows.told(draft.id)
    return {
        "draft": draft,
        "open": draft.state in OPEN,
        "mine": draft.proposed_by == session.actor,
        "by": who(draft.proposed_by),
        "answered_by": who(draft.answered_by),
        "now": now,
        "changes": changes(now, parse_policy(text)) if draft.state in OPEN else [],
        "lines": difference(before, text) if draft.state in OPEN else [],
        "text": text,
        "job": job,
        "shadow": compared_values(shadow) if shadow else None,
        "verdicts": [verdict.code for verdict in Verdict],
    }


def difference(before: str, after: str) -> list[tuple[str, str]]:
    """The lines that differ and three around them: ("add" | "gone" | "same", line)."""
    kinds = {"+": "add", "-": "gone", " ": "same"}
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3)
    return [(kinds[line[0]], line) for line in list(found)[2:] if line[:1] in kinds]
