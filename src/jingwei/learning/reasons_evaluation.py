"""The five checks of an explanation: it adds up, it matters, its advice works, it is stable, policy
stays apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from jingwei.learning.credit_evaluation import CreditCase
from jingwei.learning.explaining import (
    MODEL,
    POLICY,
    Lender,
    Numbers,
    PolicyRule,
    advise,
    main_reasons,
    refusals,
    take,
)
from jingwei.learning.history import Progress, quiet
from jingwei.learning.lending import fit_credit, learn_reader
from jingwei.learning.measures import drawn, draws
from jingwei.learning.protocol import Flags
from jingwei.learning.synthetic_loans import FIXED, loan_applications
from jingwei.learning.tabular import Table, TableError, outcome, read_table, same_columns
from jingwei.models.compiled import Floats

EXPLAINED, ADVISED = 300, 100
BARS = {"additivity": 1e-6, "advice_flips": 0.95, "stability": 0.8}
RETRAININGS = 2


class ReasonsCase(msgspec.Struct, frozen=True):
    """Rows to learn from and to explain, outcomes of the first, columns nobody can change or learn from."""

    train: Table
    bad: Flags
    test: Table
    taboo: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    source: str = ""


def synthetic_case(rows: int = 6000) -> ReasonsCase:
    """Made-up applications, said to be so."""
    train, bad = loan_applications(rows, 21)
    test, _ = loan_applications(rows // 2, 22)
    return ReasonsCase(train, bad, test, fixed=FIXED, source="synthetic applications, made up here")


def case_of_files(case: CreditCase) -> ReasonsCase:
    """The same with rows from files; there, every column learned from may be advised. Raises TableError."""
    train, test = read_table(case.train), read_table(case.test)
    bad = outcome(train, case.target, case.good)
    taboo = (case.target, *case.protected, *case.exclude)
    return ReasonsCase(train, bad, test, taboo, source=str(case.train))


def evaluate_reasons(case: ReasonsCase, progress: Progress = quiet) -> dict[str, Any]:
    """Return the five checks for the scorecard and for boosting, each with its figure, bar and whether
    it holds."""
    reader = learn_reader(case.train, case.bad, case.taboo)
    same_columns(case.train, case.test, reader.names)
    numbers = {name: reader.encoder.numbers(table, reader.names) for name, table in _both(case)}
    features = reader.features(case.train)
    models = fit_credit(features, case.bad)
    progress(20, 100)
    rng, again = np.random.default_rng(6), []
    for step in range(RETRAININGS):
        kept = np.sort(rng.permutation(len(case.bad))[: len(case.bad) * 9 // 10])
        again.append(fit_credit({k: v[kept] for k, v in features.items()}, case.bad[kept]))
        progress(20 + 25 * (step + 1), 100)
    told: dict[str, Any] = {}
    for step, model in enumerate(("scorecard", "boosting")):
        retrained = [Lender(reader, one, model) for one in again]
        told[model] = _five(Lender(reader, models, model), retrained, numbers, case.fixed)
        progress(85 + 15 * step, 100)
    holds = all(check["holds"] for checks in told.values() for check in checks.values())
    return told | {
        "all_hold": holds,
        "data": case.source,
        "train_rows": len(case.bad),
        "fixed": list(case.fixed),
    }


def _both(case: ReasonsCase) -> tuple[tuple[str, Table], ...]:
    return ("train", case.train), ("test", case.test)


def _five(
    lender: Lender, retrained: Sequence[Lender], numbers: dict[str, Numbers], fixed: Sequence[str]
) -> dict[str, Any]:
    test, train = numbers["test"], numbers["train"]
    refused = np.flatnonzero(lender.score(test) >= lender.cut_off)[:EXPLAINED]
    approved = take(train, np.flatnonzero(lender.score(train) < lender.cut_off))
    if len(refused) < 20:
        raise TableError(f"only {len(refused)} rows are refused; at least 20 are needed to check reasons")
    sample = take(approved, np.arange(0, len(next(iter(approved.values()))), 1)[:500])
    cases, middle = take(test, refused), lender.parts(sample).mean(axis=0)
    reasons = main_reasons(lender.parts(cases), middle)
    return {
        "additivity": additivity(lender, cases),
        "deletion": deletion(lender, cases, reasons, approved),
        "advice_flips": flips(
            lender, take(cases, np.arange(min(ADVISED, len(refused)))), reasons, approved, fixed
        ),
        "stability": stability(lender, retrained, cases, reasons, sample),
        "policy_apart": policy_apart(lender, test, train, middle),
    }


def additivity(lender: Lender, cases: Numbers) -> dict[str, Any]:
    """Largest distance between the sum of the parts and the log-odds of the score."""
    score = lender.score(cases)
    gap = float(np.abs(lender.parts(cases).sum(axis=1) - np.log(score / (1.0 - score))).max())
    return {
        "largest_gap": gap,
        "bar": BARS["additivity"],
        "rows": len(score),
        "holds": gap <= BARS["additivity"],
    }


def deletion(
    lender: Lender, cases: Numbers, reasons: Sequence[tuple[int, ...]], approved: Numbers
) -> dict[str, Any]:
    """How far the log-odds fall when the stated reasons' columns take the median of the approved; and
    random ones."""
    rng, groups = np.random.default_rng(8), lender.groups()
    random = [tuple(rng.permutation(len(groups))[: len(one)].tolist()) for one in reasons]
    before = log_odds(lender.score(cases))
    stated = before - log_odds(lender.score(_neutral(lender, cases, reasons, approved)))
    chance = before - log_odds(lender.score(_neutral(lender, cases, random, approved)))
    low, high = drawn(lambda rows: float((stated - chance)[rows].mean()), draws(len(before), 300))
    return {
        "stated_falls": float(stated.mean()),
        "random_falls": float(chance.mean()),
        "difference_interval": (low, high),
        "holds": low > 0.0,
    }


def log_odds(score: Floats) -> Floats:
    """Log-odds of chances."""
    told: Floats = np.log(score / (1.0 - score))
    return told


def _neutral(lender: Lender, cases: Numbers, chosen: Sequence[tuple[int, ...]], approved: Numbers) -> Numbers:
    out, groups = {name: column.copy() for name, column in cases.items()}, lender.groups()
    for row, picked in enumerate(chosen):
        for name in (name for g in picked for name in lender.columns_of(groups[g])):
            out[name][row] = np.median(approved[name])
    return out


def flips(
    lender: Lender,
    cases: Numbers,
    reasons: Sequence[tuple[int, ...]],
    approved: Numbers,
    fixed: Sequence[str],
) -> dict[str, Any]:
    """Share of refusals that turn when the advice is followed, decided again on the rows with the
    advised values."""
    groups, rows = lender.groups(), len(next(iter(cases.values())))
    after, changed = {name: column.copy() for name, column in cases.items()}, []
    for row in range(rows):
        first = [name for g in reasons[row] for name in lender.columns_of(groups[g])]
        advice = advise(lender, take(cases, [row]), approved, fixed, first)
        changed.append(len(advice.changes))
        for name, value in advice.changes.items():
            after[name][row] = value
    kept = all(np.array_equal(after[name], cases[name]) for name in fixed if name in cases)
    share = float((lender.score(after) < lender.cut_off).mean())
    return {
        "share": share,
        "bar": BARS["advice_flips"],
        "rows": rows,
        "mean_changes": float(np.mean(changed)),
        "most_changes": max(changed),
        "fixed_untouched": kept,
        "holds": share >= BARS["advice_flips"] and kept,
    }


def stability(
    lender: Lender,
    retrained: Sequence[Lender],
    cases: Numbers,
    reasons: Sequence[tuple[int, ...]],
    sample: Numbers,
) -> dict[str, Any]:
    """Mean overlap (Jaccard) of the top three reasons with those of models trained on random 90 % of the
    rows."""
    alike = []
    for other in retrained:
        again = main_reasons(other.parts(cases), other.parts(sample).mean(axis=0))
        named = lender.groups(), other.groups()
        for one, two in zip(reasons, again, strict=True):
            a, b = {named[0][g] for g in one}, {named[1][g] for g in two}
            alike.append(len(a & b) / len(a | b) if a | b else 1.0)
    mean = float(np.mean(alike))
    return {
        "jaccard": mean,
        "bar": BARS["stability"],
        "retrainings": len(retrained),
        "holds": mean >= BARS["stability"],
    }


def policy_apart(lender: Lender, test: Numbers, train: Numbers, middle: Floats) -> dict[str, Any]:
    """Rules of policy (the highest 1 % of two columns of training) beside the model: whose reasons are
    whose."""
    names = list(train)[:2]
    rules = [
        PolicyRule(f"above_limit_of_{name}", name, float(np.quantile(train[name], 0.99))) for name in names
    ]
    told = refusals(lender, test, rules, middle)
    codes = {rule.code for rule in rules}
    broken = [any(test[rule.column][row] > rule.most for rule in rules) for row in range(len(told))]
    by_policy = [r for r, broke in zip(told, broken, strict=True) if broke]
    wrong = sum(r is None or r.origin != POLICY or not set(r.reasons) <= codes for r in by_policy)
    others = [r for r, broke in zip(told, broken, strict=True) if not broke and r is not None]
    wrong += sum(r.origin != MODEL or bool(set(r.reasons) & codes) for r in others)
    checked = len(by_policy) + len(others)
    return {
        "by_policy": len(by_policy),
        "by_model": len(others),
        "wrong": wrong,
        "holds": wrong == 0 and checked > 0,
    }
