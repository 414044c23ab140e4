"""LinkIdentity, UnlinkIdentity, KeepApart: whose a source's records are, sealed and reversible."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id, Key, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.links import IdentityLink, apart_id, link_id
from jingwei.ledger.work import Customer

MOST = 500
"""Most links of one command."""

How = Literal["account", "certificate", "phone", "email", "weight", "person"]


class Link(msgspec.Struct, frozen=True, omit_defaults=True):
    """A subject of a source and the customer it is: by what, how heavy (thousandths of a bit), the levels."""

    source: Id
    subject: Key
    customer: Id
    how: How
    weight_milli: int = 0
    levels: tuple[str, ...] = ()


class LinkIdentity(Command, frozen=True, kw_only=True, tag="link_identity"):
    """These subjects are these customers. Those that cannot be linked are left out; all of them: refused."""

    links: Annotated[tuple[Link, ...], msgspec.Meta(min_length=1, max_length=MOST)]
    reason: Text = ""


class IdentitiesLinked(Event, frozen=True, kw_only=True, tag="identities_linked"):
    """Subjects of sources were found to be customers; these many others could not be linked."""

    count: int
    left_out: int


class UnlinkIdentity(Command, frozen=True, kw_only=True, tag="unlink_identity"):
    """This subject is not the customer it was linked to; only a person may link the two again."""

    source: Id
    subject: Key
    reason: Text = ""


class IdentityParted(Event, frozen=True, kw_only=True, tag="identity_parted"):
    """A subject is no longer taken for this customer."""

    customer: str


class KeepApart(Command, frozen=True, kw_only=True, tag="keep_apart"):
    """A person says that this subject is not this customer; no program will link them."""

    source: Id
    subject: Key
    customer: Id
    reason: Text = ""


class IdentityKeptApart(Event, frozen=True, kw_only=True, tag="identity_kept_apart"):
    """A subject and a customer are two people."""

    customer: str


class Seen(msgspec.Struct, frozen=True):
    """What stands of each link: the customer, whose the subject is, what a person said of the two."""

    seq: int
    customers: tuple[Customer | None, ...]
    held: tuple[IdentityLink | None, ...]
    apart: tuple[IdentityLink | None, ...]


def look(ask: LinkIdentity, books: Books) -> Seen:
    """Read what stands of each."""
    return Seen(
        books.seq,
        tuple(books.get(Customer, one.customer) for one in ask.links),
        tuple(books.get(IdentityLink, link_id(one.source, one.subject)) for one in ask.links),
        tuple(books.get(IdentityLink, apart_id(one.source, one.subject, one.customer)) for one in ask.links),
    )


def _against(
    one: Link, customer: Customer | None, held: IdentityLink | None, apart: IdentityLink | None
) -> str:
    """The code of what speaks against a link; "" for nothing."""
    if customer is None:
        return "customer_not_found"
    if held is not None and held.state == "linked" and held.customer != one.customer:
        return "linked_already"
    if apart is not None and apart.state == "apart" and one.how != "person":
        return "kept_apart"
    return ""


def act(ask: LinkIdentity, seen: Seen) -> Outcome:
    """Keep what can be linked."""
    number = decision_id(seen.seq)
    made: dict[str, IdentityLink] = {}
    first = ""
    for one, customer, held, apart in zip(ask.links, seen.customers, seen.held, seen.apart, strict=True):
        name = link_id(one.source, one.subject)
        code = "linked_already" if name in made else _against(one, customer, held, apart)
        first = first or code
        if not code:
            made[name] = IdentityLink(
                name,
                one.source,
                one.subject,
                one.customer,
                "linked",
                one.how,
                one.weight_milli,
                ask.at,
                ask.actor,
            )
    if not made:
        return refused(number, Refusal(first))
    event = IdentitiesLinked(count=len(made), left_out=len(ask.links) - len(made))
    return _noted(Answer(number, "done", events=(event,)), tuple(made.values()))


def _noted(answer: Answer, kept: tuple[IdentityLink, ...]) -> Outcome:
    """The outcome, with a note by which the insight shelf sees that links changed."""
    return Outcome(answer, kept=kept, notes={"links": answer.id})


def look_at_held(ask: UnlinkIdentity, books: Books) -> tuple[int, IdentityLink | None]:
    """Read whose the subject is."""
    return books.seq, books.get(IdentityLink, link_id(ask.source, ask.subject))


def part(ask: UnlinkIdentity, seen: tuple[int, IdentityLink | None]) -> Outcome:
    """Part them, and remember that they are apart."""
    seq, held = seen
    number = decision_id(seq)
    if held is None or held.state != "linked":
        return refused(number, Refusal("not_linked"))
    parted = msgspec.structs.replace(held, state="parted", at=ask.at, by=ask.actor)
    apart = msgspec.structs.replace(
        parted, id=apart_id(ask.source, ask.subject, held.customer), state="apart", how="person"
    )
    event = IdentityParted(customer=held.customer)
    return _noted(Answer(number, "done", events=(event,)), (parted, apart))


def look_apart(ask: KeepApart, books: Books) -> tuple[int, Customer | None, IdentityLink | None]:
    """Read the customer, and whose the subject is."""
    held = books.get(IdentityLink, link_id(ask.source, ask.subject))
    return books.seq, books.get(Customer, ask.customer), held


def keep_apart(ask: KeepApart, seen: tuple[int, Customer | None, IdentityLink | None]) -> Outcome:
    """Remember it."""
    seq, customer, held = seen
    number = decision_id(seq)
    if customer is None:
        return refused(number, Refusal("customer_not_found"))
    if held is not None and held.state == "linked" and held.customer == ask.customer:
        return refused(number, Refusal("linked_already"))
    name = apart_id(ask.source, ask.subject, ask.customer)
    apart = IdentityLink(name, ask.source, ask.subject, ask.customer, "apart", "person", 0, ask.at, ask.actor)
    event = IdentityKeptApart(customer=ask.customer)
    return _noted(Answer(number, "done", events=(event,)), (apart,))


LINK_IDENTITY = Journey(LinkIdentity, look, act, roles=("staff", "system"))
UNLINK_IDENTITY = Journey(UnlinkIdentity, look_at_held, part, roles=("staff", "system"))
KEEP_APART = Journey(KeepApart, look_apart, keep_apart, roles=("staff",))
