"""What staff keep about a case beside its payment: who has it, in which inbox, how it was judged, notes."""

from __future__ import annotations

from jingwei.kernel.money import currency
from jingwei.kernel.refusal import Words, declare
from jingwei.ledger.accounts import Kept

NEW, RISK, SECOND_LINE = "new", "risk", "second_line"
INBOXES = (NEW, RISK, SECOND_LINE)
"""Nobody took it yet, a reviewer has it, and what was escalated."""

FOUR_EYES_FROM = 50_000
"""From this amount on (in whole units of the account's currency) two people must agree on the answer."""

CONFIRMED_RISK, VALUABLE, FALSE_ALARM = "confirmed_risk", "valuable", "false_alarm"


class CaseWork(Kept, frozen=True):
    """The work on one case; `id` is the case's. Until the first work on a case there is none.

    `assignee` and `proposed_by` are actors or ""; `inbox` is one of INBOXES; `proposed` is "", "release"
    or "refuse"; `outcome` is "", "confirmed_risk", "valuable" or "false_alarm"; moments are microseconds
    UTC, 0 for never.
    """

    assignee: str = ""
    inbox: str = NEW
    snoozed_until: int = 0
    proposed_by: str = ""
    proposed: str = ""
    outcome: str = ""
    reason: str = ""
    escalated: int = 0


class CaseNote(Kept, frozen=True):
    """A remark on the case `about`: who wrote it, when, and of which kind ("note", "escalated", ...)."""

    about: str
    by: str
    at: int
    kind: str
    text: str


def needs_two(amount_minor: int, currency_code: str) -> bool:
    """Whether two people must agree on what becomes of this amount."""
    least_minor: int = FOUR_EYES_FROM * 10 ** currency(currency_code).places
    return amount_minor >= least_minor


declare(
    {
        "case_taken": Words("{by} has this case already.", "该案件已由{by}受理。"),
        "not_staff": Words("Only staff of the bank can have a case.", "案件只能分配给本行员工。"),
        "case_escalated": Words("The case was escalated already.", "该案件已升级。"),
        "snooze_not_possible": Words(
            "A case can be put off to a later moment only, and only until it is due.",
            "案件只能推迟到稍后的时间，且不得晚于到期时间。",
        ),
        "second_person_needed": Words(
            "You proposed this answer; somebody else must confirm it.",
            "该处理意见由您提出，须由另一人确认。",
        ),
        "outcome_contradicts": Words(
            "A confirmed risk cannot be released, and a false alarm cannot be refused.",
            "确认有风险的付款不能放行，误报的付款不能拒绝。",
        ),
    }
)
