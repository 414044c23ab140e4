"""Family: who may see, or look after, somebody else's accounts; and how customers want the bank to be."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from jingwei.kernel.clock import local_text
from jingwei.kernel.kept import Kept
from jingwei.kernel.refusal import Words, declare

GUARDIAN = "guardian"
HELPER = "helper"
GROWN_UP = 18


class Tie(Kept, frozen=True):
    """A tie between two customers; `id` is T and the number of the record that offered it.

    `kind` "guardian": `keeper` looks after the child `whose`: sees the accounts, sets limits, freezes,
    answers for payments above the limits. "helper": `keeper` sees the accounts of `whose`, and no more.
    `status` is "offered", "active" or "ended"; `waits_for` is whose yes is missing. `froze` are the
    accounts of the child that this guardian froze and the bank did not, with blanks between.
    """

    kind: str
    whose: str
    keeper: str
    status: str
    offered_by: str
    waits_for: str
    offered_at: int
    since: int = 0
    ended_at: int = 0
    ended_by: str = ""
    froze: str = ""

    def holds(self, account: str) -> bool:
        """Whether the freeze of this account is this guardian's."""
        return account in self.froze.split()

    def holding(self, account: str, on: bool) -> Tie:
        """The tie with the freeze of this account noted as the guardian's, or no longer."""
        others = [one for one in self.froze.split() if one != account]
        return replace(self, froze=" ".join([*others, account] if on else others))

    def other(self, who: str) -> str:
        """The other side, seen from `who`."""
        return self.keeper if who == self.whose else self.whose


class Preference(Kept, frozen=True):
    """How a customer wants the bank to be, on every channel; `id` is the customer's.

    `elder` 1: large print with few choices. `undo_s` is how many seconds a payment waits, undoable,
    when nothing else is said with it; 0 sends it at once.
    """

    elder: int = 0
    undo_s: int = 15
    changed_at: int = 0


USUAL_UNDO_S, ELDER_UNDO_S = 15, 60
"""How long a payment waits unless the customer chose otherwise, and in elder mode."""


def tie_id(seq: int) -> str:
    """Number of the tie that record `seq` offered."""
    return f"T{seq:011d}"


def age_on(born: str, day: str) -> int | None:
    """Whole years from one ISO date to another; None when the birth date is not known."""
    if not born:
        return None
    return int(day[:4]) - int(born[:4]) - (day[5:10] < born[5:10])


def may_be_born(born: str, at: int) -> bool:
    """Whether somebody can have been born on this ISO date: a day there is, and not after this moment."""
    try:
        return date.fromisoformat(born) <= date.fromisoformat(local_text(at, "%Y-%m-%d"))
    except ValueError:
        return False


declare(
    {
        "born_not_possible": Words(
            "Nobody who opens an account was born on {born}; write the date of birth as 1990-05-31.",
            "出生日期{born}无效，请按1990-05-31的格式填写。",
        ),
        "tie_not_found": Words("There is no such family tie.", "没有这项亲情关联。"),
        "tie_not_open": Words(
            "This family tie is not waiting for your answer any more.", "该亲情关联已不在等待您确认。"
        ),
        "tie_ended": Words("This family tie has ended.", "该亲情关联已解除。"),
        "tie_exists": Words("You have this family tie already.", "你们之间已有此项亲情关联。"),
        "tie_not_yours": Words(
            "You can offer this only between yourself and somebody else.", "仅可在本人与他人之间发起关联。"
        ),
        "tie_with_oneself": Words("Name somebody other than yourself.", "请填写本人以外的家人。"),
        "not_a_child": Words(
            "Only the accounts of somebody under 18 can have a guardian.", "仅未满18周岁的客户可设置监护人。"
        ),
        "guardian_too_young": Words("A guardian must be 18 or older.", "监护人须年满18周岁。"),
        "child_cannot_end": Words(
            "A child cannot end this before turning 18; the guardian or the bank can.",
            "未满18周岁的客户不能自行解除监护关联，可由监护人或银行办理。",
        ),
        "frozen_by_bank": Words(
            "The bank froze this account; ask the bank to free it.", "该账户由银行冻结，请联系银行解除。"
        ),
        "not_the_guardian": Words(
            "This tie lets you see, not change anything.", "该关联仅可查看，不能办理业务。"
        ),
    }
)
