"""What the writing routes of lending read: one frozen type for each body."""

from __future__ import annotations

from typing import Annotated

import msgspec

from jingwei.channels.rest.asked import Ask, Said
from jingwei.channels.rest.reading import Decimal, PlainText
from jingwei.domains.credit.loan_changes import How
from jingwei.journeys.sign_loan import OptionalSha256, Sha256
from jingwei.kernel.command import CurrencyCode, Id

Months = Annotated[int, msgspec.Meta(ge=1, le=360)]


class LoanAsk(Ask, frozen=True):
    """Ask for a loan under `product`, paid out to `account`; `person`: a person shall decide."""

    product: Id
    account: Id
    amount: Decimal
    months: Months
    purpose: PlainText = ""
    person: bool = False


class LoanSignatureAsk(Ask, frozen=True):
    """Sign exactly what was offered: the amount, its currency and the digest of the terms."""

    account: Id
    amount: Decimal
    currency: CurrencyCode
    terms_sha256: Sha256
    contract_sha256: OptionalSha256 = ""


class LoanNothingAsk(Ask, frozen=True):
    """Nothing more needs to be said."""


class LoanAppealAsk(Ask, frozen=True):
    """Appeal against a refused application, in one's own words."""

    text: Said


class RepaymentAsk(Ask, frozen=True):
    """Pay on a loan: what is due, more for fewer months or smaller instalments, or all of it."""

    currency: CurrencyCode
    amount: Decimal = "0"
    how: How = "due"


class RestructuringAsk(Ask, frozen=True):
    """Spread all that a loan owes over so many months from today."""

    months: Months
    why: Said


class WriteOffAsk(Ask, frozen=True):
    """Give a loan up as lost in the books."""

    why: Said


class LoanReviewAsk(Ask, frozen=True):
    """A person's answer to an application: approve it, approve less, or refuse it, and why."""

    approve: bool
    words: Said
    currency: CurrencyCode
    amount: Decimal = "0"


class PayLaterAsk(Ask, frozen=True):
    """Open the pay-later line that is offered, turn it down, or close an open one."""

    accept: bool


class DrawAsk(Ask, frozen=True):
    """Split a purchase, the decision of one's own card payment, into instalments."""

    purchase: Id
    months: Months
