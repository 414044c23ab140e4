"""What a feature is: a name, whose it is, a window, an aggregate, one sentence, its data class and its
purposes.

The meaning, exact and the same in every execution (live, replay, SQL). Events come in arrival order. For
payment i and the value v that it has for the feature's entity (customer, payee, ..., or a pair of them):

    S_i  the largest `at` of all payments that arrived no later than i
    T_i  the largest `at` of the payments of v that arrived no later than i, and not below S_i - LATENESS
    the window of i: the payments j of v that arrived no later than i and have at_j > T_i - window

So a payment that is out of order or late by less than LATENESS reads and changes the windows of its entity as
that entity's newest payment left them; one that is later finds what a payment LATENESS old would find. A
window contains the payment itself (when it is not too late), except for `LAST` and `TIME_SINCE`, which look
at those before it.

Two clocks: a fraud report tells at its own arrival that the payment at `ref_at` was fraud. The delayed
aggregates count reports that arrived before i with ref_at in (T_i - delay - window, T_i - delay], over
payments in the same range.

Numbers: amounts are whole minor units from 0 to 10^15. Sums S and sums of squares Q are exact integers below
2^128. double(x) of such an integer is float(x // 2^64) * 2^64 + float(x % 2^64). With n payments in the
window:

    mean       double(S) / n
    deviation  of the population: q, r = divmod(S, n); V = Q - q * (S + r), the exact sum of (amount - q)^2;
               sqrt(max(double(V) / n - (r / n) * (r / n), 0)); empty below two payments
    share      (number that satisfy the condition) / n
    seconds    microseconds / 1e6

A payment without the feature's entity ("") gives NaN; so does a derived feature with any NaN input.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import Final

from jingwei.features.terms import Function, read
from jingwei.kernel.clock import BANK_OFFSET, DAY, HOUR, MINUTE
from jingwei.kernel.purpose import DataClass, Purpose

LATENESS: Final = 30 * DAY
"""How far behind the newest payment of the stream an entity's clock may stay (microseconds)."""

SHORTEST: Final = 5 * MINUTE
LONGEST: Final = 90 * DAY
DAY_ZERO_WEEKDAY: Final = 3
"""1970-01-01 was a Thursday."""
OWN_FIELDS: Final = ("amount_minor", "hour", "weekday")
"""Fields of the payment itself that derived features may use: hour 0-23 and weekday 0 (Monday) - 6, bank
time.
"""


class Kind(StrEnum):
    """What is computed over a window."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    MAX = "max"
    MIN = "min"
    DEVIATION = "deviation"
    DISTINCT = "distinct"
    LAST = "last"
    TIME_SINCE = "time_since"
    AGE = "age"
    SHARE = "share"
    FRAUD_COUNT = "fraud_count"
    FRAUD_SHARE = "fraud_share"


ALWAYS_ZERO_WHEN_EMPTY: Final = frozenset((Kind.COUNT, Kind.SUM, Kind.DISTINCT, Kind.FRAUD_COUNT))
DELAYED: Final = frozenset((Kind.FRAUD_COUNT, Kind.FRAUD_SHARE))


@dataclass(frozen=True)
class Condition:
    """A simple condition on one payment: `amount_over` (first = minor units) or `bank_hours` (from first to
    before last).
    """

    kind: str
    first: int
    last: int = 0

    def holds(self, at: int, amount_minor: int) -> bool:
        """Whether a payment at this moment (microseconds UTC) of this amount satisfies it."""
        if self.kind == "amount_over":
            return amount_minor > self.first
        hour = bank_hour(at)
        if self.first <= self.last:
            return self.first <= hour < self.last
        return hour >= self.first or hour < self.last


@dataclass(frozen=True)
class Aggregate:
    """What is computed; `of` is the entity counted by distinct, `delay` (microseconds) that of a delayed
    label.
    """

    kind: Kind
    of: str = ""
    condition: Condition | None = None
    delay: int = 0


COUNT: Final = Aggregate(Kind.COUNT)
SUM: Final = Aggregate(Kind.SUM)
MEAN: Final = Aggregate(Kind.MEAN)
MAX: Final = Aggregate(Kind.MAX)
MIN: Final = Aggregate(Kind.MIN)
DEVIATION: Final = Aggregate(Kind.DEVIATION)
LAST: Final = Aggregate(Kind.LAST)
"""Amount of the payment before: the one in the window with the largest (at, arrival)."""
TIME_SINCE: Final = Aggregate(Kind.TIME_SINCE)
"""Seconds from the newest payment before (largest `at` in the window) to T."""
AGE: Final = Aggregate(Kind.AGE)
"""Seconds from the first payment inside the window (smallest `at`) to T."""


def distinct(of: str) -> Aggregate:
    """How many different values of another entity the window holds; "" is not counted."""
    return Aggregate(Kind.DISTINCT, of=of)


def share(condition: Condition) -> Aggregate:
    """The fraction of the window's payments that satisfy a condition."""
    return Aggregate(Kind.SHARE, condition=condition)


def amount_over(minor: int) -> Condition:
    """More than this many minor units."""
    return Condition("amount_over", minor)


def bank_hours(first: int, last: int) -> Condition:
    """From hour `first` to before hour `last` of the bank's day; first > last goes over midnight."""
    if not (0 <= first <= 23 and 0 <= last <= 24):
        raise ValueError(f"bank hours {first} to {last}: first is 0 to 23 and last 0 to 24")
    return Condition("bank_hours", first, last)


def fraud_count(delay: int = 0) -> Aggregate:
    """How many payments of the delayed window have been reported as fraud by now."""
    return Aggregate(Kind.FRAUD_COUNT, delay=delay)


def fraud_share(delay: int = 0) -> Aggregate:
    """Reports known by now over payments, both of the delayed window."""
    return Aggregate(Kind.FRAUD_SHARE, delay=delay)


def window(days: int = 0, hours: int = 0, minutes: int = 0) -> int:
    """A length of time in microseconds."""
    return days * DAY + hours * HOUR + minutes * MINUTE


def bank_hour(at: int) -> int:
    """Hour 0-23 of the bank's day (UTC+8) at a moment in microseconds UTC."""
    return (at + BANK_OFFSET) // HOUR % 24


def bank_weekday(at: int) -> int:
    """Day of the bank's week at a moment in microseconds UTC: 0 is Monday."""
    return ((at + BANK_OFFSET) // DAY + DAY_ZERO_WEEKDAY) % 7


@dataclass(frozen=True)
class Feature:
    """A number computed from the stream of payments; see the module for its exact meaning.

    by: entity name, or a pair of names. over: window in microseconds, 5 minutes to 90 days. value: the
    aggregate. says, says_zh: one unique sentence each. empty: the value when the window has nothing to tell.
    Raises ValueError when the definition contradicts itself.
    """

    name: str
    by: str | tuple[str, str]
    over: int
    value: Aggregate
    says: str
    says_zh: str
    data: DataClass
    purposes: frozenset[Purpose]
    empty: float = 0.0

    def __post_init__(self) -> None:
        if not SHORTEST <= self.over <= LONGEST:
            raise ValueError(f"{self.name}: a window is from 5 minutes to 90 days")
        if not 0 <= self.value.delay <= LONGEST:
            raise ValueError(f"{self.name}: a delay is from 0 to 90 days")
        if not isfinite(self.empty):
            raise ValueError(f"{self.name}: empty must be a finite number")
        if self.value.kind in ALWAYS_ZERO_WHEN_EMPTY and self.empty != 0.0:
            raise ValueError(f"{self.name}: an empty {self.value.kind} is 0")
        for entity in (
            *entities_of(self.by),
            *((self.value.of,) if self.value.kind == Kind.DISTINCT else ()),
        ):
            if not entity.isidentifier():
                raise ValueError(f"{self.name}: {entity!r} is not the name of an entity")
        _check_words(self.name, self.says, self.says_zh, self.purposes)


@dataclass(frozen=True)
class Derived:
    """A number computed from other features and the payment's own fields by a plain function (see terms.py).

    of: names of features defined earlier in the list, or of OWN_FIELDS. Raises TypeError when the function
    does something that not every execution can do.
    """

    name: str
    of: tuple[str, ...]
    value: Function
    says: str
    says_zh: str
    data: DataClass
    purposes: frozenset[Purpose]

    def __post_init__(self) -> None:
        if not self.of:
            raise ValueError(f"{self.name}: a derived feature has at least one input")
        read(self.value, len(self.of))
        _check_words(self.name, self.says, self.says_zh, self.purposes)


Definition = Feature | Derived


def entities_of(by: str | tuple[str, str]) -> tuple[str, ...]:
    """The one or two entity names that a feature is computed by."""
    return (by,) if isinstance(by, str) else by


def _check_words(name: str, says: str, says_zh: str, purposes: frozenset[Purpose]) -> None:
    if not name.isidentifier() or name != name.lower():
        raise ValueError(f"{name!r}: a feature's name is lower case letters, digits and _")
    if not says.strip() or not says_zh.strip():
        raise ValueError(f"{name}: a feature says in English and in Chinese what it is")
    if not purposes:
        raise ValueError(f"{name}: a feature names the purposes it may serve")
