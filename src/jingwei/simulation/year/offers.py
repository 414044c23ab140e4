"""The year's offers in each arm: the catalogue's own order by rules, the bandit in the loop; against the
control group that is shown none. All simulated."""

from __future__ import annotations

from collections.abc import Sequence

from jingwei.domains.offers.bandit import chances
from jingwei.journeys.offer_rules import catalogue
from jingwei.simulation.city.world import City
from jingwei.simulation.offer_life import Life, Way, first_listed, live_each
from jingwei.simulation.year.arms import Arm


def way_of(arm: Arm) -> Way:
    """How an arm makes offers, and how late and how wrongly it is told what came of them."""
    return Way(chances if arm.learns else first_listed, arm.labels_late_days, arm.labels_wrong)


def offers_of(city: City, arms: Sequence[Arm]) -> dict[str, dict[str, float]]:
    """The figures of each arm's offers; the city answers every arm alike."""
    lives = live_each(city, catalogue(), {arm.name: way_of(arm) for arm in arms})
    return {name: figures(life) for name, life in lives.items()}


def figures(life: Life) -> dict[str, float]:
    """Conversion of those shown offers, that less the control group's, and how many offers were taken."""
    shown = [took for who, took in life.took.items() if who not in life.control]
    control = [took for who, took in life.took.items() if who in life.control]
    taken = sum(one.taken for one in life.shown)
    conversion = sum(shown) / max(1, len(shown))
    return {
        "offer_conversion": conversion,
        "offer_gain_over_control": conversion - sum(control) / max(1, len(control)),
        "offers_taken_share": taken / max(1, len(life.shown)),
        "offers_taken_per_1000": 1_000.0 * taken / max(1, len(shown)),
    }
