"""RunLoanDay: what falls due, what is paid and what is late on one bank day, a page of loans each time.

Every page is one durable step: killed in the middle, the next run goes on where it stopped, and a loan
whose day is closed is never closed again, whoever asks and however often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated

import msgspec

from jingwei.domains.credit.loan_life import close_days
from jingwei.domains.credit.loans import RUNNING, Loan
from jingwei.domains.credit.product import LoanProduct
from jingwei.domains.credit.products import shipped
from jingwei.journeys.repay_loan import CHARTS, DAYS_KEPT
from jingwei.journeys.shape import TODAYS, Answer, Books, Journey, Outcome, refused
from jingwei.kernel.clock import day_start
from jingwei.kernel.command import Command, OptionalId
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import Movement, Standing, chart_id
from jingwei.ledger.posting import MAX_MOVEMENTS, post

MOST_LOANS = 1_000


class RunLoanDay(Command, frozen=True, kw_only=True, tag="run_loan_day"):
    """Close bank day `day` for the next `limit` running loans after loan `after`."""

    day: Annotated[int, msgspec.Meta(ge=0, le=2**20)]
    after: OptionalId = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_LOANS)] = 200


class LoanDayRun(Event, frozen=True, kw_only=True, tag="loan_day_run"):
    """A page of loans was closed for the day.

    `last` is the loan the next page begins after, "" when this was the last page; `late` are loans on which
    something is late now, `unknown` those whose product is not known: they are left out.
    """

    day: int
    loans: int
    last: str
    late: int = 0
    paid_minor: int = 0
    unknown: tuple[str, ...] = ()


class Seen(msgspec.Struct, frozen=True):
    """The page: loans with their products, and every account they can move."""

    seq: int
    loans: tuple[tuple[Loan, LoanProduct], ...]
    unknown: tuple[str, ...]
    standings: dict[str, Standing | None]
    last: str
    rules: int = TODAYS


def look(ask: RunLoanDay, books: Books) -> Seen:
    """Read a page of running loans whose day is open."""
    page = books.find(Loan, "status", RUNNING, after=ask.after, limit=ask.limit)
    last = page[-1].id if len(page) == ask.limit else ""
    due = [loan for loan in page if loan.closed_day < ask.day]
    found = [(loan, shipped().find(loan.product)) for loan in due]
    known = tuple((loan, product) for loan, product in found if product is not None)
    unknown = tuple(loan.id for loan, product in found if product is None)
    codes = sorted({loan.currency for loan, _ in known})
    names = [chart_id(name, code) for code in codes for name in CHARTS]
    names += [loan.account for loan, _ in known]
    standings = {name: books.standing(name) for name in names}
    return Seen(books.seq, known, unknown, standings, last, books.rules)


def room_minor(standing: Standing | None) -> int:
    """What an account has to give of its own: no overdraft, no frozen or closed account."""
    if standing is None or standing.account.status != "open" or standing.account.frozen in ("out", "both"):
        return 0
    return max(standing.balance.booked_minor - standing.balance.held_minor, 0)


def act(ask: RunLoanDay, seen: Seen) -> Outcome:
    """Close the days of every loan of the page: all of it or nothing.

    The page ends before the loan whose movements one entry could not hold any more.
    """
    number = decision_id(seen.seq)
    if ask.at < day_start(ask.day + 1):
        return refused(number, Refusal("day_not_over"))
    room = {name: room_minor(standing) for name, standing in seen.standings.items()}
    movements: list[Movement] = []
    loans: list[Loan] = []
    paid = 0
    for loan, product in seen.loans:
        moved = close_days(loan, product, ask.day, room[loan.account], keeps_days=seen.rules >= DAYS_KEPT)
        if loans and len(movements) + len(moved.movements) > MAX_MOVEMENTS:
            break
        room[loan.account] -= moved.paid_minor
        paid += moved.paid_minor
        movements += moved.movements
        loans.append(moved.loan)
    last = seen.last if len(loans) == len(seen.loans) else loans[-1].id
    posted = post(tuple(movements), seen.standings, seen.seq, ask.at)
    if isinstance(posted, Refusal):
        return refused(number, posted)
    late = sum(bool(loan.bucket(ask.day)) for loan in loans)
    unknown = tuple(name for name in seen.unknown if not last or name <= last)
    event = LoanDayRun(
        day=ask.day, loans=len(loans), last=last, late=late, paid_minor=paid, unknown=unknown
    )
    return Outcome(
        Answer(number, "done", movements=tuple(movements), events=(event,)),
        posted.lines, tuple(posted.standings.values()), tuple(loans),
        {"loan_day": f"{ask.day} {last}"},
    )  # fmt: skip


def run(day: int, at: int, do: Callable[[RunLoanDay], Answer], *, limit: int = 200) -> Iterator[LoanDayRun]:
    """Close one bank day for every running loan, page after page; each page is durable before the next.

    Each page has its own key made of the day and where it begins, so that a run that was killed is simply
    started again. Raises RuntimeError when a page is refused.
    """
    after = ""
    while True:
        stamp = {"key": f"loan-day:{day}:{limit}:{after}", "actor": "system:day-end"}
        answer = do(RunLoanDay(day=day, after=after, limit=limit, at=at, known_at=at, **stamp))
        if answer.refusal is not None:
            raise RuntimeError(f"the loans' day {day} stopped after {after!r}: {answer.refusal.words().en}")
        event = answer.events[0]
        page = event if isinstance(event, LoanDayRun) else msgspec.convert(event, LoanDayRun)
        yield page
        if not page.last:
            return
        after = page.last


RUN_LOAN_DAY = Journey(RunLoanDay, look, act, roles=("staff", "system"), rules=DAYS_KEPT)
