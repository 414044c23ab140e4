"""Commands that measure needs found and offers made, on the simulated city."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from jingwei.channels.cli.asking import Json
from jingwei.channels.cli.mistakes import Mistake
from jingwei.channels.cli.shown import progress, result

People = Annotated[int, typer.Option(help="How many made-up people the city has.", min=100, max=50_000)]
Seed = Annotated[int, typer.Option(help="One seed is one city.", min=0)]


def add_to(evaluate: typer.Typer) -> None:
    """Add the commands below `evaluate`."""
    evaluate.command("needs")(needs)
    evaluate.command("offers")(offers)
    evaluate.command("segments")(segments)


def needs(
    people: People = 4_000,
    days: Annotated[int, typer.Option(help="How many days they live.", min=35, max=400)] = 90,
    seed: Seed = 1,
    as_json: Json = False,
) -> None:
    """Find life events in a simulated city and score them against its hidden truth."""
    from jingwei.simulation.needs_truth import evaluate_needs

    with progress("needs in a simulated city") as tell:
        try:
            told: Any = evaluate_needs(people, days, seed, tell)
        except ValueError as error:
            raise Mistake(str(error), "choose other numbers") from None
    result(told, as_json)


def offers(
    people: People = 3_000,
    days: Annotated[int, typer.Option(help="How many days they live.", min=35, max=400)] = 90,
    seed: Seed = 1,
    as_json: Json = False,
) -> None:
    """Make offers in a simulated city: effect against control, regret, off-policy estimates, calibration."""
    from jingwei.journeys.offer_rules import catalogue
    from jingwei.simulation.offers_truth import evaluate_offers

    with progress("offers in a simulated city") as tell:
        try:
            told: Any = evaluate_offers((people, days, seed), catalogue(), tell)
        except ValueError as error:
            raise Mistake(str(error), "choose other numbers") from None
    result(told, as_json)


def segments(
    people: People = 2_000,
    days: Annotated[int, typer.Option(help="How many days they live.", min=65, max=400)] = 120,
    seed: Seed = 1,
    as_json: Json = False,
) -> None:
    """Divide a simulated city's people by their tags: stability, hidden kinds, value on held-out days."""
    from jingwei.simulation.segments_truth import evaluate_segments

    with progress("segments of a simulated city") as tell:
        try:
            told: Any = evaluate_segments(people, days, seed, tell)
        except ValueError as error:
            raise Mistake(str(error), "choose other numbers") from None
    result(told, as_json)
