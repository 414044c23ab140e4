"""RunDayEnd: interest and monthly fees of one bank day, one page of accounts with each command.

Every page is one durable step: killed in the middle, the next run goes on where it stopped, and an
account whose day is closed is never closed again, whoever asks and however often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, ClassVar

import msgspec

from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.clock import day_start
from jingwei.kernel.command import Command, OptionalId
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal, Words, declare
from jingwei.ledger.accounts import Account, Movement, Standing
from jingwei.ledger.day_end import close_days, first_open_day
from jingwei.ledger.posting import MAX_MOVEMENTS, post
from jingwei.ledger.products import Product
from jingwei.ledger.statement import BrokenChain, Since, closings, prefetch

MOST_ACCOUNTS = 5_000
"""Accounts in one page at most; each makes three movements for each month that ends in it."""

USUAL = 500
"""Accounts in one page, unless somebody says otherwise."""

Mark = tuple[Annotated[int, msgspec.Meta(ge=-(2**20), le=2**20)], Annotated[int, msgspec.Meta(ge=0)]]


class RunDayEnd(Command, frozen=True, kw_only=True, tag="run_day_end"):
    """Close bank day `day` (days since 1970-01-01) for the next `limit` accounts after account `after`.

    `since` are pairs (bank day, record number): no record before that number holds a line of a moment after
    that day, however late it came in. Records kept before there was such a bound name none, and replay with
    the rule they were made with (`ledger.statement.LATE`).
    """

    MEASURED: ClassVar[tuple[str, ...]] = ("since",)

    day: Annotated[int, msgspec.Meta(ge=0, le=2**20)]
    after: OptionalId = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_ACCOUNTS)] = 500
    since: Annotated[tuple[Mark, ...], msgspec.Meta(max_length=64)] = ()


class DayEndRun(Event, frozen=True, kw_only=True, tag="day_end_run"):
    """A page of accounts was closed for the day.

    `last` is the account the next page begins after, "" when this was the last page; `damaged` lists
    accounts left out because their lines do not chain or their product is not known; `waived` those
    that had no money for their monthly fee.
    """

    day: int
    accounts: int
    last: str
    damaged: tuple[str, ...] = ()
    waived: tuple[str, ...] = ()


class Open(msgspec.Struct, frozen=True):
    """An account whose day is open: its product, and its balance at the end of each open day."""

    standing: Standing
    product: Product
    closings: list[int]


class Seen(msgspec.Struct, frozen=True):
    """The page: accounts to close, those that cannot be, the bank's own accounts."""

    seq: int
    accounts: tuple[Open, ...]
    damaged: tuple[str, ...]
    bank: dict[str, Standing | None]
    last: str


declare({"day_not_over": Words("This bank day is not over yet.", "该营业日尚未结束。")})


def look(ask: RunDayEnd, books: Books) -> Seen:
    """Read a page of accounts with the balances their open days ended with."""
    page = books.page(Account, after=ask.after, limit=ask.limit)
    last = page[-1].id if len(page) == ask.limit else ""
    found = (books.standing(account.id) for account in page if account.side == "customer")
    due = [s for s in found if s is not None and s.account.status == "open" and first_open_day(s) <= ask.day]
    opened, damaged = open_days(due, ask.day, books, ask.since)
    codes = sorted({one.standing.account.currency for one in opened})
    names = [f"bank:{own}:{code}" for code in codes for own in ("interest_paid", "interest_earned", "fees")]
    bank = {name: books.standing(name) for name in names}
    return Seen(books.seq, tuple(opened), tuple(damaged), bank, last)


def open_days(
    due: list[Standing], day: int, books: Books, since: Since
) -> tuple[list[Open], list[str]]:
    """Return the accounts with the balances of their open days, and those where these cannot be known."""
    products = [books.products.find(standing.account.product) for standing in due]
    bearing = [s for s, product in zip(due, products, strict=True) if product is not None and product.bears]
    known = prefetch(((s.balance, first_open_day(s)) for s in bearing), books.lines, since)
    opened: list[Open] = []
    damaged: list[str] = []
    for standing, product in zip(due, products, strict=True):
        try:
            if product is None:
                damaged.append(standing.account.id)
            elif product.bears:
                days = range(first_open_day(standing), day + 1)
                ends = closings(standing.balance, days, books.lines, known, since)
                opened.append(Open(standing, product, ends))
            else:
                opened.append(Open(standing, product, []))
        except BrokenChain:
            damaged.append(standing.account.id)
    return opened, damaged


def act(ask: RunDayEnd, seen: Seen) -> Outcome:
    """Accrue, and at the end of a period post, for every account of the page: all of it or nothing.

    The page ends before the account whose movements one entry could not hold any more: accounts of an older
    bank's books bring decades of months at their first day-end.
    """
    number = decision_id(seen.seq)
    if ask.at < day_start(ask.day + 1):
        return refused(number, Refusal("day_not_over"))
    standings: dict[str, Standing | None] = dict(seen.bank)
    movements: list[Movement] = []
    waived: list[str] = []
    names: list[str] = []
    for one in seen.accounts:
        closed = close_days(one.standing, one.product, one.closings, ask.day)
        if names and len(movements) + len(closed.movements) > MAX_MOVEMENTS:
            break
        names.append(closed.standing.account.id)
        standings[names[-1]] = closed.standing
        movements += closed.movements
        if closed.waived_minor:
            waived.append(names[-1])
    last = seen.last if len(names) == len(seen.accounts) else names[-1]
    posted = post(tuple(movements), standings, seen.seq, ask.at)
    if isinstance(posted, Refusal):
        return refused(number, posted)
    damaged = tuple(name for name in seen.damaged if not last or name <= last)
    event = DayEndRun(
        day=ask.day, accounts=len(names), last=last, damaged=damaged, waived=tuple(waived)
    )
    after = {name: standings[name] for name in names}
    after |= posted.standings
    return Outcome(
        Answer(number, "done", movements=tuple(movements), events=(event,)),
        posted.lines, tuple(standing for standing in after.values() if standing is not None),
        notes={"day_end": f"{ask.day} {last}"},
    )  # fmt: skip


ACTOR = "system:day-end"


def key_of(day: int, limit: int, after: str) -> str:
    """The key of a page: of the day, and where the page begins."""
    return f"day-end:{day}:{limit}:{after}"


def first_key(day: int) -> tuple[str, str]:
    """Actor and key of a day-end's first page, as pages are usually long."""
    return ACTOR, key_of(day, USUAL, "")


def run(
    day: int, at: int, do: Callable[[RunDayEnd], Answer], since: tuple[Mark, ...] = (), *, limit: int = USUAL
) -> Iterator[DayEndRun]:
    """Close one bank day for every account, page after page; each page is durable before the next.

    `since` comes from `keeping.day_bounds`; without it, payments more than LATE late may count a day off.

    Each page has its own key made of the day and where it begins, so that a run that was killed is
    simply started again: pages done are answered from their records. Raises RuntimeError when a
    page is refused.
    """
    after = ""
    while True:
        stamp = {"key": key_of(day, limit, after), "actor": ACTOR}
        page_of = RunDayEnd(day=day, after=after, limit=limit, since=since, at=at, known_at=at, **stamp)
        answer = do(page_of)
        if answer.refusal is not None:
            raise RuntimeError(
                f"the day-end of day {day} stopped after {after!r}: {answer.refusal.words().en}"
            )
        event = answer.events[0]
        page = event if isinstance(event, DayEndRun) else msgspec.convert(event, DayEndRun)
        yield page
        if not page.last:
            return
        after = page.last


RUN_DAY_END = Journey(RunDayEnd, look, act, roles=("staff", "system"), barrier=True)
