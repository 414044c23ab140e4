"""Commands that train credit models for service and measure how they are watched."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from jingwei.channels.cli.asking import Json, books_of, setting
from jingwei.channels.cli.mistakes import SMALL, Mistake, existing
from jingwei.channels.cli.shown import progress, result


def add_to(train: typer.Typer, evaluate: typer.Typer) -> None:
    """Add the commands below `train` and `evaluate`."""
    train.command("credit")(train_credit)
    train.command("simulated")(train_simulated)
    train.command("loans")(train_loans)
    evaluate.command("drift")(drift)


def train_credit(
    context: typer.Context,
    data: Annotated[Path, typer.Option("--data", help="Loans with a known outcome: parquet or CSV.")],
    lesson: Annotated[Path, typer.Option("--lesson", help="What is learned and who answers for it: TOML.")],
    by: Annotated[str, typer.Option("--by", help="Who trains it; somebody else approves.")],
    as_json: Json = False,
) -> None:
    """Train a scorecard and its boosted challenger with full cards; keep both, approve neither."""
    existing(data, "the loans")
    existing(lesson, "the lesson", SMALL)
    from jingwei.learning.credit_training import read_lesson
    from jingwei.learning.credit_training import train_credit as train

    with progress("training") as tell:
        told: Any = train(setting(context).home, data, read_lesson(lesson, by), tell)
    result(told, as_json)


def train_simulated(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="credit, thin_file or company.")],
    by: Annotated[str, typer.Option("--by", help="Who trains it; somebody else approves.")],
    owner: Annotated[str, typer.Option(help="Who answers for the model.")] = "staff:model_owner",
    people: Annotated[int, typer.Option(min=2000, max=200_000, help="How many, over three cities.")] = 45_000,
    as_json: Json = False,
) -> None:
    """Train a loan score on SIMULATED people or companies; a source of data is used only when it helps."""
    from jingwei.channels.cli.lessons import LESSONS, simulated
    from jingwei.learning.credit_training import train_table

    if what not in LESSONS:
        raise Mistake(f"nothing is scored as {what!r}", f"choose one of {', '.join(LESSONS)}")
    with progress("training") as tell:
        table, lesson = simulated(what, people, by, owner)
        told: Any = train_table(setting(context).home, table, lesson, tell)
    result(told, as_json)


def train_loans(
    context: typer.Context,
    by: Annotated[str, typer.Option("--by", help="Who trains it; somebody else approves.")],
    owner: Annotated[str, typer.Option(help="Who answers for the model.")] = "staff:model_owner",
    as_json: Json = False,
) -> None:
    """Train again on the bank's own loans whose outcome is known, of customers who agree to research."""
    from jingwei.kernel.clock import SystemClock
    from jingwei.learning.credit_training import CreditLesson, train_table
    from jingwei.learning.loan_labels import labelled, told_by

    with books_of(context) as reader:
        table = labelled(told_by(reader, SystemClock().now()))
    lesson = CreditLesson(
        target="went", good="good", owner=owner, by=by, time="asked", data="the bank's own loans"
    )
    with progress("training") as tell:
        told: Any = train_table(setting(context).home, table, lesson, tell)
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
