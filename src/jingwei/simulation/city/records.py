"""What other systems hold: visits, sign-ins, calls, policies, funds, taxes, shopping."""

from __future__ import annotations

from typing import Final

import numpy as np

from jingwei.simulation.city.almanac import Almanac
from jingwei.simulation.city.causes import Causes
from jingwei.simulation.city.draws import (
    DAY_S,
    Columns,
    Draws,
    Floats,
    Ints,
    in_time,
    joined,
    lognormal,
    minor,
    pick,
    seconds_of_day,
)
from jingwei.simulation.city.people import SEGMENTS, People

PAGES: Final = (
    "home", "balance", "transfer", "statement", "cards", "funds", "loans", "insurance", "rates",
    "study_abroad", "mortgage", "child_savings", "pension", "exchange", "help",
)  # fmt: skip
PAGE_WEIGHTS: Final = np.array([30, 26, 14, 9, 6, 4, 2, 1.2, 1.5, 0.12, 0.8, 0.2, 0.6, 0.8, 1.5])
INTEREST: Final = {
    "study_abroad": (9, 13),
    "child": (11,),
    "move": (10,),
    "retirement": (12,),
    "job_loss": (6, 14),
}
"""Pages (positions in PAGES) that a hidden cause makes people look at, some weeks before and after."""

TOPICS: Final = ("balance", "card", "transfer", "loan", "fee", "app", "complaint", "suspicious_call")
SEEN: Final = ((8.5, 1.2, 1.0), (12.6, 1.0, 0.9), (21.2, 1.7, 1.6))
COUNTER: Final = ((10.3, 1.4, 1.3), (15.2, 1.4, 1.0))
SHOPPED: Final = (
    "clothes",
    "food",
    "phone",
    "home",
    "sport",
    "baby",
    "books",
    "beauty",
    "suitcase",
    "medicine",
)


def _often(rng: np.random.Generator, rate: Floats, days: int) -> tuple[Ints, Ints]:
    """Person and day of events with a rate a day for each person."""
    counts = rng.poisson(np.broadcast_to(rate[:, None], (len(rate), days)))
    some, when = np.nonzero(counts)
    times = counts[some, when]
    return np.repeat(some, times).astype(np.int64), np.repeat(when, times).astype(np.int64)


def views(draws: Draws, people: People, almanac: Almanac, causes: Causes) -> Columns:
    """Pages looked at in the app: columns person, at_s, page (position in PAGES)."""
    rng = draws.of("views")
    rate = np.array([one.view_day for one in SEGMENTS])[people.trade] * (0.3 + people.online)
    person, day = _often(rng, rate, almanac.days)
    page = pick(rng, PAGE_WEIGHTS, len(person))
    at = day * DAY_S + seconds_of_day(rng, SEEN, len(person))
    parts: list[Columns] = [{"person": person, "at_s": at, "page": page}]
    for code, pages in INTEREST.items():
        when = causes.began(code, people.size, -1)
        who = np.flatnonzero((when >= 0) & (people.online > 0.2))
        times = rng.integers(4, 20, len(who))
        person = np.repeat(who, times)
        day = np.repeat(when[who], times) + np.rint(rng.normal(-6, 9, len(person))).astype(np.int64)
        page = np.array(pages)[rng.integers(0, len(pages), len(person))]
        at = day * DAY_S + seconds_of_day(rng, SEEN, len(person))
        within = (day >= 0) & (day < almanac.days)
        parts.append({"person": person[within], "at_s": at[within], "page": page[within]})
    return in_time(joined(parts))


def logins(draws: Draws, people: People, days: int) -> Columns:
    """Sign-ins: columns person, at_s, device (0 the usual one, 1 the second)."""
    rng = draws.of("logins")
    person, day = _often(rng, 0.15 + 0.9 * people.online, days)
    second = people.second_device[person] & (rng.random(len(person)) < 0.25)
    at = day * DAY_S + seconds_of_day(rng, SEEN, len(person))
    return in_time({"person": person, "at_s": at, "device": second.astype(np.int64)})


def calls(draws: Draws, people: People, causes: Causes, days: int, scams: Columns) -> Columns:
    """Calls to customer service: columns person, at_s, topic (position in TOPICS).

    Some people who were talked into a transfer call afterwards, and some who were not fooled warn us.
    """
    rng = draws.of("calls")
    person, day = _often(rng, np.where(people.age >= 60, 0.032, 0.012), days)
    topic = pick(rng, np.array([4, 3, 3, 1.5, 1.5, 2.5, 0.8, 0.15]), len(person))
    at = day * DAY_S + seconds_of_day(rng, COUNTER, len(person))
    after = rng.random(len(scams["person"])) < 0.5
    late = scams["at_s"][after] + (rng.exponential(1.5, int(after.sum())) * DAY_S).astype(np.int64)
    upset: Columns = {
        "person": scams["person"][after],
        "at_s": late,
        "topic": np.full(len(late), 7, np.int64),
    }
    lost = causes.began("job_loss", people.size, -1)
    who = np.flatnonzero((lost >= 0) & (rng.random(people.size) < 0.5))
    asks = (lost[who] + rng.integers(3, 30, len(who))) * DAY_S + seconds_of_day(rng, COUNTER, len(who))
    loans: Columns = {"person": who, "at_s": asks, "topic": np.full(len(who), 3, np.int64)}
    rows = in_time(joined([{"person": person, "at_s": at, "topic": topic}, upset, loans]))
    within = rows["at_s"] < days * DAY_S
    return {name: column[within] for name, column in rows.items()}


def contacts(draws: Draws, people: People, days: int) -> Columns:
    """What customer managers noted: columns person, at_s, outcome (0 no answer, 1 talked, 2 interested)."""
    rng = draws.of("contacts")
    person, day = _often(rng, np.where(people.income_minor > 1_500_000, 0.008, 0.004), days)
    at = day * DAY_S + seconds_of_day(rng, COUNTER, len(person))
    return in_time({"person": person, "at_s": at, "outcome": pick(rng, np.array([5, 3, 1.0]), len(person))})


def policies(draws: Draws, people: People, days: int) -> Columns:
    """Insurance premiums and claims: columns person, at_s, amount_minor, claim (1) or premium (0)."""
    rng = draws.of("insurance")
    insured = rng.random(people.size) < np.clip(people.income_minor / 4_000_000, 0.05, 0.6)
    person, day = _often(rng, insured / 30.0, days)
    claim = (rng.random(len(person)) < 0.03).astype(np.int64)
    amount = minor(lognormal(rng, np.where(claim == 1, 2_400.0, 210.0), 0.6, len(person)))
    at = day * DAY_S + seconds_of_day(rng, COUNTER, len(person))
    return in_time({"person": person, "at_s": at, "amount_minor": amount, "claim": claim})


def funds(draws: Draws, people: People, days: int) -> Columns:
    """Orders of funds: columns person, at_s, amount_minor (below zero: sold), risk 1 to 5."""
    rng = draws.of("funds")
    saver = np.array([one.saves for one in SEGMENTS])[people.trade] * np.minimum(people.income_minor / 1e6, 4)
    person, day = _often(rng, 0.03 * saver, days)
    amount = minor(lognormal(rng, people.income_minor[person] / 100 * 0.25, 0.9, len(person)))
    amount = np.maximum(amount // 10_000, 1) * 10_000
    sold = rng.random(len(person)) < 0.3
    risk = np.clip(np.rint(rng.normal(3.4 - people.age[person] / 45, 0.9)), 1, 5).astype(np.int64)
    at = day * DAY_S + seconds_of_day(rng, COUNTER, len(person))
    return in_time(
        {"person": person, "at_s": at, "amount_minor": np.where(sold, -amount, amount), "risk": risk}
    )


def loans(draws: Draws, people: People, almanac: Almanac, causes: Causes) -> Columns:
    """Instalments of loans at other places: columns person, at_s, amount_minor, days_late."""
    rng = draws.of("loans")
    owes = rng.random(people.size) < 0.22
    due = rng.integers(2, 28, people.size)
    person, day = np.nonzero((almanac.day_of_month[None, :] == due[:, None]) & owes[:, None])
    lost = causes.began("job_loss", people.size, almanac.days + 9_999)[person]
    ill = causes.began("illness", people.size, almanac.days + 9_999)[person]
    hard = (day > lost + 20) | ((day > ill + 10) & (day < ill + 60))
    late = np.where(rng.random(len(person)) < np.where(hard, 0.5, 0.02), rng.integers(1, 45, len(person)), 0)
    share = rng.uniform(0.05, 0.25, people.size)
    amount = np.rint(people.income_minor[person] * share[person] / 100).astype(np.int64) * 100
    at = day * DAY_S + 9 * 3600 + np.zeros(len(person), np.int64)
    return in_time({"person": person, "at_s": at, "amount_minor": amount, "days_late": late.astype(np.int64)})


def registers(draws: Draws, people: People, almanac: Almanac) -> Columns:
    """Tax and utility records: columns person, at_s, kind (0 tax, 1 power used), value (fen or Wh)."""
    rng = draws.of("registers")
    person, day = np.nonzero(np.broadcast_to(almanac.day_of_month == 15, (people.size, almanac.days)))
    income = people.income_minor[person]
    tax = np.maximum(0, income - 500_000) // 10
    power = (lognormal(rng, 160.0, 0.4, len(person)) * 1_000).astype(np.int64)
    at = day * DAY_S
    ones = np.ones(len(person), np.int64)
    taxes: Columns = {"person": person, "at_s": at, "kind": ones * 0, "value": tax.astype(np.int64)}
    return in_time(joined([taxes, {"person": person, "at_s": at + 3_600, "kind": ones, "value": power}]))


def shopping(draws: Draws, people: People, almanac: Almanac, causes: Causes) -> Columns:
    """What was looked at and bought on a shopping site: columns person, at_s, thing (position), bought."""
    rng = draws.of("shopping")
    rate = 0.8 * people.online[:, None] * np.where(almanac.sale, 3.0, 1.0)[None, :]
    counts = rng.poisson(rate)
    some, when = np.nonzero(counts)
    person, day = np.repeat(some, counts[some, when]), np.repeat(when, counts[some, when])
    thing = pick(rng, np.array([5, 4, 1.5, 2, 1, 0.3, 1, 1.5, 0.4, 0.8]), len(person))
    for code, position in (("child", 5), ("study_abroad", 8), ("illness", 9)):
        began = causes.began(code, people.size, almanac.days + 9_999)[person]
        near = (np.abs(day - began) < 25) & (rng.random(len(person)) < 0.35)
        thing = np.where(near, position, thing)
    at = day * DAY_S + seconds_of_day(rng, SEEN, len(person))
    bought = (rng.random(len(person)) < 0.2).astype(np.int64)
    return in_time({"person": person, "at_s": at, "thing": thing, "bought": bought})
