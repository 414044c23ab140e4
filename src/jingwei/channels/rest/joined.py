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
Tell = Callable[[Reply | Exception], None]
"""Is told the reply, StoreError when nothing was written, or Problem when the command met a bug."""

Waiting = list[tuple[Command, Tell]]


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

    def put(self, command: Command, tell: Tell) -> None:
        """Have a command done with the next batch; `tell` is called on the loop once its outcome is durable."""
        if not self._waiting and not self._busy:
            loop = asyncio.get_running_loop()
            loop.call_soon(self._next, loop)
        self._waiting.append((command, tell))

    def ask(self, command: Command) -> asyncio.Future[Reply]:
        """Return the future reply to a command; it fails with what `put` would tell."""
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

        def settle(reply: Reply | Exception) -> None:
            if future.done():
                return
            if isinstance(reply, Exception):
                future.set_exception(reply)
            else:
                future.set_result(reply)

        self.put(command, settle)
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
            for _, tell in batch:
                loop.call_soon(tell, why)
            return
        self._wrote(len(batch))
        for (command, tell), reply in zip(batch, done.result(), strict=True):
            if isinstance(reply, Exception):
                LOG.error("%s %s met a bug", type(command).__name__, command.key, exc_info=reply)
                loop.call_soon(tell, Problem("bug"))
            else:
                loop.call_soon(tell, reply)
