"""The table of everything anyone can do: one line for each journey."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

import msgspec

from jingwei.journeys import worded_details  # noqa: F401  (words the details of refusals)
from jingwei.journeys.advance_schedule import ADVANCE_SCHEDULE
from jingwei.journeys.answer_appeal import ANSWER_APPEAL
from jingwei.journeys.answer_draft import APPROVE_POLICY, REJECT_POLICY
from jingwei.journeys.answer_offer import ANSWER_OFFER
from jingwei.journeys.answer_step_up import ANSWER_STEP_UP
from jingwei.journeys.appeal import APPEAL_DECISION
from jingwei.journeys.apply_for_loan import APPLY_FOR_LOAN
from jingwei.journeys.ask_erasure import ASK_ERASURE
from jingwei.journeys.ask_for_person import ANSWER_CALL, ASK_FOR_PERSON
from jingwei.journeys.assign_case import ASSIGN_CASE
from jingwei.journeys.authorise_card_payment import AUTHORISE_CARD_PAYMENT
from jingwei.journeys.capture import CAPTURE_CARD_PAYMENT
from jingwei.journeys.change_card import CHANGE_CARD
from jingwei.journeys.change_credential import CHANGE_CREDENTIAL
from jingwei.journeys.change_loan import RESTRUCTURE_LOAN, WRITE_OFF_LOAN
from jingwei.journeys.close_account import CLOSE_ACCOUNT
from jingwei.journeys.deposit import DEPOSIT
from jingwei.journeys.escalate_case import ESCALATE_CASE
from jingwei.journeys.exchange import EXCHANGE
from jingwei.journeys.expire_holds import EXPIRE_HOLDS
from jingwei.journeys.export_audience import EXPORT_AUDIENCE
from jingwei.journeys.freeze import FREEZE_ACCOUNT
from jingwei.journeys.freeze_card import FREEZE_CARD
from jingwei.journeys.give_consent import GIVE_CONSENT
from jingwei.journeys.import_accounts import IMPORT_ACCOUNTS
from jingwei.journeys.import_customers import IMPORT_CUSTOMERS
from jingwei.journeys.import_entries import IMPORT_ENTRIES
from jingwei.journeys.import_facts import IMPORT_FACTS
from jingwei.journeys.issue_card import ISSUE_CARD
from jingwei.journeys.keep_payee import KEEP_PAYEE
from jingwei.journeys.link_identity import KEEP_APART, LINK_IDENTITY, UNLINK_IDENTITY
from jingwei.journeys.look_after import LOOK_AFTER
from jingwei.journeys.move_pot import MOVE_POT
from jingwei.journeys.note_case import NOTE_CASE
from jingwei.journeys.open_account import OPEN_ACCOUNT
from jingwei.journeys.open_pot import OPEN_POT
from jingwei.journeys.pay import PAY
from jingwei.journeys.pay_later import ANSWER_PAY_LATER, DRAW_PAY_LATER, OFFER_PAY_LATER
from jingwei.journeys.prefer import PREFER
from jingwei.journeys.preview_offer import PREVIEW_OFFER
from jingwei.journeys.propose_policy import PROPOSE_POLICY
from jingwei.journeys.publish_policy import PUBLISH_POLICY
from jingwei.journeys.record_import import RECORD_IMPORT
from jingwei.journeys.release_hold import RELEASE_HOLD
from jingwei.journeys.repay_loan import CANCEL_LOAN, REPAY_LOAN
from jingwei.journeys.report_fraud import REPORT_FRAUD
from jingwei.journeys.reverse import REVERSE
from jingwei.journeys.review_case import REVIEW_CASE
from jingwei.journeys.review_case_alone import REVIEW_CASE_ALONE
from jingwei.journeys.review_loan import ASK_LOAN_REVIEW, REVIEW_LOAN
from jingwei.journeys.roll_back_policy import ROLL_BACK_POLICY
from jingwei.journeys.run_day_end import RUN_DAY_END
from jingwei.journeys.run_loan_day import RUN_LOAN_DAY
from jingwei.journeys.save_audience import SAVE_AUDIENCE
from jingwei.journeys.schedule_payment import CANCEL_SCHEDULE, SCHEDULE_PAYMENT
from jingwei.journeys.set_limits import SET_LIMITS
from jingwei.journeys.settle_payment import SETTLE_PAYMENT
from jingwei.journeys.shadow_policy import SHADOW_POLICY
from jingwei.journeys.shape import Answer, Journey, Sealed
from jingwei.journeys.show_masked import SHOW_MASKED
from jingwei.journeys.show_offer import SHOW_OFFER
from jingwei.journeys.sign_loan import DECLINE_LOAN_OFFER, SIGN_LOAN
from jingwei.journeys.snooze_case import SNOOZE_CASE
from jingwei.journeys.ties import ACCEPT_TIE, END_TIE, OFFER_TIE
from jingwei.journeys.undo_payment import UNDO_PAYMENT
from jingwei.journeys.use_data import USE_DATA
from jingwei.journeys.use_model import USE_MODEL
from jingwei.journeys.use_scorecard import USE_SCORECARD
from jingwei.journeys.warn_early import ANSWER_WARNING, WARN_EARLY
from jingwei.journeys.withdraw_consent import WITHDRAW_CONSENT
from jingwei.kernel.command import Command

JOURNEYS: tuple[Journey[Any, Any], ...] = (
    PAY,
    AUTHORISE_CARD_PAYMENT,
    ANSWER_STEP_UP,
    REVIEW_CASE,
    REPORT_FRAUD,
    PUBLISH_POLICY,
    USE_MODEL,
    USE_SCORECARD,
    OPEN_ACCOUNT,
    DEPOSIT,
    CAPTURE_CARD_PAYMENT,
    RELEASE_HOLD,
    EXPIRE_HOLDS,
    REVERSE,
    FREEZE_ACCOUNT,
    EXCHANGE,
    SET_LIMITS,
    RUN_DAY_END,
    CLOSE_ACCOUNT,
    IMPORT_CUSTOMERS,
    IMPORT_ACCOUNTS,
    IMPORT_FACTS,
    IMPORT_ENTRIES,
    GIVE_CONSENT,
    WITHDRAW_CONSENT,
    USE_DATA,
    PREVIEW_OFFER,
    ASK_ERASURE,
    ISSUE_CARD,
    FREEZE_CARD,
    CHANGE_CARD,
    OPEN_POT,
    MOVE_POT,
    PROPOSE_POLICY,
    SHADOW_POLICY,
    APPROVE_POLICY,
    REJECT_POLICY,
    ROLL_BACK_POLICY,
    CHANGE_CREDENTIAL,
    UNDO_PAYMENT,
    SETTLE_PAYMENT,
    SCHEDULE_PAYMENT,
    CANCEL_SCHEDULE,
    ADVANCE_SCHEDULE,
    KEEP_PAYEE,
    APPEAL_DECISION,
    ANSWER_APPEAL,
    ASK_FOR_PERSON,
    ANSWER_CALL,
    OFFER_TIE,
    ACCEPT_TIE,
    END_TIE,
    LOOK_AFTER,
    PREFER,
    ASSIGN_CASE,
    SNOOZE_CASE,
    ESCALATE_CASE,
    NOTE_CASE,
    SHOW_MASKED,
    REVIEW_CASE_ALONE,
    APPLY_FOR_LOAN,
    SIGN_LOAN,
    DECLINE_LOAN_OFFER,
    REPAY_LOAN,
    CANCEL_LOAN,
    RESTRUCTURE_LOAN,
    WRITE_OFF_LOAN,
    ASK_LOAN_REVIEW,
    REVIEW_LOAN,
    RUN_LOAN_DAY,
    OFFER_PAY_LATER,
    ANSWER_PAY_LATER,
    DRAW_PAY_LATER,
    WARN_EARLY,
    ANSWER_WARNING,
    RECORD_IMPORT,
    LINK_IDENTITY,
    UNLINK_IDENTITY,
    KEEP_APART,
    SHOW_OFFER,
    ANSWER_OFFER,
    SAVE_AUDIENCE,
    EXPORT_AUDIENCE,
)

BY_COMMAND: dict[type[Command], Journey[Any, Any]] = {journey.command: journey for journey in JOURNEYS}

AnyCommand: Any = reduce(or_, BY_COMMAND)


ONLY_ONCE: dict[type[Command], str] = {
    kind: f"!{kind.__struct_config__.tag}" for kind, journey in BY_COMMAND.items() if journey.once is not None
}
"""The commands that may be done only once about one thing, with who is noted as having asked: no actor."""


def claimed(commands: Sequence[Command]) -> dict[int, tuple[str, str]]:
    """What commands that may be done only once are about, by position, as a key no actor can have.

    Whoever may not ask for it claims nothing.
    """
    if ONLY_ONCE.keys().isdisjoint(map(type, commands)):
        return {}
    claims = {}
    for i, command in enumerate(commands):
        journey = BY_COMMAND[type(command)]
        if journey.once is not None and command.actor.partition(":")[0] in journey.roles:
            claims[i] = (ONLY_ONCE[type(command)], journey.once(command))
    return claims


class _Record(msgspec.Struct, frozen=True, omit_defaults=True):
    seq: int
    command: AnyCommand
    answer: Answer
    rules: int = 0


_DECODER = msgspec.json.Decoder(_Record)
_ENCODER = msgspec.json.Encoder()


def seal(seq: int, command: Command, answer: Answer, rules: int | None = None) -> bytes:
    """The canonical JSON bytes of a record: one leaf of the audit log.

    It names the version of the journey's rules (today's unless given) when these have ever changed.
    """
    version = BY_COMMAND[type(command)].rules if rules is None else rules
    return _ENCODER.encode(_Record(seq, command, answer, version))


def unseal(leaf: bytes) -> Sealed:
    """Read a record back. Raises msgspec.DecodeError when the bytes are not one."""
    record = _DECODER.decode(leaf)
    return Sealed(record.seq, record.command, record.answer, record.rules)
