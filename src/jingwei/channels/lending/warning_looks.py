"""How the bank's own loans looked in the last weeks, as a model of early warnings would have seen them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jingwei.channels.lending.warning import BACK, known_of, laid_out, whose
from jingwei.domains.credit.early_warning import (
    MISSED_AFTER,
    NAMES,
    NEVER,
    Loans,
    Watched,
    missed,
    signals,
    watch,
)
from jingwei.domains.credit.loans import REPAID, RUNNING, Loan
from jingwei.domains.credit.schedule import unpack
from jingwei.kernel.clock import bank_day, day_start
from jingwei.kernel.purpose import Purpose
from jingwei.learning.credit_watch import Applied, Sealed
from jingwei.stores.bound import reader_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jingwei.models.registry import Champion
    from jingwei.stores.store import Reader

WEEKS = 9
"""Looked at is the end of each of so many weeks up to yesterday."""
MOST = 400
"""So many of the newest loans are looked at."""
STEP = 500


class Look(NamedTuple):
    """One instalment as it stood ahead on one day: the signals of then, and whether it came to be missed."""

    at: int
    values: dict[str, float]
    bad: bool | None


def looks(reader: Reader, now: int) -> tuple[Look, ...]:
    """One look at each instalment that was ahead of a loan in the last weeks, in order of time.

    Read from the ledger as it stood on each day, of customers who agree that it is read for credit. Each
    instalment counts once, on a day drawn from the days it could be looked at: its outcome is one outcome.
    """
    today = bank_day(now) - 1
    first = today - 7 * (WEEKS - 1)
    loans = lately(reader, first)
    people = {who: number for number, who in enumerate(sorted({whose(loan) for loan in loans}))}
    known, seen = known_of(reader_for(Purpose.CREDIT, reader, now), people, now, BACK + 7 * WEEKS)
    loans = [loan for loan in loans if whose(loan) in seen]
    if not loans:
        return ()
    held, begun = laid_out(loans, people), np.array([since(loan) for loan in loans])
    parts = [watch(held, day) for day in range(first, today + 1, 7)]
    every = Watched(*(np.concatenate(part) for part in zip(*parts, strict=True)))
    every = Watched(*(part[every.day > begun[every.loan]] for part in every))
    return _told(known_rows(every, held), signals(known, held, every), today)


def lately(reader: Reader, first: int) -> list[Loan]:
    """The newest loans that run, or were repaid since this bank day."""
    found: list[Loan] = []
    for status in (RUNNING, REPAID):
        after = ""
        while page := reader.find(Loan, "status", status, after=after, limit=STEP):
            after = page[-1].id
            found += [loan for loan in page if status == RUNNING or loan.ended_at >= first]
    return sorted(found, key=lambda loan: loan.id)[-MOST:]


def since(loan: Loan) -> int:
    """The bank day since which the loan's plan is what it is: signed, repaid early or restructured."""
    changed = [one.day for one in unpack(loan.plan) if one.early or not (one.amount or one.paid_day)]
    return max([bank_day(loan.signed_at), *changed])


def known_rows(every: Watched, held: Loans) -> list[tuple[int, int, int, int, bool]]:
    """(row, day, due, paid, missed) of the look that stands for each instalment."""
    bad, rows = missed(held, every).tolist(), dict[tuple[int, int], list[int]]()
    for row, place in enumerate(zip(every.loan.tolist(), every.number.tolist(), strict=True)):
        rows.setdefault(place, []).append(row)
    found = []
    for (loan, number), some in rows.items():
        row = some[(loan + number) % len(some)]
        due, paid = int(held.due[loan, number]), int(held.paid[loan, number])
        found.append((row, int(every.day[row]), due, paid, bool(bad[row])))
    return sorted(found, key=lambda one: one[1])


def _told(rows: Sequence[tuple[int, int, int, int, bool]], cases: np.ndarray, today: int) -> tuple[Look, ...]:
    """The looks; how one came out is known once it was paid, or is missed."""
    return tuple(
        Look(
            day_start(day + 1),
            dict(zip(NAMES, cases[row].tolist(), strict=True)),
            bad if paid < NEVER or today - due > MISSED_AFTER else None,
        )
        for row, day, due, paid, bad in rows
    )


def looked_at(found: Sequence[Look], champion: Champion | None, challenger: Champion | None) -> list[Applied]:
    """Looks as the page compares models on them, with what both make of each, computed from the same rows."""
    if champion is None or challenger is None or not found:
        return [Applied(one.at, one.values, one.bad) for one in found]
    rows = np.ascontiguousarray([[one.values[name] for name in NAMES] for one in found], dtype=np.float64)
    first, second = (one.model.bind(NAMES)(rows).tolist() for one in (champion, challenger))
    name = f"{champion.model.card.name}@{champion.digest[:12]}"
    return [
        Applied(one.at, one.values, one.bad, Sealed(name, challenger.digest, *pair))
        for one, *pair in zip(found, first, second, strict=True)
    ]
