"""What must hold in the books whatever happened to the bank: each breach is a finding with a sentence."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from jingwei.home import Home
from jingwei.journeys.shape import Sealed
from jingwei.journeys.table import unseal
from jingwei.ledger.accounts import Account, Balance, Hold, Line
from jingwei.stores.store import Reader

PAGE = 5_000
Kind = Literal["lost", "doubled", "unbalanced", "unsealed"]
Key = tuple[str, str]
"""Actor and idempotency key of a command."""


class Finding(NamedTuple):
    """One thing that does not hold."""

    kind: Kind
    says: str


class Acknowledged(NamedTuple):
    """A reply a client received: its record number and the bytes of the record it must be."""

    seq: int
    leaf: bytes


def missing(reader: Reader, promised: Mapping[Key, Acknowledged]) -> Iterator[Finding]:
    """Every acknowledged reply is there under its key, byte for byte."""
    answered = reader.answered(list(promised))
    for key, reply in promised.items():
        if answered.get(key) != reply.seq:
            yield Finding("lost", f"{key} was acknowledged as record {reply.seq}, its key is not kept")
        elif reader.record(reply.seq) != reply.leaf:
            yield Finding("lost", f"record {reply.seq} is not the answer that was acknowledged")


def books(home: Home) -> list[Finding]:
    """All that can be told from the books alone: nothing twice, every sum right, every record sealed."""
    store = home.store
    records = [unseal(leaf) for _, leaf in store.records(0, store.size())]
    found = [*twice(records), *money(store, records)]
    found += [Finding("unsealed", damage.says) for damage in home.verify().damage]
    return found + [Finding("unsealed", says) for says in store.check()]


def twice(records: list[Sealed]) -> Iterator[Finding]:
    """No key was answered by two records: nothing took effect twice."""
    counted = Counter((record.command.actor, record.command.key) for record in records)
    for key, count in counted.items():
        if count > 1:
            yield Finding("doubled", f"{key} was done {count} times")


def money(reader: Reader, records: list[Sealed]) -> Iterator[Finding]:
    """Sums are zero, balances are what the lines say, lines what the answers say, holds what is held."""
    for code, booked, _ in reader.totals():
        if booked:
            yield Finding("unbalanced", f"{code}: {booked} minor units were made or lost")
    lines = every_line(reader)
    yield from _lines_are_answers(lines, records)
    balances = {balance.id: balance for balance in every(reader, Balance)}
    yield from _balances_are_lines(lines, balances)
    held: Counter[str] = Counter()
    for hold in every(reader, Hold):
        held[hold.account] += hold.amount_minor if hold.status == "active" else 0
    for account in balances.keys() | held.keys():
        kept = balances[account].held_minor if account in balances else 0
        if kept != held[account]:
            yield Finding("unbalanced", f"{account} keeps {kept} back, its holds {held[account]}")
    for account in {account.id for account in every(reader, Account)} - balances.keys():
        yield Finding("unbalanced", f"{account} has no balance")


def _lines_are_answers(lines: list[Line], records: list[Sealed]) -> Iterator[Finding]:
    booked: defaultdict[int, list[tuple[str, str, int, str]]] = defaultdict(list)
    for line in lines:
        booked[line.id >> 16].append((line.payer, line.payee, line.amount_minor, line.currency))
    for record in records:
        told = [(m.payer, m.payee, m.amount_minor, m.currency) for m in record.answer.movements]
        if told != booked.pop(record.seq, []):
            yield Finding("unbalanced", f"the lines of record {record.seq} are not what it answered")
    for seq in booked:
        yield Finding("unbalanced", f"there are lines of record {seq}, which is not there")


def _balances_are_lines(lines: list[Line], balances: Mapping[str, Balance]) -> Iterator[Finding]:
    summed: Counter[str] = Counter()
    last: dict[str, int] = {}
    for line in lines:
        summed[line.payer] -= line.amount_minor
        summed[line.payee] += line.amount_minor
        for account, previous, after in (
            (line.payer, line.payer_previous, line.payer_after_minor),
            (line.payee, line.payee_previous, line.payee_after_minor),
        ):
            if (last.get(account, -1), summed[account]) != (previous, after):
                yield Finding("unbalanced", f"line {line.id} does not follow the line of {account} before it")
            last[account] = line.id
    for account in balances.keys() | summed.keys():
        kept = balances.get(account, Balance(account))
        if (kept.booked_minor, kept.last_line) != (summed[account], last.get(account, -1)):
            yield Finding(
                "unbalanced", f"{account} holds {kept.booked_minor}, its lines make {summed[account]}"
            )


def every_line(reader: Reader) -> list[Line]:
    """All lines of the ledger, in order."""
    lines: list[Line] = []
    while True:
        page = reader.line_range(lines[-1].id + 1 if lines else 0, 2**62, PAGE)
        lines += page
        if len(page) < PAGE:
            return lines


def every(reader: Reader, kind: type[Account] | type[Balance] | type[Hold]) -> Iterator:  # type: ignore[type-arg]
    """All kept things of one kind, by id."""
    after = ""
    while True:
        page = reader.page(kind, after=after, limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].id
