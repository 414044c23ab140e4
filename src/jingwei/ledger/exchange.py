"""Exchange: one currency given for another as two linked movements through the bank's own position. Pure."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

import msgspec

from jingwei.kernel.money import currency
from jingwei.kernel.refusal import Refusal, Words, declare
from jingwei.ledger.accounts import Movement, chart_id

BASIS = 10_000

declare(
    {
        "exchange_too_small": Words(
            "The amount is too small: it is worth less than the smallest unit of {currency}.",
            "金额过小，兑换后不足{currency}的最小单位。",
        ),
        "same_currency": Words(
            "Both accounts are kept in {currency}.", "两个账户的币种同为{currency}，无须兑换。"
        ),
    }
)


class Rate(msgspec.Struct, frozen=True):
    """How much of `bought` one whole unit of `sold` buys, as a fraction: 7.1234 is 71,234 / 10,000.

    `margin_bp` is what the bank keeps, in basis points of the amount bought.
    """

    sold: str
    bought: str
    numerator: int
    denominator: int
    margin_bp: int = 0


class Reference(msgspec.Struct, frozen=True):
    """The bank's reference rate as a fraction, and how far off it one person may go, in basis points."""

    numerator: Annotated[int, msgspec.Meta(ge=1, le=10**12)]
    denominator: Annotated[int, msgspec.Meta(ge=1, le=10**12)]
    band_bp: Annotated[int, msgspec.Meta(ge=0, lt=BASIS)]


def within(rate: Rate, reference: Reference | None) -> bool:
    """Whether what the customer gets, the margin taken off, is within the band of the reference.

    A rate without a reference is not.
    """
    if reference is None:
        return False
    got = Fraction(rate.numerator * (BASIS - rate.margin_bp), rate.denominator * BASIS)
    off = abs(got - Fraction(reference.numerator, reference.denominator))
    return off * BASIS * reference.denominator <= reference.numerator * reference.band_bp


def bought_minor(rate: Rate, sold_minor: int) -> int:
    """Return what an amount buys after the margin, in minor units of the bought currency.

    Rounded down to a whole minor unit: the part of a unit stays in the bank's position.
    """
    above = sold_minor * rate.numerator * _minor_per_whole(rate.bought) * (BASIS - rate.margin_bp)
    return above // (rate.denominator * _minor_per_whole(rate.sold) * BASIS)


def margin_minor(rate: Rate, sold_minor: int) -> int:
    """Return what the bank keeps of the exchange, in minor units of the bought currency."""
    free = msgspec.structs.replace(rate, margin_bp=0)
    return bought_minor(free, sold_minor) - bought_minor(rate, sold_minor)


def _minor_per_whole(code: str) -> int:
    return int(10 ** currency(code).places)


def exchange(payer: str, payee: str, sold_minor: int, rate: Rate) -> tuple[Movement, Movement] | Refusal:
    """Return the two movements of an exchange: sold to the bank's position, bought from it.

    Both belong to one entry, so they are posted together or not at all. The rate's fraction and
    margin must be positive and below 100 % (a rate that is not is a bug).
    """
    assert rate.numerator > 0 and rate.denominator > 0 and 0 <= rate.margin_bp < BASIS, "not a rate"
    if rate.sold == rate.bought:
        return Refusal("same_currency", {"currency": rate.sold})
    bought = bought_minor(rate, sold_minor)
    if bought <= 0:
        return Refusal("exchange_too_small", {"currency": rate.bought})
    return (
        Movement(payer, chart_id("exchange", rate.sold), sold_minor, rate.sold, "exchange"),
        Movement(chart_id("exchange", rate.bought), payee, bought, rate.bought, "exchange"),
    )
