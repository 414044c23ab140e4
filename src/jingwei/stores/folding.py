"""Folding SQLite's log into its file beside the writer, and room laid out for the log beforehand.

A commit that makes the log longer has to sync the file's new length too, which takes twice as long as one
that writes over what is there. And SQLite folds a full log into the file inside a commit: tens of
milliseconds for whoever asked last. So a server lays the room out once, and folds on a thread of its own;
only what was written meanwhile is folded between two commits, after which the log starts from its beginning.
"""

from __future__ import annotations

import os
import sqlite3
import struct
import threading
from pathlib import Path
from typing import Final

ROOM_PAGES: Final = 20_480
"""How many pages of the log are laid out: 80 MB of zeros, which SQLite takes for the end of its log."""

FOLD_PAGES: Final = 8_192
"""From this many pages on the log is folded: a few of them are written often and copied once."""

STEP_BYTES: Final = 1 << 20
_LAST_FRAME: Final = struct.Struct("=I")
_LAST_FRAME_AT: Final = 16
"""Where the log's index keeps the number of its last frame (SQLite's WAL format, section 2.1)."""


def lay_out(log: Path, size: int) -> None:
    """Lengthen the log with zeros to `size` bytes, durably. A disk without the room leaves it shorter."""
    zeros = bytes(STEP_BYTES)
    try:
        handle = os.open(log, os.O_RDWR)
        try:
            at = os.fstat(handle).st_size
            while at < size:
                at += os.pwrite(handle, zeros[: size - at], at)
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError:  # the log only grows as it is written, then
        return


class Folding:
    """Keeps the log of one bank short. `after_write` is called by its writer, between two transactions."""

    def __init__(self, path: Path) -> None:
        """Lay the room out for the bank at `path`, whose log exists. Raises sqlite3.Error, OSError."""
        lay_out(Path(f"{path}-wal"), ROOM_PAGES * 4_120)
        self._beside = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._beside.execute("PRAGMA synchronous = FULL")
            self._beside.execute("PRAGMA wal_autocheckpoint = 0")
            self._index = os.open(f"{path}-shm", os.O_RDONLY | os.O_CLOEXEC)
        except (sqlite3.Error, OSError):
            self._beside.close()
            raise
        self._thread: threading.Thread | None = None
        self._next = FOLD_PAGES

    def after_write(self, connection: sqlite3.Connection) -> None:
        """Begin to fold a long log, or fold the rest of one that was folded beside the writer."""
        if self._thread is not None:
            if self._thread.is_alive():
                return
            self._thread.join()
            self._thread = None
            self._fold(connection)
            last = self._last_frame()
            self._next = last + FOLD_PAGES if last < ROOM_PAGES else 2 * last
        last = self._last_frame()
        if last >= self._next:
            self._thread = threading.Thread(target=self._fold, args=(self._beside,), name="fold")
            self._thread.start()
        elif last < FOLD_PAGES:
            self._next = FOLD_PAGES

    def close(self) -> None:
        """Wait for the thread; the log is folded by whoever closes the file last."""
        self.settle()
        self._beside.close()

    def settle(self) -> None:
        """Wait for what is being folded beside the writer."""
        if self._thread is not None:
            self._thread.join()

    def let_go(self) -> None:
        """Close the index, once the writer has closed the file.

        Not before: closing any handle of a file ends all locks that this process holds on it, and SQLite
        keeps its own on the index.
        """
        os.close(self._index)

    def _last_frame(self) -> int:
        found: int = _LAST_FRAME.unpack(os.pread(self._index, _LAST_FRAME.size, _LAST_FRAME_AT))[0]
        return found

    @staticmethod
    def _fold(connection: sqlite3.Connection) -> None:
        """Copy what no reader needs any more from the log to the file; a failure leaves it in the log."""
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error:
            return
