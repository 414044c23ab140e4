"""The command that trains the model of early warnings for service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jingwei.channels.cli.asking import Json, setting
from jingwei.channels.cli.mistakes import USAGE, Mistake
from jingwei.channels.cli.shown import progress, result

if TYPE_CHECKING:
    from jingwei.learning.early_warning import Borrowers

YEAR_DAYS, PEOPLE = 365, 4_000


def add_to(train: typer.Typer) -> None:
    """Add the command below `train`."""
    train.command("warning")(train_warning)


def train_warning(
    context: typer.Context,
    by: Annotated[str, typer.Option("--by", help="Who trains it; somebody else approves.")],
    data: Annotated[
        Path | None, typer.Option("--data", help="A city's folder, as `jingwei city --out` makes it.")
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=0, help="Instead: so many SIMULATED cities of 4,000 people.")
    ] = 0,
    owner: Annotated[str, typer.Option(help="Who answers for the model.")] = "staff:model_owner",
    as_json: Json = False,
) -> None:
    """Train who will miss the next instalment; measured on later days beside the points made by hand."""
    from jingwei.learning.boosting import TrainingError
    from jingwei.learning.early_warning import read_city
    from jingwei.learning.tabular import TableError
    from jingwei.learning.warning_training import WarningLesson
    from jingwei.learning.warning_training import train_warning as train

    if (data is None) == (seeds == 0):
        raise Mistake("there must be one thing to learn from", "give --data DIR, or --seeds N", code=USAGE)
    try:
        with progress("training") as tell:
            if data is not None:
                towns, says = [read_city(data)], f"SIMULATED city in {data.name}"
            else:
                towns = [_made(seed) for seed in range(1, seeds + 1)]
                says = f"SIMULATED: {seeds} cities of {PEOPLE} people, a year each"
            lesson = WarningLesson(owner=owner, by=by, data=says, simulated=True)
            told: Any = train(setting(context).home, towns, lesson, tell)
    except (TableError, TrainingError) as error:
        raise Mistake(str(error), "use a city of more people or days") from None
    result(told, as_json)


def _made(seed: int) -> Borrowers:
    from jingwei.simulation.borrowers_known import borrowers_in
    from jingwei.simulation.city.world import live_through

    return borrowers_in(live_through(PEOPLE, YEAR_DAYS, seed, only=("loans",)))
