"""The card of a model: what it is, what it learned from, how well it does and how fast it answers."""

from __future__ import annotations

import msgspec

from jingwei.models.governance import Governance, lacking


class DataSpan(msgspec.Struct, frozen=True):
    """The history a model learned from: [first, until) in microseconds UTC, its rows, how many positive."""

    first: int
    until: int
    rows: int
    positives: int


class Latency(msgspec.Struct, frozen=True):
    """Measured microseconds to score one row, the call from Python included."""

    p50: float
    p99: float


class Card(msgspec.Struct, frozen=True):
    """What a model shows about itself; without it no model is approved.

    `span` is None for a model that has not learned from data. `metrics` are measured out of time on
    rows the model was not fitted to. `made_at` is the end of what it learned from (microseconds UTC): the
    same training gives the same bytes, whenever it ran. Latency, which differs, stands in the approval.
    `says_en` and `says_zh` are for people. `governance` is there when the model decides about people.
    """

    name: str
    version: str
    says_en: str
    says_zh: str
    features: tuple[str, ...]
    made_by: str
    made_at: int
    span: DataSpan | None = None
    metrics: dict[str, float] = {}
    governance: Governance | msgspec.UnsetType = msgspec.UNSET


def missing_on(card: Card) -> list[str]:
    """What a card still lacks before its model may be approved, each as a readable phrase."""
    texts = ("name", "version", "says_en", "says_zh", "made_by")
    lacks = [name for name in texts if not getattr(card, name).strip()]
    if not card.features:
        lacks.append("features")
    if card.span is not None and card.span.until <= card.span.first:
        lacks.append("a data span that ends after it begins")
    if card.span is not None and not card.metrics:
        lacks.append("metrics")
    if card.governance is not msgspec.UNSET:
        lacks += lacking(card.governance)
    return lacks
