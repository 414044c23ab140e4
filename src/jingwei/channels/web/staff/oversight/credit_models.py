"""The page of credit models: cards, gaps, alarms, champion and challenger; approve, challenge, step back."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse, Response

from jingwei.channels.problems import Problem
from jingwei.channels.web.staff.oversight.credit_room import (
    PAGE_SLOTS,
    group_says,
    kept_for,
    shown,
    slots_seen,
    source_says,
    why_not,
)
from jingwei.channels.web.staff.oversight.models import stepped_back
from jingwei.channels.web.staff.oversight.room import RULES, field
from jingwei.channels.web.staff.oversight.rules import wrong_page
from jingwei.channels.web.visit import form_of
from jingwei.domains.credit.trained_score import SLOTS, may_serve, table_of
from jingwei.journeys.use_scorecard import UseScorecard
from jingwei.models.contract import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.routing import Router

    from jingwei.channels.web.staff.oversight.room import Room
    from jingwei.channels.web.visit import Visit
    from jingwei.stores.sessions import Session

PAGE = "/desk/models/credit"


def add_credit_models(router: Router, room: Room) -> None:
    """Add /desk/models/credit and what can be done there."""
    site = room.site

    async def show(visit: Visit) -> Response:
        session = room.enter(visit, *RULES)
        seen = await asyncio.to_thread(_look, room, session.actor)
        words = {"source_says": source_says, "group_says": group_says}
        told = {name: partial(_in, word, visit.lang) for name, word in words.items()}
        return site.page(visit, "desk/credit_models.html", {"slots": seen} | told)

    async def approve(visit: Visit) -> Response:
        session = room.enter(visit, *RULES)
        form = await form_of(visit, session)
        slot, digest, why = _asked(room, visit, form)
        reasons = {k.removeprefix("gap:"): field(form, k) for k in form if k.startswith("gap:")}
        one = shown(slot, digest, room.desk.home.registry.load(digest))
        if wrong := why_not(one, session.actor, reasons):
            return wrong_page(site, visit, visit.say(wrong))
        try:
            may_serve(slot, room.desk.home.registry.load(digest))
            room.desk.home.registry.approve(
                slot, digest, who=session.actor, why=why, at=site.now(), reasons=reasons
            )
        except ModelError as error:
            return wrong_page(site, visit, _says(visit, error))
        await _use(room, session, form, slot, digest)
        return RedirectResponse(f"{PAGE}?told=credit_model", 303)

    site.add(router, PAGE, show)
    site.add(router, f"{PAGE}/{{slot}}/approve", approve, "POST")
    add_steps(router, room)


def add_steps(router: Router, room: Room) -> None:
    """Add naming a challenger and one step back."""
    site = room.site

    async def challenge(visit: Visit) -> Response:
        session = room.enter(visit, *RULES)
        form = await form_of(visit, session)
        slot, digest, why = _asked(room, visit, form)
        try:
            room.desk.home.registry.challenge(slot, digest, who=session.actor, why=why, at=site.now())
        except ModelError as error:
            return wrong_page(site, visit, _says(visit, error))
        return RedirectResponse(f"{PAGE}?told=credit_challenger", 303)

    async def back(visit: Visit) -> Response:
        session = room.enter(visit, *RULES)
        form = await form_of(visit, session)
        step = stepped_back(room, visit, session.actor, _slot(visit), field(form, "reason").strip())
        if isinstance(step, Response):
            return step
        await _use(room, session, form, step.slot, step.digest)
        return RedirectResponse(f"{PAGE}?told=model_back", 303)

    site.add(router, f"{PAGE}/{{slot}}/challenge", challenge, "POST")
    site.add(router, f"{PAGE}/{{slot}}/back", back, "POST")


def _in(word: Callable[[str, str], str], lang: str, name: str) -> str:
    return word(name, lang)


def _look(room: Room, actor: str) -> Any:
    """Everything on another thread, over a reader of its own."""
    reader = room.desk.home.store.reader()
    try:
        return slots_seen(room.desk.home.registry, reader, actor, room.site.now())
    finally:
        reader.close()


def _slot(visit: Visit) -> str:
    """The slot in the address. Raises Problem `not_found`."""
    slot = str(visit.request.path_params["slot"])
    if slot not in PAGE_SLOTS:
        raise Problem("not_found")
    return slot


def _asked(room: Room, visit: Visit, form: Any) -> tuple[str, str, str]:
    """Slot, digest of a model kept for it, and why. Raises Problem `not_found`."""
    slot, digest = _slot(visit), field(form, "digest", 64)
    if digest not in {kept for kept, _ in kept_for(room.desk.home.registry, slot)}:
        raise Problem("not_found")
    return slot, digest, field(form, "why").strip()


def _says(visit: Visit, error: ModelError) -> str:
    return visit.say("credit_models.not_approved", why=str(error))


async def _use(room: Room, session: Session, form: Any, slot: str, digest: str) -> None:
    """Let the champion score loans from now on; its whole table is sealed.

    One that warns serves as soon as it is approved: each warning seals which model gave it.
    """
    if slot not in SLOTS:
        return
    table = table_of(room.desk.home.registry.load(digest), digest)
    stamp = room.site.stamp(session, field(form, "key"))
    ask = UseScorecard(**stamp, slot=slot, digest=digest, table=table)
    await room.site.do(ask)
