"""A PostgreSQL that is killed under load: backends, the postmaster, everything at once; and started again."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from unittest.mock import patch

import psycopg

from jingwei.bank import Reply
from jingwei.home import Home, open_home
from jingwei.journeys.table import seal
from jingwei.kernel.command import Command
from jingwei.simulation.soak_checks import Acknowledged, Key, books, missing
from jingwei.simulation.soak_life import processes_of
from jingwei.simulation.soak_stream import Stream
from jingwei.stores import postgres
from jingwei.stores.local_postgres import LocalPostgres, local_postgres
from jingwei.stores.postgres_reads import PostgresReader
from jingwei.stores.store import StoreError

SETTINGS = ("shared_buffers=32MB", "restart_after_crash=on", "checkpoint_timeout=30s", "max_wal_size=64MB")
START_AGAIN = 60.0
PATIENCE = 90.0
DATABASE = "bank"


def backend(server: LocalPostgres) -> None:
    """Kill the process that serves the bank; the postmaster then restarts all of them."""
    with psycopg.connect(server.dsn, autocommit=True) as admin:
        rows = admin.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", (DATABASE,)).fetchall()
    for (pid,) in rows:
        kill(pid)


def kill(pid: int) -> None:
    """SIGKILL; a process that is gone already is fine."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def postmaster(server: LocalPostgres) -> None:
    """Kill the first process only; the others notice and go."""
    server.stop(signal.SIGKILL)
    start_again(server)


def everything(server: LocalPostgres) -> None:
    """Kill the first process and all others in the same moment."""
    others = processes_of(server.process)
    for pid in (server.process, *others):
        kill(pid)
    server.stop(signal.SIGKILL)
    start_again(server)


def immediate(server: LocalPostgres) -> None:
    """Stop without a checkpoint, as `pg_ctl stop -m immediate`."""
    server.stop(signal.SIGQUIT)
    start_again(server)


def restart(server: LocalPostgres) -> None:
    """Stop in good order while the bank is at work, and start again."""
    server.stop(signal.SIGINT)
    start_again(server)


def start_again(server: LocalPostgres, settings: tuple[str, ...] = SETTINGS) -> None:
    """Start the server as soon as the processes of the killed one are gone."""
    deadline = time.monotonic() + START_AGAIN
    while True:
        try:
            return server.start(settings)
        except StoreError:
            if time.monotonic() > deadline:
                raise
            server.stop(signal.SIGKILL)
            time.sleep(0.05)


DEATHS: tuple[Callable[[LocalPostgres], None], ...] = (backend, postmaster, everything, immediate, restart)


class UnderLoad:
    """A bank at work on a server, and all it promised."""

    def __init__(self, server: LocalPostgres, folder: Path, seed: int) -> None:
        self.server = server
        self.chance = random.Random(seed)
        self.stream = Stream("load")
        self.promised: dict[Key, Acknowledged] = {}
        self.replies: list[tuple[Command, Reply]] = []
        self.counts: Counter[str] = Counter()
        self.bad: list[str] = []
        self.home: Home = open_home(folder / "home", self.stream.clock, store_url=server.database(DATABASE))

    def ask(self) -> None:
        """One batch, asked with the same keys until it is answered."""
        commands = self.stream.batch(self.chance, self.chance.choice((1, 3, 20, 80)))
        for command, reply in zip(commands, self.insist(commands), strict=True):
            self.stream.take(command)
            self.stream.learn(command, reply)
            self.replies.append((command, reply))
            promise = Acknowledged(reply.seq, seal(reply.seq, command, reply.answer))
            if self.promised.setdefault((command.actor, command.key), promise) != promise:
                self.bad.append(f"doubled: {command.key} has two answers")
        self.counts["acknowledged"] += len(commands)

    def insist(self, commands: list[Command]) -> list[Reply]:
        """Ask until the bank answers. Raises StoreError when it does not for long."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self.home.bank.do(commands)
            except StoreError:
                self.counts["refused while the server was down"] += 1
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def round(self) -> None:
        """Work while the server dies at some moment and comes back; then reckon."""
        death = self.chance.choice(DEATHS)
        seconds = self.chance.uniform(0, 0.3)
        failed: list[BaseException] = []

        def die() -> None:
            time.sleep(seconds)
            try:
                death(self.server)
            except (StoreError, psycopg.Error, OSError) as error:
                failed.append(error)

        self.replies = []
        killer = threading.Thread(target=die)
        killer.start()
        while killer.is_alive():
            self.ask()
        killer.join()
        self.ask()
        self.counts[f"{death.__name__} killed or stopped"] += 1
        self.bad += [f"{death.__name__}: {error}" for error in failed]
        self.reckon()

    def reckon(self) -> None:
        """All promised is there; asked again nothing is done again; the books are right."""
        self.bad += [finding.says for finding in missing(self.home.store, self.promised)]
        for (command, first), again in zip(
            self.replies, self.insist([command for command, _ in self.replies]), strict=True
        ):
            if not again.replayed or again.seq != first.seq:
                self.bad.append(f"doubled: {command.key} was done again")
        self.bad += [f"{finding.kind}: {finding.says}" for finding in books(self.home)]

    def examine(self) -> None:
        """PostgreSQL's own checks: checksums are on, every index and table is sound, every page is whole."""
        with psycopg.connect(self.server.dsn, autocommit=True) as admin:
            row = admin.execute("SHOW data_checksums").fetchone()
            if row != ("on",):
                self.bad.append("the server runs without checksums")
        where = ("-h", "127.0.0.1", "-p", str(self.server.port), "-U", "bank")
        checked = self.server.run("pg_amcheck", *where, "--install-missing", "--heapallindexed", DATABASE)
        if checked.returncode:
            self.bad.append(f"pg_amcheck: {(checked.stdout + checked.stderr)[-500:]}")
        self.home.close()
        self.server.stop(signal.SIGINT)
        checked = self.server.run("pg_checksums", "--check", "-D", self.server.folder / "data")
        if checked.returncode:
            self.bad.append(f"pg_checksums: {(checked.stdout + checked.stderr)[-500:]}")


@contextmanager
def without_the_check() -> Iterator[None]:
    """Let a bank open on a server that could lose money, which its start-up check refuses."""
    with patch.object(postgres, "assert_safe", lambda connection: None):
        yield


def lost_with(folder: Path, seed: int, setting: str, *, checked: bool) -> int:
    """How many acknowledged commands a crash of the whole server loses when its role has this setting."""
    settings = (*SETTINGS, "wal_writer_delay=10s", "wal_writer_flush_after=0")
    with local_postgres(settings, checksums=True) as server:
        server.database(DATABASE)
        with psycopg.connect(server.dsn, autocommit=True) as admin:
            admin.execute(f"ALTER ROLE bank SET {setting}")
        with nullcontext() if checked else without_the_check():
            load = UnderLoad(server, folder, seed)
            for _ in range(6):
                load.ask()
            everything(server)
            with closing(PostgresReader(server.database(DATABASE))) as reader:
                lost = len(list(missing(reader, load.promised)))
            with suppress(StoreError):
                load.home.close()
        return lost
