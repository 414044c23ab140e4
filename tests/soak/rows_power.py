"""Rows of the reliability plan about the disk: power loss, crash points, errors of the disk."""

from __future__ import annotations

from functools import partial

from tests.faults import power_cut
from tests.faults.power_cut import Lives, caught, in_peace, killed_before, power_cuts, sync_failed
from tests.faults.power_errors import (
    SYNC_EIO,
    WRITE_EIO,
    WRITE_FULL,
    disk_errors,
    error_caught,
    full_disk,
    full_disk_caught,
)
from tests.faults.power_memory import memory_caps, memory_trusted
from tests.faults.power_points import crash_points, two_writes_caught
from tests.soak.row import Row

PEACE, KILLED, FAILED = Lives(in_peace), Lives(killed_before, None, 20), Lives(sync_failed, None, 40)

ROWS = [
    Row(
        id="R3 WAL+FULL",
        says="Power loss with torn and reordered sectors, from the bank's own system calls: nothing "
        "acknowledged is lost, nothing is half there, keys, anchors and features fit, and the bank goes on.",
        target=5_000,
        chunk=60,
        run=lambda seed, images: power_cuts(seed, images, PEACE),
        control=lambda seed: caught(power_cut.cut_without_wait, PEACE, seed, ": lost"),
        control_says="synchronous=NORMAL loses acknowledged money",
    ),
    Row(
        id="R3 after kill",
        says="Power loss soon after a bank that was killed in the middle of a write was opened again: "
        "what the second process confirmed is not lost either.",
        target=1_000,
        chunk=40,
        run=lambda seed, images: power_cuts(seed, images, KILLED),
        control=lambda seed: caught(power_cut.believe_the_memory, KILLED, seed, ": lost"),
        control_says="what was never synced is believed because it reads back from memory",
    ),
    Row(
        id="R3 failed sync",
        says="Power loss after a sync failed and the system forgot what it should have written: what was "
        "confirmed afterwards is not lost.",
        target=1_000,
        chunk=80,
        run=lambda seed, images: power_cuts(seed, images, FAILED),
        control=lambda seed: caught(power_cut.going_on_without_sync, FAILED, seed, ""),
        control_says="after a failed sync the store goes on without syncs",
    ),
    Row(
        id="R2 crash points",
        says="Every write and every sync of every money operation, of founding, opening, signing and closing "
        "a bank, is a moment to be killed: what was answered is there, the rest whole or not at all.",
        target=1_000,
        chunk=60,
        walks=True,
        run=crash_points,
        control=two_writes_caught,
        control_says="the money is committed first and its record in a second transaction",
    ),
    *(
        Row(
            id=f"R4 {name}",
            says=f"{what}: refused in words within a second, readiness red while it lasts and green again by "
            "itself, nothing half done, and the same key pays once.",
            target=500,
            chunk=50,
            run=partial(disk_errors, fault),
            control=partial(error_caught, fault),
            control_says="a batch the disk refused is answered as if it were written",
        )
        for name, what, fault in (
            ("EIO on write", "A write of the books fails", WRITE_EIO),
            ("ENOSPC on write", "A write of the books finds no room", WRITE_FULL),
            ("EIO on sync", "A sync of the books fails", SYNC_EIO),
        )
    ),
    Row(
        id="R4 disk full",
        says="The disk fills up under the bank and is emptied again, over and over: refused in words, "
        "readiness red and green by itself, snapshots and signed heads made up for, and a key pays once.",
        target=500,
        chunk=50,
        run=full_disk,
        control=full_disk_caught,
        control_says="the readiness check looks at nothing but the process",
    ),
    Row(
        id="R4 memory",
        says="Next to no memory is left while a batch is done: done or refused in words, nothing half done, "
        "and the bank goes on when there is memory again.",
        target=2_500,
        chunk=96,
        run=memory_caps,
        control=lambda seed: bool(memory_caps(seed, 96, memory_trusted).bad),
        control_says="after running out of memory the bank believes what it had in its hands",
    ),
]
