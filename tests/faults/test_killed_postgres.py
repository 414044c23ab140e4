"""PostgreSQL dies under the bank: nothing promised is lost; run unsafely, it loses what was promised."""

from __future__ import annotations

import pytest
from tests.faults.postgres_kills import lost_with
from tests.soak.rows_postgres import ROWS

from jingwei.stores.local_postgres import find_programs

ROW = ROWS[0]
pytestmark = pytest.mark.skipif(find_programs() is None, reason="PostgreSQL is not installed")


def test_nothing_promised_is_lost_when_the_server_dies():
    tally = ROW.run(5, 1)
    assert tally.bad == ()
    assert tally.trials == 1
    assert tally.counts["acknowledged"] > 0


def test_without_synchronous_commit_a_crash_loses_promised_money():
    assert ROW.control(1)


@pytest.mark.soak
@pytest.mark.parametrize("level", ["on", "remote_apply"])
def test_the_same_crash_loses_nothing_at_a_level_the_bank_accepts(tmp_path, level):
    assert lost_with(tmp_path, 1, f"synchronous_commit = {level}", checked=True) == 0
