"""Appeals: a customer asks a person to look at a decision again, and the bank has until a day to answer."""

from __future__ import annotations

from jingwei.kernel.clock import bank_day, day_start
from jingwei.kernel.kept import Kept
from jingwei.kernel.refusal import Words, declare

APPEAL_DAYS = 3
"""How many whole bank days the bank has to answer an appeal, the day it came in not counted."""

APPEAL = "appeal"
CALL_BACK = "call_back"
"""The codes of cases that customers open themselves: they are about no held money."""


class Appeal(Kept, frozen=True):
    """A customer's appeal against the decision `about`; `id` is that decision's number, so there is only one.

    `status` is "open", "stands" (the decision was right) or "overturned" (it was not); `words` is what
    the person who answered says to the customer; `challenge` is what the customer can now confirm.
    """

    about: str
    customer: str
    text: str
    case_number: str
    status: str
    opened_at: int
    due_at: int
    answered_by: str = ""
    answered_at: int = 0
    words: str = ""
    challenge: str = ""

    def late(self, now: int) -> bool:
        """Whether it is still open after its day, or was answered after it."""
        return (self.answered_at or now) > self.due_at


def appeal_id(decision: str) -> str:
    """The number of the appeal against this decision."""
    return f"P{decision[1:]}"


def appeal_due(at: int) -> int:
    """Last moment to answer an appeal that came in at this moment (microseconds UTC)."""
    return day_start(bank_day(at) + APPEAL_DAYS + 1) - 1


declare(
    {
        "decision_not_found": Words("There is no such decision.", "没有这项决定。"),
        "appeal_not_found": Words("There is no such appeal.", "没有这项申诉。"),
        "already_appealed": Words(
            "You have appealed against this decision already; a person looks at it.",
            "您已对该决定提出申诉，工作人员正在处理，无需重复提交。",
        ),
        "nothing_to_appeal": Words(
            "There is nothing to appeal against: this was carried out as you asked.",
            "该业务已按您的要求办理，无需申诉。",
        ),
        "person_looks_already": Words(
            "A person is looking at this payment already; you can appeal once they have decided.",
            "工作人员正在核实这笔付款；如对核实结果有异议，届时可提出申诉。",
        ),
        "appeal_closed": Words("This appeal was already answered.", "该申诉已处理完毕。"),
        "decided_before": Words(
            "Who decided before cannot answer the appeal; someone else must.",
            "原决定的经办人不得处理该申诉，须由他人处理。",
        ),
        "case_is_not_this": Words("This case is of another kind.", "该案件不属于此类事项。"),
    }
)
