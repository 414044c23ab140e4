"""The writing routes of policy drafts: a rule is proposed, judges along, is approved by another."""

from __future__ import annotations

from jingwei.channels.problems import Problem
from jingwei.channels.rest.asked import Ask
from jingwei.channels.rest.desk import Desk, Stamp
from jingwei.channels.rest.order import Order
from jingwei.channels.rest.reading import PlainText
from jingwei.channels.rest.work_views import draft_text_of
from jingwei.journeys.answer_draft import ApprovePolicy, RejectPolicy
from jingwei.journeys.propose_policy import ProposePolicy
from jingwei.journeys.shadow_policy import ShadowPolicy
from jingwei.kernel.command import Command


class DraftAsk(Ask, frozen=True):
    """Propose a policy file; nothing changes until somebody else approves it."""

    text: str
    why: PlainText


class DraftApprovalAsk(Ask, frozen=True):
    """Approve what was proposed: `digest` is that of the rules that were read."""

    digest: str
    comment: PlainText = ""


class DraftRejectionAsk(Ask, frozen=True):
    """Turn a draft down, or take back one's own."""

    reason: PlainText


class DraftShadowAsk(Ask, frozen=True):
    """Let a draft judge along without effect, or stop that."""

    on: bool


def propose(_: Desk, __: str, ask: DraftAsk, stamp: Stamp) -> Command:
    """ProposePolicy."""
    made: Command = stamp.of(ProposePolicy, text=ask.text, why=ask.why)
    return made


def approve(desk: Desk, named: str, ask: DraftApprovalAsk, stamp: Stamp) -> Command:
    """ApprovePolicy, of exactly the rules that were read. Raises Problem."""
    draft, text = draft_text_of(desk, named)
    if draft.digest != ask.digest:
        raise Problem("field_not_valid", "/digest", why="these are not the rules of the draft")
    made: Command = stamp.of(ApprovePolicy, draft=named, text=text, comment=ask.comment)
    return made


def reject(_: Desk, named: str, ask: DraftRejectionAsk, stamp: Stamp) -> Command:
    """RejectPolicy."""
    made: Command = stamp.of(RejectPolicy, draft=named, reason=ask.reason)
    return made


def shadow(_: Desk, named: str, ask: DraftShadowAsk, stamp: Stamp) -> Command:
    """ShadowPolicy."""
    made: Command = stamp.of(ShadowPolicy, draft=named, on=ask.on)
    return made


RULE_ORDERS = (
    Order(
        "/policy-drafts", DraftAsk, ProposePolicy, propose, "Propose a policy", "policies",
        "Propose a policy version and say why; `made` is the draft.",
    ),
    Order(
        "/policy-drafts/{some_id}/approval", DraftApprovalAsk, ApprovePolicy, approve,
        "Approve a policy draft", "policies",
        "Publish a draft somebody else proposed; payments are judged by it from then on.",
    ),
    Order(
        "/policy-drafts/{some_id}/rejection", DraftRejectionAsk, RejectPolicy, reject,
        "Turn a policy draft down", "policies", "Close a draft without publishing it.",
    ),
    Order(
        "/policy-drafts/{some_id}/shadow", DraftShadowAsk, ShadowPolicy, shadow,
        "Let a draft judge along", "policies",
        "Judge payments by a draft too, without effect, or stop that.",
    ),
)  # fmt: skip
