"""What one arm of the simulated year came to: figures by month and in total."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from jingwei.decisions.policy import Verdict
from jingwei.learning.warning_evaluation import Cases, days_before
from jingwei.simulation.city.draws import Flags, Floats, Ints
from jingwei.simulation.city.people import People
from jingwei.simulation.city.strains import NEVER
from jingwei.simulation.year.arms import (
    CALL_MINUTES,
    DAYS,
    MONTH_DAYS,
    MONTHS,
    REVIEW_MINUTES,
    month_of,
)
from jingwei.simulation.year.credit import CreditYear, Truth
from jingwei.simulation.year.fraud import LOST, FraudYear
from jingwei.simulation.year.payments import Payments, until_end


class Figure(NamedTuple):
    """A figure of the year: its sentence, and whether less of it is better."""

    name: str
    says: str
    less_is_better: bool


FIGURES: Final = (
    Figure("fraud_loss_yuan", "Money lost to fraud.", True),
    Figure("fraud_loss_share", "The share of the money fraud was after that was lost.", True),
    Figure("false_alerts_per_1000", "Honest payments stopped or asked about, per 1,000 customers.", True),
    Figure("review_hours", "Hours of work: held payments and early-warning calls.", True),
    Figure("bad_debt_yuan", "Principal written off.", True),
    Figure("bad_debt_share", "Principal written off of what was lent.", True),
    Figure("lent_yuan", "Money lent.", False),
    Figure("lending_result_yuan", "Interest paid less principal written off.", False),
    Figure("good_refused_share", "Of the applications that would have gone well, the share refused.", True),
    Figure("missed_loans", "Loans with a missed payment.", True),
    Figure("early_warning_days", "Days of warning before the first payment that would be missed.", False),
    Figure("early_warning_recall", "The share of first missed payments a warning came before.", False),
    Figure("approval_gap_sex", "Approval of men and women, the difference.", True),
    Figure("good_refused_gap_age", "Good applications refused by age band, highest less lowest.", True),
    Figure("offer_conversion", "Of those shown offers, who took a product within 30 days.", False),
    Figure("offer_gain_over_control", "That share less the one of the control group, shown none.", False),
    Figure("offers_taken_share", "Of the offers shown in the year, the share taken.", False),
    Figure("offers_taken_per_1000", "Offers taken in the year, per 1,000 people shown any.", False),
    Figure("false_alert_gap_60", "False alerts a payment, from 60 on over below 60: how far from 1.", True),
)  # fmt: skip


class Lived(NamedTuple):
    """One arm lived to the end, with what the city knows."""

    payments: Payments
    fraud: FraudYear
    credit: CreditYear
    truth: Truth
    people: People


def measured(lived: Lived) -> dict[str, Any]:
    """The figures of an arm, in total and by month."""
    return {"total": _fraud(lived) | _credit(lived), "months": _months(lived)}


def _fraud(lived: Lived) -> dict[str, float]:
    p, judged = lived.payments, lived.fraud.judged
    end = until_end(p)
    lost = np.isin(p.crime[:end], LOST)
    through, verdict = judged.through[:end], judged.verdict[:end]
    amount, honest = p.amount_minor[:end], p.crime[:end] == 0
    false = honest & (verdict > Verdict.ALLOW)
    old = lived.people.age[p.person[:end]] >= 60
    held = int((verdict == Verdict.HOLD).sum())
    calls = len(lived.credit.alerts().loan)
    ratio = _share(false[old & honest]) / max(_share(false[~old & honest]), 1e-9)
    return {
        "fraud_loss_yuan": float(amount[lost & through].sum()) / 100,
        "fraud_loss_share": float(amount[lost & through].sum()) / max(1.0, float(amount[lost].sum())),
        "false_alerts_per_1000": 1_000.0 * float(false.sum()) / lived.people.size,
        "review_hours": (held * REVIEW_MINUTES + calls * CALL_MINUTES) / 60.0,
        "false_alert_gap_60": abs(ratio - 1.0),
    }


def _share(which: Flags) -> float:
    return float(which.mean()) if len(which) else 0.0


def _credit(lived: Lived) -> dict[str, float]:
    year, truth = lived.credit, lived.truth
    book, needs = year.book, year.book.needs
    granted, good = year.granted, ~truth.fails
    asked, gone = needs.amount_minor, book.lost_minor(DAYS)
    lent, lost = int(asked[granted].sum()) / 100, int(gone.sum()) / 100
    woman, age = lived.people.woman[needs.person], lived.people.age[needs.person]
    bands = [age < 30, (age >= 30) & (age < 45), age >= 45]
    refused = [_share(~granted[band & good]) for band in bands if (band & good).any()]
    missed = (book.due < NEVER) & (book.paid - book.due > 7) & (book.due + 7 < DAYS)
    before = _days_before(year, truth)
    return {
        "bad_debt_yuan": lost,
        "bad_debt_share": lost / max(1.0, lent),
        "lent_yuan": lent,
        "lending_result_yuan": _interest(year) - lost,
        "good_refused_share": _share(~granted[good]),
        "missed_loans": float(missed.any(axis=1).sum()),
        "early_warning_days": float(before.mean()) if len(before) else 0.0,
        "early_warning_recall": _share(before > 0),
        "approval_gap_sex": abs(_share(granted[woman]) - _share(granted[~woman])),
        "good_refused_gap_age": max(refused, default=0.0) - min(refused, default=0.0),
    }


def _days_before(year: CreditYear, truth: Truth) -> Ints:
    """Days of warning before the first payment each granted loan would miss were nobody relieved."""
    which = np.flatnonzero(year.granted & (truth.first_missed < NEVER))
    nothing = np.zeros(len(which), np.int64)
    return days_before(year.alerts(), Cases(which, nothing, truth.first_missed[which], nothing))


def _interest(year: CreditYear) -> float:
    """Yuan of interest in the instalments paid by the year's end, evenly spread over each loan."""
    needs, book = year.book.needs, year.book
    paid = (book.paid < NEVER).sum(axis=1)
    asked = needs.amount_minor
    each = needs.instalment_minor - asked / needs.term
    return float((paid * each).sum()) / 100


def _months(lived: Lived) -> dict[str, list[float]]:
    p, judged = lived.payments, lived.fraud.judged
    end = until_end(p)
    month = np.minimum(p.day[:end] // MONTH_DAYS, MONTHS - 1)
    lost = np.isin(p.crime[:end], LOST) & judged.through[:end]
    false = (p.crime[:end] == 0) & (judged.verdict[:end] > Verdict.ALLOW)
    held = judged.verdict[:end] == Verdict.HOLD
    calls = np.bincount([month_of(day) for day in lived.credit.alerts().day.tolist()], minlength=MONTHS)
    book = lived.credit.book
    gone = np.where(book.written_off < DAYS, book.lost_minor(DAYS), 0) / 100
    when = np.minimum(np.minimum(book.written_off, DAYS - 1) // MONTH_DAYS, MONTHS - 1)
    asked = np.minimum(book.needs.day // MONTH_DAYS, MONTHS - 1)
    good = ~lived.truth.fails
    return {
        "fraud_loss_yuan": _by(month, lost * p.amount_minor[:end] / 100),
        "false_alerts_per_1000": _by(month, 1_000.0 * false / lived.people.size),
        "review_hours": _by(month, held * REVIEW_MINUTES / 60.0, calls * CALL_MINUTES / 60.0),
        "bad_debt_yuan": _by(when, gone),
        "good_refused": _by(asked, (good & ~lived.credit.granted).astype(np.float64)),
    }


def _by(month: Ints, value: Floats, also: Floats | float = 0.0) -> list[float]:
    told = np.bincount(month, value, MONTHS) + also
    return [round(float(one), 3) for one in told]
