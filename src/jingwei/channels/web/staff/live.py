"""What is new at the desk, told as it happens: counts of the inboxes, and whether the open case changed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response, StreamingResponse

from jingwei.channels.web.staff.floor import sees
from jingwei.channels.web.visit import signed_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.routing import Router

    from jingwei.channels.web.staff.board import Row
    from jingwei.channels.web.staff.floor import Floor
    from jingwei.channels.web.visit import Visit

LOOK_S = 0.5
LOOKS = 110
"""A stream ends after this many looks; the browser asks again, and shows that it is still signed in."""


def add_live(router: Router, floor: Floor) -> None:
    """Add /desk/live."""

    async def live(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        case = visit.request.query_params.get("case", "")
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        told = news(floor, case, sees(session))
        return StreamingResponse(told, media_type="text/event-stream", headers=headers)

    floor.site.add(router, "/desk/live", live)


async def news(floor: Floor, case: str, mine: Callable[[Row], bool] = lambda _: True) -> AsyncIterator[bytes]:
    """Server-sent events: the counts and the state of one case, each time they changed."""
    before = b""
    for _ in range(LOOKS):
        told = state(floor, case, mine)
        if told != before:
            before = told
            yield b"data: " + told + b"\n\n"
        await asyncio.sleep(LOOK_S)


def state(floor: Floor, case: str, mine: Callable[[Row], bool] = lambda _: True) -> bytes:
    """The counts, the newest case, and who did what to the named one, as JSON."""
    rows = floor.board.rows()
    row = floor.board.find(case) if case else None
    work = (row.case.status, row.work.assignee, row.work.proposed_by, row.work.inbox) if row else ()
    counts = floor.board.counts(floor.site.now(), filter(mine, floor.board.open_rows()))
    return msgspec.json.encode({"counts": counts, "newest": next(reversed(rows), ""), "case": "|".join(work)})
