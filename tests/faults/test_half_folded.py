"""A log folded in two halves: when the sync of the second fails, the first is on no disk either."""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.faults.power_check import Promised, examine, rules_remembered
from tests.faults.power_disk import Disk
from tests.faults.power_story import START, Story, rehearsed
from tests.faults.power_trace import CHANGES, Op, Recording, Traced, why_not

import jingwei.stores.sqlite
from jingwei.home import open_home
from jingwei.journeys.prepared import split_at_barriers
from jingwei.kernel.clock import ManualClock
from jingwei.stores.folding import Folding

traceable = pytest.mark.skipif(bool(why_not()), reason=f"no power cut can be recorded: {why_not()}")
FOLDED = "folded"
Say = Callable[[str], None]


def in_halves(root: Path, story: Story, say: Say) -> None:
    """A bank whose log is folded while somebody reads its beginning, and again when nobody does.

    The last commands begin the log again, so that the file must hold what came before.
    """
    jingwei.stores.sqlite.CHECKPOINT_PAGES = 1_000_000
    home = open_home(root / "home", ManualClock(START))
    parts = [[command] for command in story.commands]
    half, rest = parts[: len(parts) // 2], parts[len(parts) // 2 :]
    for part in half:
        home.bank.do(part)
    reader = sqlite3.connect(root / "home" / "bank.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM records").fetchall()
    for part in rest[:-2]:
        home.bank.do(part)
    folding, connection = home.store._folding, home.store._connection  # type: ignore[attr-defined]
    folding._fold_all(connection)
    reader.close()
    say(FOLDED)
    for _ in range(2):
        folding._fold_all(connection)
    for part in rest[-2:]:
        home.bank.do(part)
    say(f"done {home.store.size()}")


def recorded(tmp_path: Path, story: Story, faults: list[str]) -> tuple[list[Op], str]:
    """What it did to its disk, and what strace saw before the second fold."""
    (disk := tmp_path / "disk").mkdir(parents=True)
    options = ["-y", "-xx", "-s", "16777216", "-e", f"trace={CHANGES}", *faults]
    with Traced(lambda say: in_halves(disk, story, say), options, tmp_path) as traced:
        assert (traced.code, traced.held) == (0, True)
        recording = Recording(disk, traced.promises)
        recording.read(traced.log)
        before = traced.log.partition("".join(f"\\x{one:02x}" for one in FOLDED.encode()))[0]
    return recording.ops, before


def with_the_file_not_synced(tmp_path: Path, story: Story) -> tuple[Path, list[Op]]:
    """A run in which the second fold's sync of the file failed: its folder, and what it did to its disk.

    Syncs are counted in a run without faults; where two runs do not sync as often, it is another that
    fails, and the run is done anew.
    """
    _, before = recorded(tmp_path / "whole", story, [])
    second = len(re.findall(r"fdatasync\(", before)) + 2  # the log is synced first, then the file
    hit: list[list[Op]] = []
    for n, which in enumerate((second, second, second - 1, second + 1)):
        folder = tmp_path / f"failing{n}"
        ops, _ = recorded(folder, story, ["-e", f"inject=fdatasync:error=EIO:when={which}"])
        hit.append([op for op in ops if op.failed])
        if [Path(op.path).name for op in hit[-1]] == ["bank.db"]:
            return folder, ops
    raise AssertionError(f"the sync of the file was never the one that failed: {hit}")


def found_after_the_cut(tmp_path: Path) -> list[str]:
    """What is wrong after power cuts behind a second fold whose sync of the file failed."""
    story = rehearsed(12)
    assert all(len(list(split_at_barriers([command]))) == 1 for command in story.commands)
    folder, ops = with_the_file_not_synced(tmp_path, story)
    disk, promised, bad = Disk(folder / "disk"), Promised(), []
    for op in ops:
        disk.apply(op)
        if op.kind == "said" and op.data.decode().startswith("done"):
            promised = promised.heard(op.data.decode())
    whole = list(range(story.founded, story.founded + len(story.commands) + 1))
    with rules_remembered():
        for n in range(10):
            disk.cut(tmp_path / str(n), random.Random(n))
            bad += examine(tmp_path / str(n) / "home", story, promised, whole)
    return bad


@traceable
def test_what_a_failed_sync_forgot_is_copied_again(tmp_path: Path) -> None:
    assert found_after_the_cut(tmp_path) == []


@traceable
def test_a_log_begun_again_after_a_failed_sync_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Folding, "_copy_all_again", lambda self: setattr(self, "_failed", False))
    assert found_after_the_cut(tmp_path) != []
