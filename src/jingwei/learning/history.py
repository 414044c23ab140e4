"""The features of past payments as known then: the stream is lived through again, event by event."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from jingwei.features.definition import Definition
from jingwei.features.events import FRAUD_REPORT, PAYMENT, EventColumns
from jingwei.features.live import LiveFeatures
from jingwei.kernel.clock import DAY
from jingwei.learning.stream import CardStream, Whole
from jingwei.models.compiled import Floats

CHUNK = 65_536
Progress = Callable[[int, int], None]


def quiet(done: int, total: int) -> None:
    """Tell nobody about progress."""


class Told(msgspec.Struct, frozen=True):
    """The stream as the bank learned of it: row of the payment, whether it is a report of fraud, and when."""

    row: Whole
    report: Whole
    at: Whole


def told_in_order(stream: CardStream, delay_days: int) -> Told:
    """Return payments and, `delay_days` after each fraud, its report, in order of time (reports first)."""
    frauds = np.flatnonzero(stream.fraud)
    row = np.concatenate([frauds, np.arange(len(stream))])
    report = np.concatenate([np.ones(len(frauds), np.int64), np.zeros(len(stream), np.int64)])
    at = stream.at[row] + report * delay_days * DAY
    order = np.argsort(at, kind="stable")
    return Told(row[order], report[order], at[order])


def features_as_known(
    stream: CardStream,
    definitions: Sequence[Definition],
    first: int,
    delay_days: int = 7,
    progress: Progress = quiet,
) -> Floats:
    """Return float64[n - first, k]: features of the payments from row `first` on, as known at each.

    The whole stream is lived through in order, exactly as the bank will: a fraud counts only once reported,
    `delay_days` after the payment.
    """
    told = told_in_order(stream, delay_days)
    live = LiveFeatures(definitions)
    out = np.full((len(stream) - first, len(definitions)), np.nan)
    customers = np.array([f"c{number}" for number in range(int(stream.customer.max()) + 1)], dtype=object)
    terminals = np.array([f"t{number}" for number in range(int(stream.terminal.max()) + 1)], dtype=object)
    for start in range(0, len(told.row), CHUNK):
        part = slice(start, start + CHUNK)
        row, report = told.row[part], told.report[part]
        cases = live.advance(
            EventColumns(
                kind=np.where(report == 1, FRAUD_REPORT, PAYMENT).astype(np.uint8),
                at=told.at[part],
                ref_at=stream.at[row],
                amount_minor=stream.amount_minor[row],
                entities={
                    "customer": customers[stream.customer[row]].tolist(),
                    "terminal": terminals[stream.terminal[row]].tolist(),
                },
            )
        )
        wanted = (report == 0) & (row >= first)
        out[row[wanted] - first] = cases[wanted]
        progress(min(start + CHUNK, len(told.row)), len(told.row))
    return out
