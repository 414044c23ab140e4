"""PublishPolicy: from this record on, payments are judged by this version of a policy."""

from __future__ import annotations

from typing import Annotated

import msgspec

from jingwei.decisions.judge import SCORE
from jingwei.decisions.policy import PolicyError, parse_policy
from jingwei.domains.fraud.features import FRAUD
from jingwei.features.catalogue import PurposeNotAllowed, allowed, names
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.purpose import Purpose
from jingwei.kernel.refusal import Refusal, Words, declare


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

declare({"policy_not_valid": Words("The policy cannot be used: {error}", "该策略无法使用：{error}")})


def look(ask: PublishPolicy, books: Books) -> int:
    """Only the record's number is needed."""
    return books.seq


def act(ask: PublishPolicy, seen: int) -> Outcome:
    """Seal the policy's text and let it judge."""
    try:
        policy = parse_policy(ask.text, known=COLUMNS)
        allowed((feature for feature in FRAUD if feature.name in policy.inputs), Purpose.RISK)
    except (PolicyError, PurposeNotAllowed) as error:
        return refused(decision_id(seen), Refusal("policy_not_valid", {"error": str(error)}))
    event = PolicyPublished(policy=policy.name, version=policy.version, digest=policy.digest)
    return Outcome(
        Answer(decision_id(seen), "done", events=(event,)), notes={f"policy:{policy.name}": ask.text}
    )


PUBLISH_POLICY = Journey(PublishPolicy, look, act, roles=("staff", "system"), barrier=True)
