"""ExpireHolds: holds whose time has run out are given back, a page of them with each command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec.structs import replace

from jingwei.journeys.capture import SeenHold, see_hold
from jingwei.journeys.shape import Answer, Books, Journey, Outcome
from jingwei.kernel.command import Command, OptionalId
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.ledger.accounts import Hold, Kept, Standing
from jingwei.ledger.holds import is_over, release


class ExpireHolds(Command, frozen=True, kw_only=True, tag="expire_holds"):
    """Expire those of the next `limit` active holds after hold `after` whose time is over at `at`."""

    after: OptionalId = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 500


class HoldsExpired(Event, frozen=True, kw_only=True, tag="holds_expired"):
    """A page of holds was looked through; `last` is where the next begins, "" when it was the last page."""

    holds: tuple[str, ...]
    last: str


class Seen(msgspec.Struct, frozen=True):
    """The page of holds, each with its payer and what waits for an answer about it."""

    seq: int
    page: tuple[SeenHold, ...]
    last: str


def look(ask: ExpireHolds, books: Books) -> Seen:
    """Read a page of active holds, in the order of their ids."""
    active = books.find(Hold, "status", "active", after=ask.after, limit=ask.limit)
    last = active[-1].id if len(active) == ask.limit else ""
    return Seen(books.seq, tuple(see_hold(hold.id, books) for hold in active if is_over(hold, ask.at)), last)


def act(ask: ExpireHolds, seen: Seen) -> Outcome:
    """Give the money back and close the case or challenge that waited for it."""
    standings: dict[str, Standing] = {}
    kept: list[Kept] = []
    expired: list[str] = []
    for one in seen.page:
        assert one.hold is not None and one.payer is not None, "an active hold has its account"
        payer = standings.get(one.hold.account, one.payer)
        released = release(one.hold, payer, "expired")
        assert isinstance(released, tuple), "only active holds are looked at"
        hold, standings[one.hold.account] = released
        expired.append(hold.id)
        kept.append(hold)
        if one.case is not None and one.case.status == "open":
            kept.append(replace(one.case, status="refused", closed_by=ask.actor, closed_at=ask.at))
        if one.challenge is not None and one.challenge.status == "open":
            kept.append(replace(one.challenge, status="expired"))
        if one.pending is not None and one.pending.status == "waiting":
            kept.append(replace(one.pending, status="expired", by=decision_id(seen.seq)))
    event = HoldsExpired(holds=tuple(expired), last=seen.last)
    answer = Answer(decision_id(seen.seq), "done", events=(event,))
    return Outcome(answer, standings=tuple(standings.values()), kept=tuple(kept))


def run(at: int, do: Callable[[ExpireHolds], Answer], *, limit: int = 500) -> int:
    """Expire every hold whose time is over at `at`, page after page, and return how many there were.

    A page done before under the same moment is answered from its record. Raises RuntimeError when
    a page is refused.
    """
    after, expired = "", 0
    while True:
        stamp = {"key": f"expire-holds:{at}:{limit}:{after}", "actor": "system:day-end"}
        answer = do(ExpireHolds(after=after, limit=limit, at=at, known_at=at, **stamp))
        if answer.refusal is not None:
            raise RuntimeError(f"expiring holds stopped after {after!r}: {answer.refusal.words().en}")
        event = answer.events[0]
        page = event if isinstance(event, HoldsExpired) else msgspec.convert(event, HoldsExpired)
        expired += len(page.holds)
        if not page.last:
            return expired
        after = page.last


EXPIRE_HOLDS = Journey(ExpireHolds, look, act, roles=("staff", "system"))
