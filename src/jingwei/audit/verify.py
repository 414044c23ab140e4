"""The log check: read every record once, rebuild the tree, compare it with all that was stored or signed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from jingwei.audit.heads import SignedHead, signed_by
from jingwei.audit.lanes import HASH_BYTES
from jingwei.audit.leaves import InWorkers, blocks, hash_leaves, hashed_ranges
from jingwei.audit.merkle import TILE_BYTES, TILE_WIDTH, MerkleLog, Tile


class Damage(NamedTuple):
    """One thing wrong: its kind, the first record (or tile, or size) it concerns, and a sentence (en, zh)."""

    kind: str
    where: int
    says: str
    zh: str


class Verdict(msgspec.Struct, frozen=True):
    """What the check found. No damage means: the records are the ones under every head that was given.

    `signed_to`: the largest size with a head that fits; no head vouches for the records after it.
    `more`: pieces of damage found beyond those listed.
    """

    records: int
    root: str
    heads_checked: int
    signed_to: int
    damage: list[Damage]
    more: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.damage


StoredTile = Callable[[int, int], bytes | None]


def verify_log(
    records: Iterable[tuple[int, bytes]] | InWorkers,
    tile: StoredTile,
    heads: Sequence[SignedHead] = (),
    public_keys: Sequence[bytes] = (),
    log: str | None = None,
    most: int = 100,
) -> Verdict:
    """Check a whole log: `records` gives (number, bytes) in order, `tile(level, idx)` a stored tile or None.
    For a long log, `records` may be `InWorkers`: several processes then read and hash.

    `heads` are the anchors and any other heads the bank signed, in any order; `public_keys` the raw keys
    trusted to sign them; `log` the name the heads must carry. At most `most` pieces of damage are listed.
    Without heads kept elsewhere, a log that was rewritten as a whole cannot be told from a true one. Memory
    does not grow with the log.
    """
    check = _Check(tile, Findings(most))
    check.expect(heads, public_keys, log)
    if isinstance(records, InWorkers):
        for start, end, hashes in hashed_ranges(records):
            check.take_range(start, end, hashes, records)
    else:
        check.take_all(records)
    check.finish()
    return Verdict(
        records=check.log.size,
        root=check.log.root().hex(),
        heads_checked=check.heads_met,
        signed_to=check.signed_to,
        damage=check.findings.listed,
        more=check.findings.more,
    )


class Findings:
    """Damage found so far: the first pieces in full, the rest counted."""

    def __init__(self, most: int = 100) -> None:
        self.listed: list[Damage] = []
        self.more = 0
        self._most = most

    def add(self, kind: str, where: int, says: str, zh: str) -> None:
        """Note one piece of damage."""
        if len(self.listed) < self._most:
            self.listed.append(Damage(kind, where, says, zh))
        else:
            self.more += 1


class _Check:
    """The check while it runs."""

    def __init__(self, tile: StoredTile, findings: Findings) -> None:
        self.log = MerkleLog()
        self.findings = findings
        self.heads_met = 0
        self.signed_to = 0
        self._tile = tile
        self._waiting: list[SignedHead] = []
        self._broken = False

    def expect(self, heads: Sequence[SignedHead], public_keys: Sequence[bytes], log: str | None) -> None:
        """Take the heads to meet on the way, the smallest last. One without a true signature is damage."""
        for head in heads:
            if not any(signed_by(head, public) for public in public_keys):
                says = f"A head over {head.size} records has no true signature."
                self.findings.add("head_forged", head.size, says, f"覆盖{head.size}条记录的签名头签名无效。")
            elif log is not None and head.log != log:
                says = f"A head over {head.size} records belongs to another log, {head.log}."
                zh = f"覆盖{head.size}条记录的签名头属于另一日志{head.log}。"
                self.findings.add("head_of_another_log", head.size, says, zh)
            else:
                self._waiting.append(head)
        self._waiting.sort(key=lambda head: head.size, reverse=True)
        self._meet_heads()

    def take_range(self, start: int, end: int, hashes: bytes | None, log: InWorkers) -> None:
        """Take a range hashed elsewhere; read it here when something in it, or before it, is out of place."""
        if hashes is not None and start == self.log.size:
            self._append(hashes)
        else:
            self.take_all(log.read(start, end))

    def take_all(self, records: Iterable[tuple[int, bytes]]) -> None:
        """Take records one after the other."""
        for numbers, bodies in blocks(records):
            self.take(numbers, bodies)

    def take(self, numbers: tuple[int, ...], bodies: tuple[bytes, ...]) -> None:
        """Take records as they come; one whose number does not follow is reported and its place filled."""
        start = self.log.size
        if numbers == tuple(range(start, start + len(numbers))):
            self._append(hash_leaves(bodies))
            return
        for number, body in zip(numbers, bodies, strict=True):
            if number < self.log.size:
                says = f"Record {number} comes twice or out of order."
                self.findings.add("record_out_of_place", number, says, f"第{number}条记录重复或次序错乱。")
                continue
            if number > self.log.size and not self._broken:
                self._fill_gap(number)
            if number == self.log.size:
                self._append(hash_leaves([body]))

    def _fill_gap(self, end: int) -> None:
        """Report records missing up to `end`; where a tile still holds their hashes, go on with those."""
        start = self.log.size
        says = f"{end - start} missing: from record {start} to record {end - 1}."
        zh = f"缺少第{start}条至第{end - 1}条记录，共{end - start}条。"
        self.findings.add("record_missing", start, says, zh)
        while self.log.size < end:
            idx, offset = divmod(self.log.size, TILE_WIDTH)
            body = self._tile(0, idx)
            if body is None or len(body) != TILE_BYTES:
                self._broken = True
                return
            until = min(TILE_WIDTH, offset + end - self.log.size)
            self._append(body[offset * HASH_BYTES : until * HASH_BYTES])

    def _append(self, hashes: bytes) -> None:
        """Add leaves, stopping at every size that a head speaks of."""
        at = 0
        while at < len(hashes):
            step = (len(hashes) - at) // HASH_BYTES
            if self._waiting:
                step = min(step, self._waiting[-1].size - self.log.size)
            for made in self.log.append_hashes(hashes[at : at + step * HASH_BYTES]):
                self._compare(made)
            at += step * HASH_BYTES
            self._meet_heads()

    def _compare(self, made: Tile) -> None:
        """Compare a tile made from the records with the stored one."""
        stored = self._tile(made.level, made.idx)
        if stored == made.body:
            return
        name = f"tile {made.idx} of level {made.level}"
        if stored is None or len(stored) != TILE_BYTES:
            says = f"The {name} is missing or has the wrong length."
            zh = f"第{made.level}层第{made.idx}块缺失或长度不对。"
            self.findings.add("tile_missing", made.idx, says, zh)
        elif made.level:
            says = f"The {name} is not what lies below it."
            self.findings.add("tile_altered", made.idx, says, f"第{made.level}层第{made.idx}块与其下层不符。")
        else:
            for slot in range(TILE_WIDTH):
                part = slice(slot * HASH_BYTES, (slot + 1) * HASH_BYTES)
                if stored[part] != made.body[part]:
                    number = made.idx * TILE_WIDTH + slot
                    says = f"Record {number} is not what its tile sealed."
                    self.findings.add("record_altered", number, says, f"第{number}条记录与封存时不同。")

    def _meet_heads(self) -> None:
        """Compare the root with every head over exactly this many records."""
        while self._waiting and self._waiting[-1].size == self.log.size:
            head = self._waiting.pop()
            self.heads_met += 1
            if head.root_bytes == self.log.root():
                self.signed_to = head.size
            else:
                says = f"The records from {self.signed_to} on are not the ones signed at size {head.size}."
                zh = f"第{self.signed_to}条起的记录，不是签名头（{head.size}条）所签的记录。"
                self.findings.add("history_rewritten", self.signed_to, says, zh)

    def finish(self) -> None:
        """Report heads over more records than there are."""
        if self._waiting and not self._broken:
            size, gone = self.log.size, self._waiting[0].size - self.log.size
            says = f"The log ends at {size} records, {gone} fewer than signed; sound to {self.signed_to}."
            zh = f"日志止于{size}条，比已签的少{gone}条；前{self.signed_to}条完好。"
            self.findings.add("log_cut", self.signed_to, says, zh)
