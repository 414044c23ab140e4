"""What every engine checks before it commits: the batch's lines explain its balances to the minor unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import numpy as np

from jingwei.ledger.accounts import Balance, Line
from jingwei.ledger.columns import Columns
from jingwei.stores.store import Batch, StoreError

Booked = Callable[[Sequence[str]], Mapping[str, int]]
"""Reads the booked money (minor units) of those of these accounts that have a balance."""


def check_batch(batch: Batch, size: int) -> None:
    """Raise StoreError unless the batch follows record `size - 1` and all it names lies inside it."""
    first, end = batch.first_seq, batch.first_seq + len(batch.leaves)
    if first != size:
        raise StoreError(
            f"the batch starts at record {first} but {size} are written; "
            f"read the books again and redo the work"
        )
    for actor, key, seq in batch.keys:
        if not first <= seq < end:
            raise StoreError(f"key {key!r} of {actor!r} names record {seq}, which is not in this batch")
    if isinstance(batch.lines, Columns):
        numbers = batch.lines.column("id") >> 16
        if len(numbers) and not first <= int(numbers.min()) <= int(numbers.max()) < end:
            raise StoreError("a line belongs to a record outside this batch")
        return
    for line in batch.lines:
        if not first <= line.id >> 16 < end:
            raise StoreError(f"line {line.id} belongs to a record outside this batch")


def check_money(batch: Batch, booked: Booked) -> None:
    """Raise StoreError unless each balance in the batch is its old value plus what the lines moved.

    `booked` reads the balances before the batch. As a line takes from one account what it gives to
    another, this keeps the sum of all money unchanged.
    """
    balances = cast("list[Balance]", batch.kept.get(Balance, []))
    if not balances and not batch.lines:
        return
    after = {balance.id: balance.booked_minor for balance in balances}
    explained: defaultdict[str, int] = defaultdict(int, booked(list(after)))
    for account, amount in _moved(batch.lines).items():
        explained[account] += amount
    for account in after.keys() - explained.keys():
        explained[account] = 0
    if explained != after:
        raise StoreError(_unexplained(explained, after))


def before(batch: Batch) -> list[int]:
    """What each balance of the batch must have held before, by its lines, in minor units.

    An engine that changes a balance only where it finds this value needs no `check_money` first.
    Raises StoreError when a line moves money of an account whose balance is not in the batch.
    """
    moved = _moved(batch.lines)
    balances = cast("Sequence[Balance]", batch.kept.get(Balance, []))
    if isinstance(balances, Columns):
        names, booked, *_ = balances.lists()
        was = [after - moved.pop(name, 0) for name, after in zip(names, booked, strict=True)]
        if moved:
            raise StoreError(_unexplained(moved, {}))
        return was
    was = [balance.booked_minor - moved.pop(balance.id, 0) for balance in balances]
    if moved:
        raise StoreError(_unexplained(moved, {}))
    return was


def _moved(lines: Sequence[Line]) -> dict[str, int]:
    """What the lines gave each account they name, in minor units (below zero: what they took)."""
    moved: defaultdict[str, int] = defaultdict(int)
    if isinstance(lines, Columns):
        amount, payer, payee = (lines.column(name) for name in ("amount_minor", "payer", "payee"))
        if len(amount) and len(amount) * int(amount.max()) < 2**62 and int(amount.min()) > 0:
            total = np.zeros(len(lines.names), np.int64)
            np.subtract.at(total, payer, amount)
            np.add.at(total, payee, amount)
            for place in np.unique(np.concatenate((payer, payee))).tolist():
                moved[lines.names[place]] += int(total[place])
            return moved
    for line in lines:
        amount_minor = line.amount_minor
        moved[line.payer] -= amount_minor
        moved[line.payee] += amount_minor
    return moved


def _unexplained(explained: Mapping[str, int], after: Mapping[str, int]) -> str:
    """Name one account whose balance and lines do not agree."""
    account = min(key for key in explained.keys() | after.keys() if explained.get(key) != after.get(key))
    if account not in after:
        return f"lines move money of {account} but its balance is not in the batch; nothing was written"
    return (
        f"the balance of {account} would be {after[account]} minor units but its lines make it "
        f"{explained[account]}; nothing was written"
    )
