"""What a browser is told where there is no page, or where a mistake of ours ended one: a way back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from jingwei.channels.problems import Problem
from jingwei.channels.web.visit import visit_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import FastAPI

    from jingwei.channels.web.pages import Site


def add_missed(app: FastAPI, site: Site) -> None:
    """Answer browsers with a page, and programs as before: both learn the same, under the same status."""
    handlers: dict[Any, Any] = app.exception_handlers
    missing, mistaken = handlers[HTTPException], handlers[Exception]

    async def no_page(request: Request, error: HTTPException) -> Response:
        if error.status_code not in (404, 405) or not reads_pages(request):
            return await told(missing, request, error)
        if error.status_code == 405 and request.method == "GET":
            return RedirectResponse(nearest(site, request), 303)
        return wrong(site, request, Problem("not_found"))

    async def bug(request: Request, error: Exception) -> Response:
        if not reads_pages(request):
            return await told(mistaken, request, error)
        return wrong(site, request, Problem("bug"))

    app.add_exception_handler(HTTPException, no_page)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, bug)


def nearest(site: Site, request: Request) -> str:
    """The page above an address that only takes a form: who comes back to it sees where the form was."""
    pages = [pattern for method, pattern in site.guards if method == "GET"]
    parts, asked = request.url.path.split("/"), request.url.query
    while len(parts) > 2:
        parts.pop()
        path = "/".join(parts)
        if any(re.fullmatch(re.sub(r"{\w+}", "[^/]+", pattern), path) for pattern in pages):
            return f"{path}?{asked}" if asked else path
    return "/"


async def told(handler: Callable[..., Awaitable[Response]], request: Request, error: Exception) -> Response:
    """What the interface for programs answers."""
    return await handler(request, error)


def reads_pages(request: Request) -> bool:
    """Whether a person's browser asked: it says that it reads HTML, and not for a route of programs."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/v1")


def wrong(site: Site, request: Request, problem: Problem) -> Response:
    """The page that says so, in the visitor's language."""
    visit = visit_of(request, site.sessions, site.now())
    return site.wrong(visit, problem.kind.words.told(problem.detail), problem.kind.status)
