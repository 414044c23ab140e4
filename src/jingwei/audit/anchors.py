"""Anchors: signed heads written, one line each, to a place that whoever can change the log cannot change.

A log alone proves nothing against somebody who may rewrite all of it. Against heads handed out before, a
rewritten log shows.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import msgspec

from jingwei.audit.heads import SignedHead, canonical
from jingwei.kernel.durable import make_folder, sync_folder

_decoder = msgspec.json.Decoder(SignedHead)


class BadLine(NamedTuple):
    """A line of an anchor file that is not a signed head: damage, or a write that a crash cut short."""

    line: int
    says: str
    cut_short: bool = False
    """What is here is the beginning of a line, or has holes of zeros: what a power cut leaves of a head that
    was never handed out. Whoever cuts a line short on purpose could as well have taken it out: the head noted
    in the books, which must be among the anchors, tells both."""


class AnchorFile:
    """An append-only file of signed heads: `<folder>/<log>.anchors.jsonl`."""

    def __init__(self, folder: Path, log: str) -> None:
        self.path = folder / f"{log}.anchors.jsonl"
        self._named = False
        self._read: tuple[tuple[int, int, int], tuple[list[SignedHead], list[BadLine]]] | None = None

    def append(self, head: SignedHead) -> None:
        """Add one head, durably. A line cut short before stays alone on its line. Raises OSError.

        Anchor a head only after the records under it are durable: an anchor over records lost in a crash
        would accuse the log of having been cut.
        """
        if not self._named:
            make_folder(self.path.parent)
        line = _line(head)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            length = os.fstat(handle).st_size
            if length and os.pread(handle, 1, length - 1) != b"\n":
                line = b"\n" + line
            if os.write(handle, line) != len(line):
                raise OSError(f"the anchor was not written whole to {self.path}; is the disk full?")
            os.fsync(handle)
        finally:
            os.close(handle)
        self._keep_name()

    def ends_with(self, head: SignedHead) -> bool:
        """Whether this head is the last in the file, durably."""
        line = _line(head)
        try:
            handle = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            start = os.fstat(handle).st_size - len(line)
            if start < 0 or os.pread(handle, len(line), start) != line:
                return False
            os.fsync(handle)
        finally:
            os.close(handle)
        self._keep_name()
        return True

    def _keep_name(self) -> None:
        """Make the file's own name durable, once in a process: who made it may have died before that."""
        if not self._named:
            make_folder(self.path.parent)
            sync_folder(self.path.parent)
            self._named = True

    def read(self) -> tuple[list[SignedHead], list[BadLine]]:
        """All heads in the order written, and the lines that are none. Nothing is verified.

        A file with the size and time of the last look is not read again by the same AnchorFile.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return [], []
        mark = (found.st_ino, found.st_size, found.st_mtime_ns)
        if self._read is None or self._read[0] != mark:
            self._read = mark, self._lines()
        heads, bad = self._read[1]
        return heads.copy(), bad.copy()

    def _lines(self) -> tuple[list[SignedHead], list[BadLine]]:
        heads: list[SignedHead] = []
        bad: list[BadLine] = []
        for number, line in enumerate(self.path.read_bytes().split(b"\n"), 1):
            if not line:
                continue
            try:
                heads.append(_decoder.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
                bad.append(BadLine(number, str(wrong), _torn(line, str(wrong))))
        return heads, bad


def _torn(line: bytes, says: str) -> bool:
    """Whether a power cut in the middle of a write leaves such a line: only its beginning, or with holes."""
    return b"\0" in line or (says == "Input data was truncated" and not line.endswith(b"}"))


def _line(head: SignedHead) -> bytes:
    return canonical(msgspec.to_builtins(head)) + b"\n"
