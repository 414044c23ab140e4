"""Scorecards learned from SIMULATED people and companies, for the demo bank: kept, approved by nobody.

Made by `jingwei train simulated` and `jingwei train warning`.
Whoever looks at the demo may read their cards and approve them."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from jingwei.models.kinds import load_model

if TYPE_CHECKING:
    from jingwei.models.registry import Registry


def bring(registry: Registry) -> list[str]:
    """Keep the simulated scorecards in a registry; return their digests. Again, it changes nothing."""
    folder = files("jingwei.channels") / "simulated_models"
    found = sorted(one.name for one in folder.iterdir() if one.name.endswith(".model"))
    return [registry.save(load_model((folder / name).read_bytes())) for name in found]
