"""Errors planted in the simulation only: each must be found, or the simulation proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from msgspec.structs import replace
from tests.simulated.disk import Disk

from jingwei.bank import Bank
from jingwei.journeys.run_day_end import DayEndRun, RunDayEnd
from jingwei.journeys.shape import Answer
from jingwei.kernel.clock import bank_day
from jingwei.ledger.accounts import Standing
from jingwei.stores.store import StoreError

FORGOTTEN = 3
"""How many of the newest keys a start with the first planted error does not restore."""


class Plant:
    """One planted error; this one is none."""

    says = "nothing is planted"
    bank: type[Bank] = Bank

    def prepare(self, disk: Disk) -> None:
        """Change the disk before the run."""

    def starts(self, disk: Disk) -> None:
        """Change what a start restores."""

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Change the program while the run lasts."""
        yield


class KeysForgotten(Plant):
    """The bank remembers keys in memory, and a start restores all but the newest."""

    says = "after a crash the newest idempotency keys are not restored"

    def prepare(self, disk: Disk) -> None:
        """The tables would refuse a second use of a key; here nothing does."""
        disk.books.unique_keys = False

    def starts(self, disk: Disk) -> None:
        """Forget the keys of the last records."""
        newest = len(disk.books.records) - FORGOTTEN
        disk.books.answers = {key: seq for key, seq in disk.books.answers.items() if seq < newest}


class _Hasty(Bank):
    def wait(self) -> None:
        """Settle what is durable by chance, and go on."""
        while self._in_flight and self._in_flight[0][0].done():
            self._settle()


class Hasty(Plant):
    """The bank answers when a batch is handed to the disk, not when it is there."""

    says = "answers are given before they are durable"
    bank = _Hasty


class _Forgetful(Bank):
    def _known(self, keys: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
        return {}


class NoKeys(Plant):
    """The bank does whatever it is asked, however often."""

    says = "idempotency keys are not looked at"
    bank = _Forgetful

    def prepare(self, disk: Disk) -> None:
        """Nor do the tables look at them."""
        disk.books.unique_keys = False


class DayAgain(Plant):
    """A day-end that is run again after a crash does not know which accounts it has closed."""

    says = "a day-end run again posts again what it posted before a crash"

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Key the pages by the moment of asking, and begin at the opening of the account each time."""
        with ExitStack() as stack:
            for module in ("jingwei.journeys.run_day_end", "jingwei.ledger.day_end"):
                stack.enter_context(patch(f"{module}.first_open_day", _opening_day))
            stack.enter_context(patch("tests.simulated.node.close_day", _close_day))
            yield


def _opening_day(standing: Standing) -> int:
    return bank_day(standing.account.opened_at)


def _close_day(day: int, at: int, do: Callable[[RunDayEnd], Answer], *, limit: int) -> Iterator[DayEndRun]:
    from jingwei.journeys.run_day_end import run

    return run(day, at, lambda page: do(replace(page, key=f"{page.key}:{at}")), limit=limit)


class _StaleBank(Bank):
    def _start_again(self) -> None:
        judge = self.judge
        super()._start_again()
        self.judge = judge


class StaleFeatures(Plant):
    """After a failed write the features keep what never happened."""

    says = "after a failed write the features are not put back"
    bank = _StaleBank


class Torn(Plant):
    """A power cut leaves half a batch: the balances of it, and nothing else."""

    says = "a batch is torn by a power cut"

    def prepare(self, disk: Disk) -> None:
        """Let the disk tear."""
        disk.tears = True


class Unsynced(Plant):
    """The disk says a write is durable before it is: a power cut takes back the newest batch."""

    says = "a power cut takes back what was acknowledged"

    def prepare(self, disk: Disk) -> None:
        """Let the disk lie."""
        disk.lies = True


class _StuckBank(Bank):
    def _start(self) -> None:
        if hasattr(self, "judge"):
            raise StoreError("this bank stands still")
        super()._start()


class Stuck(Plant):
    """After a failed write the bank never gets up again."""

    says = "after a failed write the bank stands still for ever"
    bank = _StuckBank


class _PhantomBank(Bank):
    def commit(self, prepared: object) -> list[object]:  # type: ignore[override]
        """Leave what a failed read left behind."""
        return self._commit(prepared)  # type: ignore[arg-type,return-value]


class Phantom(Plant):
    """After a failed read in the middle of a batch the bank goes on as if the batch were on its way."""

    says = "a batch that could not be read for stays in memory"
    bank = _PhantomBank


PLANTED: dict[str, Plant] = {
    "": Plant(),
    "keys_forgotten": KeysForgotten(),
    "answers_early": Hasty(),
    "no_keys": NoKeys(),
    "day_again": DayAgain(),
    "stale_features": StaleFeatures(),
    "torn": Torn(),
    "unsynced": Unsynced(),
    "phantom": Phantom(),
    "stuck": Stuck(),
}
"""Every planted error by name; "" is none."""

WANTED: Sequence[str] = tuple(name for name in PLANTED if name)
