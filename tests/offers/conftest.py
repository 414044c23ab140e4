"""The bank the tests of offers share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.offers.office import Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    one = Office(tmp_path / "home")
    yield one
    verdict = one.home.verify()
    assert verdict.sound, verdict.damage
    one.home.close()
