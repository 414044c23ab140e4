"""Sealing records into the Merkle log, against the same tree through `hashlib` alone; the log check."""

from __future__ import annotations

import hashlib
import random

from bench.ratio import Ratio, side_by_side
from jingwei.audit.lanes import trusted
from jingwei.audit.merkle import MerkleLog
from jingwei.audit.verify import verify_log

RECORDS = 100_000
BATCH = 1000


def plain(records: list[bytes]) -> bytes:
    """Root of a tree of the records, one library call per hash: the usual way."""
    sha256 = hashlib.sha256
    nodes = [sha256(b"\0" + record).digest() for record in records]
    while len(nodes) > 1:
        pairs = zip(nodes[::2], nodes[1::2], strict=False)
        nodes = [sha256(b"\1" + a + b).digest() for a, b in pairs] + nodes[len(nodes) - len(nodes) % 2 :]
    return nodes[0]


def sealed(records: list[bytes]) -> bytes:
    """Root of the log grown by batches of 1,000."""
    log = MerkleLog()
    for start in range(0, len(records), BATCH):
        log.append_many(records[start : start + BATCH])
    return log.root()


def run() -> list[Ratio]:
    """Records a second, for records of 520 to 680 bytes."""
    chance = random.Random(1)
    records = [chance.randbytes(520 + i % 160) for i in range(RECORDS)]
    assert trusted() and sealed(records) == plain(records)
    tiles = {(tile.level, tile.idx): tile.body for tile in MerkleLog().append_many(records)}

    def check() -> int:
        assert verify_log(enumerate(records), lambda *place: tiles.get(place)).sound
        return RECORDS

    def seal() -> int:
        return len(sealed(records)) and RECORDS

    def usual() -> int:
        return len(plain(records)) and RECORDS

    ours, theirs = side_by_side(seal, usual)
    checked, again = side_by_side(check, usual)
    name = "hashlib tree"
    return [
        Ratio("seal", ours.median, name, theirs.median, "records/s", None, f"rounds {ours}"),
        Ratio("log check", checked.median, name, again.median, "records/s", None, f"rounds {checked}"),
    ]
