"""An attack on the sign-on: its name, what is tried, and whether the bank refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.channels.web.ground import Ground


class Attack(NamedTuple):
    """`refused(ground)` tries it on fresh ground and returns whether the bank held."""

    kind: str
    says: str
    refused: Callable[[Ground], bool]


def attack(kind: str, says: str) -> Callable[[Callable[[Ground], bool]], Attack]:
    """Name what a function tries."""
    return lambda refused: Attack(kind, says, refused)


def attacks_in(module: dict[str, object]) -> tuple[Attack, ...]:
    """Every attack of a module, in order."""
    return tuple(one for one in module.values() if isinstance(one, Attack))
