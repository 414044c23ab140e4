"""Audiences: staff put one together from tags without a line of code, count it, keep it and take it out."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
from heapq import nlargest
from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse, Response

from jingwei.channels.knowing.following import agreeing, knowing_of
from jingwei.channels.problems import Problem
from jingwei.channels.rest.purposed import reading
from jingwei.channels.web.pages import GUARD
from jingwei.channels.web.saved import safe
from jingwei.channels.web.staff.audience_form import (
    ROWS,
    SIGNS,
    NotAForm,
    Row,
    choices,
    hows,
    overlap,
    rows_of,
    said,
    text_of,
)
from jingwei.channels.web.staff.masks import masked_name, masked_number
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.domains.tags.audiences import Audience, AudienceExport
from jingwei.domains.tags.condition import TagCondition, read_condition
from jingwei.domains.tags.declared import TAGS, Unit
from jingwei.journeys.export_audience import ExportAudience
from jingwei.journeys.save_audience import SaveAudience
from jingwei.journeys.shape import all_of
from jingwei.kernel.clock import bank_day
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.ledger.work import Customer

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.rest.desk import Desk
    from jingwei.channels.web.pages import Site
    from jingwei.stores.sessions import Session

EXPORTS = 10
"""So many of the newest exports are listed."""

SAMPLE = 5


def add_audiences(router: Router, site: Site) -> None:
    """Add /desk/audiences; /desk/audience, which people may have kept, leads there."""

    async def show(visit: Visit) -> Response:
        signed_in(visit, inside=True)
        return page(site, visit, [Row()] * ROWS, "and")

    async def moved(visit: Visit) -> Response:
        signed_in(visit, inside=True)
        return RedirectResponse("/desk/audiences", 308)

    async def count(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        form = await form_of(visit, session)
        return await counted(site, visit, session, dict(form))

    async def save(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        form = await form_of(visit, session)
        ask: dict[str, Any] = {
            "name": str(form.get("name", "")).strip(),
            "condition": str(form.get("condition", "")),
        }
        try:
            answer = (
                await site.do(SaveAudience(**ask, **site.stamp(session, str(form.get("key", "")))))
            ).answer
        except Problem:
            return RedirectResponse("/desk/audiences?error=audience_name", 303)
        code = f"error={answer.refusal.code}" if answer.refusal else "told=audience_saved"
        return RedirectResponse(f"/desk/audiences?{code}", 303)

    async def export(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        form = await form_of(visit, session)
        return await exported(
            site, session, str(form.get("audience", "")), str(form.get("why", "")).strip()[:200]
        )

    site.add(router, "/desk/audiences", show)
    site.add(router, "/desk/audience", moved)
    site.add(router, "/desk/audiences/count", count, "POST")
    site.add(router, "/desk/audiences", save, "POST")
    site.add(router, "/desk/audiences/export", export, "POST")


def page(
    site: Site,
    visit: Visit,
    rows: list[Row],
    join: str,
    more: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    """The builder, what is saved, and what was taken out."""
    values: dict[str, Any] = {
        "rows": rows, "join": join, "choices": choices(), "hows": hows(), "signs": SIGNS,
        "tag_words": lambda name: TAGS[name].words,
        "saved": [(one, said(read_condition(one.condition))) for one in newest(site.desk)],
        "exports": exports(site.desk), "found": None, "wrong": "",
    }  # fmt: skip
    return site.page(visit, "desk/audiences.html", values | (more or {}), status)


def exports(desk: Desk) -> list[AudienceExport]:
    """What was taken out of the bank last, the newest first."""
    return nlargest(EXPORTS, all_of(desk.reader, AudienceExport), key=lambda one: one.at)


def newest(desk: Desk) -> list[Audience]:
    """The newest version of every audience, by name."""
    found: dict[str, Audience] = {}
    for one in all_of(desk.reader, Audience):
        if one.name not in found or found[one.name].version < one.version:
            found[one.name] = one
    return [found[name] for name in sorted(found)]


async def counted(site: Site, visit: Visit, session: Session, form: dict[str, Any]) -> Response:
    """The builder with how many there are, how many were not looked at, a masked sample, and the overlap."""
    if kept := str(form.get("audience", "")):
        rows, join, text = [Row()] * ROWS, "and", saved(site.desk, kept).condition
    else:
        rows, join = rows_of(form), str(form.get("join", "and"))
        try:
            text = text_of(rows, join)
        except NotAForm as wrong:
            return page(site, visit, rows, join, {"wrong": visit.say(wrong.code)}, 422)
    condition = read_condition(text, Purpose.MARKETING)
    who, agreed = await members(site.desk, condition)
    other = str(form.get("beside", ""))
    beside = None
    if other:
        second, _ = await members(
            site.desk, read_condition(saved(site.desk, other).condition, Purpose.MARKETING)
        )
        beside = overlap(set(who), set(second))
    found = {
        "text": text, "said": said(condition), "count": len(who), "agreed": agreed,
        "left_out": max(0, len(knowing_of(site.desk).tags.people) - agreed),
        "sample": await sample(site, session, condition, who[:SAMPLE]), "tags": condition.reads,
        "beside": beside, "other": other.rpartition(".")[0],
    }  # fmt: skip
    return page(site, visit, rows, join, {"found": found})


async def members(desk: Desk, condition: TagCondition) -> tuple[list[str], int]:
    """Who fulfils a condition among those who agree to the data it reads, and how many those are.

    Nobody else's tags are read.
    """
    knowing, now = knowing_of(desk), desk.home.clock.now()
    agreed = agreeing(desk.reader, condition.data, now) & knowing.tags.people.keys()
    who = await asyncio.to_thread(knowing.shelf.matching, condition, bank_day(now), agreed)
    return who, len(agreed)


async def sample(
    site: Site, session: Session, condition: TagCondition, who: list[str]
) -> list[tuple[str, str, list[Any]]]:
    """A few of them with masked name and number, and the tags; that they were looked at is counted."""
    if not who:
        return []
    data = tuple(dict.fromkeys((DataClass.IDENTITY, *condition.data)))
    try:
        reader = await reading(site.desk, session.actor, Purpose.MARKETING, who, data=data, why="audience")
    except Problem as problem:
        if problem.code != "consent_missing":
            raise
        return []
    knowing, today = knowing_of(site.desk), bank_day(site.now())
    names = {one.id: one.name for one in reader.load(Customer, who)}
    rows = await asyncio.to_thread(knowing.shelf.values, condition.reads, today, names)
    return [(masked_name(names[row[0]]), masked_number(row[0]), _shown(condition, row)) for row in rows]


def _shown(condition: TagCondition, row: tuple[Any, ...]) -> list[Any]:
    """The values of a row: money marked as such, so that the page writes it as money."""
    pairs = zip(condition.reads, row[1:], strict=True)
    return [(value, TAGS[name].unit is Unit.MINOR) for name, value in pairs]


def saved(desk: Desk, audience: str) -> Audience:
    """A saved audience by its id. Raises Problem `not_found`."""
    found = desk.reader.load(Audience, [audience]) if audience else []
    if not found:
        raise Problem("not_found")
    return found[0]


async def exported(site: Site, session: Session, audience: str, why: str) -> Response:
    """The file of an audience: only who agrees at this moment; each use counted, the export sealed first."""
    kept = saved(site.desk, audience)
    condition = read_condition(kept.condition, Purpose.MARKETING)
    who, agreed = await members(site.desk, condition)
    rows: list[tuple[Any, ...]] = []
    if who:
        data = tuple(dict.fromkeys((DataClass.IDENTITY, *condition.data)))
        try:
            reader = await reading(site.desk, session.actor, Purpose.MARKETING, who, data=data, why=why)
        except Problem as problem:
            if problem.code != "consent_missing":
                raise
        else:
            may = [one for one in who if all(reader.may(one, kind) for kind in data)]
            names = {one.id: one.name for one in reader.load(Customer, may)}
            shelf, today = knowing_of(site.desk).shelf, bank_day(site.now())
            told = await asyncio.to_thread(shelf.values, condition.reads, today, names)
            rows = [(row[0], names[row[0]], *row[1:]) for row in told]
    content = as_file(("customer", "name", *condition.reads), rows)
    left_out = max(0, len(knowing_of(site.desk).tags.people) - agreed) + len(who) - len(rows)
    ask: dict[str, Any] = {"audience": kept.id, "rows": len(rows), "withheld": left_out, "why": why}
    digest = hashlib.sha256(content).hexdigest()
    await site.do(ExportAudience(**ask, digest=digest, **site.stamp(session, "")))
    headers = GUARD | {"content-disposition": f'attachment; filename="audience-{kept.version}.csv"'}
    return Response(content, 200, headers, "text/csv; charset=utf-8")


def as_file(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> bytes:
    """A CSV file in which no cell can be taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows([[safe(cell) if isinstance(cell, str) else cell for cell in row] for row in rows])
    return b"\xef\xbb\xbf" + out.getvalue().encode()
