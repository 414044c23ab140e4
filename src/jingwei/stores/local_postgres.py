"""A private PostgreSQL on this machine for tests, measurements and first tries; gone afterwards."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from jingwei.stores.store import StoreError

START_SECONDS = 60.0
STOP_SECONDS = 30.0


class LocalPostgres:
    """A running server: its address, and where its programs and data are."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs = programs
        self.folder = folder
        self.port = _free_port()
        self.password = secrets.token_hex(16)
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        """The postgresql:// address of its database."""
        return f"postgresql://bank:{self.password}@127.0.0.1:{self.port}/postgres"

    def database(self, name: str) -> str:
        """The address of the database with this name, made when it is not there yet."""
        import psycopg
        from psycopg import errors, sql

        with psycopg.connect(self.dsn, autocommit=True) as connection:
            there = connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone()
            if there is None:
                make = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
                with suppress(errors.DuplicateDatabase, errors.UniqueViolation):
                    connection.execute(make)
        return self.dsn.removesuffix("postgres") + name

    def start(self, settings: Sequence[str] = ()) -> None:
        """Start the server, each setting as name=value; returns when it takes connections."""
        options = ["listen_addresses=127.0.0.1", f"port={self.port}", "unix_socket_directories=", *settings]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self.programs / "postgres", "-D", self.folder / "data", *(f"-c{o}" for o in options)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **_as_user(),
            )
        deadline = time.monotonic() + START_SECONDS
        ready: list[str | Path] = [
            self.programs / "pg_isready",
            "-q",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
        ]
        while subprocess.run(ready, check=False).returncode:
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise StoreError(f"PostgreSQL does not start: {self._last_words()}")
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT in good order, SIGQUIT at once, as in a crash."""
        if self._server is None:
            return
        self._server.send_signal(how)
        try:
            self._server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._server = None

    @property
    def process(self) -> int:
        """The number of the server's first process, the parent of the others; 0 while it is stopped."""
        return 0 if self._server is None else self._server.pid

    def run(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as the server's user, with the password at hand."""
        return subprocess.run(
            [self.programs / program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PGPASSWORD": self.password},
            **_as_user(),
        )

    def make(self, *, checksums: bool = False) -> None:
        """Make the data folder; with `checksums` every page carries one."""
        secret = self.folder / "password"
        secret.write_text(self.password)
        secret.chmod(0o600)
        if os.getuid() == 0:
            for path in (self.folder, secret):
                shutil.chown(path, *_unprivileged())
        made = subprocess.run(
            [
                *(self.programs / "initdb", "-D", self.folder / "data", "-U", "bank", "-A", "scram-sha-256"),
                *("--pwfile", secret, "-E", "UTF8", "--locale=C", "--no-sync"),
                *(("--data-checksums",) if checksums else ()),
            ],
            capture_output=True,
            text=True,
            check=False,
            **_as_user(),
        )
        if made.returncode:
            raise StoreError(f"initdb failed: {made.stderr.strip()[-500:]}")

    def _last_words(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-500:]


def find_programs() -> Path | None:
    """The folder with PostgreSQL's programs (initdb, postgres, pgbench), or None when it is not installed."""
    initdb = shutil.which("initdb")
    places = [Path(initdb).resolve().parent] if initdb else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "postgres").exists()), None)


@contextmanager
def local_postgres(settings: Sequence[str] = (), *, checksums: bool = False) -> Iterator[LocalPostgres]:
    """Make and start a server on a free loopback port; stop it and remove its data at the end.

    Raises StoreError when PostgreSQL is not installed or does not start. Run by root, the server runs
    as user postgres or nobody, since PostgreSQL refuses to run as root.
    """
    programs = find_programs()
    if programs is None:
        raise StoreError("PostgreSQL is not installed here: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="jingwei-postgres-"))
    server = LocalPostgres(programs, folder)
    try:
        server.make(checksums=checksums)
        server.start(settings)
        yield server
    finally:
        server.stop(signal.SIGQUIT)  # its data goes, so nothing need be put in order
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> tuple[str, int]:
    """The user (and its group) the server runs as when root starts it."""
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names.get("nobody")
    if entry is None:
        raise StoreError("PostgreSQL does not run as root, and there is no user postgres or nobody here")
    return entry.pw_name, entry.pw_gid


def _as_user() -> dict[str, Any]:
    if os.getuid() != 0:
        return {"cwd": "/"}
    user, group = _unprivileged()
    return {"user": user, "group": group, "extra_groups": [], "cwd": "/"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
