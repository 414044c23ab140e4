"""A product: what an account may do and what it costs and earns, as configuration and not as code."""

from __future__ import annotations

from typing import Literal

import msgspec

from jingwei.kernel.clock import HOUR
from jingwei.kernel.refusal import Words
from jingwei.ledger.accounts import Account

Kind = Literal["current", "savings", "card"]
DayCount = Literal["actual/365", "actual/360", "actual/actual"]
Rounding = Literal["down", "half_even", "half_up"]
Tiering = Literal["slice", "whole"]
Posting = Literal["month_end", "quarter_end", "year_end"]


class Tier(msgspec.Struct, frozen=True):
    """From this balance (minor units, included) on, this yearly rate in millionths (2.5 % is 25,000)."""

    from_minor: int
    rate_ppm: int


class Interest(msgspec.Struct, frozen=True):
    """How an account earns and pays interest.

    `tiers` ascend from zero; a rate may be negative. With `tiering` "slice" each tier's rate holds
    for the part of the balance inside it, with "whole" the highest tier reached holds for all of it.
    `overdraft_ppm` is the yearly rate the owner pays while the balance is below zero.
    """

    tiers: tuple[Tier, ...] = ()
    overdraft_ppm: int = 0
    day_count: DayCount = "actual/365"
    tiering: Tiering = "slice"
    rounding: Rounding = "down"
    posting: Posting = "month_end"


class Fee(msgspec.Struct, frozen=True):
    """What one payment costs: a fixed part and basis points of the amount, kept between two bounds."""

    flat_minor: int = 0
    basis_points: int = 0
    minimum_minor: int = 0
    maximum_minor: int | None = None


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a product; a version that accounts were opened under is never changed.

    Amounts are minor units of `currency`; a limit of None is no limit; an account opened under the
    product takes over its limits and overdraft line, and may then have its own.
    """

    code: str
    version: int
    name: Words
    currency: str
    kind: Kind
    interest: Interest = Interest()
    payment_fee: Fee = Fee()
    monthly_fee_minor: int = 0
    limit_payment_minor: int | None = None
    limit_day_minor: int | None = None
    limit_month_minor: int | None = None
    overdraft_minor: int = 0
    minimum_opening_minor: int = 0
    hold_hours: int = 168

    @property
    def id(self) -> str:
        """The product and its version as accounts name it: code@version."""
        return f"{self.code}@{self.version}"

    @property
    def bears(self) -> bool:
        """Whether a day-end can earn or cost anything under this product."""
        return bool(self.interest.tiers or self.interest.overdraft_ppm or self.monthly_fee_minor)

    def account(self, account_id: str, owner: str, at: int) -> Account:
        """Return a new account under this product, opened at this moment."""
        return Account(
            account_id,
            owner,
            self.id,
            self.currency,
            opened_at=at,
            overdraft_minor=self.overdraft_minor,
            limit_payment_minor=self.limit_payment_minor,
            limit_day_minor=self.limit_day_minor,
            limit_month_minor=self.limit_month_minor,
        )

    def hold_until(self, at: int) -> int:
        """Return when a hold placed at this moment expires."""
        return at + self.hold_hours * HOUR
