"""SHA-256 of many tree nodes side by side: one compiled pass hashes sixteen pairs at a time (FIPS 180-4).

A call into a cryptography library costs more than hashing the 65 bytes of a tree node. Here a whole level is
hashed in vector lanes, three times faster. Before first use the result is compared with `hashlib`; if it ever
differed, `hashlib` would be used alone. Few nodes always go to `hashlib`, and so do leaves, which are long.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

F = TypeVar("F", bound=Callable[..., Any])

HASH_BYTES = 32
LANES = 16
WORTH_IT = 16
"""From this many nodes on, the lanes are faster than one call each."""


def _compiled(function: F) -> F:
    """Compile with Numba, keeping the type; the compiled code is kept on disk."""
    return cast(F, njit(cache=True, nogil=True)(function))


def _fractions(power: int, count: int) -> list[int]:
    """First 32 bits of the fractions of the square (2) or cube (3) roots of the first primes, exactly."""
    primes: list[int] = []
    candidate = 2
    while len(primes) < count:
        if all(candidate % prime for prime in primes):
            primes.append(candidate)
        candidate += 1
    found = []
    for prime in primes:
        scaled, root = prime << (32 * power), round((prime ** (1 / power)) * 2**32)
        while root**power > scaled:
            root -= 1
        while (root + 1) ** power <= scaled:
            root += 1
        found.append(root & 0xFFFFFFFF)
    return found


_K = np.array(_fractions(3, 64), dtype=np.uint32)
_START = np.array(_fractions(2, 8), dtype=np.uint32)


@_compiled
def _rotate(word: Any, places: int) -> Any:
    """Rotate a 32-bit word to the right."""
    return np.uint32(word >> np.uint32(places)) | np.uint32(word << np.uint32(32 - places))


@_compiled
def _schedule(words: Any) -> None:
    """Fill words 16..63 of the message schedule of every lane. words: uint32[64 * LANES]."""
    for at in range(16 * LANES, 64 * LANES, LANES):
        for i in range(at, at + LANES):
            early, late = words[i - 15 * LANES], words[i - 2 * LANES]
            small = _rotate(early, 7) ^ _rotate(early, 18) ^ (early >> np.uint32(3))
            large = _rotate(late, 17) ^ _rotate(late, 19) ^ (late >> np.uint32(10))
            words[i] = words[i - 16 * LANES] + small + words[i - 7 * LANES] + large


@_compiled
def _round(work: Any, words: Any, at: int, constant: Any, row: int) -> None:
    """One round on every lane. work: uint32[8 * LANES], its rows turned by `row` instead of being copied."""
    a, b, c, d = row, (row + 1) % 8, (row + 2) % 8, (row + 3) % 8
    e, f, g, h = (row + 4) % 8, (row + 5) % 8, (row + 6) % 8, (row + 7) % 8
    for i in range(LANES):
        x, y = work[e * LANES + i], work[a * LANES + i]
        pick = (x & work[f * LANES + i]) ^ (~x & work[g * LANES + i])
        p, q = work[b * LANES + i], work[c * LANES + i]
        most = (y & (p ^ q)) ^ (p & q)
        first = work[h * LANES + i] + (_rotate(x, 6) ^ _rotate(x, 11) ^ _rotate(x, 25)) + pick
        first += constant + words[at + i]
        work[d * LANES + i] += first
        work[h * LANES + i] = first + (_rotate(y, 2) ^ _rotate(y, 13) ^ _rotate(y, 22)) + most


@_compiled
def _compress(state: Any, words: Any, work: Any, constants: Any) -> None:
    """Take one block of sixteen words per lane, already in `words`, into `state`: uint32[8 * LANES]."""
    _schedule(words)
    work[:] = state
    for t in range(0, 64, 8):
        at = t * LANES
        _round(work, words, at, constants[t], 0)
        _round(work, words, at + LANES, constants[t + 1], 7)
        _round(work, words, at + 2 * LANES, constants[t + 2], 6)
        _round(work, words, at + 3 * LANES, constants[t + 3], 5)
        _round(work, words, at + 4 * LANES, constants[t + 4], 4)
        _round(work, words, at + 5 * LANES, constants[t + 5], 3)
        _round(work, words, at + 6 * LANES, constants[t + 6], 2)
        _round(work, words, at + 7 * LANES, constants[t + 7], 1)
    state += work


@_compiled
def _hash_pairs(pairs: Any, start: Any, constants: Any, out: Any) -> None:
    """Hash 0x01 + pair for each pair. pairs: uint32[n, 16] and out: uint32[n, 8], as values."""
    words = np.empty(64 * LANES, dtype=np.uint32)
    state = np.empty(8 * LANES, dtype=np.uint32)
    work = np.empty(8 * LANES, dtype=np.uint32)
    for first in range(0, len(pairs), LANES):
        for row in range(8):
            state[row * LANES : (row + 1) * LANES] = start[row]
        for i in range(LANES):
            pair = pairs[min(first + i, len(pairs) - 1)]
            carried = np.uint32(0x01)
            for t in range(16):
                words[t * LANES + i] = np.uint32(carried << np.uint32(24)) | (pair[t] >> np.uint32(8))
                carried = pair[t] & np.uint32(0xFF)
        _compress(state, words, work, constants)
        words[: 16 * LANES] = 0
        words[15 * LANES : 16 * LANES] = 65 * 8
        for i in range(LANES):
            last = pairs[min(first + i, len(pairs) - 1), 15] & np.uint32(0xFF)
            words[i] = np.uint32(last << np.uint32(24)) | np.uint32(0x800000)
        _compress(state, words, work, constants)
        for i in range(min(LANES, len(pairs) - first)):
            for row in range(8):
                out[first + i, row] = state[row * LANES + i]


def _in_lanes(nodes: bytes) -> bytes:
    """Parents of the nodes, two by two, hashed in lanes."""
    pairs = np.frombuffer(nodes, dtype=">u4").astype(np.uint32).reshape(-1, 16)
    out = np.empty((len(pairs), 8), dtype=np.uint32)
    _hash_pairs(pairs, _START, _K, out)
    return out.astype(">u4").tobytes()


def _one_by_one(nodes: bytes) -> bytes:
    """Parents of the nodes, two by two, through `hashlib`."""
    sha256, width = hashlib.sha256, 2 * HASH_BYTES
    return b"".join([sha256(b"\1" + nodes[i : i + width]).digest() for i in range(0, len(nodes), width)])


@cache
def trusted() -> bool:
    """Whether the lanes agree with `hashlib` on 100 pairs; the first call compiles (once, seconds)."""
    nodes = b"".join(hashlib.sha256(bytes([i])).digest() for i in range(200))
    return _in_lanes(nodes) == _one_by_one(nodes)


def hash_pairs(nodes: bytes) -> bytes:
    """SHA-256(0x01 + left + right) for each pair of 32-byte nodes, joined; an even number of nodes."""
    if len(nodes) < 2 * HASH_BYTES * WORTH_IT or not trusted():
        return _one_by_one(nodes)
    return _in_lanes(nodes)
