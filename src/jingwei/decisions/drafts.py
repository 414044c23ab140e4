"""Drafts of policies: rules that were proposed and wait for a second person, or run in the shadow."""

from __future__ import annotations

from jingwei.kernel.refusal import Words, declare
from jingwei.ledger.accounts import Kept

OPEN = ("proposed", "shadow")
"""The states in which a draft can still be answered."""


SHADOWS = 3
"""Drafts that run in the shadow at once: each keeps features of its own in memory."""


class PolicyDraft(Kept, frozen=True):
    """A proposed policy version; `record` is the decision that sealed its text, `digest` that of its rules.

    `state` is "proposed", "shadow" (payments from record `shadow_from` on are judged by it too, without
    effect), "published" or "rejected". Times are microseconds UTC, 0 for not yet.
    """

    name: str
    version: int
    digest: str
    record: str
    state: str
    why: str
    proposed_by: str
    proposed_at: int
    answered_by: str = ""
    answered_at: int = 0
    answer: str = ""
    shadow_from: int = -1


declare(
    {
        "draft_not_found": Words("There is no such draft.", "没有这份策略草案。"),
        "shadows_taken": Words(
            "{most} drafts run in the shadow already; end one of them first.",
            "已有{most}份草案在影子运行，请先停止其中一份。",
        ),
        "draft_closed": Words("The draft was already answered.", "该草案已有答复，不能再次处理。"),
        "policy_not_used": Words(
            "No payment is judged by a policy of this name.", "没有任何付款由该名称的策略判断。"
        ),
        "policy_differs": Words(
            "The text is not the one that was proposed.", "策略文本与所提交的草案不一致。"
        ),
        "reason_missing": Words("Say why.", "请填写理由。"),
        "version_not_found": Words("There is no such earlier version.", "没有这个历史版本。"),
        "nothing_to_go_back_to": Words(
            "These rules are the ones in force already.", "这些规则正是当前生效的规则。"
        ),
    }
)
