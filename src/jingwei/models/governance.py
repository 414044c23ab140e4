"""What the card of a model that decides about people must show besides its accuracy: whose it is, what it
learned from, how groups fare, what closing the gaps would cost, and what it cannot know."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from jingwei.models.derived import Recipe

LEAST_REASON = 20
"""So many characters a written reason for a gap has at least: a word is no reason."""


class Gap(msgspec.Struct, frozen=True):
    """How two groups of a protected column differ at the cut-off, on rows the model was not fitted to.

    `measure` is "approval" (share approved) or "good_refused" (share of good customers refused); the groups
    are those furthest apart, `ratio` the lower rate over the higher (None when nobody is), [low, high] the
    95 % interval of the gap.
    """

    column: str
    measure: str
    lowest: str
    highest: str
    gap: float
    low: float
    high: float
    ratio: float | None
    alarm: bool

    @property
    def code(self) -> str:
        """The name under which a reason for it is given."""
        return f"{self.column}.{self.measure}"


class Closing(msgspec.Struct, frozen=True):
    """What it would cost to refuse good customers of every group equally often: as often as all of them now.

    It would need a cut-off for each group, which reads the protected column: it is measured, never done.
    Shares of bad loans among the approved; [low, high] is the 95 % interval of their change.
    """

    column: str
    bad_before: float
    bad_after: float
    low: float
    high: float


class Reference(msgspec.Struct, frozen=True):
    """How one column (or "score") lay in the rows learned from: counts below edges[0], up to the next, ..."""

    name: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]


class Calibrated(msgspec.Struct, frozen=True):
    """A tenth of the rows held out, by score: how many, their mean score and share of bad outcomes."""

    rows: int
    score: float
    bad: float


class Helped(msgspec.Struct, frozen=True):
    """What one source adds to the AUC out of fold, with the 95 % interval; `used` when all of it lies above
    zero."""

    source: str
    columns: tuple[str, ...]
    gain: float
    low: float
    high: float
    used: bool


class Governance(msgspec.Struct, frozen=True):
    """The part of a card that a second person reads before approving.

    `bad` says which outcome is predicted, `held_out` which rows the figures come from, `left_out` the columns
    never read and why, `canaries` what became of planted leaks, `intervals` 95 % intervals of metrics.
    """

    owner: str
    trained_by: str
    data: str
    simulated: bool
    bad: str
    held_out: str
    protected: tuple[str, ...]
    left_out: dict[str, str]
    recipe: Recipe
    cut_off: float
    gaps: tuple[Gap, ...]
    closing: tuple[Closing, ...]
    canaries: dict[str, str]
    reference: tuple[Reference, ...]
    calibrated: tuple[Calibrated, ...]
    intervals: dict[str, tuple[float, float]]
    limits_en: str
    limits_zh: str
    sources: tuple[Helped, ...] = ()

    def alarms(self) -> tuple[Gap, ...]:
        """The gaps that need a written reason before anybody is decided about."""
        return tuple(gap for gap in self.gaps if gap.alarm)


def lacking(told: Governance) -> list[str]:
    """What this part of the card still lacks, each as a readable phrase."""
    texts = ("owner", "trained_by", "data", "bad", "held_out", "limits_en", "limits_zh")
    lacks = [name for name in texts if not getattr(told, name).strip()]
    if told.protected and not told.gaps:
        lacks.append("gaps between groups")
    failed = [name for name, came in told.canaries.items() if not came.startswith("refused")]
    if not told.canaries or failed:
        lacks.append("planted leaks that were all refused")
    if not told.reference:
        lacks.append("a reference to measure drift against")
    return lacks


def unanswered(told: Governance, reasons: Mapping[str, str]) -> list[str]:
    """The codes of alarms without a written reason."""
    return [gap.code for gap in told.alarms() if len(reasons.get(gap.code, "").strip()) < LEAST_REASON]
