"""Who may do what: every command, every reading route and every page with the roles that may, and no others.

One table for all channels: REST checks it where it learns who asks, the web where it hands a page to its
handler and where it hands a command to the bank. What stands in no table is nobody's.
"""

from __future__ import annotations

from collections.abc import Iterable

from jingwei.journeys.answer_appeal import AnswerAppeal
from jingwei.journeys.answer_draft import ApprovePolicy, RejectPolicy
from jingwei.journeys.answer_offer import AnswerOffer
from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.appeal import AppealDecision
from jingwei.journeys.apply_for_loan import ApplyForLoan
from jingwei.journeys.ask_erasure import AskErasure
from jingwei.journeys.ask_for_person import AnswerCall, AskForPerson
from jingwei.journeys.assign_case import AssignCase
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.capture import CaptureCardPayment
from jingwei.journeys.change_card import ChangeCard
from jingwei.journeys.change_loan import RestructureLoan, WriteOffLoan
from jingwei.journeys.close_account import CloseAccount
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.escalate_case import EscalateCase
from jingwei.journeys.exchange import Exchange
from jingwei.journeys.export_audience import ExportAudience
from jingwei.journeys.freeze import FreezeAccount
from jingwei.journeys.freeze_card import FreezeCard
from jingwei.journeys.give_consent import GiveConsent
from jingwei.journeys.issue_card import IssueCard
from jingwei.journeys.keep_payee import KeepPayee
from jingwei.journeys.link_identity import KeepApart, LinkIdentity, UnlinkIdentity
from jingwei.journeys.look_after import LookAfter
from jingwei.journeys.move_pot import MovePot
from jingwei.journeys.note_case import NoteCase
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.open_pot import OpenPot
from jingwei.journeys.pay import Pay
from jingwei.journeys.pay_later import AnswerPayLater, DrawPayLater
from jingwei.journeys.prefer import Prefer
from jingwei.journeys.preview_offer import PreviewOffer
from jingwei.journeys.propose_policy import ProposePolicy
from jingwei.journeys.publish_policy import PublishPolicy
from jingwei.journeys.release_hold import ReleaseHold
from jingwei.journeys.repay_loan import CancelLoan, RepayLoan
from jingwei.journeys.report_fraud import ReportFraud
from jingwei.journeys.reverse import Reverse
from jingwei.journeys.review_case import ReviewCase
from jingwei.journeys.review_loan import AskLoanReview, ReviewLoan
from jingwei.journeys.roll_back_policy import RollBackPolicy
from jingwei.journeys.run_day_end import RunDayEnd
from jingwei.journeys.run_loan_day import RunLoanDay
from jingwei.journeys.save_audience import SaveAudience
from jingwei.journeys.schedule_payment import CancelSchedule, SchedulePayment
from jingwei.journeys.set_limits import SetLimits
from jingwei.journeys.shadow_policy import ShadowPolicy
from jingwei.journeys.show_masked import ShowMasked
from jingwei.journeys.show_offer import ShowOffer
from jingwei.journeys.sign_loan import DeclineLoanOffer, SignLoan
from jingwei.journeys.snooze_case import SnoozeCase
from jingwei.journeys.ties import AcceptTie, EndTie, OfferTie
from jingwei.journeys.undo_payment import UndoPayment
from jingwei.journeys.use_data import UseData
from jingwei.journeys.use_model import UseModel
from jingwei.journeys.use_scorecard import UseScorecard
from jingwei.journeys.warn_early import AnswerWarning
from jingwei.journeys.withdraw_consent import WithdrawConsent
from jingwei.kernel.command import Command

SYSTEM = "system"
CUSTOMERS = ("customer", "guardian", "child")
GROWN = ("customer", "guardian")
STAFF = ("teller", "customer_manager", "risk_reviewer", "compliance", "model_owner", "auditor", "admin")
ROLES = (*CUSTOMERS, *STAFF)
"""Every fine role a person can have. `system` is the bank's own programs."""

COUNTER = ("teller", "customer_manager")
RISK = ("risk_reviewer", "compliance")
OVERSIGHT = (*RISK, "auditor")
RULES = ("model_owner", "risk_reviewer")
LOG = ("auditor", "compliance")
WATCH = (*RULES, *LOG, "admin")
LENDING = ("customer_manager", *RISK)

COMMANDS: dict[type[Command], tuple[str, ...]] = {
    Pay: (*CUSTOMERS, "teller", SYSTEM),
    AuthoriseCardPayment: ("teller", SYSTEM),
    AnswerStepUp: CUSTOMERS,
    OpenAccount: (*GROWN, *COUNTER, SYSTEM),
    SetLimits: (*GROWN, *COUNTER, SYSTEM),
    CloseAccount: (*GROWN, "teller", SYSTEM),
    Deposit: ("teller", SYSTEM),
    Exchange: ("teller", SYSTEM),
    FreezeAccount: ("teller", *RISK, SYSTEM),
    CaptureCardPayment: (SYSTEM,),
    ReleaseHold: (*RISK, SYSTEM),
    Reverse: ("compliance", SYSTEM),
    ReviewCase: RISK,
    ReportFraud: (*COUNTER, *RISK, SYSTEM),
    PublishPolicy: (SYSTEM,),
    RunDayEnd: ("admin", SYSTEM),
    GiveConsent: GROWN,
    WithdrawConsent: GROWN,
    UseData: (*COUNTER, *RISK, SYSTEM),
    PreviewOffer: COUNTER,
    AskErasure: GROWN,
    IssueCard: (*GROWN, *COUNTER, SYSTEM),
    FreezeCard: (*CUSTOMERS, *COUNTER, *RISK, SYSTEM),
    ChangeCard: (*GROWN, *COUNTER, SYSTEM),
    OpenPot: (*CUSTOMERS, "teller", SYSTEM),
    MovePot: (*CUSTOMERS, "teller", SYSTEM),
    UndoPayment: CUSTOMERS,
    SchedulePayment: CUSTOMERS,
    CancelSchedule: CUSTOMERS,
    KeepPayee: CUSTOMERS,
    AppealDecision: CUSTOMERS,
    AnswerAppeal: RISK,
    AssignCase: LENDING,
    SnoozeCase: LENDING,
    EscalateCase: LENDING,
    NoteCase: LENDING,
    ShowMasked: (*COUNTER, *RISK),
    AskForPerson: CUSTOMERS,
    AnswerCall: (*COUNTER, *RISK),
    OfferTie: CUSTOMERS,
    AcceptTie: CUSTOMERS,
    EndTie: (*CUSTOMERS, *COUNTER),
    LookAfter: GROWN,
    Prefer: CUSTOMERS,
    ProposePolicy: RULES,
    ShadowPolicy: RULES,
    ApprovePolicy: RULES,
    RejectPolicy: RULES,
    RollBackPolicy: RULES,
    UseModel: RULES,
    AnswerWarning: COUNTER,
    UseScorecard: RULES,
    ApplyForLoan: GROWN,
    SignLoan: GROWN,
    DeclineLoanOffer: GROWN,
    AskLoanReview: GROWN,
    RepayLoan: (*GROWN, "teller", SYSTEM),
    CancelLoan: GROWN,
    RestructureLoan: LENDING,
    WriteOffLoan: RISK,
    ReviewLoan: LENDING,
    RunLoanDay: ("admin", SYSTEM),
    AnswerPayLater: GROWN,
    DrawPayLater: GROWN,
    LinkIdentity: ("customer_manager", "compliance", SYSTEM),
    UnlinkIdentity: ("customer_manager", "compliance", SYSTEM),
    KeepApart: ("customer_manager", "compliance"),
    ShowOffer: (*GROWN, "customer_manager", SYSTEM),
    AnswerOffer: (*GROWN, "customer_manager"),
    SaveAudience: ("customer_manager",),
    ExportAudience: ("customer_manager",),
}
"""Who may ask for each command over REST or the web. Commands not named here are asked by the bank itself."""

LOOK = (*CUSTOMERS, *COUNTER, *OVERSIGHT, SYSTEM)
READING: dict[str, tuple[str, ...]] = {
    "/v1/accounts": LOOK,
    "/v1/accounts/{account}": LOOK,
    "/v1/accounts/{account}/statement": LOOK,
    "/v1/consents": LOOK,
    "/v1/cards": LOOK,
    "/v1/pots": LOOK,
    "/v1/cases": ("customer_manager", *OVERSIGHT, SYSTEM),
    "/v1/cases/{case}": ("customer_manager", *OVERSIGHT, SYSTEM),
    "/v1/step-ups/{challenge}": (*CUSTOMERS, "teller", *OVERSIGHT, SYSTEM),
    "/v1/policies": (*OVERSIGHT, "model_owner", SYSTEM),
    "/v1/decisions/{decision}": (*LOOK, "model_owner"),
    "/v1/decisions/{decision}/proof": (*LOOK, "model_owner"),
    "/v1/appeals/{appeal}": (*CUSTOMERS, *OVERSIGHT, SYSTEM),
    "/v1/schedules": LOOK,
    "/v1/pending-payments": LOOK,
    "/v1/payees": LOOK,
    "/v1/cases/{case}/casework": ("customer_manager", *OVERSIGHT, SYSTEM),
    "/v1/policy-drafts": (*RULES, *LOG),
    "/v1/policy-drafts/{draft}": (*RULES, *LOG),
    "/v1/customers/{customer}/view": (*CUSTOMERS, *COUNTER, *RISK, SYSTEM),
    "/v1/ties": CUSTOMERS,
    "/v1/ties/{tie}/accounts": CUSTOMERS,
    "/v1/loan-products": LOOK,
    "/v1/loan-sources": LOOK,
    "/v1/loan-applications": LOOK,
    "/v1/loan-applications/{application}": LOOK,
    "/v1/loans": LOOK,
    "/v1/loans/{loan}": LOOK,
    "/v1/pay-later": LOOK,
    "/v1/early-warnings": COUNTER,
    "/v1/identity-links": ("customer_manager", "compliance", SYSTEM),
    "/v1/audiences": ("customer_manager", SYSTEM),
    "/v1/offerings": (*GROWN, "customer_manager", SYSTEM),
    "/v1/offer-effect": ("customer_manager", "model_owner", SYSTEM),
}
"""Who may read each REST route that needs a token."""

PAGES: dict[str, tuple[str, ...]] = {
    "/app": CUSTOMERS,
    "/app/loans": GROWN,
    "/desk": STAFF,
    "/desk/counter": COUNTER,
    "/desk/audience": ("customer_manager",),
    "/desk/warnings": COUNTER,
    "/desk/audiences": ("customer_manager",),
    "/desk/day": ("customer_manager",),
    "/desk/offers": ("customer_manager", "model_owner"),
    "/desk/people": (*COUNTER, *RISK),
    "/desk/appeal": RISK,
    "/desk/next": LENDING,
    "/desk/batch": LENDING,
    "/desk/views": LENDING,
    "/desk/cases": OVERSIGHT,
    "/desk/customers": (*COUNTER, *RISK),
    "/desk/loans": ("customer_manager", *OVERSIGHT),
    "/desk/identity": ("customer_manager", "compliance"),
    "/desk/quality": ("customer_manager", *LOG, "model_owner", "admin"),
    "/desk/rules": RULES,
    "/desk/drafts": RULES,
    "/desk/models": RULES,
    "/desk/jobs": (*RULES, *LOG),
    "/desk/audit": LOG,
    "/desk/decisions": WATCH,
    "/desk/board": WATCH,
}
"""Who may open the pages under each address; the longest one that fits decides. Pages may narrow it."""


def _of(kind: type[Command], *but: str) -> tuple[str, ...]:
    """The roles of a command, without some."""
    return tuple(role for role in COMMANDS[kind] if role not in but)


WRITING: dict[str, tuple[str, ...]] = {
    "/v1/payments": _of(Pay),
    "/v1/customers": _of(OpenAccount, *GROWN),
    "/v1/accounts": _of(OpenAccount),
    "/v1/accounts/{some_id}/freeze": _of(FreezeAccount),
    "/v1/accounts/{some_id}/limits": _of(SetLimits),
    "/v1/accounts/{some_id}/closure": _of(CloseAccount),
    "/v1/deposits": _of(Deposit),
    "/v1/exchanges": _of(Exchange),
    "/v1/holds/{some_id}/captures": _of(CaptureCardPayment),
    "/v1/holds/{some_id}/release": _of(ReleaseHold),
    "/v1/decisions/{some_id}/reversal": _of(Reverse),
    "/v1/step-ups/{some_id}": _of(AnswerStepUp),
    "/v1/cases/{some_id}/review": _of(ReviewCase),
    "/v1/fraud-reports": _of(ReportFraud),
    "/v1/policies": _of(PublishPolicy),
    "/v1/day-ends": _of(RunDayEnd),
    "/v1/consents": _of(GiveConsent),
    "/v1/consents/withdrawal": _of(WithdrawConsent),
    "/v1/data-uses": _of(UseData),
    "/v1/offers": _of(PreviewOffer),
    "/v1/erasures": _of(AskErasure),
    "/v1/cards": _of(IssueCard),
    "/v1/cards/{some_id}/freeze": _of(FreezeCard),
    "/v1/cards/{some_id}/terms": _of(ChangeCard),
    "/v1/pots": _of(OpenPot),
    "/v1/pots/{some_id}/moves": _of(MovePot),
    "/v1/pending-payments/{some_id}/undo": _of(UndoPayment),
    "/v1/schedules": _of(SchedulePayment),
    "/v1/schedules/{some_id}/cancellation": _of(CancelSchedule),
    "/v1/payees": _of(KeepPayee),
    "/v1/appeals": _of(AppealDecision),
    "/v1/appeals/{some_id}/answer": _of(AnswerAppeal),
    "/v1/cases/{some_id}/assignment": _of(AssignCase),
    "/v1/cases/{some_id}/snooze": _of(SnoozeCase),
    "/v1/cases/{some_id}/escalation": _of(EscalateCase),
    "/v1/cases/{some_id}/notes": _of(NoteCase),
    "/v1/customers/{some_id}/showing": _of(ShowMasked),
    "/v1/call-backs": _of(AskForPerson),
    "/v1/call-backs/{some_id}/answer": _of(AnswerCall),
    "/v1/ties": _of(OfferTie),
    "/v1/ties/{some_id}/acceptance": _of(AcceptTie),
    "/v1/ties/{some_id}/end": _of(EndTie),
    "/v1/ties/{some_id}/limits": _of(LookAfter),
    "/v1/preferences": _of(Prefer),
    "/v1/policy-drafts": _of(ProposePolicy),
    "/v1/policy-drafts/{some_id}/approval": _of(ApprovePolicy),
    "/v1/policy-drafts/{some_id}/rejection": _of(RejectPolicy),
    "/v1/policy-drafts/{some_id}/shadow": _of(ShadowPolicy),
    "/v1/loan-applications": _of(ApplyForLoan),
    "/v1/loan-applications/{some_id}/signature": _of(SignLoan),
    "/v1/loan-applications/{some_id}/decline": _of(DeclineLoanOffer),
    "/v1/loan-applications/{some_id}/appeal": _of(AskLoanReview),
    "/v1/loans/{some_id}/repayments": _of(RepayLoan),
    "/v1/loans/{some_id}/cancellation": _of(CancelLoan),
    "/v1/loans/{some_id}/restructuring": _of(RestructureLoan),
    "/v1/loans/{some_id}/write-off": _of(WriteOffLoan),
    "/v1/cases/{some_id}/loan-review": _of(ReviewLoan),
    "/v1/pay-later/{some_id}/answer": _of(AnswerPayLater),
    "/v1/pay-later/{some_id}/draws": _of(DrawPayLater),
    "/v1/early-warnings/{some_id}/answer": _of(AnswerWarning),
    "/v1/identity-links": _of(LinkIdentity),
    "/v1/identity-links/parting": _of(UnlinkIdentity),
    "/v1/identity-links/apart": _of(KeepApart),
    "/v1/policies/{some_id}/rollback": _of(RollBackPolicy),
    "/v1/audiences": _of(SaveAudience),
    "/v1/offerings/{some_id}/answer": _of(AnswerOffer),
}
"""Who may call each writing REST route: the roles of its command, or fewer."""


def operation(method: str, path: str) -> tuple[str, ...]:
    """The roles that may call a REST route (its path as the document writes it); none when unknown."""
    table = READING if method.upper() in ("GET", "HEAD") else WRITING
    return table.get(path, ())


def page(path: str) -> tuple[str, ...]:
    """The roles that may open the page at this address; none when unknown."""
    fitting = [start for start in PAGES if path == start or path.startswith(f"{start}/")]
    return PAGES[max(fitting, key=len)] if fitting else ()


def may(roles: Iterable[str], allowed: Iterable[str]) -> bool:
    """Whether one of these roles is allowed."""
    return not set(roles).isdisjoint(allowed)


def may_ask(roles: Iterable[str], kind: type[Command]) -> bool:
    """Whether one of these roles may ask for this command."""
    return may(roles, COMMANDS.get(kind, ()))


# -- scopes of tokens: what a program may do in somebody's name, never more than the person may -----------

SCOPES: dict[str, tuple[str, ...]] = {
    "openid": (),
    "profile": (),
    "offline_access": (),
    "bank.read": CUSTOMERS,
    "bank.pay": CUSTOMERS,
    "bank.manage": CUSTOMERS,
    "bank.work": STAFF,
}
"""The scopes a client can ask for, with the roles a token with that scope may carry."""

PAYING = ("/v1/payments", "/v1/schedules", "/v1/step-ups/{some_id}")


def scoped(roles: Iterable[str], scopes: Iterable[str]) -> tuple[str, ...]:
    """The roles a token with these scopes carries."""
    carried = {role for scope in scopes for role in SCOPES.get(scope, ())}
    return tuple(role for role in roles if role in carried)


def in_scope(scopes: Iterable[str], method: str, path: str) -> bool:
    """Whether a token with these scopes may be used for this REST route at all."""
    reading = method.upper() in ("GET", "HEAD")
    needed = "bank.read" if reading else "bank.pay" if path in PAYING else "bank.manage"
    return not {needed, "bank.work"}.isdisjoint(scopes)
