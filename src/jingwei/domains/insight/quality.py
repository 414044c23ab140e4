"""How good what the source systems tell is: complete, valid, once, fresh, and of one mind about a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from jingwei.domains.insight.likeness import COMPARE
from jingwei.kernel.clock import DAY

CLASHES: Final[dict[str, tuple[str, ...]]] = {
    "name": ("other", "surname", "near"),
    "born": ("other", "near", "year"),
    "certificate": ("other",),
    "phone": ("other", "near"),
    "email": ("other", "near"),
    "address": ("other", "near"),
}
"""By field the levels of likeness (see `likeness`) at which two systems contradict each other."""

OLD: Final = 3 * DAY
"""A source that told nothing newer than this is said to be old."""


class FieldQuality(msgspec.Struct, frozen=True):
    """One column of one source: rows seen, how many were empty, how many were not valid."""

    field: str
    seen: int
    missing: int
    invalid: int

    @property
    def complete(self) -> float:
        """The share of rows in which it holds something."""
        return 1 - self.missing / self.seen if self.seen else 0.0

    @property
    def valid(self) -> float:
        """The share of rows in which it could be read."""
        return 1 - self.invalid / self.seen if self.seen else 0.0


class ImportFigures(NamedTuple):
    """One import: rows read, taken, known from before, not taken; when it was done."""

    id: str
    file: str
    rows: int
    taken: int
    known: int
    rejected: int
    done_at: int
    sealed: str

    @property
    def valid(self) -> float:
        """The share of rows that could be read."""
        return 1 - self.rejected / self.rows if self.rows else 1.0


class SourceQuality(msgspec.Struct, frozen=True):
    """One source system: its columns, its imports, how many of its subjects are known, how old it is."""

    source: str
    rows: int
    taken: int
    repeated: int
    rejected: int
    subjects: int
    unlinked: int
    newest_at: int
    fields: tuple[FieldQuality, ...]
    imports: tuple[ImportFigures, ...]

    @property
    def complete(self) -> float:
        """The share of values that hold something, over all columns."""
        seen = sum(one.seen for one in self.fields)
        return 1 - sum(one.missing for one in self.fields) / seen if seen else 0.0

    @property
    def valid(self) -> float:
        """The share of rows that were taken or known."""
        return 1 - self.rejected / self.rows if self.rows else 0.0

    @property
    def repeated_share(self) -> float:
        """The share of happenings that had come in another file before."""
        whole = self.taken + self.repeated
        return self.repeated / whole if whole else 0.0

    def old(self, now: int) -> bool:
        """Whether its newest happening is older than it should be."""
        return bool(self.newest_at) and now - self.newest_at > OLD


class Clash(NamedTuple):
    """Two systems that contradict each other about one customer. `level` is how near they come."""

    customer: str
    field: str
    source: str
    says: str
    other_source: str
    other_says: str
    level: str


Says = tuple[str, dict[str, str]]
"""A source and what it says, by field."""


def clashes(customer: str, told: Sequence[Says]) -> list[Clash]:
    """Where systems contradict each other about a customer: for each field the first two that do."""
    found = []
    for field, levels in CLASHES.items():
        said = [(source, says[field]) for source, says in told if says.get(field)]
        if (clash := _first(customer, field, said, levels)) is not None:
            found.append(clash)
    return found


def _first(customer: str, field: str, said: Sequence[tuple[str, str]], levels: Iterable[str]) -> Clash | None:
    for number, (source, value) in enumerate(said):
        for other, another in said[number + 1 :]:
            level = COMPARE[field](value, another)
            vague = field == "born" and level == "year" and 4 in (len(value), len(another))
            if level in levels and not vague:
                return Clash(customer, field, source, value, other, another, level)
    return None
