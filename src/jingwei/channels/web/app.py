"""Puts the web pages into the application: static files, sign-in, the customer's app, the staff's desk."""

from __future__ import annotations

import mimetypes
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from jingwei.channels.problems import Problem
from jingwei.channels.rest.app import Alongside, Also
from jingwei.channels.web.customer import add_customer
from jingwei.channels.web.pages import Site
from jingwei.channels.web.sign_in import add_sign_in
from jingwei.channels.web.staff import add_staff
from jingwei.stores.sessions import Sessions

if TYPE_CHECKING:
    from fastapi import FastAPI

    from jingwei.channels.rest.desk import Desk

SESSIONS = "sessions.db"


def web(demo: bool) -> Also:
    """What adds the web pages to the application. `demo` lets anybody sign in as a made-up person."""

    def add(app: FastAPI, desk: Desk) -> Alongside:
        site = Site(desk, Sessions(desk.home.path / SESSIONS), demo)
        add_web(app.router, site)
        return Alongside(site.sessions.close, tuple(site.tasks))

    return add


def add_web(router: Router, site: Site) -> None:
    """Add /static, /sign-in, /app and /desk."""
    router.add_route("/static/{name}", static, include_in_schema=False)
    for add in (add_sign_in, add_customer, add_staff):
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
