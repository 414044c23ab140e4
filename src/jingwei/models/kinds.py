"""The kinds of model the bank can load; a new kind is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable

from jingwei.models import forest, points, stacked
from jingwei.models.contract import Model, ModelError
from jingwei.models.packing import Packed, unpack

KINDS: dict[str, Callable[[Packed], Model]] = {
    forest.KIND: forest.unpack_forest,
    points.KIND: points.unpack_points,
    stacked.KIND: stacked.unpack_stacked,
}


def load_model(content: bytes) -> Model:
    """Return the model in a file's bytes. Raises ModelError when it is damaged or of an unknown kind."""
    packed = unpack(content)
    if packed.kind not in KINDS:
        raise ModelError(f"unknown kind of model {packed.kind[:20]!r}; known: {', '.join(sorted(KINDS))}")
    return KINDS[packed.kind](packed)
