"""Cards of an account: frozen or not, limits of their own, some good for one payment only. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from jingwei.kernel.clock import bank_day
from jingwei.kernel.kept import Kept
from jingwei.kernel.money import Money
from jingwei.kernel.refusal import Refusal, Words, declare
from jingwei.ledger.posting import MAX_BALANCE_MINOR


class Card(Kept, frozen=True):
    """A card on an account. Flags are 0 or 1; limits are minor units, None: the account's alone.

    `status` is "active", "used" (a one-time card after its payment) or "closed". `round_up` is the
    pot that gets the rest to the next whole unit of money, or "". `spent_minor` counts bank day `day`.
    """

    customer: str
    account: str
    last4: str
    label: str
    status: str = "active"
    frozen: int = 0
    one_time: int = 0
    round_up: str = ""
    limit_payment_minor: int | None = None
    limit_day_minor: int | None = None
    day: int = -1
    spent_minor: int = 0
    made_at: int = 0


declare(
    {
        "card_not_found": Words("There is no such card.", "没有这张卡。"),
        "card_frozen": Words(
            "The card is frozen. Unfreeze it in the app to pay with it.", "该卡已冻结，请先在应用中解冻。"
        ),
        "card_used": Words(
            "The card was good for one payment and has been used.", "该卡仅限使用一次，且已使用。"
        ),
        "card_closed": Words("The card is closed.", "该卡已注销。"),
        "above_card_limit": Words(
            "The amount is above the card's limit for one payment, {limit}.", "金额超过该卡单笔限额{limit}。"
        ),
        "above_card_day_limit": Words(
            "The amount is above what is left of the card's limit today, {left}.",
            "金额超过该卡今日剩余限额{left}。",
        ),
        "too_many_cards": Words("An account has at most {most} cards.", "每个账户最多{most}张卡。"),
    }
)

NOT_FOUND = Refusal("card_not_found")


def card_id(seq: int) -> str:
    """Id of the card issued by record `seq`."""
    return f"K{seq:011d}"


def last4(seq: int) -> str:
    """The four digits people know the card by; no secret, they follow from the record's number."""
    return f"{(seq * 7919 + 1234) % 10_000:04d}"


def stopped(card: Card, account: str, amount_minor: int, currency: str, at: int) -> Refusal | None:
    """Why this card may not pay the amount from the account, or None."""
    if card.account != account:
        return NOT_FOUND
    if card.status != "active":
        return Refusal("card_used" if card.status == "used" else "card_closed")
    if card.frozen:
        return Refusal("card_frozen")
    if (limit := card.limit_payment_minor) is not None and amount_minor > limit:
        return Refusal("above_card_limit", {"limit": str(Money(limit, currency))})
    if (limit := card.limit_day_minor) is not None:
        left = max(limit - spent_on(card, at), 0)
        if amount_minor > left:
            return Refusal("above_card_day_limit", {"left": str(Money(left, currency))})
    return None


def spent_on(card: Card, at: int) -> int:
    """What the card spent on the bank day of this moment (minor units).

    A payment that comes late counts on the newest day: it cannot start the count afresh.
    """
    return card.spent_minor if bank_day(at) <= card.day else 0


def spent(card: Card, amount_minor: int, at: int) -> Card:
    """The card after it paid this amount; money given back later is not taken off again."""
    status = "used" if card.one_time and amount_minor else card.status
    day = max(bank_day(at), card.day)
    spent = min(spent_on(card, at) + amount_minor, MAX_BALANCE_MINOR)
    return replace(card, status=status, day=day, spent_minor=spent)
