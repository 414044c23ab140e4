"""A batch as bytes, for the pipe between the process that decides and the process that writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast, get_type_hints

import msgspec
import numpy as np

from jingwei.audit.joined import Joined
from jingwei.ledger.accounts import Balance, Kept, Line
from jingwei.ledger.columns import Columns, tuples
from jingwei.stores.store import SHELVES, Batch

_KINDS: list[type[Kept]] = list(SHELVES)
_encode = msgspec.msgpack.Encoder().encode
R = TypeVar("R", bound=msgspec.Struct)


class Table(msgspec.Struct, array_like=True):
    """Columns on their way: int64 little endian, one after the other, and the names the text ones use."""

    numbers: bytes
    names: list[str]


class Leaves(msgspec.Struct, array_like=True):
    """Many leaves on their way; `ends` are int64 little endian."""

    data: bytes
    ends: bytes


def _row(struct: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """A struct with the same fields that travels as an array, without field names."""
    hints = get_type_hints(struct)
    fields = [(name, hints[name]) for name in struct.__struct_fields__]
    return msgspec.defstruct(f"{struct.__name__}Row", fields, frozen=True, array_like=True, gc=False)


class Message(msgspec.Struct, array_like=True):
    """A batch on its way. Lines and balances are in a table or in rows, leaves joined or in a list."""

    first_seq: int
    leaves: list[bytes]
    joined: Leaves | None
    keys: list[tuple[str, str, int]]
    notes: dict[str, str]
    lines: Table | None
    balances: Table | None
    rows: Any


def _decoder() -> msgspec.msgpack.Decoder[Any]:
    structs: list[type[msgspec.Struct]] = [Line, *_KINDS]
    rows: Any = tuple.__class_getitem__(tuple(list[_row(struct)] for struct in structs))  # type: ignore[misc]
    fields = [(name, hint) for name, hint in get_type_hints(Message).items() if name != "rows"]
    message = msgspec.defstruct("Arrived", [*fields, ("rows", rows)], array_like=True)
    return msgspec.msgpack.Decoder(message)


_DECODER = _decoder()


def pack(batch: Batch) -> bytes:
    """Return the batch as bytes; `unpack` gives back one that writes the same."""
    leaves, balances = batch.leaves, batch.kept.get(Balance, ())
    joined = isinstance(leaves, Joined)
    kept = [() if isinstance(rows := batch.kept.get(kind, ()), Columns) else rows for kind in _KINDS]
    lines = () if isinstance(batch.lines, Columns) else batch.lines
    message = Message(
        batch.first_seq,
        [] if joined else list(leaves),
        Leaves(leaves.data, _bytes(leaves.ends)) if isinstance(leaves, Joined) else None,
        batch.keys,
        batch.notes,
        _table(batch.lines),
        _table(cast("Sequence[Balance]", balances)),
        [list(tuples(rows)) for rows in (lines, *kept)],
    )
    return _encode(message)


def unpack(data: bytes | memoryview) -> Batch:
    """Return the batch; its rows have the fields of lines and kept things but are types of their own."""
    message = _DECODER.decode(data)
    lines, *rows = message.rows
    kept = {kind: cast("Sequence[Kept]", found) for kind, found in zip(_KINDS, rows, strict=True) if found}
    leaves: Sequence[bytes] = message.leaves
    if message.joined is not None:
        leaves = Joined(message.joined.data, np.frombuffer(message.joined.ends, "<i8"))
    if message.lines is not None:
        lines = _columns(Line, message.lines)
    if message.balances is not None:
        kept[Balance] = _columns(Balance, message.balances)
    return Batch(message.first_seq, leaves, message.keys, lines, kept, message.notes)


def _bytes(numbers: Any) -> bytes:
    return bytes(np.ascontiguousarray(numbers, "<i8").tobytes())


def _table(rows: Sequence[R]) -> Table | None:
    if not isinstance(rows, Columns):
        return None
    return Table(b"".join(map(_bytes, rows.columns)), list(rows.names))


def _columns(kind: type[R], table: Table) -> Columns[R]:
    numbers = np.frombuffer(table.numbers, "<i8").reshape(len(kind.__struct_fields__), -1)
    return Columns(kind, list(numbers), table.names)
