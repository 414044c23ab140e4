"""ImportEntries: one account's entries of one day from an older bank's books, checked by its balances.

History is posted, not judged: it happened. The recorded balance after each entry must come out on
our ledger. A difference the older books made by rounding is posted as a movement of its own; any
other difference is told and never evened out.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec.structs import replace

from jingwei.journeys.import_customers import MOST
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, CurrencyCode, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.money import MAX_AMOUNT_MINOR
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import ACCOUNT_NOT_FOUND, Movement, Standing, chart_id
from jingwei.ledger.posting import post

Signed = Annotated[int, msgspec.Meta(ge=-MAX_AMOUNT_MINOR, le=MAX_AMOUNT_MINOR)]
Chart = Annotated[str, msgspec.Meta(pattern=r"\A[a-z_]{1,40}\Z")]
Kind = Annotated[str, msgspec.Meta(pattern=r"\A[a-z_]{1,40}\Z")]


class HistoricEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry as the older books have it.

    `id` is its number there; `amount_minor` is above zero when the account received it; `chart`
    is the part of our chart of accounts it came from or went to; `recorded_minor` is the balance
    recorded after it; `partner` is the other side as written there.
    """

    id: Id
    amount_minor: Signed
    recorded_minor: Signed
    chart: Chart
    kind: Kind
    partner: Text = ""


class ImportEntries(Command, frozen=True, kw_only=True, tag="import_entries"):
    """Post these entries of `account` from `source`, in this order, all on the day of `at`.

    `recorded_before_minor` is the balance the older books recorded before the first of them. When
    they begin in the middle of the account's life it is also `opening_minor`, brought in as a
    movement of its own. Differences up to `tolerance_minor` are theirs by rounding.
    """

    source: Id
    account: Id
    currency: CurrencyCode
    recorded_before_minor: Signed
    entries: Annotated[tuple[HistoricEntry, ...], msgspec.Meta(min_length=1, max_length=MOST)]
    opening_minor: Signed = 0
    tolerance_minor: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0


class EntriesImported(Event, frozen=True, kw_only=True, tag="entries_imported"):
    """How many recorded balances came out: to the unit, after a rounding movement, or not.

    `unchained` entries do not follow from the balance recorded before them, whatever our books say.
    """

    exact: int = 0
    rounded: int = 0
    differing: int = 0
    unchained: int = 0


class BalanceDiffers(Event, frozen=True, kw_only=True, tag="balance_differs"):
    """After this entry the older books recorded another balance than ours."""

    entry: str
    recorded_minor: int
    ours_minor: int


class OverdraftArranged(Event, frozen=True, kw_only=True, tag="overdraft_arranged"):
    """The history went below the account's overdraft line, which reaches as far from now on."""

    overdraft_minor: int


class Seen(msgspec.Struct, frozen=True):
    """The account and the bank's own accounts its entries name."""

    seq: int
    account: Standing | None
    standings: dict[str, Standing | None]


class Walk(msgspec.Struct):
    """The day as it comes out: movements, our balance after them, the lowest it was, and what differs."""

    ours: int
    lowest: int
    movements: list[Movement] = []
    differs: list[BalanceDiffers] = []
    exact: int = 0
    rounded: int = 0
    unchained: int = 0


def rounding_of(entry: HistoricEntry, before: int, ours: int, tolerance: int) -> int:
    """Return what the older books rounded by at this entry (minor units; 0 when they did not).

    `before` is the balance they recorded before it, `ours` our own balance before it.
    """
    for start in (ours, before):
        gap = entry.recorded_minor - start - entry.amount_minor
        if abs(gap) <= tolerance:
            return gap
    return 0


def walk(ask: ImportEntries, booked_minor: int) -> Walk:
    """Return the movements of the day for an account that stands at `booked_minor`."""
    day = Walk(booked_minor, booked_minor)
    before = ask.recorded_before_minor
    _move(ask, day, "suspense", "opening", ask.opening_minor)
    for entry in ask.entries:
        gap = rounding_of(entry, before, day.ours, ask.tolerance_minor)
        day.unchained += abs(entry.recorded_minor - before - entry.amount_minor) > ask.tolerance_minor
        _move(ask, day, entry.chart, entry.kind, entry.amount_minor)
        _move(ask, day, "rounding", "rounding", gap)
        before = entry.recorded_minor
        if day.ours != before:
            day.differs.append(BalanceDiffers(entry=entry.id, recorded_minor=before, ours_minor=day.ours))
        elif gap:
            day.rounded += 1
        else:
            day.exact += 1
    return day


def _move(ask: ImportEntries, day: Walk, chart: str, kind: str, amount_minor: int) -> None:
    """Add one movement between the account and the bank's chart; into the account when above zero."""
    if amount_minor:
        other = chart_id(chart, ask.currency)
        payer, payee = (other, ask.account) if amount_minor > 0 else (ask.account, other)
        day.movements.append(Movement(payer, payee, abs(amount_minor), ask.currency, kind))
        day.ours += amount_minor
        day.lowest = min(day.lowest, day.ours)


def look(ask: ImportEntries, books: Books) -> Seen:
    """Read the account and the bank's own accounts."""
    charts = {entry.chart for entry in ask.entries} | {"rounding", "suspense"}
    names = [f"bank:{chart}:{ask.currency}" for chart in sorted(charts)]
    return Seen(books.seq, books.own(ask.account), {name: books.standing(name) for name in names})


def act(ask: ImportEntries, seen: Seen) -> Outcome:
    """Post the day, reach the overdraft line as far as it went, and tell what differs."""
    number, account = decision_id(seen.seq), seen.account
    if account is None or None in seen.standings.values():
        return refused(number, ACCOUNT_NOT_FOUND)
    day = walk(ask, account.balance.booked_minor)
    events: list[Event] = [
        EntriesImported(
            exact=day.exact, rounded=day.rounded, differing=len(day.differs), unchained=day.unchained
        ),
        *day.differs,
    ]
    line = account.balance.held_minor - day.lowest
    if line > account.account.overdraft_minor:
        account = Standing(replace(account.account, overdraft_minor=line), account.balance)
        events.append(OverdraftArranged(overdraft_minor=line))
    posted = post(tuple(day.movements), {**seen.standings, ask.account: account}, seen.seq, ask.at)
    if isinstance(posted, Refusal):
        return refused(number, posted)
    answer = Answer(number, "done", movements=tuple(day.movements), events=tuple(events))
    return Outcome(answer, posted.lines, tuple(posted.standings.values()))


IMPORT_ENTRIES = Journey(ImportEntries, look, act, roles=("staff", "system"), accounts=("account",))
