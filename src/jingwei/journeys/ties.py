"""OfferTie, AcceptTie, EndTie: two customers agree that one sees or looks after the other's accounts."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec.structs import replace

from jingwei.journeys.shape import Answer, Books, Journey, Outcome, every, refused
from jingwei.kernel.clock import local_text
from jingwei.kernel.command import Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.family import GROWN_UP, GUARDIAN, Tie, age_on, tie_id
from jingwei.ledger.work import Customer


class OfferTie(Command, frozen=True, kw_only=True, tag="offer_tie"):
    """Offer that `keeper` looks after ("guardian") or sees ("helper") the accounts of `whose`.

    One of the two offers it; it holds once the other has said yes.
    """

    kind: Literal["guardian", "helper"]
    whose: Id
    keeper: Id


class AcceptTie(Command, frozen=True, kw_only=True, tag="accept_tie"):
    """Say yes to a tie that waits for the actor."""

    tie: Id


class EndTie(Command, frozen=True, kw_only=True, tag="end_tie"):
    """End a tie or turn an offer down: at once, by either side; a child under 18 cannot end a guardian's."""

    tie: Id


class TieChanged(Event, frozen=True, kw_only=True, tag="tie_changed"):
    """A tie was offered, became active or ended."""

    tie: str
    status: str


class Offered(msgspec.Struct, frozen=True):
    """Both people, and the ties the one already has."""

    seq: int
    whose: Customer | None
    keeper: Customer | None
    ties: tuple[Tie, ...]


class Known(msgspec.Struct, frozen=True):
    """A tie and whose accounts it shows."""

    seq: int
    tie: Tie | None
    whose: Customer | None


def look_at_offer(ask: OfferTie, books: Books) -> Offered:
    """Read both people and their ties."""
    ties = tuple(every(books, Tie, "whose", ask.whose))
    return Offered(books.seq, books.get(Customer, ask.whose), books.get(Customer, ask.keeper), ties)


def check_offer(ask: OfferTie, seen: Offered) -> Refusal | None:
    """Return why the tie cannot be offered, or None."""
    if ask.actor.partition(":")[2] not in (ask.whose, ask.keeper):
        return Refusal("tie_not_yours")
    if ask.whose == ask.keeper:
        return Refusal("tie_with_oneself")
    if seen.whose is None or seen.keeper is None:
        return Refusal("customer_not_found")
    if any(one.keeper == ask.keeper and one.kind == ask.kind and one.status != "ended" for one in seen.ties):
        return Refusal("tie_exists")
    if ask.kind != GUARDIAN:
        return None
    today = local_text(ask.at, "%Y-%m-%d")
    child, grown = age_on(seen.whose.born, today), age_on(seen.keeper.born, today)
    if child is None or child >= GROWN_UP:
        return Refusal("not_a_child")
    return Refusal("guardian_too_young") if grown is not None and grown < GROWN_UP else None


def offer(ask: OfferTie, seen: Offered) -> Outcome:
    """Keep the offer; it gives nothing until the other side has said yes."""
    number = decision_id(seen.seq)
    if refusal := check_offer(ask, seen):
        return refused(number, refusal)
    who = ask.actor.partition(":")[2]
    other = ask.keeper if who == ask.whose else ask.whose
    tie = Tie(tie_id(seen.seq), ask.kind, ask.whose, ask.keeper, "offered", who, other, ask.at)
    event = TieChanged(tie=tie.id, status=tie.status)
    return Outcome(Answer(number, "done", made=tie.id, events=(event,)), kept=(tie,))


def look_at_tie(ask: AcceptTie | EndTie, books: Books) -> Known:
    """Read the tie and whose accounts it shows."""
    tie = books.get(Tie, ask.tie)
    return Known(books.seq, tie, books.get(Customer, tie.whose) if tie else None)


def accept(ask: AcceptTie, seen: Known) -> Outcome:
    """Make the tie active; only who was asked can."""
    number, tie, who = decision_id(seen.seq), seen.tie, ask.actor.partition(":")[2]
    if tie is None or who not in (tie.whose, tie.keeper):
        return refused(number, Refusal("tie_not_found"))
    if tie.status != "offered" or tie.waits_for != who:
        return refused(number, Refusal("tie_not_open"))
    active = replace(tie, status="active", waits_for="", since=ask.at)
    event = TieChanged(tie=tie.id, status=active.status)
    return Outcome(Answer(number, "done", events=(event,)), kept=(active,))


def end(ask: EndTie, seen: Known) -> Outcome:
    """End the tie; from this record on it gives nothing."""
    number, tie = decision_id(seen.seq), seen.tie
    role, _, who = ask.actor.partition(":")
    if tie is None or (role == "customer" and who not in (tie.whose, tie.keeper)):
        return refused(number, Refusal("tie_not_found"))
    if tie.status == "ended":
        return refused(number, Refusal("tie_ended"))
    age = age_on(seen.whose.born if seen.whose else "", local_text(ask.at, "%Y-%m-%d"))
    held = tie.kind == GUARDIAN and tie.status == "active" and age is not None and age < GROWN_UP
    if held and role == "customer" and who == tie.whose:
        return refused(number, Refusal("child_cannot_end"))
    ended = replace(tie, status="ended", waits_for="", ended_at=ask.at, ended_by=ask.actor)
    event = TieChanged(tie=tie.id, status=ended.status)
    return Outcome(Answer(number, "done", events=(event,)), kept=(ended,))


OFFER_TIE = Journey(OfferTie, look_at_offer, offer, roles=("customer",))
ACCEPT_TIE = Journey(AcceptTie, look_at_tie, accept, roles=("customer",))
END_TIE = Journey(EndTie, look_at_tie, end, roles=("customer", "staff"))
