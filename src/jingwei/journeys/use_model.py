"""UseModel: from this record on, payments are scored by this approved model."""

from __future__ import annotations

from typing import Annotated

import msgspec

from jingwei.journeys.shape import Answer, Books, Journey, Outcome
from jingwei.kernel.command import Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Words, declare

Digest = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class UseModel(Command, frozen=True, kw_only=True, tag="use_model"):
    """Score with the model whose file has this SHA-256 `digest`, in this slot ("fraud", "scam").

    The bank refuses it, `model_not_kept`, unless it can load that file: a record that names a model nobody
    has would leave payments without a score.
    """

    slot: Id
    digest: Digest


class ModelChanged(Event, frozen=True, kw_only=True, tag="model_changed"):
    """Another model scores from now on."""

    slot: str
    digest: str


def look(ask: UseModel, books: Books) -> int:
    """Only the record's number is needed."""
    return books.seq


def act(ask: UseModel, seen: int) -> Outcome:
    """Seal which model scores from now on."""
    event = ModelChanged(slot=ask.slot, digest=ask.digest)
    return Outcome(
        Answer(decision_id(seen), "done", events=(event,)), notes={f"model:{ask.slot}": ask.digest}
    )


declare(
    {
        "model_not_kept": Words(
            "No whole model with this digest is kept in this bank; keep it first.",
            "本行未保存该摘要对应的完整模型，请先保存。",
        )
    }
)

USE_MODEL = Journey(UseModel, look, act, roles=("staff", "system"), barrier=True)
