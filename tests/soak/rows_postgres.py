"""Row R8: PostgreSQL is killed, stopped and restarted under the bank."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.faults.postgres_kills import SETTINGS, UnderLoad, lost_with
from tests.soak.row import NotHere, Row, Tally

from jingwei.stores.local_postgres import find_programs, local_postgres


def run(seed: int, trials: int) -> Tally:
    """So many deaths of one server under one bank, then PostgreSQL's own checks."""
    if find_programs() is None:
        raise NotHere("PostgreSQL is not installed")
    scratch = tempfile.TemporaryDirectory(prefix="jingwei-soak-")
    with scratch as folder, local_postgres(SETTINGS, checksums=True) as server:
        load = UnderLoad(server, Path(folder), seed)
        for _ in range(trials):
            load.round()
        load.examine()
    return Tally(trials, tuple(load.bad), dict(load.counts))


def control(seed: int) -> bool:
    """With synchronous_commit=off, past the start-up check, a crash must lose acknowledged commands.

    Not every crash: PostgreSQL may have written by itself just before.
    """
    with tempfile.TemporaryDirectory(prefix="jingwei-soak-") as folder:
        lives = (Path(folder) / str(n) for n in range(5))
        return any(lost_with(life, seed, "synchronous_commit = off", checked=False) > 0 for life in lives)


ROWS = [
    Row(
        id="R8 PostgreSQL",
        says="SIGKILL of the bank's backend, of the postmaster, of the whole server, an immediate stop or a "
        "restart, under load; the same keys asked again; then pg_amcheck and pg_checksums.",
        target=300,
        chunk=10,
        run=run,
        control=control,
        control_says="synchronous_commit=off past the start-up check loses acknowledged commands",
    )
]
