"""A running bank goes on looking for imports and rounds after its shelf could not be read for once."""

from __future__ import annotations

import asyncio
import sqlite3
from types import SimpleNamespace
from typing import Any

from jingwei.channels.sources import running
from jingwei.stores.insight_rounds import Round


def test_a_shelf_that_is_full_or_locked_for_once_ends_nothing(monkeypatch: Any) -> None:
    looked = []

    def newest() -> Round:
        looked.append(len(looked))
        if len(looked) == 1:
            raise sqlite3.OperationalError("database or disk is full")
        return Round()

    monkeypatch.setattr(running, "LOOK_S", 0.001)
    monkeypatch.setattr(running, "unsealed", lambda shelf: [])
    shelf = SimpleNamespace(rounds=SimpleNamespace(newest=newest))
    desk: Any = SimpleNamespace(writing=None, home=SimpleNamespace(insight=shelf))
    app: Any = None
    (look,) = running.sealing_imports()(app, desk).tasks

    async def until_looked_again() -> None:
        task = asyncio.create_task(look())
        while len(looked) < 3 and not task.done():
            await asyncio.sleep(0.005)
        assert not task.done(), "it goes on looking"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(asyncio.wait_for(until_looked_again(), 20))
