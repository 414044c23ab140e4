"""What a challenger makes of an application: sealed with the decision, read by none. Pure."""

from __future__ import annotations

import hashlib
from typing import Annotated

import msgspec

from jingwei.domains.credit.inputs import CreditInputs
from jingwei.kernel.command import Id
from jingwei.kernel.kept import Kept

Hex = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """The chance of going bad, in millionths, by the model with this digest that challenges `slot`; `inputs`
    is the SHA-256 of the inputs it was computed from."""

    slot: Id
    digest: Hex
    chance_ppm: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
    inputs: Hex


class ChallengerScore(Kept, frozen=True):
    """What the challenger of `slot` made of an application when it was decided; `id` is the application's.

    `digest` names the challenger's file, `champion` the card that decided; a chance is in millionths.
    """

    customer: str
    slot: str
    digest: str
    chance_ppm: int
    champion: str
    at: int


def inputs_sha256(inputs: CreditInputs) -> str:
    """The digest of inputs as they are sealed with a decision."""
    return hashlib.sha256(msgspec.json.encode(inputs)).hexdigest()


def scored(beside: Beside | None, inputs: CreditInputs) -> Beside | None:
    """What was computed beside, if it was from exactly these inputs; of others it tells nothing."""
    return beside if beside is not None and beside.inputs == inputs_sha256(inputs) else None
