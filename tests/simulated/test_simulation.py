"""One seed is one run; runs hold; planted errors are found and cut down to a short story."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.simulated.plan import draw
from tests.simulated.planted import PLANTED, WANTED
from tests.simulated.run import simulate
from tests.simulated.shrink import shrink
from tests.soak.rows_sim import ROWS, found

ROOT = Path(__file__).parents[2]
SHORT = 60
FEW_LINES = 14


def test_what_must_hold_holds_in_every_run():
    (row,) = ROWS
    tally = row.run(13, SHORT)
    assert tally.bad == ()
    assert tally.trials == SHORT
    assert min(tally.counts["answers"], tally.counts["faults"]) > 5 * SHORT, "the runs are about nothing"
    assert 0 < tally.counts["liveness runs"] < SHORT


def test_a_seed_is_one_run_in_this_process_and_in_any_other():
    """Whatever the order of hashes is there; and the command tells the runs as they were here."""
    here = [simulate(draw(seed)) for seed in range(3)]
    assert here == [simulate(draw(seed)) for seed in range(3)]
    assert len({result.trace for result in here}) == len(here)
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    told = subprocess.run(
        [sys.executable, "-m", "tests.simulated", "--seed", "0", "--seeds", "3", "--story"],
        env={**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": paths},
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    for result in here:
        assert result.trace in told.stdout
        assert result.story in told.stdout


@pytest.mark.parametrize("plant", WANTED)
def test_a_planted_error_is_found(plant):
    assert found(plant, 13) is not None, PLANTED[plant].says


@pytest.mark.parametrize("plant", ["keys_forgotten"])
def test_a_failing_run_is_cut_down_to_a_short_story(plant):
    failing = found(plant, 13)
    assert failing is not None
    small = shrink(failing, 150)
    assert small.broken == failing.broken
    assert simulate(small.plan) == small, "what is left is a run like any other"
    lines = small.story.splitlines()
    assert len(lines) <= FEW_LINES, small.story
    assert lines[-1].startswith("# BROKEN")
    assert any(line.startswith("account ") for line in lines)


def test_a_bank_restarted_while_its_clock_was_days_behind_closes_its_days_after_all():
    assert simulate(draw(1749978028)).broken == ""
