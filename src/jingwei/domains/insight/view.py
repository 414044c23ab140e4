"""The one view of a customer: what all systems know, put together for a purpose; the rest is said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final, Literal

import msgspec

from jingwei.domains.insight.happenings import KINDS, MOVES_MONEY, Told
from jingwei.kernel.purpose import DataClass

SECTIONS: Final[dict[str, DataClass]] = {
    "who": DataClass.IDENTITY,
    "accounts": DataClass.TRANSACTIONS,
    "products": DataClass.TRANSACTIONS,
    "cashflow": DataClass.TRANSACTIONS,
    "contacts": DataClass.TRANSACTIONS,
    "devices": DataClass.DEVICES,
    "behaviour": DataClass.BEHAVIOUR,
    "cases": DataClass.LABELS,
}
"""The parts of the view and the kind of data each is. The timeline holds what its kinds allow."""

PRODUCTS: Final[dict[str, str]] = {
    "card_payment": "card",
    "loan_instalment": "loan",
    "fund_bought": "funds",
    "fund_sold": "funds",
    "premium": "insurance",
    "claim": "insurance",
}
"""Which product a kind of happening shows that somebody has."""

CONTACTS: Final = ("contact", "call", "complaint", "visit")
MONTHS_SHOWN: Final = 12

Why = Literal["not_for_purpose", "not_agreed"]
MonthRow = tuple[str, int, str, str, str, int, int, int, int]
"""Source, month (yyyymm), kind, category, currency, count, in, out, last at: as the shelf keeps sums."""


class LeftOut(msgspec.Struct, frozen=True):
    """A part that was not read, the kind of data it is, and why."""

    part: str
    data: str
    why: Why


class ProductUse(msgspec.Struct, frozen=True):
    """A product somebody uses, from what its systems tell. Amounts in minor units, out below zero."""

    product: str
    currency: str
    count: int
    in_minor: int
    out_minor: int
    first_month: int
    last_at: int


class CashMonth(msgspec.Struct, frozen=True):
    """Money that came in and went out in a month (yyyymm), in minor units, out below zero."""

    month: int
    currency: str
    in_minor: int
    out_minor: int


class Habit(msgspec.Struct, frozen=True):
    """How often something of a kind and category happened, and when last."""

    kind: str
    category: str
    count: int
    last_at: int


class SourceSeen(msgspec.Struct, frozen=True):
    """A system that told something of the customer that may be shown: how much, and when last."""

    source: str
    count: int
    last_at: int


class Assembled(msgspec.Struct, frozen=True):
    """The part of the view that comes from the source systems."""

    products: tuple[ProductUse, ...]
    cashflow: tuple[CashMonth, ...]
    devices: tuple[Habit, ...]
    behaviour: tuple[Habit, ...]
    contacts: tuple[Told, ...]
    timeline: tuple[Told, ...]
    sources: tuple[SourceSeen, ...]


def kinds_of(allowed: Collection[DataClass]) -> tuple[str, ...]:
    """The kinds of happening that may be read when these kinds of data may."""
    return tuple(name for name, kind in KINDS.items() if kind.data in allowed)


def left_out(for_purpose: Collection[DataClass], allowed: Collection[DataClass]) -> tuple[LeftOut, ...]:
    """The parts that are not in the view: not for this purpose at all, or not agreed to."""
    return tuple(
        LeftOut(part, data.value, "not_agreed" if data in for_purpose else "not_for_purpose")
        for part, data in SECTIONS.items()
        if data not in allowed
    )


def assemble(months: Sequence[MonthRow], timeline: Sequence[Told], contacts: Sequence[Told]) -> Assembled:
    """Put together what was read; everything given may be shown."""
    return Assembled(
        _products(months),
        _cashflow(months),
        _habits(row for row in months if row[2] == "signed_in"),
        _habits(row for row in months if KINDS[row[2]].data is DataClass.BEHAVIOUR),
        tuple(contacts),
        tuple(timeline),
        _sources(months),
    )


def _products(months: Iterable[MonthRow]) -> tuple[ProductUse, ...]:
    found: dict[tuple[str, str], list[int]] = {}
    for _, month, kind, _, currency, count, came, went, last in months:
        if product := PRODUCTS.get(kind):
            sums = found.setdefault((product, currency), [0, 0, 0, month, 0])
            sums[0] += count
            sums[1] += came
            sums[2] += went
            sums[3] = min(sums[3], month)
            sums[4] = max(sums[4], last)
    return tuple(ProductUse(*name, *sums) for name, sums in sorted(found.items()))


def _cashflow(months: Iterable[MonthRow]) -> tuple[CashMonth, ...]:
    sums: dict[tuple[int, str], list[int]] = {}
    for _, month, kind, _, currency, _, came, went, _ in months:
        if kind in MOVES_MONEY:
            one = sums.setdefault((month, currency), [0, 0])
            one[0] += came
            one[1] += went
    newest = sorted({month for month, _ in sums})[-MONTHS_SHOWN:]
    return tuple(CashMonth(*name, *one) for name, one in sorted(sums.items()) if name[0] in newest)


def _habits(months: Iterable[MonthRow]) -> tuple[Habit, ...]:
    sums: dict[tuple[str, str], list[int]] = {}
    for _, _, kind, category, _, count, _, _, last in months:
        one = sums.setdefault((kind, category), [0, 0])
        one[0] += count
        one[1] = max(one[1], last)
    ranked = sorted(sums.items(), key=lambda item: (-item[1][0], item[0]))
    return tuple(Habit(*name, *one) for name, one in ranked[:12])


def _sources(months: Iterable[MonthRow]) -> tuple[SourceSeen, ...]:
    sums: dict[str, list[int]] = {}
    for source, _, _, _, _, count, _, _, last in months:
        one = sums.setdefault(source, [0, 0])
        one[0] += count
        one[1] = max(one[1], last)
    return tuple(SourceSeen(name, *one) for name, one in sorted(sums.items()))
