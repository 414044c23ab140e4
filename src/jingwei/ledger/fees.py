"""Fees: what a payment or a month costs under a product, as movements to the bank's fee income. Pure."""

from __future__ import annotations

from jingwei.ledger.accounts import Movement, chart_id
from jingwei.ledger.product import Product

BASIS = 10_000
"""Basis points in the whole amount."""


def transfer_fee(product: Product, amount_minor: int) -> int:
    """Return what sending this amount costs, in minor units of the product's currency.

    The fixed part plus the basis points of the amount (halves of a minor unit rounded to the even
    neighbour), then kept between the fee's minimum and maximum. A fee that says nothing is zero.
    """
    fee = product.payment_fee
    share, rest = divmod(amount_minor * fee.basis_points, BASIS)
    share += rest * 2 > BASIS or (rest * 2 == BASIS and share % 2 == 1)
    cost = max(fee.flat_minor + share, fee.minimum_minor)
    return cost if fee.maximum_minor is None else min(cost, fee.maximum_minor)


def fee_movements(product: Product, account_id: str, fee_minor: int) -> tuple[Movement, ...]:
    """Return the movement that takes a fee from an account, or none when the fee is zero."""
    if not fee_minor:
        return ()
    return (Movement(account_id, chart_id("fees", product.currency), fee_minor, product.currency, "fee"),)
