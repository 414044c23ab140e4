"""Commands that learn from history and measure it: train, evaluate, replay, whatif."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from jingwei.channels.cli import credit_models, evaluating, knowing, simulating, train_reviews, train_warning
from jingwei.channels.cli.asking import Json, books_of, setting
from jingwei.channels.cli.mistakes import SMALL, Mistake, existing, moment_of
from jingwei.channels.cli.shown import progress, result

Data = Annotated[Path, typer.Option("--data", help="Card payments: parquet or CSV.")]
Seed = Annotated[int, typer.Option(help="Seed of everything random.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    train = typer.Typer(help="Train a model and let it score.", no_args_is_help=True)
    train.command("fraud")(train_fraud)
    evaluate = typer.Typer(help="Measure a model out of time.", no_args_is_help=True)
    evaluate.command("fraud")(evaluate_fraud)
    evaluating.add_to(evaluate)
    credit_models.add_to(train, evaluate)
    train_reviews.add_to(train)
    train_warning.add_to(train)
    simulating.add_warning_to(evaluate)
    knowing.add_to(evaluate)
    app.add_typer(train, name="train")
    app.add_typer(evaluate, name="evaluate")
    app.command("replay")(replay_stream)
    app.command("whatif")(what_if)


def replay_stream(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Card payments in the order they arrived: parquet or CSV.")],
    limit: Annotated[int, typer.Option(min=0, help="Only the first so many payments; 0 is all.")] = 0,
    batch: Annotated[
        int, typer.Option(min=1, max=100_000, help="Payments decided and written together.")
    ] = 4096,
    as_json: Json = False,
) -> None:
    """Bring a stream of card payments through the whole bank: features, model, rules, postings, seals."""
    existing(file, "the card payments")
    from jingwei.channels.streams.replay import replay

    with progress("replay") as tell:
        told = replay(setting(context).home, file, limit=limit, batch=batch, progress=tell)
    result(told, as_json)


def what_if(
    context: typer.Context,
    policy: Annotated[Path, typer.Option("--policy", help="A policy in TOML to try on history.")],
    as_json: Json = False,
) -> None:
    """Judge all history again: exactly as it was, and as it would be under another policy."""
    existing(policy, "the policy", SMALL)
    from jingwei.decisions.policy import parse_policy
    from jingwei.domains.fraud.features import FRAUD
    from jingwei.features.live import LiveFeatures
    from jingwei.home import MODEL_SLOTS
    from jingwei.learning.whatif import History, whatif
    from jingwei.models.registry import Registry

    candidate = parse_policy(policy.read_text("utf-8"), policy.name)
    if candidate.name not in MODEL_SLOTS:
        fix = f"name it as one of: {', '.join(MODEL_SLOTS)}"
        raise Mistake(f"{policy}: no payment is judged by a policy named {candidate.name!r}", fix)
    registry = Registry(setting(context).home / "models")
    with books_of(context) as reader, progress("what if") as tell:
        told = whatif(reader, History(LiveFeatures(FRAUD), registry, MODEL_SLOTS, candidate), tell)
    result(told, as_json)


def train_fraud(
    context: typer.Context,
    data: Data,
    start: Annotated[str, typer.Option("--from", help="First day of training, YYYY-MM-DD.")],
    days: Annotated[int, typer.Option(min=1, max=3650, help="How many days to train on.")],
    seed: Seed = 7,
    as_json: Json = False,
) -> None:
    """Train boosted trees on card fraud, check the model and let it score from the next payment on."""
    existing(data, "the card payments")
    moment_of(start, "--from")
    from jingwei.learning.training import train_fraud as train

    with progress("training") as tell:
        told: Any = train(setting(context).home, data, start, days, seed=seed, progress=tell)
    result(told, as_json)


def evaluate_fraud(
    data: Data,
    train_from: Annotated[str, typer.Option("--train-from", help="First day of training, YYYY-MM-DD.")],
    train_days: Annotated[int, typer.Option(min=1, max=3650)] = 7,
    delay_days: Annotated[int, typer.Option(min=0, max=365, help="Days until a fraud is known.")] = 7,
    test_days: Annotated[int, typer.Option(min=1, max=3650)] = 7,
    as_json: Json = False,
) -> None:
    """Measure fraud detection on days the model never saw, by the published protocol, beside baselines."""
    existing(data, "the card payments")
    moment_of(train_from, "--train-from")
    from jingwei.learning.evaluation import evaluate_fraud as evaluate

    with progress("evaluating") as tell:
        told: Any = evaluate(data, train_from, train_days, delay_days, test_days, progress=tell)
    result(told, as_json)
