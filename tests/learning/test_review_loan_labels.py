"""What the bank's own loans tell a model: each outcome as often as it comes, and nothing a person changed."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from jingwei.domains.credit.loan_changes import repay, restructure, restructured
from jingwei.domains.credit.loan_life import Moved
from jingwei.domains.credit.loans import CANCELLED, REPAID, RUNNING, WRITTEN_OFF, Loan
from jingwei.domains.credit.products import shipped
from jingwei.domains.credit.schedule import Terms, due_days, pack, schedule
from jingwei.kernel.clock import day_start
from jingwei.learning.loan_labels import LATE_DAYS, SEASONED_DAYS, outcome_of

SIGNED = 20_000
OLD = SIGNED + SEASONED_DAYS


def loan_of(signed: int = SIGNED, **more) -> Loan:
    """A loan over a year, signed on this bank day."""
    product = shipped().find("personal_loan")
    plan = schedule(Terms("annuity", 1_200_000, 120_000, due_days(signed, 12), signed, signed))
    loan = Loan(
        "L1", "alice", "Q1", product.id, "annuity", "alice", "CNY", 1_200_000, 120_000, RUNNING,
        day_start(signed) + 1, "", "", 1_200_000, pack(plan), signed,
    )  # fmt: skip
    return replace(loan, **more)


@pytest.mark.parametrize(
    ("more", "bad"),
    [
        ({}, False),
        ({"status": REPAID}, False),
        ({"status": WRITTEN_OFF}, True),
        ({"late_since": OLD - LATE_DAYS}, True),
        ({"late_since": OLD - LATE_DAYS + 1}, None),
        ({"proposed": "restructure 12"}, None),
        ({"proposed": "write_off", "late_since": OLD - 60}, True),
        ({"status": CANCELLED}, None),
    ],
)
def test_an_outcome_is_told_when_the_loan_is_old_enough_and_nobody_changed_it(more, bad):
    assert outcome_of(loan_of(**more), OLD) is bad
    assert outcome_of(loan_of(**more), OLD - 1) is None, "a younger one tells nothing, whatever it came to"


def test_a_loan_that_was_restructured_is_not_called_good():
    """Its lateness went away because a person spread what it owed."""
    product = shipped().find("personal_loan")
    moved = restructure(loan_of(), product, 12, day_start(SIGNED + 95))
    assert isinstance(moved, Moved) and not moved.loan.late_since and restructured(moved.loan)
    assert outcome_of(moved.loan, OLD) is None
    assert outcome_of(replace(moved.loan, late_since=OLD - 40), OLD) is True
    early = repay(loan_of(), product, 300_000, "smaller", day_start(SIGNED + 10))
    assert isinstance(early, Moved) and not restructured(early.loan)
    assert not restructured(loan_of())


def test_what_is_known_of_loans_goes_bad_as_often_as_loans_do():
    """A tenth fails on the first instalment; loans are signed all the time, the newest today."""
    rng = np.random.default_rng(4)
    today = SIGNED + 400
    told = []
    for signed in rng.integers(SIGNED, today, 6_000).tolist():
        missed = signed + 30 if rng.random() < 0.1 and today > signed + 30 else 0
        told.append(outcome_of(loan_of(signed, late_since=missed), today))
    known = [one for one in told if one is not None]
    assert len(known) > 3_000 and abs(np.mean(known) - 0.1) < 0.015
