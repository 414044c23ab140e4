"""Pots: money set aside in an account of its own, towards a goal; and rounding up to the next whole unit."""

from __future__ import annotations

from jingwei.kernel.kept import Kept
from jingwei.kernel.money import currency
from jingwei.kernel.refusal import Words, declare


class Pot(Kept, frozen=True):
    """A pot: `id` is its own account, `account` the one it is filled from and emptied to.

    `goal_minor` is what the owner wants to reach, 0 none. `status` is "open" or "closed".
    """

    customer: str
    account: str
    name: str
    goal_minor: int = 0
    status: str = "open"
    made_at: int = 0


POT_PRODUCT = "pot"
"""Products of pots are named so with their currency: pot_cny."""

INTO_POT = "pot"
"""Kind of a movement between an account and its pot: the owner's own money, so no limit counts it."""

ROUND_UP = "round_up"
"""Kind of the movement that brings the rest to the next whole unit into a pot."""

declare(
    {
        "pot_not_found": Words("There is no such pot.", "没有这个存钱罐。"),
        "too_many_pots": Words("An account has at most {most} pots.", "每个账户最多{most}个存钱罐。"),
        "no_pot_in_currency": Words("There are no pots in {currency} yet.", "暂不支持{currency}存钱罐。"),
    }
)


def rest_to_whole(amount_minor: int, code: str) -> int:
    """What is missing to the next whole unit of the currency (minor units); 0 when it is whole.

    12.30 yuan lack 0.70; a currency without places never lacks anything.
    """
    whole: int = 10 ** currency(code).places
    return -amount_minor % whole
