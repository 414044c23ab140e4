"""A row of the reliability plan: a check, how often it was done, and the planted error it must catch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Tally:
    """What a number of trials came to. `bad` holds one sentence for each thing that went wrong."""

    trials: int
    bad: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    """Figures worth adding up over chunks (payments acknowledged, errors injected), by name."""

    def __add__(self, other: Tally) -> Tally:
        names = {**self.counts, **other.counts}
        counts = {name: self.counts.get(name, 0) + other.counts.get(name, 0) for name in names}
        return Tally(self.trials + other.trials, self.bad + other.bad, counts)


class NotHere(Exception):
    """A row cannot run on this machine; the message says what is missing."""


@dataclass(frozen=True)
class Row:
    """One check.

    `run(seed, trials)` does that many trials; the same seed does the same. `control(seed)` runs it with a
    planted error and returns whether the error was caught. `target` is how many trials the long run aims
    at, `chunk` how many it does at most between two savings of its state. A row that `walks` goes through a
    list of cases: its seed is how many trials were done before, so that chunk after chunk none is left out.
    """

    id: str
    says: str
    target: int
    chunk: int
    run: Callable[[int, int], Tally]
    control: Callable[[int], bool]
    control_says: str
    walks: bool = False
