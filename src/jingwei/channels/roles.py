"""Who may do what: every command, every reading route and every page with the roles that may, and no others.

One table for all channels: REST checks it where it learns who asks, the web where it hands a page to its
handler and where it hands a command to the bank. What stands in no table is nobody's.
"""

from __future__ import annotations

from collections.abc import Iterable

from jingwei.journeys.answer_draft import ApprovePolicy, RejectPolicy
from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.capture import CaptureCardPayment
from jingwei.journeys.close_account import CloseAccount
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.exchange import Exchange
from jingwei.journeys.freeze import FreezeAccount
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.pay import Pay
from jingwei.journeys.propose_policy import ProposePolicy
from jingwei.journeys.publish_policy import PublishPolicy
from jingwei.journeys.release_hold import ReleaseHold
from jingwei.journeys.report_fraud import ReportFraud
from jingwei.journeys.reverse import Reverse
from jingwei.journeys.review_case import ReviewCase
from jingwei.journeys.roll_back_policy import RollBackPolicy
from jingwei.journeys.run_day_end import RunDayEnd
from jingwei.journeys.set_limits import SetLimits
from jingwei.journeys.shadow_policy import ShadowPolicy
from jingwei.journeys.use_model import UseModel
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
    PublishPolicy: (*RISK, SYSTEM),
    RunDayEnd: ("admin", SYSTEM),
    ProposePolicy: RULES,
    ShadowPolicy: RULES,
    ApprovePolicy: RULES,
    RejectPolicy: RULES,
    RollBackPolicy: RULES,
    UseModel: RULES,
}
"""Who may ask for each command over REST or the web. Commands not named here are asked by the bank itself."""

LOOK = (*CUSTOMERS, *COUNTER, *OVERSIGHT, SYSTEM)
READING: dict[str, tuple[str, ...]] = {
    "/v1/accounts": LOOK,
    "/v1/accounts/{account}": LOOK,
    "/v1/accounts/{account}/statement": LOOK,
    "/v1/cases": (*OVERSIGHT, SYSTEM),
    "/v1/cases/{case}": (*OVERSIGHT, SYSTEM),
    "/v1/step-ups/{challenge}": (*CUSTOMERS, "teller", *OVERSIGHT, SYSTEM),
    "/v1/policies": (*OVERSIGHT, "model_owner", SYSTEM),
    "/v1/decisions/{decision}": (*LOOK, "model_owner"),
    "/v1/decisions/{decision}/proof": (*LOOK, "model_owner"),
}
"""Who may read each REST route that needs a token."""

PAGES: dict[str, tuple[str, ...]] = {
    "/app": CUSTOMERS,
    "/desk": STAFF,
    "/desk/counter": COUNTER,
    "/desk/rules": RULES,
    "/desk/drafts": RULES,
    "/desk/models": RULES,
    "/desk/work": (*RULES, *LOG),
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

PAYING = ("/v1/payments", "/v1/step-ups/{some_id}")


def scoped(roles: Iterable[str], scopes: Iterable[str]) -> tuple[str, ...]:
    """The roles a token with these scopes carries."""
    carried = {role for scope in scopes for role in SCOPES.get(scope, ())}
    return tuple(role for role in roles if role in carried)


def in_scope(scopes: Iterable[str], method: str, path: str) -> bool:
    """Whether a token with these scopes may be used for this REST route at all."""
    reading = method.upper() in ("GET", "HEAD")
    needed = "bank.read" if reading else "bank.pay" if path in PAYING else "bank.manage"
    return not {needed, "bank.work"}.isdisjoint(scopes)
