"""What the bank knows, on a day, about who may miss the next instalment: salary, balance, spending, debts.

Everything counts as known then: an instalment paid later than that day is an unpaid one, whatever came after.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NEVER: Final = 10**6
"""Stands for a day that has not come."""
MISSED_AFTER: Final = 7
"""An instalment unpaid so many days after it was due is missed."""
AHEAD: Final = 35
"""A loan is watched when its next instalment is due within so many days."""
MOST: Final = 99.0
"""Ratios are cut here: what is a hundred times an instalment is simply enough."""


class Signal(NamedTuple):
    """One thing looked at: its name, and one sentence in each language that says what it is."""

    name: str
    says_en: str
    says_zh: str


SIGNALS: Final = (
    Signal(
        "income_30d_to_usual",
        "Income of the last 30 days against the 90 before.",
        "近30天收入与此前90天平均之比。",
    ),
    Signal(
        "income_days_ago",
        "Days since money last came in.",
        "距上次收入的天数。",
    ),
    Signal(
        "income_90d_to_instalment",
        "Income of 90 days in instalments.",
        "近90天收入相当于几期还款。",
    ),
    Signal(
        "balance_to_instalment",
        "The account's balance in instalments.",
        "账户余额相当于几期还款。",
    ),
    Signal(
        "balance_change_28d",
        "How the balance changed in 28 days, in instalments.",
        "近28天余额变化相当于几期还款。",
    ),
    Signal(
        "balance_lowest_35d",
        "The lowest weekly balance of 35 days, in instalments.",
        "近35天最低周余额相当于几期还款。",
    ),
    Signal(
        "spending_30d_to_usual",
        "Spending of the last 30 days against the 90 before.",
        "近30天支出与此前90天平均之比。",
    ),
    Signal(
        "spending_to_income_90d",
        "Spending of 90 days against income.",
        "近90天支出与收入之比。",
    ),
    Signal(
        "left_share",
        "The share of the loan's instalments still to be paid.",
        "尚未归还的期数占比。",
    ),
    Signal(
        "late_elsewhere_90d",
        "Instalments elsewhere that were late in 90 days.",
        "近90天在其他机构逾期的期数。",
    ),
    Signal(
        "owed_elsewhere_to_income",
        "Instalments elsewhere of 90 days against income.",
        "近90天其他机构还款与收入之比。",
    ),
    Signal(
        "queries_30d",
        "How often others asked the bureau in 30 days.",
        "近30天征信被查询次数。",
    ),
    Signal(
        "queries_180d",
        "How often others asked the bureau in 180 days.",
        "近180天征信被查询次数。",
    ),
    Signal(
        "last_days_late",
        "How many days late the last instalment was.",
        "上一期还款迟延的天数。",
    ),
    Signal(
        "late_share",
        "The share of this loan's instalments paid late.",
        "本贷款迟延还款的期数占比。",
    ),
    Signal(
        "days_to_due",
        "Days until the next instalment is due.",
        "距下一期还款日的天数。",
    ),
)
NAMES: Final = tuple(one.name for one in SIGNALS)


class Timeline:
    """Amounts of persons by day, to be added up over any span of days for many persons at once."""

    def __init__(self, person: Ints, day: Ints, value: Ints) -> None:
        order = np.lexsort((day, person))
        self._key = person[order] * NEVER + day[order]
        self._value = value[order]
        self._sum = np.concatenate([[0], np.cumsum(value[order])])

    def _edge(self, person: Ints, upto: Ints) -> Ints:
        return np.searchsorted(self._key, person * NEVER + np.maximum(upto, -1), side="right")

    def total(self, person: Ints, after: Ints, upto: Ints) -> Ints:
        """Sum of the values of the days (after, upto]."""
        return np.asarray(self._sum[self._edge(person, upto)] - self._sum[self._edge(person, after)])

    def newest(self, person: Ints, upto: Ints) -> tuple[Ints, Ints]:
        """(day, value) of the newest by `upto`; (-NEVER, 0) where there is none."""
        if not len(self._key):
            return np.full(len(person), -NEVER), np.zeros(len(person), np.int64)
        at = self._edge(person, upto) - 1
        key = self._key[np.maximum(at, 0)]
        there = (at >= 0) & (key // NEVER == person)
        return np.where(there, key % NEVER, -NEVER), np.where(there, self._value[np.maximum(at, 0)], 0)


class Known(NamedTuple):
    """What the bank's records hold about its borrowers; all amounts are whole minor units, all times days.

    `late_elsewhere` counts instalments at other lenders that were late, dated the day after they were due;
    `owed_elsewhere` are all of those instalments, dated when due; `queries` counts one each.
    """

    income: Timeline
    spending: Timeline
    balance: Timeline
    late_elsewhere: Timeline
    owed_elsewhere: Timeline
    queries: Timeline


class Loans(NamedTuple):
    """Loans as they came to be: `due`, `paid` (days or NEVER) and `owed_minor` are (loans, months)."""

    person: Ints
    due: Ints
    paid: Ints
    owed_minor: Ints


class Watched(NamedTuple):
    """Loans looked at: the row of each, the number of its next instalment, and the day of looking."""

    loan: Ints
    number: Ints
    day: Ints


def watch(loans: Loans, day: int) -> Watched:
    """The loans to look at on a day: the next instalment is near, and none was ever missed so far."""
    unpaid = (loans.paid > day) & (loans.due < NEVER)
    until = np.minimum(loans.paid, day)
    missed = ((loans.due < NEVER) & (until - loans.due > MISSED_AFTER)).any(axis=1)
    number = np.where(unpaid, loans.due, NEVER).argmin(axis=1)
    due = np.where(unpaid.any(axis=1), loans.due[np.arange(len(number)), number], NEVER)
    loan = np.flatnonzero(~missed & (due - day <= AHEAD))
    return Watched(loan, number[loan], np.full(len(loan), day))


def missed(loans: Loans, watched: Watched) -> Flags:
    """Whether each next instalment came to be missed; known `MISSED_AFTER` days after it was due."""
    at = watched.loan, watched.number
    return np.asarray(loans.paid[at] - loans.due[at] > MISSED_AFTER)


def signals(known: Known, loans: Loans, watched: Watched) -> Floats:
    """float64[n, signals] of the loans looked at, from what was known at the end of each one's day."""
    person, day = loans.person[watched.loan], watched.day
    owed = loans.owed_minor[watched.loan, watched.number].astype(np.float64)
    income = [known.income.total(person, day - days, day) for days in (30, 90, 120)]
    spent = [known.spending.total(person, day - days, day) for days in (30, 90, 120)]
    balances = np.stack([known.balance.newest(person, day - back)[1] for back in (0, 7, 14, 21, 28)])
    due, paid, was_due = _own(loans, watched)
    late = np.where(was_due, np.minimum(paid, day[:, None]) - due, 0)
    count = was_due.sum(axis=1)
    last = late[np.arange(len(late)), np.maximum(count - 1, 0)]
    exists = (due < NEVER).sum(axis=1)
    columns = (
        _against(income[0], (income[2] - income[0]) / 3.0),
        np.clip(day - known.income.newest(person, day)[0], 0, 120),
        _ratio(income[1], owed),
        _ratio(balances[0], owed),
        _ratio(balances[0] - balances[4], owed),
        _ratio(balances.min(axis=0), owed),
        _against(spent[0], (spent[2] - spent[0]) / 3.0),
        _ratio(spent[1], income[1] + 1.0),
        (exists - (paid <= day[:, None]).sum(axis=1)) / np.maximum(exists, 1),
        known.late_elsewhere.total(person, day - 90, day),
        _ratio(known.owed_elsewhere.total(person, day - 90, day), income[1] + 1.0),
        known.queries.total(person, day - 30, day),
        known.queries.total(person, day - 180, day),
        np.maximum(last, 0),
        (late > 0).sum(axis=1) / np.maximum(count, 1),
        loans.due[watched.loan, watched.number] - day,
    )
    return np.column_stack([np.asarray(column, np.float64) for column in columns])


def _own(loans: Loans, watched: Watched) -> tuple[Ints, Ints, Flags]:
    """Due days and days paid of each loan, and which instalments were due by the day of looking."""
    due, paid = loans.due[watched.loan], loans.paid[watched.loan]
    return due, paid, due <= watched.day[:, None]


def _ratio(above: npt.NDArray[Any], below: npt.NDArray[Any]) -> Floats:
    return np.asarray(np.clip(above / np.maximum(below, 1.0), -MOST, MOST), np.float64)


def _against(now: Ints, usual: Floats) -> Floats:
    """What is now over what is usual; one where there is no usual yet."""
    return np.where(usual > 0, np.clip(now / np.maximum(usual, 1.0), 0.0, MOST), 1.0)


def last_payment_late(cases: Floats) -> Floats:
    """The plain rule: how many days late the last instalment was (0: in time), float64[n]."""
    return cases[:, NAMES.index("last_days_late")]
