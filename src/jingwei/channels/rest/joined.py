"""Joining: requests that wait together are done as one batch (group commit) by the bank's one writer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from jingwei.bank import Reply
from jingwei.channels.problems import Problem
from jingwei.journeys.table import unseal
from jingwei.kernel.command import Command
from jingwei.stores.store import Reader, StoreError

LOG = logging.getLogger("jingwei.rest")
MOST = 1024
"""Commands in one batch: more wait for the next, so that no answer waits for thousands of others."""

PATIENCE = 0.25
"""How long the first of a batch waits for those who came with the last one, in times the last write took."""

SOON_S = 0.001
"""Shorter waits than this are not worth a timer: on a fast disk nobody waits for anybody."""

Tell = Callable[[Reply | Exception], None]
"""Is told the reply, StoreError when nothing was written, or Problem when the command met a bug."""


class Writer(Protocol):
    """The part of the bank that writes."""

    def do_each(self, commands: list[Command]) -> list[Reply | Exception]: ...


class Joined:
    """Takes commands one by one and has them done together at the end of the event loop's turn.

    A turn reads every socket that has something to say, so what came in while one batch was written is
    the next batch. The bank writes on the loop's own thread: handing batches to a writer thread overlaps
    the wait for the disk, but the two threads then fight for the interpreter with every row, which costs
    more (at 64 connections 214 against 154 microseconds of processor time for a payment).

    On a slow disk the first to ask again would have a write to itself and all others would wait for it.
    So it waits up to a quarter of the last write's time for as many as the last batch had.
    """

    def __init__(self, bank: Writer, reader: Reader, wrote: Callable[[int], None]) -> None:
        """`reader` is the loop's own; `wrote` is told the size of every batch written."""
        self.failed: StoreError | None = None
        self._bank = bank
        self._reader = reader
        self._wrote = wrote
        self._waiting: list[tuple[Command, Tell]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._expected = 1
        self._last_write_s = 0.0

    def put(self, command: Command, tell: Tell) -> None:
        """Have a command done with the next batch; `tell` is called once its outcome is durable."""
        self._waiting.append((command, tell))
        if len(self._waiting) == 1:
            loop, patience = asyncio.get_running_loop(), PATIENCE * self._last_write_s
            if self._expected > 1 and patience >= SOON_S:
                self._timer = loop.call_later(patience, self._flush, loop)
            else:
                loop.call_soon(self._flush, loop)
        elif self._timer is not None and len(self._waiting) >= self._expected:
            self._timer.cancel()
            self._timer = None
            loop = asyncio.get_running_loop()
            loop.call_soon(self._flush, loop)

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

    def made_at(self, seq: int) -> int:
        """When the command of this record was first asked (microseconds UTC)."""
        leaf = self._reader.record(seq)
        assert leaf is not None, f"record {seq} was answered but is not stored"
        at: int = unseal(leaf).command.at
        return at

    def _flush(self, loop: asyncio.AbstractEventLoop) -> None:
        """Do what waits and answer everyone, each apart: a mistake in one answer spares the others."""
        batch, self._waiting, self._timer = self._waiting[:MOST], self._waiting[MOST:], None
        if self._waiting:
            loop.call_soon(self._flush, loop)
        began = loop.time()
        replies = self._done([command for command, _ in batch])
        self._expected, self._last_write_s = len(batch), loop.time() - began
        for (_, tell), reply in zip(batch, replies, strict=True):
            loop.call_soon(tell, reply)

    def _done(self, commands: list[Command]) -> list[Reply | Exception]:
        """The outcome of each command: its reply, or what it is to be told instead."""
        try:
            replies = self._bank.do_each(commands)
        except StoreError as error:
            LOG.error("a batch of %d was not written: %s", len(commands), error)
            self.failed = error
            return [error] * len(commands)
        self.failed = None
        self._wrote(len(commands))
        for at, (command, reply) in enumerate(zip(commands, replies, strict=True)):
            if isinstance(reply, Exception):
                LOG.error("%s %s met a bug", type(command).__name__, command.key, exc_info=reply)
                replies[at] = Problem("bug")
        return replies
