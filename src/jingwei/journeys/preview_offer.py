"""PreviewOffer: staff ask which product would suit a customer; read for marketing, so only with consent."""

from __future__ import annotations

import msgspec

from jingwei.consent.uses import DataUse, today, used
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.money import CURRENCIES
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import Standing
from jingwei.ledger.interest import MICRO
from jingwei.ledger.product import Product
from jingwei.ledger.work import Customer

READ = (DataClass.IDENTITY, DataClass.TRANSACTIONS)


class PreviewOffer(Command, frozen=True, kw_only=True, tag="preview_offer"):
    """Whether `customer` would earn more on the money of `account` under the savings product."""

    customer: Id
    account: Id


class OfferPreviewed(Event, frozen=True, kw_only=True, tag="offer_previewed"):
    """What the product would pay in a year on today's balance (minor units); "" and 0: nothing suits."""

    product: str
    yearly_minor: int
    currency: str


class Seen(msgspec.Struct, frozen=True):
    """The customer, the account, the savings product in its currency, and today's count of uses."""

    seq: int
    customer: Customer | None
    standing: Standing | None
    product: Product | None
    count: DataUse | None


def look(ask: PreviewOffer, books: Books) -> Seen:
    """Read the customer and the account; each read asks for consent."""
    customer = books.get(Customer, ask.customer)
    standing = books.own(ask.account)
    code = standing.account.currency if standing else next(iter(CURRENCIES))
    product = books.products.latest(f"savings_{code.lower()}")
    count = books.get(DataUse, today(ask.customer, Purpose.MARKETING, ask.actor, ask.at))
    return Seen(books.seq, customer, standing, product, count)


def act(ask: PreviewOffer, seen: Seen) -> Outcome:
    """Tell what savings would pay, and count that the data was read."""
    number, standing = decision_id(seen.seq), seen.standing
    if seen.customer is None or standing is None or standing.account.owner != ask.customer:
        return refused(number, Refusal("customer_not_found"))
    money = max(standing.balance.booked_minor, 0)
    earned = yearly_minor(seen.product, money) if seen.product else 0
    product = seen.product.id if seen.product and earned else ""
    event = OfferPreviewed(product=product, yearly_minor=earned, currency=standing.account.currency)
    some_id = today(ask.customer, Purpose.MARKETING, ask.actor, ask.at)
    return Outcome(
        Answer(number, "done", events=(event,)), kept=(used(seen.count, some_id, READ, ask.at, "offer"),)
    )


def yearly_minor(product: Product, money_minor: int) -> int:
    """Simple interest of one year on a balance (whole minor units, rounded down), tier by tier."""
    total, tiers = 0, product.interest.tiers
    for i, tier in enumerate(tiers):
        end = tiers[i + 1].from_minor if i + 1 < len(tiers) else money_minor
        part = max(min(money_minor, end) - tier.from_minor, 0)
        total += part * tier.rate_ppm
    return total // MICRO


PREVIEW_OFFER = Journey(
    PreviewOffer, look, act, roles=("staff",), accounts=("account",), purpose=Purpose.MARKETING
)
