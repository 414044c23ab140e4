"""People of the SIMULATED city who repay loans elsewhere: how they kept accounts, and who then fell late.

Only what a bank would have is told: its own deposits, transfers and cards up to the day of scoring; what
other sources record up to then; and lateness as it becomes known, ten days after an instalment was due."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from jingwei.simulation.city.almanac import Almanac
from jingwei.simulation.city.causes import effects, strike
from jingwei.simulation.city.draws import DAY_S, Columns, Draws, Flags, Floats, Ints
from jingwei.simulation.city.people import People, settle
from jingwei.simulation.city.records import loans, registers
from jingwei.simulation.city.shops import open_shops
from jingwei.simulation.city.spending import card_payments
from jingwei.simulation.city.strains import strain
from jingwei.simulation.city.transfers import incomes, transfers

BEFORE, AFTER = 180, 90
"""Days lived before the day of scoring, and days in which lateness is watched for."""
LATE = 10
"""An instalment counts as late when it is not paid so many days after it was due."""
MONTH, MONTHS, WINDOW = 30, 6, 90
LEAST_INCOME, LEAST_BALANCE = 50_000, 10_000
"""Fen: from how much a month counts as one with income, and a day as one with money in the account."""


def borrowers(count: int, seed: int) -> Columns:
    """Rows of those among `count` people who owe instalments: behaviour, sources, protected facts, outcome.

    The same draws as the city of this seed; only what is needed of it is lived through.
    """
    days = BEFORE + AFTER
    first = date(2026, 3, 1) - timedelta(days=days)
    draws, almanac = Draws(seed), Almanac(first, days)
    people = settle(draws, count)
    causes = strike(draws, people, days)
    effect, strains = effects(causes, people, days), strain(draws, people, days)
    owed = loans(draws, people, almanac, causes)
    cards = card_payments(draws, people, open_shops(draws, people), almanac, (causes, effect))
    moves, cash = transfers(draws, people, almanac, effect), incomes(draws, people, almanac, effect, strains)
    rows = _behaviour(draws, people, cards, moves, cash)
    rows |= _registers(registers(draws, people, almanac), people)
    rows |= _bureau(owed, people) | {
        "sex": np.where(people.woman, "f", "m").astype(object),
        "age": people.age.astype(np.float64),
        "late": np.where(_late(owed, people), "late", "good").astype(object),
    }
    who = np.unique(owed["person"][_day(owed) < BEFORE])
    return {name: column[who] for name, column in rows.items()}


def _day(rows: Columns) -> Ints:
    return np.asarray(rows["at_s"], np.int64) // DAY_S


def _summed(person: Ints, day: Ints, weight: Ints, size: int) -> Floats:
    """Sums by person and day, float64[size, BEFORE]; days after the scoring are left out."""
    kept = (day >= 0) & (day < BEFORE)
    at = person[kept] * BEFORE + day[kept]
    told = np.bincount(at, weight[kept], size * BEFORE).reshape(size, BEFORE)
    return told.astype(np.float64)


def _behaviour(draws: Draws, people: People, cards: Columns, moves: Columns, cash: Columns) -> Columns:
    """The eight measures of how accounts were kept, as the bank defines them for loans."""
    size = people.size
    to_us = moves["payee"] >= 0
    earned = _summed(cash["person"], _day(cash), cash["amount_minor"], size)
    earned += _summed(moves["payee"][to_us], _day(moves)[to_us], moves["amount_minor"][to_us], size)
    spent = _summed(moves["person"], _day(moves), moves["amount_minor"], size)
    spent += _summed(cards["person"], _day(cards), cards["amount_minor"], size)
    bought = _summed(cards["person"], _day(cards), np.ones(len(cards["person"]), np.int64), size)
    sent = _summed(moves["person"], _day(moves), np.ones(len(moves["person"]), np.int64), size)
    months = 0.5 + draws.of("openings").exponential(1.8, size)
    balance = np.rint(people.income_minor * months / 100) * 100
    money_days, refused = np.zeros(size), np.zeros(size)
    for day in range(BEFORE):
        balance = balance + earned[:, day]
        enough = balance >= spent[:, day]
        balance = balance - np.where(enough, spent[:, day], 0.0)
        refused += np.where(enough, 0.0, bought[:, day] + sent[:, day])
        money_days += (balance >= LEAST_BALANCE) * (day >= BEFORE - WINDOW)
    income = earned.reshape(size, MONTHS, MONTH).sum(axis=2)
    outgo = spent.reshape(size, MONTHS, MONTH).sum(axis=2)
    middle = (MONTHS - 1) // 2
    return {
        "account_days": (BEFORE - people.opened_day).astype(np.float64),
        "balance_days": money_days,
        "income_months": (income >= LEAST_INCOME).sum(axis=1).astype(np.float64),
        "income_minor": np.sort(income, axis=1)[:, middle],
        "spending_minor": np.sort(outgo, axis=1)[:, middle],
        "overdrawn_days": np.zeros(size),
        "income_change": _latest(income),
        "spending_change": _latest(outgo),
        "refused": refused,
        "purchases": bought[:, -WINDOW:].sum(axis=1),
    }


def _latest(months: Floats) -> Floats:
    """The latest month in thousandths of the mean of those before it; a thousand when there was nothing."""
    before = months[:, :-1].mean(axis=1)
    share: Floats = np.divide(months[:, -1], before, out=np.ones(len(months)), where=before > 0)
    told: Floats = np.minimum(np.floor(1000 * share), 5000.0)
    return told


def _registers(rows: Columns, people: People) -> Columns:
    """Means and latest values of tax paid and power used before the day of scoring."""
    told: Columns = {}
    for kind, name in ((0, "tax"), (1, "power")):
        mine = rows["kind"] == kind
        person, day, value = rows["person"][mine], _day(rows)[mine], rows["value"][mine]
        sums = _summed(person, day, value, people.size)
        counts = _summed(person, day, np.ones(len(person), np.int64), people.size).sum(axis=1)
        mean = sums.sum(axis=1) / np.maximum(counts, 1.0)
        told[f"{name}_mean"] = mean
        told[f"{name}_latest_over_mean"] = sums[:, -MONTH - 1 :].sum(axis=1) / np.maximum(mean, 1.0)
    return told


def _bureau(owed: Columns, people: People) -> Columns:
    """What lenders elsewhere reported before the day of scoring: late marks known by then, monthly cost."""
    day, late = _day(owed), owed["days_late"]
    known = (late >= LATE) & (day + LATE < BEFORE)
    marks = np.bincount(owed["person"][known], minlength=people.size).astype(np.float64)
    recent = (day < BEFORE) & (day >= BEFORE - MONTH - 1)
    monthly = np.zeros(people.size)
    monthly[owed["person"][recent]] = owed["amount_minor"][recent]
    return {"late_marks": marks, "monthly_minor": monthly}


def _late(owed: Columns, people: People) -> Flags:
    """Whose instalment became known as late within AFTER days of the scoring."""
    due = _day(owed)
    here = (due >= BEFORE) & (due + LATE < BEFORE + AFTER) & (owed["days_late"] >= LATE)
    told = np.zeros(people.size, dtype=np.bool_)
    told[owed["person"][here]] = True
    return told
