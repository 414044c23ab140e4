"""From a command to the screen: how long until Chromium shows a customer what happened to their money.

The bank serves the pages while 200 payments a second go on, every tenth to the customer whose first
page is open. A page notes, at each event it has shown, the time since the payment was asked for. Both
clocks are this machine's.
"""

from __future__ import annotations

import asyncio
import random
import socket
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

from jingwei.channels.demo import settle
from jingwei.channels.rest.app import Alongside, create_app
from jingwei.channels.rest.wire import server
from jingwei.channels.streams.planned_work import planned
from jingwei.channels.web.app import web
from jingwei.home import Home, open_home
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.pay import Pay

RATE, SECONDS, PEOPLE = 200, 20, 500
MOST_MS = 2_000
WATCH = """() => { window.took = [];
document.addEventListener("jingwei:told", (event) => requestAnimationFrame(() =>
  window.took.push(Date.now() - event.detail.at / 1000))); }"""


def run() -> list[dict[str, Any]]:
    """The 50th and the 95th percentile of event to screen, against two seconds."""
    with tempfile.TemporaryDirectory() as folder:
        home = open_home(Path(folder) / "home")
        settle(home)
        people(home)
        took = sorted(asyncio.run(measured(home)))
        home.close()
    shares = (("p50", 0.5), ("p95", 0.95))
    return [line(name, took[int(len(took) * share)], len(took)) for name, share in shares]


def line(name: str, ms: float, events: int) -> dict[str, Any]:
    """One line of the table; less is better, so the ratio is what it may take over what it took."""
    note = f"{events} events shown in Chromium, {RATE} payments a second"
    return {
        "name": f"event to screen, {name}", "ours": ms, "baseline_name": "most it may take",
        "baseline": MOST_MS, "unit": "ms", "ratio": MOST_MS / ms, "aim": 1.0, "note": note,
    }  # fmt: skip


def people(home: Home) -> None:
    """Customers with money who pay each other."""
    now = home.clock.now()
    home.bank.do(
        [
            OpenAccount(
                key=f"bench:{n}", actor="system:core", at=now, known_at=now, customer=f"p{n}",
                account=f"p{n}", product="current_cny", opening_minor=1_000_000,
            )
            for n in range(PEOPLE)
        ]
    )  # fmt: skip


async def measured(home: Home) -> list[float]:
    """Serve, look and pay, all on one loop; milliseconds of every event shown."""
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
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{port}/sign-in")
        await page.click('button[value="customer:alice"]')
        await page.wait_for_url("**/app")
        await page.evaluate(WATCH)
        await asyncio.sleep(1)
        await pay(seen[0])
        await asyncio.sleep(2)
        took: list[float] = await page.evaluate("window.took")
        await browser.close()
    serving.should_exit = True
    await task
    front.close()
    return took


async def pay(desk: Any) -> None:
    """Payments at the rate, whatever each takes."""
    draw, number = random.Random(1), count()
    loop = asyncio.get_running_loop()
    began = loop.time()
    for n in range(RATE * SECONDS):
        await asyncio.sleep(max(0.0, began + n / RATE - loop.time()))
        payer, payee = draw.sample(range(PEOPLE), 2)
        at = desk.home.clock.now()
        command = Pay(
            key=f"bench-pay:{next(number)}", actor="system:core", at=at, known_at=at, customer=f"p{payer}",
            payer=f"p{payer}", payee="alice" if n % 10 == 0 else f"p{payee}", amount_minor=100 + n % 900,
            currency="CNY", device=f"d{payer}",
        )  # fmt: skip
        desk.joined.put(command, lambda reply: None)
