"""PublishPolicy: from this record on, payments are judged by this version of a policy."""

from __future__ import annotations

from typing import Annotated

import msgspec

from jingwei.decisions.judge import SCORE
from jingwei.decisions.policy import Policy, PolicyError, parse_policy
from jingwei.decisions.published import PolicyVersion
from jingwei.domains.fraud.features import FRAUD
from jingwei.features.catalogue import PurposeNotAllowed, allowed, names
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.purpose import Purpose
from jingwei.kernel.refusal import Refusal


class PublishPolicy(Command, frozen=True, kw_only=True, tag="publish_policy"):
    """Judge by the policy written in `text` (TOML) from now on; its whole text is sealed."""

    text: Annotated[str, msgspec.Meta(max_length=100_000)]


class PolicyPublished(Event, frozen=True, kw_only=True, tag="policy_published"):
    """A policy version judges from now on."""

    policy: str
    version: int
    digest: str


COLUMNS = (*names(FRAUD), SCORE)
"""What the rules of a payment may read."""


class Seen(msgspec.Struct, frozen=True):
    """The policy as written, or why it cannot be used; and what was published under its number before."""

    seq: int
    policy: Policy | Refusal
    published: PolicyVersion | None


def read_policy(text: str) -> Policy | Refusal:
    """The policy written in `text`, or why it cannot judge payments."""
    try:
        policy = parse_policy(text, known=COLUMNS)
        allowed((feature for feature in FRAUD if feature.name in policy.inputs), Purpose.RISK)
    except (PolicyError, PurposeNotAllowed) as error:
        return Refusal("policy_not_valid", {"error": str(error)})
    return policy


def look(ask: PublishPolicy, books: Books) -> Seen:
    """Read the policy and what was published under its name and number before."""
    policy = read_policy(ask.text)
    if isinstance(policy, Refusal):
        return Seen(books.seq, policy, None)
    return Seen(books.seq, policy, books.get(PolicyVersion, f"{policy.name}@{policy.version}"))


def act(ask: PublishPolicy, seen: Seen) -> Outcome:
    """Seal the policy's text and let it judge; an earlier version may be published again, unchanged."""
    number, policy, earlier = decision_id(seen.seq), seen.policy, seen.published
    if isinstance(policy, Refusal):
        return refused(number, policy)
    if earlier is not None and earlier.digest != policy.digest:
        return refused(number, Refusal("policy_version_used", {"version": str(policy.version)}))
    return publish(ask, policy, number)


def publish(ask: PublishPolicy, policy: Policy, number: str) -> Outcome:
    """The outcome of a policy that judges from the next record on; record `number` seals its text."""
    version = PolicyVersion(f"{policy.name}@{policy.version}", policy.name, policy.digest, number)
    event = PolicyPublished(policy=policy.name, version=policy.version, digest=policy.digest)
    answer = Answer(number, "done", made=version.id, events=(event,))
    return Outcome(answer, kept=(version,), notes={f"policy:{policy.name}": ask.text})


PUBLISH_POLICY = Journey(PublishPolicy, look, act, roles=("staff", "system"), barrier=True)
