"""Reverse: an entry is undone by its mirror image; what was booked stays booked, and it is done once only."""

from __future__ import annotations

import msgspec

from jingwei.journeys.own_work import EITHER, FROM, owns
from jingwei.journeys.shape import TODAYS, Answer, Books, Journey, Outcome, Sealed, refused
from jingwei.kernel.command import Command, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal, Words, declare
from jingwei.ledger.accounts import Movement, Standing
from jingwei.ledger.posting import post
from jingwei.ledger.work import Reversal

FINAL = frozenset({"reversal", "interest"})
"""Kinds of movement that are not undone: a reversal itself, and what a day-end posted."""


class Reverse(Command, frozen=True, kw_only=True, tag="reverse"):
    """Undo all movements of `decision`; the command's own key makes asking twice harmless."""

    decision: Id
    reason: Text = ""


class EntryReversed(Event, frozen=True, kw_only=True, tag="entry_reversed"):
    """An entry was undone."""

    decision: str


class Seen(msgspec.Struct, frozen=True):
    """The record to undo, whether it was undone before, and the accounts as they stand now."""

    seq: int
    original: Sealed | None
    before: Reversal | None
    standings: dict[str, Standing | None]
    rules: int = TODAYS


declare(
    {
        "not_reversible": Words(
            "Reversals and interest cannot be reversed; make a new payment instead.",
            "冲正和计息记账不能再冲正，请另行办理付款。",
        ),
    }
)


def look(ask: Reverse, books: Books) -> Seen:
    """Read the record, earlier reversals and every account the entry moved money on."""
    original = books.record(ask.decision)
    movements = original.answer.movements if original else ()
    names = {name for movement in movements for name in (movement.payer, movement.payee)}
    return Seen(
        books.seq, original, books.get(Reversal, ask.decision),
        {name: books.standing(name) for name in sorted(names)}, books.rules,
    )  # fmt: skip


def act(ask: Reverse, seen: Seen) -> Outcome:
    """Post the mirror image of the entry, last movement first; nobody undoes an entry of their own."""
    number, original = decision_id(seen.seq), seen.original
    if original is None or not original.answer.movements:
        return refused(number, Refusal("nothing_to_reverse"))
    about = original.answer.id
    if seen.before is not None:
        return refused(number, Refusal("already_reversed"), about=about)
    if owns(ask.actor, seen.standings.values(), seen.rules):
        return refused(number, Refusal("own_work"), about=about)
    done = original.answer.movements
    if any(movement.kind in FINAL for movement in done):
        return refused(number, Refusal("not_reversible"), about=about)
    mirrored = tuple(
        Movement(m.payee, m.payer, m.amount_minor, m.currency, "reversal") for m in reversed(done)
    )
    posted = post(mirrored, seen.standings, seen.seq, ask.at)
    if isinstance(posted, Refusal):
        return refused(number, posted, about=about)
    answer = Answer(number, "done", movements=mirrored, about=about, events=(EntryReversed(decision=about),))
    return Outcome(answer, posted.lines, tuple(posted.standings.values()), (Reversal(about, number),))


REVERSE = Journey(Reverse, look, act, roles=("staff", "system"), rules=FROM, unnumbered=EITHER)
