"""Commands that measure models of credit, value, propensity, uplift and lateness on rows not learned from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from jingwei.channels.cli.asking import Json
from jingwei.channels.cli.mistakes import existing
from jingwei.channels.cli.shown import progress, result

Train = Annotated[Path, typer.Option("--train", help="Rows to learn from: parquet or CSV.")]
Test = Annotated[Path, typer.Option("--test", help="Rows to measure on, with the same columns.")]
Exclude = Annotated[str, typer.Option("--exclude", help="Columns never to learn from, with commas between.")]


def add_to(evaluate: typer.Typer) -> None:
    """Add the commands below `evaluate`."""
    evaluate.command("credit")(credit)
    evaluate.command("clv")(clv)


def named(text: str) -> tuple[str, ...]:
    """Names between commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def credit(
    train: Train,
    test: Test,
    target: Annotated[str, typer.Option(help="The column that tells how the loan went.")],
    good: Annotated[str, typer.Option(help="Its value for a loan that went well.")],
    protected: Annotated[
        str, typer.Option(help="Columns never to score by, only to look at fairness; commas between.")
    ] = "",
    exclude: Exclude = "",
    as_json: Json = False,
) -> None:
    """Fit a scorecard and boosted trees, measure both on other rows, with gaps between protected groups."""
    existing(train, "the rows to learn from")
    existing(test, "the rows to measure on")
    from jingwei.learning.credit_evaluation import CreditCase, evaluate_credit

    case = CreditCase(train, test, target, good, named(protected), named(exclude))
    with progress("credit") as tell:
        told: Any = evaluate_credit(case, tell)
    result(told, as_json)


def clv(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder with the CDNOW files.")],
    as_json: Json = False,
) -> None:
    """Fit customer value to CDNOW: the published digits, then the weeks after, beside plain baselines."""
    from jingwei.learning.value_evaluation import evaluate_value

    with progress("customer value") as tell:
        told: Any = evaluate_value(folder, tell)
    result(told, as_json)
