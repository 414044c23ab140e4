"""The pages of the bank for people: welcome at / and the interface reference at /docs, in zh and en."""

from __future__ import annotations

import re
from functools import cache, lru_cache

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from jingwei.channels.rest.desk import Desk
from jingwei.channels.rest.reference import reference
from jingwei.channels.rest.sheet import LANGUAGES, Asked, guard
from jingwei.channels.rest.tongue import liked
from jingwei.channels.rest.welcome import ENTRANCE, state_of, welcome
from jingwei.stores.store import StoreError

_HOST = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?", re.ASCII)


def add_pages(app: FastAPI, desk: Desk) -> None:
    """Add /, /docs and /v1/openapi.json. None needs a token and none tells of a customer."""

    @lru_cache(maxsize=8)
    def told(asked: Asked) -> str:
        return reference(asked, app.openapi())

    @cache
    def entrance() -> bool:
        """Whether this bank has pages to sign in to."""
        return any(getattr(route, "path", "") == ENTRANCE for route in app.routes)

    async def first(request: Request) -> Response:
        asked = asked_of(request)
        try:
            return HTMLResponse(welcome(asked, state_of(desk), entrance=entrance()), headers=guard())
        except StoreError as error:
            return HTMLResponse(welcome(asked, None, error.advice), 503, guard())

    async def docs(request: Request) -> Response:
        return HTMLResponse(told(asked_of(request)), headers=guard())

    async def document(_: Request) -> Response:
        return Response(msgspec.json.encode(app.openapi()), media_type="application/json")

    app.add_route("/", first, include_in_schema=False)
    app.add_route("/docs", docs, include_in_schema=False)
    app.add_route("/v1/openapi.json", document, include_in_schema=False)


def asked_of(request: Request) -> Asked:
    """The language and the origin a page is made for."""
    return Asked(language(request), origin(request))


def language(request: Request) -> str:
    """ "zh" or "en": as `?lang=` says, else what Accept-Language likes better, else English."""
    named = request.query_params.get("lang", "")
    return named if named in LANGUAGES else liked(request.headers.get("accept-language", ""))


def origin(request: Request) -> str:
    """Scheme, host and port as the reader reached us, for commands to copy.

    A Host that could be anything but a name or address is not repeated: it would stand in a shell command.
    """
    scheme = "https" if request.scope.get("scheme") == "https" else "http"
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        at, port = request.scope.get("server") or ("127.0.0.1", 8000)
        host = f"{at}:{port}" if port and _HOST.fullmatch(str(at)) else "127.0.0.1:8000"
    return f"{scheme}://{host}"
