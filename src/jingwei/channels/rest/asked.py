"""What writing routes read: one frozen type for each body, from which the OpenAPI document is made too."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from jingwei.channels.rest.reading import Decimal, PlainText
from jingwei.journeys.answer_offer import Said as OfferSaid
from jingwei.journeys.review_case import Because, Found
from jingwei.journeys.save_audience import AudienceName, ConditionText
from jingwei.journeys.show_masked import LookPurpose
from jingwei.journeys.use_data import People
from jingwei.kernel.command import CurrencyCode, Id, OptionalId
from jingwei.kernel.purpose import DataClass, Purpose

Date = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", examples=["2026-11-20"])]
OptionalDate = Annotated[str, msgspec.Meta(pattern=r"\A([0-9]{4}-[0-9]{2}-[0-9]{2})?\Z")]
Rate = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{1,6}(\.[0-9]{1,9})?\Z", examples=["7.1234"])]
PolicyText = Annotated[str, msgspec.Meta(max_length=60_000)]
Said = Annotated[str, msgspec.Meta(min_length=1, max_length=1000, pattern=r"\A[^\x00]*\Z")]
UndoSeconds = Annotated[int, msgspec.Meta(ge=0, le=60)]
MarginBp = Annotated[int, msgspec.Meta(ge=0, lt=10_000)]


When = Annotated[str, msgspec.Meta(pattern=r"\A[0-9T:.Z+-]{10,40}\Z", examples=["2026-11-20T12:00:00Z"])]
GivenText = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=500,
        pattern=r"\A[^\x00-\x1f\x7f]*\Z",
        examples=["the customer calls back at noon"],
    ),
]


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all bodies: an unknown field is refused, not ignored."""


class CustomerAsk(Ask, frozen=True):
    """Take on a customer, with a first account under `product`."""

    customer: Id
    name: PlainText
    product: Id
    kind: Literal["person", "company"] = "person"
    born: OptionalDate = ""
    account: OptionalId = ""
    opening: Decimal = "0"


class AccountAsk(Ask, frozen=True):
    """Open an account under `product`; `opening` is paid in from `source`, or in cash by staff."""

    product: Id
    customer: OptionalId = ""
    account: OptionalId = ""
    opening: Decimal = "0"
    source: OptionalId = ""


class DepositAsk(Ask, frozen=True):
    """Pay into an account: cash at the counter, or clearing from another bank."""

    account: Id
    amount: Decimal
    currency: CurrencyCode
    source: Literal["cash", "clearing"] = "cash"
    memo: PlainText = ""


class CaptureAsk(Ask, frozen=True):
    """Take all or a part of what a hold keeps."""

    amount: Decimal
    currency: CurrencyCode


class WhyAsk(Ask, frozen=True):
    """Why it is done."""

    reason: PlainText = ""


class FreezeAsk(Ask, frozen=True):
    """Freeze an account in this direction, or lift that freeze with `on` false."""

    direction: Literal["in", "out", "both"]
    on: bool = True
    reason: PlainText = ""


class LimitsAsk(Ask, frozen=True):
    """New limits of an account in its currency; null is no limit."""

    currency: CurrencyCode
    payment: Decimal | None
    day: Decimal | None
    month: Decimal | None
    overdraft: Decimal | None = None


class ClosureAsk(Ask, frozen=True):
    """Close an account; what is left goes to `payee`."""

    payee: OptionalId = ""
    reason: PlainText = ""


class ExchangeAsk(Ask, frozen=True):
    """Give `amount` of the payer account's currency for the payee account's at `rate`, less a margin."""

    payer: Id
    payee: Id
    amount: Decimal
    currency: CurrencyCode
    rate: Rate
    margin_bp: MarginBp = 0


class StepUpAsk(Ask, frozen=True):
    """The customer's answer to a step-up; payee, amount and currency repeat what was shown."""

    confirm: bool
    payee: Id
    amount: Decimal
    currency: CurrencyCode


class ReviewAsk(Ask, frozen=True):
    """A person's answer to a held payment: let it go (`release`) or refuse it, and why."""

    release: bool
    comment: PlainText = ""
    outcome: Found = ""
    reason: Because = ""


class AssignmentAsk(Ask, frozen=True):
    """Who of the staff shall have the case; empty is nobody. `free_only` leaves it with who has it."""

    to: OptionalId = ""
    free_only: bool = False


class SnoozeAsk(Ask, frozen=True):
    """Put the case off until this moment, and why."""

    until: When
    reason: GivenText


class EscalationAsk(Ask, frozen=True):
    """Why the case goes to the second line."""

    reason: GivenText


class NoteAsk(Ask, frozen=True):
    """A remark on the case."""

    text: GivenText


class ShowingAsk(Ask, frozen=True):
    """What a customer's identity is read for, and for which case."""

    purpose: LookPurpose
    case: OptionalId = ""
    reason: PlainText = ""


class FraudAsk(Ask, frozen=True):
    """A payment of ours turned out to be fraud; the bank fills in the rest from its record."""

    payment: Id


class PolicyAsk(Ask, frozen=True):
    """A new policy version, written in TOML."""

    text: PolicyText


class ConsentAsk(Ask, frozen=True):
    """Agree to a use of one's data; no data named means all that the purpose needs."""

    purpose: Purpose
    data: tuple[DataClass, ...] = ()
    until: OptionalDate = ""


class WithdrawalAsk(Ask, frozen=True):
    """Take back a consent; no data named means all of it."""

    purpose: Purpose
    data: tuple[DataClass, ...] = ()


class DataUseAsk(Ask, frozen=True):
    """Say whose data will be read and why, before it is read."""

    customers: People
    purpose: Purpose
    data: tuple[DataClass, ...] = ()
    why: PlainText = ""


class OfferAsk(Ask, frozen=True):
    """Which product would suit the money of an account."""

    customer: Id
    account: Id


class NothingAsk(Ask, frozen=True):
    """Nothing more to say."""


class CardAsk(Ask, frozen=True):
    """A new card on an account; one with `one_time` is good for one payment."""

    account: Id
    label: PlainText = ""
    one_time: bool = False


class CardFreezeAsk(Ask, frozen=True):
    """Freeze a card, or let it pay again with `on` false."""

    on: bool = True


class CardTermsAsk(Ask, frozen=True):
    """A card's name, limits (null: none) and the pot it rounds up into; `close` ends the card."""

    currency: CurrencyCode
    payment: Decimal | None
    day: Decimal | None
    label: PlainText = ""
    round_up: OptionalId = ""
    close: bool = False


class PotAsk(Ask, frozen=True):
    """A pot beside an account, towards a goal."""

    account: Id
    currency: CurrencyCode
    name: PlainText
    goal: Decimal = "0"


class PotMoveAsk(Ask, frozen=True):
    """Move money into a pot or out of it; "close" brings all of it back."""

    direction: Literal["in", "out", "close"]
    currency: CurrencyCode
    amount: Decimal = "0"


class UndoAsk(Ask, frozen=True):
    """Take a payment back; nothing more needs to be said."""


class CancelAsk(Ask, frozen=True):
    """Make no more payments; nothing more needs to be said."""


class ScheduleAsk(Ask, frozen=True):
    """Pay `amount` on the day `first` and, by `every`, after it until the day `until`."""

    payer: Id
    payee: Id
    amount: Decimal
    currency: CurrencyCode
    every: Literal["once", "weekly", "monthly"]
    first: Date
    until: OptionalDate = ""
    memo: PlainText = ""
    device: OptionalId = ""


class PayeeAsk(Ask, frozen=True):
    """Keep `account` under `name`."""

    account: Id
    name: PlainText


class DayEndAsk(Ask, frozen=True):
    """Close this bank day (UTC+8) for every account; asking again changes nothing."""

    day: Date


class AppealAsk(Ask, frozen=True):
    """Appeal against the decision on one of one's own payments, in one's own words."""

    decision: Id
    text: Said


class AppealAnswerAsk(Ask, frozen=True):
    """The answer to an appeal: the decision was wrong (`overturn`) or stands, and why."""

    overturn: bool
    words: Said


class PersonAsk(Ask, frozen=True):
    """Ask to be called back; `topic` says what about."""

    topic: PlainText = ""


class CallAsk(Ask, frozen=True):
    """What came of a call-back."""

    words: PlainText = ""


class TieAsk(Ask, frozen=True):
    """`keeper` looks after ("guardian") or sees ("helper") the accounts of `whose`; one of the two asks."""

    kind: Literal["guardian", "helper"]
    whose: Id
    keeper: Id


class TieAnswerAsk(Ask, frozen=True):
    """Nothing more is needed than which tie."""


class LookAfterAsk(Ask, frozen=True):
    """New limits of a child's account in its currency (null: none), and whether nothing may go out."""

    account: Id
    currency: CurrencyCode
    payment: Decimal | None
    day: Decimal | None
    month: Decimal | None
    frozen: bool = False


class PreferAsk(Ask, frozen=True):
    """How the bank should be towards the caller; null leaves it as it was."""

    elder: bool | None = None
    undo_s: UndoSeconds | None = None


class AudienceAsk(Ask, frozen=True):
    """An audience: its name, and a condition over tags that marketing may read."""

    name: AudienceName
    condition: ConditionText


class OfferAnswerAsk(Ask, frozen=True):
    """What became of an offer."""

    answer: OfferSaid


class DayEndTold(msgspec.Struct, frozen=True):
    """How a day-end went: accounts closed, and those left out because their books do not hang together."""

    day: str
    pages: int
    accounts: int
    damaged: list[str]
    waived: list[str]
    loans: int = 0
    loans_late: int = 0
