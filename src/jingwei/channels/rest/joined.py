"""Joining: requests that wait together are done as one batch (group commit) by the bank's one writer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeVar

from jingwei.bank import Reply
from jingwei.channels.problems import Problem
from jingwei.journeys.table import unseal
from jingwei.kernel.command import Command
from jingwei.stores.store import Reader, StoreError

LOG = logging.getLogger("jingwei.rest")
MOST = 1024
"""Commands in one batch: more wait for the next, so that no answer waits for thousands of others."""

T = TypeVar("T")
Replies = list[Reply | Exception]
Waiting = list[tuple[Command, "asyncio.Future[Reply]"]]


class Writer(Protocol):
    """The part of the bank that writes."""

    def do_each(self, commands: list[Command]) -> Replies: ...


class Joined:
    """Takes commands one by one on the event loop and has them done together on one thread of its own.

    While that thread waits for the disk, the loop reads the next requests: they are the next batch. At
    most one batch is being written at any time, so the bank keeps its one writer.
    """

    def __init__(self, bank: Writer, reader: Reader, wrote: Callable[[int], None]) -> None:
        """`reader` is the loop's own; `wrote` is told the size of every batch written."""
        self.failed: StoreError | None = None
        self._bank = bank
        self._reader = reader
        self._wrote = wrote
        self._waiting: Waiting = []
        self._busy = False
        self._thread = ThreadPoolExecutor(1, "writer")

    def ask(self, command: Command) -> asyncio.Future[Reply]:
        """Return the future reply; it fails with StoreError, or with Problem when the command met a bug."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Reply] = loop.create_future()
        if not self._waiting and not self._busy:
            loop.call_soon(self._next, loop)
        self._waiting.append((command, future))
        return future

    async def apart(self, task: Callable[[], T]) -> T:
        """Run what uses the bank's store itself on the writer's thread, between two batches."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, task)

    def made_at(self, seq: int) -> int:
        """When the command of this record was first asked (microseconds UTC)."""
        leaf = self._reader.record(seq)
        assert leaf is not None, f"record {seq} was answered but is not stored"
        at: int = unseal(leaf).command.at
        return at

    def close(self) -> None:
        """Finish what was handed over and end the thread."""
        self._thread.shutdown()

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hand what waits to the writer, unless it is still writing: then it goes with the next batch."""
        if self._busy or not self._waiting:
            return
        self._busy = True
        batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        written = self._thread.submit(self._bank.do_each, [command for command, _ in batch])
        written.add_done_callback(lambda done: loop.call_soon_threadsafe(self._finish, loop, batch, done))

    def _finish(self, loop: asyncio.AbstractEventLoop, batch: Waiting, done: Future[Replies]) -> None:
        """Start the next batch, then answer everyone of this one."""
        self._busy = False
        self._next(loop)
        error = done.exception()
        self.failed = error if isinstance(error, StoreError) else None
        if error is not None:
            LOG.error("a batch of %d was not written", len(batch), exc_info=error)
            why = error if isinstance(error, StoreError) else Problem("bug")
            for _, future in batch:
                if not future.done():
                    future.set_exception(why)
            return
        self._wrote(len(batch))
        for (command, future), reply in zip(batch, done.result(), strict=True):
            if future.done():
                continue
            if isinstance(reply, Exception):
                LOG.error("%s %s met a bug", type(command).__name__, command.key, exc_info=reply)
                future.set_exception(Problem("bug"))
            else:
                future.set_result(reply)
