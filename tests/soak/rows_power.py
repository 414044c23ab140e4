"""Rows of the reliability plan about the disk: power loss, crash points, errors of the disk."""

from __future__ import annotations

from tests.faults import power_cut
from tests.faults.power_cut import Lives, caught, in_peace, killed_before, power_cuts, sync_failed
from tests.faults.power_points import crash_points, two_writes_caught
from tests.soak.row import Row

PEACE, KILLED, FAILED = Lives(in_peace), Lives(killed_before, None, 20), Lives(sync_failed, None, 40)

ROWS = [
    Row(
        id="R3 WAL+FULL",
        says="Power loss with torn and reordered sectors, from the bank's own system calls: nothing "
        "acknowledged is lost, nothing is half there, keys, anchors and features fit, and the bank goes on.",
        target=5_000,
        chunk=250,
        run=lambda seed, images: power_cuts(seed, images, PEACE),
        control=lambda seed: caught(power_cut.cut_without_wait, PEACE, seed, ": lost"),
        control_says="synchronous=NORMAL loses acknowledged money",
    ),
    Row(
        id="R3 after kill",
        says="Power loss soon after a bank that was killed in the middle of a write was opened again: "
        "what the second process confirmed is not lost either.",
        target=1_000,
        chunk=100,
        run=lambda seed, images: power_cuts(seed, images, KILLED),
        control=lambda seed: caught(power_cut.believe_the_memory, KILLED, seed, ": lost"),
        control_says="what was never synced is believed because it reads back from memory",
    ),
    Row(
        id="R3 failed sync",
        says="Power loss after a sync failed and the system forgot what it should have written: what was "
        "confirmed afterwards is not lost.",
        target=1_000,
        chunk=120,
        run=lambda seed, images: power_cuts(seed, images, FAILED),
        control=lambda seed: caught(power_cut.going_on_without_sync, FAILED, seed, ""),
        control_says="after a failed sync the store goes on without syncs",
    ),
    Row(
        id="R2 crash points",
        says="Every write and every sync of every money operation, of founding, opening, signing and closing "
        "a bank, is a moment to be killed: what was answered is there, the rest whole or not at all.",
        target=1_000,
        chunk=1_000,
        run=crash_points,
        control=two_writes_caught,
        control_says="the money is committed first and its record in a second transaction",
    ),
]
