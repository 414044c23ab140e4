"""RollBackPolicy: rules that judged before judge again, at once, under a new number."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from jingwei.decisions.policy import Policy, parse_policy
from jingwei.decisions.published import PolicyVersion
from jingwei.journeys.publish_policy import PublishPolicy, publish, read_policy
from jingwei.journeys.shape import Books, Journey, Outcome, refused
from jingwei.kernel.command import Id, Text
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal


class RollBackPolicy(PublishPolicy, frozen=True, kw_only=True, tag="roll_back_policy"):
    """Publish the rules of the earlier version `back_to` ("name@version") again, and say why.

    `text` is that version's text under the next number. One person may do it: these rules were agreed on
    before, and a rule that does harm must be gone within a minute.
    """

    back_to: Id
    reason: Text


class Seen(msgspec.Struct, frozen=True):
    """The policy as written, the rules of the version to go back to, and what stands under its number."""

    seq: int
    policy: Policy | Refusal
    earlier: Policy | None
    in_force: PolicyVersion | None
    published: PolicyVersion | None


def look(ask: RollBackPolicy, books: Books) -> Seen:
    """Read the text, the version it repeats and what was published under its own number."""
    policy = read_policy(ask.text)
    version = books.get(PolicyVersion, ask.back_to)
    sealed = books.record(version.record) if version else None
    text = sealed.command.text if sealed and isinstance(sealed.command, PublishPolicy) else None
    earlier = parse_policy(text) if text else None
    if isinstance(policy, Refusal):
        return Seen(books.seq, policy, earlier, None, None)
    before = books.get(PolicyVersion, f"{policy.name}@{policy.version - 1}")
    return Seen(
        books.seq, policy, earlier, before, books.get(PolicyVersion, f"{policy.name}@{policy.version}")
    )


def act(ask: RollBackPolicy, seen: Seen) -> Outcome:
    """Publish the earlier rules; anything else than those is refused."""
    number, policy = decision_id(seen.seq), seen.policy
    if isinstance(policy, Refusal):
        return refused(number, policy)
    if not ask.reason.strip():
        return refused(number, Refusal("reason_missing"))
    if seen.earlier is None or seen.earlier.name != policy.name:
        return refused(number, Refusal("version_not_found"))
    if again(seen.earlier, policy.version) != policy.digest:
        return refused(number, Refusal("policy_differs"))
    if seen.published is not None:
        return refused(number, Refusal("policy_version_used", {"version": str(policy.version)}))
    if seen.in_force is not None and again(seen.earlier, policy.version - 1) == seen.in_force.digest:
        return refused(number, Refusal("nothing_to_go_back_to"))
    return publish(ask, policy, number)


def again(policy: Policy, version: int) -> str:
    """The digest these rules have under another number."""
    return replace(policy, version=version).digest


ROLL_BACK_POLICY = Journey(RollBackPolicy, look, act, roles=("staff",), barrier=True)
