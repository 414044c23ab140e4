"""Rows of columns as PostgreSQL's binary COPY wants them, written in one compiled pass.

The format is that of PostgreSQL's manual, COPY, "Binary Format": a signature, then for each row the number of
fields and for each field its length and bytes, big endian; a row of -1 fields ends it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar, cast

import msgspec
import numpy as np
from numba import njit
from numpy.typing import NDArray

from jingwei.audit.joined import Joined
from jingwei.ledger.columns import Columns, text_fields

HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TAIL = b"\xff\xff"
F = TypeVar("F", bound=Callable[..., Any])


class Texts(NamedTuple):
    """Texts or byte strings one after the other; text i is data[ends[i]:ends[i + 1]]."""

    data: NDArray[np.uint8]
    ends: NDArray[np.int64]


def texts(values: Sequence[str]) -> Texts:
    """Texts as PostgreSQL keeps them. Raises UnicodeError for what is no text."""
    written = [value.encode() for value in values]
    return Texts(np.frombuffer(b"".join(written), np.uint8), np.cumsum([0, *map(len, written)]))


def rows_of(columns: Columns[Any], more: Sequence[int] | None = None) -> bytes:
    """The rows as binary COPY data; `more` is one more whole number for each row, after the others."""
    kind: type[msgspec.Struct] = columns.kind
    kinds = [*text_fields(kind)]
    numbers = [*columns.columns]
    if more is not None:
        kinds.append(False)
        numbers.append(np.array(more, np.int64))
    return _copied(np.stack(numbers), np.array(kinds), texts(columns.names))


def records_of(first_seq: int, leaves: Joined) -> bytes:
    """Records (number, bytes) as binary COPY data."""
    places = np.arange(len(leaves))
    found = Texts(np.frombuffer(leaves.data, np.uint8), np.concatenate((np.zeros(1, np.int64), leaves.ends)))
    return _copied(np.stack((places + first_seq, places)), np.array([False, True]), found)


def _copied(numbers: NDArray[np.int64], is_text: NDArray[np.bool_], found: Texts) -> bytes:
    lengths = np.diff(found.ends)
    text_bytes = sum(int(lengths[row].sum()) for row in numbers[is_text])
    size = numbers.shape[1] * (2 + 12 * len(numbers)) + text_bytes
    out = np.empty(size, np.uint8)
    written = _write(numbers, is_text, found, out)
    return HEAD + out[:written].tobytes() + TAIL


def _compiled(function: F) -> F:
    """Compile with Numba; the compiled code is kept on disk."""
    return cast(F, njit(cache=True, nogil=True)(function))


@_compiled
def _big(out: Any, at: int, number: int, width: int) -> int:
    for i in range(width):
        out[at + i] = (number >> (8 * (width - 1 - i))) & 255
    return at + width


@_compiled
def _write(numbers: Any, is_text: Any, found: Any, out: Any) -> int:
    data, ends = found
    at = 0
    for row in range(numbers.shape[1]):
        at = _big(out, at, numbers.shape[0], 2)
        for column in range(numbers.shape[0]):
            value = numbers[column, row]
            if is_text[column]:
                start, length = ends[value], ends[value + 1] - ends[value]
                at = _big(out, at, length, 4)
                for i in range(length):
                    out[np.uint64(at + i)] = data[np.uint64(start + i)]
                at += length
            else:
                at = _big(out, _big(out, at, 8, 4), value, 8)
    return at
