"""Finding out who is who in one bank: sure pairs are linked by a command, doubtful ones wait."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from jingwei.channels.sources.at_home import ACTOR, AtHand
from jingwei.domains.insight.likeness import Record, Weights
from jingwei.domains.insight.resolving import Finding, Known, Resolver
from jingwei.domains.insight.weights import SHIPPED
from jingwei.journeys.link_identity import MOST, Link, LinkIdentity
from jingwei.ledger.accounts import Account
from jingwei.ledger.links import IdentityLink, apart_id
from jingwei.ledger.work import Customer
from jingwei.stores.insight_people import Doubt, Stands

if TYPE_CHECKING:
    from jingwei.stores.insight import Insight
    from jingwei.stores.store import Reader

PAGE: Final = 5_000
ENOUGH: Final = 500
"""With so many records on each side weights are learned from them; with fewer the shipped ones serve."""

Tell = Callable[[int, int], None]


class Resolved(msgspec.Struct):
    """What a round came to. `apart` are pairs a person has kept apart before; `nobody` nobody's records."""

    records: int = 0
    linked: int = 0
    doubtful: int = 0
    apart: int = 0
    nobody: int = 0
    weights: str = "shipped"
    by_how: dict[str, int] = {}
    records_sealed: int = 0
    seconds: float = 0.0


def resolve_at_home(home: AtHand, shelf: Insight, tell: Tell) -> Resolved:
    """Link what is sure, keep what is doubtful for a person. Asked again it does only what is new."""
    started = time.perf_counter()
    shelf.people.follow(home.reader)
    open_ones = shelf.people.profiles(linked=False)
    known = known_people(home.reader, shelf, open_ones)
    records = [record_of(one) for one in open_ones]
    weights, told = _weights(records, known), Resolved(records=len(records))
    told.weights = "shipped" if weights.m is SHIPPED.m else "learned"
    resolver, at = Resolver(known, weights), home.clock.now()
    sure: list[Link] = []
    doubts: list[Doubt] = []
    for number, (one, record) in enumerate(zip(open_ones, records, strict=True)):
        tell(number, len(records))
        found, apart = _best(home.reader, resolver, one, record)
        told.apart += apart
        if found is None:
            told.nobody += not apart
        elif found.sure:
            sure.append(_link(one, found))
        else:
            doubts.append(_doubt(one, found, at))
    _seal(home, sure, told)
    shelf.people.keep_doubts(doubts)
    shelf.people.follow(home.reader)
    told.doubtful = len(doubts)
    told.seconds = round(time.perf_counter() - started, 3)
    return told


def record_of(one: Stands) -> Record:
    """A profile as it is compared."""
    p = one.profile
    key = f"{one.source}~{p.subject}"
    return Record(key, p.name, p.born, p.certificate, p.phone, p.email, p.address, p.device, p.account)


def known_people(reader: Reader, shelf: Insight, open_ones: Sequence[Stands]) -> list[Known]:
    """Records of our customers: as the books have them, as linked sources have them, and their accounts."""
    known, after = list[Known](), ""
    own: dict[str, Record] = {}
    while some := reader.page(Customer, after=after, limit=PAGE):
        after = some[-1].id
        for one in some:
            if one.kind == "person":
                own[one.id] = Record(one.id, one.name, one.born)
    told: dict[str, list[Record]] = {}
    for stands in shelf.people.profiles(linked=True):
        told.setdefault(stands.customer, []).append(record_of(stands))
    for customer, record in own.items():
        known.append(Known(customer, _filled(record, told.get(customer, ()))))
        known += [Known(customer, one) for one in told.get(customer, ())]
    accounts = sorted({one.profile.account for one in open_ones if one.profile.account})
    for start in range(0, len(accounts), PAGE):
        for account in reader.load(Account, accounts[start : start + PAGE]):
            if account.side != "bank" and account.owner in own:
                known.append(Known(account.owner, own[account.owner]._replace(account=account.id)))
    return known


def _filled(record: Record, more: Sequence[Record]) -> Record:
    """A record with what others know of the same person where it knows nothing itself."""
    said = {
        name: next((value for one in more if (value := getattr(one, name))), "")
        for name in Record._fields[1:]
        if not getattr(record, name)
    }
    return record._replace(**said)


def _weights(records: Sequence[Record], known: Sequence[Known]) -> Weights:
    """Learned from these records where there are enough of them, else the shipped ones.

    A small bank is taken for one of 5,000: its few customers are not all the people there are.
    """
    if len(records) >= ENOUGH and len(known) >= ENOUGH:
        from jingwei.learning.linking import learned

        return learned(records, known)
    customers = len({one.customer for one in known})
    return SHIPPED._replace(prior=min(0.5 / max(customers, 2), SHIPPED.prior))


def _best(
    reader: Reader, resolver: Resolver, one: Stands, record: Record
) -> tuple[Finding | None, int]:
    """The likeliest customer whom no person has said it is not, and how many a person has."""
    but: set[str] = set()
    while (found := resolver.best(record, but)) is not None and _apart(reader, one, found):
        but.add(found.customer)
    return found, len(but)


def _apart(reader: Reader, one: Stands, found: Finding) -> bool:
    name = apart_id(one.source, one.profile.subject, found.customer)
    return any(held.state == "apart" for held in reader.load(IdentityLink, [name]))


def _link(one: Stands, found: Finding) -> Link:
    weight = round(found.bits * 1_000)
    return Link(one.source, one.profile.subject, found.customer, found.how, weight, found.pattern)


def _doubt(one: Stands, found: Finding, at: int) -> Doubt:
    share = round(found.probability * 1_000)
    weight = round(found.bits * 1_000)
    return Doubt(one.source, one.profile.subject, found.customer, weight, share, found.pattern, at)


def _seal(home: AtHand, links: Sequence[Link], told: Resolved) -> None:
    """Have the links kept, so many at a time."""
    for start in range(0, len(links), MOST):
        some, now = tuple(links[start : start + MOST]), home.clock.now()
        digest = hashlib.sha256(msgspec.json.encode(some)).hexdigest()[:32]
        key = f"links:{digest}:{home.reader.size()}"
        answer = home.do(
            LinkIdentity(key=key, actor=ACTOR, at=now, known_at=now, links=some, reason="found by weight")
        )
        told.records_sealed += 1
        if answer.refusal is None:
            told.linked += answer.events[0].count
    for one in links:
        told.by_how[one.how] = told.by_how.get(one.how, 0) + 1
