"""Commands that measure models of credit, value, propensity, uplift and lateness on rows not learned from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from jingwei.channels.cli.asking import Json
from jingwei.channels.cli.mistakes import USAGE, Mistake, existing
from jingwei.channels.cli.shown import progress, result

Train = Annotated[Path, typer.Option("--train", help="Rows to learn from: parquet or CSV.")]
Test = Annotated[Path, typer.Option("--test", help="Rows to measure on, with the same columns.")]
Exclude = Annotated[str, typer.Option("--exclude", help="Columns never to learn from, with commas between.")]


def add_to(evaluate: typer.Typer) -> None:
    """Add the commands below `evaluate`."""
    evaluate.command("credit")(credit)
    evaluate.command("clv")(clv)
    evaluate.command("propensity")(propensity)
    evaluate.command("uplift")(uplift)
    evaluate.command("lateness")(lateness)
    evaluate.command("reasons")(reasons)
    evaluate.command("identity")(identity)
    evaluate.command("loans")(loans)


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
    as_json: Json = False,
) -> None:
    """Fit a scorecard and boosted trees, measure both on other rows, with gaps between protected groups."""
    existing(train, "the rows to learn from")
    existing(test, "the rows to measure on")
    from jingwei.learning.credit_evaluation import CreditCase, evaluate_credit

    case = CreditCase(train, test, target, good, named(protected))
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


def propensity(
    train: Train,
    test: Test,
    target: Annotated[str, typer.Option(help="The column that tells who said yes: yes and no, or 1 and 0.")],
    exclude: Exclude = "",
    as_json: Json = False,
) -> None:
    """Compare models of who will say yes on later rows; both files stand in the order of time."""
    existing(train, "the rows to learn from")
    existing(test, "the rows to measure on")
    from jingwei.learning.propensity import evaluate_propensity

    with progress("propensity") as tell:
        told: Any = evaluate_propensity(train, test, target, named(exclude), tell)
    result(told, as_json)


def uplift(
    train: Train,
    test: Test,
    treatment: Annotated[str, typer.Option(help="The column that tells which arm each row was in.")],
    outcome: Annotated[str, typer.Option(help="The column that is 1 where it came, else 0.")],
    control: Annotated[str, typer.Option(help="The arm that got nothing.")] = "No E-Mail",
    as_json: Json = False,
) -> None:
    """Measure whom a message moves, on a randomised experiment: Qini per arm and for the best arm."""
    existing(train, "the rows to learn from")
    existing(test, "the rows to measure on")
    from jingwei.learning.uplift_evaluation import UpliftCase, evaluate_uplift

    case = UpliftCase(train, test, treatment, outcome, control)
    with progress("uplift") as tell:
        told: Any = evaluate_uplift(case, tell)
    result(told, as_json)


def lateness(
    data: Annotated[
        Path, typer.Option("--data", help="Invoices with due and settled dates: parquet or CSV.")
    ],
    as_json: Json = False,
) -> None:
    """Measure on the latest invoices which are paid late, from what was known when they were written."""
    existing(data, "the invoices")
    from jingwei.learning.lateness import evaluate_lateness

    with progress("lateness") as tell:
        told: Any = evaluate_lateness(data, tell)
    result(told, as_json)


def identity(
    people: Annotated[int, typer.Option(help="How many made-up customers.", min=100, max=200_000)] = 3_000,
    seed: Annotated[int, typer.Option(help="One seed is one set of people and mistakes.", min=0)] = 1,
    as_json: Json = False,
) -> None:
    """Plant made-up people with mistakes in a second system and measure who is linked to whom."""
    from jingwei.learning.linking import measured
    from jingwei.simulation.registers import plant

    planted = plant(people, seed)
    with progress("identity") as tell:
        told: Any = measured(planted.own, planted.other, planted.truth, tell)
    result(told, as_json)


def reasons(
    train: Annotated[Path | None, typer.Option(help="Rows to learn from; made-up ones without it.")] = None,
    test: Annotated[Path | None, typer.Option(help="Rows to explain.")] = None,
    target: Annotated[str, typer.Option(help="The column that tells how the loan went.")] = "",
    good: Annotated[str, typer.Option(help="Its value for a loan that went well.")] = "",
    exclude: Exclude = "",
    as_json: Json = False,
) -> None:
    """Check the reasons of refusals five ways, on made-up applications or on files."""
    from jingwei.learning.credit_evaluation import CreditCase
    from jingwei.learning.reasons_evaluation import case_of_files, evaluate_reasons, synthetic_case

    if train is None or test is None:
        if train or test or target or good or exclude:
            fix = "give --train, --test, --target and --good together, or none of them"
            raise Mistake("the files to explain are not all named", fix, code=USAGE)
        case = synthetic_case()
    else:
        existing(train, "the rows to learn from")
        existing(test, "the rows to explain")
        files = CreditCase(train, test, target, good, (), named(exclude))
        case = case_of_files(files)
    with progress("reasons") as tell:
        told: Any = evaluate_reasons(case, tell)
    result(told, as_json)


def loans(
    applications: Annotated[int, typer.Option(min=1, help="How many people apply one by one.")] = 200,
    kills: Annotated[int, typer.Option(min=0, help="How many lives end by SIGKILL while they sign.")] = 5,
    seed: Annotated[int, typer.Option(help="Seed of the moments of death.")] = 7,
    as_json: Json = False,
) -> None:
    """Time applying and signing, ask a hundred at once, and kill the bank while it signs."""
    from jingwei.channels.streams.loan_measuring import evaluate_loans

    with progress("loans") as tell:
        told: Any = evaluate_loans(applications, kills, seed, tell)
    result(told, as_json)
