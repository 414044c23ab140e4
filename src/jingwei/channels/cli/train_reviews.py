"""The command that retrains a payment model from reported fraud and the cases people closed."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from jingwei.channels.cli.asking import Json, bank_at
from jingwei.channels.cli.mistakes import Mistake
from jingwei.channels.cli.shown import progress, result


def add_to(train: typer.Typer) -> None:
    """Add the command below `train`."""
    train.command("reviews")(train_reviews)


def train_reviews(
    context: typer.Context,
    by: Annotated[str, typer.Option("--by", help="Who trains it; the log of the slot says so.")],
    slot: Annotated[str, typer.Option(help="fraud (card payments) or scam (transfers).")] = "fraud",
    as_json: Json = False,
) -> None:
    """Retrain from reports and closed cases; a candidate that is not worse on later payments challenges."""
    from jingwei.home import MODEL_SLOTS
    from jingwei.learning.boosting import TrainingError
    from jingwei.learning.retraining import Order, retrain

    policies = {name: policy for policy, name in MODEL_SLOTS.items()}
    if slot not in policies:
        raise Mistake(f"no payments are scored as {slot!r}", f"choose one of {', '.join(policies)}")
    with bank_at(context) as home, progress("training") as tell:
        order = Order(slot, policies[slot], by, home.clock.now())
        try:
            told: Any = retrain(home.store, home.registry, order, tell)
        except TrainingError as error:
            raise Mistake(str(error), "let reviewers close cases and customers report, then again") from None
    result(told, as_json)
