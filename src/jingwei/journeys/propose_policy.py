"""ProposePolicy: somebody writes new rules; they judge nothing until a second person agrees."""

from __future__ import annotations

from typing import Annotated

import msgspec

from jingwei.decisions.drafts import PolicyDraft
from jingwei.decisions.published import PolicyVersion
from jingwei.domains.fraud.policy import FIRST_POLICIES
from jingwei.journeys.publish_policy import Seen, read_policy
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id, draft_id
from jingwei.kernel.refusal import Refusal


class ProposePolicy(Command, frozen=True, kw_only=True, tag="propose_policy"):
    """Propose the policy written in `text` (TOML), and say why; its whole text is sealed."""

    text: Annotated[str, msgspec.Meta(max_length=100_000)]
    why: Text


class PolicyProposed(Event, frozen=True, kw_only=True, tag="policy_proposed"):
    """A policy version was proposed."""

    policy: str
    version: int
    digest: str


def look(ask: ProposePolicy, books: Books) -> Seen:
    """Read the policy, and what was published under its name and number before."""
    policy = read_policy(ask.text)
    if isinstance(policy, Refusal):
        return Seen(books.seq, policy, None)
    return Seen(books.seq, policy, books.get(PolicyVersion, f"{policy.name}@{policy.version}"))


def act(ask: ProposePolicy, seen: Seen) -> Outcome:
    """Keep the proposal; its policy must judge something, and its version be new."""
    number, policy = decision_id(seen.seq), seen.policy
    if isinstance(policy, Refusal):
        return refused(number, policy)
    if policy.name not in FIRST_POLICIES:
        return refused(number, Refusal("policy_not_used"))
    if not ask.why.strip():
        return refused(number, Refusal("reason_missing"))
    if seen.published is not None:
        return refused(number, Refusal("policy_version_used", {"version": str(policy.version)}))
    draft = PolicyDraft(
        draft_id(seen.seq), policy.name, policy.version, policy.digest, number, "proposed", ask.why,
        ask.actor, ask.at,
    )  # fmt: skip
    event = PolicyProposed(policy=policy.name, version=policy.version, digest=policy.digest)
    return Outcome(Answer(number, "done", made=draft.id, events=(event,)), kept=(draft,))


PROPOSE_POLICY = Journey(ProposePolicy, look, act, roles=("staff",))
