"""ApprovePolicy and RejectPolicy: a second person lets proposed rules judge; anybody may turn them down."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from jingwei.decisions.drafts import OPEN, PolicyDraft
from jingwei.decisions.policy import Policy
from jingwei.decisions.published import PolicyVersion
from jingwei.journeys.publish_policy import PublishPolicy, publish, read_policy
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id, Text
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal


class ApprovePolicy(PublishPolicy, frozen=True, kw_only=True, tag="approve_policy"):
    """Publish draft `draft`; `text` is what the approver saw, and must be what was proposed."""

    draft: Id
    comment: Text = ""


class RejectPolicy(Command, frozen=True, kw_only=True, tag="reject_policy"):
    """Turn draft `draft` down, or take back one's own, and say why."""

    draft: Id
    reason: Text


class Seen(msgspec.Struct, frozen=True):
    """A draft as it stands; when it is to be published also its policy and what stands under its number."""

    seq: int
    draft: PolicyDraft | None
    policy: Policy | Refusal | None = None
    published: PolicyVersion | None = None


def look(ask: ApprovePolicy, books: Books) -> Seen:
    """Read the draft, the text, and what was published under its number before."""
    draft, policy = books.get(PolicyDraft, ask.draft), read_policy(ask.text)
    published = books.get(PolicyVersion, f"{draft.name}@{draft.version}") if draft else None
    return Seen(books.seq, draft, policy, published)


def act(ask: ApprovePolicy, seen: Seen) -> Outcome:
    """Let the draft judge from the next record on; never on the word of who proposed it."""
    number, draft, policy = decision_id(seen.seq), seen.draft, seen.policy
    if draft is None:
        return refused(number, Refusal("draft_not_found"))
    if draft.state not in OPEN:
        return refused(number, Refusal("draft_closed"), about=draft.record)
    if ask.actor == draft.proposed_by:
        return refused(number, Refusal("own_work"), about=draft.record)
    if not isinstance(policy, Policy):
        return refused(number, policy or Refusal("policy_differs"), about=draft.record)
    if policy.digest != draft.digest:
        return refused(number, Refusal("policy_differs"), about=draft.record)
    if seen.published is not None:
        return refused(number, Refusal("policy_version_used", {"version": str(draft.version)}))
    outcome = publish(ask, policy, number)
    answered = replace(
        draft, state="published", answered_by=ask.actor, answered_at=ask.at, answer=ask.comment
    )
    answer = replace(outcome.answer, about=draft.record)
    return replace(outcome, answer=answer, kept=(*outcome.kept, answered))


def look_at_draft(ask: RejectPolicy, books: Books) -> Seen:
    """Read the draft."""
    return Seen(books.seq, books.get(PolicyDraft, ask.draft))


def reject(ask: RejectPolicy, seen: Seen) -> Outcome:
    """Close the draft; it never judges."""
    number, draft = decision_id(seen.seq), seen.draft
    if draft is None:
        return refused(number, Refusal("draft_not_found"))
    if draft.state not in OPEN:
        return refused(number, Refusal("draft_closed"), about=draft.record)
    if not ask.reason.strip():
        return refused(number, Refusal("reason_missing"), about=draft.record)
    closed = replace(draft, state="rejected", answered_by=ask.actor, answered_at=ask.at, answer=ask.reason)
    return Outcome(Answer(number, "done", about=draft.record), kept=(closed,))


APPROVE_POLICY = Journey(ApprovePolicy, look, act, roles=("staff",), barrier=True)
REJECT_POLICY = Journey(RejectPolicy, look_at_draft, reject, roles=("staff",))
