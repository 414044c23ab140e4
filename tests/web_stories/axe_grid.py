"""Every page in every look, in Chromium: axe, sideways scroll, the figures for elders, errors of scripts.

    python -m tests.web_stories.axe_grid [--json FILE] [--only TEXT] [--look LOOKS] [--draw N] [--workers N]

Looks are language, size, light and width. Each worker has a bank, a browser and its share of the looks, and
writes down every page as it is done beside FILE: a run that was stopped goes on there, as long as no page
has changed since (`--anew` starts over). Exit code 1 when anything was found. `--docs` writes docs/looks.md.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import Error
from tests.web_stories.conftest import CHROMIUM
from tests.web_stories.grid_bank import GridBank
from tests.web_stories.grid_pages import View, views
from tests.web_stories.grid_told import Done, count, paper, stamp

LANGUAGES, SIZES, LIGHTS, WIDTHS = ("zh", "en"), ("0", "1"), ("light", "dark"), (320, 768, 1280)
LOOKS = tuple(product(LANGUAGES, SIZES, LIGHTS))
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
TRIES = 3
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
NOT_BY_WIDTH = ["color-contrast", "link-in-text-block"]
"""Rules about colours, which no width changes: on a very long page they are looked at in one width only."""

LONG = 5_000
"""Elements of a very long page. Colours take axe a minute there."""

ONE_SIZE = ("/", "/docs")
"""Pages that know no large print: looked at in each language and light, at each width."""

ELDER = {"text": 18, "line": 1.3, "contrast": 4.5, "contrastLarge": 3, "touch": 60, "paragraph": 1.3}
NORMAL = {"text": 12, "line": 1.2, "contrast": 4.5, "contrastLarge": 3, "touch": 44, "paragraph": 0}
MEASURE = (Path(__file__).parent / "elder.js").read_text("utf-8")
RUN = """asked => axe.run(document, {runOnly: {type: "tag", values: asked.tags}, resultTypes: ["violations"],
  preload: false, rules: Object.fromEntries(asked.not.map(one => [one, {enabled: false}]))}).then(found =>
  found.violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 160)}`)))"""
OPEN_ALL = """(document.querySelectorAll('main details').forEach(one => { one.open = true }),
  document.querySelectorAll('*').length)"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
ROOT = Path(__file__).parents[2]


class Grid:
    """The bank, the browser and what was found."""

    def __init__(self, bank: GridBank, browser: Any) -> None:
        from axe_playwright_python.base import AXE_SCRIPT

        self.bank, self.browser, self._axe = bank, browser, AXE_SCRIPT
        self.found: list[dict[str, Any]] = []
        self.looked = 0
        self._kept: dict[str, Any] = {}

    def context(self, actor: str, look: tuple[str, str, str]) -> Any:
        """A browser of this person in this look, signed in."""
        lang, elder, light = look
        chosen = {"lang": lang, "elder": elder, "theme": light}
        seen = {"viewport": {"width": 1280, "height": 900}, "color_scheme": light, "locale": LOCALES[lang]}
        context = self.browser.new_context(**seen)
        context.set_default_timeout(30_000)
        context.add_cookies([{"name": n, "value": v, "url": self.bank.url} for n, v in chosen.items()])
        if actor and actor not in self._kept:
            told = context.request.post(
                f"{self.bank.url}/sign-in/demo", form={"actor": actor}, max_redirects=0
            )
            assert told.status == 303, (actor, told.status)
            self._kept[actor] = [one for one in context.cookies() if one["name"] not in chosen]
            context.add_cookies([{"name": n, "value": v, "url": self.bank.url} for n, v in chosen.items()])
        elif actor:
            context.add_cookies(self._kept[actor])
        return context

    def look_at(self, page: Any, view: View, look: tuple[str, str, str], widths: Sequence[int]) -> None:
        """One page in one look, at these widths."""
        said: list[str] = []
        note = lambda message: said.append(message.text) if message.type == "error" else None  # noqa: E731
        fell = lambda error: said.append(str(error))  # noqa: E731
        page.on("console", note)
        page.on("pageerror", fell)
        page.set_viewport_size({"width": widths[0], "height": 900})
        try:
            for again in range(TRIES):
                found, looked = len(self.found), self.looked
                try:
                    self._reached(page, view, look, widths)
                    break
                except Error as wrong:  # a page that leaves by itself, of work under way, is opened again
                    del self.found[found:]
                    self.looked = looked
                    page.goto("about:blank")
                    page.wait_for_timeout(1_000)
                    if again == TRIES - 1:
                        said.append(f"not opened: {wrong.message.splitlines()[0]}")
        finally:
            page.remove_listener("console", note)
            page.remove_listener("pageerror", fell)
        self._note("script", view, (*look, 0), [one for one in said if "status of 4" not in one])

    def _reached(self, page: Any, view: View, look: tuple[str, str, str], widths: Sequence[int]) -> None:
        view.reach(page, self.bank)
        long = page.evaluate(OPEN_ALL) > LONG
        page.evaluate(self._axe)
        for width in widths:
            page.set_viewport_size({"width": width, "height": 900})
            again = long and width != widths[0]
            self._measure(page, view, (*look, width), NOT_BY_WIDTH if again else [])

    def _measure(self, page: Any, view: View, look: tuple[str, str, str, int], but: list[str]) -> None:
        self.looked += 1
        self._note("axe", view, look, page.evaluate(RUN, {"tags": RULES, "not": but}))
        wide = page.evaluate(SIDEWAYS)
        self._note("sideways", view, look, [f"{wide} px"] if wide > 0 else [])
        if view.figures:
            least = ELDER if look[1] == "1" else NORMAL
            self._note("figures", view, look, page.evaluate(MEASURE, least)["bad"])

    def _note(self, kind: str, view: View, look: tuple[Any, ...], says: Iterable[str]) -> None:
        self.found += [
            {"kind": kind, "page": view.name, "actor": view.actor, "look": look, "says": one} for one in says
        ]


# -- the run -----------------------------------------------------------------------------------


@contextmanager
def opened() -> Iterator[tuple[GridBank, Any]]:
    """A bank with things to show, and a browser."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        bank = GridBank(Path(folder) / "home")
        try:
            yield bank, browser
        finally:
            browser.close()
            bank.close()


def in_look(view: View, look: tuple[str, str, str]) -> bool:
    """Whether a page has this look: few know no large print."""
    return look[1] == "0" or view.name not in ONE_SIZE


def walk(
    grid: Grid, pages: Sequence[View], looks: Sequence[tuple[str, str, str]], done: Done
) -> None:
    """Every page in each of these looks that is not done yet; one browser of each person for each look."""
    for look in looks:
        todo = [view for view in pages if in_look(view, look) and not done.has(view, look)]
        for actor in dict.fromkeys(view.actor for view in todo):
            context = grid.context(actor, look)
            page = context.new_page()
            for view in todo:
                if view.actor == actor:
                    grid.found, grid.looked, began = [], 0, time.perf_counter()
                    grid.look_at(page, view, look, WIDTHS)
                    done.add(view, look, grid.looked, grid.found, time.perf_counter() - began)
            context.close()


def drawn(grid: Grid, pages: Sequence[View], most: int, seed: int) -> None:
    """So many pages, each in one look at one width, drawn by lot."""
    lot = random.Random(seed)
    for view in lot.sample(list(pages), min(most, len(pages))):
        look = lot.choice([one for one in LOOKS if in_look(view, one)])
        context = grid.context(view.actor, look)
        grid.look_at(context.new_page(), view, look, [lot.choice(WIDTHS)])
        context.close()


def work(asked: argparse.Namespace) -> int:
    """One worker: its own bank and browser, and every so manieth look."""
    place, workers = (int(part) for part in asked.part.split("/"))
    looks = [look for look in LOOKS if not asked.look or "-".join(look) in asked.look.split(",")]
    with opened() as (bank, browser):
        pages = [view for view in views(bank) if asked.only in view.name]
        mine = looks[place::workers]
        due = sum(in_look(view, look) for look in mine for view in pages)
        done = Done(parts(asked.json)[place], f"worker {place + 1}", due, tell)
        walk(Grid(bank, browser), pages, mine, done)
    return 0


def lot(asked: argparse.Namespace) -> int:
    """Some pages drawn by lot, told at once."""
    with opened() as (bank, browser):
        grid = Grid(bank, browser)
        drawn(grid, [view for view in views(bank) if asked.only in view.name], asked.draw, asked.seed)
    print(json.dumps({"looked_at": grid.looked, "found": grid.found}, indent=1, ensure_ascii=False))
    return 1 if grid.found else 0


def tell(line: str) -> None:
    """A line of progress."""
    print(line, file=sys.stderr, flush=True)


def parts(path: Path) -> list[Path]:
    """Where each worker writes down what it has done."""
    return [path.with_name(f"{path.stem}.part{place}.jsonl") for place in range(len(LOOKS))]


def all_of(asked: argparse.Namespace) -> int:
    """Have the workers look, and tell what they saw."""
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    for part in parts(asked.json):
        stamp(part, asked.anew)
    began = time.perf_counter()
    same = [one for one in sys.argv[1:] if one != "--anew"]
    command = [sys.executable, "-m", "tests.web_stories.axe_grid", *same]
    workers = [
        subprocess.Popen([*command, "--part", f"{place}/{asked.workers}"], cwd=ROOT)
        for place in range(asked.workers)
    ]
    fell = [worker.wait() for worker in workers]
    told = count(parts(asked.json))
    asked.json.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(json.dumps(told | {"found": told["found"][:40]}, indent=1, ensure_ascii=False))
    tell(f"axe: {told['looked_at']:,} views, {told['violations']['axe']} violations"
         f" ({time.perf_counter() - began:.0f} s)")  # fmt: skip
    if asked.docs and not any(fell):
        (ROOT / "docs" / "looks.md").write_text(paper(told), "utf-8")
    return 1 if told["found"] or any(fell) else 0


def main() -> int:
    """Look, print, write; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.web_stories.axe_grid", description=__doc__)
    parser.add_argument("--json", type=Path, default=ROOT / "bench" / "results" / "looks.json")
    parser.add_argument("--only", default="", help="only pages whose address or name holds this")
    parser.add_argument("--look", default="", help="only these looks: zh-1-dark,en-0-light")
    parser.add_argument("--draw", type=int, default=0, help="only so many pages, each in one look")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="of the draw")
    parser.add_argument("--workers", type=int, default=2, help="banks and browsers at work at once")
    parser.add_argument("--anew", action="store_true", help="forget what an earlier run has done")
    parser.add_argument("--docs", action="store_true", help="write the counts to docs/looks.md")
    parser.add_argument("--part", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.draw:
        return lot(asked)
    return work(asked) if asked.part else all_of(asked)


if __name__ == "__main__":
    sys.exit(main())
