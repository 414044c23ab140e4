"""How the bank's own loans went, as labels to learn from: what each was decided on, what is known by now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np

from jingwei.domains.credit.beside import ChallengerScore
from jingwei.domains.credit.company_inputs import CompanyInputs
from jingwei.domains.credit.inputs import CreditInputs
from jingwei.domains.credit.loan_changes import restructured
from jingwei.domains.credit.loans import CANCELLED, REPAID, WRITTEN_OFF, Loan, LoanApplication
from jingwei.domains.credit.trained_score import chance_of, numbers_of
from jingwei.kernel.clock import bank_day
from jingwei.kernel.purpose import Purpose
from jingwei.learning.credit_watch import Applied, Sealed
from jingwei.learning.tabular import Table, TableError
from jingwei.stores.bound import agreeing
from jingwei.stores.store import Reader

LATE_DAYS = 30
"""A loan that is so many days late, or written off, went bad."""
SEASONED_DAYS = 180
"""A loan that has run so long without that, or is repaid, went well. A younger one tells nothing, whatever
it has come to: bad ends come early, so that among young loans what is known would be the bad ones."""
FEWEST = 200
STEP = 500


def outcome_of(loan: Loan, day: int) -> bool | None:
    """Whether a loan went bad as known on this bank day; None while nobody knows.

    One whose terms were or are about to be changed by a person is not told, unless it went bad all the same:
    what would have become of it is not known. Nor is one that was given back at once.
    """
    if day - bank_day(loan.signed_at) < SEASONED_DAYS:
        return None
    if loan.status == WRITTEN_OFF or loan.late_days(day) >= LATE_DAYS:
        return True
    if loan.proposed or loan.status == CANCELLED or restructured(loan):
        return None
    return False if loan.status == REPAID or not loan.late_since else None


def applied(
    applications: Iterable[LoanApplication],
    loans: Mapping[str, Loan],
    day: int,
    beside: Mapping[str, ChallengerScore] | None = None,
) -> tuple[Applied, ...]:
    """Applications in the order in which they came, with what is known of their loans (by id) on this day,
    and what a challenger made of them (by the application's id)."""
    told = []
    for one in sorted(applications, key=lambda one: (one.asked_at, one.id)):
        if one.inputs:
            inputs = msgspec.json.decode(one.inputs, type=CreditInputs)
            company = inputs.company if isinstance(inputs.company, CompanyInputs) else None
            values = company.numbers() if company else numbers_of(inputs)
            loan = loans.get(one.loan)
            bad = None if loan is None else outcome_of(loan, day)
            seen = _sealed(one, (beside or {}).get(one.id))
            told.append(Applied(one.asked_at, values, bad, seen, company is not None))
    return tuple(told)


def _sealed(one: LoanApplication, told: ChallengerScore | None) -> Sealed | None:
    if told is None:
        return None
    return Sealed(told.champion, told.digest, chance_of(one.points), told.chance_ppm / 1_000_000)


def beside_of(reader: Reader, applications: Sequence[LoanApplication]) -> dict[str, ChallengerScore]:
    """What challengers made of these applications, by the application's id."""
    ids = [one.id for one in applications]
    parts = (reader.load(ChallengerScore, ids[at : at + STEP]) for at in range(0, len(ids), STEP))
    return {one.id: one for part in parts for one in part}


def told_by(reader: Reader, now: int) -> tuple[Applied, ...]:
    """The applications of customers who agree to research, with what is known of their loans at a moment."""
    told: list[LoanApplication] = []
    after = ""
    while page := reader.page(LoanApplication, after=after, limit=STEP):
        after = page[-1].id
        agreed = set(agreeing(Purpose.RESEARCH, sorted({one.customer for one in page}), reader, now))
        told += [one for one in page if one.customer in agreed]
    return applied(told, loans_of(reader, told), bank_day(now))


def loans_of(reader: Reader, applications: Sequence[LoanApplication]) -> dict[str, Loan]:
    """The loans of applications, by id."""
    ids = [one.loan for one in applications if one.loan]
    parts = (reader.load(Loan, ids[at : at + STEP]) for at in range(0, len(ids), STEP))
    return {loan.id: loan for part in parts for loan in part}


def labelled(found: Iterable[Applied]) -> Table:
    """Rows to train on, of people: inputs, the moment `asked`, and the outcome `went` (good or bad).

    Raises TableError when too few outcomes are known. Refused applicants are not among them: how they would
    have paid is not known.
    """
    known = [one for one in found if one.bad is not None and not one.company]
    if len(known) < FEWEST:
        raise TableError(
            f"the outcome of {len(known)} loans is known, at least {FEWEST} are needed to learn from them"
        )
    columns = {name: np.array([one.values[name] for one in known]) for name in known[0].values}
    asked = np.array([str(np.datetime64(one.at, "us")) for one in known], dtype=object)
    went = np.array(["bad" if one.bad else "good" for one in known], dtype=object)
    return Table("the bank's own loans", columns | {"asked": asked, "went": went})
