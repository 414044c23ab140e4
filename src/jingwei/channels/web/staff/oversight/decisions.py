"""Decisions as they are made: a list with filters, the same as a live stream, and one decision in full."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from starlette.responses import Response, StreamingResponse

from jingwei.channels.problems import Problem
from jingwei.channels.rest.evidence import parts_told, reasons_told
from jingwei.channels.web.pages import money
from jingwei.channels.web.phrases import say
from jingwei.channels.web.staff.oversight.board import RESULTS
from jingwei.channels.web.staff.oversight.room import WATCH, asked, refusal_says, whole
from jingwei.channels.words import result_words
from jingwei.kernel.clock import local_text
from jingwei.kernel.money import format_minor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.routing import Router

    from jingwei.channels.web.staff.oversight.facts import Fact, Facts
    from jingwei.channels.web.staff.oversight.room import Room
    from jingwei.channels.web.visit import Visit
    from jingwei.journeys.shape import Sealed

SHOWN = 100
LOOK_S = 0.2
LOOKS = 1_500
"""A stream ends after this many looks (five minutes); the browser asks again, and shows it is signed in."""

REFRESH_S = "5"
END = 2**62


class Filter(NamedTuple):
    """Which decisions are wanted; amounts are in minor units, times in microseconds UTC."""

    result: str
    reason: str
    least_minor: int
    start: int
    end: int
    reported: bool

    def fits(self, fact: Fact) -> bool:
        """Whether a payment is wanted (fraud reports aside)."""
        return (
            (not self.result or fact.result == self.result)
            and (not self.reason or self.reason in fact.reasons)
            and fact.amount_minor >= self.least_minor
        )

    def query(self) -> str:
        """The filter as an address has it."""
        return f"result={self.result}&reason={self.reason}&least={self.least_minor // 100}"


def filter_of(visit: Visit) -> Filter:
    """What the address asks for."""
    result = asked(visit, "result")
    return Filter(
        result if result in RESULTS else "",
        asked(visit, "reason"),
        whole(asked(visit, "least"), 0, 0, 10**12) * 100,
        whole(asked(visit, "from"), 0),
        whole(asked(visit, "until"), END),
        asked(visit, "reported") == "1",
    )


def wanted(facts: Facts, by: Filter) -> Iterator[Fact]:
    """The payments wanted, newest first; with `reported`, those reported as fraud in that time."""
    if by.reported:
        payments = {payment for at, payment in facts.reported if by.start <= at < by.end}
        return (fact for fact in facts.between(0, END) if fact.id in payments and by.fits(fact))
    return (fact for fact in facts.between(by.start, by.end) if by.fits(fact))


def add_decisions(router: Router, room: Room) -> None:
    """Add /desk/decisions, its stream and one decision."""
    site = room.site

    async def listed(visit: Visit) -> Response:
        room.enter(visit, *WATCH)
        facts, by = await room.look(), filter_of(visit)
        rows = list(islice(wanted(facts, by), SHOWN + 1))
        bounded = by.start > 0 or by.end < END
        refresh = asked(visit, "refresh") == "1"
        values = {
            "rows": [row_told(room, visit, fact) for fact in rows[:SHOWN]], "more": len(rows) > SHOWN,
            "by": by, "results": RESULTS, "reasons": known_reasons(room, visit, facts), "bounded": bounded,
            "refresh": refresh, "last": facts.until, "facts": facts,
        }  # fmt: skip
        page = site.page(visit, "desk/decisions.html", values)
        if refresh:
            page.headers["refresh"] = REFRESH_S
        return page

    async def stream(visit: Visit) -> Response:
        room.enter(visit, *WATCH)
        after = whole(asked(visit, "after"), -1)
        if after < 0:  # only the list, which says where it stands, asks for what comes after it
            raise Problem("not_found")
        news = told(room, visit, filter_of(visit), after)
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(news, media_type="text/event-stream", headers=headers)

    async def one(visit: Visit) -> Response:
        room.enter(visit, *WATCH)
        await room.look()
        sealed = room.desk.record(visit.request.path_params["decision"])
        return site.page(visit, "desk/decision.html", decision_values(room, visit, sealed))

    site.add(router, "/desk/decisions", listed)
    site.add(router, "/desk/decisions/stream", stream)
    site.add(router, "/desk/decisions/{decision}", one)


async def told(room: Room, visit: Visit, by: Filter, after: int) -> AsyncIterator[bytes]:
    """Server-sent events: new payments that are wanted, and the bank's time when they were sent."""
    reader = room.desk.reader
    yield b"retry: 1000\n\n"
    for _ in range(LOOKS):
        if reader.size() > after:
            facts = await room.look()
            fresh: list[dict[str, Any]] = []
            for fact in reversed(facts.payments):
                if fact.seq < after or len(fresh) == SHOWN:
                    break
                if by.fits(fact):
                    fresh.append(row_told(room, visit, fact))
            after = facts.until
            if fresh:
                body = msgspec.json.encode({"now": room.site.now(), "rows": fresh[::-1]})
                yield b"id: %d\ndata: %b\n\n" % (after, body)
        await asyncio.sleep(LOOK_S)


def row_told(room: Room, visit: Visit, fact: Fact) -> dict[str, Any]:
    """One line of the list."""
    code = fact.reasons[0] if fact.reasons else ""
    return {
        "id": fact.id,
        "at": local_text(fact.known_at, "%m-%d %H:%M:%S"),
        "known_at": fact.known_at,
        "customer": fact.customer,
        "to": fact.to,
        "amount": money(fact.amount_minor, fact.currency).striptags(),
        "result": fact.result,
        "says": visit.say(f"result.{fact.result}"),
        "reason": reason_of(room, visit, fact, code),
        "more": max(0, len(fact.reasons) - 1),
    }


def reason_of(room: Room, visit: Visit, fact: Fact, code: str) -> str:
    """Why the books could not do it, else the first reason, as a sentence; "" when nothing hindered."""
    if fact.refusal is not None:
        return refusal_says(fact.refusal, visit.lang)
    return room.reason_says(fact.policy, code, visit.lang) if code else ""


def known_reasons(room: Room, visit: Visit, facts: Facts) -> list[tuple[str, str]]:
    """The reasons given lately, with their sentences."""
    seen: dict[str, str] = {}
    for fact in islice(reversed(facts.payments), 20_000):
        for code in fact.reasons:
            if code not in seen:
                seen[code] = room.reason_says(fact.policy, code, visit.lang)
    return sorted(seen.items(), key=lambda pair: pair[1])


def decision_values(room: Room, visit: Visit, sealed: Sealed) -> dict[str, Any]:
    """What the page of one record shows."""
    command, given = sealed.command, sealed.answer
    words = result_words(given)
    parts = parts_told(given)
    return {
        "sealed": sealed, "command": command, "given": given, "kind": command.__struct_config__.tag,
        "says": words.zh if visit.lang == "zh" else words.en, "fields": fields_told(command, visit.lang),
        "reasons": reasons_told(room.desk, given, True), "parts": parts,
        "strongest": max((abs(part.log_odds) for part in parts), default=1.0) or 1.0,
        "raw": msgspec.json.format(room.desk.reader.record(sealed.seq) or b"{}", indent=2).decode(),
        "label": room.facts.labels.known(given.id),
    }  # fmt: skip


def fields_told(command: Any, lang: str = "en") -> list[tuple[str, str]]:
    """The fields of a command as people read them; long texts stand in the record below."""
    told = []
    for name in command.__struct_fields__:
        value = getattr(command, name)
        if name.endswith("_minor") and isinstance(value, int) and hasattr(command, "currency"):
            value = f"{format_minor(value, command.currency)} {command.currency}"
        elif name in ("at", "known_at", "paid_at") and isinstance(value, int):
            value = local_text(value, "%Y-%m-%d %H:%M:%S")
        elif isinstance(value, bool):
            value = say(lang, "asked.yes" if value else "asked.no")
        if isinstance(value, str | int) and value != "" and len(str(value)) <= 300:
            told.append((name, str(value)))
    return told
