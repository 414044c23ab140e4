"""Segments and value learned from a simulated city, measured on what the bank was not shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jingwei.domains.tags.happenings import Happening
from jingwei.domains.tags.steps import Steps
from jingwei.kernel.clock import bank_day
from jingwei.learning.segments import READS, find_segments
from jingwei.learning.tag_batch import buying, value_tags
from jingwei.models.compiled import Floats
from jingwei.simulation.city.world import City, live_through
from jingwei.simulation.happened import happenings, people
from jingwei.stores.tagged import TagShelf

KINDS = ("card", "out", "income", "page")
FEN = 100
"""Minor units of a yuan."""
HELD_DAYS = 30
Progress = Callable[[int, int], None]


def evaluate_segments(
    count: int, days: int, seed: int, told: Progress = lambda done, total: None
) -> dict[str, Any]:
    """How stable and true the segments of a city are, how well value is foretold, which pages lead where."""
    from sklearn.metrics import adjusted_rand_score

    city = live_through(count, days, seed)
    told(1, 4)
    happened, known, shelf = list(happenings(city, KINDS)), people(city), TagShelf()
    shelf.know(known.items())
    shelf.add([one for one in happened if one.kind != "page"])
    last = bank_day(happened[-1].at)
    rows = shelf.values(READS, last, known)
    told(2, 4)
    found = find_segments([row[1:] for row in rows])
    told(3, 4)
    truth = city.people.trade[[int(row[0][1:]) for row in rows]]
    steps = Steps()
    steps.add_all(happened)
    answer = {
        "simulated": True,
        "people": count,
        "days": days,
        "seed": seed,
        "stability": {str(k): {"mean": m, "interval": [a, b]} for k, (m, a, b) in found.stability.items()},
        "segments": [
            {"people": int((found.labels == n).sum()), "en": words.en, "zh": words.zh}
            for n, words in enumerate(found.names)
        ],
        "agrees_with_hidden_kinds": float(adjusted_rand_score(truth, found.labels)),
        "agrees_when_drawn_at_random": random_agreement(truth, found.labels),
        "value": value(city, happened, last),
        "steps": {
            "edges": len(steps.edges),
            "before_mortgage": [list(one) for one in steps.leads_to("mortgage")[:5]],
        },
    }
    told(4, 4)
    return answer


def random_agreement(truth: Any, labels: Any) -> float:
    """The same index for the same groups dealt out at random."""
    from sklearn.metrics import adjusted_rand_score

    rng = np.random.Generator(np.random.PCG64(1))
    return float(np.mean([adjusted_rand_score(truth, rng.permutation(labels)) for _ in range(20)]))


def value(city: City, happened: list[Happening], last: int) -> dict[str, Any]:
    """Spending of the last 30 days foretold from the days before, beside two plain rules."""
    cut = last - HELD_DAYS
    before = buying(happened, cut)
    rows = value_tags(before, HELD_DAYS / 7.0)
    told: dict[str, float] = {who: minor for who, tag, minor in rows if tag == "value_year_minor"}
    came: dict[str, float] = dict.fromkeys(told, 0.0)
    same: dict[str, float] = dict.fromkeys(told, 0.0)
    for one in happened:
        if one.kind == "card" and one.customer in told:
            if one.day > cut:
                came[one.customer] += one.amount_minor
            elif one.day > cut - HELD_DAYS:
                same[one.customer] += one.amount_minor
    truth: Floats = np.array(list(came.values()))
    guesses: dict[str, Floats] = {
        "model": np.array(list(told.values())),
        "same_as_last_30_days": np.array(list(same.values())),
        "mean_of_all": np.full(len(truth), float(np.mean(list(same.values())))),
    }
    figures = {
        name: {
            "mean_error_yuan": float(np.abs(guess - truth).mean()) / FEN,
            "correlation": float(np.corrcoef(guess, truth)[0, 1]) if guess.std() > 0 else None,
        }
        for name, guess in guesses.items()
    }
    mean = float(truth.mean()) / FEN
    return {"held_out_days": HELD_DAYS, "customers": len(truth), "yuan_mean": mean} | figures
