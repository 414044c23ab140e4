"""Every page of the app and the desk: server time at the 95th percentile and bytes, in a demo with a city.

The pages are found as people find them: by links from the first page, as one person of each role. Each is
asked for ROUNDS times, without a browser and without a network; processor time is told beside the
time by the clock, which on a busy machine is longer.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import statistics
import tempfile
import time
from collections import Counter
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx

from bench.ratio import Ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jingwei.home import Home

ROUNDS, WARM = 60, 2
MOST_MS = 100.0
WORST = 5
BASELINE = "/health through the same server"
PEOPLE, PAST_DAYS = 800, 2
FIRST = {"customer": "/app", "staff": "/desk"}
WHO = (
    "customer:alice", "customer:bob", "customer:carol", "customer:grace", "staff:senior",
    "staff:customer_manager", "staff:model_owner", "staff:auditor", "staff:teller",
)  # fmt: skip
HREF = re.compile(r'<a[^>]* href="([^"]+)"')
PART = re.compile(r"/(?:[A-Z]\d{6,}|p\d{6}|[0-9a-f]{16,}[\w-]*|\w+~\w+)")
NOT_PAGES = re.compile(
    r"\.\w+$|/(file|proof|stream|live|events)$|^/(docs|v1|look|static|health|ready|metrics)"
)


class Timed(NamedTuple):
    """One page: whose, its address, its times and processor times in milliseconds, its bytes."""

    who: str
    address: str
    times: list[float]
    busy: list[float]
    bytes: int


def run(rounds: int = ROUNDS) -> list[Any]:
    """The first pages against an answer without a page; then the slowest pages against MOST_MS."""
    folder = Path(tempfile.mkdtemp(prefix="jingwei-bench-web-"))
    try:
        return asyncio.run(_run(folder, rounds))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _run(folder: Path, rounds: int) -> list[Any]:
    from jingwei.channels.rest.app import create_app
    from jingwei.channels.web.app import web

    home = lived(folder / "home")
    front = create_app(home, None, [web(demo=True)])
    try:
        pages: dict[str, Timed] = {}
        for who in WHO:
            await walk(front, who, rounds, pages)
        plain, _ = await timed(client(front), "/health", rounds)
    finally:
        front.close()
        home.close()
    return [*firsts(pages, plain), *slowest(list(pages.values()))]


def lived(path: Path) -> Home:
    """A demo bank whose people have a past, with a made-up city (simulated) beside them."""
    from jingwei.channels.compiling import warm
    from jingwei.channels.demo import settle
    from jingwei.channels.demo_knowing import live_a_little
    from jingwei.channels.demo_life import lead_lives
    from jingwei.home import open_home
    from jingwei.simulation.city.town import Plan, settle_past

    home = open_home(path)
    lead_lives(home)
    settle(home)
    live_a_little(home)
    now = home.clock.now()
    settle_past(home.bank, Plan(7, PEOPLE, PAST_DAYS, 30, now, 1, now, now))
    warm(home)
    home.bank.warm()
    return home


def client(front: object) -> httpx.AsyncClient:
    """A visitor."""
    transport = httpx.ASGITransport(front)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://bank.test", timeout=60)


async def walk(front: object, who: str, rounds: int, pages: dict[str, Timed]) -> None:
    """Time every page this person reaches that nobody before reached."""
    async with client(front) as browser:
        await browser.post("/sign-in/demo", data={"actor": who})
        todo, kinds = [FIRST[who.partition(":")[0]]], Counter[str]()
        while todo:
            address = todo.pop(0)
            kind = PART.sub("/#", urlsplit(address).path)
            if kinds[kind] or NOT_PAGES.search(urlsplit(address).path):
                continue
            kinds[kind] += 1
            answer = await browser.get(address)
            if answer.status_code != 200 or "text/html" not in answer.headers.get("content-type", ""):
                continue
            todo += [one for one in links(answer.text, address) if one.startswith("/")]
            if kind not in pages:
                await timed(browser, address, WARM)
                took = await timed(browser, address, rounds)
                pages[kind] = Timed(who, kind, *took, len(answer.content))


def links(page: str, here: str) -> list[str]:
    """Where a page leads to."""
    return [urljoin(here, unescape(one).partition("#")[0]) for one in HREF.findall(page)]


async def timed(browser: httpx.AsyncClient, path: str, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each answer, by the clock and of the processor."""
    times, busy = [], []
    for _ in range(rounds):
        began, used = time.perf_counter(), time.process_time()
        await browser.get(path)
        times.append((time.perf_counter() - began) * 1000)
        busy.append((time.process_time() - used) * 1000)
    return times, busy


def firsts(pages: dict[str, Timed], plain: Sequence[float]) -> list[Ratio]:
    """The app's first page and the desk's, as ratios."""
    told = []
    for name, address in (("the app's first page", "/app"), ("the desk's queue", "/desk")):
        one = pages[address]
        note = f"p50 {statistics.median(one.times):.1f} ms, p95 {p95(one.times):.1f} ms, {one.bytes:,} bytes"
        ours, baseline = 1000 / p95(one.times), 1000 / p95(plain)
        told.append(Ratio(f"{name}, p95", ours, BASELINE, baseline, "pages/s", None, note))
    return told


def slowest(pages: list[Timed]) -> list[dict[str, Any]]:
    """The slowest pages; less is better, so the ratio is what a page may take over what it took."""
    ranked = sorted(pages, key=lambda one: -p95(one.times))
    over = sum(p95(one.times) >= MOST_MS for one in pages)
    busy_over = sum(p95(one.busy) >= MOST_MS for one in pages)
    all_ = f"of {len(pages)} pages {over} over {MOST_MS:.0f} ms, {busy_over} by processor time"
    told = []
    for one in ranked[:WORST]:
        ms = p95(one.times)
        middle, busy = statistics.median(one.times), p95(one.busy)
        note = f"p50 {middle:.0f} ms, processor p95 {busy:.0f} ms, {one.bytes:,} bytes, as {one.who}"
        told.append(
            {
                "name": f"{one.address}, p95", "ours": ms, "baseline_name": "most it may take",
                "baseline": MOST_MS, "unit": "ms", "ratio": MOST_MS / ms, "aim": 1.0,
                "note": f"{note}; {all_}",
            }  # fmt: skip
        )
    return told


def p95(times: Sequence[float]) -> float:
    """The 95th percentile."""
    return sorted(times)[int(len(times) * 0.95)]
