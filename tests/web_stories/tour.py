"""Draws the pictures of docs/tour.md: opens a demo bank with its city, signs in and walks through ten pages.

    python -m tests.web_stories.tour [--out docs/tour] [--all FOLDER] [--people 800] [--only home,elder]

The bank is the one that `jingwei serve` opens; everything is reached as a person reaches it. Each page is
drawn at 390 and 1280 px in both languages; those of KEPT go into --out, all of them into --all.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.web_stories.conftest import CHROMIUM

ROOT = Path(__file__).parents[2]
PHONE, DESK = (390, 844), (1280, 800)
TALLEST = {390: 1_180, 1280: 1_000}
"""A picture shows the page from its top, so far at most."""

MOST_BYTES = 150_000
OPENS_S = 300
LIVES_S = 20
"""How long the city lives before anybody looks."""


class Stop(NamedTuple):
    """One page of the tour: whose it is, how it is reached, in large print or not."""

    name: str
    who: str
    reach: Callable[[Any, str], None]
    elder: bool = False

    @property
    def width(self) -> int:
        """The width whose picture the tour keeps."""
        return DESK[0] if self.who.startswith("staff:") else PHONE[0]


def at(address: str) -> Callable[[Any, str], None]:
    """Goes to an address."""

    def reach(page: Any, url: str) -> None:
        page.goto(url + address)

    return reach


def paid(address: str, steps: int) -> Callable[[Any, str], None]:
    """Fills in a payment by its address and presses on so many times."""

    def reach(page: Any, url: str) -> None:
        page.goto(url + address)
        for _ in range(steps):
            with page.expect_navigation():
                page.click("main .go button")

    return reach


def refused(page: Any, url: str) -> None:
    """A payment the bank refuses, and why."""
    paid("/app/pay?to=mallory&name=Mallory&amount=260000", 2)(page, url)
    number = page.url.rsplit("/", 1)[1].partition("?")[0]
    page.goto(f"{url}/app/decision/{number}")


def case(page: Any, url: str) -> None:
    """The largest payment that waits for a person."""
    page.goto(f"{url}/desk?sort=amount")
    page.goto(url + page.get_attribute("tr[data-row] a[href^='/desk/cases/'] >> nth=0", "href"))


def backtest(page: Any, url: str) -> None:
    """A stricter rule, tried on the bank's whole history."""
    page.goto(f"{url}/desk/rules/outgoing_transfer/edit")
    page.fill("#text", re.sub(r"500_000", "20_000", page.input_value("#text")))
    page.click("button[value=backtest]")
    page.wait_for_selector("text=/came out exactly as recorded|与记录完全一致/", timeout=120_000)


def decisions(page: Any, url: str) -> None:
    """Decisions as they are made."""
    page.goto(f"{url}/desk/decisions")
    page.wait_for_timeout(4_000)


TOUR = (
    Stop("home", "customer:alice", at("/app")),
    Stop("check", "customer:alice", paid("/app/pay?to=page_one&amount=88", 1)),
    Stop("stop", "customer:alice", paid("/app/pay?to=carol&name=Carol&amount=6000", 2)),
    Stop("refused", "customer:alice", refused),
    Stop("my-data", "customer:alice", at("/app/consents")),
    Stop("elder", "customer:grace", at("/app"), elder=True),
    Stop("queue", "staff:reviewer", at("/desk")),
    Stop("case", "staff:reviewer", case),
    Stop("backtest", "staff:model_owner", backtest),
    Stop("board", "staff:auditor", at("/desk/board")),
)
KEPT = {(stop.name, lang, stop.width) for stop in TOUR for lang in ("en", "zh")}


@contextmanager
def served(people: int) -> Iterator[str]:
    """The address of a demo bank with a city, opened for this."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "jingwei", "--home", str(Path(folder) / "home"), "serve"]
        asked = [*command, "--port", str(port), "--people", str(people)]
        bank = subprocess.Popen(asked, cwd=ROOT, env=os.environ | {"JINGWEI_ORIGIN": url})
        try:
            wait_for(url, bank)
            yield url
        finally:
            bank.send_signal(signal.SIGINT)
            bank.wait(60)


def wait_for(url: str, bank: subprocess.Popen[bytes]) -> None:
    """Wait until the bank answers. Raises RuntimeError when it ends or takes too long."""
    began = time.perf_counter()
    while bank.poll() is None and time.perf_counter() - began < OPENS_S:
        try:
            with urllib.request.urlopen(f"{url}/ready", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError("the bank did not open")


def wait_for_city(url: str) -> None:
    """Wait until the made-up city has moved in; a bank without one says so at once."""
    began = time.perf_counter()
    while time.perf_counter() - began < OPENS_S:
        with urllib.request.urlopen(f"{url}/writing", timeout=5) as answer:
            if json.load(answer)["done"]:
                return
        time.sleep(1.0)
    raise RuntimeError("the city did not move in")


def drawn(browser: Any, url: str, stop: Stop, lang: str, size: tuple[int, int]) -> bytes:
    """The picture of one page: reached at its own width, then drawn at this one."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme="light")
    cookies = {"lang": lang, "theme": "light", "elder": "1" if stop.elder else "0"}
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    context.request.post(f"{url}/sign-in/demo", form={"actor": stop.who}, max_redirects=0)
    page = context.new_page()
    stop.reach(page, url)
    page.wait_for_timeout(600)
    tall = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST[size[0]])
    page.set_viewport_size({"width": size[0], "height": max(tall, size[1])})
    picture: bytes = page.screenshot(animations="disabled")
    context.close()
    return small(picture)


def small(picture: bytes) -> bytes:
    """The picture with at most 128 colours: a page has no more, and it is a third of the size."""
    from PIL import Image

    with Image.open(io.BytesIO(picture)) as image:
        few = image.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    kept = io.BytesIO()
    few.save(kept, "PNG", optimize=True)
    if len(kept.getvalue()) > MOST_BYTES:
        raise RuntimeError(f"a picture of {len(kept.getvalue()):,} bytes is more than {MOST_BYTES:,}")
    return kept.getvalue()


def main() -> int:
    """Walk the tour; return the exit code."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(prog="python -m tests.web_stories.tour", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "tour")
    parser.add_argument("--all", type=Path, help="also keep every picture of every page here")
    parser.add_argument("--only", default="", help="only these pages, such as home,elder")
    parser.add_argument("--people", type=int, default=800, help="made-up people of the city")
    asked = parser.parse_args()
    for folder in filter(None, (asked.out, asked.all)):
        folder.mkdir(parents=True, exist_ok=True)
    with served(asked.people) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        wait_for_city(url)
        time.sleep(LIVES_S)
        for stop in (one for one in TOUR if not asked.only or one.name in asked.only.split(",")):
            for lang, size in ((lang, size) for size in (PHONE, DESK) for lang in ("en", "zh")):
                if not asked.all and (stop.name, lang, size[0]) not in KEPT:
                    continue
                picture = drawn(browser, url, stop, lang, size)
                name = f"{stop.name}-{lang}.png"
                if (stop.name, lang, size[0]) in KEPT:
                    (asked.out / name).write_bytes(picture)
                if asked.all:
                    (asked.all / f"{size[0]}-{name}").write_bytes(picture)
                print(f"{stop.name} {lang} {size[0]} px: {len(picture):,} bytes", flush=True)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
