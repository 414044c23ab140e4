"""The editor: a policy as text or as a form, checked line by line, tried on history, proposed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from starlette.responses import RedirectResponse, Response

from jingwei.channels.rest.rule_versions import in_force, next_version
from jingwei.channels.web.pages import worded
from jingwei.channels.web.staff.oversight.room import RULES, field, refusal_says
from jingwei.channels.web.staff.oversight.work import start_backtest
from jingwei.channels.web.visit import form_of
from jingwei.decisions.policy import Policy, PolicyError, Rule, Verdict, parse_policy, to_toml
from jingwei.decisions.wrong_in_chinese import both
from jingwei.journeys.propose_policy import ProposePolicy
from jingwei.journeys.publish_policy import COLUMNS

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.channels.web.staff.oversight.room import Room
    from jingwei.channels.web.visit import Visit

MOST_TEXT = 100_000
FORM_RULES = 18
"""Policies of more rules are edited as text alone: a form takes a limited number of fields."""

VERDICTS = tuple(verdict.code for verdict in Verdict if verdict is not Verdict.ALLOW)


def add_editor(router: Router, room: Room) -> None:
    """Add /desk/rules/{name}/edit."""
    site = room.site

    async def show(visit: Visit) -> Response:
        room.enter(visit, *RULES)
        policy = in_force(room.desk.reader, visit.request.path_params["name"])
        text = room.desk.reader.note(f"policy:{policy.name}") or to_toml(policy)
        number = next_version(room.desk.reader, policy)
        return editor_page(site, visit, policy, renumbered(text, policy, number))

    async def take(visit: Visit) -> Response:
        session = room.enter(visit, *RULES)
        form = await form_of(visit, session)
        policy = in_force(room.desk.reader, visit.request.path_params["name"])
        do, why, text = field(form, "do", 20), field(form, "why"), field(form, "text", MOST_TEXT)
        try:
            if do == "apply":
                text = applied(form, parse_policy(text, known=COLUMNS))
            draft = checked(text, policy)
        except PolicyError as error:
            says = worded(both(str(error)), visit.lang)
            return editor_page(site, visit, policy, text, {"error_says": says, "why": why})
        says = visit.say("job.one_at_a_time")
        if do == "backtest":
            if job := start_backtest(room, session, draft, field(form, "most", 20)):
                return RedirectResponse(f"/desk/jobs/{job.id}", 303)
            return editor_page(site, visit, policy, text, {"error_says": says, "why": why})
        if do == "propose":
            ask = ProposePolicy(**site.stamp(session, field(form, "key")), text=text, why=why)
            answer = (await site.do(ask)).answer
            if answer.refusal is None:
                return RedirectResponse(f"/desk/drafts/{answer.made}?told=proposed", 303)
            says = refusal_says(answer.refusal, visit.lang)
            return editor_page(site, visit, policy, text, {"error_says": says, "why": why})
        found = {"checked": draft, "changes": changes(policy, draft), "why": why}
        return editor_page(site, visit, policy, text, found)

    site.add(router, "/desk/rules/{name}/edit", show)
    site.add(router, "/desk/rules/{name}/edit", take, "POST")


def editor_page(
    site: Site, visit: Visit, policy: Policy, text: str, more: Mapping[str, Any] | None = None
) -> Response:
    """The editor with this text, and what is wrong with it or would change."""
    try:
        rules = parse_policy(text, known=COLUMNS).rules
    except PolicyError:
        rules = ()
    values = {
        "policy": policy, "text": text, "error_says": "", "why": "", "checked": None, "changes": [],
        "fields": rules if len(rules) <= FORM_RULES else (), "verdicts": VERDICTS, "columns": COLUMNS,
        **(more or {}),
    }  # fmt: skip
    return site.page(visit, "desk/editor.html", values, 422 if values["error_says"] else 200)


def checked(text: str, policy: Policy) -> Policy:
    """The policy written here, when it may follow this one. Raises PolicyError naming line and field."""
    draft = parse_policy(text, known=COLUMNS)
    if draft.name != policy.name:
        raise PolicyError(f"this is the editor of {policy.name!r}, not of {draft.name!r}", "name")
    return draft


def renumbered(text: str, policy: Policy, number: int) -> str:
    """The text with the next version's number."""
    lines = text.split("\n")
    for place, line in enumerate(lines):
        if line.replace(" ", "") == f"version={policy.version}":
            lines[place] = f"version = {number}"
            return "\n".join(lines)
    return to_toml(replace(policy, version=number))


def applied(form: Any, policy: Policy) -> str:
    """The policy with what the form says of each rule, as text. Raises PolicyError."""
    rules = tuple(_applied(form, rule, place) for place, rule in enumerate(policy.rules))
    return to_toml(Policy(policy.name, policy.version, rules))


def _applied(form: Any, rule: Rule, place: int) -> Rule:
    weight = field(form, f"weight.{rule.code}", 10) or str(rule.weight)
    if not (weight.isascii() and weight.isdigit()):
        raise PolicyError("must be a whole number", "weight", place)
    try:
        verdict = Verdict.of(field(form, f"verdict.{rule.code}", 20) or rule.verdict.code)
    except ValueError as error:
        raise PolicyError(str(error), "verdict", place) from None
    when = field(form, f"when.{rule.code}", 500) or rule.when
    return replace(rule, when=when, verdict=verdict, weight=int(weight))


def changes(old: Policy, new: Policy) -> list[tuple[str, str, str, str]]:
    """What differs, rule by rule: (code, field, before, after); "" for a rule that is not there."""
    before, after = ({rule.code: rule for rule in policy.rules} for policy in (old, new))
    told = [(code, "rule", before[code].when, "") for code in before if code not in after]
    told += [(code, "rule", "", after[code].when) for code in after if code not in before]
    for code in before.keys() & after.keys():
        for name in ("when", "verdict", "weight", "says", "says_zh", "law"):
            first, then = (worded_field(getattr(side[code], name)) for side in (before, after))
            if first != then:
                told.append((code, name, first, then))
    return sorted(told)


def worded_field(value: object) -> str:
    """A rule's field as text."""
    return value.code if isinstance(value, Verdict) else str(value)
