"""Folding SQLite's log into its file beside the writer, and room laid out for the log beforehand.

A commit that makes the log longer has to sync the file's new length too, which takes twice as long as one
that writes over what is there. And SQLite folds a full log into the file inside a commit: tens of
milliseconds for whoever asked last. So a server lays the room out once, and folds on a thread of its own;
only what was written meanwhile is folded between two commits, after which the log starts from its beginning.
"""

from __future__ import annotations

import logging
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
LOG = logging.getLogger("jingwei.stores")

_NUMBER: Final = struct.Struct("=I")
_LAST_FRAME_AT: Final = 16
_COPIED_AT: Final = 96
"""Where the log's index keeps the number of its last frame, and of frames copied into the file (SQLite's
WAL format, sections 2.1 and 2.2: mxFrame, nBackfill)."""


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
    """Folds one bank's log into its file. `after_write` is called by its writer, between two transactions.

    SQLite syncs the file only when the whole log has been copied, but counts what it copied before as done.
    When that one sync fails, the system forgets all of it, and a log begun again would take the only good
    copy along. So SQLite folds nothing by itself here: a fold that failed is noticed, and everything that is
    in the log is copied again.
    """

    def __init__(self, path: Path, pages: int) -> None:
        """Fold the log of the open bank at `path` in the writer's turn, from `pages` on. Raises OSError."""
        self._path = path
        self._pages = pages
        self._index = os.open(f"{path}-shm", os.O_RDWR | os.O_CLOEXEC)
        self._beside: sqlite3.Connection | None = None
        self._thread: threading.Thread | None = None
        self._failed = False
        self._next = pages

    def go_beside(self) -> None:
        """Lay room out for the log and fold beside the writer from now on. Raises sqlite3.Error, OSError."""
        if self._beside is not None:
            return
        lay_out(Path(f"{self._path}-wal"), ROOM_PAGES * 4_120)
        beside = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            beside.execute("PRAGMA synchronous = FULL")
            beside.execute("PRAGMA wal_autocheckpoint = 0")
        except sqlite3.Error:
            beside.close()
            raise
        self._beside, self._next = beside, FOLD_PAGES

    def after_write(self, connection: sqlite3.Connection) -> None:
        """Fold a long log, or begin to fold it beside, or fold the rest of one that was folded beside."""
        if self._thread is not None:
            if self._thread.is_alive():
                return
            self._thread.join()
            self._thread = None
            self._fold_all(connection)
            last = self._last_frame()
            self._next = last + FOLD_PAGES if last < ROOM_PAGES else 2 * last
        last = self._last_frame()
        if self._beside is None:
            if last >= self._pages:
                self._fold_all(connection)
        elif last >= self._next:
            self._thread = threading.Thread(target=self._fold_all, args=(self._beside,), name="fold")
            self._thread.start()
        elif last < FOLD_PAGES:
            self._next = FOLD_PAGES

    def close(self) -> None:
        """Wait for the thread; the log is folded by whoever closes the file last."""
        self.settle()
        if self._failed:
            self._copy_all_again()
        if self._beside is not None:
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
        found: int = _NUMBER.unpack(os.pread(self._index, _NUMBER.size, _LAST_FRAME_AT))[0]
        return found

    def _fold_all(self, connection: sqlite3.Connection) -> None:
        """Fold; one fold at a time, so nobody else counts what was copied."""
        if self._failed:
            self._copy_all_again()
        if not self._fold(connection):
            LOG.warning(
                "the log of %s could not be folded into it; what it holds stays in the log", self._path
            )
            self._failed = True

    def _copy_all_again(self) -> None:
        """Let the next fold copy the whole log: what a failed sync covered may be on no disk.

        A number that is too small is always safe: readers look into the log, the log is not begun again.
        """
        os.pwrite(self._index, _NUMBER.pack(0), _COPIED_AT)
        self._failed = False

    @staticmethod
    def _fold(connection: sqlite3.Connection) -> bool:
        """Copy what no reader needs any more from the log to the file; whether that went well."""
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error:
            return False
        return True
