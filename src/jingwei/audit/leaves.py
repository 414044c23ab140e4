"""Leaf hashes of the log, made in this process or, for a long log, in several that read for themselves."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import NamedTuple

ReadRange = Callable[[int, int], Iterable[tuple[int, bytes]]]

AT_ONCE = 1024
"""Records held in memory at a time; larger lists of rows are slower to take apart."""

FOREVER = 2**62


def hash_leaves(leaves: Sequence[bytes]) -> bytes:
    """SHA-256(0x00 + leaf) of every leaf, joined (32 bytes each)."""
    sha256 = hashlib.sha256
    return b"".join([sha256(b"\0" + leaf).digest() for leaf in leaves])


class InWorkers(NamedTuple):
    """A log of `size` records that several processes read and hash: pass it to the log check as the records.

    `read(start, end)` gives (number, bytes) of records start..end in order. It is called in fresh processes,
    so it must be picklable and open the store itself: a function of a module, or `functools.partial` of one.
    A worker is handed `step` records at a time.
    """

    read: ReadRange
    size: int
    workers: int = 2
    step: int = 32_768


Block = tuple[tuple[int, ...], tuple[bytes, ...]]


def blocks(rows: Iterable[tuple[int, bytes]]) -> Iterator[Block]:
    """Numbers and bytes of records, about a thousand at a time."""
    source = iter(rows)
    while some := list(islice(source, AT_ONCE)):
        numbers, bodies = zip(*some, strict=True)
        yield numbers, bodies


def hash_range(read: ReadRange, start: int, end: int) -> bytes | None:
    """Joined leaf hashes of records start..end, or None when one is missing or out of place."""
    parts: list[bytes] = []
    expected = start
    for numbers, bodies in blocks(read(start, end)):
        if numbers != tuple(range(expected, expected + len(numbers))):
            return None
        parts.append(hash_leaves(bodies))
        expected += len(numbers)
    return b"".join(parts) if expected == end else None


def hashed_ranges(log: InWorkers) -> Iterator[tuple[int, int, bytes | None]]:
    """(start, end, joined hashes or None) of consecutive ranges, in order, hashed by workers ahead of time.

    Without hashes, the caller must read the range itself. The last one is open, for records beyond the size.
    """
    step, starts = log.step, range(0, log.size - log.size % log.step, log.step)
    waiting: deque[tuple[int, Future[bytes | None]]] = deque()
    with ProcessPoolExecutor(log.workers, mp_context=get_context("spawn")) as pool:
        for start in starts:
            waiting.append((start, pool.submit(hash_range, log.read, start, start + step)))
            if len(waiting) > 2 * log.workers:
                first, future = waiting.popleft()
                yield first, first + step, future.result()
        for first, future in waiting:
            yield first, first + step, future.result()
    yield len(starts) * step, FOREVER, None
