"""Instant notifications: a stream for each open page, fed from the records as they become durable."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response, StreamingResponse

from jingwei.channels.rest.views import standings
from jingwei.channels.web.customer.people import Named
from jingwei.channels.web.pages import GUARD, money
from jingwei.channels.web.visit import Visit, signed_in
from jingwei.journeys.shape import Sealed
from jingwei.journeys.table import unseal
from jingwei.stores.store import StoreError

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.ledger.accounts import Movement

LOG = logging.getLogger("jingwei.events")
TICK_S = 0.25
"""How often the log is looked at for new records while anybody listens."""

WAKE_S, HEARTBEAT = 1.0, 15
"""How often a quiet stream asks whether the server stops, and after how many times it says that it lives."""

AT_ONCE = 5_000
"""Records looked at in one tick; a stream that is further behind starts again from now."""

MOST_EACH, MOST_ALL = 4, 2_000
"""Open streams of one customer, and of all together."""

KEPT = 200
"""Events a slow stream may have waiting; beyond it the oldest are dropped, the balance stays true."""


class Stream:
    """One open page of a customer."""

    def __init__(self, who: str, accounts: frozenset[str]) -> None:
        self.who = who
        self.accounts = accounts
        self.waiting: deque[Sealed] = deque(maxlen=KEPT)
        self.woken = asyncio.Event()

    def owns(self, movement: Movement) -> bool:
        """Whether money of this customer moved."""
        return movement.payer in self.accounts or movement.payee in self.accounts

    def concerns(self, sealed: Sealed) -> bool:
        """Whether a record is about this customer's money."""
        answer = sealed.answer
        if any(map(self.owns, answer.movements)):
            return True
        held = bool(answer.hold or answer.made or answer.result == "refused")
        return held and getattr(sealed.command, "customer", "") == self.who and answer.policy != ""


class Fan:
    """Reads new records once for all streams. For one event loop."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._streams: set[Stream] = set()
        self._next = 0
        self._task: asyncio.Task[None] | None = None

    def open(self, who: str, accounts: frozenset[str], after: int) -> Stream | None:
        """A stream from record `after` + 1 on (-1: from now on), or None when too many are open."""
        mine = sum(one.who == who for one in self._streams)
        if mine >= MOST_EACH or len(self._streams) >= MOST_ALL:
            return None
        size = self._site.desk.reader.size()
        stream = Stream(who, accounts)
        if not self._streams:
            self._next = size
        if -1 < after < self._next and self._next - after <= AT_ONCE:
            self._feed({stream}, after + 1, self._next)
        self._streams.add(stream)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return stream

    def shut(self, stream: Stream) -> None:
        """The page is gone."""
        self._streams.discard(stream)

    async def _run(self) -> None:
        """Look for new records as long as anybody listens."""
        while self._streams:
            try:
                self.look()
            except StoreError as error:
                LOG.warning("notifications wait: %s", error)
            await asyncio.sleep(TICK_S)

    def look(self) -> None:
        """Hand every new record to the streams it concerns."""
        size = self._site.desk.reader.size()
        until = min(size, self._next + AT_ONCE)
        self._feed(self._streams, self._next, until)
        self._next = until

    def _feed(self, streams: set[Stream], start: int, end: int) -> None:
        if start >= end:
            return
        needles = {name.encode() for one in streams for name in (one.who, *one.accounts)}
        for _, leaf in self._site.desk.reader.records(start, end):
            if not any(needle in leaf for needle in needles):
                continue
            sealed = unseal(leaf)
            for stream in streams:
                if stream.concerns(sealed):
                    stream.waiting.append(sealed)
                    stream.woken.set()


def add_events(router: Router, site: Site) -> None:
    """Add /app/events."""
    fan = Fan(site)

    async def events(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        own = frozenset(one.account.id for one in standings(site.desk.reader, session.who, "", 50))
        last = visit.request.headers.get("last-event-id", "")
        after = int(last) if last.isascii() and last.isdigit() and len(last) < 16 else -1
        stream = fan.open(session.who, own, after)
        if stream is None:
            return Response("", 429, {**GUARD, "retry-after": "30"})
        body = lines(site, visit, fan, stream)
        return StreamingResponse(body, 200, {**GUARD, "x-accel-buffering": "no"}, "text/event-stream")

    site.add(router, "/app/events", events)


async def lines(site: Site, visit: Visit, fan: Fan, stream: Stream) -> AsyncIterator[bytes]:
    """The stream's text: one event for each record, a comment now and then while nothing happens."""
    named = Named(site, visit, stream.who)
    try:
        yield b"retry: 2000\n\n"
        leaving, quiet = visit.request.scope.get("leaving", bool), 0
        while not leaving():
            try:
                await asyncio.wait_for(stream.woken.wait(), WAKE_S)
            except TimeoutError:
                quiet += 1
                if quiet % HEARTBEAT == 0:
                    if over(site, visit):
                        return
                    yield b": still here\n\n"
                continue
            stream.woken.clear()
            if over(site, visit):
                return
            while stream.waiting:
                sealed = stream.waiting.popleft()
                data = msgspec.json.encode(told(site, visit, stream, sealed, named))
                yield b"id: %d\ndata: %s\n\n" % (sealed.seq, data)
    finally:
        fan.shut(stream)


def over(site: Site, visit: Visit) -> bool:
    """Whether the session of the page has ended; an open stream does not make it last."""
    session = visit.session
    if session is None:
        return True
    return all(one.session.sid != session.sid for one in site.sessions.living(session.actor, site.now()))


def told(site: Site, visit: Visit, stream: Stream, sealed: Sealed, named: Named) -> dict[str, Any]:
    """What the page is told: a sentence, where to read more, and the balances now."""
    own = standings(site.desk.reader, stream.who, "", 50)
    balances = {
        one.account.id: [
            plain(one.balance.booked_minor, one.account.currency),
            visit.say("app.available", amount=plain(_free(one), one.account.currency)),
        ]
        for one in own
    }
    text, to = sentence(visit, stream, sealed, named)
    return {"at": sealed.command.at, "text": text, "to": to, "balances": balances}


def _free(one: Any) -> int:
    return int(one.balance.booked_minor - one.balance.held_minor)


def plain(minor: int, currency: str) -> str:
    """An amount as text."""
    return str(money(minor, currency).striptags())


def sentence(visit: Visit, stream: Stream, sealed: Sealed, named: Named) -> tuple[str, str]:
    """The stream's part of the record in one sentence, and the page that says more."""
    answer, command = sealed.answer, sealed.command
    to = f"/app/payment/{answer.about or answer.id}" if getattr(command, "payee", "") or answer.about else ""
    mine = [one for one in answer.movements if stream.owns(one)]
    moved = [one for one in mine if one.kind != "fee"] or mine
    if moved:
        one = moved[0]
        to = "/app/loans" if one.kind.startswith("loan") else to
        amount = plain(one.amount_minor, one.currency)
        if one.payer in stream.accounts and one.payee in stream.accounts:
            return visit.say("live.inner", amount=amount), to
        if one.payer in stream.accounts:
            return visit.say("live.out", amount=amount, name=named(one.payee)), to
        return visit.say("live.in", amount=amount, name=named(one.payer)), to
    minor, currency = getattr(command, "amount_minor", 0), getattr(command, "currency", "CNY")
    amount = plain(minor, currency)
    if answer.challenge and answer.result == "stepped_up":
        return visit.say("live.asked", amount=amount), f"/app/step-up/{answer.challenge}"
    code = "held" if answer.result == "held" else "refused" if answer.result == "refused" else "waits"
    return visit.say(f"live.{code}", amount=amount), to
