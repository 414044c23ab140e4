"""Pages of the app and the desk: server time at the 95th percentile and bytes, beside an empty page."""

from __future__ import annotations

import asyncio
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from bench.ratio import Ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS = 60
BASELINE = "/health through the same server"
PAGES = (
    ("the app's first page", "customer:alice", "/app"),
    ("the desk's queue", "staff:reviewer", "/desk"),
)


def run(rounds: int = ROUNDS) -> list[Ratio]:
    """One line for each page: pages a second at the 95th percentile, against an answer without a page."""
    folder = Path(tempfile.mkdtemp(prefix="jingwei-bench-web-"))
    try:
        return asyncio.run(_run(folder, rounds))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _run(folder: Path, rounds: int) -> list[Ratio]:
    from jingwei.channels.demo import settle
    from jingwei.channels.rest.app import create_app
    from jingwei.channels.web.app import web
    from jingwei.home import open_home

    home = open_home(folder / "home")
    settle(home)
    front = create_app(home, None, [web(demo=True)])
    try:
        return [await _page(front, *page, rounds) for page in PAGES]
    finally:
        front.close()
        home.close()


async def _page(front: object, name: str, actor: str, path: str, rounds: int) -> Ratio:
    transport = httpx.ASGITransport(front)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://bank.test") as browser:
        await browser.post("/sign-in/demo", data={"actor": actor})
        answer = await browser.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answers {answer.status_code}")
        ours = await _times(browser, path, rounds)
        plain = await _times(browser, "/health", rounds)
    middle, slow = statistics.median(ours) * 1000, p95(ours) * 1000
    note = f"p50 {middle:.1f} ms, p95 {slow:.1f} ms, {len(answer.content):,} bytes"
    return Ratio(f"{name}, p95", 1 / p95(ours), BASELINE, 1 / p95(plain), "pages/s", None, note)


async def _times(browser: httpx.AsyncClient, path: str, rounds: int) -> list[float]:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        await browser.get(path)
        times.append(time.perf_counter() - began)
    return times


def p95(times: Sequence[float]) -> float:
    """The 95th percentile."""
    return sorted(times)[int(len(times) * 0.95)]
