"""Interest and monthly fees once more, from the words of the products alone; fractions, nothing imported."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from tests.model.reference_books import Books, Move, Row, available, day_of
from tests.model.reference_products import PRODUCTS

MICRO = 1_000_000


def product_of(account: Row) -> dict[str, Any]:
    """The product an account was opened under."""
    return PRODUCTS[account["product"].split("@")[0]]


def bears(account: Row) -> bool:
    """Whether a day can earn or cost anything."""
    product = product_of(account)
    return bool(product["tiers"] or product["overdraft_ppm"] or product["monthly"])


def first_open(account: Row) -> int:
    """The first day whose interest has not accrued."""
    return max(int(account["accrued_day"]) + 1, day_of(account["opened_at"]))


def closing(books: Books, name: str, day: int) -> int:
    """The balance at a day's end; a line that came late counts where it was booked."""
    days, balances = books.day_ends.get(name, ([], []))
    before = bisect_right(days, day)
    return balances[before - 1] if before else 0


def earned(balance: int, account: Row) -> int:
    """Millionths of a minor unit one day brings; below zero the owner owes them."""
    product = product_of(account)
    if balance < 0:
        return int(Fraction(balance * product["overdraft_ppm"], product["days"]))
    tiers = [*product["tiers"], (None, 0)]
    total = 0
    for (low, rate), (high, _) in zip(tiers, tiers[1:], strict=False):
        part = max((balance if high is None else min(balance, high)) - low, 0)
        total += int(Fraction(part * rate, product["days"]))
    return total


class DayRun:
    """One account while its open days are closed, one after the other."""

    def __init__(self, account: Row) -> None:
        self.account = account
        self.accrued = int(account["accrued_micro"])
        self.moved = 0
        self.waived = False
        self.moves: list[Move] = []

    def through(self, books: Books, last: int) -> None:
        """Close every open day up to this one."""
        product = product_of(self.account)
        for day in range(first_open(self.account), last + 1):
            self.accrued += earned(closing(books, self.account["id"], day) + self.moved, self.account)
            tomorrow = date(1970, 1, 1) + timedelta(days=day + 1)
            if tomorrow.day == 1 and (tomorrow.month - 1) % product["months"] == 0:
                self.pay(int(Fraction(self.accrued, MICRO)))
            if tomorrow.day == 1 and product["monthly"]:
                self.charge(product["monthly"])

    def room(self) -> int:
        """What could still be taken from the account."""
        return available(self.account) + self.moved

    def pay(self, whole: int) -> None:
        """Post interest; what the owner owes only as far as there is room."""
        name, currency = self.account["id"], self.account["currency"]
        if whole < 0:
            whole = max(whole, -max(self.room(), 0))
        if whole > 0:
            self.moves.append((f"bank:interest_paid:{currency}", name, whole, currency, "interest"))
        elif whole < 0:
            self.moves.append((name, f"bank:interest_earned:{currency}", -whole, currency, "interest"))
        self.accrued -= whole * MICRO
        self.moved += whole

    def charge(self, fee: int) -> None:
        """Take the monthly fee whole or not at all."""
        name, currency = self.account["id"], self.account["currency"]
        if self.room() < fee or self.account["frozen"] in ("out", "both"):
            self.waived = True
            return
        self.moves.append((name, f"bank:fees:{currency}", fee, currency, "fee"))
        self.moved -= fee

    def settle(self) -> None:
        """Post all that has accrued, halves to the even unit, and give up what is less."""
        whole = round(Fraction(self.accrued, MICRO))
        before = self.moved
        self.pay(whole)
        self.accrued = (whole - (self.moved - before)) * MICRO
