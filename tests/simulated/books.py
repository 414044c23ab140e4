"""What a simulated disk holds, and the rules every engine keeps: a batch goes in whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import msgspec

from jingwei.audit.merkle import MerkleLog, StoredTiles
from jingwei.ledger.accounts import Account, Balance, Kept, Line
from jingwei.stores.conservation import check_batch, check_money
from jingwei.stores.store import SHELVES, Batch, K, StoreError
from jingwei.stores.tables import LINES, TABLES, Table

RULE = "the batch breaks a rule of the books; nothing was written"
SMALLEST, LARGEST = -(2**63), 2**63 - 1


class Books:
    """Everything that is durable, in memory. `put` is the one transaction."""

    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.answers: dict[tuple[str, str], int] = {}
        self.lines: dict[int, Line] = {}
        self.shelves: dict[type[Kept], dict[str, Any]] = {kind: {} for kind in SHELVES}
        self.notes: dict[str, str] = {}
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.unique_keys = True

    def copy(self) -> Books:
        """The same books, to be changed apart."""
        twin = Books()
        twin.records, twin.answers, twin.lines = self.records[:], self.answers.copy(), self.lines.copy()
        twin.shelves = {kind: shelf.copy() for kind, shelf in self.shelves.items()}
        twin.notes, twin.tiles = self.notes.copy(), self.tiles.copy()
        return twin

    def put(self, batch: Batch) -> None:
        """Write all of a batch. Raises StoreError, having written nothing, when it breaks a rule."""
        check_batch(batch, len(self.records))
        self._check_rules(batch)
        check_money(batch, self.booked)
        tiles = self.log().append_many(batch.leaves)
        self.records += batch.leaves
        self.answers.update(((actor, key), seq) for actor, key, seq in batch.keys)
        self.lines.update((line.id, line) for line in batch.lines)
        for kind, things in batch.kept.items():
            self.shelves[kind].update((thing.id, thing) for thing in things)
        self.tiles.update(((tile.level, tile.idx), tile.body) for tile in tiles)
        self.notes.update(batch.notes)

    def booked(self, ids: Sequence[str]) -> dict[str, int]:
        """The booked money of those of these accounts that have a balance."""
        balances = self.shelves[Balance]
        return {some_id: balances[some_id].booked_minor for some_id in ids if some_id in balances}

    def log(self) -> MerkleLog:
        """The Merkle log of all records, restored as an engine restores it."""
        return MerkleLog.restore(len(self.records), StoredTiles(self.tile, self._bodies))

    def tile(self, level: int, index: int) -> bytes | None:
        """One full tile, or None."""
        return self.tiles.get((level, index))

    def _bodies(self, start: int, end: int) -> Iterable[bytes]:
        return self.records[start:end]

    def totals(self) -> list[tuple[str, int, int]]:
        """(currency, booked, held) over all balances."""
        sums: dict[str, tuple[int, int]] = {}
        for balance in self.shelves[Balance].values():
            account = self.shelves[Account].get(balance.id)
            code = account.currency if account else balance.id[-3:] if balance.id[:5] == "bank:" else ""
            booked, held = sums.get(code, (0, 0))
            sums[code] = booked + balance.booked_minor, held + balance.held_minor
        return [(code, *sums[code]) for code in sorted(sums)]

    def find(self, kind: type[K], column: str, value: str) -> list[K]:
        """All kept things whose indexed column has this value, by id."""
        table = TABLES[kind]
        if column not in table.indexed:
            raise ValueError(
                f"{table.name} are not found by {column}; indexed: {', '.join(table.indexed) or 'nothing'}"
            )
        return [thing for thing in self.by_id(kind) if getattr(thing, column) == value]

    def by_id(self, kind: type[K]) -> list[K]:
        """All kept things of a kind in the order of their ids' bytes."""
        shelf = self.shelves[kind]
        return [shelf[some_id] for some_id in sorted(shelf, key=str.encode)]

    def _check_rules(self, batch: Batch) -> None:
        """What tables, keys and checks of an engine refuse."""
        keys = [(actor, key) for actor, key, _ in batch.keys]
        if self.unique_keys and (len(set(keys)) < len(keys) or any(key in self.answers for key in keys)):
            raise StoreError(RULE)
        ids = [line.id for line in batch.lines]
        if len(set(ids)) < len(ids) or any(number in self.lines for number in ids):
            raise StoreError(RULE)
        for line in batch.lines:
            _check_row(line, LINES)
            if line.amount_minor <= 0 or line.payer == line.payee:
                raise StoreError(RULE)
        for kind, things in batch.kept.items():
            for thing in things:
                _check_row(thing, TABLES[kind])


def _check_row(thing: msgspec.Struct, table: Table) -> None:
    """Raise StoreError for a value its column cannot keep."""
    for column in table.columns:
        value = getattr(thing, column.name)
        if value is None and column.optional:
            continue
        if column.kind == "int":
            fits = isinstance(value, int) and SMALLEST <= value <= LARGEST
        else:
            fits = isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)
        if not fits:
            raise StoreError(f"{table.name}.{column.name}: a value cannot be kept; nothing was written")
        if f"{column.name} >= 0" in table.checks and cast(int, value) < 0:
            raise StoreError(RULE)
