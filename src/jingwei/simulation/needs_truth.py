"""How well needs are found, measured on the simulated city: the truth is read here and nowhere else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import numpy as np

from jingwei.domains.tags.condition import who
from jingwei.domains.tags.declared import TAGS
from jingwei.domains.tags.happenings import BY_SERIES, Happening, series_of
from jingwei.domains.tags.live import LiveTags, Person
from jingwei.domains.tags.needs import NEEDS, Found, Need, Watch, over_history
from jingwei.kernel.clock import bank_day
from jingwei.simulation.city.world import City, live_through
from jingwei.simulation.happened import happenings, people

EARLY, LATE = 30, 45
"""A need found from so many days before its cause until so many after counts as right."""

COMPARED = 40
"""On about so many people the live search is compared with the one by SQL."""

TRUE: dict[str, str] = {
    "job_loss": "job_loss",
    "child": "child",
    "study_abroad": "study_abroad",
    "move": "move",
    "retirement": "retirement",
}
"""Needs and the hidden causes they are to tell. The truth of paydays is the calendar of each employer."""

FIRST_SIGN: dict[str, str] = {
    "job_loss": "call_loan",
    "child": "card_baby",
    "study_abroad": "page_study_abroad",
    "move": "page_mortgage",
    "retirement": "page_pension",
}
"""The plain rule beside each: the first single happening of this series."""

Progress = Callable[[int, int], None]


def relevant(city: City, also: Sequence[str] = ()) -> list[Happening]:
    """The happenings that the needs, the plain rules beside them, and `also` some tags read."""
    names = {name for need in NEEDS for name in need.reads} | set(also)
    series = {TAGS[name].series for name in names if TAGS[name].series} | set(FIRST_SIGN.values())
    kinds = frozenset(BY_SERIES[name].kind.code for name in series)
    return [
        one for one in happenings(city, kinds) if not series.isdisjoint(series_of(one.kind, one.category))
    ]


def watched(happened: Sequence[Happening], known: dict[str, Person], first: int, last: int) -> list[Found]:
    """Needs found live, happening by happening and day by day (days first to last)."""
    tags = LiveTags()
    for name, person in known.items():
        tags.know(name, person)
    watch, found, place = Watch(tags), list[Found](), 0
    for day in range(first, last + 1):
        watch.today = day
        while place < len(happened) and happened[place].day <= day:
            found += watch.add(happened[place])
            place += 1
        found += watch.close()
    return found


def searched(
    happened: Sequence[Happening], known: dict[str, Person], days: range, needs: Sequence[Need] = NEEDS
) -> list[Found]:
    """The same needs from history, by SQL alone: one query for each part of each pattern and day."""
    held: dict[tuple[str, int], dict[int, set[str]]] = defaultdict(dict)
    with duckdb.connect() as duck:
        duck.execute("SET threads = 2")
        duck.execute(
            'CREATE TABLE events (customer VARCHAR, "at" BIGINT, kind VARCHAR, category VARCHAR, '
            "amount_minor BIGINT)"
        )
        columns = zip(*((a, b, c, d, e) for a, b, c, d, e, _ in happened), strict=True)
        names = ("customer", "at", "kind", "category", "amount_minor")
        types = (object, np.int64, object, object, np.int64)
        rows = {n: np.array(column, t) for n, column, t in zip(names, columns, types, strict=True)}
        duck.register("rows", rows)
        duck.execute("INSERT INTO events SELECT * FROM rows")
        duck.execute("CREATE TABLE people (customer VARCHAR, born INTEGER, joined BIGINT, company INTEGER)")
        told = [(name, one.born, one.joined, int(one.company)) for name, one in known.items()]
        duck.executemany("INSERT INTO people VALUES (?, ?, ?, ?)", told)
        for need in needs:
            for number, part in enumerate(need.parts):
                for day in days:
                    query = who(part, ("events", "people", ""), day)
                    held[need.name, number][day] = {row[0] for row in duck.execute(query).fetchall()}
    return over_history(held, needs, days)


def score(city: City, found: Sequence[Found], need: str) -> dict[str, Any]:
    """Precision, recall and delay of one need against the hidden causes; intervals are Wilson's, 95 %."""
    rows = city.truth["causes"]
    first = bank_day(int(city.systems["digital"]["at"].min()))
    here = rows["cause"] == TRUE[need]
    struck = dict(zip(rows["person"][here].tolist(), (rows["day"][here] + first).tolist(), strict=True))
    told = [(int(one.customer[1:]), one.day) for one in found if one.need == need]
    right = {who: day - struck[who] for who, day in reversed(told) if hits(struck.get(who), day)}
    good = sum(hits(struck.get(who), day) for who, day in told)
    delays = sorted(right.values())
    return {
        "found": len(told),
        "true": len(struck),
        "precision": good / len(told) if told else None,
        "precision_interval": wilson(good, len(told)),
        "recall": len(right) / len(struck) if struck else None,
        "recall_interval": wilson(len(right), len(struck)),
        "delay_days_median": float(np.median(delays)) if delays else None,
        "delay_days_p10_p90": [float(np.quantile(delays, q)) for q in (0.1, 0.9)] if delays else None,
    }


def hits(struck: int | None, day: int) -> bool:
    """Whether a need found on a day tells of a cause that struck on another."""
    return struck is not None and -EARLY <= day - struck <= LATE


def wilson(good: int, of: int) -> list[float] | None:
    """The 95 % interval of a share (Wilson 1927); None for a share of nothing."""
    if not of:
        return None
    z, p = 1.959964, good / of
    middle, wide = p + z * z / (2 * of), z * np.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    return [float((middle + side * wide) / (1 + z * z / of)) for side in (-1, 1)]


def first_signs(happened: Sequence[Happening]) -> list[Found]:
    """What the plain rule finds: the first single happening of a series, once for each person."""
    seen: dict[tuple[str, str], Found] = {}
    needs = {series: need for need, series in FIRST_SIGN.items()}
    for one in happened:
        need = needs.get(f"{one.kind}_{one.category}")
        if need is not None:
            seen.setdefault((one.customer, need), Found(one.customer, need, one.day))
    return list(seen.values())


def paydays(city: City, found: Sequence[Found]) -> dict[str, Any]:
    """How many of the wages and pensions that came were told as a payday on the same day."""
    rows = city.systems["deposits"]
    paid = np.isin(rows["memo"], ("wage", "pension"))
    days = [bank_day(at) for at in rows["at"][paid].tolist()]
    true = set(zip(rows["person"][paid].tolist(), days, strict=True))
    told = {(int(one.customer[1:]), one.day) for one in found if one.need == "payday"}
    good = len(true & told)
    return {
        "found": len(told),
        "true": len(true),
        "precision": good / len(told) if told else None,
        "precision_interval": wilson(good, len(told)),
        "recall": good / len(true) if true else None,
        "recall_interval": wilson(good, len(true)),
        "delay_days_median": 0.0,
    }


def evaluate_needs(
    count: int, days: int, seed: int, told: Progress = lambda done, total: None
) -> dict[str, Any]:
    """Let a city live and tell how each need was found, live and again by SQL on a part of the people."""
    city = live_through(count, days, seed)
    told(1, 4)
    known, happened = people(city), relevant(city)
    first = bank_day(happened[0].at)
    found = watched(happened, known, first, first + days - 1)
    told(2, 4)
    plain = first_signs(happened)
    some = {who for number, who in enumerate(known) if number % max(1, count // COMPARED) == 0}
    again = searched(
        [one for one in happened if one.customer in some],
        {name: one for name, one in known.items() if name in some},
        range(first, first + days),
    )
    told(4, 4)
    scores = {
        need: score(city, found, need) | {"baseline_first_sign": score(city, plain, need)} for need in TRUE
    }
    return {
        "simulated": True,
        "people": count,
        "days": days,
        "seed": seed,
        "counts_as_right": f"from {EARLY} days before the cause to {LATE} after",
        "thresholds_chosen_on": "another city: seed 11, 4,000 people, 90 days",
        "needs": {"payday": paydays(city, found)} | scores,
        "live_equals_history": sorted(again) == sorted(one for one in found if one.customer in some),
        "compared_on": {"people": len(some), "found": len(again)},
    }
