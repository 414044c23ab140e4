"""The file format of models: a header in JSON, then plain arrays; nothing in it can run."""

from __future__ import annotations

import math
import struct
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from jingwei.models.card import Card
from jingwei.models.contract import ModelError

MAGIC = b"jingwei model 1\n"
TYPES: dict[str, Any] = {"<f8": np.dtype("<f8"), "<i4": np.dtype("<i4")}


class ArrayPlace(msgspec.Struct, frozen=True):
    """One array of the file: its name, its number type (little endian) and its shape."""

    name: str
    type: str
    shape: tuple[int, ...]


class Header(msgspec.Struct, frozen=True):
    """What stands at the head of a model's file."""

    kind: str
    card: Card
    arrays: tuple[ArrayPlace, ...]


class Packed(msgspec.Struct, frozen=True):
    """A model taken apart: its kind, its card and its arrays by name."""

    kind: str
    card: Card
    arrays: dict[str, Any]


def pack(packed: Packed) -> bytes:
    """Return the file's bytes; the same model always gives the same bytes."""
    places, parts = [], []
    for name in sorted(packed.arrays):
        array = packed.arrays[name]
        kind = "<i4" if array.dtype.kind == "i" else "<f8"
        plain = np.ascontiguousarray(array, dtype=TYPES[kind])
        places.append(ArrayPlace(name, kind, plain.shape))
        parts.append(plain.tobytes())
    header = msgspec.json.encode(Header(packed.kind, packed.card, tuple(places)), order="deterministic")
    return b"".join([MAGIC, struct.pack("<Q", len(header)), header, *parts])


def unpack(content: bytes) -> Packed:
    """Read a model's file. Raises ModelError when it is not one or is cut, padded or malformed."""
    start = len(MAGIC) + 8
    if len(content) < start or not content.startswith(MAGIC):
        raise ModelError("this is not a model file")
    (length,) = struct.unpack_from("<Q", content, len(MAGIC))
    try:
        header = msgspec.json.decode(content[start : start + length], type=Header)
    except msgspec.DecodeError as error:
        raise ModelError(f"the model file's header cannot be read: {error}") from error
    arrays: dict[str, npt.NDArray[Any]] = {}
    at = start + length
    for place in header.arrays:
        array, at = _array(place, content, at)
        arrays[place.name] = array
    if at != len(content):
        raise ModelError(f"the model file is {len(content)} bytes long, expected {at}")
    return Packed(header.kind, header.card, arrays)


def _array(place: ArrayPlace, content: bytes, at: int) -> tuple[npt.NDArray[Any], int]:
    kind = TYPES.get(place.type)
    if kind is None or any(n < 0 for n in place.shape):
        raise ModelError(f"the model file's array {place.name!r} has an unknown type or shape")
    count = math.prod(place.shape)
    end = at + count * kind.itemsize
    if end > len(content):
        raise ModelError(f"the model file is cut in array {place.name!r}")
    array = np.frombuffer(content, dtype=kind, count=count, offset=at).reshape(place.shape).copy()
    return array, end
