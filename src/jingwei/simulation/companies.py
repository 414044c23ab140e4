"""SIMULATED small companies: what tax, power, invoice and supply-chain records tell, and who failed to pay.

The truth is written here once and nobody tunes a model against it: a company has a hidden strength that
drifts. Sales follow strength; tax follows sales with holes (late filings grow as strength falls); power
follows sales, with what a trade needs; buyers pay invoices later when times are bad for them, which hurts
whoever has few of them; what an anchor firm says in its supply chain follows the anchor's size, not strength.
Failure follows strength, late buyers and few buyers. No accuracy on it means anything for life."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

MONTHS = 12
Columns = dict[str, npt.NDArray[Any]]


class Lived(NamedTuple):
    """What the companies did: their rows, and the months behind them as float64[count, 12], oldest first.

    `sales` are a month's sales, `seen` what of them came into accounts here, `power` what was used.
    """

    rows: Columns
    sales: npt.NDArray[np.float64]
    seen: npt.NDArray[np.float64]
    power: npt.NDArray[np.float64]


def companies(count: int, seed: int) -> Columns:
    """Rows of `count` companies: own columns, those of each source, the owner's sex, and the outcome.

    Names as in `domains.credit.company`: OWN and SOURCES.
    """
    return lived(count, seed).rows


def lived(count: int, seed: int) -> Lived:
    """The same companies with the months behind their rows."""
    rng = np.random.default_rng([91, seed])
    strength = rng.normal(0.0, 1.0, count)
    drift = rng.normal(0.0, 0.25, count)
    size = rng.lognormal(12.5, 0.8, count)
    path = strength[:, None] + drift[:, None] * (np.arange(MONTHS) - MONTHS + 1) / 3.0
    sales = size[:, None] / MONTHS * np.exp(0.18 * path + rng.normal(0.0, 0.22, (count, MONTHS)))
    through_us = rng.beta(2.0, 2.0, count)
    seen = sales * through_us[:, None] * np.exp(rng.normal(0.0, 0.3, (count, MONTHS)))
    buyers = rng.normal(0.0, 1.0, count)
    largest = rng.beta(2.0, 4.0, count)
    late_share = np.clip(0.22 + 0.10 * buyers + rng.normal(0.0, 0.06, count), 0.0, 1.0)
    need = rng.lognormal(0.0, 0.5, count)
    power = sales * need[:, None] * np.exp(rng.normal(0.0, 0.12, (count, MONTHS)))
    weak = 1.0 / (1.0 + np.exp(2.6 + 0.7 * strength))
    odds = -2.6 - 0.8 * strength - 0.9 * drift + 0.45 * buyers + 1.2 * largest * (buyers > 0.5)
    failed = rng.random(count) < 1.0 / (1.0 + np.exp(-odds))
    rows: Columns = {
        "account_days": np.floor(rng.gamma(2.0, 400.0, count)),
        "balance_days": np.clip(np.round(60 + 12 * strength + rng.normal(0, 18, count)), 0, 90),
        "money_in_year": np.round(seen.sum(axis=1)),
        "money_in_change": _change(seen),
        "refused": rng.poisson(np.exp(-0.6 - 0.5 * strength)).astype(np.float64),
        "tax_sales_year": np.round(sales.sum(axis=1)),
        "tax_sales_change": _change(sales),
        "tax_late_filings": rng.binomial(MONTHS, weak).astype(np.float64),
        "power_year": np.round(power.sum(axis=1)),
        "power_change": _change(power),
        "invoices_late_share": np.round(late_share, 3),
        "invoices_days": np.round(np.clip(45 + 12 * buyers + rng.normal(0, 8, count), 5, 150)),
        "invoices_largest_buyer": np.round(largest, 3),
        "chain_confirmed": np.round(rng.lognormal(11.0, 1.0, count)),
        "chain_years": np.floor(rng.gamma(2.0, 2.0, count)),
        "owner_sex": rng.choice(["f", "m"], count).astype(object),
        "outcome": np.where(failed, "failed", "good").astype(object),
    }
    return Lived(rows, sales, seen, power)


def _change(months: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The latest quarter over the quarter before, less one."""
    told: npt.NDArray[np.float64] = np.round(
        months[:, -3:].sum(axis=1) / np.maximum(months[:, -6:-3].sum(axis=1), 1.0) - 1.0, 3
    )
    return told
