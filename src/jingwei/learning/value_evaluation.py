"""Measure customer value on CDNOW: the published digits first, then purchases and spend of weeks not
fitted to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np

from jingwei.learning.history import Progress, quiet
from jingwei.learning.lifetime_value import BuyingRate, Histories, SpendLevel, fit_buying_rate, fit_spend
from jingwei.learning.measures import Counts, Interval, draws, interval
from jingwei.learning.tabular import TableError, read_table
from jingwei.models.compiled import Floats

PUBLISHED = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426, "log_likelihood": -9582.4}
"""Fader, Hardie, Lee (2005), table 2: 2,357 customers, 39 weeks."""
WEEKS = 39
DAYS = 7 * WEEKS
SUMMARY, MASTER = "cdnow_customers_summary.csv", "CDNOW_master.txt"


class Later(msgspec.Struct, frozen=True):
    """Customers as known after 39 weeks, and what they did in the 39 weeks after: purchases and spend."""

    told: Histories
    mean_spend: Floats
    bought: Floats
    spent: Floats


def evaluate_value(folder: Path, progress: Progress = quiet) -> dict[str, Any]:
    """Return the fit to the published summary, and hold-out figures on all customers beside plain baselines.

    Raises TableError when a file is not there or not of the known form.
    """
    for name in (SUMMARY, MASTER):
        if not (folder / name).is_file():
            raise TableError(f"there is no file {folder / name}; CDNOW has {SUMMARY} and {MASTER}")
    rate = fit_buying_rate(read_summary(folder / SUMMARY))
    progress(30, 100)
    later = read_master(folder / MASTER)
    fitted = fit_buying_rate(later.told)
    progress(70, 100)
    repeated = (later.told.repeats > 0) & (later.mean_spend > 0)
    spend = fit_spend(later.told.repeats[repeated], later.mean_spend[repeated])
    told: dict[str, Any] = msgspec.to_builtins(rate)
    told["published"] = PUBLISHED
    told["reproduced"] = all(
        round(told[name], 1 if name == "log_likelihood" else 3) == stated
        for name, stated in PUBLISHED.items()
    )
    told["customers"] = len(read_summary(folder / SUMMARY).repeats)
    told["holdout"] = _holdout(later, fitted, spend)
    progress(100, 100)
    return told


def read_summary(path: Path) -> Histories:
    """Read ID, frequency, recency, T (weeks). Raises TableError."""
    table = read_table(path)
    columns = [table.column(name) for name in ("frequency", "recency", "T")]
    if any(column.dtype.kind != "f" or not np.isfinite(column).all() for column in columns):
        raise TableError(f"{path}: frequency, recency and T must be numbers in every row")
    return Histories(*columns)


def read_master(path: Path) -> Later:
    """Read purchases (customer, date, discs, dollars) and split every customer at 39 weeks of 1997.

    Purchases of one day are one. The first purchase is none of the repeats, nor of the mean spend.
    """
    try:
        with duckdb.connect() as db:
            db.execute(
                "CREATE TABLE line AS SELECT string_split_regex(trim(l), '\\s+') AS w "
                "FROM (SELECT unnest(string_split(content, chr(10))) AS l FROM read_text(?)) "
                "WHERE l ~ '^\\s*[0-9]'",
                [str(path)],
            )
            db.execute(
                "CREATE TABLE day AS SELECT w[1]::INT AS c, "
                "strptime(w[2], '%Y%m%d')::DATE - DATE '1997-01-01' "
                "AS d, sum(w[4]::DOUBLE) AS v FROM line GROUP BY ALL"
            )
            found = db.execute(
                f"SELECT f, count(*) FILTER (d > f AND d < {DAYS}) AS x, "
                f"coalesce(max(d) FILTER (d < {DAYS}), f) - f AS l, "
                f"coalesce(avg(v) FILTER (d > f AND d < {DAYS}), 0) AS m, "
                f"count(*) FILTER (d >= {DAYS} AND d < {2 * DAYS}) AS y, "
                f"coalesce(sum(v) FILTER (d >= {DAYS} AND d < {2 * DAYS}), 0) AS s "
                f"FROM (SELECT *, min(d) OVER (PARTITION BY c) AS f FROM day) "
                f"WHERE f < {DAYS} GROUP BY c, f ORDER BY c"
            ).fetchnumpy()
    except duckdb.Error as error:
        says = str(error).partition("\n")[0][:90]
        raise TableError(f"{path}: a line is not 'customer date discs dollars': {says}") from error
    first, repeats, last, mean, bought, spent = (np.asarray(found[k], dtype=np.float64) for k in "fxlmys")
    if len(first) < 100:
        raise TableError(f"{path}: {len(first)} customers are too few")
    return Later(Histories(repeats, last / 7.0, (DAYS - 1 - first) / 7.0), mean, bought, spent)


def _holdout(later: Later, rate: BuyingRate, spend: SpendLevel) -> dict[str, Any]:
    told, bought = later.told, later.bought
    counts = draws(len(bought), rounds=300)
    expected = rate.expected(told, float(WEEKS))
    past = told.repeats / np.maximum(told.watched, 1.0) * WEEKS
    value = spend.expected(told.repeats, later.mean_spend)
    own = np.where(told.repeats > 0, later.mean_spend, later.mean_spend[told.repeats > 0].mean())
    return {
        "customers": len(bought),
        "weeks": WEEKS,
        "purchases": float(bought.sum()),
        "parameters": msgspec.to_builtins(rate),
        "bg_nbd": _told(expected, bought, counts),
        "baselines": {
            "past_rate": _told(past, bought, counts),
            "zero": _told(np.zeros(len(bought)), bought, counts),
        },
        "spend": float(later.spent.sum()),
        "gamma_gamma": msgspec.to_builtins(spend),
        "value": _told(expected * value, later.spent, counts),
        "value_baselines": {"past_rate_times_past_spend": _told(past * own, later.spent, counts)},
    }


def _told(expected: Floats, actual: Floats, counts: Counts) -> dict[str, Any]:
    """Total and how far off, error per customer, and how the order agrees; customers are drawn again."""
    alike = float(np.corrcoef(expected, actual)[0, 1]) if expected.std() > 0 else None
    return {
        "total": float(expected.sum()),
        "off": float(expected.sum() / actual.sum() - 1.0),
        "off_interval": _off(expected, actual, counts),
        "rmse": float(np.sqrt(np.mean((expected - actual) ** 2))),
        "mae": float(np.mean(np.abs(expected - actual))),
        "correlation": alike,
    }


def _off(expected: Floats, actual: Floats, counts: Counts) -> Interval:
    weights = counts.astype(np.float64)
    return interval((weights @ expected) / (weights @ actual) - 1.0)
