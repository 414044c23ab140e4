"""Whole numbers of 128 bits as two words, for the compiled step; and the numba decorator it uses."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jingwei.kernel import clock

F = TypeVar("F", bound=Callable[..., Any])

Words = NDArray[np.int64]

LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
TWO_64 = 18446744073709551616.0


OPTIONS: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy", "_nrt": False}


def sources_digest() -> str:
    """SHA-256 (hex) of every file that compiled functions are made of."""
    files = [*sorted(Path(__file__).parent.glob("*.py")), Path(clock.__file__)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


STAMP = sources_digest()


def compiled(function: F) -> F:
    """Compile with numba when first called: no GIL, kept on disk, IEEE arithmetic as written (no fast math).

    Without numba's reference counting (`_nrt`), which would cost more than the step itself: compiled
    functions get every array from their caller and make none. What is kept on disk is stamped with the digest
    of all files: numba alone looks only at a function's own file and would go on using what it compiled from
    an old version of the functions called.
    """
    wrapped = njit(**OPTIONS)(function)
    wrapped._cache._cache_file._source_stamp = STAMP
    return cast(F, wrapped)


@compiled
def product(a: np.uint64, b: np.uint64) -> tuple[np.uint64, np.uint64]:
    """High and low word of a * b."""
    a_low, a_high = a & LOW, a >> HALF
    b_low, b_high = b & LOW, b >> HALF
    low = a_low * b_low
    middle = a_high * b_low + (low >> HALF)
    other = a_low * b_high + (middle & LOW)
    return a_high * b_high + (middle >> HALF) + (other >> HALF), a * b


@compiled
def add(m: Words, slot: int, high: np.uint64, low: np.uint64) -> None:
    """Add to the 128-bit number whose high word is m[slot] and low word m[slot + 1]."""
    before = np.uint64(m[slot + 1])
    after = before + low
    m[slot + 1] = np.int64(after)
    m[slot] = np.int64(np.uint64(m[slot]) + high + np.uint64(after < before))


@compiled
def subtract(m: Words, slot: int, high: np.uint64, low: np.uint64) -> None:
    """Take from the 128-bit number at m[slot] and m[slot + 1]."""
    before = np.uint64(m[slot + 1])
    m[slot + 1] = np.int64(before - low)
    m[slot] = np.int64(np.uint64(m[slot]) - high - np.uint64(before < low))


@compiled
def double(high: np.uint64, low: np.uint64) -> float:
    """The 128-bit number as a double, by the formula of definition.py."""
    return float(high) * TWO_64 + float(low)


@compiled
def divide(high: np.uint64, low: np.uint64, n: int) -> tuple[np.uint64, np.uint64]:
    """Quotient (below 2^64) and remainder of a 128-bit number by n below 2^31."""
    by = np.uint64(n)
    if high == 0:
        return low // by, low % by
    rest = high % by
    upper = (rest << HALF) | (low >> HALF)
    rest = upper % by
    lower = (rest << HALF) | (low & LOW)
    return ((upper // by) << HALF) | (lower // by), lower % by


@compiled
def deviation(m: Words, total: int, squares: int, n: int) -> float:
    """Standard deviation of the population of n >= 1 numbers with these exact sums, by the formula of
    definition.py.
    """
    high, low = np.uint64(m[total]), np.uint64(m[total + 1])
    q, r = divide(high, low, n)
    more = low + r
    more_high = high + np.uint64(more < low)
    take_high, take_low = product(q, more)
    take_high += q * more_high
    v_low = np.uint64(m[squares + 1])
    v_high = np.uint64(m[squares]) - take_high - np.uint64(v_low < take_low)
    rest = float(r) / float(n)
    variance = double(v_high, v_low - take_low) / float(n) - rest * rest
    return np.sqrt(variance) if variance > 0.0 else 0.0
