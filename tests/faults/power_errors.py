"""The disk refuses: errors of writes and syncs, a full disk, too little memory, met by the bank over HTTP."""

from __future__ import annotations

import logging
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from tests.channels.counter import Counter, Talk
from tests.faults.power_check import rules_remembered
from tests.faults.power_cut import insist
from tests.faults.power_story import scratch
from tests.faults.power_trace import Traced
from tests.soak.row import Tally

import jingwei.stores.sqlite
from jingwei.home import open_home
from jingwei.journeys.pay import Pay
from jingwei.journeys.table import unseal
from jingwei.kernel.clock import HOUR, SystemClock
from jingwei.ledger.accounts import Balance
from jingwei.stores.sqlite import SqliteStore

PAYMENTS = 6
OPENING_MINOR = 5_000_000
ATTEMPTS = 80
SLOW_S = 1.0
"""An answer may take so long of a processor; a busy machine may make that a longer wait."""

STALLED_S = 4.0

LOG = logging.getLogger("jingwei.rest")

Say = Callable[[str], None]
Planted = Callable[[], None] | None


class Client:
    """Somebody who pays alice's money to bob and asks again, under the same key, until it is done."""

    def __init__(self, talk: Talk, say: Say) -> None:
        self._talk = talk
        self._say = say
        self.paid = 0
        self.refused = 0
        self.stuck = False

    def pay_once(self, after_refusal: Callable[[], None] = lambda: None) -> None:
        """Make the next payment; what is wrong is said as "bad ..."."""
        self.paid += 1
        self._talk.counter.clock.at += HOUR
        key, amount = f"pay-{self.paid}", f"1.{self.paid % 100:02d}"
        for _ in range(ATTEMPTS):
            began, worked = time.perf_counter(), time.process_time()
            told = self._talk.pay(key=key, amount=amount)
            waited, worked = time.perf_counter() - began, time.process_time() - worked
            if worked > SLOW_S or waited > STALLED_S:
                self._say(f"bad slow: an answer took {waited:.1f} s, {worked:.1f} s of them at work")
            if told.status_code == 201:
                break
            self.refused += 1
            if (told.status_code, told.json()["code"]) != (503, "store_failed"):
                self._say(f"bad refusal: {told.status_code} {told.text[:200]}")
            after_refusal()
        else:
            self.stuck = True
            self._say(f"bad stuck: {key} was refused {ATTEMPTS} times; {told.text[:200]}")
            return
        again = insist(self._talk.pay, "alice", "bob", amount, key)
        if told.json()["result"] == "allowed":
            self._say(f"moved {100 + self.paid % 100}")
        if again.status_code == 201 and again.content != told.content:
            self._say(f"bad repeat: {again.content[:200]!r} after {told.content[:200]!r}")

    def ask_for_the_head(self) -> int:
        """Ask for the signed head, which is written too; return the status."""
        told = self._talk.get("/v1/audit/head")
        if told.status_code not in (200, 503):
            self._say(f"bad head: {told.status_code} {told.text[:200]}")
        return told.status_code

    def ready(self) -> bool:
        """What the readiness check says."""
        return self._talk.get("/ready", "").status_code == 200


def wrong_afterwards(home_path: Path, said: list[str], paid: int) -> list[str]:
    """What is wrong with the bank once it is open again: each payment must be there once."""
    with rules_remembered():
        home = open_home(home_path, SystemClock())
    store = home.store
    bad = [f"damage: {finding}" for finding in store.check()]
    bob = store.load(Balance, ["bob"])[0].booked_minor
    expected = OPENING_MINOR + sum(int(line.split()[1]) for line in said if line.startswith("moved "))
    payments = sum(isinstance(unseal(leaf).command, Pay) for _, leaf in store.records(0, store.size()))
    if payments != paid:
        bad.append(f"payments: {payments} are recorded, {paid} were asked for")
    if bob != expected:
        bad.append(f"money: bob has {bob}, not {expected}")
    if any(booked for _, booked, _ in store.totals()):
        bad.append("unbalanced: money was made or lost")
    if not home.verify().sound:
        bad.append("evidence: the log does not verify")
    home.close()
    return bad


class Fault(NamedTuple):
    """An error that strace gives the bank instead of doing what it asked."""

    call: str
    error: str
    often: tuple[int, int]
    """Least and most calls from one error to the next, when it comes now and then."""
    long: tuple[int, int]
    """Least and most calls in a row that fail, when the disk is gone for a while."""

    def drawn(self, draw: random.Random) -> tuple[str, bool]:
        """How strace injects it, and whether it lasts for a while."""
        first = draw.randrange(1, 40 if self.call == "pwrite64" else 6)
        if draw.random() < 0.5:
            return f"{self.call}:error={self.error}:when={first}+{draw.randint(*self.often)}", False
        return f"{self.call}:error={self.error}:when={first}..{first + draw.randint(*self.long)}", True


WRITE_EIO = Fault("pwrite64", "EIO", (25, 60), (20, 60))
WRITE_FULL = Fault("pwrite64", "ENOSPC", (25, 60), (20, 60))
SYNC_EIO = Fault("fdatasync", "EIO", (3, 7), (8, 25))


def disk_errors(fault: Fault, seed: int, errors: int, planted: Planted = None) -> Tally:
    """Inject at least this many errors into a bank that serves payments."""
    bad: list[str] = []
    injected = refused = rounds = 0
    while injected < errors and not (planted and bad):
        draw = random.Random(f"errors {seed} {rounds}")
        inject, lasting = fault.drawn(draw)
        found, hits, refusals = _one_run(inject, lasting, planted)
        bad += [f"{inject}: {what}" for what in found]
        injected, refused, rounds = injected + hits, refused + refusals, rounds + 1
    return Tally(errors, tuple(bad), {"errors injected": injected, "refusals": refused})


def _one_run(inject: str, lasting: bool, planted: Planted) -> tuple[list[str], int, int]:
    """(what is wrong, errors injected, refusals) in one process that meets this fault."""
    folder, talks = Path(scratch()), []

    def first() -> None:
        if planted is not None:
            planted()
        jingwei.stores.sqlite.CHECKPOINT_PAGES = 30
        LOG.disabled = True
        talks.append(Talk(Counter(folder / "home")))

    def work(say: Say) -> None:
        client = Client(talks[0], say)

        def look() -> None:
            if lasting and client.refused == 1 and client.ready():
                say("bad ready: the readiness check is green while the disk fails")

        for _ in range(PAYMENTS):
            client.pay_once(look)
            if client.stuck:
                return
        if lasting and not client.ready():
            say("bad red: the readiness check stays red")
        say(f"refused {client.refused}")
        insist(talks[0].counter.home.sign_head)
        insist(talks[0].close)

    try:
        call = inject.split(":", maxsplit=1)[0]
        with Traced(work, ["-e", f"trace={call}", "-e", f"inject={inject}"], folder, first) as traced:
            bad = [line for line in traced.said if line.startswith("bad ")]
            if traced.code:
                bad.append(f"the process ended with code {traced.code}")
            refused = sum(int(line.split()[1]) for line in traced.said if line.startswith("refused "))
            hits = traced.log.count("(INJECTED)")
        return bad + wrong_afterwards(folder / "home", traced.said, PAYMENTS), hits, refused
    finally:
        shutil.rmtree(folder)


def error_swallowed() -> None:
    """The planted error: what the disk refused is answered as if it were written."""

    def calm(self: SqliteStore, error: Exception) -> None:
        return None

    SqliteStore._refuse = calm


def error_caught(fault: Fault, seed: int) -> bool:
    """Whether an error that is swallowed is caught."""
    return bool(disk_errors(fault, seed, 60, error_swallowed).bad)


def full_disk_caught(seed: int) -> bool:
    """Whether a readiness check that sees nothing is caught."""
    blind = patch("jingwei.channels.rest.health.not_ready", lambda desk: "")
    return bool(full_disk(seed, 3, blind).bad)


@contextmanager
def small_disk() -> Iterator[Path]:
    """A file system of 8 MB in memory. Raises OSError where this user may not mount one."""
    place = tempfile.mkdtemp(prefix="jingwei-disk-")
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "none", place]
    done = subprocess.run(mount, check=False, capture_output=True, text=True)
    if done.returncode:
        Path(place).rmdir()
        raise OSError(f"this user may not mount a small disk: {done.stderr.strip()}")
    try:
        yield Path(place)
    finally:
        subprocess.run(["umount", place], check=True)
        Path(place).rmdir()


def full_disk(seed: int, times: int, planted: AbstractContextManager[object] | None = None) -> Tally:
    """Fill the disk this many times under a bank that serves payments, and empty it again."""
    draw, said = random.Random(f"full {seed}"), list[str]()
    with small_disk() as disk, ExitStack() as stack:
        stack.enter_context(patch.object(LOG, "disabled", True))
        stack.enter_context(rules_remembered())
        talk = Talk(Counter(disk / "home"))
        if planted is not None:
            stack.enter_context(planted)
        stack.enter_context(patch("jingwei.bank.SNAPSHOT_EVERY", 3))
        client, ballast = Client(talk, said.append), disk / "ballast"
        for _ in range(times):
            _fill(ballast, draw.randrange(0, 9_000))
            attempts = draw.randrange(1, 6)

            def room(attempts: int = attempts) -> None:
                if client.ready():
                    said.append("bad ready: the readiness check is green while the disk is full")
                client.ask_for_the_head()
                if client.refused % attempts == 0:
                    ballast.unlink(missing_ok=True)

            client.pay_once(room)
            ballast.unlink(missing_ok=True)
            if not client.ready():
                said.append("bad red: the readiness check stays red though there is room")
            if client.ask_for_the_head() != 200:
                said.append("bad head: it is refused though there is room")
        talk.close()
        bad = [line for line in said if line.startswith("bad ")]
        bad += wrong_afterwards(disk / "home", said, times)
    return Tally(times, tuple(bad), {"refusals": client.refused})


def _fill(ballast: Path, spare: int) -> None:
    """Take all room but about `spare` bytes."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            file.truncate(max(0, file.tell() - spare))
