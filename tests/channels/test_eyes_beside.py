"""What runs beside the requests goes on after a fault nobody foresaw, and says so."""

from __future__ import annotations

import asyncio
import logging

import pytest
from fastapi import FastAPI

from jingwei.channels.rest import app


async def _until(done: asyncio.Event) -> None:
    await asyncio.wait_for(done.wait(), 5)


def test_a_task_that_fell_over_is_told_of_and_begun_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Payments that wait for their moment are not left lying until somebody restarts the bank."""
    monkeypatch.setattr(app, "AGAIN_S", 0.01)
    begun: list[int] = []
    closed: list[bool] = []

    async def run() -> None:
        again, ended = asyncio.Event(), asyncio.Event()

        async def work() -> None:
            begun.append(1)
            if len(begun) == 1:
                raise KeyError("a row nobody expected")
            again.set()
            try:
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(0)
                ended.set()

        async with app.beside([work], lambda: closed.append(ended.is_set()))(FastAPI()):
            await _until(again)

    with caplog.at_level(logging.ERROR):
        asyncio.run(run())
    assert len(begun) == 2
    assert closed == [True], "the task had ended before its things were closed"
    told = [record for record in caplog.records if record.name == "jingwei.rest"]
    assert len(told) == 1
    assert told[0].exc_info is not None
    assert "a row nobody expected" in str(told[0].exc_info[1])


def test_a_task_that_is_done_is_not_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a fault begins it anew."""
    monkeypatch.setattr(app, "AGAIN_S", 0.0)
    begun: list[int] = []

    async def run() -> None:
        async def work() -> None:
            begun.append(1)

        async with app.beside([work], lambda: None)(FastAPI()):
            await asyncio.sleep(0.05)

    asyncio.run(run())
    assert begun == [1]
