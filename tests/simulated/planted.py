"""Errors planted in the simulation only: each must be found, or the simulation proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jingwei.bank import Bank
from tests.simulated.disk import Disk


class Plant:
    """One planted error; this one is none."""

    says = "nothing is planted"
    bank: type[Bank] = Bank

    def prepare(self, disk: Disk) -> None:
        """Change the disk before the run."""

    def started(self, disk: Disk) -> None:
        """Change what a start restores."""

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Change the program while the run lasts."""
        yield


PLANTED: dict[str, Plant] = {"": Plant()}
