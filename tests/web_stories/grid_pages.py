"""The pages of the grid: every address the bank has, from its own routes, and those only a form leads to.

The addresses come from the table of routes that the running bank keeps of its own pages, so that a new page
is looked at the day it is added: a route with a blank that nothing fills ends the run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tests.web_stories.grid_bank import INVITED, GridBank

from jingwei.channels.demo import STAFF
from jingwei.channels.web.staff.floor import home_of

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
    "/app/loans/applications/{application}/contract.pdf": "a file to keep",
    "/app/loans/applications/{application}/terms.json": "a file to keep",
    "/app/loans/applications/{application}/letter.pdf": "a file to keep",
    "/manifest.webmanifest": "read by the browser",
    "/worker.js": "read by the browser",
    "/writing": "read by a script of ours",
    "/desk/audience": "sends on to /desk/audiences",
    "/look": "sends back to where one was",
    "/oidc/authorize": "sends on to /oidc/go",
}
"""Routes that are not looked at, and why: what they answer is no page, or nothing fills them yet."""

CUSTOMER_OF = {"/app/family": "customer:carol", "/app/loans": "customer:bob",
               "/app/security": "customer:bob", "/app/prove": "customer:bob"}
"""Whose pages are looked at under an address; alice's elsewhere."""

MORE = {
    "/app": ("/app/statement?q=tea&way=out", "/app/pay?to=river_tea", "/app/receive?amount=88",
             "/app/decision/D00000999999", "/app/settings?told=settings_kept"),
    "/desk": ("/desk?tab=done", "/desk?tab=asleep&who=me", "/desk/customers?q=a", "/desk/cases/D00000999999"),
    "/desk/audit": ("/desk/audit?kind=&text=alice",),
    "/app/loans/apply/{product}": ("/app/loans/apply/personal_loan?amount=12000&months=12",),
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


def views(bank: GridBank) -> list[View]:
    """Every page of the bank, and those that only a form leads to. Raises for one that nothing fills."""
    guards: dict[tuple[str, str], tuple[str, ...]] = bank.served.site.guards
    found = [View("/", "/", "", going("/")), View("/docs", "/docs", "", going("/docs"))]
    forms = by_form(bank)
    reached = {view.route for view in forms if "{" in view.route}
    for (method, route), roles in guards.items():
        if method == "GET" and route not in NOT_PAGES and route not in reached:
            found += [
                View(route, one, whose(bank, one) or actor_of(route, roles), going(one))
                for one in addresses(bank, route)
            ]
    missing = [route for route in NOT_PAGES if ("GET", route) not in guards]
    assert not missing, f"no such routes any more: {missing}"
    homes = [(one, home_of(one.roles)) for one in STAFF]
    fronts = [View("/desk", home, one.actor, going(home)) for one, home in homes]
    return [*found, *fronts, *forms]


def addresses(bank: GridBank, route: str) -> Iterator[str]:
    """The route with its blank filled, and the other ways it is asked for."""
    blank = re.search(r"\{(\w+)\}", route)
    if blank is None:
        yield route
    else:
        things = bank.things.get(route) or bank.things.get(blank[1])
        assert things, f"nothing fills {route}: add an example to grid_bank.py, or to NOT_PAGES what it is"
        yield from (route.replace(blank[0], one) for one in things)
    yield from MORE.get(route, ())


def whose(bank: GridBank, address: str) -> str:
    """Whose the thing in this address of the app is; "" for anybody's."""
    parts = address.partition("?")[0].split("/") if address.startswith("/app/") else ()
    return next((bank.owner[part] for part in parts if part in bank.owner), "")


def actor_of(route: str, roles: tuple[str, ...]) -> str:
    """Somebody who may open it; "" for a stranger."""
    if "customer" in roles:
        fitting = [start for start in CUSTOMER_OF if route.startswith(start)]
        return CUSTOMER_OF[fitting[0]] if fitting else "customer:alice"
    if route.startswith("/oidc"):
        return "customer:alice"
    if route == "/desk":
        return "staff:reviewer"
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


SENDS = "main form:last-of-type button:not([type=button])"
"""The button that sends a form: large print adds keys for amounts, which are buttons, too."""


def filled(
    address: str, fields: dict[str, str] | None = None, button: str = SENDS
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
    page.wait_for_selector("main p.notice[role=status]")


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
