"""Commands that train credit models for service and measure how they are watched."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from jingwei.channels.cli.asking import Json, setting
from jingwei.channels.cli.evaluating import Exclude, named
from jingwei.channels.cli.mistakes import existing, moment_of
from jingwei.channels.cli.shown import progress, result


def add_to(train: typer.Typer, evaluate: typer.Typer) -> None:
    """Add the commands below `train` and `evaluate`."""
    train.command("credit")(train_credit)
    evaluate.command("drift")(drift)


def train_credit(
    context: typer.Context,
    data: Annotated[Path, typer.Option("--data", help="Loans with a known outcome: parquet or CSV.")],
    target: Annotated[str, typer.Option(help="The column that tells how the loan went.")],
    good: Annotated[str, typer.Option(help="Its value for a loan that went well.")],
    owner: Annotated[str, typer.Option(help="Who answers for the model.")],
    by: Annotated[str, typer.Option("--by", help="Who trains it; somebody else approves.")],
    protected: Annotated[
        str, typer.Option(help="Columns never to score by, only to look at fairness; commas between.")
    ] = "",
    exclude: Exclude = "",
    time: Annotated[str, typer.Option("--time", help="The column of the moment of each decision.")] = "",
    start: Annotated[str, typer.Option("--from", help="The rows' first day, without --time.")] = "",
    until: Annotated[str, typer.Option("--until", help="Their last day, without --time.")] = "",
    slot: Annotated[str, typer.Option(help="What the models are for.")] = "credit",
    as_json: Json = False,
) -> None:
    """Train a scorecard and its boosted challenger with full cards; keep both, approve neither."""
    existing(data, "the loans")
    if start or until:
        moment_of(start, "--from")
        moment_of(until, "--until")
    from jingwei.learning.credit_training import CreditLesson
    from jingwei.learning.credit_training import train_credit as train

    lesson = CreditLesson(
        target=target, good=good, owner=owner, by=by, slot=slot, protected=named(protected),
        exclude=named(exclude), time=time, first=start, until=until,
    )  # fmt: skip
    with progress("training") as tell:
        told: Any = train(setting(context).home, data, lesson, tell)
    result(told, as_json)


def drift(
    rounds: Annotated[int, typer.Option(min=10, max=5000, help="How many streams of each kind.")] = 200,
    as_json: Json = False,
) -> None:
    """Measure drift and calibration alarms on SIMULATED streams: false ones, and batches until real ones."""
    from jingwei.learning.drift_evaluation import evaluate_drift

    with progress("drift") as tell:
        told: Any = evaluate_drift(rounds, tell)
    result(told, as_json)
