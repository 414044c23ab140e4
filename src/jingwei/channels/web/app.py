"""Puts the web pages into the application: static files, sign-in, the customer's app, the staff's desk."""

from __future__ import annotations

import asyncio
import logging
import mimetypes
import time
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from jingwei.channels.knowing.following import follow
from jingwei.channels.problems import Problem
from jingwei.channels.rest.app import Alongside, Also
from jingwei.channels.signon.people import SignOn
from jingwei.channels.web.counter import add_counter
from jingwei.channels.web.customer import add_customer
from jingwei.channels.web.enrolment import add_enrolment
from jingwei.channels.web.installed import add_installed
from jingwei.channels.web.missed import add_missed
from jingwei.channels.web.oidc.provider import Provider
from jingwei.channels.web.oidc.routes import add_routes
from jingwei.channels.web.pages import Site
from jingwei.channels.web.security import add_security
from jingwei.channels.web.sign_in import add_sign_in
from jingwei.channels.web.staff import add_staff
from jingwei.stores.drafts import Drafts
from jingwei.stores.sessions import Sessions
from jingwei.stores.store import StoreError
from jingwei.stores.views import Views

if TYPE_CHECKING:
    from fastapi import FastAPI

    from jingwei.channels.rest.desk import Desk

LOG = logging.getLogger("jingwei.web")
SESSIONS = "sessions.db"
ORIGIN = "http://localhost:8000"
ROLES_S = 1.0
"""How long a token of the token file goes on with the roles it had."""

MOST_REMEMBERED = 10_000
SETTLE_S = 2.0
"""How often changes made on the command line are looked for and sealed."""


def web(demo: bool, origin: str = ORIGIN) -> Also:
    """What adds the web pages to the application. `demo` lets anybody sign in as a made-up person.

    `origin` is how browsers reach the bank; passkeys and tokens are bound to it.
    """

    def add(app: FastAPI, desk: Desk) -> Alongside:
        path = desk.home.path
        signon = SignOn(path, desk.home.clock, origin)
        sessions = Sessions(path / SESSIONS)
        drafts = Drafts(path / SESSIONS)
        site = Site(desk, sessions, signon, demo)
        views = Views(path / SESSIONS)
        site.drafts, site.views = drafts, views
        desk.tokens.roles_of = remembered(site.roles_of)
        add_web(app.router, site)
        add_missed(app, site)
        oidc = Provider(site)
        add_routes(app.router, site, oidc)
        desk.tokens.listen(oidc.caller)

        def close() -> None:
            for one in (oidc, drafts, views, sessions, signon):
                one.close()
            if desk.knowing is not None:
                desk.knowing.close()

        async def known() -> None:
            await follow(desk)

        async def settle() -> None:
            while True:
                try:
                    await signon.settle(desk.joined.ask)
                except (StoreError, Problem):
                    LOG.exception("changes of credentials wait to be sealed")
                await asyncio.sleep(SETTLE_S)

        return Alongside(close, (settle, known, *site.tasks))

    return add


def remembered(ask: Callable[[str], tuple[str, ...]]) -> Callable[[str], tuple[str, ...]]:
    """The same roles without asking the file for every request: what was told is good for a second."""
    told: dict[str, tuple[float, tuple[str, ...]]] = {}

    def roles_of(actor: str) -> tuple[str, ...]:
        now = time.perf_counter()
        at, roles = told.get(actor, (-ROLES_S, ()))
        if now - at >= ROLES_S:
            if len(told) >= MOST_REMEMBERED:
                told.clear()
            roles = ask(actor)
            told[actor] = (now, roles)
        return roles

    return roles_of


def add_web(router: Router, site: Site) -> None:
    """Add /static, /sign-in, /enrol, /app and /desk."""
    router.add_route("/static/{name}", static, include_in_schema=False)
    for add in (
        add_sign_in, add_enrolment, add_security, add_counter, add_customer, add_staff, add_installed,
    ):  # fmt: skip
        add(router, site)


@cache
def _file(name: str) -> tuple[bytes, str] | None:
    found = files("jingwei.channels.web") / "static" / name
    if "/" in name or name.startswith(".") or not found.is_file():
        return None
    return found.read_bytes(), mimetypes.guess_type(name)[0] or "application/octet-stream"


async def static(request: Request) -> Response:
    """A style sheet, script or picture of ours."""
    found = _file(request.path_params["name"])
    if found is None:
        raise Problem("not_found")
    headers = {"cache-control": "public, max-age=300", "x-content-type-options": "nosniff"}
    return Response(found[0], media_type=found[1], headers=headers)
