"""Accounts as columns: a run of ordinary card payments is checked and booked in one compiled pass.

The outcome is that of `posting.move`, payment by payment. The pass stops before the first payment that is
anything but ordinary (an account that is frozen, closed, at its limit or has too little): that is for `move`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numba import njit
from numpy.typing import NDArray

from jingwei.kernel.clock import BANK_OFFSET, DAY, bank_month
from jingwei.kernel.money import MAX_AMOUNT_MINOR
from jingwei.ledger.accounts import Account, Balance, Line, Standing
from jingwei.ledger.columns import Columns, Numbers
from jingwei.ledger.posting import MAX_BALANCE_MINOR

SMALLEST = 1024
FIELDS = Balance.__struct_fields__[1:]
BOOKED, HELD, LAST_LINE, ON_DAY, SPENT_DAY, MONTH, SPENT_MONTH = range(7)
assert FIELDS[:7] == (
    "booked_minor", "held_minor", "last_line", "day", "spent_day_minor", "month", "spent_month_minor",
)  # fmt: skip
OVERDRAFT, MOST_ONCE, MOST_DAY, MOST_MONTH, ABLE, TOUCHED = range(len(FIELDS), len(FIELDS) + 6)
"""Rows of the sheet's numbers: the balance's fields but the id, overdraft line, limits, two marks."""

NO_LIMIT = 2**63 - 1

AT, DAY_OF, MONTH_OF, PAYER, AMOUNT, ORDINARY = range(6)
NUMBER, PAYER_BEFORE, PAYEE_BEFORE, PAYER_AFTER, PAYEE_AFTER = range(5)

_month_of = lru_cache(maxsize=4096)(bank_month)


class Run(NamedTuple):
    """Payments to one of the bank's accounts, and what was done of them.

    `asked` int64[6, n]: at, bank day, month, payer's row (-1: not on the sheet), amount in minor units,
    whether it is ordinary so far. `lines` int64[5, n]: number of the line (-1: not done here), the previous
    lines and the balances after of payer and payee. Payment i is record `first_seq + i`.
    """

    asked: Numbers
    lines: Numbers
    payee: int
    first_seq: int


class Sheet:
    """Accounts whose newest state stands here, one column each; `rows` says where."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self._ids: list[str] = []
        self._accounts: list[Account] = []
        self._numbers = np.zeros((TOUCHED + 1, SMALLEST), np.int64)
        self._stream = -1
        self._places = np.zeros(0, np.int64)

    def places(self, stream: int, count: int) -> Numbers:
        """Where the payers of a stream stand, for whoever fills it in: int64, at least `count`, -1 unknown.

        Remembered for the newest stream only.
        """
        if stream != self._stream:
            self._stream, self._places = stream, np.zeros(0, np.int64)
        if (lacking := count - len(self._places)) > 0:
            self._places = np.concatenate((self._places, np.full(lacking, -1)))
        return self._places

    def take(self, standing: Standing) -> int:
        """Keep an account here from now on; return its row."""
        row = len(self._ids)
        if row == self._numbers.shape[1]:
            self._numbers = np.concatenate((self._numbers, np.zeros_like(self._numbers)), axis=1)
        self.rows[standing.account.id] = row
        self._ids.append(standing.account.id)
        self._accounts.append(standing.account)
        self._set(row, standing)
        return row

    def put(self, row: int, standing: Standing) -> None:
        """Change an account that stands here."""
        self._accounts[row] = standing.account
        self._set(row, standing)
        self._numbers[TOUCHED, row] = 1

    def _set(self, row: int, standing: Standing) -> None:
        account = standing.account
        self._numbers[:OVERDRAFT, row] = msgspec.structs.astuple(standing.balance)[1:]
        self._numbers[OVERDRAFT, row] = account.overdraft_minor
        limits = (account.limit_payment_minor, account.limit_day_minor, account.limit_month_minor)
        for place, limit in enumerate(limits, MOST_ONCE):
            self._numbers[place, row] = NO_LIMIT if limit is None else limit
        small = max(account.overdraft_minor, standing.balance.held_minor) <= MAX_BALANCE_MINOR // 4
        self._numbers[ABLE, row] = account.status == "open" and not account.frozen and small

    def account(self, row: int) -> Account:
        """The account of a row."""
        return self._accounts[row]

    def standing(self, row: int) -> Standing:
        """An account with its balance as it stands."""
        account = self._accounts[row]
        return Standing(account, Balance(account.id, *self._numbers[:OVERDRAFT, row].tolist()))

    def pay(self, run: Run, start: int) -> int:
        """Do ordinary payments from `start` on; return the place of the first that is not, or how many."""
        return int(_pay(self._numbers, run.asked, run.lines, run.payee, start, run.first_seq))

    def lines(self, run: Run, currency: str, kind: str) -> Columns[Line]:
        """The lines of all that was done, in order."""
        done = np.flatnonzero(run.lines[NUMBER] >= 0)
        number, *linked = run.lines[:, done]
        at, _, _, payer, amount, _ = run.asked[:, done]
        size, count = len(self._ids), len(done)
        payee, money, how = (np.full(count, place) for place in (run.payee, size, size + 1))
        columns = (number, at, payer, payee, amount, money, how, *linked)
        return Columns(Line, columns, [*self._ids, currency, kind]).small()

    def take_touched(self) -> Columns[Balance]:
        """The balances that changed since the last call, as they stand now."""
        rows = np.flatnonzero(self._numbers[TOUCHED])
        self._numbers[TOUCHED, rows] = 0
        columns = (np.arange(len(rows)), *self._numbers[:OVERDRAFT, rows])
        return Columns(Balance, columns, [self._ids[row] for row in rows.tolist()])


def run_of(
    at: Numbers, payer: Numbers, amount: Numbers, ordinary: NDArray[np.bool_], payee: int, first_seq: int
) -> Run:
    """A run not begun: one element for each payment."""
    day = (at + BANK_OFFSET) // DAY
    days, which = np.unique(day, return_inverse=True)
    months = np.array([_month_of(one) for one in days.tolist()], np.int64)[which]
    asked = np.stack((at, day, months, payer, amount, ordinary.astype(np.int64)))
    return Run(asked, np.full((5, len(at)), -1, np.int64), payee, first_seq)


@njit(cache=True, nogil=True)
def _pay(numbers: Any, asked: Any, lines: Any, payee: int, start: int, first_seq: int) -> int:
    for i in range(start, asked.shape[1]):
        payer, much = asked[PAYER, i], asked[AMOUNT, i]
        if asked[ORDINARY, i] == 0 or payer < 0 or numbers[ABLE, payer] == 0 or numbers[ABLE, payee] == 0:
            return i
        left, has = numbers[BOOKED, payer] - much, numbers[BOOKED, payee] + much
        if not _can(numbers, payer, much) or left < -MAX_BALANCE_MINOR or has > MAX_BALANCE_MINOR:
            return i
        if not _spend(numbers, payer, asked[DAY_OF, i], asked[MONTH_OF, i], much):
            return i
        line = (first_seq + i) << 16
        lines[NUMBER, i] = line
        lines[PAYER_BEFORE, i], lines[PAYEE_BEFORE, i] = numbers[LAST_LINE, payer], numbers[LAST_LINE, payee]
        lines[PAYER_AFTER, i], lines[PAYEE_AFTER, i] = left, has
        numbers[BOOKED, payer], numbers[BOOKED, payee] = left, has
        numbers[LAST_LINE, payer] = numbers[LAST_LINE, payee] = line
        numbers[TOUCHED, payer] = numbers[TOUCHED, payee] = 1
    return int(asked.shape[1])


@njit(cache=True, nogil=True)
def _can(numbers: Any, payer: int, much: int) -> bool:
    """Whether the amount is possible, within the limit for one payment, and available."""
    available = numbers[BOOKED, payer] - numbers[HELD, payer] + numbers[OVERDRAFT, payer]
    return bool(0 < much <= MAX_AMOUNT_MINOR and much <= numbers[MOST_ONCE, payer] and much <= available)


@njit(cache=True, nogil=True)
def _spend(numbers: Any, payer: int, day: int, month: int, much: int) -> bool:
    """Count what the payer spends, as `posting.spend` does; False, with nothing counted, above a limit."""
    spent_day, spent_month = much, much
    if day <= numbers[ON_DAY, payer]:
        day, month = numbers[ON_DAY, payer], numbers[MONTH, payer]
        spent_day += numbers[SPENT_DAY, payer]
    if month == numbers[MONTH, payer]:
        spent_month += numbers[SPENT_MONTH, payer]
    if max(spent_day, spent_month) > MAX_BALANCE_MINOR:
        return False
    if spent_day > numbers[MOST_DAY, payer] or spent_month > numbers[MOST_MONTH, payer]:
        return False
    numbers[ON_DAY, payer], numbers[SPENT_DAY, payer] = day, spent_day
    numbers[MONTH, payer], numbers[SPENT_MONTH, payer] = month, spent_month
    return True
