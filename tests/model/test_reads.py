"""No read leaves a row out or tells it twice, whatever is written between two pages."""

from __future__ import annotations

import pytest
from tests.soak.rows_model import ROWS

from jingwei.stores.local_postgres import find_programs

READS = [row for row in ROWS if row.id.startswith("R17")]


@pytest.mark.parametrize("row", READS, ids=lambda row: row.id)
def test_reads_give_what_the_reference_has(row):
    if "postgres" in row.id and find_programs() is None:
        pytest.skip("PostgreSQL is not installed")
    trials = 1_500 if "sqlite" in row.id else 500
    tally = row.run(1, trials)
    assert tally.bad == ()
    assert tally.trials >= trials


def test_paging_wrong_by_one_is_noticed():
    assert READS[0].control(1)
