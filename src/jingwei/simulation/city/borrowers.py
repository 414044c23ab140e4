"""People who ask this bank for a loan, and how they pay it back: out of an account that lives on with them.

An instalment is paid when the account (and hidden savings elsewhere) holds it beside what is needed to live.
So what makes a payment fail is what happened to the money before, and the bank can see part of it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from jingwei.simulation.city.causes import Causes
from jingwei.simulation.city.draws import DAY_S, Columns, Draws, Flags, Floats, Ints, pick
from jingwei.simulation.city.people import People
from jingwei.simulation.city.strains import DEBT, NEVER, Strains

APPLY_YEAR: Final = 0.8
"""How often a year a person of 20 to 62 asks for a loan; more often than in life, so that a city has some."""
PRESSED: Final = 3.0
"""So much more often in the 60 days after a strain or a lost job began."""
TERMS: Final = (3, 6, 12)
MONTHS: Final = (2.2, 0.6)
"""Median months of income asked for, and its log spread."""
YEARLY_RATE: Final = 0.12
RESERVE: Final = 0.25
"""Share of a month's income people keep back to live on before they pay an instalment."""
CEILING: Final = 6
"""Months of income on the account above which money is moved elsewhere."""
UNWILLING: Final = 0.01
"""Share of loans whose borrower stops paying one day for no reason that could be seen."""
WRITTEN_OFF_DAYS: Final = 60
DUE_AFTER: Final = 3
"""Instalments are due so many days after payday."""


class Needs(NamedTuple):
    """Applications in the order of time, one row each.

    Hidden are `forgets_days`, `refuses` (the instalment from which on nothing is paid) and `accepts` (a draw
    between 0 and 1: who says yes to an offer).
    """

    person: Ints
    day: Ints
    amount_minor: Ints
    term: Ints
    stated_minor: Ints
    due_day: Ints
    forgets_days: Ints
    refuses: Ints
    accepts: Floats

    @property
    def size(self) -> int:
        """How many applications there are."""
        return len(self.person)

    @property
    def instalment_minor(self) -> Ints:
        """The annuity of each loan, whole fen."""
        month = YEARLY_RATE / 12
        share = month / (1.0 - (1.0 + month) ** -self.term.astype(np.float64))
        return np.ceil(self.amount_minor * share).astype(np.int64)


def applications(draws: Draws, people: People, causes: Causes, strains: Strains, days: int) -> Needs:
    """Who asks for how much when; nobody asks again before the loan asked for last would be over."""
    rng = draws.of("applications")
    lost = causes.began("job_loss", people.size, NEVER)
    grown = (people.age >= 20) & (people.age <= 62)
    base = np.where(grown, APPLY_YEAR / 365, 0.0)
    tossed = rng.random((people.size, days))
    day = np.arange(days)[None, :]
    pressed = np.zeros((people.size, days), bool)
    for began in (strains.begins, strains.debt, lost):
        pressed |= (day >= began[:, None]) & (day < began[:, None] + 60)
    person, when = np.nonzero(tossed < base[:, None] * np.where(pressed, PRESSED, 1.0))
    term = np.array(TERMS)[pick(rng, np.array([2.0, 4.0, 4.0]), len(person))]
    kept = _apart(person, when, term)
    person, when, term = person[kept], when[kept], term[kept]
    order = np.argsort(when, kind="stable")
    person, when, term = person[order], when[order], term[order]
    size = len(person)
    months = MONTHS[0] * np.exp(MONTHS[1] * rng.standard_normal(size))
    amount = np.maximum(np.rint(people.income_minor[person] * months / 100_000), 1) * 100_000
    stated = people.income_minor[person] * np.exp(0.10 * rng.standard_normal(size))
    late = rng.random((size, max(TERMS))) < strains.forgets[person][:, None]
    return Needs(
        person.astype(np.int64),
        when.astype(np.int64),
        amount.astype(np.int64),
        term.astype(np.int64),
        np.rint(stated / 100).astype(np.int64) * 100,
        (people.payday[person] + DUE_AFTER - 1) % 28 + 1,
        np.where(late, rng.integers(1, 7, (size, max(TERMS))), 0).astype(np.int64),
        np.where(rng.random(size) < UNWILLING, rng.integers(1, 9, size), 99).astype(np.int64),
        rng.random(size),
    )


def _apart(person: Ints, day: Ints, term: Ints) -> Flags:
    """Which applications stand: rows are by person, then by day."""
    kept = np.zeros(len(person), bool)
    free: dict[int, int] = {}
    for row, (who, when, months) in enumerate(zip(person.tolist(), day.tolist(), term.tolist(), strict=True)):
        if when >= free.get(who, 0):
            kept[row] = True
            free[who] = when + months * 31 + 45
    return kept


class Flow(NamedTuple):
    """The accounts behind the applications: `of` (applications) names a row of `minor` (accounts, days).

    `income_minor`, `opening_minor` and `elsewhere_minor` (savings at other banks) are of each account, fen.
    """

    of: Ints
    minor: Ints
    income_minor: Ints
    opening_minor: Ints
    elsewhere_minor: Ints


def flows(
    needs: Needs, people: People, systems: dict[str, Columns], strains: Strains, opening: Ints, days: int
) -> Flow:
    """What comes onto the account of everybody who asks, less what leaves it; `opening` fen of all people."""
    who, of = np.unique(needs.person, return_inverse=True)
    place = np.full(people.size, -1, np.int64)
    place[who] = np.arange(len(who))
    minor = np.zeros((len(who), days), np.int64)
    for system, column, sign in (
        ("deposits", "person", 1), ("cards", "person", -1), ("payments", "person", -1),
        ("payments", "payee", 1),
    ):  # fmt: skip
        rows = systems[system]
        at, whose = rows["at_s"].astype(np.int64) // DAY_S, rows[column].astype(np.int64)
        here = (whose >= 0) & (place[np.maximum(whose, 0)] >= 0) & (at < days)
        np.add.at(minor, (place[whose[here]], at[here]), sign * rows["amount_minor"][here].astype(np.int64))
    day = np.arange(days)[None, :]
    begun = strains.debt[who][:, None] + DEBT[2]
    minor -= ((day >= begun) & ((day - begun) % 30 == 0)) * strains.service_minor[who][:, None]
    return Flow(of, minor, people.income_minor[who], opening[who], strains.savings_minor[who])


class Book:
    """Loans of this bank day by day; the bank's decisions come in, what people do comes out.

    Rows are applications. `due`, `owed_minor` and `paid` (days, NEVER where not yet) are of shape
    (applications, instalments); `balance` (accounts, days) is each account at the day's end.
    """

    def __init__(self, needs: Needs, flow: Flow) -> None:
        shape = (needs.size, max(TERMS))
        self.needs, self.days = needs, flow.minor.shape[1]
        self._flow = flow
        self._cash, self._elsewhere = flow.opening_minor.copy(), flow.elsewhere_minor.copy()
        self.due = np.full(shape, NEVER)
        self.owed_minor = np.zeros(shape, np.int64)
        self.paid = np.full(shape, NEVER)
        self.written_off = np.full(needs.size, NEVER)
        self.relieved = np.full(needs.size, NEVER)
        self.balance = np.zeros(flow.minor.shape, np.int64)

    def grant(self, rows: Ints, dues: Ints) -> None:
        """Pay these applications out; `dues` (n, most months) are the days their instalments fall due."""
        runs = np.arange(dues.shape[1])[None, :] < self.needs.term[rows][:, None]
        self.due[rows] = np.where(runs, dues, NEVER)
        self.owed_minor[rows] = np.where(runs, self.needs.instalment_minor[rows][:, None], 0)

    def relieve(self, rows: Ints, day: int) -> None:
        """Put off for two months what each of these loans owes from a week before `day` on."""
        due = self.due[rows]
        later = (due < NEVER) & (due >= day - 7) & (self.paid[rows] == NEVER)
        self.due[rows] = np.where(later, np.maximum(due, day) + 60, due)
        self.relieved[rows] = np.minimum(self.relieved[rows], day)

    def live(self, day: int) -> None:
        """Let one day pass: money comes and goes, who owes and can, pays."""
        flow = self._flow
        self._cash = np.clip(self._cash + flow.minor[:, day], 0, flow.income_minor * CEILING)
        for _ in range(2):
            self._pay(day)
        _, due = self._oldest()
        over = (due < NEVER) & (due + WRITTEN_OFF_DAYS <= day) & (self.written_off == NEVER)
        self.written_off[over] = day
        self.balance[:, day] = self._cash

    def _oldest(self) -> tuple[Ints, Ints]:
        """The position and due day of the oldest unpaid instalment of each loan, NEVER for none."""
        waits = np.where(self.paid == NEVER, self.due, NEVER)
        which = waits.argmin(axis=1)
        return which, waits[np.arange(len(waits)), which]

    def _pay(self, day: int) -> None:
        which, due = self._oldest()
        rows = np.arange(len(due))
        wants = (due + self.needs.forgets_days[rows, which] <= day) & (which < self.needs.refuses)
        owed, of = self.owed_minor[rows, which], self._flow.of
        reserve = np.rint(RESERVE * self._flow.income_minor[of])
        can = self._cash[of] + self._elsewhere[of] - owed >= reserve
        pays = np.flatnonzero(wants & can & (self.written_off == NEVER))
        from_cash = np.minimum(owed[pays], self._cash[of[pays]])
        np.subtract.at(self._cash, of[pays], from_cash)
        np.subtract.at(self._elsewhere, of[pays], owed[pays] - from_cash)
        self.paid[pays, which[pays]] = day

    def lost_minor(self, day: int) -> Ints:
        """int64[applications]: principal lost on loans written off by that day, fen."""
        gone = self.written_off <= day
        still = ((self.due < NEVER) & (self.paid > day)).sum(axis=1)
        month = YEARLY_RATE / 12
        left = self.needs.instalment_minor * (1.0 - (1.0 + month) ** -still.astype(np.float64)) / month
        return np.where(gone, np.rint(left), 0).astype(np.int64)


def due_days(needs: Needs, day_of_month: Ints, days: int) -> Ints:
    """int64[applications, months]: the days instalments would be due, the first 20 days or more from asking.

    Days beyond the city's last are counted on in steps of 30.
    """
    most = max(TERMS)
    out = np.full((needs.size, most), NEVER, np.int64)
    by_day = {number: np.flatnonzero(day_of_month == number) for number in range(1, 32)}
    for row in range(needs.size):
        those = by_day[int(needs.due_day[row])]
        those = those[those >= needs.day[row] + 20][:most]
        last = int(those[-1]) if len(those) else int(needs.day[row]) + 20
        beyond = last + 30 * np.arange(1, most - len(those) + 1)
        out[row] = np.concatenate([those, np.maximum(beyond, days)])
    return out


def past_grants(draws: Draws, needs: Needs) -> Flags:
    """What a bank of before granted: instalments up to 40 % of the stated income, nine in ten of those."""
    rng = draws.of("past grants")
    return (needs.instalment_minor <= 0.40 * needs.stated_minor) & (rng.random(needs.size) < 0.9)
