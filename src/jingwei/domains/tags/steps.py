"""The behaviour graph: which step follows which, counted as it happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from jingwei.domains.tags.happenings import Happening
from jingwei.kernel.clock import MINUTE

BREAK: Final = 30 * MINUTE
"""A step later than this begins a new visit."""

START: Final = "start"


class Steps:
    """Edges (from, to) with how often they were gone; the first step of a visit comes from START.

    Feed each customer's steps in the order they happened; customers may be mixed. All counts are whole, so
    parts counted apart add up to the whole.
    """

    def __init__(self, kind: str = "page") -> None:
        self.kind = kind
        self.edges: Counter[tuple[str, str]] = Counter()
        self._last: dict[str, tuple[int, str]] = {}

    def add(self, one: Happening) -> None:
        """Count one happening; those of another kind are no step."""
        if one.kind != self.kind:
            return
        at, before = self._last.get(one.customer, (0, START))
        if one.at - at > BREAK:
            before = START
        self.edges[before, one.category] += 1
        self._last[one.customer] = (one.at, one.category)

    def add_all(self, happenings: Iterable[Happening]) -> None:
        """Count many, in order."""
        for one in happenings:
            self.add(one)

    def leads_to(self, step: str, least: int = 5) -> list[tuple[str, int, float]]:
        """What comes before a step: (step before, how often, share of that one's ways out), most first."""
        out: Counter[str] = Counter()
        for (before, _), count in self.edges.items():
            out[before] += count
        told = [(a, n, n / out[a]) for (a, b), n in self.edges.items() if b == step and n >= least]
        return sorted(told, key=lambda edge: (-edge[1], edge[0]))
