"""Planted leaks: before each training for service, columns that know the outcome are planted and must be
refused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from jingwei.learning.boosting import TrainingError
from jingwei.learning.lending import learn_reader
from jingwei.learning.protocol import Flags, auc_roc
from jingwei.learning.scorecard import fit_scorecard
from jingwei.learning.tabular import Column, Table, TableError, is_text
from jingwei.models.compiled import Floats

PLANTED = "planted leak"
SAMPLE = 4000
RARE = 400
"""With fewer bad rows among those drawn, so many of them are taken, as far as there are."""
LARGEST = 4.0
"""Deviations from one half that an AUC on shuffled outcomes may have by chance."""


def canaries(train: Table, bad: Flags, taboo: Sequence[str], protected: Sequence[str]) -> dict[str, str]:
    """Plant a column filled in later, gaps filled with class means, and a copy of the outcome, one at a time;
    return how each was refused. TrainingError when one would have been learned from."""
    rng = np.random.default_rng(23)
    rows = _sample(bad, rng)
    table, truth = train.rows(rows), bad[rows]
    told = {}
    for name, column in plants(truth, rng).items():
        try:
            learn_reader(Table(table.path, table.columns | {PLANTED: column}), truth, taboo, protected)
        except TableError as refused:
            if PLANTED not in str(refused):
                raise
            told[name] = "refused, for it knows the outcome"
        else:
            raise TrainingError(
                f"a planted leak ({name}) was not refused, so nothing is trained: the guard against columns "
                "that know the outcome does not hold"
            )
    return told


def plants(bad: Flags, rng: np.random.Generator) -> dict[str, Column]:
    """Columns that no honest table has."""
    empty = rng.random(len(bad)) < 0.4
    return {
        "a column filled in later": np.where(bad, 0.2, 0.9) + rng.normal(0.0, 0.08, len(bad)),
        "gaps filled with class means": np.where(empty, np.where(bad, 0.777, 0.333), rng.random(len(bad))),
        "a copy of the outcome": np.where(bad, "B", "A").astype(object),
    }


def _sample(bad: Flags, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Drawn rows; where bad ones are rare, more of those, so that a leak planted in them can be seen."""
    rows = rng.permutation(len(bad))
    drawn = rows[:SAMPLE]
    if bad[drawn].sum() < RARE:
        drawn = np.concatenate([rows[bad[rows]][:RARE], rows[~bad[rows]][: SAMPLE - RARE]])
    return np.sort(drawn).astype(np.int64)


def shuffled_auc(features: dict[str, Floats], bad: Flags) -> float:
    """AUC, on rows held out, of a scorecard fitted to shuffled outcomes: one half, or something leaks.

    TrainingError when it is further from one half than chance allows.
    """
    rng = np.random.default_rng(29)
    rows = _sample(bad, rng)
    truth = rng.permutation(bad[rows])
    half = len(rows) // 2
    columns = {name: column[rows] for name, column in features.items()}
    try:
        card = fit_scorecard({name: column[:half] for name, column in columns.items()}, truth[:half])
    except TableError:
        return 0.5
    area = auc_roc(truth[half:], card.log_odds({name: column[half:] for name, column in columns.items()}))
    bads = int(truth[half:].sum())
    goods = len(truth) - half - bads
    error = ((bads + goods + 1) / (12.0 * max(1, bads) * max(1, goods))) ** 0.5
    if abs(area - 0.5) > LARGEST * error:
        raise TrainingError(f"on shuffled outcomes the AUC is {area:.3f}, not one half: something leaks")
    return area


def moments_of(column: Column) -> npt.NDArray[np.int64] | None:
    """Moments in microseconds of a column of dates, None when it holds something else; nothing is 0."""
    if not is_text(column):
        return None
    try:
        told = np.array([text or "NaT" for text in column], dtype="datetime64[us]")
    except ValueError:
        return None
    return np.where(np.isnat(told), np.datetime64(0, "us"), told).astype(np.int64)


def refuse_later(table: Table, time: str) -> npt.NDArray[np.int64]:
    """Return the moments of the decisions; TableError for a column of dates that lie after them.

    A date the bank learned only after it decided (the day of the first late payment) knows the outcome by
    being there at all, whatever it says.
    """
    moments = moments_of(table.column(time))
    if moments is None or not (moments > 0).all():
        raise TableError(f"{table.path}: {time!r} is not a moment in every row; write it like 2026-01-31")
    for name, column in table.columns.items():
        other = moments_of(column) if name != time else None
        later = 0 if other is None else int((other > moments).sum())
        if later:
            raise TableError(
                f"{table.path}: refused, for it knows the future: {name!r} lies after {time!r} in {later} "
                "rows; leave it out of the file"
            )
    return moments
