"""Commands on simulated cities: a year with and without learning, how early trouble is foreseen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from jingwei.channels.cli.asking import Json
from jingwei.channels.cli.mistakes import USAGE, Mistake, no_device
from jingwei.channels.cli.shown import progress, result, table

YEAR_DAYS = 365


def add_to(app: typer.Typer) -> None:
    """Add the commands below `simulate`."""
    simulate = typer.Typer(help="Run the bank on a simulated city.", no_args_is_help=True)

    @simulate.callback()
    def whole() -> None:
        """Keep `year` a word of its own, though it is the only command here."""

    simulate.command("year")(year)
    app.add_typer(simulate, name="simulate")


def year(
    seeds: Annotated[int, typer.Option(min=1, max=1_000, help="How many cities, one after the other.")] = 3,
    people: Annotated[int, typer.Option(min=300, max=20_000, help="People in each city.")] = 1_000,
    first: Annotated[int, typer.Option("--first-seed", min=0, help="The first seed.")] = 1,
    state: Annotated[
        Path | None, typer.Option(help="A file to keep finished years in: a run that was stopped goes on.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Live a year by rules, with learning, and with late wrong labels; say how they differ. All simulated."""
    from jingwei.simulation.year.report import StateError, simulate

    if state is not None:
        no_device(state, "a file of simulated years")
    try:
        with progress("years") as tell:
            told = simulate(range(first, first + seeds), people, state, tell)
    except StateError as error:
        raise Mistake(str(error), "name another file with --state, or remove this one") from None
    result(told, as_json, lambda: _show(told))


def _show(told: dict[str, Any]) -> None:
    """The figures of the three ways, and the difference that learning makes."""
    rules, *others = told["arms"]
    rows = []
    for name, says in told["figures"].items():
        row = [says, *(f"{told['arms'][arm][name]:,.3g}" for arm in told["arms"])]
        for arm in others:
            apart = told[f"{arm}_less_{rules}"][name]
            span = "" if apart["interval"] is None else " [{:,.3g}, {:,.3g}]".format(*apart["interval"])
            row.append(f"{apart['mean']:,.3g}{span} {apart['verdict']}")
        rows.append(row)
    arms = [f"{arm}>" for arm in told["arms"]]
    table(["", *arms, *(f"{arm} - {rules}" for arm in others)], rows, "nothing was lived through")
    print(
        f"All simulated: {len(told['seeds'])} cities of {told['people']} people, 95 % intervals over cities."
    )


def add_warning_to(evaluate: typer.Typer) -> None:
    """Add the command below `evaluate`."""
    evaluate.command("warning")(warning)


def warning(
    data: Annotated[
        Path | None, typer.Option("--data", help="A city's folder, as `jingwei city --out` makes it.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=0, help="Instead: so many simulated cities, a year each.")] = 0,
    people: Annotated[int, typer.Option(min=1_000, help="People in each of those cities.")] = 4_000,
    volume: Annotated[
        float, typer.Option(min=0.001, max=0.5, help="Alerts a week, as a share of the loans looked at.")
    ] = 0.02,
    as_json: Json = False,
) -> None:
    """Measure how many days before a first missed payment it is foreseen, on days not learned from."""
    from jingwei.learning.boosting import TrainingError
    from jingwei.learning.tabular import TableError

    if (data is None) == (seeds == 0):
        fix = "give --data DIR, or --seeds N"
        raise Mistake("there must be one thing to measure on", fix, code=USAGE)
    try:
        told: Any = _on_files(data, volume) if data is not None else _on_cities(seeds, people, volume)
    except (TableError, TrainingError) as error:
        raise Mistake(str(error), "use a city of more people or days") from None
    result(told, as_json)


def _on_files(folder: Path, volume: float) -> dict[str, Any]:
    from jingwei.learning.early_warning import read_city
    from jingwei.learning.warning_evaluation import evaluate_one

    return evaluate_one(read_city(folder), volume)


def _on_cities(seeds: int, people: int, volume: float) -> dict[str, Any]:
    from jingwei.learning.early_warning import Borrowers
    from jingwei.learning.warning_evaluation import evaluate_many
    from jingwei.simulation.borrowers_known import borrowers_in
    from jingwei.simulation.city.world import live_through

    def made(seed: int) -> Borrowers:
        return borrowers_in(live_through(people, YEAR_DAYS, seed, only=("loans",)))

    with progress("early warning") as tell:
        return evaluate_many(made, range(1, seeds + 1), volume, tell)
