"""Hostile inputs at every door (REST, files, command line): a sample here, all of them in the long run."""

from __future__ import annotations

import httpx
import pytest
from tests.channels.answers import faults
from tests.channels.hostile import INPUTS, TEXTS
from tests.soak.rows_fuzz import ROWS

ROW = {row.id: row for row in ROWS}
SHORT = {
    "S6 hostile inputs over REST": 1_200,
    "S6 hostile values in files": 1_000,
    "S6 hostile words on the command line": 33,
}


def test_there_are_enough_hostile_inputs_and_each_is_different():
    assert len(INPUTS) >= 500
    assert len({(one.text, one.raw) for one in INPUTS}) == len(INPUTS) > len(TEXTS)


@pytest.mark.parametrize("name", SHORT)
def test_hostile_inputs_are_refused_whole_or_kept_as_sent(name: str):
    tally = ROW[name].run(1, SHORT[name])
    assert tally.bad == ()
    assert tally.trials == SHORT[name]


@pytest.mark.parametrize("name", SHORT)
def test_a_planted_error_is_found(name: str):
    assert ROW[name].control(1)


def test_a_word_that_was_kept_is_no_leak_and_a_path_with_it_is():
    def wrong(body: str) -> list[str]:
        told = httpx.Response(200, content=body.encode(), headers={"content-type": "application/json"})
        return faults(told, "", "staff:teller", "en")

    assert wrong('[{"source":"bank.db","subject":"K-1"},{"name":"tokens.json"}]') == []
    for leak in ('"/srv/bank.db: full"', '"cannot open bank.db"', '["x tokens.json"]'):
        assert wrong(leak) != [], leak
