"""The power goes: whatever mixture of sectors is on the disk, no answer is lost and nothing is half there."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.faults import power_cut
from tests.faults.power_disk import PAGE, SECTOR, Disk
from tests.faults.power_trace import Op, why_not
from tests.soak.rows_power import PEACE, ROWS

ROW = {row.id: row for row in ROWS}
SHORT = {"R3 WAL+FULL": 60, "R3 after kill": 20, "R3 failed sync": 40}

traceable = pytest.mark.skipif(bool(why_not()), reason=f"no power cut can be recorded: {why_not()}")


@traceable
@pytest.mark.parametrize("name", SHORT)
def test_no_answer_is_lost(name: str) -> None:
    tally = ROW[name].run(1, SHORT[name])
    assert tally.bad == ()
    assert tally.trials == SHORT[name]


@traceable
@pytest.mark.parametrize("name", SHORT)
def test_the_planted_error_is_caught(name: str) -> None:
    assert ROW[name].control(1)


@traceable
@pytest.mark.parametrize(
    ("planted", "what"),
    [(power_cut.names_left_to_chance, "lost"), (power_cut.written_in_place, "does not open")],
)
def test_careless_file_work_is_caught(planted: Callable[[], None], what: str) -> None:
    assert power_cut.caught(planted, PEACE, 1, what)


@pytest.mark.soak
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_many_more(row) -> None:
    tally = row.run(random.randrange(2**32), row.chunk * 4)
    assert tally.bad == ()


def cut(ops: list[Op], folder: Path, name: str) -> list[set[bytes | None]]:
    """What 200 power cuts leave in the file `name`, sector by sector (None: no such file or sector)."""
    disk, found = Disk(Path("/disk")), []
    for op in ops:
        disk.apply(op)
    for n in range(200):
        disk.cut(folder / str(n), random.Random(n))
        file = folder / str(n) / name
        found.append(file.read_bytes() if file.exists() else None)
    longest = max(len(content or b"") for content in found)
    return [
        {None if content is None or len(content) <= at else content[at : at + SECTOR] for content in found}
        for at in range(0, longest, SECTOR)
    ]


OLD, NEW = b"o" * SECTOR, b"n" * SECTOR
MADE = [
    Op("create", "/disk/f"),
    Op("write", "/disk/f", 0, OLD * 2),
    Op("sync", "/disk/f"),
    Op("sync", "/disk"),
]


def test_the_disk_keeps_what_was_synced_and_nothing_else_for_sure(tmp_path):
    assert cut(MADE, tmp_path, "f") == [{OLD}, {OLD}]


def test_the_disk_tears_and_reorders_what_was_not_synced(tmp_path):
    first, second, beyond = cut([*MADE, Op("write", "/disk/f", 0, NEW * 3)], tmp_path, "f")
    assert first == second == {OLD, NEW}
    assert {None, NEW} < beyond, "its new length may be there or not, or only a part of it"


def test_a_name_is_there_for_sure_only_once_its_folder_is_synced(tmp_path):
    assert {None, OLD} == cut(MADE[:3], tmp_path, "f")[0]


def test_a_file_renamed_before_its_content_is_synced_may_be_empty(tmp_path):
    ops = [Op("create", "/disk/g"), Op("write", "/disk/g", 0, NEW), Op("rename", "/disk/g", other="/disk/f"),
           Op("sync", "/disk")]  # fmt: skip
    assert None in cut([*MADE, *ops], tmp_path, "f")[0]


def test_a_sync_that_succeeds_after_one_that_failed_proves_nothing(tmp_path):
    torn = [Op("write", "/disk/f", 0, NEW), Op("sync", "/disk/f", failed=True), Op("sync", "/disk/f")]
    assert cut([*MADE, *torn], tmp_path, "f")[0] == {OLD, NEW}
    again = [*MADE, *torn, Op("write", "/disk/f", 0, NEW), Op("sync", "/disk/f")]
    (tmp_path / "again").mkdir()
    assert cut(again, tmp_path / "again", "f")[0] == {NEW}
    assert PAGE == 8 * SECTOR
