"""How well offers are chosen, measured on the simulated city, whose people's likings the bank never reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jingwei.domains.offers.bandit import chances
from jingwei.domains.offers.catalogue import Catalogue
from jingwei.domains.offers.experiment import Arms, effect, people_needed, wilson
from jingwei.learning.measures import draws_of_groups, interval
from jingwei.simulation.city.world import live_through
from jingwei.simulation.offer_life import Life, Shown, Way, first_listed, live_each, mean, random_one

Progress = Callable[[int, int], None]
ROUNDS = 400


def evaluate_offers(
    size: tuple[int, int, int], rules: Catalogue, told: Progress = lambda done, total: None
) -> dict[str, Any]:
    """Offers in a city of (people, days, seed): effect against control, regret, off-policy, calibration."""
    count, days, seed = size
    city = live_through(count, days, seed)
    told(1, 5)
    ways = {"bandit": Way(chances), "random": Way(random_one), "first_listed": Way(first_listed)}
    lives = live_each(city, rules, ways)
    told(4, 5)
    bandit = lives["bandit"]
    answer = {
        "simulated": True,
        "people": count,
        "days": days,
        "seed": seed,
        "against_control": against_control(bandit, rules),
        "policies": {name: summary(one.shown) for name, one in lives.items()},
        "regret_by_tenth": tenths(bandit.shown),
        "off_policy": off_policy(bandit.shown, lives["first_listed"]),
        "calibration": calibration(bandit.shown),
    }
    told(5, 5)
    return answer


def against_control(life: Life, rules: Catalogue) -> dict[str, Any]:
    """The pre-registered comparison: who took a product within 30 days, shown offers or none."""
    shown = [took for who, took in life.took.items() if who not in life.control]
    control = [took for who, took in life.took.items() if who in life.control]
    arms = Arms(len(shown), sum(shown), len(control), sum(control))
    needed = people_needed(rules.experiment, rules.control_percent)
    came = effect(rules.experiment, arms, rules.control_percent)
    return {
        "metric": rules.experiment.metric,
        "people_needed": {"shown": needed[0], "control": needed[1]},
        "people": {"shown": arms.shown, "control": arms.control},
        "readable": came.readable,
        "shown_share": came.shown_share,
        "control_share": came.control_share,
        "difference": came.difference,
        "difference_interval": [came.low, came.high],
    }


def summary(shown: Sequence[Shown]) -> dict[str, Any]:
    """How many were shown and taken, and the mean regret: how much more the best fitting offer would give.

    Intervals by drawing people, with all that was shown to each: one person's choices are not many people's.
    """
    told: dict[str, Any] = {"shown": len(shown)}
    counts = people_drawn(shown) if shown else None
    for name, values in (
        ("taken", [float(one.taken) for one in shown]),
        ("regret", [max(one.truths) - one.truths[one.place] for one in shown]),
    ):
        told["taken_share" if name == "taken" else name] = mean(values)
        told[f"{name}_interval"] = None if counts is None else list(interval(counts @ np.array(values)))
    return told | {"best_possible_share": mean([max(one.truths) for one in shown])}


def people_drawn(shown: Sequence[Shown]) -> Any:
    """Weights float64[rounds, choices] that add up to one: people drawn again, each with all choices."""
    _, groups = np.unique([one.customer for one in shown], return_inverse=True)
    counts = draws_of_groups(groups.astype(np.int64), ROUNDS).astype(np.float64)
    return counts / counts.sum(axis=1, keepdims=True)


def tenths(shown: Sequence[Shown]) -> list[float]:
    """The mean regret in each tenth of the choices, in order: it should fall as the bank learns."""
    parts = np.array_split(np.array([max(one.truths) - one.truths[one.place] for one in shown]), 10)
    return [float(part.mean()) for part in parts if len(part)]


def off_policy(shown: Sequence[Shown], tried: Life) -> dict[str, Any]:
    """What showing the first listed would have given, from the bandit's log alone, beside the truth.

    IPS and its self-normalised form; DR adds a model of each context and offer learned on the other half
    (Dudik, Langford, Li 2011). Intervals by drawing people, each with all choices.
    """
    taken = np.array([float(one.taken) for one in shown])
    weight = np.array([(one.place == 0) / one.chance for one in shown])
    direct, fitted = _models(shown)
    counts, once = people_drawn(shown), np.full((1, len(shown)), 1.0 / len(shown))
    dr = direct + weight * (taken - fitted)

    def told(value: Callable[[Any], Any]) -> dict[str, Any]:
        return {"estimate": float(value(once)[0]), "interval": list(interval(value(counts)))}

    return {
        "policy": "the first listed of those that fit",
        "ips": told(lambda drawn: drawn @ (weight * taken)),
        "snips": told(lambda drawn: (drawn @ (weight * taken)) / (drawn @ weight)),
        "dr": told(lambda drawn: drawn @ dr),
        "truth_on_the_same_choices": float(np.mean([one.truths[0] for one in shown])),
        "tried_for_real": summary(tried.shown)["taken_share"],
        "naive_mean_of_the_log": float(taken.mean()),
        "effective_size": float(weight.sum() ** 2 / (weight**2).sum()),
    }


def _models(shown: Sequence[Shown]) -> tuple[Any, Any]:
    """Expected share of the first listed and of the chosen, each from the counts of the other half."""
    direct, fitted = np.zeros(len(shown)), np.zeros(len(shown))
    for half in (0, 1):
        seen: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        for i, one in enumerate(shown):
            if i % 2 != half:
                count = seen[one.cell, one.fits[one.place]]
                count[0] += 1
                count[1] += one.taken
        for i, one in enumerate(shown):
            if i % 2 == half:
                first, chosen = seen[one.cell, one.fits[0]], seen[one.cell, one.fits[one.place]]
                direct[i], fitted[i] = ((c[1] + 1) / (c[0] + 20) for c in (first, chosen))
    return direct, fitted


def calibration(shown: Sequence[Shown]) -> dict[str, Any]:
    """What the bank expected of the offers it showed, in five groups by that, beside what came."""
    expected = np.array([one.expected for one in shown])
    taken = np.array([one.taken for one in shown])
    groups = np.array_split(np.argsort(expected, kind="stable"), 5)
    told: list[dict[str, Any]] = [
        {
            "expected": float(expected[some].mean()),
            "came": float(taken[some].mean()),
            "interval": list(wilson(int(taken[some].sum()), len(some))),
        }
        for some in groups
    ]
    gap = sum(len(some) * abs(one["expected"] - one["came"]) for some, one in zip(groups, told, strict=True))
    return {"groups": told, "mean_gap": gap / len(shown), "rests_on": len(shown)}
