"""The bank the channel tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.channels.counter import Counter, Talk

from jingwei.kernel.clock import DAY


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    """One bank for all tests that only add to it."""
    talk = Talk(Counter(tmp_path_factory.mktemp("town")))
    yield talk
    talk.close()


@pytest.fixture(autouse=True)
def _next_day(request: pytest.FixtureRequest) -> None:
    """Each test on the shared bank begins two days after the one before."""
    if "town" in request.fixturenames:
        request.getfixturevalue("town").counter.clock.at += 2 * DAY
