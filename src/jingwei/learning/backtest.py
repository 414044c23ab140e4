"""A backtest: the newest payments judged again as they were and by a candidate, and what would differ.

The features of each payment are those of its own moment: all records before pass through them first.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable

import msgspec

from jingwei.decisions.judge import Judgement
from jingwei.decisions.policy import Verdict
from jingwei.journeys.shape import Sealed
from jingwei.journeys.table import BY_COMMAND
from jingwei.learning.labels import Labels
from jingwei.learning.whatif import Change, History, parts, same
from jingwei.stores.store import Reader

MOST_LISTED = 20
Progress = Callable[[int, int], None]


class Changed(msgspec.Struct, frozen=True, order=True):
    """One payment that the candidate judges otherwise; the largest amounts are listed."""

    amount_minor: int
    id: str
    customer: str
    currency: str
    old: str
    new: str
    reasons: tuple[str, ...]


class Side(msgspec.Struct, frozen=True):
    """How one of the two judges did: payments it did not let through at once (`hits`), and of those the
    ones known by now to be fraud or good."""

    hits: int
    fraud: int
    good: int

    @property
    def false_alarms(self) -> float | None:
        """Share of the hits known to be good among those anything is known of; None when nothing is."""
        known = self.fraud + self.good
        return self.good / known if known else None


class Compared(msgspec.Struct, frozen=True):
    """What a comparison came to.

    `first` and `until` are the records looked at, [first, until); `payments` were judged twice;
    `differences` of them were not judged again as recorded (must be 0). `matrix` counts payments by (old
    verdict, new verdict). `changed` has payments, customers and money_minor by currency. `missed` are
    payments known to be fraud that the old side stopped and the new one lets through.
    """

    first: int
    until: int
    payments: int
    differences: int
    matrix: dict[tuple[str, str], int]
    changed: Change
    old: Side
    new: Side
    missed: int
    largest: tuple[Changed, ...]
    rules: dict[str, int]


class Comparison:
    """Records go in, in order and from the first on; what the candidate would change comes out."""

    def __init__(self, history: History, first: int) -> None:
        """Payments from record `first` on are judged; those before only pass through the features."""
        self._history = history
        self.first = first
        self.until = 0
        self._payments = self._differences = 0
        self._matrix: Counter[tuple[str, str]] = Counter()
        self._changed = Change()
        self._hits: dict[str, tuple[bool, bool]] = {}
        self._rules: Counter[str] = Counter()
        self._largest: list[Changed] = []
        self._labels = Labels()

    def feed(self, records: list[Sealed]) -> None:
        """Take records as `whatif.parts` yields them: a barrier by itself."""
        for sealed in records:
            self._labels.learn(sealed)
        if BY_COMMAND[type(records[0].command)].barrier:
            self._history.publish(records[0])
        else:
            early = [sealed for sealed in records if sealed.seq < self.first]
            self._history.skip(early)
            for sealed, old, new in self._history.again(records[len(early) :]):
                self._count(sealed, old, new)
        self.until = records[-1].seq + 1

    def _count(self, sealed: Sealed, old: Judgement, new: Judgement) -> None:
        self._payments += 1
        self._differences += not same(sealed.answer, old)
        self._matrix[old.verdict.code, new.verdict.code] += 1
        self._rules.update(new.reasons)
        stopped = old.verdict is not Verdict.ALLOW, new.verdict is not Verdict.ALLOW
        if any(stopped):
            self._hits[sealed.answer.id] = stopped
        if old.verdict is not new.verdict:
            self._changed.add(sealed)
            self._list(sealed, old, new)

    def _list(self, sealed: Sealed, old: Judgement, new: Judgement) -> None:
        command = sealed.command
        one = Changed(
            command.amount_minor, sealed.answer.id, command.customer, command.currency, old.verdict.code,
            new.verdict.code, tuple(new.reasons),
        )  # fmt: skip
        push = heapq.heappush if len(self._largest) < MOST_LISTED else heapq.heappushpop
        push(self._largest, one)

    def told(self) -> Compared:
        """What came out so far."""
        sides = [self._side(place) for place in (0, 1)]
        missed = sum(old and not new and one in self._labels.fraud for one, (old, new) in self._hits.items())
        return Compared(
            min(self.first, self.until), self.until, self._payments, self._differences, dict(self._matrix),
            self._changed, sides[0], sides[1], missed, tuple(sorted(self._largest, reverse=True)),
            dict(self._rules),
        )  # fmt: skip

    def _side(self, place: int) -> Side:
        hits = [one for one, stopped in self._hits.items() if stopped[place]]
        return Side(len(hits), *self._labels.count(hits))


def backtest(
    reader: Reader, history: History, most: int, progress: Progress = lambda done, total: None
) -> Compared:
    """Compare over the newest `most` records; all before pass through the features."""
    size = reader.size()
    comparison = Comparison(history, max(0, size - most))
    for part in parts(reader, size):
        comparison.feed(part)
        progress(comparison.until, size)
    return comparison.told()
