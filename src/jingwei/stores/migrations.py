"""Versions of the tables: the steps from the version found in an engine to the one this program writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jingwei.stores.store import SCHEMA_VERSION, StoreError

Steps = Mapping[int, Callable[[], list[str]]]
"""For each version, what makes its SQL: the statements leading to it from the version before."""


class WrongVersion(StoreError):
    """The tables belong to another version of the program."""


def refuse_newer(found: int, wanted: int = SCHEMA_VERSION) -> None:
    """Raise WrongVersion when the tables are newer than this program."""
    if found > wanted:
        raise WrongVersion(
            f"this bank was written by a newer version of Jingwei (tables version {found}, this program "
            f"knows {wanted}); upgrade Jingwei, or restore a backup made before the upgrade"
        )


def pending(found: int, steps: Steps, wanted: int = SCHEMA_VERSION) -> list[str]:
    """Return the statements that bring version `found` (0: nothing there yet) to `wanted`, in order.

    Raises WrongVersion when the tables are newer than this program or too old to be upgraded.
    """
    refuse_newer(found, wanted)
    statements: list[str] = []
    for version in range(found + 1, wanted + 1):
        if version not in steps:
            raise WrongVersion(
                f"tables version {found} is too old for this program: no step leads to version {version}; "
                f"open the bank once with a release that knows it, then again with this one"
            )
        statements += steps[version]()
    return statements
