"""A batch as bytes, for the pipe between the process that decides and the process that writes."""

from __future__ import annotations

from typing import Any, cast, get_type_hints

import msgspec

from jingwei.ledger.accounts import Kept, Line
from jingwei.stores.store import SHELVES, Batch

_KINDS: list[type[Kept]] = list(SHELVES)
_astuple = msgspec.structs.astuple
_encode = msgspec.msgpack.Encoder().encode


def _row(struct: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """A struct with the same fields that travels as an array, without field names."""
    hints = get_type_hints(struct)
    fields = [(name, hints[name]) for name in struct.__struct_fields__]
    return msgspec.defstruct(f"{struct.__name__}Row", fields, frozen=True, array_like=True, gc=False)


def _decoder() -> msgspec.msgpack.Decoder[Any]:
    head = (int, list[bytes], list[tuple[str, str, int]], dict[str, str])
    structs: list[type[msgspec.Struct]] = [Line, *_KINDS]
    rows = tuple(list[_row(struct)] for struct in structs)  # type: ignore[misc]
    return msgspec.msgpack.Decoder(tuple[head + rows])  # type: ignore[misc]


_DECODER = _decoder()


def pack(batch: Batch) -> bytes:
    """Return the batch as bytes; `unpack` gives back one that writes the same."""
    rows = [list(map(_astuple, batch.kept.get(kind, ()))) for kind in _KINDS]
    lines = list(map(_astuple, batch.lines))
    return _encode((batch.first_seq, batch.leaves, batch.keys, batch.notes, lines, *rows))


def unpack(data: bytes | memoryview) -> Batch:
    """Return the batch; its rows have the fields of lines and kept things but are types of their own."""
    first, leaves, keys, notes, lines, *rows = _DECODER.decode(data)
    kept = {kind: cast("list[Kept]", found) for kind, found in zip(_KINDS, rows, strict=True) if found}
    return Batch(first, leaves, keys, lines, kept, notes)
