"""The route that closes a bank day: page after page through the same writer as everything else."""

from __future__ import annotations

import asyncio

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from jingwei.channels.lending.warning import serving, warnings_due
from jingwei.channels.problems import MEDIA_TYPE, Problem, refusal_body
from jingwei.channels.rest.asked import DayEndAsk, DayEndTold
from jingwei.channels.rest.desk import Desk
from jingwei.channels.rest.paper import takes
from jingwei.channels.rest.reading import day_number, decode, identify, open_envelope, read_body
from jingwei.channels.rest.views import answer
from jingwei.journeys import run_loan_day
from jingwei.journeys.expire_holds import ExpireHolds
from jingwei.journeys.expire_holds import run as expire
from jingwei.journeys.run_day_end import DayEndRun, RunDayEnd, run
from jingwei.journeys.run_loan_day import LoanDayRun, RunLoanDay
from jingwei.journeys.shape import Answer
from jingwei.journeys.warn_early import WarnEarly
from jingwei.keeping.day_bounds import day_bounds
from jingwei.kernel.clock import day_start
from jingwei.kernel.refusal import Refusal


def add_day_ends(router: APIRouter, desk: Desk) -> None:
    """Add POST /v1/day-ends."""
    decoder = msgspec.json.Decoder(DayEndAsk)
    keywords = takes(DayEndAsk, "Close a bank day", "day-end", DayEndTold, (200,))
    keywords["openapi_extra"]["parameters"] = []

    @router.post("/day-ends", **keywords)
    async def run_day_end(request: Request) -> Response:
        """Expire holds, accrue interest, post it at the end of a period, take fees; payments go on meanwhile.

        The day itself is the key: asking again, also after a crash, does what is left and no more.
        """
        caller = identify(desk.tokens, open_envelope(request.scope["headers"]).token, "POST", "/v1/day-ends")
        if not caller.inside:
            raise Problem("not_allowed")
        ask = decode(decoder, await read_body(request.receive))
        day, now = day_number(ask.day), desk.home.clock.now()
        if now < day_start(day + 1):
            status, body = refusal_body(Refusal("day_not_over"))
            return Response(body, status, media_type=MEDIA_TYPE)
        loop = asyncio.get_running_loop()

        async def one(command: ExpireHolds | RunDayEnd | RunLoanDay | WarnEarly) -> Answer:
            return (await desk.joined.ask(command)).answer

        def do(command: ExpireHolds | RunDayEnd | RunLoanDay) -> Answer:
            return asyncio.run_coroutine_threadsafe(one(command), loop).result()

        await asyncio.to_thread(expire, now, do)
        since = await asyncio.to_thread(day_bounds, desk.reader, day)
        pages = await asyncio.to_thread(lambda: list(run(day, now, do, since)))
        loans = await asyncio.to_thread(lambda: list(run_loan_day.run(day, now, do)))
        for warning in await asyncio.to_thread(warnings_due, desk.reader, serving(desk.home), now):
            await one(warning)
        return answer(day_end_told(ask.day, pages, loans))


def day_end_told(day: str, pages: list[DayEndRun], loans: list[LoanDayRun]) -> DayEndTold:
    """All pages of a day-end together."""
    return DayEndTold(
        day,
        len(pages),
        sum(page.accounts for page in pages),
        [account for page in pages for account in page.damaged],
        [account for page in pages for account in page.waived],
        sum(page.loans for page in loans),
        sum(page.late for page in loans),
    )
