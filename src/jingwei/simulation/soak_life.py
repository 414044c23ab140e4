"""One life of a bank in a process of its own, and its end by SIGKILL; its promises come through a pipe."""

from __future__ import annotations

import gc
import os
import random
import select
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from jingwei.bank import Reply
from jingwei.home import Home
from jingwei.journeys.table import AnyCommand
from jingwei.kernel.command import Command
from jingwei.simulation.soak_stream import Stream
from jingwei.stores.store import StoreError

T = TypeVar("T")
Open = Callable[[], Home]
HEAD = 4
PATIENCE = 30.0
"""How long a bank may take to open, in seconds, before it is killed for that."""

AGAIN = 5
"""How often a live bank is asked again after its engine failed under it."""


class Told(msgspec.Struct, array_like=True):
    """What the life tells: it is now `doing` this; the commands it asks, or the replies it received.

    `doing` is "opening", "asking", "asked", "closing" or "broken" (with the reason in `why`).
    """

    doing: str
    commands: list[AnyCommand] = []
    replies: list[Reply] = []
    why: str = ""


class Heard(msgspec.Struct):
    """All that came out of one life, and how it ended."""

    doing: str = "starting"
    asked: list[Command] = []
    acknowledged: list[tuple[Command, Reply]] = []
    why: str = ""
    opened_after: float | None = None
    failures: int = 0


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Told).decode


def live(open_bank: Open, stream: Stream, chance: random.Random, tell: Callable[[Told], None]) -> None:
    """Open the bank, ask, close it in good order, and begin again; never returns but by an exception.

    Each batch is told before it is asked, as a client keeps its keys before it sends; each reply after
    it came. Whose engine failed (its writer was killed) says so, and the same is tried again.
    """
    while True:
        tell(Told("opening"))
        home = insist(open_bank, tell, "opening")
        for _ in range(chance.randrange(2, 40)):
            commands = stream.batch(chance, chance.choice((1, 1, 3, 20)))
            tell(Told("asking", commands))
            replies = insist(partial(home.bank.do, commands), tell, "asking")
            for command, reply in zip(commands, replies, strict=True):
                stream.take(command)
                stream.learn(command, reply)
            tell(Told("asked", commands, replies))
        tell(Told("closing"))
        try:
            home.close()
        except StoreError as error:
            tell(Told("closing", why=str(error)))


def insist(ask: Callable[[], T], tell: Callable[[Told], None], doing: str) -> T:
    """Try until it is done, at most AGAIN times more."""
    for _ in range(AGAIN):
        try:
            return ask()
        except StoreError as error:
            tell(Told(doing, why=str(error)))
    return ask()


class Death(NamedTuple):
    """When and whom to kill: so many seconds after the start, or (`working`) after the first command asked.

    `whom` names the "bank", its "writer" (a process of its own), or both. Where only the writer dies, the
    bank goes on for as long again and is killed then.
    """

    seconds: float
    working: bool
    whom: Sequence[str]


def killed(life: Callable[[Callable[[Told], None]], None], death: Death) -> Heard:
    """Let `life` run in a forked process, kill it with SIGKILL, and return what was heard of it."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        _forked(life, into)
    os.close(into)
    ear = _Ear(out)
    try:
        if death.working:
            ear.until_asking(time.perf_counter() + PATIENCE)
        ear.until(time.perf_counter() + death.seconds)
        for writer in processes_of(child) if "writer" in death.whom else []:
            _kill(writer)
        if "bank" not in death.whom:
            ear.until(time.perf_counter() + death.seconds)
    finally:
        _kill(child)
        os.waitpid(child, 0)
        ear.until(None)
        os.close(out)
    return ear.heard


def _forked(life: Callable[[Callable[[Told], None]], None], into: int) -> None:
    """What the forked process does; it never comes back to what its parent was doing."""

    def tell(told: Told) -> None:
        data = _encode(told)
        data = len(data).to_bytes(HEAD, "little") + data
        while data:
            data = data[os.write(into, data) :]

    gc.freeze()
    try:
        life(tell)
    except BaseException:
        tell(Told("broken", why=traceback.format_exc()))
        raise
    finally:
        os._exit(1)


class _Ear:
    """Hears what comes out of a life; a message cut short by its death is no message."""

    def __init__(self, pipe: int) -> None:
        self.heard = Heard()
        self._pipe, self._began = pipe, time.perf_counter()
        self._data = b""
        self._over = False

    def until(self, moment: float | None) -> None:
        """Hear until this moment of the clock `perf_counter`, or (None) until nobody speaks any more."""
        while self._listen(moment):
            pass

    def until_asking(self, moment: float) -> None:
        """Hear until the first command was asked, or until this moment."""
        while self.heard.opened_after is None and self._listen(moment):
            pass

    def _listen(self, moment: float | None) -> bool:
        """Hear a little; return whether there may be more before this moment."""
        wait = None if moment is None else moment - time.perf_counter()
        if self._over or (wait is not None and wait <= 0):
            return False
        if not select.select([self._pipe], [], [], wait)[0]:
            return False
        more = os.read(self._pipe, 1 << 16)
        self._over = not more
        self._data += more
        self._take()
        return True

    def _take(self) -> None:
        while len(self._data) >= HEAD:
            end = HEAD + int.from_bytes(self._data[:HEAD], "little")
            if len(self._data) < end:
                return
            told = _decode(self._data[HEAD:end])
            self._data = self._data[end:]
            heard = self.heard
            heard.doing, heard.why = told.doing, told.why or heard.why
            heard.failures += bool(told.why)
            if told.doing == "asking":
                heard.asked += told.commands
                if heard.opened_after is None:
                    heard.opened_after = time.perf_counter() - self._began
            elif told.doing == "asked":
                heard.acknowledged += zip(told.commands, told.replies, strict=True)


def processes_of(parent: int) -> list[int]:
    """The processes this one started that still run (from the kernel's table of processes)."""
    try:
        return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    except OSError:
        return []


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return


def answer_bytes(reply: Any) -> bytes:
    """The answer of a reply as bytes, to compare two of them."""
    return msgspec.json.encode(reply.answer)
