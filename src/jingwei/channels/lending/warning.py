"""Looking at the bank's own loans for early warnings: signals from the ledger, where customers agreed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jingwei.domains.credit.behaviour import INCOME, SPENT, History, closings
from jingwei.domains.credit.early_warning import (
    NAMES,
    NEVER,
    SIGNALS,
    Floats,
    Ints,
    Known,
    Loans,
    Timeline,
    signals,
    watch,
)
from jingwei.domains.credit.loans import RUNNING, Loan
from jingwei.domains.credit.schedule import Instalment, unpack
from jingwei.domains.credit.warnings import (
    EARLY_WARNING,
    FIRST_MODEL,
    LEAST_CHANCE,
    EarlyWarning,
    proposal,
)
from jingwei.journeys.shape import every
from jingwei.journeys.warn_early import WarnEarly
from jingwei.kernel.clock import DAY, bank_day
from jingwei.kernel.purpose import Purpose
from jingwei.ledger.accounts import Account, Balance
from jingwei.models.contract import Model
from jingwei.stores.bound import BoundReader, reader_for

if TYPE_CHECKING:
    from jingwei.home import Home
    from jingwei.stores.store import Reader

ACTOR = "system:lending"
PAGE, MOST_LINES = 500, 3_000
BACK = 150
"""Days of the ledger that are looked at."""
SILENT_DAYS = 28
"""After a warning about a loan was answered, so many days pass before another."""
MOST_REASONS = 3
BLANK = 0

Whose = tuple[str, str]
"""A borrower, and the currency of the loan."""


class Serving(NamedTuple):
    """The model that warns, and what it is called."""

    model: Model
    name: str


def serving(home: Home) -> Serving:
    """The approved model; the one made by hand where none was approved, or its file is lost: that is said."""
    champion, lost = home.registry.serving(EARLY_WARNING)
    home.warn(EARLY_WARNING, lost)
    if champion is None:
        return Serving(FIRST_MODEL, FIRST_MODEL.card.name)
    return Serving(champion.model, champion.digest[:12])


def warnings_due(reader: Reader, serving: Serving, at: int) -> list[WarnEarly]:
    """The warnings to give now, the likeliest first; asking again on the same day asks the same."""
    bound, loans = reader_for(Purpose.CREDIT, reader, at), _running(reader)
    loans = [loan for loan in loans if not _warned(reader, loan, at)]
    people = {who: number for number, who in enumerate(sorted({whose(loan) for loan in loans}))}
    known, seen = known_of(bound, people, at)
    loans = [loan for loan in loans if whose(loan) in seen]
    if not loans:
        return []
    held = laid_out(loans, people)
    today = bank_day(at)
    looked = watch(held, today)
    cases = signals(known, held, looked)
    scorer = serving.model.bind(NAMES)
    chance = np.asarray(scorer(np.ascontiguousarray(cases)), np.float64)
    order = [row for row in np.argsort(-chance, kind="stable").tolist() if chance[row] >= LEAST_CHANCE]
    reasons = _reasons(serving.model, cases)
    made = []
    for row in order:
        loan, number = loans[int(looked.loan[row])], int(looked.number[row])
        values = dict(zip(NAMES, cases[row].tolist(), strict=True))
        made.append(
            WarnEarly(
                key=f"warn:{loan.id}:{today}",
                actor=ACTOR,
                at=at,
                known_at=at,
                loan=loan.id,
                chance_ppm=round(float(chance[row]) * 1_000_000),
                signals=",".join(reasons[row]),
                proposal="extension" if proposal(values) == "extension" else "instalments",
                due_day=int(held.due[looked.loan[row], number]),
                instalment_minor=int(held.owed_minor[looked.loan[row], number]),
                by=serving.name,
            )
        )
    return made


def give(home: Home) -> list[EarlyWarning]:
    """Look at every running loan, give the warnings that are due, and return those that are new."""
    at = home.clock.now()
    asked = warnings_due(home.store, serving(home), at)
    replies = home.bank.do(asked) if asked else []
    new = [reply.answer.made for reply in replies if reply.answer.events and not reply.replayed]
    return home.store.load(EarlyWarning, new)


def said(seen: str, lang: str) -> str:
    """The sentence of a signal with its value; `seen` is "name=value"."""
    name, _, value = seen.partition("=")
    one, value = next(signal for signal in SIGNALS if signal.name == name), value.removesuffix(".0")
    return f"{one.says_zh[:-1]}：{value}" if lang == "zh" else f"{one.says_en[:-1]}: {value}"


def _running(reader: Reader) -> list[Loan]:
    found: list[Loan] = []
    while page := reader.find(Loan, "status", RUNNING, after=found[-1].id if found else "", limit=PAGE):
        found += page
        if len(page) < PAGE:
            break
    return found


def _warned(reader: Reader, loan: Loan, at: int) -> bool:
    """Whether a warning about the loan is open, or one was answered a short while ago."""
    told = reader.find(EarlyWarning, "loan", loan.id, limit=PAGE)
    return any(one.status == "open" or one.answered_at > at - SILENT_DAYS * DAY for one in told)


def whose(loan: Loan) -> Whose:
    """Whose ledger tells about a loan, and in which currency."""
    return loan.customer, loan.currency


def known_of(
    bound: BoundReader, people: dict[Whose, int], at: int, back: int = BACK
) -> tuple[Known, set[Whose]]:
    """What the ledger of so many days says about these borrowers, by number, in the currency of their loan,
    and who of them agrees that it is read for credit. A line between two of one's own accounts is neither
    income nor spending."""
    income: list[tuple[int, int, int]] = []
    spent: list[tuple[int, int, int]] = []
    balance: list[tuple[int, int, int]] = []
    seen: set[Whose] = set()
    first, until = bank_day(at) - back, bank_day(at)
    for who, number in people.items():
        histories = _histories(bound, *who)
        times = Counter(line.id for one in histories for line in one.lines)
        for one in histories:
            seen.add(who)
            own = one.account.id
            for line in one.lines:
                row = (number, bank_day(line.at), line.amount_minor)
                if row[1] < first:
                    break
                if times[line.id] > 1:
                    continue
                if line.payer != own and line.kind in INCOME:
                    income.append(row)
                elif line.payer == own and line.kind in SPENT:
                    spent.append(row)
            held = [*closings(one, until)]
            balance += [(number, until - len(held) + 1 + day, value) for day, value in enumerate(held)]
    nothing = _timeline([])
    return Known(_timeline(income), _timeline(spent), _timeline(_added(balance)), *[nothing] * 3), seen


def _histories(bound: BoundReader, who: str, currency: str) -> list[History]:
    accounts = [one for one in every(bound, Account, "owner", who) if one.currency == currency]
    held = {one.id: one for one in bound.load(Balance, [account.id for account in accounts])}
    return [
        History(account, held[account.id], tuple(bound.lines(account, MOST_LINES)))
        for account in accounts
        if account.id in held
    ]


def _added(rows: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Balances of several accounts of one person on one day are one."""
    total: dict[tuple[int, int], int] = {}
    for person, day, value in rows:
        total[person, day] = total.get((person, day), 0) + value
    return [(person, day, value) for (person, day), value in total.items()]


def _timeline(rows: list[tuple[int, int, int]]) -> Timeline:
    columns = np.array(rows, np.int64).reshape(-1, 3)
    return Timeline(columns[:, 0], columns[:, 1], columns[:, 2])


def laid_out(loans: list[Loan], people: dict[Whose, int]) -> Loans:
    """Loans as the signals read them, from their plans as the books keep them; `people` numbers borrowers."""
    plans = [[one for one in unpack(loan.plan) if _counts(one)] for loan in loans]
    shape = (len(loans), max(len(plan) for plan in plans))
    due, paid = np.full(shape, NEVER), np.full(shape, NEVER)
    owed = np.zeros(shape, np.int64)
    for row, plan in enumerate(plans):
        for number, one in enumerate(plan):
            due[row, number], owed[row, number] = one.day, one.amount
            paid[row, number] = _paid_day(one)
    person = np.array([people[whose(loan)] for loan in loans], np.int64)
    return Loans(person, due, paid, owed)


def _paid_day(one: Instalment) -> int:
    """The day an instalment was paid; the due day stands for it where none was kept yet then."""
    return NEVER if one.left > 0 else one.paid_day or one.day


def _counts(one: Instalment) -> bool:
    """Whether a row of the plan is an instalment: no early repayment, and no mark of a restructuring."""
    return not one.early and bool(one.amount or one.paid_day)


def _reasons(model: Model, cases: Floats) -> list[list[str]]:
    """The signals that raised each chance most, by exact contributions, each as "name=value"."""
    parts = model.bind(NAMES).contributions(np.ascontiguousarray(cases))[:, :-1]
    order: Ints = np.argsort(-parts, axis=1, kind="stable")
    return [
        [
            f"{model.features[place]}={cases[at, NAMES.index(model.features[place])]:.1f}"
            for place in row[:MOST_REASONS].tolist()
            if parts[at, place] > BLANK
        ]
        for at, row in enumerate(order)
    ]
