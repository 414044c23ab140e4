"""Scoring with 300 trees, one row and 256 at a time, against onnxruntime and LightGBM on one thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
import onnxmltools
import onnxruntime
from onnxmltools.convert.common.data_types import FloatTensorType

from bench.ratio import Ratio, side_by_side
from jingwei.models.card import Card
from jingwei.models.forest import BoundForest, from_lightgbm

TREES, FEATURES, ROWS = 300, 31, 2048
LARGEST_GAP = 1e-6
Score = Callable[[Any], Any]


def payments() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Made-up payments, skewed, many zeros; numbers a float32 can hold, as onnxruntime reads no others."""
    rng = np.random.default_rng(11)
    cases = rng.lognormal(2.0, 1.5, size=(20_000, FEATURES)) * (rng.random((20_000, FEATURES)) < 0.7)
    cases = cases.astype(np.float32).astype(np.float64)
    logit = 0.2 * cases[:, 0] - 0.1 * cases[:, 1] + 0.01 * cases[:, 2] * cases[:, 3] + rng.normal(size=20_000)
    return np.ascontiguousarray(cases), logit > 4.0


def grown() -> tuple[lightgbm.Booster, np.ndarray[Any, Any]]:
    """300 trees of LightGBM, and rows to score."""
    cases, fraud = payments()
    settings = {"objective": "binary", "num_leaves": 31, "max_depth": 7, "learning_rate": 0.05}
    quiet = {"verbosity": -1, "num_threads": 2, "deterministic": True, "seed": 1}
    booster = lightgbm.train(settings | quiet, lightgbm.Dataset(cases, fraud.astype(float)), TREES)
    return booster, cases[:ROWS]


def ours(booster: lightgbm.Booster) -> BoundForest:
    """The same trees, compiled."""
    names = tuple(f"f{i}" for i in range(FEATURES))
    card = Card("measured", "1", "For measuring.", "用于测量。", names, "LightGBM", 0)
    return from_lightgbm([booster.model_to_string()], card).bind(names)


def onnx(booster: lightgbm.Booster) -> Score:
    """The same trees in onnxruntime, one thread."""
    kind = [("cases", FloatTensorType([None, FEATURES]))]
    model = onnxmltools.convert_lightgbm(booster, initial_types=kind, zipmap=False, target_opset=15)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    return lambda cases: session.run(["probabilities"], {"cases": cases})[0][:, 1]


def check_same(reference: Any, others: dict[str, Any]) -> None:
    """Stop when any score differs from ours by more than LARGEST_GAP."""
    for name, scores in others.items():
        gap = float(np.abs(np.asarray(scores, dtype=np.float64) - reference).max())
        assert gap <= LARGEST_GAP, f"{name} scores differ by {gap:.1e}"


def rows_done(score: Score, parts: list[Any], rows: int) -> Callable[[], int]:
    """A round: score every part once, return how many rows that is."""

    def go() -> int:
        for part in parts:
            score(part)
        return len(parts) * rows

    return go


def run() -> list[Ratio]:
    """Rows per second, ours and each baseline in turn; first the scores are compared."""
    booster, cases = grown()
    scorer, session = ours(booster), onnx(booster)
    narrow = cases.astype(np.float32)
    check_same(
        scorer(cases),
        {
            "onnxruntime": session(narrow),
            "lightgbm": booster.predict(cases, num_threads=1),
            "one row": np.array([scorer.one(row) for row in cases]),
        },
    )
    found = []
    for rows, aim in ((1, 2.0), (256, None)):
        starts = range(0, 512 if rows == 1 else ROWS, rows)
        parts = [np.ascontiguousarray(cases[at : at + rows]) for at in starts]
        small = [np.ascontiguousarray(narrow[at : at + rows]) for at in starts]
        mine = (
            rows_done(scorer.one, [part[0] for part in parts], 1)
            if rows == 1
            else rows_done(scorer, parts, rows)
        )
        what = "one-row scoring, 300 trees" if rows == 1 else f"scoring {rows} rows, 300 trees"
        for name, theirs, target in (
            ("onnxruntime, 1 thread", rows_done(session, small, rows), aim),
            (
                "lightgbm predict, 1 thread",
                rows_done(lambda x: booster.predict(x, num_threads=1), parts, rows),
                None,
            ),
        ):
            fast, slow = side_by_side(mine, theirs)
            note = f"{1e6 / fast.median:.1f} us a row"
            found.append(Ratio(what, fast.median, name, slow.median, "rows/s", target, note))
    return found
