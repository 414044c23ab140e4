"""Made-up loan applications with a known truth, city-like, for checks that need no data from outside."""

from __future__ import annotations

import numpy as np

from jingwei.learning.protocol import Flags
from jingwei.learning.tabular import Table

FIXED = ("account_months", "months_employed", "missed_12m")
"""What an applicant cannot change by the next application: the past."""


def loan_applications(rows: int, seed: int) -> tuple[Table, Flags]:
    """Return applications and which of them went bad. Same seed, same rows.

    Truth: a logistic of debt, card use, missed payments, inquiries, savings, employment and size of the
    loan, with
    thresholds and one interaction. Simpler and less noisy than life; no accuracy on it means anything.
    """
    rng = np.random.default_rng(seed)
    income = np.round(rng.lognormal(9.0, 0.5, rows), -1)
    debt = np.round(rng.beta(2.0, 5.0, rows), 3)
    use = np.round(rng.beta(1.2, 2.0, rows), 3)
    missed = rng.poisson(0.4 + 1.2 * (use > 0.8)).astype(np.float64)
    inquiries = rng.poisson(1.0 + 2.0 * debt).astype(np.float64)
    savings = np.round(rng.gamma(1.5, 1.5, rows), 1)
    employed = np.floor(rng.gamma(2.0, 24.0, rows))
    account = np.floor(rng.gamma(2.0, 30.0, rows))
    asked = np.round(income * rng.gamma(2.0, 1.2, rows), -2)
    log_odds = (
        -3.3
        + 3.0 * debt
        + 1.8 * use
        + 0.7 * np.minimum(missed, 4.0)
        + 0.25 * np.minimum(inquiries, 6.0)
        - 0.35 * np.minimum(savings, 4.0)
        + 0.6 * (employed < 12.0)
        + 0.35 * np.minimum(asked / (income + 1.0), 6.0)
        + 1.2 * debt * use
    )
    bad = rng.random(rows) < 1.0 / (1.0 + np.exp(-log_odds))
    columns = {
        "income": income,
        "debt_share": debt,
        "card_use": use,
        "missed_12m": missed,
        "inquiries_6m": inquiries,
        "savings_months": savings,
        "months_employed": employed,
        "account_months": account,
        "asked_over_income": np.round(asked / (income + 1.0), 2),
    }
    return Table("synthetic", columns), bad
