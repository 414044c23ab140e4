"""The city's own bank before anything is learned: whom it lent to, and what its books say about it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from jingwei.simulation.city.almanac import Almanac
from jingwei.simulation.city.borrowers import (
    Book,
    Flow,
    Needs,
    applications,
    due_days,
    flows,
    past_grants,
)
from jingwei.simulation.city.causes import Causes
from jingwei.simulation.city.draws import DAY_S, Columns, Draws, Flags, Ints
from jingwei.simulation.city.people import People, openings_minor
from jingwei.simulation.city.strains import NEVER, Strains

NEVER_PAID = -1
"""Stands in `paid_s` for an instalment that was not paid by the city's last day."""


class Borrowing(NamedTuple):
    """Who asks for loans, the accounts behind them, and the days instalments would fall due."""

    needs: Needs
    flow: Flow
    dues: Ints

    def book(self) -> Book:
        """A new book of loans in which nothing was granted yet."""
        return Book(self.needs, self.flow)


def borrowing(
    draws: Draws, people: People, almanac: Almanac, life: tuple[Causes, Strains], systems: dict[str, Columns]
) -> Borrowing:
    """Draw the applications and add up the accounts behind them, from the systems that move money."""
    causes, strains = life
    needs = applications(draws, people, causes, strains, almanac.days)
    flow = flows(needs, people, systems, strains, openings_minor(draws, people), almanac.days)
    return Borrowing(needs, flow, due_days(needs, almanac.day_of_month, almanac.days))


def lend(draws: Draws, asked: Borrowing) -> tuple[Book, Flags]:
    """Live through the past bank's lending; return the book and what was granted."""
    granted = past_grants(draws, asked.needs)
    return lived(asked, granted), granted


def lived(asked: Borrowing, granted: Flags) -> Book:
    """The book when these applications are granted on the day they are made and nobody is ever relieved."""
    book = asked.book()
    rows = np.flatnonzero(granted)
    book.grant(rows, asked.dues[rows])
    for day in range(book.days):
        book.live(day)
    return book


def records(asked: Borrowing, book: Book, granted: Flags) -> dict[str, Columns]:
    """What the bank's books hold: applications, instalments, balances at each week's end."""
    needs = asked.needs
    row, number = np.nonzero(book.due < min(book.days, NEVER))
    order = np.argsort(book.due[row, number], kind="stable")
    row, number = row[order], number[order]
    paid = book.paid[row, number]
    weekly = np.arange(6, book.days, 7)
    who = np.unique(needs.person)
    return {
        "book_applications": {
            "loan": np.arange(needs.size),
            "person": needs.person,
            "at_s": needs.day * DAY_S + 10 * 3_600,
            "amount_minor": needs.amount_minor,
            "term": needs.term,
            "instalment_minor": needs.instalment_minor,
            "stated_minor": needs.stated_minor,
            "granted": granted,
        },
        "book_instalments": {
            "loan": row.astype(np.int64),
            "person": needs.person[row],
            "at_s": book.due[row, number] * DAY_S + 20 * 3_600,
            "amount_minor": book.owed_minor[row, number],
            "paid_s": np.where(paid < NEVER, paid * DAY_S + 20 * 3_600, NEVER_PAID),
        },
        "book_balances": {
            "person": np.tile(who, len(weekly)),
            "at_s": np.repeat(weekly, len(who)) * DAY_S + 23 * 3_600,
            "balance_minor": book.balance[:, weekly].T.ravel(),
        },
    }
