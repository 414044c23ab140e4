"""Every cell of the contract of idempotency keys, on both engines."""

from __future__ import annotations

import pytest
from tests.model.idempotency import CELLS, check_cells
from tests.soak.rows_model import ROWS

from jingwei.stores.local_postgres import find_programs

KEYS = [row for row in ROWS if row.id.startswith("R7")]


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_of_the_contract_holds(name):
    assert check_cells(1, 1, "sqlite", name) == []


@pytest.mark.parametrize("row", KEYS, ids=lambda row: row.id)
def test_all_cells_hold_in_any_order(row):
    if "postgres" in row.id and find_programs() is None:
        pytest.skip("PostgreSQL is not installed")
    tally = row.run(2, len(CELLS))
    assert tally.bad == ()
    assert tally.trials == len(CELLS)


def test_a_body_not_compared_is_noticed():
    assert KEYS[0].control(1)
