"""Random draws of the city: every topic has a stream of its own, so that one seed is one city."""

from __future__ import annotations

import zlib
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Columns: TypeAlias = dict[str, npt.NDArray[Any]]
"""Rows as columns of one length, by name."""

MICRO = 1_000_000
DAY_S = 86_400


class Draws:
    """Generators by topic: adding a topic never changes what another one draws."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def of(self, topic: str) -> np.random.Generator:
        """The generator of a topic, from its beginning."""
        return np.random.Generator(np.random.PCG64([self._seed, zlib.crc32(topic.encode())]))


def pick(draws: np.random.Generator, weights: Floats, size: int) -> Ints:
    """`size` positions drawn with these weights (non-negative, not all zero)."""
    edges = np.cumsum(weights)
    return np.asarray(np.searchsorted(edges, draws.random(size) * edges[-1], side="right"), np.int64)


def lognormal(draws: np.random.Generator, median: Floats | float, sigma: Floats | float, size: int) -> Floats:
    """`size` amounts around `median` with log deviation `sigma`."""
    return np.asarray(median * np.exp(sigma * draws.standard_normal(size)), np.float64)


def minor(yuan: Floats) -> Ints:
    """Amounts in yuan as whole fen, at least one."""
    return np.maximum(np.rint(yuan * 100), 1).astype(np.int64)


def seconds_of_day(
    draws: np.random.Generator, peaks: tuple[tuple[float, float, float], ...], size: int
) -> Ints:
    """Times of day in seconds, drawn around peaks of (hour, spread in hours, weight)."""
    hours, spreads, weights = np.array(peaks).T
    which = pick(draws, weights, size)
    drawn = hours[which] + spreads[which] * draws.standard_normal(size)
    return np.asarray(np.mod(drawn, 24.0) * 3600, np.int64)


def joined(parts: list[Columns]) -> Columns:
    """Rows of several parts, one below the other; all have the same columns."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def in_time(rows: Columns) -> Columns:
    """The rows in the order of their column `at_s`; those of one moment keep their order."""
    order = np.argsort(rows["at_s"], kind="stable")
    return {name: column[order] for name, column in rows.items()}
