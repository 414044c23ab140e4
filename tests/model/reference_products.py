"""What the products of the reference bank allow, cost and earn, written down once more by hand.

Nothing of the bank is imported: a product file read wrongly would otherwise be wrong on both sides.
Amounts are minor units, rates millionths a year, `fee` is (flat, basis points, least, most).
"""

from __future__ import annotations

from typing import Any

NO_FEE = (0, 0, 0, None)


def _product(currency: str, **more: Any) -> dict[str, Any]:
    plain = {
        "currency": currency, "tiers": (), "overdraft_ppm": 0, "days": 365, "months": 1, "fee": NO_FEE,
        "monthly": 0, "limits": (None, None, None), "overdraft": 0, "least_opening": 0, "hours": 168,
    }  # fmt: skip
    return plain | more


PRODUCTS: dict[str, dict[str, Any]] = {
    "current_cny": _product(
        "CNY", tiers=((0, 1_000),), days=360, months=3, limits=(20_000_000, 50_000_000, 500_000_000)
    ),
    "overdraft_cny": _product(
        "CNY", tiers=((0, 500),), overdraft_ppm=180_000, days=360, fee=(0, 5, 50, 2_500), monthly=500,
        limits=(5_000_000, 10_000_000, 100_000_000), overdraft=1_000_000,
    ),
    "savings_cny": _product(
        "CNY", tiers=((0, 8_500), (5_000_000, 12_500), (50_000_000, 15_000)), least_opening=5_000,
        limits=(5_000_000, 10_000_000, 100_000_000),
    ),
    "youth_cny": _product(
        "CNY", tiers=((0, 15_000), (1_000_000, 2_000)), limits=(50_000, 100_000, 500_000), hours=72
    ),
    "current_jpy": _product(
        "JPY", tiers=((0, 200),), fee=(110, 0, 0, None), limits=(10_000_000, 20_000_000, None)
    ),
    "current_kwd": _product(
        "KWD", tiers=((0, 2_500),), fee=(250, 0, 0, None), limits=(20_000_000, 50_000_000, None)
    ),
    "current_usd": _product(
        "USD", tiers=((0, 500), (1_000_000, 10_000)), days=360, fee=(30, 10, 50, 3_000),
        limits=(5_000_000, 10_000_000, None),
    ),
}  # fmt: skip

PLACES = {"CNY": 2, "USD": 2, "JPY": 0, "KWD": 3}
"""How many decimal places each currency has."""

BANDS = {"held_band": (7_000, 8_000), "confirmed_band": (8_000, 9_000), "refused_band": (9_000, 9_400)}
"""What the model bank's own policies do with a payment whose amount (minor units) lies in a band."""


def policy_text(name: str) -> str:
    """The policy the model bank judges by: the verdict follows from the amount alone."""
    verdicts = {"held_band": "hold", "confirmed_band": "step_up", "refused_band": "refuse"}
    text = f'name = "{name}"\nversion = 2\n'
    for weight, (code, (low, high)) in enumerate(BANDS.items(), start=10):
        text += (
            f'\n[[rules]]\ncode = "{code}"\nwhen = "{low} <= amount_minor < {high}"\n'
            f'verdict = "{verdicts[code]}"\nweight = {weight}\n'
            f'says = "The amount lies in the {code} of the model."\nsays_zh = "金额位于模型的{code}区间。"\n'
        )
    return text


def verdict_of(amount_minor: int) -> str:
    """What those policies make of an amount: "allow" or the code of its band."""
    for code, (low, high) in BANDS.items():
        if low <= amount_minor < high:
            return code
    return "allow"
