"""The rules page: what judges now, how often each rule hits and errs, every version, and one step back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import RedirectResponse, Response

from jingwei.channels.rest.rule_versions import in_force, number_of, policies, text_again
from jingwei.channels.web.staff.oversight.room import RULES, asked, field, refusal_says, who, whole
from jingwei.channels.web.visit import form_of
from jingwei.decisions.decision import MISSING_SAYS, MISSING_SAYS_ZH
from jingwei.decisions.drafts import OPEN, PolicyDraft
from jingwei.decisions.policy import INPUT_MISSING, Policy, Verdict
from jingwei.decisions.published import PolicyVersion
from jingwei.journeys.roll_back_policy import RollBackPolicy
from jingwei.journeys.shape import every
from jingwei.journeys.table import unseal
from jingwei.kernel.clock import DAY
from jingwei.kernel.ids import seq_of

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.channels.web.staff.oversight.facts import Facts
    from jingwei.channels.web.staff.oversight.room import Room
    from jingwei.channels.web.visit import Visit
    from jingwei.stores.store import Reader

PERIODS = (1, 7, 30)


class RuleSeen(NamedTuple):
    """A rule and how it did: `good` and `fraud` of its `hits` are known by now."""

    code: str
    says: str
    when: str
    verdict: str
    weight: int
    law: str
    hits: int
    customers: int
    fraud: int
    good: int

    @property
    def false_alarms(self) -> float | None:
        """Share of known hits that were good; None when nothing is known of any."""
        known = self.fraud + self.good
        return self.good / known if known else None


class Version(NamedTuple):
    """A published version: who published it, when, how and why."""

    id: str
    number: int
    by: str
    at: int
    how: str
    why: str
    record: str
    in_force: bool


class PolicySeen(NamedTuple):
    """A policy in force. `payments` were judged by it (any version) in the period."""

    policy: Policy
    payments: int
    rules: list[RuleSeen]
    versions: list[Version]
    drafts: list[PolicyDraft]


def add_rules(router: Router, room: Room) -> None:
    """Add /desk/rules and going back to an earlier version."""
    site = room.site

    async def rules(visit: Visit) -> Response:
        room.enter(visit, *RULES)
        days = whole(asked(visit, "days"), 7)
        days = days if days in PERIODS else 7
        facts = await room.look()
        seen = [policy_seen(room, facts, name, days, visit.lang) for name in policies(room.desk.reader)]
        return site.page(
            visit, "desk/rules.html", {"seen": seen, "days": days, "periods": PERIODS, "facts": facts}
        )

    async def back(visit: Visit) -> Response:
        session = room.enter(visit, *RULES)
        form = await form_of(visit, session)
        name, to = visit.request.path_params["name"], field(form, "to", 100)
        reader = room.desk.reader
        ask = RollBackPolicy(
            **site.stamp(session, field(form, "key")), text=text_again(reader, name, to),
            back_to=to or "none", reason=field(form, "reason"),
        )  # fmt: skip
        answer = (await site.do(ask)).answer
        if answer.refusal is not None:
            return wrong_page(site, visit, refusal_says(answer.refusal, visit.lang))
        return RedirectResponse("/desk/rules?told=rolled_back", 303)

    site.add(router, "/desk/rules", rules)
    site.add(router, "/desk/rules/{name}/back", back, "POST")


def wrong_page(site: Site, visit: Visit, says: str) -> Response:
    """What was asked was not done, in words."""
    return site.page(visit, "wrong.html", {"says": says, "status": 422}, 422)


def policy_seen(room: Room, facts: Facts, name: str, days: int, lang: str) -> PolicySeen:
    """A policy in force with how its rules did over the last days."""
    reader = room.desk.reader
    policy = in_force(reader, name)
    hits: dict[str, list[tuple[str, str]]] = {}
    payments = 0
    for fact in facts.of_policy(name, room.site.now() - days * DAY):
        payments += 1
        for code in fact.reasons:
            hits.setdefault(code, []).append((fact.id, fact.customer))
    rules = [
        _rule(rule.code, rule.says_zh if lang == "zh" else rule.says, rule, hits.get(rule.code, []), facts)
        for rule in sorted(policy.rules, key=lambda one: -one.weight)
    ]
    if INPUT_MISSING in hits:
        says = MISSING_SAYS_ZH if lang == "zh" else MISSING_SAYS
        rules.append(_rule(INPUT_MISSING, says, None, hits[INPUT_MISSING], facts))
    drafts = [
        draft for state in OPEN for draft in every(reader, PolicyDraft, "state", state) if draft.name == name
    ]
    return PolicySeen(policy, payments, rules, versions(reader, policy), drafts)


def _rule(code: str, says: str, rule: object, hits: list[tuple[str, str]], facts: Facts) -> RuleSeen:
    fraud, good = facts.labels.count(payment for payment, _ in hits)
    verdict: Verdict = getattr(rule, "verdict", Verdict.HOLD)
    return RuleSeen(
        code, says, getattr(rule, "when", ""), verdict.code, getattr(rule, "weight", 100),
        getattr(rule, "law", ""), len(hits), len({customer for _, customer in hits}), fraud, good,
    )  # fmt: skip


def versions(reader: Reader, policy: Policy) -> list[Version]:
    """Every published version of a policy, newest first."""
    told = []
    for kept in every(reader, PolicyVersion, "name", policy.name):
        leaf = reader.record(seq_of(kept.record) or 0)
        if leaf is None:
            continue
        command = unseal(leaf).command
        number = number_of(kept)
        why = getattr(command, "reason", "") or getattr(command, "comment", "")
        told.append(
            Version(
                kept.id, number, who(command.actor), command.at, command.__struct_config__.tag, why,
                kept.record, number == policy.version,
            )
        )  # fmt: skip
    return sorted(told, key=lambda one: -one.number)
