"""Hostile inputs in the fields of every operation: a sample here, all of them in the long run."""

from __future__ import annotations

from tests.channels.hostile import INPUTS, TEXTS
from tests.soak.rows_fuzz import ROWS

SHORT = 1_500
ROW = next(row for row in ROWS if row.id == "S6 hostile inputs over REST")


def test_there_are_enough_hostile_inputs_and_each_is_different():
    assert len(INPUTS) >= 500
    assert len({(one.text, one.raw) for one in INPUTS}) == len(INPUTS) > len(TEXTS)


def test_hostile_inputs_are_refused_whole_or_kept_as_sent():
    tally = ROW.run(1, SHORT)
    assert tally.bad == ()
    assert tally.trials == SHORT == tally.counts["accepted"] + tally.counts["refused"]


def test_a_refusal_that_writes_is_found():
    assert ROW.control(1)
