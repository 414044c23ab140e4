"""Prefer: a customer says how the bank should be towards them, on every channel."""

from __future__ import annotations

from typing import Annotated

import msgspec

from jingwei.journeys.shape import Answer, Books, Journey, Outcome
from jingwei.kernel.command import Command
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.ledger.family import ELDER_UNDO_S, USUAL_UNDO_S, Preference

UndoChoice = Annotated[int, msgspec.Meta(ge=0, le=60)]


class Prefer(Command, frozen=True, kw_only=True, tag="prefer"):
    """Elder mode on or off, and how many seconds payments wait; what is null stays as it was.

    Elder mode turned on with nothing said about the wait makes that longer too; turned off again, usual.
    """

    elder: bool | None = None
    undo_s: UndoChoice | None = None


class Preferred(Event, frozen=True, kw_only=True, tag="preferred"):
    """A customer has other preferences now."""

    elder: bool
    undo_s: int


class Seen(msgspec.Struct, frozen=True):
    """What was preferred before."""

    seq: int
    before: Preference | None


def look(ask: Prefer, books: Books) -> Seen:
    """Read what was preferred before."""
    return Seen(books.seq, books.get(Preference, ask.actor.partition(":")[2]))


def act(ask: Prefer, seen: Seen) -> Outcome:
    """Keep the new preferences."""
    before = seen.before or Preference(ask.actor.partition(":")[2])
    elder = bool(before.elder) if ask.elder is None else ask.elder
    undo_s = before.undo_s if ask.undo_s is None else ask.undo_s
    if ask.undo_s is None and elder != bool(before.elder):
        undo_s = ELDER_UNDO_S if elder else USUAL_UNDO_S
    kept = Preference(before.id, int(elder), undo_s, ask.at)
    event = Preferred(elder=elder, undo_s=undo_s)
    return Outcome(Answer(decision_id(seen.seq), "done", events=(event,)), kept=(kept,))


PREFER = Journey(Prefer, look, act, roles=("customer",))
