"""The year's loans: who is granted one, whom the bank warns early and relieves, and what comes of it."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from jingwei.domains.credit.early_warning import (
    MISSED_AFTER,
    NAMES,
    Known,
    Loans,
    Timeline,
    Watched,
    last_payment_late,
    signals,
    watch,
)
from jingwei.learning.boosting import TrainingError
from jingwei.learning.early_warning import EVERY, WARM_UP, Borrowers, Rows, borrowers_of, fit, looked_at
from jingwei.learning.scorecard import fit_scorecard
from jingwei.learning.tabular import TableError
from jingwei.learning.warning_evaluation import SILENT, VOLUME, Alerts
from jingwei.models.card import Card
from jingwei.models.compiled import Floats
from jingwei.models.contract import Model
from jingwei.simulation.city.borrowers import YEARLY_RATE, Book
from jingwei.simulation.city.draws import DAY_S, Draws, Flags, Ints
from jingwei.simulation.city.lending import Borrowing, lived
from jingwei.simulation.city.strains import NEVER
from jingwei.simulation.city.world import City
from jingwei.simulation.year.arms import DAYS, LENDING_DAYS, Arm
from jingwei.simulation.year.past import Past, at_asking

MOST_SHARE: Final = 0.35
"""The rule: an instalment may take so much of the income seen on the account."""
HARD_SHARE: Final = 0.40
"""No score grants a loan whose instalment takes more: none was ever granted, so nothing is known of those."""
SAYS_YES: Final = 0.5
"""Share of the borrowers who take up the relief they are offered."""
FEWEST_BAD: Final = 8
ASKED: Final = (
    "income_30d_to_usual", "income_days_ago", "income_90d_to_instalment", "balance_to_instalment",
    "balance_change_28d", "balance_lowest_35d", "spending_to_income_90d", "late_elsewhere_90d",
    "owed_elsewhere_to_income", "queries_30d", "queries_180d",
)  # fmt: skip
"""What the score reads of the signals; nothing of a loan that does not exist yet, nothing protected."""


class Truth(NamedTuple):
    """What would come of each application were it granted and nobody ever relieved: hidden from every arm."""

    fails: Flags
    first_missed: Ints


def truth_of(asked: Borrowing) -> Truth:
    """Live through the year with every application granted."""
    book = lived(asked, np.ones(asked.needs.size, bool))
    missed = (book.due < NEVER) & (book.paid - book.due > MISSED_AFTER) & (book.due + MISSED_AFTER < DAYS)
    return Truth(book.written_off < NEVER, np.where(missed, book.due, NEVER).min(axis=1))


class CreditYear:
    """One arm of the year's lending, day by day."""

    def __init__(self, city: City, asked: Borrowing, past: Past, arm: Arm) -> None:
        size = asked.needs.size
        self._asked, self._past, self._arm = asked, past, arm
        self.book: Book = asked.book()
        self._known = _records(city)
        self._rng = Draws(city.seed).of(f"credit labels of {arm.name}")
        self.granted, self.decided = np.zeros(size, bool), np.zeros(size, bool)
        self._silent = np.full(size, -NEVER)
        self._alerts: list[tuple[Ints, Ints]] = []
        self._at_asking: Floats = np.full((size, len(NAMES)), np.nan)
        self._score: Model | None = None
        self._warning: Model | None = None
        self.learned: list[dict[str, Any]] = []

    def live(self, day: int) -> None:
        """Let one day pass: learn, decide on applications, warn once a week, then people pay."""
        if self._arm.learns and day in LENDING_DAYS:
            self._learn(day)
        asks = np.flatnonzero(self._asked.needs.day == day)
        if len(asks):
            self._decide(asks, day)
        if day % EVERY == 0 and day:
            self._warn(day)
        self.book.live(day)

    def alerts(self) -> Alerts:
        """All early warnings given."""
        empty = np.empty(0, np.int64)
        parts = self._alerts or [(empty, empty)]
        return Alerts(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    # -- granting --------------------------------------------------------------------------------

    def _decide(self, rows: Ints, day: int) -> None:
        needs = self._asked.needs
        on = np.full(len(rows), day)
        known, owed = self._with_balance(day), needs.instalment_minor[rows]
        self._at_asking[rows] = at_asking(known, needs.person[rows], on, owed)
        seen = self._known.income.total(needs.person[rows], on - 90, on)
        income = seen / 3.0 if day >= 90 else needs.stated_minor[rows]
        share = needs.instalment_minor[rows] / np.maximum(income, 1.0)
        granted = share <= MOST_SHARE
        if self._score is not None:
            chance = _serve(self._score, self._at_asking[rows])
            margin = YEARLY_RATE * (needs.term[rows] + 1) / 24.0
            granted = (share <= HARD_SHARE) & (chance * self._past.lost_share < margin)
        self.decided[rows], self.granted[rows] = True, granted
        self.book.grant(rows[granted], self._asked.dues[rows[granted]])

    def _with_balance(self, day: int) -> Known:
        """The records with the balances of the last weeks, as the accounts of this arm stood."""
        person = np.unique(self._asked.needs.person)
        days = np.array([max(0, day - 1 - back) for back in (28, 21, 14, 7, 0)])
        balance = Timeline(
            np.tile(person, len(days)), np.repeat(days + 1, len(person)), self.book.balance[:, days].T.ravel()
        )
        return self._known._replace(balance=balance)

    # -- warning ---------------------------------------------------------------------------------

    def _loans(self) -> Loans:
        return Loans(self._asked.needs.person, self.book.due, self.book.paid, self.book.owed_minor)

    def _warn(self, day: int) -> None:
        """Give the week's alerts and offer relief, by the rule or by the model, always as many."""
        loans = self._loans()
        looked = watch(loans, day)
        looked = Watched(*(part[self.book.written_off[looked.loan] == NEVER] for part in looked))
        if not len(looked.loan):
            return
        cases = signals(self._with_balance(day), loans, looked)
        score = last_payment_late(cases) if self._warning is None else _serve(self._warning, cases)
        most = max(1, round(VOLUME * len(looked.loan)))
        tie = (looked.loan * 2_654_435_761 + day) % 1_000_003
        order = np.lexsort((tie, -score))
        free = order[self._silent[looked.loan[order]] <= day][:most]
        loan = looked.loan[free]
        self._silent[loan] = day + SILENT
        self._alerts.append((loan, np.full(len(loan), day)))
        takes = (self._asked.needs.accepts[loan] < SAYS_YES) & (self.book.relieved[loan] == NEVER)
        self.book.relieve(loan[takes], day)

    # -- learning --------------------------------------------------------------------------------

    def _learn(self, day: int) -> None:
        """Learn score and warning from what the bank has seen; keep what stands where it is too little."""
        by = day - self._arm.labels_late_days
        told: dict[str, Any] = {"day": day}
        try:
            self._score, bad = self._fit_score(by)
            told["score"] = {"loans": bad[0], "missed": bad[1]}
        except (TrainingError, TableError) as error:
            told["score_kept"] = str(error)
        try:
            self._warning = self._fit_warning(by)
        except (TrainingError, TableError) as error:
            told["warning_kept"] = str(error)
        self.learned.append(told)

    def _fit_score(self, by: int) -> tuple[Model, tuple[int, int]]:
        """A scorecard of loans that have had two months; who was refused tells nothing, so it knows none."""
        ripe = np.flatnonzero(self.granted & (self._asked.needs.day + 60 <= by))
        loans = self._loans()
        late = np.minimum(loans.paid[ripe], by) - loans.due[ripe]
        cases = np.concatenate([self._past.at_asking, self._at_asking[ripe]])
        bad = self._told(np.concatenate([self._past.missed, (late > MISSED_AFTER).any(axis=1)]))
        if min(int(bad.sum()), int((~bad).sum())) < FEWEST_BAD:
            raise TrainingError(f"{int(bad.sum())} of {len(bad)} loans with a missed payment are too few")
        columns = {name: cases[:, NAMES.index(name)] for name in ASKED}
        card = fit_scorecard(columns, bad)
        english, chinese = "The chance that a payment is missed.", "错过还款的可能性。"
        made = Card("score of the year", "1", english, chinese, card.features, "Logistic on ranges", 0)
        return card.served(made), (len(bad), int(bad.sum()))

    def _fit_warning(self, by: int) -> Model:
        parts = [self._past.rows.where(self._past.rows.known_day <= by)]
        if by > WARM_UP + EVERY:
            person = np.unique(self._asked.needs.person)
            days = np.arange(0, by, EVERY)
            held = self.book.balance[:, days].T.ravel()
            balance = Timeline(np.tile(person, len(days)), np.repeat(days + 1, len(person)), held)
            own = looked_at(Borrowers(self._known._replace(balance=balance), self._loans(), by), WARM_UP, by)
            parts.append(own.where(own.known_day <= by))
        watched = Watched(*(np.concatenate(part) for part in zip(*(p.watched for p in parts), strict=True)))
        cases = np.concatenate([part.cases for part in parts])
        told = self._told(np.concatenate([part.missed for part in parts]))
        return fit(Rows(watched, cases, told, np.concatenate([p.known_day for p in parts])), "scorecard")

    def _told(self, bad: Flags) -> Flags:
        """The outcomes as this arm is told them: some are wrong."""
        if not self._arm.labels_wrong:
            return bad
        lost = bad & (self._rng.random(len(bad)) < self._arm.labels_wrong)
        extra = np.zeros(len(bad), bool)
        extra[self._rng.integers(0, len(bad), int(lost.sum()))] = True
        return (bad & ~lost) | extra


def _serve(model: Model, cases: Floats) -> Floats:
    return np.asarray(model.bind(NAMES)(np.ascontiguousarray(cases)), np.float64)


def _records(city: City) -> Known:
    """The bank's records about its borrowers, but for loans and balances, which differ by arm."""
    told: dict[str, list[Ints]] = {}
    nobody = [np.empty(0, np.int64)] * 5
    for name, system, columns in (
        ("income", "deposits", ("amount_minor",)),
        ("cards", "cards", ("amount_minor",)),
        ("payments", "payments", ("amount_minor",)),
        ("elsewhere", "loans", ("amount_minor", "days_late")),
    ):
        rows = city.systems[system]
        told[name] = [np.asarray(rows[column]).astype(np.int64) for column in ("person", "at", *columns)]
    asked = city.systems["bureau_queries"]
    told["queries"] = [asked["person"], asked["at"], np.ones(len(asked["at"]), np.int64)]
    told["balance"], told["applications"] = nobody[:3], nobody[:4]
    told["instalments"] = nobody
    first = int(city.systems["cards"]["at"].min() + DAY_S * 10**6 // 3) // (DAY_S * 10**6)
    return borrowers_of(told, first).known
