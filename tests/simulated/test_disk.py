"""The simulated disk is held to what every engine must do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from tests.simulated.disk import Disk, Session
from tests.simulated.plan import draw
from tests.simulated.world import World
from tests.stores.conftest import books  # noqa: F401 - a fixture
from tests.stores.test_every_store import *  # noqa: F403 - each of its tests is done here on the simulated disk


@pytest.fixture(params=[False, True], ids=["at once", "pipelined"])
def opener(request: pytest.FixtureRequest) -> Callable[[], Session]:
    """Opens the same simulated disk again and again."""
    world = World(replace(draw(1), write_us=30))
    world.quiet = True
    disk = Disk()
    return lambda: Session(world, disk, "test", pipelined=request.param)


@pytest.fixture
def store(opener: Callable[[], Session]) -> Session:
    """An empty simulated disk."""
    return opener()
