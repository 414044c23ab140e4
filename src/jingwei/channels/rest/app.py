"""The REST application: the hot payments door in front, every other route under /v1 behind it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from jingwei.channels.identity import Tokens
from jingwei.channels.problems import Problem, not_stored
from jingwei.channels.release import release
from jingwei.channels.rest.counting import Counted
from jingwei.channels.rest.customer_view import add_customer_view
from jingwei.channels.rest.day_ends import add_day_ends
from jingwei.channels.rest.desk import Desk, problem_response
from jingwei.channels.rest.evidence import add_evidence
from jingwei.channels.rest.family_views import add_family
from jingwei.channels.rest.health import add_health
from jingwei.channels.rest.joined import Joined
from jingwei.channels.rest.loan_views import add_loans
from jingwei.channels.rest.orders import add_orders
from jingwei.channels.rest.orders_knowing import add_knowing
from jingwei.channels.rest.orders_staff import add_staff_views
from jingwei.channels.rest.own import add_own
from jingwei.channels.rest.pages import add_pages
from jingwei.channels.rest.paper import document, takes
from jingwei.channels.rest.payments import PATH, CardPayment, Lookup, Payments, PaymentTold, Transfer
from jingwei.channels.rest.tongue import chinese, speaks_chinese
from jingwei.channels.rest.views import add_accounts, add_policies, add_work
from jingwei.channels.rest.work_views import add_work_views
from jingwei.kernel.clock import SystemClock
from jingwei.stores.pipeline import PipelinedStore
from jingwei.stores.store import Store, StoreError

if TYPE_CHECKING:
    from jingwei.home import Home

LOG = logging.getLogger("jingwei.rest")
AGAIN_S = 5.0
SAYS = """The bank over HTTP. Amounts are decimal texts with a currency; every refusal and reason is worded in
Chinese and English; every writing request carries an Idempotency-Key.
金额为十进制文本；每个拒绝与理由均有中英文；每个写请求须带幂等键。"""


class Front:
    """Sends payments to the hot door and everything else to FastAPI."""

    def __init__(self, payments: Payments, rest: ASGIApp, close: Callable[[], None]) -> None:
        self.payments = payments
        self._rest = rest
        self.close = close
        """Let go of the reader; the server's shutdown calls it."""
        self.leaving: Callable[[], bool] = lambda: False
        """Whether the server is about to stop: answers without an end come to one."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route one request."""
        if scope["type"] == "http" and speaks_chinese(scope["headers"]):
            send = chinese(send)
        if scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "POST":
            await self.payments(scope, receive, send)
        else:
            scope["leaving"] = self.leaving
            await self._rest(scope, receive, send)


Task = Callable[[], Coroutine[Any, Any, None]]


class Alongside(NamedTuple):
    """What runs beside the requests: `close` lets go of it, `tasks` run while the server does."""

    close: Callable[[], None]
    tasks: tuple[Task, ...] = ()


Also = Callable[[FastAPI, Desk], Alongside]
"""Adds another channel to the application."""


def create_app(home: Home, tokens: Tokens | None = None, also: Sequence[Also] = ()) -> Front:
    """Return the ASGI application over an open home; it must run on one event loop (one writer).

    The home's owner closes it after the server has stopped. `also` adds other channels, such as the
    web pages.
    """
    tokens = tokens or Tokens(home.path / "tokens.json")
    reader = home.store.reader()
    counted = Counted(home.store.size, home.clock.behind if isinstance(home.clock, SystemClock) else None)
    joined = Joined(home.bank, reader, counted.wrote, writes_by_itself(home.store))
    payments = Payments(joined, tokens, home.clock, Lookup(home.bank.owner_of, reader), counted)
    desk = Desk(home, tokens, joined, reader, payments.sentences)

    closing = [reader.close, joined.close]

    def close() -> None:
        while closing:
            closing.pop()()

    tasks: list[Task] = []
    app = FastAPI(
        title="Jingwei",
        version=release(),
        description=SAYS,
        lifespan=beside(tasks, close),
        redirect_slashes=False,
        default_response_class=Response,
        docs_url=None,
        redoc_url=None,
    )
    router = APIRouter(prefix="/v1")
    add_payments(router, payments)
    for add in (
        add_orders, add_day_ends, add_accounts, add_work, add_policies, add_evidence, add_own, add_family,
        add_loans, add_work_views, add_staff_views,
        add_customer_view,
        add_knowing,
    ):  # fmt: skip
        add(router, desk)
    app.include_router(router)
    add_health(app, desk, counted)
    add_pages(app, desk)
    add_problems(app)
    for one in also:
        added = one(app, desk)
        closing.append(added.close)
        tasks.extend(added.tasks)
    make = app.openapi
    app.openapi = lambda: document(make())  # type: ignore[method-assign]
    return Front(payments, app, close)


def beside(
    tasks: Sequence[Task], close: Callable[[], None]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """What runs while the server does: the tasks; `close` comes after them."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        running = [asyncio.create_task(kept_up(task)) for task in tasks]
        yield
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        close()

    return lifespan


async def kept_up(task: Task) -> None:
    """Run the task; one that fell over is told of and begun again a while later."""
    while True:
        running = asyncio.create_task(task())
        try:
            await asyncio.wait({running})
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        error = None if running.cancelled() else running.exception()
        if error is None:
            return
        LOG.error("what runs beside the requests met a bug and begins again", exc_info=error)
        await asyncio.sleep(AGAIN_S)


def writes_by_itself(store: Store) -> PipelinedStore | None:
    """The store when it writes in a process of its own."""
    return store if isinstance(store, PipelinedStore) else None


def add_payments(router: APIRouter, payments: Payments) -> None:
    """Put the hot endpoint into the document; `Front` answers it before this route is looked at."""

    @router.post(
        "/payments", **takes(Transfer | CardPayment, "Make a payment", "payments", PaymentTold, (201,))
    )
    async def pay(request: Request) -> Response:
        """Decide and book a payment: 201 with result allowed, stepped_up, held or refused, and why.

        Without `type` the body is a transfer.
        """
        raise AssertionError(f"{PATH} is answered in front of this route")


def allowed(request: Request) -> set[str]:
    """The methods this address takes."""
    every = [route for route in request.app.routes if isinstance(route, Route)]
    return {
        method
        for route in every
        if route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }


def add_problems(app: FastAPI) -> None:
    """Word every error as problem+json."""

    async def problem(_: Request, error: Problem) -> Response:
        return problem_response(error)

    async def store(_: Request, error: StoreError) -> Response:
        return problem_response(not_stored(error))

    async def http(request: Request, error: HTTPException) -> Response:
        if error.status_code == 405:
            told = problem_response(Problem("method_not_allowed", method=request.method))
            told.headers["allow"] = ", ".join(sorted(allowed(request)))
            return told
        if error.status_code == 404:
            return problem_response(Problem("not_found"))
        return problem_response(Problem("request_not_valid", why=str(error.detail)))

    async def parameter(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return problem_response(Problem("field_not_valid", f"/{first['loc'][-1]}", why=str(first["msg"])))

    async def bug(_: Request, error: Exception) -> Response:
        return problem_response(Problem("bug"))

    handlers: dict[Any, Callable[..., Awaitable[Response]]] = {
        Problem: problem,
        StoreError: store,
        HTTPException: http,
        RequestValidationError: parameter,
        Exception: bug,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
