"""Source systems of a bank that is running: work on a thread beside the server, which does what it asks."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from msgspec import to_builtins
from msgspec.structs import replace

from jingwei.channels.problems import Problem
from jingwei.channels.rest.app import Alongside, Also
from jingwei.channels.sources.at_home import AtHand, seal
from jingwei.channels.sources.importing import Progress
from jingwei.channels.sources.who import resolve_at_home
from jingwei.kernel.clock import SystemClock
from jingwei.stores.insight import Import, Insight, insight_path
from jingwei.stores.insight_rounds import Round
from jingwei.stores.store import StoreError
from jingwei.stores.whole import told_of

if TYPE_CHECKING:
    from fastapi import FastAPI

    from jingwei.channels.rest.desk import Desk
    from jingwei.journeys.shape import Answer
    from jingwei.kernel.command import Command
    from jingwei.stores.store import Reader

LOG = logging.getLogger("jingwei.sources")
LOOK_S: Final = 2.0
"""How often imports that another process brought in are looked for and sealed."""

STEP_S: Final = 0.5
"""So often a round tells how far it is."""

PATIENCE_S: Final = 30.0
"""So long somebody outside waits for the running bank to seal."""

T = TypeVar("T")
Work = Callable[[AtHand, Insight, Progress], T]


class Stopped(Exception):
    """The server stops: work ends at its next step and goes on another time."""


@contextmanager
def at_hand_of(desk: Desk, loop: asyncio.AbstractEventLoop) -> Iterator[AtHand]:
    """A running bank for one other thread: commands are done on the loop, reading has its own door."""

    def do(command: Command) -> Answer:
        async def asked() -> Answer:
            return (await desk.joined.ask(command)).answer

        return asyncio.run_coroutine_threadsafe(asked(), loop).result()

    with closing(desk.home.store.reader()) as reader:
        yield AtHand(desk.home.path, reader, desk.home.clock, do)


def from_outside(path: Path, reader: Reader) -> AtHand:
    """A bank that another process has: it can be read, and what comes in is sealed by that process."""

    def do(command: Command) -> Answer:
        raise AssertionError(f"{type(command).__name__} is for the process that has the bank")

    return AtHand(path, reader, SystemClock(), do)


def wait_until_sealed(shelf: Insight, import_id: str, seconds: float = PATIENCE_S) -> str:
    """The decision that recorded an import, once there is one; "" when nobody recorded it in this time."""
    until = time.perf_counter() + seconds
    while True:
        one = shelf.imported(import_id)
        if one is None or one.sealed or time.perf_counter() > until:
            return "" if one is None else one.sealed
        time.sleep(0.2)


async def beside(desk: Desk, work: Work[T]) -> T:
    """Have work done on a thread of its own; when this is cancelled, the work ends at its next step."""
    loop, leaving = asyncio.get_running_loop(), threading.Event()

    def go_on(done: int, total: int) -> None:
        if leaving.is_set():
            raise Stopped

    def run() -> T:
        with at_hand_of(desk, loop) as hand, closing(Insight(insight_path(hand.path))) as shelf:
            return work(hand, shelf, go_on)

    try:
        return await asyncio.to_thread(run)
    finally:
        leaving.set()


def unsealed(shelf: Insight) -> list[Import]:
    """Imports that are done and no record seals yet, in the order they began."""
    return [one for one in shelf.imports() if one.done_at and not one.sealed]


def seal_waiting(hand: AtHand, shelf: Insight, go_on: Progress) -> int:
    """Seal what came in and is not sealed, and find out whose new records are; return how many imports."""
    waiting = unsealed(shelf)
    for one in waiting:
        seal(hand, shelf, one)
    if any(one.profiles for one in waiting):
        resolve_at_home(hand, shelf, go_on)
    return len(waiting)


def round_asked(hand: AtHand, shelf: Insight, go_on: Progress) -> None:
    """Do the round of who is who that `jingwei identity resolve` asked for beside the running bank."""
    asked = shelf.rounds.newest()
    if not asked.waits:
        return
    asked, looked = shelf.rounds.keep(replace(asked, begun=hand.clock.now())), time.perf_counter()

    def tell(done: int, total: int) -> None:
        nonlocal looked
        go_on(done, total)
        if time.perf_counter() - looked >= STEP_S:
            looked = time.perf_counter()
            shelf.rounds.keep(replace(asked, done=done, total=total))

    told = resolve_at_home(hand, shelf, tell)
    every = {"done": told.records, "total": told.records, "told": to_builtins(told)}
    shelf.rounds.keep(replace(asked, ended=hand.clock.now(), **every))


def wait_for_round(shelf: Insight, number: int, tell: Progress, seconds: float = PATIENCE_S) -> Round | None:
    """The round of this number when it has ended; None when nobody begins it for so many seconds.

    One that was begun may be silent for twenty times as long: it reads everybody first.
    """
    moved, last = time.perf_counter(), -1
    while True:
        one = shelf.rounds.newest()
        if one.ended or one.number != number:
            return one
        tell(one.done, one.total)
        if one.done != last:
            moved, last = time.perf_counter(), one.done
        if time.perf_counter() - moved > seconds * (20 if one.begun else 1):
            return None
        time.sleep(0.2)


def work_waiting(hand: AtHand, shelf: Insight, go_on: Progress) -> None:
    """Seal the imports that wait, then do the round that was asked for."""
    seal_waiting(hand, shelf, go_on)
    round_asked(hand, shelf, go_on)


def sealing_imports() -> Also:
    """What seals, in a running bank, the imports `jingwei source import` brings in beside it.

    It also does the rounds that `jingwei identity resolve` asks for.
    """

    def add(_: FastAPI, desk: Desk) -> Alongside:
        async def look() -> None:
            while True:
                await asyncio.sleep(LOOK_S)
                try:
                    with told_of("the insight shelf"):
                        shelf = desk.home.insight
                        if desk.writing is None and (unsealed(shelf) or shelf.rounds.newest().waits):
                            await beside(desk, work_waiting)
                            shelf.people.follow(desk.reader)
                except (StoreError, Problem):
                    LOG.exception("imports wait to be sealed")

        return Alongside(lambda: None, (look,))

    return add
