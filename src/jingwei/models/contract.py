"""The one contract every model passes, and the check that holds it to it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
import numpy as np

from jingwei.models.card import Card, Latency, missing_on
from jingwei.models.compiled import Floats, Ints


class ModelError(ValueError):
    """A model, or what it was given, cannot be used; the message says why."""


class Scorer(Protocol):
    """A model bound to the columns of a matrix. Rows are cases; scores are probabilities in [0, 1].

    A row that lacks a feature the model reads (not a finite number) scores NaN: unknown is never yes.
    """

    def __call__(self, cases: Floats) -> Floats:
        """Scores float64[n] of a C-contiguous matrix float64[n, k]."""
        ...

    def one(self, row: Floats) -> float:
        """Score of one row float64[k]; the same bits as the row gets in a batch."""
        ...

    def contributions(self, cases: Floats) -> Floats:
        """float64[n, f + 1]: log-odds added by each feature (the model's order), then the base.

        A row adds up to log(score / (1 - score)).
        """
        ...


class Model(Protocol):
    """What a model is: a card, features bound by name, a scorer, and bytes that bring it back."""

    @property
    def card(self) -> Card: ...

    @property
    def features(self) -> tuple[str, ...]: ...

    def bind(self, columns: Sequence[str]) -> Scorer:
        """Return the scorer for matrices with these columns; ModelError names a feature that is not there."""
        ...

    def with_card(self, card: Card) -> Model: ...

    def to_bytes(self) -> bytes: ...


def places(features: Sequence[str], columns: Sequence[str]) -> Ints:
    """Return int32[f]: where each feature stands among the columns. ModelError names the missing ones."""
    found = {name: at for at, name in enumerate(columns)}
    lacking = [name for name in features if name not in found]
    if lacking:
        raise ModelError(f"missing column{'s' * (len(lacking) > 1)}: {', '.join(lacking)}")
    return np.array([found[name] for name in features], dtype=np.int32)


class CheckReport(msgspec.Struct, frozen=True):
    """Outcome of the contract check: what failed (nothing, when passed) and the measured latency."""

    failures: tuple[str, ...]
    latency_us: Latency

    @property
    def passed(self) -> bool:
        return not self.failures


Loader = Callable[[bytes], Model]


def probe_cases(model: Model, rows: int = 256, seed: int = 7) -> Floats:
    """Return float64[rows, f] that reaches far corners: zeros, small, huge and negative numbers."""
    rng = np.random.default_rng(seed)
    shape = (rows, len(model.features))
    scales = 10.0 ** rng.integers(-3, 8, size=shape)
    cases = np.abs(rng.standard_normal(shape)) * scales
    cases[rng.random(shape) < 0.3] = 0.0
    cases[rng.random(shape) < 0.05] *= -1.0
    return np.ascontiguousarray(cases)


def check_model(model: Model, load: Loader, cases: Floats | None = None) -> CheckReport:
    """Hold a model to the contract on `cases` (float64[n, f] in the model's own order; made up when None)."""
    cases = probe_cases(model) if cases is None else np.ascontiguousarray(cases)
    failures = [
        sentence
        for sentence, holds in (
            ("the card is not complete", _card_complete),
            ("a score is outside [0, 1]", _in_range),
            ("a row alone scores otherwise than in a batch", _row_equals_batch),
            ("the order of the columns changes the score", _order_free),
            ("a missing feature still gets a number", _refuses_missing),
            ("a missing column is not named", _names_missing_column),
            ("contributions do not add up to the log-odds", _adds_up),
        )
        if not holds(model, cases)
    ]
    if not _same_after_load(model, cases, load):
        failures.append("saving and loading changes the score")
    return CheckReport(tuple(failures), measure_latency(model, cases))


def measure_latency(model: Model, cases: Floats, calls: int = 2000) -> Latency:
    """Return p50 and p99 microseconds of scoring one row, the Python call included."""
    scorer = model.bind(model.features)
    rows = [np.ascontiguousarray(row) for row in cases]
    scorer.one(rows[0])
    took = np.empty(calls)
    for i in range(calls):
        row = rows[i % len(rows)]
        start = time.perf_counter_ns()
        scorer.one(row)
        took[i] = time.perf_counter_ns() - start
    p50, p99 = np.percentile(took, [50, 99]) / 1000.0
    return Latency(round(float(p50), 2), round(float(p99), 2))


def _card_complete(model: Model, cases: Floats) -> bool:
    card = model.card
    distinct = len(set(card.features)) == len(card.features)
    return not missing_on(card) and card.features == model.features and distinct


def _in_range(model: Model, cases: Floats) -> bool:
    scores = model.bind(model.features)(cases)
    return bool(scores.shape == (len(cases),) and np.all((scores >= 0.0) & (scores <= 1.0)))


def _row_equals_batch(model: Model, cases: Floats) -> bool:
    scorer = model.bind(model.features)
    batch = scorer(cases)
    return all(scorer.one(np.ascontiguousarray(row)) == batch[i] for i, row in enumerate(cases[:64]))


def _order_free(model: Model, cases: Floats) -> bool:
    names = ("not_used", *reversed(model.features))
    turned = np.ascontiguousarray(np.column_stack([np.full(len(cases), np.nan), cases[:, ::-1]]))
    return np.array_equal(model.bind(names)(turned), model.bind(model.features)(cases))


def _refuses_missing(model: Model, cases: Floats) -> bool:
    scorer = model.bind(model.features)
    for column in range(cases.shape[1]):
        for nothing in (np.nan, np.inf, -np.inf):
            holed = cases[:10].copy()
            holed[1, column] = nothing
            holed[9, column] = nothing
            scores = scorer(holed)
            if not (math.isnan(scores[1]) and math.isnan(scores[9]) and math.isnan(scorer.one(holed[1]))):
                return False
            if np.isnan(scores[2:9]).any():
                return False
    return True


def _names_missing_column(model: Model, cases: Floats) -> bool:
    for gone in model.features:
        try:
            model.bind(tuple(name for name in model.features if name != gone))
        except ModelError as error:
            if gone not in str(error):
                return False
        else:
            return False
    return True


def _adds_up(model: Model, cases: Floats) -> bool:
    scorer = model.bind(model.features)
    parts, scores = scorer.contributions(cases), scorer(cases)
    if parts.shape != (len(cases), len(model.features) + 1):
        return False
    total = parts.sum(axis=1)
    sure = (scores < 1e-9) | (scores > 1 - 1e-9)
    inner = np.clip(scores, 1e-9, 1 - 1e-9)
    gap = np.abs(total - np.log(inner / (1.0 - inner)))
    near = np.abs(1.0 / (1.0 + np.exp(-total)) - scores) <= 1e-6
    return bool(np.all((gap <= 1e-6) | sure) and np.all(near))


def _same_after_load(model: Model, cases: Floats, load: Loader) -> bool:
    content = model.to_bytes()
    again = load(content)
    same_scores = np.array_equal(again.bind(again.features)(cases), model.bind(model.features)(cases))
    return same_scores and again.card == model.card and again.to_bytes() == content
