"""Any engine with its writing half in a second process, so that deciding and writing overlap on two cores.

For bulk streams: replays, backfills, imports. One batch at a time gains nothing here.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO

from jingwei.ledger.accounts import Line
from jingwei.stores.opening import open_reader
from jingwei.stores.pipe import IN_FLIGHT, Ask, Reply, put, receive_reply, send, shared_memory
from jingwei.stores.store import Batch, DamagedStore, K, Reader, Settled, StoreError, Ticket, UnsafeStore
from jingwei.stores.wire import pack

CLOSING_SECONDS = 60
_KINDS = {"UnsafeStore": UnsafeStore, "DamagedStore": DamagedStore}


class _Asked:
    """An ask on its way and, later, its reply. `end` is the size after it when it is a batch."""

    def __init__(self, store: PipelinedStore, end: int | None) -> None:
        self._store = store
        self.end = end
        self.reply: Reply | None = None

    def done(self) -> bool:
        """Whether the outcome is known by now; never waits."""
        return self.reply is not None or self._store.poll(self)

    def wait(self) -> None:
        """Return once the batch is durable. Raises StoreError when it was not written."""
        self.outcome()

    def outcome(self) -> Reply:
        """Wait for the reply and return it, or raise the StoreError it carries."""
        reply = self._store.await_reply(self)
        if reply.error:
            raise _KINDS.get(reply.error, StoreError)(reply.text)
        return reply


class PipelinedStore:
    """A bank whose engine runs in its own process; at most IN_FLIGHT batches are on their way at once.

    Reads see what is committed, which may be less than what was submitted. After a StoreError the
    batches submitted behind the failed one fail too, as they no longer follow the last record.
    """

    def __init__(self, place: str | Path) -> None:
        """Start the writing process on an SQLite file or postgresql:// address; raises StoreError."""
        self._place = str(place)
        self._sending = threading.RLock()
        self._receiving = threading.RLock()  # taken before _sending where both are
        self._pending: deque[_Asked] = deque()
        self._slots = [shared_memory() for _ in range(IN_FLIGHT)]
        self._next = 0
        self._child: subprocess.Popen[bytes] | None = None
        self._start()
        self._reads = open_reader(self._place)

    def submit(self, batch: Batch) -> Ticket:
        """Begin to write the batch; waits only while IN_FLIGHT others are still on their way."""
        try:
            data = pack(batch)
        except (OverflowError, UnicodeError, TypeError) as error:
            return Settled(StoreError(f"a value of the batch cannot be kept, nothing was written ({error})"))
        end = batch.first_seq + len(batch.leaves)
        while True:
            self._make_room()
            with self._sending:
                self._check_open()
                if len(self._pending) < IN_FLIGHT:
                    slot, self._next = self._next, (self._next + 1) % IN_FLIGHT
                    put(self._slots[slot], data)
                    return self._ask(Ask("write", "", slot, len(data)), end)

    def write(self, batch: Batch) -> None:
        """Make the batch durable before returning; StoreError: nothing was written."""
        self.submit(batch).wait()

    def warm(self) -> None:
        """Nothing to get ready here."""

    def set_notes(self, notes: dict[str, str]) -> None:
        """Durably keep small named values by themselves, behind the batches submitted so far."""
        self._ask(Ask("notes", notes=notes), None).outcome()

    def root(self) -> tuple[int, bytes]:
        """Return (size, Merkle root) of the records once all batches submitted so far are settled."""
        reply = self._ask(Ask("root"), None).outcome()
        return reply.size, reply.root

    def check(self) -> list[str]:
        """Read everything and return what does not hang together, as sentences."""
        return self._ask(Ask("check"), None).outcome().findings

    def reader(self) -> Reader:
        """Open another connection for reading, for use on another thread."""
        return open_reader(self._place)

    def listening(self) -> tuple[int, int]:
        """Number of the writing process, and the handle that has something to read when it has replied."""
        with self._sending:
            child = self._running()
            return child.pid, _stdout(child).fileno()

    def close(self) -> None:
        """Wait for what was submitted, end the writing process, close; closing twice is harmless."""
        if not self._slots:
            return
        with self._receiving:
            while self._pending:
                self._receive()
            with self._sending:
                self._end()
        self._reads.close()
        while self._slots:
            os.close(self._slots.pop())

    def load(self, kind: type[K], ids: Sequence[str]) -> list[K]:
        """Return those of the kept things with these ids that exist, in any order."""
        return self._reads.load(kind, ids)

    def find(self, kind: type[K], column: str, value: str, *, after: str = "", limit: int = 100) -> list[K]:
        """Return kept things whose indexed column has this value, by id, after this id, at most `limit`."""
        return self._reads.find(kind, column, value, after=after, limit=limit)

    def page(self, kind: type[K], *, after: str = "", limit: int = 100) -> list[K]:
        """Return kept things by id, after this id, at most `limit`."""
        return self._reads.page(kind, after=after, limit=limit)

    def answered(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Return the record number of each (actor, idempotency key) that was answered before."""
        return self._reads.answered(keys)

    def record(self, seq: int) -> bytes | None:
        """Return the bytes of one record, or None when there is none with this number."""
        return self._reads.record(seq)

    def records(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Yield (number, bytes) of the records start <= number < end, streaming, in order."""
        return self._reads.records(start, end)

    def keys(self, *, after: tuple[str, str] = ("", ""), limit: int = 1000) -> list[tuple[str, str, int]]:
        """Return (key, actor, record number) of the answers, by key and actor, after this pair."""
        return self._reads.keys(after=after, limit=limit)

    def lines(self, ids: Sequence[int]) -> list[Line]:
        """Return the ledger lines with these numbers, in any order."""
        return self._reads.lines(ids)

    def line_range(self, start: int, end: int, limit: int = 1000) -> list[Line]:
        """Return the lines start <= id < end in order, at most `limit`."""
        return self._reads.line_range(start, end, limit)

    def size(self) -> int:
        """How many records are committed; batches still on their way do not count."""
        return self._reads.size()

    def note(self, name: str) -> str | None:
        """Return a small named value, or None."""
        return self._reads.note(name)

    def notes(self) -> dict[str, str]:
        """Return all small named values."""
        return self._reads.notes()

    def frozen(self) -> AbstractContextManager[None]:
        """While it lasts, every read sees the books as they stand at the first one."""
        return self._reads.frozen()

    def totals(self) -> list[tuple[str, int, int]]:
        """Return (currency, sum of booked, sum of held) over all balances, in minor units."""
        return self._reads.totals()

    def tile(self, level: int, index: int) -> bytes | None:
        """Return one full tile of the Merkle log (8,192 bytes), or None when not complete."""
        return self._reads.tile(level, index)

    def await_reply(self, asked: _Asked) -> Reply:
        """Receive replies, in order, until this ask has its own."""
        while asked.reply is None:
            with self._receiving:
                if asked.reply is None:
                    self._receive()
        return asked.reply

    def poll(self, asked: _Asked) -> bool:
        """Receive the replies that are there already; return whether this ask has its own."""
        if self._receiving.acquire(blocking=False):
            try:
                while asked.reply is None and self._readable():
                    self._receive()
            finally:
                self._receiving.release()
        return asked.reply is not None

    def _readable(self) -> bool:
        child = self._child
        return child is None or bool(select.select([_stdout(child)], [], [], 0)[0])

    def _make_room(self) -> None:
        if len(self._pending) >= IN_FLIGHT:
            with self._receiving:
                if len(self._pending) >= IN_FLIGHT:
                    self._receive()

    def _ask(self, ask: Ask, end: int | None = None) -> _Asked:
        """Send one ask. When the writing process is gone, the ask learns so when it waits."""
        with self._sending:
            self._check_open()
            self._running()
            asked = _Asked(self, end)
            self._pending.append(asked)
            try:
                send(_stdin(self._running()), ask)
            except OSError:
                return asked
            return asked

    def _check_open(self) -> None:
        if not self._slots:
            raise StoreError(f"the bank at {self._place} was closed; open it again")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            self._start()
        assert self._child is not None, "it was started or a StoreError was raised"
        return self._child

    def _receive(self) -> None:
        """Give the oldest ask its reply; when the writing process has ended, settle all that wait."""
        child = self._child
        reply = None if child is None else receive_reply(_stdout(child))
        if reply is None:
            self._settle_after_death()
        elif self._pending:
            self._pending.popleft().reply = reply

    def _settle_after_death(self) -> None:
        """The writing process ended unasked: start it again and see which batches it had written.

        A new process can begin only when nothing of the old one is at work any more, so the size it
        finds is final: batches inside it are durable, the others were not written at all.
        """
        with self._sending:
            code = self._child.wait() if self._child is not None else 0
            self._end()
            lost = Reply(
                "StoreError", f"the writing process ended (code {code}); it was not written, ask again"
            )
            try:
                size = self._start()
            except StoreError as error:
                size = 0
                lost.text = f"the writing process ended (code {code}) and does not start again: {error}"
            while self._pending:
                asked = self._pending.popleft()
                written = asked.end is not None and asked.end <= size
                asked.reply = Reply(size=size) if written else lost

    def _start(self) -> int:
        """Start the writing process and return how many records it finds; raises StoreError."""
        self._child = child = subprocess.Popen(
            [sys.executable, "-m", "jingwei.stores.writer", *map(str, self._slots)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            pass_fds=self._slots,
            env={**os.environ, "PYTHONPATH": _python_path()},
        )
        try:
            send(_stdin(child), Ask("open", self._place))
            reply = receive_reply(_stdout(child))
        except OSError:
            reply = None
        if reply is not None and not reply.error:
            return reply.size
        self._end()
        if reply is None:
            raise StoreError(f"the writing process does not start (code {child.returncode}); see its message")
        raise _KINDS.get(reply.error, StoreError)(reply.text)

    def _end(self) -> None:
        """Tell the writing process to close, and wait for it."""
        child, self._child = self._child, None
        if child is None:
            return
        for pipe in (_stdin(child), _stdout(child)):
            pipe.close()
        try:
            child.wait(CLOSING_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _stdin(child: subprocess.Popen[bytes]) -> IO[bytes]:
    assert child.stdin is not None, "the writing process was started with a pipe"
    return child.stdin


def _stdout(child: subprocess.Popen[bytes]) -> IO[bytes]:
    assert child.stdout is not None, "the writing process was started with a pipe"
    return child.stdout


def _python_path() -> str:
    """Where the child finds this package, whether it is installed or not."""
    here = str(Path(__file__).parents[2])
    there = os.environ.get("PYTHONPATH", "")
    return f"{here}{os.pathsep}{there}" if there else here
