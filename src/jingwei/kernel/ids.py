"""Typed ids: every id is text with its own type, made from the number of the record that created it."""

from __future__ import annotations

from typing import NewType

AccountId = NewType("AccountId", str)
CustomerId = NewType("CustomerId", str)
DecisionId = NewType("DecisionId", str)
HoldId = NewType("HoldId", str)
CaseId = NewType("CaseId", str)
ChallengeId = NewType("ChallengeId", str)
ActorId = NewType("ActorId", str)

MAX_ID_LENGTH = 64


def decision_id(seq: int) -> DecisionId:
    """Id of the decision in record `seq`, e.g. D00000000042."""
    return DecisionId(f"D{seq:011d}")


def hold_id(seq: int) -> HoldId:
    """Id of the hold placed by record `seq`."""
    return HoldId(f"H{seq:011d}")


def case_id(seq: int) -> CaseId:
    """Id of the case opened by record `seq`."""
    return CaseId(f"C{seq:011d}")


def challenge_id(seq: int) -> ChallengeId:
    """Id of the step-up challenge made by record `seq`."""
    return ChallengeId(f"S{seq:011d}")


def pending_id(seq: int) -> str:
    """Id of the payment that record `seq` lets wait for its undo window to end."""
    return f"U{seq:011d}"


def schedule_id(seq: int) -> str:
    """Id of the scheduled payments that record `seq` set up."""
    return f"R{seq:011d}"


def draft_id(seq: int) -> str:
    """Id of the policy draft proposed by record `seq`."""
    return f"P{seq:011d}"


def account_id(seq: int) -> AccountId:
    """Id of the account opened by record `seq` when the asker named none."""
    return AccountId(f"A{seq:011d}")


def seq_of(some_id: str) -> int | None:
    """Number of the record that made this id, or None when it is not such an id."""
    digits = some_id[1:]
    return int(digits) if len(digits) == 11 and digits.isascii() and digits.isdigit() else None
