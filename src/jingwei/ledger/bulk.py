"""Clearing files: thousands of movements of one currency checked and booked as columns.

The outcome is that of `posting.post`, movement by movement, for accounts that are open, not frozen and
without spending limits; whatever else an account needs, post it. Every movement is decided by itself, in
order, on the books the one before left.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from numba import njit

from jingwei.kernel.money import MAX_AMOUNT_MINOR
from jingwei.ledger.accounts import Balance, Line, line_id
from jingwei.ledger.columns import Columns as Table

Numbers = npt.NDArray[np.int64]

LINES_A_RECORD = 1 << 16
"""A record's lines are numbered in 16 bits; a longer file is cut into several."""


class Columns(NamedTuple):
    """Accounts as columns, one row each: minor units, the newest line, and whether the bank owns it."""

    booked: Numbers
    held: Numbers
    overdraft: Numbers
    last_line: Numbers
    is_bank: npt.NDArray[np.bool_]


class Cleared(NamedTuple):
    """What a file did. One element for each movement: whether it was accepted and, if so, its line."""

    accepted: npt.NDArray[np.bool_]
    payer_previous: Numbers
    payee_previous: Numbers
    payer_after: Numbers
    payee_after: Numbers


def clear(accounts: Columns, payer: Numbers, payee: Numbers, amount: Numbers, seq: int) -> Cleared:
    """Book every movement the payer's available money allows; `booked` and `last_line` change in place.

    `payer` and `payee` are rows of `accounts`, `amount` minor units (1 to 10**15). The n-th movement of
    record `seq` becomes line `line_id(seq, n)`. Refused are payments to oneself and payments above booked
    less held plus overdraft, except from the bank's own accounts. Raises ValueError before anything
    changes when a row or an amount is out of range or a sum could leave 64 bits.
    """
    count = len(payer)
    if not len(payee) == len(amount) == count <= LINES_A_RECORD:
        raise ValueError(f"a file has at most {LINES_A_RECORD} movements, each with payer, payee and amount")
    if count == 0:
        nothing = np.zeros(0, dtype=np.int64)
        return Cleared(np.zeros(0, dtype=np.bool_), nothing, nothing, nothing, nothing)
    if int(amount.min()) < 1 or int(amount.max()) > MAX_AMOUNT_MINOR:
        raise ValueError(f"an amount is not between 1 and {MAX_AMOUNT_MINOR} minor units")
    rows = len(accounts.booked)
    if min(int(payer.min()), int(payee.min())) < 0 or max(int(payer.max()), int(payee.max())) >= rows:
        raise ValueError("a movement names a row that is not there")
    room = sum(int(np.abs(column).max()) for column in accounts[:3]) + count * int(amount.max())
    if room >= 2**62:
        raise ValueError("balances of this size are not booked in bulk; post the movements one by one")
    return Cleared(*_clear(accounts, payer, payee, amount, line_id(seq, 0)))


@njit(cache=True, nogil=True)
def _clear(accounts: Any, payer: Any, payee: Any, amount: Any, line: int) -> Any:
    booked, held, overdraft, last_line, is_bank = accounts
    count = len(payer)
    accepted = np.zeros(count, dtype=np.bool_)
    previous = np.full((2, count), -1, dtype=np.int64)
    after = np.zeros((2, count), dtype=np.int64)
    for n in range(count):
        giving, taking, much = payer[n], payee[n], amount[n]
        if giving == taking:
            continue
        if not is_bank[giving] and booked[giving] - held[giving] + overdraft[giving] < much:
            continue
        accepted[n] = True
        previous[0, n], previous[1, n] = last_line[giving], last_line[taking]
        last_line[giving] = last_line[taking] = line + n
        booked[giving] -= much
        booked[taking] += much
        after[0, n], after[1, n] = booked[giving], booked[taking]
    return accepted, previous[0], previous[1], after[0], after[1]


class File(NamedTuple):
    """What all movements of one file share."""

    seq: int
    at: int
    currency: str
    kind: str


def lines_of(
    file: File,
    cleared: Cleared,
    names: npt.NDArray[np.object_],
    payer: Numbers,
    payee: Numbers,
    amount: Numbers,
) -> Table[Line]:
    """The ledger lines of the accepted movements, in order; `names` are the accounts' ids by row."""
    chosen = np.flatnonzero(cleared.accepted)
    rows, which = np.unique(np.concatenate((payer[chosen], payee[chosen])), return_inverse=True)
    count = len(chosen)
    at, currency, kind = (np.full(count, value) for value in (file.at, len(rows), len(rows) + 1))
    columns = (
        chosen + line_id(file.seq, 0), at, which[:count], which[count:], amount[chosen], currency, kind,
        cleared.payer_previous[chosen], cleared.payee_previous[chosen],
        cleared.payer_after[chosen], cleared.payee_after[chosen],
    )  # fmt: skip
    return Table(Line, columns, [*names[rows].tolist(), file.currency, file.kind])


def balances_of(
    accounts: Columns, cleared: Cleared, names: npt.NDArray[np.object_], payer: Numbers, payee: Numbers
) -> Table[Balance]:
    """The balances the file changed, by row; for accounts that neither have limits nor earn interest."""
    touched = np.unique(np.concatenate((payer[cleared.accepted], payee[cleared.accepted])))
    known = (accounts.booked, accounts.held, accounts.last_line)
    changed = [np.arange(len(touched)), *(column[touched] for column in known)]
    unused = [np.full(len(touched), value) for value in msgspec.structs.astuple(Balance(""))[len(changed) :]]
    return Table(Balance, [*changed, *unused], names[touched].tolist())
