"""The process is killed at each of its writes and syncs: answered means there, else whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.faults.power_points import Operation, Point, killed_at, operations, points_of, stages
from tests.faults.power_trace import why_not
from tests.soak.rows_power import ROWS

ROW = next(row for row in ROWS if row.id == "R2 crash points")
SAMPLE = 40

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no process can be killed at a call: {why_not()}")


@pytest.fixture(scope="module", autouse=True)
def stages_removed() -> Iterator[None]:
    yield
    stages().close()
    stages.cache_clear()


def test_a_kill_at_any_call_leaves_a_whole_bank() -> None:
    tally = ROW.run(1, SAMPLE)
    assert tally.bad == ()
    assert tally.trials == SAMPLE


def test_the_planted_error_is_caught() -> None:
    assert ROW.control(1)


def test_every_journey_that_moves_money_is_enumerated() -> None:
    """At least a write of the log, its sync and the promise itself."""
    for operation in operations(stages().story)[:-1]:
        calls = [point.call for point in points_of(operation)]
        assert calls.count("pwrite64") >= 2, operation
        assert "fdatasync" in calls or "fsync" in calls, operation
    assert len(operations(stages().story)) > 30


def test_a_kill_that_does_not_happen_is_no_trial() -> None:
    first: Operation = operations(stages().story)[0]
    assert killed_at(Point(first, "fdatasync", 99)) == ["the process was not killed (it ended with code 0)"]


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_every_point() -> None:
    tally = ROW.run(1, ROW.target)
    assert tally.bad == ()
    assert tally.trials >= ROW.target
