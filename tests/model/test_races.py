"""What only one can have goes to exactly one, whoever asks at the same time."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.model.races import one_winner
from tests.soak.rows_model import ROWS, opened_without_lock

from jingwei.stores.local_postgres import find_programs
from jingwei.stores.opening import open_store
from jingwei.stores.store import StoreError

RACES = [row for row in ROWS if row.id.startswith("R6")]


@pytest.mark.parametrize("row", RACES, ids=lambda row: row.id)
def test_exactly_one_wins(row):
    if "postgres" in row.id and find_programs() is None:
        pytest.skip("PostgreSQL is not installed")
    tally = row.run(1, 6)
    assert tally.bad == ()
    assert tally.trials == 6


@pytest.mark.parametrize(
    "row", [RACES[0], RACES[-1], next(row for row in RACES if "consent" in row.id)], ids=lambda row: row.id
)
def test_a_race_won_by_several_is_noticed(row):
    assert row.control(1)


def test_a_lock_not_taken_is_noticed():
    assert opened_without_lock()


def test_the_judge_wants_one_winner_and_clear_answers():
    assert one_winner([True, False], ["balance_too_low"], {"balance_too_low"}) == ""
    assert "0 of 2" in one_winner([False, False], ["balance_too_low"] * 2, {"balance_too_low"})
    assert "2 of 2" in one_winner([True, True], [], set())
    assert "bug" in one_winner([True, False], ["bug"], {"balance_too_low"})


def test_a_second_process_is_refused_until_the_first_has_ended(tmp_path):
    place = str(tmp_path / "bank.db")
    asks = "import sys; from jingwei.stores.opening import open_store; open_store(sys.argv[1]).close()"
    first = open_store(place)
    second = subprocess.run(
        [sys.executable, "-c", asks, place], capture_output=True, text=True, check=False, timeout=60
    )
    assert second.returncode != 0
    assert f"the bank at {place} is open for writing already; stop that process" in second.stderr
    with pytest.raises(StoreError, match="open for writing already"):
        open_store(place)
    first.close()
    subprocess.run([sys.executable, "-c", asks, place], check=True, timeout=60)
