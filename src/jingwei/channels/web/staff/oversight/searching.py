"""Searching the log: newest first, by text, kind and day, so many records at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jingwei.journeys.table import unseal
from jingwei.kernel.clock import BANK_OFFSET, DAY, parse_iso

if TYPE_CHECKING:
    from jingwei.journeys.shape import Sealed
    from jingwei.stores.store import Reader

FOUND = 50
LOOKED = 200_000
PIECE = 2_000


class Search(NamedTuple):
    """What is looked for. `text` is an id or customer that stands in the record, `kind` a command; times are
    [start, end) in microseconds UTC when the bank learned of it, `before` the record to go on from."""

    text: str
    kind: str
    start: int
    end: int
    before: int

    def may_fit(self, leaf: bytes) -> bool:
        """Whether the bytes of a record hold what is looked for; cheaper than reading it."""
        return (not self.text or b'"%b"' % self.text.encode() in leaf) and (
            not self.kind or b'"type":"%b"' % self.kind.encode() in leaf
        )

    def fits(self, sealed: Sealed) -> bool:
        """Whether a record is one of those looked for."""
        command = sealed.command
        of_kind = not self.kind or command.__struct_config__.tag == self.kind
        return of_kind and self.start <= int(command.known_at) < self.end


class Found(NamedTuple):
    """Records found, newest first; `looked` were read through, and `go_on` is where to go on (0: nowhere)."""

    records: list[Sealed]
    looked: int
    go_on: int


def search(reader: Reader, wanted: Search) -> Found:
    """Look through the records before `wanted.before`, newest first. Raises StoreError."""
    found: list[Sealed] = []
    end = min(reader.size(), wanted.before)
    looked = 0
    while end > 0 and looked < LOOKED:
        start = max(0, end - PIECE)
        for seq, leaf in reversed(list(reader.records(start, end))):
            looked += 1
            if wanted.may_fit(leaf) and wanted.fits(sealed := unseal(leaf)):
                found.append(sealed)
                if len(found) == FOUND:
                    return Found(found, looked, seq)
        end = start
    return Found(found, looked, end)


def day_of(text: str, after: int) -> int:
    """First moment of the bank's day written so (YYYY-MM-DD), or of the day after; open when it is none."""
    try:
        return parse_iso(text[:10]) - BANK_OFFSET + after * DAY
    except ValueError:
        return 2**62 if after else -(2**62)
