"""Reading customers' data for a purpose, from a route or a page: consents asked, uses counted, then shown."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jingwei.channels.problems import Problem
from jingwei.journeys.use_data import MOST, UseData
from jingwei.stores.bound import reader_for

if TYPE_CHECKING:
    from jingwei.channels.rest.desk import Desk
    from jingwei.kernel.purpose import DataClass, Purpose
    from jingwei.stores.bound import BoundReader


async def reading(
    desk: Desk,
    actor: str,
    purpose: Purpose,
    customers: Sequence[str],
    *,
    data: tuple[DataClass, ...] = (),
    why: str = "",
) -> BoundReader:
    """A reader of these customers' data for a purpose, once each use is counted where they can see it.

    Whoever does not agree is left out of everything the reader gives; when nobody agrees, or the
    actor may not ask, Problem is raised. Raises StoreError when the use could not be written down:
    what is not on record is not read.
    """
    refused = ""
    permitted: list[str] = []
    for start in range(0, len(customers), MOST):
        at = desk.home.clock.now()
        ask = UseData(
            key=f"read:{secrets.token_urlsafe(15)}",
            actor=actor,
            at=at,
            known_at=at,
            customers=tuple(customers[start : start + MOST]),
            purpose=purpose,
            data=data,
            why=why,
        )
        answer = (await desk.joined.ask(ask)).answer
        if answer.refusal is not None:
            refused = answer.refusal.code
        else:
            permitted += answer.events[0].customers
    if refused and not permitted:
        raise Problem(refused)
    return reader_for(purpose, desk.reader, desk.home.clock.now())
