"""Joining: requests that wait together are done as one batch (group commit) by the bank's one writer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from jingwei.bank import Reply
from jingwei.channels.problems import Problem
from jingwei.channels.rest.bell import Bell, Rung
from jingwei.journeys.table import unseal
from jingwei.kernel.command import Command
from jingwei.stores.store import Reader, StoreError, Ticket

LOG = logging.getLogger("jingwei.rest")
MOST = 1024
"""Commands in one batch: more wait for the next, so that no answer waits for thousands of others."""

PATIENCE = 0.25
"""How long the first of a batch waits for those who came with the last one, in times the last write took."""

MOST_FLYING = 2
"""Batches not durable yet, at most; what comes meanwhile waits together and makes the next one larger."""

SOON_S = 0.001
"""Shorter waits than this are not worth a timer: on a fast disk nobody waits for anybody."""

Tell = Callable[[Reply | Exception], None]
"""Is told the reply, StoreError when nothing was written, or Problem when the command met a bug."""

Told = tuple[tuple[Command, Tell], Reply | Exception]


class Writer(Protocol):
    """The part of the bank that writes."""

    def do_each(self, commands: list[Command], wait: bool = True) -> list[Reply | Exception]: ...

    def newest(self) -> Ticket | None: ...


class Flying(NamedTuple):
    """A batch that was done and is not durable yet."""

    batch: list[tuple[Command, Tell]]
    replies: list[Reply | Exception]
    ticket: Ticket


class Joined:
    """Takes commands one by one and has them done together at the end of the event loop's turn.

    A turn reads every socket that has something to say, so what came in while one batch was written is
    the next batch. Where the bank writes in a process of its own, the next batch is judged and booked while
    the last ones are written, and `bell` tells when they are durable. Otherwise it writes on the loop's own
    thread: handing batches to a writer thread overlaps the wait for the disk, but the two threads then fight
    for the interpreter with every row, which costs more (at 64 connections 214 against 154 microseconds of
    processor time for a payment).

    On a slow disk the first to ask again would have a write to itself and all others would wait for it.
    So it waits up to a quarter of the last write's time for as many as the last batch had.
    """

    def __init__(
        self,
        bank: Writer,
        reader: Reader,
        wrote: Callable[[int], None],
        rung: Rung | None = None,
        seconds: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`reader` is the loop's own; `wrote` is told the size of every batch written; `rung` is the store
        when it writes by itself; `seconds` measures writes (a loop's own time may stand still in a turn)."""
        self.failed: StoreError | None = None
        self._bank = bank
        self._reader = reader
        self._wrote = wrote
        self._seconds = seconds
        self._waiting: list[tuple[Command, Tell]] = []
        self._flying: deque[Flying] = deque()
        self._bell = None if rung is None else Bell(rung, self._look)
        self._timer: asyncio.TimerHandle | None = None
        self._expected = 1
        self._last_write_s = 0.0

    def put(self, command: Command, tell: Tell) -> None:
        """Have a command done with the next batch; `tell` is called once its outcome is durable."""
        self._waiting.append((command, tell))
        if len(self._flying) >= MOST_FLYING:
            return
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
        """Do what waits and answer everyone once it is durable."""
        batch, self._waiting, self._timer = self._waiting[:MOST], self._waiting[MOST:], None
        if not batch:
            return
        began = self._seconds()
        replies, ticket = self._done([command for command, _ in batch])
        self._expected, self._last_write_s = len(batch), self._seconds() - began
        if ticket is None:
            self._tell_all(loop, zip(batch, replies, strict=True))
        else:
            self._flying.append(Flying(batch, replies, ticket))
            self._look()
        if self._waiting and len(self._flying) < MOST_FLYING:
            loop.call_soon(self._flush, loop)

    def _look(self) -> bool:
        """Answer those whose batch became durable, or was not written; return whether some still wait."""
        loop = asyncio.get_running_loop()
        full = len(self._flying) >= MOST_FLYING
        try:
            self._bank.newest()
        except StoreError as error:
            self._note(error)
        while self._flying and self._flying[0].ticket.done():
            landed = self._flying.popleft()
            self._tell_all(loop, zip(landed.batch, self._outcome(landed), strict=True))
        if full and self._waiting and len(self._flying) < MOST_FLYING:
            loop.call_soon(self._flush, loop)
        if self._flying and self._bell is not None:
            self._bell.listen(loop)
        return bool(self._flying)

    def _outcome(self, landed: Flying) -> list[Reply | Exception]:
        try:
            landed.ticket.wait()
        except StoreError as error:
            return self._not_written(error, len(landed.batch))
        self.failed = None
        return landed.replies

    def close(self) -> None:
        """Listen no more; called on the loop when nobody waits."""
        if self._bell is not None:
            self._bell.close()

    def _tell_all(self, loop: asyncio.AbstractEventLoop, told: Iterator[Told]) -> None:
        """Tell each its reply; after a mistake, which the loop reports, go on with the others."""
        for (_, tell), reply in told:
            try:
                tell(reply)
            except BaseException:
                loop.call_soon(self._tell_all, loop, told)
                raise

    def _done(self, commands: list[Command]) -> tuple[list[Reply | Exception], Ticket | None]:
        """The outcome of each command: its reply, or what it is to be told instead; and when it holds."""
        try:
            if self._bell is None:
                replies, ticket = self._bank.do_each(commands), None
            else:
                replies = self._bank.do_each(commands, False)
                ticket = self._bank.newest()
        except StoreError as error:
            return self._not_written(error, len(commands)), None
        if ticket is None:
            self.failed = None
        self._wrote(len(commands))
        for at, (command, reply) in enumerate(zip(commands, replies, strict=True)):
            if isinstance(reply, Exception):
                LOG.error("%s %s met a bug", type(command).__name__, command.key, exc_info=reply)
                replies[at] = Problem("bug")
        return replies, ticket

    def _not_written(self, error: StoreError, size: int) -> list[Reply | Exception]:
        LOG.error("a batch of %d was not written: %s", size, error)
        self._note(error)
        return [error] * size

    def _note(self, error: StoreError) -> None:
        self.failed = error
