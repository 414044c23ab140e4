"""The bell: wakes the event loop when the writing process has made a batch durable."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Protocol

EVERY_S = 0.05
"""How often is looked without a ring: the writing process may have died, or others may have heard it."""


class Rung(Protocol):
    """A store whose batches become durable by themselves (see stores.pipeline)."""

    def listening(self) -> tuple[int, int]: ...


class Bell:
    """Calls `look` on the loop whenever batches may have become durable, while somebody waits for some."""

    def __init__(self, store: Rung, look: Callable[[], bool]) -> None:
        """`look` returns whether somebody still waits."""
        self._store = store
        self._look = look
        self._who = -1
        self._handle = -1
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look from now on; a writing process that took the place of another is heard too."""
        who, handle = self._store.listening()
        if who != self._who:
            self.close()
            self._who, self._handle, self._loop = who, os.dup(handle), loop
            loop.add_reader(self._handle, self._look)
            os.set_blocking(self._handle, True)  # uvloop has changed that, for the store's handle too
        if self._timer is None:
            self._timer = loop.call_later(EVERY_S, self._unrung, loop)

    def _unrung(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        if self._look():
            self.listen(loop)

    def close(self) -> None:
        """Hear nothing more from the writing process of before."""
        if self._handle >= 0:
            if self._loop is not None and not self._loop.is_closed():
                self._loop.remove_reader(self._handle)
            os.close(self._handle)
            self._handle = self._who = -1
