"""The rows of the sign-on in their short form: nothing bad, and the planted error is seen."""

from __future__ import annotations

import pytest
from tests.soak.rows_signon import ROWS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_row(row):
    short = 3 if row.id.startswith("S7") else 1
    tally = row.run(7, short)
    assert tally.bad == () and tally.trials >= short
    assert row.control(7) is True
