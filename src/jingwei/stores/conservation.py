"""What every engine checks before it commits: the batch's lines explain its balances to the minor unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from jingwei.ledger.accounts import Balance
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
    for line in batch.lines:
        amount = line.amount_minor
        explained[line.payer] -= amount
        explained[line.payee] += amount
    for account in after.keys() - explained.keys():
        explained[account] = 0
    if explained != after:
        raise StoreError(_unexplained(explained, after))


def before(batch: Batch) -> list[int]:
    """What each balance of the batch must have held before, by its lines, in minor units.

    An engine that changes a balance only where it finds this value needs no `check_money` first.
    Raises StoreError when a line moves money of an account whose balance is not in the batch.
    """
    moved: defaultdict[str, int] = defaultdict(int)
    for line in batch.lines:
        amount = line.amount_minor
        moved[line.payer] -= amount
        moved[line.payee] += amount
    balances = cast("list[Balance]", batch.kept.get(Balance, []))
    was = [balance.booked_minor - moved.pop(balance.id, 0) for balance in balances]
    if moved:
        raise StoreError(_unexplained(moved, {}))
    return was


def _unexplained(explained: Mapping[str, int], after: Mapping[str, int]) -> str:
    """Name one account whose balance and lines do not agree."""
    account = min(key for key in explained.keys() | after.keys() if explained.get(key) != after.get(key))
    if account not in after:
        return f"lines move money of {account} but its balance is not in the batch; nothing was written"
    return (
        f"the balance of {account} would be {after[account]} minor units but its lines make it "
        f"{explained[account]}; nothing was written"
    )
