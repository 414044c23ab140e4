"""Every page in every look, in Chromium: axe, sideways scroll, the figures for elders, errors of scripts.

    python -m tests.web_stories.axe_grid [--json FILE] [--only TEXT] [--look LOOKS] [--draw N]

The addresses come from the table of routes that the running bank keeps of its own pages, so that a new page
is looked at the day it is added: a route with a blank that nothing fills ends the run. Looks are language,
size, light and width. Exit code 1 when anything was found.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from playwright.sync_api import Error
from tests.web_stories.conftest import CHROMIUM
from tests.web_stories.grid_bank import INVITED, GridBank

from jingwei.channels.demo import STAFF

LANGUAGES, SIZES, LIGHTS, WIDTHS = ("zh", "en"), ("0", "1"), ("light", "dark"), (320, 768, 1280)
LOOKS = tuple(product(LANGUAGES, SIZES, LIGHTS))
TRIES = 3
VARIANTS = len(LOOKS) * len(WIDTHS)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ELDER = {"text": 18, "line": 1.3, "contrast": 4.5, "contrastLarge": 3, "touch": 60, "paragraph": 1.3}
NORMAL = {"text": 12, "line": 1.2, "contrast": 4.5, "contrastLarge": 3, "touch": 44, "paragraph": 0}
MEASURE = (Path(__file__).parent / "elder.js").read_text("utf-8")
RUN = """rules => axe.run(document, {runOnly: rules, resultTypes: ["violations"]}).then(found =>
  found.violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 160)}`)))"""
OPEN_ALL = "document.querySelectorAll('main details').forEach(one => { one.open = true })"
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

NOT_PAGES = {
    "/app/events": "news without an end",
    "/desk/live": "news without an end",
    "/desk/decisions/stream": "news without an end",
    "/app/family/{tie}/live": "a part of /app/family/{tie}",
    "/app/proof/{decision}/file": "a file to keep",
    "/app/my-data.json": "a file to keep",
    "/app/statement.csv": "a file to keep",
    "/app/statement.pdf": "a file to keep",
    "/desk/cases/{case}/proof": "a file to keep",
    "/desk/decisions/{decision}/proof": "a file to keep",
    "/app/loans/cost/{product}": "a part of /app/loans/apply/{product}",
    "/app/loans/{loan}/payoff.pdf": "a file to keep",
    "/app/loans/applications/{application}": "not looked at yet: nobody in the bank of the grid applied",
    "/app/loans/applications/{application}/contract.pdf": "a file to keep",
    "/app/loans/applications/{application}/terms.json": "a file to keep",
    "/app/loans/applications/{application}/letter.pdf": "a file to keep",
    "/app/loans/line/{line}": "not looked at yet: the bank of the grid has no pay-later line",
    "/app/loans/{loan}": "not looked at yet: the bank of the grid has lent nothing",
    "/app/loans/{loan}/repay": "not looked at yet: the bank of the grid has lent nothing",
    "/desk/loans/{loan}": "not looked at yet: the bank of the grid has lent nothing",
    "/desk/loans/cases/{case}": "not looked at yet: the bank of the grid has lent nothing",
    **dict.fromkeys(("/manifest.webmanifest", "/worker.js", "/writing"), "read by the browser"),
    "/desk/audience": "leads to /desk/audiences",
    "/look": "sends back to where one was",
    "/oidc/authorize": "sends on to /oidc/go",
}
"""Routes that are not looked at, and why: what they answer is no page, or nothing fills them yet."""

CUSTOMER_OF = {"/app/family": "customer:carol", "/app/security": "customer:bob", "/app/prove": "customer:bob"}
"""Whose pages are looked at under an address; alice's elsewhere."""

MORE = {
    "/app": ("/app/statement?q=tea&way=out", "/app/pay?to=river_tea", "/app/receive?amount=88",
             "/app/decision/D00000999999", "/app/settings?told=settings_kept"),
    "/desk": ("/desk?tab=done", "/desk?tab=asleep&who=me", "/desk/customers?q=a", "/desk/cases/D00000999999"),
    "/desk/audit": ("/desk/audit?kind=&text=alice",),
}  # fmt: skip
"""The same pages as asked for otherwise, by the route that stands for them."""


class View(NamedTuple):
    """One page as somebody opens it: `reach` goes there; `route` is what it stands for."""

    route: str
    name: str
    actor: str
    reach: Callable[[Any, GridBank], None]

    @property
    def figures(self) -> bool:
        """Whether the figures for elders' pages are measured: on everything customers see."""
        return not self.name.startswith(("/desk", "/docs")) and self.name != "/"


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
        context = self.browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=light)
        context.set_default_timeout(20_000)
        context.add_cookies([{"name": n, "value": v, "url": self.bank.url} for n, v in chosen.items()])
        if actor and actor not in self._kept:
            told = context.request.post(
                f"{self.bank.url}/sign-in/demo", form={"actor": actor}, max_redirects=0
            )
            assert told.status == 303, (actor, told.status)
            self._kept[actor] = [one for one in context.cookies() if one["name"] not in chosen]
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
                except Error:  # a page that leaves by itself, such as one of work under way, is opened again
                    del self.found[found:]
                    self.looked = looked
                    if again == TRIES - 1:
                        raise
        finally:
            page.remove_listener("console", note)
            page.remove_listener("pageerror", fell)
        self._note("script", view, (*look, 0), [one for one in said if "status of 4" not in one])

    def _reached(self, page: Any, view: View, look: tuple[str, str, str], widths: Sequence[int]) -> None:
        view.reach(page, self.bank)
        page.evaluate(OPEN_ALL)
        page.evaluate(self._axe)
        for width in widths:
            page.set_viewport_size({"width": width, "height": 900})
            self._measure(page, view, (*look, width))

    def _measure(self, page: Any, view: View, look: tuple[str, str, str, int]) -> None:
        self.looked += 1
        self._note("axe", view, look, page.evaluate(RUN, RULES))
        wide = page.evaluate(SIDEWAYS)
        self._note("sideways", view, look, [f"{wide} px"] if wide > 0 else [])
        if view.figures:
            least = ELDER if look[1] == "1" else NORMAL
            self._note("figures", view, look, page.evaluate(MEASURE, least)["bad"])

    def _note(self, kind: str, view: View, look: tuple[Any, ...], says: Iterable[str]) -> None:
        self.found += [
            {"kind": kind, "page": view.name, "actor": view.actor, "look": look, "says": one} for one in says
        ]


# -- the pages, from the routes ----------------------------------------------------------------


def views(bank: GridBank) -> list[View]:
    """Every page of the bank, and those that only a form leads to. Raises for one that nothing fills."""
    guards: dict[tuple[str, str], tuple[str, ...]] = bank.served.site.guards
    found = [View("/", "/", "", going("/")), View("/docs", "/docs", "", going("/docs"))]
    forms = by_form(bank)
    reached = {view.route for view in forms if "{" in view.route}
    for (method, route), roles in guards.items():
        if method == "GET" and route not in NOT_PAGES and route not in reached:
            found += [View(route, one, actor_of(route, roles), going(one)) for one in addresses(bank, route)]
    missing = [route for route in NOT_PAGES if ("GET", route) not in guards]
    assert not missing, f"no such routes any more: {missing}"
    fronts = [View("/desk", "/desk", one.actor, going("/desk")) for one in STAFF[1:]]
    return [*found, *fronts, *forms]


def addresses(bank: GridBank, route: str) -> Iterator[str]:
    """The route with its blank filled, and the other ways it is asked for."""
    blank = re.search(r"\{(\w+)\}", route)
    if blank is None:
        yield route
    else:
        things = bank.things.get(blank[1])
        assert things, f"nothing fills {route}: add an example to grid_bank.py, or to NOT_PAGES what it is"
        yield from (route.replace(blank[0], one) for one in things)
    yield from MORE.get(route, ())


def actor_of(route: str, roles: tuple[str, ...]) -> str:
    """Somebody who may open it; "" for a stranger."""
    if "customer" in roles:
        fitting = [start for start in CUSTOMER_OF if route.startswith(start)]
        return CUSTOMER_OF[fitting[0]] if fitting else "customer:alice"
    if route.startswith("/oidc"):
        return "customer:alice"
    return next((one.actor for one in STAFF if set(one.roles) & set(roles)), "")


def going(address: str) -> Callable[[Any, GridBank], None]:
    """Goes to an address; a page that is no page ends the run."""

    def reach(page: Any, bank: GridBank) -> None:
        told = page.goto(bank.url + address)
        kind = told.headers.get("content-type", "")
        there = page.url.partition("?")[0] == (bank.url + address).partition("?")[0]
        assert kind.startswith("text/html") and (there or address.startswith("/oidc")), (
            f"{address} answers {told.status} {kind} at {page.url}: no page, or not for this person"
        )

    return reach


def by_form(bank: GridBank) -> list[View]:
    """Pages that answer a form."""
    alice, bob, owner = "customer:alice", "customer:bob", "staff:model_owner"
    return [
        View("/app/pay/check", "pay: check", alice, filled("/app/pay?to=river_tea&amount=12")),
        View("/app/pay/check", "pay: new payee", alice, filled("/app/pay?to=erin&name=Erin&amount=12")),
        View("/app/pay/check", "pay: wrong", alice, filled("/app/pay?to=nobody&name=&amount=none")),
        View("/app", "menu", alice, menu),
        View("/enrol", "enrol: second", "", enrolling),
        View("/enrol", "enrol: wrong", "", filled("/enrol?login=dora", {"#code": "wrong-code"})),
        View("/app/security/codes", "security: codes", bob,
             filled("/app/security", button="form[action$='/codes'] button")),
        View("/oidc/go/{request}", "oidc: asked", alice, asked_by_a_program),
        View("/desk/rules", "/desk editor: wrong", owner, wrong_rules),
        View("/desk/jobs/{job}", "/desk job: backtest", owner, backtest),
        View("/desk/audit/verify", "/desk audit: verified", "staff:auditor",
             verified),
    ]  # fmt: skip


def filled(
    address: str, fields: dict[str, str] | None = None, button: str = "main form:last-of-type button"
) -> Callable[[Any, GridBank], None]:
    """Goes to an address and sends its form."""

    def reach(page: Any, bank: GridBank) -> None:
        page.goto(bank.url + address)
        for name, value in (fields or {}).items():
            page.fill(name, value)
        with page.expect_navigation():
            page.locator(button).first.click()

    return reach


def menu(page: Any, bank: GridBank) -> None:
    """The first page with its menu open, where the look has one."""
    page.goto(f"{bank.url}/app")
    page.evaluate("document.querySelectorAll('.more').forEach(one => { one.open = true })")


def enrolling(page: Any, bank: GridBank) -> None:
    """Dora's second step."""
    page.goto(f"{bank.url}/enrol?login={INVITED}")
    page.fill("#code", bank.invitation())
    with page.expect_navigation():
        page.click("main button")


def wrong_rules(page: Any, bank: GridBank) -> None:
    """The editor with a rule that cannot be read."""
    page.goto(f"{bank.url}/desk/rules/outgoing_transfer/edit")
    page.fill("#text", page.input_value("#text").replace("fraud_score >=", "fraud_scor >=", 1))
    with page.expect_navigation():
        page.click("button[value=check]")


def verified(page: Any, bank: GridBank) -> None:
    """The whole log read and compared, when that is done."""
    filled("/desk/audit", button="form[action='/desk/audit/verify'] button")(page, bank)
    page.wait_for_selector("progress", state="detached")


def backtest(page: Any, bank: GridBank) -> None:
    """A changed policy tried on history, when it is done."""
    page.goto(f"{bank.url}/desk/rules/outgoing_transfer/edit")
    page.click("button[value=backtest]")
    page.wait_for_selector("text=/came out exactly as recorded|与记录完全一致/")


def asked_by_a_program(page: Any, bank: GridBank) -> None:
    """The question whether a program may act for one."""
    asked = {
        "response_type": "code", "client_id": "shop", "redirect_uri": "https://shop.example/back",
        "scope": "openid bank.read", "state": "s", "nonce": "n", "code_challenge_method": "S256",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    }  # fmt: skip
    page.goto(f"{bank.url}/oidc/authorize?{urlencode(asked)}")


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


def walk(grid: Grid, pages: Sequence[View], looks: Sequence[Any], told: Callable[[str], None]) -> None:
    """Every page in each of these looks."""
    began = time.perf_counter()
    for number, look in enumerate(looks, 1):
        for actor in dict.fromkeys(view.actor for view in pages):
            context = grid.context(actor, look)
            page = context.new_page()
            for view in pages:
                if view.actor == actor:
                    grid.look_at(page, view, look, WIDTHS)
            context.close()
            told("")
        took = time.perf_counter() - began
        told(f"{number}/{len(looks)} looks, {grid.looked} looked at, {len(grid.found)} found, {took:.0f} s")


def drawn(grid: Grid, pages: Sequence[View], most: int, seed: int) -> None:
    """So many pages, each in one look at one width, drawn by lot."""
    lot = random.Random(seed)
    for view in lot.sample(list(pages), min(most, len(pages))):
        look = lot.choice(LOOKS)
        context = grid.context(view.actor, look)
        grid.look_at(context.new_page(), view, look, [lot.choice(WIDTHS)])
        context.close()


def result(grid: Grid, pages: Sequence[View]) -> dict[str, Any]:
    """The counts, and everything that was found."""
    kinds = dict.fromkeys(("axe", "sideways", "figures", "script"), 0)
    for one in grid.found:
        kinds[one["kind"]] += 1
    routes = len({view.route for view in pages})
    counts = {"routes": routes, "pages": len(pages), "variants": VARIANTS, "looked_at": grid.looked}
    return counts | {"violations": kinds, "found": grid.found}


def keep(path: Path | None, grid: Grid, pages: Sequence[View]) -> dict[str, Any]:
    """The result so far, in the file if there is one: a long run that is stopped has told what it saw."""
    told = result(grid, pages)
    if path:
        path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return told


def main() -> int:
    """Look, print, write; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.web_stories.axe_grid", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the counts and what was found to this file")
    parser.add_argument("--only", default="", help="only pages whose address or name holds this")
    parser.add_argument("--look", default="", help="only these looks: zh-1-dark,en-0-light")
    parser.add_argument("--draw", type=int, default=0, help="only so many pages, each in one look")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="of the draw")
    asked = parser.parse_args()
    with opened() as (bank, browser):
        grid = Grid(bank, browser)
        pages = [view for view in views(bank) if asked.only in view.name]
        if asked.draw:
            drawn(grid, pages, asked.draw, asked.seed)
        else:
            looks = [look for look in LOOKS if not asked.look or "-".join(look) in asked.look.split(",")]

            def tell(line: str) -> None:
                if line:
                    print(line, file=sys.stderr, flush=True)
                keep(asked.json, grid, pages)

            walk(grid, pages, looks, tell)
    told = keep(asked.json, grid, pages)
    print(json.dumps(told | {"found": grid.found[:40]}, indent=1, ensure_ascii=False))
    return 1 if grid.found else 0


if __name__ == "__main__":
    sys.exit(main())
