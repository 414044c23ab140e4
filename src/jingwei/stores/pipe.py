"""Messages between the deciding and the writing process: a pipe for short ones, shared memory for batches."""

from __future__ import annotations

import os
import select
import tempfile
from typing import IO, Any

import msgspec

HEAD = 4
"""A message begins with its length in bytes, little endian."""

IN_FLIGHT = 8
"""How many batches may be on their way at once; each has its own piece of shared memory."""


class Ask(msgspec.Struct, array_like=True):
    """What the deciding process asks: `what` is "open", "write", "notes", "root" or "check"."""

    what: str
    place: str = ""
    slot: int = 0
    length: int = 0
    notes: dict[str, str] = {}


class Reply(msgspec.Struct, array_like=True):
    """What the writing process answers, one reply for each ask, in order.

    `error` names the kind of StoreError ("": none) and `text` is its message; `size` is how many
    records are committed.
    """

    error: str = ""
    text: str = ""
    size: int = 0
    root: bytes = b""
    findings: list[str] = []


_encode = msgspec.msgpack.Encoder().encode
_ask = msgspec.msgpack.Decoder(Ask).decode
_reply = msgspec.msgpack.Decoder(Reply).decode


def send(pipe: IO[bytes], message: Ask | Reply) -> None:
    """Send one message; raises OSError when nobody listens any more."""
    data = _encode(message)
    data = len(data).to_bytes(HEAD, "little") + data
    while data:
        written: int | None = pipe.write(data)
        if written is None:
            select.select([], [pipe], [])
        data = data[written or 0 :]
    pipe.flush()


def receive_ask(pipe: IO[bytes]) -> Ask | None:
    """Wait for the next ask; None when the deciding process is gone."""
    data = _receive(pipe)
    return None if data is None else _ask(data)


def receive_reply(pipe: IO[bytes]) -> Reply | None:
    """Wait for the next reply; None when the writing process is gone."""
    data = _receive(pipe)
    return None if data is None else _reply(data)


def _receive(pipe: IO[bytes]) -> bytes | None:
    head = _exactly(pipe, HEAD)
    return None if head is None else _exactly(pipe, int.from_bytes(head, "little"))


def _exactly(pipe: IO[bytes], length: int) -> bytes | None:
    """Read this many bytes; None when the other side ended before.

    A handle that does not wait and has nothing yet (which reads as None) is waited for: that is no end.
    """
    data = b""
    while len(data) < length:
        more: bytes | None = pipe.read(length - len(data))
        if more is None:
            select.select([pipe], [], [])
        elif not more:
            return None
        else:
            data += more
    return data


def shared_memory() -> int:
    """Return a file handle on memory that a child process may share; it grows as it is written."""
    memfd: Any = getattr(os, "memfd_create", None)
    if memfd is not None:
        return int(memfd("jingwei", 0))
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def put(handle: int, data: bytes) -> None:
    """Write all bytes at the start of the shared memory."""
    at = 0
    while at < len(data):
        at += os.pwrite(handle, memoryview(data)[at:], at)


def take(handle: int, length: int) -> bytes:
    """Read this many bytes from the start of the shared memory."""
    data = os.pread(handle, length, 0)
    while len(data) < length:
        more = os.pread(handle, length - len(data), len(data))
        if not more:
            raise OSError(f"{length} bytes were announced, {len(data)} are there")
        data += more
    return data
