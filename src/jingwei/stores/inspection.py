"""Reads a whole bank and says what does not hang together; the same for every engine."""

from __future__ import annotations

from jingwei.audit.merkle import TILE_WIDTH, MerkleLog
from jingwei.stores.store import Store

RECORDS_AT_ONCE = 4_096
WORST = 20
"""At most so many findings are listed of each kind."""


def inspect(store: Store) -> list[str]:
    """Return what is wrong, as sentences; nothing when all hangs together. Reads every record once."""
    return _evidence(store)[:WORST] + _money(store)


def _evidence(store: Store) -> list[str]:
    """Seal every record again and compare the tiles and the root with those kept."""
    size, root = store.root()
    log = MerkleLog()
    wrong: list[str] = []
    for start in range(0, size, RECORDS_AT_ONCE):
        end = min(size, start + RECORDS_AT_ONCE)
        rows = list(store.records(start, end))
        if [seq for seq, _ in rows] != list(range(start, end)):
            return [*wrong, f"a record between {start} and {end - 1} is missing"]
        for tile in log.append_many([body for _, body in rows]):
            if store.tile(tile.level, tile.idx) != tile.body:
                width = TILE_WIDTH ** (tile.level + 1)
                first = tile.idx * width
                wrong.append(f"records {first} to {first + width - 1} are not those that were sealed")
    if not wrong and log.root() != root:
        wrong.append("the root over all records is not the one the bank answers")
    return wrong


def _money(store: Store) -> list[str]:
    """Every movement takes what it gives, so the sum of all booked money in a currency is zero."""
    return [
        f"{code}: {booked} minor units were made or lost (the sum over all accounts must be 0)"
        for code, booked, _ in store.totals()
        if booked
    ][:WORST]
