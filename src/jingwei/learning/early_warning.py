"""Learn who will miss the next instalment from what the bank itself saw, and measure it on later days.

Nothing outside the bank's own records is read: an instalment counts as missed when the bank saw it unpaid.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import msgspec
import numpy as np

from jingwei.domains.credit.early_warning import (
    MISSED_AFTER,
    NAMES,
    NEVER,
    Flags,
    Floats,
    Ints,
    Known,
    Loans,
    Timeline,
    Watched,
    last_payment_late,
    missed,
    signals,
    watch,
)
from jingwei.kernel.clock import DAY
from jingwei.learning.boosting import Sample, TrainingError, boost, platt
from jingwei.learning.scorecard import fit_scorecard
from jingwei.learning.tabular import TableError
from jingwei.models.card import Card, DataSpan
from jingwei.models.forest import Forest, from_lightgbm
from jingwei.models.points import PointsModel

EVERY = 7
"""Loans are looked at once a week."""
WARM_UP = 42
"""Nothing is learned from the first so many days: incomes and balances have no past yet."""
FEWEST_MISSED = 12
SEED = 5


class Borrowers(NamedTuple):
    """A bank's borrowers and all its records about them; days count from the first day of the records."""

    known: Known
    loans: Loans
    days: int


class Rows(msgspec.Struct, frozen=True):
    """Loans as looked at week by week: the signals, what came of the next instalment, when that was known."""

    watched: Watched
    cases: Floats
    missed: Flags
    known_day: Ints

    def where(self, which: Flags) -> Rows:
        """Only these rows."""
        watched = Watched(*(part[which] for part in self.watched))
        return Rows(watched, self.cases[which], self.missed[which], self.known_day[which])


def looked_at(borrowers: Borrowers, first: int, until: int) -> Rows:
    """The loans as looked at each week of [first, until)."""
    parts = [watch(borrowers.loans, day) for day in range(first, until, EVERY)]
    watched = Watched(*(np.concatenate(part) for part in zip(*parts, strict=True)))
    cases = signals(borrowers.known, borrowers.loans, watched)
    due = borrowers.loans.due[watched.loan, watched.number]
    return Rows(watched, cases, missed(borrowers.loans, watched), due + MISSED_AFTER + 1)


def fit(rows: Rows, kind: str, names: Sequence[str] = NAMES) -> PointsModel | Forest:
    """Learn from rows whose outcome is known; the last quarter of the days calibrates.

    `kind` is "scorecard" or "boosting", `names` are the signals it may read. Raises
    TrainingError when too few payments were missed.
    """
    cut = int(np.quantile(rows.watched.day, 0.75))
    early, late = rows.watched.day < cut, rows.watched.day >= cut
    if min(rows.missed[early].sum(), 3 * rows.missed[late].sum()) < FEWEST_MISSED:
        found = int(rows.missed.sum())
        raise TrainingError(f"{found} missed payments are too few to learn from; take more borrowers or days")
    span = DataSpan(int(rows.watched.day.min()) * DAY, int(rows.known_day.max()) * DAY, len(rows.missed),
                    int(rows.missed.sum()))  # fmt: skip
    if kind == "scorecard":
        return _scorecard(rows, span, (early, late), names)
    read = np.ascontiguousarray(rows.cases[:, [NAMES.index(name) for name in names]])
    fit_, later = (Sample(read[part], rows.missed[part]) for part in (early, late))
    card = _card("LightGBM", tuple(names), span)
    forest = from_lightgbm([boost(fit_, later, SEED).text], card)
    return forest.with_calibration(*platt(forest.margins(later.cases), later.fraud))


def _scorecard(
    rows: Rows, span: DataSpan, parts: tuple[Flags, Flags], names: Sequence[str]
) -> PointsModel:
    """A scorecard of all rows; how far its points are to be trusted is what a card of the early rows is worth
    on the later ones (Platt)."""
    early, late = parts
    columns = {name: rows.cases[:, NAMES.index(name)] for name in names}
    try:
        before = fit_scorecard({name: column[early] for name, column in columns.items()}, rows.missed[early])
        card = fit_scorecard(columns, rows.missed)
    except TableError as error:
        raise TrainingError(str(error)) from error
    told = before.log_odds({name: column[late] for name, column in columns.items()})
    slope, offset = platt(told, rows.missed[late])
    made = card.served(_card("Logistic on ranges", card.features, span))
    table = [
        msgspec.structs.replace(line, points=tuple(slope * one for one in line.points)) for line in made.table
    ]
    return PointsModel(made.card, slope * made.base + offset, table)


def _card(made_by: str, features: tuple[str, ...], span: DataSpan) -> Card:
    return Card(
        "early warning",
        str(span.until // DAY),
        "The chance that a borrower misses the next instalment.",
        "借款人错过下一期还款的可能性。",
        features,
        made_by,
        span.until,
        span,
        {"missed_share": span.positives / max(1, span.rows)},
    )


def scores(model: PointsModel | Forest, cases: Floats) -> Floats:
    """Chances float64[n] of missing the next instalment."""
    return np.asarray(model.bind(NAMES)(np.ascontiguousarray(cases)), np.float64)


# -- the records of a city, read from its folder --------------------------------------------------

_READ = {
    "income": "SELECT person, at, amount_minor FROM '{0}/deposits.parquet'",
    "cards": "SELECT person, at, amount_minor FROM '{0}/cards.parquet'",
    "payments": "SELECT person, at, amount_minor FROM '{0}/payments.parquet'",
    "balance": "SELECT person, at, balance_minor FROM '{0}/book_balances.parquet'",
    "elsewhere": "SELECT person, at, amount_minor, days_late FROM '{0}/loans.parquet'",
    "queries": "SELECT person, at, 1 FROM '{0}/bureau_queries.parquet'",
    "applications": "SELECT person, at, loan, term FROM '{0}/book_applications.parquet' WHERE granted",
    "instalments": "SELECT person, at, loan, amount_minor, paid FROM '{0}/book_instalments.parquet'",
}


def read_city(folder: Path) -> Borrowers:
    """The bank's own records in a city's folder; the truth beside it is not looked at. Raises TableError."""
    for name in ("book_applications", "book_instalments", "bureau_queries"):
        if not (folder / f"{name}.parquet").is_file():
            raise TableError(f"{folder} is no city with borrowers: {name}.parquet is not there")
    quoted = str(folder).replace("'", "''")
    with duckdb.connect() as db:
        db.execute("SET threads = 2")
        told = {}
        for name, asked in _READ.items():
            query = asked.format(quoted).replace("person,", "substr(person, 2)::BIGINT,", 1)
            rows = db.execute(query.replace(" at,", ' epoch_us("at"),', 1)).fetchnumpy()
            told[name] = [np.asarray(column).astype(np.int64) for column in rows.values()]
    begin = min(int(rows[1].min()) for rows in told.values() if len(rows[1]))
    return borrowers_of(told, (begin + DAY // 3) // DAY)


def borrowers_of(told: dict[str, list[Ints]], first: int) -> Borrowers:
    """The records as columns (person, microseconds, ...) made into borrowers; `first` is the first day."""

    def day(rows: list[Ints]) -> Ints:
        return (rows[1] + DAY // 3) // DAY - first

    spent = [np.concatenate(part) for part in zip(told["cards"][:3], told["payments"][:3], strict=True)]
    elsewhere = told["elsewhere"]
    late = elsewhere[3] > 0
    income, balance, queries = told["income"], told["balance"], told["queries"]
    known = Known(
        income=Timeline(income[0], day(income), income[2]),
        spending=Timeline(spent[0], day(spent), spent[2]),
        balance=Timeline(balance[0], day(balance), balance[2]),
        late_elsewhere=Timeline(elsewhere[0][late], day(elsewhere)[late] + 1, late[late].astype(np.int64)),
        owed_elsewhere=Timeline(elsewhere[0], day(elsewhere), elsewhere[2]),
        queries=Timeline(queries[0], day(queries), queries[2]),
    )
    days = int(day(spent).max()) + 1
    terms = dict(zip(told["applications"][2].tolist(), told["applications"][3].tolist(), strict=True))
    return Borrowers(known, _loans(told["instalments"], day(told["instalments"]), first, terms), days)


def _loans(rows: list[Ints], due: Ints, first: int, terms: dict[int, int]) -> Loans:
    """Loans out of their instalments so far; those still to come are laid out every 30 days after."""
    person, _, loan, amount, paid_at = rows
    whose, at = np.unique(loan, return_inverse=True)
    order = np.lexsort((due, at))
    number = np.empty(len(at), np.int64)
    starts = np.searchsorted(at[order], np.arange(len(whose)))
    number[order] = np.arange(len(at)) - starts[at[order]]
    term = np.array([terms[one] for one in whose.tolist()], np.int64)
    shape = (len(whose), int(term.max(initial=1)))
    made = Loans(
        np.zeros(len(whose), np.int64),
        np.full(shape, NEVER),
        np.full(shape, NEVER),
        np.zeros(shape, np.int64),
    )
    made.person[at] = person
    made.due[at, number] = due
    made.owed_minor[at, number] = amount
    paid = (paid_at + DAY // 3) // DAY - first
    made.paid[at, number] = np.where(paid_at > 0, paid, NEVER)
    for month in range(1, shape[1]):
        comes = (made.due[:, month] == NEVER) & (month < term)
        made.due[comes, month] = made.due[comes, month - 1] + 30
        made.owed_minor[comes, month] = made.owed_minor[comes, 0]
    return made


def rule(rows: Rows) -> Floats:
    """What the plain rule "last payment late" says of each row."""
    return last_payment_late(rows.cases)


def described(borrowers: Borrowers) -> dict[str, Any]:
    """How many loans and instalments there are, and how many were missed."""
    due = borrowers.loans.due
    over = (due < NEVER) & (due + MISSED_AFTER < borrowers.days)
    bad = over & (borrowers.loans.paid - due > MISSED_AFTER)
    return {
        "loans": len(due),
        "instalments": int(over.sum()),
        "missed_instalments": int(bad.sum()),
        "loans_with_a_missed_payment": int(bad.any(axis=1).sum()),
    }
