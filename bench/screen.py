"""From a decision's commit to the screen: how long until Chromium shows it, while a made-up city lives.

The bank serves its pages while 200 events a second of the made-up city (simulated) are asked of it, and five
deposits a second to a customer whose first page is open. A reviewer's list of decisions is open too. Each
page notes when what it was told has been drawn; the bank notes when the reply said that it was durable.
Both clocks are this machine's.
"""

from __future__ import annotations

import asyncio
import socket
import tempfile
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from jingwei.channels.demo import settle
from jingwei.channels.demo_life import lead_lives
from jingwei.channels.rest.app import Alongside, create_app
from jingwei.channels.rest.wire import server
from jingwei.channels.streams.planned_work import planned
from jingwei.channels.web.app import web
from jingwei.home import Home, open_home
from jingwei.journeys.deposit import Deposit
from jingwei.simulation.city.feed import Feed
from jingwei.simulation.city.town import Plan, settle_past

RATE, SECONDS, PEOPLE, PAST_DAYS = 200, 20, 800, 1
TICKS = 10
"""The events of a second come in so many parts."""

DEPOSITS = 5
MOST_MS = 2_000
LATER = 2**62
CUSTOMER = """() => { window.took = [];
document.addEventListener("jingwei:told", (event) => requestAnimationFrame(() =>
  window.took.push([String(event.detail.at), Date.now()]))); }"""
DESK = """() => { window.took = [];
new MutationObserver((found) => { const rows = found.flatMap((one) => [...one.addedNodes]);
  requestAnimationFrame(() => { for (const row of rows)
    window.took.push([row.querySelector("a").textContent, Date.now()]); });
}).observe(document.querySelector("#decisions tbody"), { childList: true }); }"""


class Shown(NamedTuple):
    """Milliseconds from commit to screen, sorted: on the desk's list, and on a customer's first page."""

    desk: list[float]
    customer: list[float]
    rate: float


CHROMIUM = Path("/usr/bin/chromium")


def run() -> list[dict[str, Any]]:
    """The 50th and the 95th percentile on both pages, against two seconds. Raises FileNotFoundError."""
    if not CHROMIUM.exists():
        raise FileNotFoundError(f"there is no {CHROMIUM}; install Debian's package chromium to measure this")
    with tempfile.TemporaryDirectory() as folder:
        home = open_home(Path(folder) / "home")
        lead_lives(home)
        settle(home)
        now = home.clock.now()
        feed = settle_past(home.bank, Plan(7, PEOPLE, PAST_DAYS, 30, now, 1, now, now))
        shown = asyncio.run(measured(home, feed))
        home.close()
    pages = (("desk's live list", shown.desk), ("customer's first page", shown.customer))
    shares = (("p50", 0.5), ("p95", 0.95))
    rate = shown.rate
    return [line(f"{page}, {name}", took, share, rate) for page, took in pages for name, share in shares]


def line(name: str, took: list[float], share: float, rate: float) -> dict[str, Any]:
    """One line of the table; less is better, so the ratio is what it may take over what it took."""
    ms = max(took[int(len(took) * share)], 1.0)
    note = f"{len(took)} events shown in Chromium while a city has {rate:.0f} events a second"
    return {
        "name": f"commit to screen, {name}", "ours": ms, "baseline_name": "most it may take",
        "baseline": MOST_MS, "unit": "ms", "ratio": MOST_MS / ms, "aim": 1.0, "note": note,
    }  # fmt: skip


async def measured(home: Home, feed: Feed) -> Shown:
    """Serve, look and live, all on one loop."""
    from playwright.async_api import async_playwright

    seen: list[Any] = []

    def see(_: Any, desk: Any) -> Alongside:
        seen.append(desk)
        return Alongside(lambda: None)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    front = create_app(home, None, [web(demo=True), planned(), see])
    serving = server(front, "127.0.0.1", port)
    task = asyncio.create_task(serving.serve())
    while not serving.started:
        await asyncio.sleep(0.01)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        url = f"http://127.0.0.1:{port}"
        desk = await opened(browser, url, ("staff:reviewer", "/desk/decisions", DESK))
        phone = await opened(browser, url, ("customer:alice", "/app", CUSTOMER))
        await asyncio.sleep(1)
        commits, rate = await live(seen[0], feed)
        await asyncio.sleep(3)
        told = [between(commits, await page.evaluate("window.took")) for page in (desk, phone)]
        await browser.close()
    serving.should_exit = True
    await task
    front.close()
    return Shown(*told, rate)


async def opened(browser: Any, url: str, asked: tuple[str, str, str]) -> Any:
    """A page of somebody signed in, with what notes its news."""
    actor, path, watch = asked
    page = await (await browser.new_context()).new_page()
    await page.goto(f"{url}/sign-in")
    await page.click(f'button[value="{actor}"]')
    await page.wait_for_load_state()
    await page.goto(url + path)
    await page.evaluate(watch)
    return page


def between(commits: dict[str, int], took: list[tuple[str, int]]) -> list[float]:
    """Milliseconds from commit to screen of what was shown, sorted."""
    return sorted(shown - commits[name] / 1000 for name, shown in took if name in commits)


def taken(feed: Feed, most: int) -> list[Any]:
    """The city's next commands."""
    found: list[Any] = []
    while len(found) < most and (batch := next(feed.until(LATER, most - len(found)), [])):
        found += batch
    return found


async def live(desk: Any, feed: Feed) -> tuple[dict[str, int], float]:
    """The city's own events at the rate, and deposits to alice; when each was durable, and the rate kept."""
    commits: dict[str, int] = {}
    number, done = count(), 0
    loop = asyncio.get_running_loop()
    began = loop.time()
    clock = desk.home.clock

    def put(command: Any) -> None:
        def durable(reply: Any) -> None:
            at = clock.now()
            commits[reply.answer.id] = commits[str(command.at)] = at

        desk.joined.put(command, durable)

    for tick in range(SECONDS * TICKS):
        await asyncio.sleep(max(0.0, began + tick / TICKS - loop.time()))
        for one in taken(feed, (tick + 1) * RATE // TICKS - done):
            at = clock.now()
            put(replace(one, at=at, known_at=at))
            done += 1
        if tick % (TICKS // DEPOSITS) == 0:
            at = clock.now()
            money = {"amount_minor": 100 + tick, "currency": "CNY", "source": "clearing"}
            stamp = {"key": f"screen:{next(number)}", "actor": "system:core", "at": at, "known_at": at}
            put(Deposit(account="alice", **money, **stamp))
    return commits, done / (loop.time() - began)
