"""Money in whole minor units of a currency; floats never hold money."""

from __future__ import annotations

import re

import msgspec

MAX_AMOUNT_MINOR = 10**15
"""Largest single amount in minor units: sums of thousands of them stay inside 64 bits."""


class Currency(msgspec.Struct, frozen=True):
    """An ISO 4217 currency: its code, how many decimal places it has, its names."""

    code: str
    places: int
    en: str
    zh: str


CURRENCIES: dict[str, Currency] = {
    c.code: c
    for c in (
        Currency("CNY", 2, "Chinese yuan", "人民币"),
        Currency("USD", 2, "US dollar", "美元"),
        Currency("EUR", 2, "Euro", "欧元"),
        Currency("GBP", 2, "Pound sterling", "英镑"),
        Currency("HKD", 2, "Hong Kong dollar", "港元"),
        Currency("JPY", 0, "Japanese yen", "日元"),
        Currency("KRW", 0, "South Korean won", "韩元"),
        Currency("SGD", 2, "Singapore dollar", "新加坡元"),
        Currency("AUD", 2, "Australian dollar", "澳大利亚元"),
        Currency("CAD", 2, "Canadian dollar", "加拿大元"),
        Currency("CHF", 2, "Swiss franc", "瑞士法郎"),
        Currency("THB", 2, "Thai baht", "泰铢"),
        Currency("VND", 0, "Vietnamese dong", "越南盾"),
        Currency("KWD", 3, "Kuwaiti dinar", "科威特第纳尔"),
        Currency("BHD", 3, "Bahraini dinar", "巴林第纳尔"),
        Currency("CZK", 2, "Czech koruna", "捷克克朗"),
    )
}

_DECIMAL = re.compile(r"(-?)([0-9]{1,19})(?:\.([0-9]{1,9}))?", re.ASCII)


class MoneyError(ValueError):
    """An amount or currency that cannot be read; the message says what would be accepted."""


def currency(code: str) -> Currency:
    """Return the currency with this ISO code, or raise MoneyError naming the known ones."""
    found = CURRENCIES.get(code)
    if found is None:
        raise MoneyError(f"unknown currency {code[:12]!r}; known: {', '.join(CURRENCIES)}")
    return found


class Money(msgspec.Struct, frozen=True):
    """A whole number of minor units of one currency, e.g. Money(12345, "CNY") is 123.45 yuan."""

    amount_minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount_minor - other.amount_minor, self.currency)

    def __str__(self) -> str:
        return f"{format_minor(self.amount_minor, self.currency)} {self.currency}"

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise MoneyError(f"cannot combine {self.currency} with {other.currency}; exchange one first")


def parse_minor(text: str, code: str) -> int:
    """Return the minor units written in `text`, e.g. ("12.30", "CNY") -> 1230.

    Only ASCII digits, one sign and one point are read; more decimal places than the
    currency has are refused rather than rounded. Raises MoneyError.
    """
    places = currency(code).places
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise MoneyError(f"{text[:24]!r} is not an amount; write it like 12.30 with the digits 0-9")
    sign, whole, fraction = match[1], match[2], match[3] or ""
    if len(fraction) > places:
        raise MoneyError(f"{text[:24]!r} has {len(fraction)} decimal places; {code} has {places}")
    minor = int(whole + fraction.ljust(places, "0"))
    if minor > MAX_AMOUNT_MINOR:
        raise MoneyError(f"{text[:24]!r} is above the largest amount, {format_minor(MAX_AMOUNT_MINOR, code)}")
    return -minor if sign else minor


def format_minor(amount_minor: int, code: str) -> str:
    """Return the amount as a decimal string with the currency's own places: 1230 CNY -> "12.30"."""
    places = currency(code).places
    sign = "-" if amount_minor < 0 else ""
    digits = str(abs(amount_minor)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits


def split(amount_minor: int, weights: list[int]) -> list[int]:
    """Share an amount by weights so that the parts add up exactly (largest remainder, ties to the first)."""
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise MoneyError("weights must not be negative and must add up to more than zero")
    parts = [amount_minor * weight // whole for weight in weights]
    rest = amount_minor - sum(parts)
    order = sorted(range(len(weights)), key=lambda i: (-(amount_minor * weights[i] % whole), i))
    for i in order[:rest]:
        parts[i] += 1
    return parts
