"""Leaves of allowed card payments, written for a whole batch in one compiled pass.

The text is that of `table.seal`: one payment of the stream is sealed the ordinary way with marks in place of
what differs from payment to payment, and its text is cut at the marks. So a field added to commands, answers
or events appears here by itself. Numbers with a point are written by the same encoder as always.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import msgspec
import numpy as np
from numba import njit
from numpy.typing import NDArray

from jingwei.audit.joined import Joined
from jingwei.journeys.card_payments import CardPayments, Names, Who

Bytes = NDArray[np.uint8]
Numbers = NDArray[np.int64]
Piece = tuple[Bytes, Numbers]
F = TypeVar("F", bound=Callable[..., Any])

SEQ, ID, KEY, MOMENT, KNOWN, CUSTOMER, PAYER, TERMINAL, AMOUNT, SCORE, SEEN = range(11)
MARK_NUMBER = 7_130_000_000_000_000
"""A mark that is a whole number: this and its kind, sixteen digits that stand nowhere else."""

MARK_SCORE, MARK_SEEN = 0.7130000000000001, 0.7130000000000002
_MARK = re.compile(rb'"@(?:\d)@"|713000000000000\d|0\.713000000000000[12]')
ID_DIGITS = 11
LONGEST_NUMBER = 20


def mark(which: int) -> str:
    """The mark for a text."""
    return f"@{which}@"


class Template(NamedTuple):
    """The fixed text between the marks, and which mark follows each piece (-1: none)."""

    pieces: Piece
    marks: Numbers


def cut(specimen: bytes) -> Template:
    """Cut a sealed specimen at its marks. Raises ValueError when a mark is missing."""
    pieces, marks, at = [], [], 0
    for found in _MARK.finditer(specimen):
        text = found.group()
        quoted = text[:1] == b'"'
        pieces.append(specimen[at : found.start() + quoted])
        marks.append(_meaning(text))
        at = found.end() - quoted
    if set(marks) != set(range(11)):
        raise ValueError(f"the specimen lacks a mark; found {sorted(set(marks))}")
    pieces.append(specimen[at:])
    return Template(packed(pieces), np.array([*marks, -1], np.int64))


def _meaning(text: bytes) -> int:
    if text[:1] == b'"':
        return int(text[2:3])
    if text[:1] == b"0":
        return SCORE if text.endswith(b"1") else SEEN
    return int(text[-1:])


def packed(texts: list[bytes]) -> Piece:
    """Texts one after the other, and where each begins and the last ends."""
    return np.frombuffer(b"".join(texts), np.uint8), np.cumsum([0, *map(len, texts)])


def texts_of(names: Names) -> Piece:
    """The names as they stand inside JSON."""
    return names.data, names.ends


def write_leaves(
    template: Template,
    asked: CardPayments,
    first_seq: int,
    floats: NDArray[np.float64],
    others: dict[int, bytes],
) -> Joined:
    """The leaves of a batch: `others` where there is one, else of an allowed payment.

    floats float64[n, 1 + k]: the score and the values the policy read; a NaN is written as null.
    """
    who: Who = asked.who
    numbers = msgspec.json.encode(floats.tolist())
    rest = packed(list(others.values()))
    place = np.full(len(asked), -1, np.int64)
    place[list(others)] = np.arange(len(others))
    stem = np.frombuffer(msgspec.json.encode(who.stem)[1:-1], np.uint8)
    names = (*texts_of(who.customers), *texts_of(who.payers), *texts_of(who.terminals))
    longest = sum(int(np.diff(ends).max(initial=0)) for ends in names[1::2]) * len(template.marks)
    fixed = len(template.pieces[0]) + len(template.marks) * LONGEST_NUMBER + len(stem) + longest
    out = np.empty(len(asked) * fixed + 2 * len(numbers) + len(rest[0]), np.uint8)
    ends = np.empty(len(asked), np.int64)
    size = _write(
        (*template.pieces, template.marks), (asked.columns, first_seq, stem, names),
        np.frombuffer(numbers, np.uint8), (*rest, place), out, ends,
    )  # fmt: skip
    return Joined(out[:size].tobytes(), ends)


OPTIONS: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy", "_nrt": False}


def _compiled(function: F) -> F:
    """Compile with Numba, without its reference counting; the compiled code is kept on disk."""
    return cast(F, njit(**OPTIONS)(function))


@_compiled
def _copy(out: Any, at: int, source: Any, start: int, end: int) -> int:
    for i in range(end - start):
        out[np.uint64(at + i)] = source[np.uint64(start + i)]
    return at + end - start


@_compiled
def _digits(out: Any, at: int, number: int, least: int) -> int:
    """Write a whole number with at least so many digits."""
    if number < 0:
        out[at] = 45
        at += 1
        number = -number
    count, rest = 1, number // 10
    while rest > 0:
        count += 1
        rest //= 10
    count = max(count, least)
    for i in range(at + count - 1, at - 1, -1):
        out[i] = 48 + number % 10
        number //= 10
    return at + count


@_compiled
def _find(text: Any, at: int, byte: int) -> int:
    while text[at] != byte:
        at += 1
    return at


@_compiled
def _fill(out: Any, at: int, which: int, asked: Any, i: int) -> int:
    """Write what stands for a mark that is a key, a whole number or a name."""
    columns, first_seq, stem, names = asked
    customers, customer_ends, payers, payer_ends, terminals, terminal_ends = names
    if which == KEY:
        return _digits(out, _copy(out, at, stem, 0, len(stem)), columns[5, i], 1)
    if which == SEQ:
        return _digits(out, at, first_seq + i, 1)
    if which == ID:
        out[at] = 68
        return _digits(out, at + 1, first_seq + i, ID_DIGITS)
    if which == MOMENT:
        return _digits(out, at, columns[0, i], 1)
    if which == KNOWN:
        return _digits(out, at, columns[1, i], 1)
    if which == AMOUNT:
        return _digits(out, at, columns[4, i], 1)
    if which == CUSTOMER:
        who = columns[2, i]
        return _copy(out, at, customers, customer_ends[who], customer_ends[who + 1])
    if which == PAYER:
        who = columns[2, i]
        return _copy(out, at, payers, payer_ends[who], payer_ends[who + 1])
    where = columns[3, i]
    return _copy(out, at, terminals, terminal_ends[where], terminal_ends[where + 1])


@_compiled
def _write(template: Any, asked: Any, numbers: Any, rest: Any, out: Any, ends: Any) -> int:
    pieces, piece_ends, marks = template
    others, other_ends, place = rest
    at, read = 0, 1
    for i in range(len(ends)):
        begin = _find(numbers, read, 91) + 1
        comma, close = _find(numbers, begin, 44), _find(numbers, begin, 93)
        read = close + 1
        if place[i] >= 0:
            at = _copy(out, at, others, other_ends[place[i]], other_ends[place[i] + 1])
            ends[i] = at
            continue
        for piece in range(len(marks)):
            at = _copy(out, at, pieces, piece_ends[piece], piece_ends[piece + 1])
            which = marks[piece]
            if which == SCORE:
                at = _copy(out, at, numbers, begin, comma)
            elif which == SEEN:
                at = _copy(out, at, numbers, comma + 1, close)
            elif which >= 0:
                at = _fill(out, at, which, asked, i)
        ends[i] = at
    return at
