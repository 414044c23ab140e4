"""A bank's fortnight, lived twice: undisturbed, and with its machine's clock set in the middle of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from jingwei.home import open_home
from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.capture import CaptureCardPayment
from jingwei.journeys.expire_holds import ExpireHolds
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.pay import Pay
from jingwei.journeys.run_day_end import RunDayEnd
from jingwei.journeys.shape import Answer
from jingwei.journeys.table import unseal
from jingwei.kernel.clock import DAY, HOUR, MINUTE, SECOND, Clock, SystemClock, bank_day, day_start, parse_iso
from jingwei.kernel.command import Command
from jingwei.ledger.accounts import Account, Balance
from jingwei.simulation.soak_checks import books, every

YEAR = 365 * DAY
JUMPS = {
    "+2 days": 2 * DAY,
    "-2 days": -2 * DAY,
    "+30 days": 30 * DAY,
    "-30 days": -30 * DAY,
    "+1 year": YEAR,
    "-1 year": -YEAR,
    "+1 hour (summer time)": HOUR,
    "-1 hour (winter time)": -HOUR,
    "+20 minutes": 20 * MINUTE,
    "to 2038": 12 * YEAR,
    "to 1970": -56 * YEAR,
    "-10 seconds": -10 * SECOND,
}
STARTS = {
    "an ordinary month": "2026-11-02T03:00:00",
    "the end of a month": "2026-01-28T03:00:00",
    "a leap day": "2028-02-26T03:00:00",
    "the end of a year": "2026-12-29T03:00:00",
    "2038-01-19, where 32 bits end": "2038-01-16T03:00:00",
    "a change to summer time": "2026-03-28T03:00:00",
}
MOMENTS = ("hold", "challenge", "limits", "day-end")
"""Where the clock is set: a hold is active, a challenge is open, a limit is used up, pages are closed."""

FORTNIGHT_DAYS = 9
SAVED = 60_000_000
SAVED_A_DAY = 2_068_493_150
"""What 600,000.00 earn a day, in millionths of a minor unit: slices at 0.85, 1.25 and 1.5 % over 365."""

NEARLY = 3_000_000
"""Interest on interest posted at a month's end, and rounding: three minor units; a day is two thousand."""


class Machine:
    """A machine's two clocks: the one that people can set, and the one that only counts."""

    def __init__(self, start: int) -> None:
        self.passed = 0
        self.set_by = 0
        self._start = start

    def wall(self) -> int:
        return self._start + self.passed + self.set_by

    def steady(self) -> int:
        return self.passed


class WallClock:
    """The planted error: believes whatever the machine's clock says."""

    def __init__(self, wall: Callable[[], int], steady: Callable[[], int]) -> None:
        self._wall = wall

    def now(self) -> int:
        return self._wall()


class Lived(NamedTuple):
    """What a fortnight came to: every answer, every balance, and what is wrong in itself."""

    answers: list[Any]
    balances: list[Any]
    wrong: list[str]


class Fortnight:
    """One bank on one machine through the script; its clock is set by `jump` at the moment `set_at`.

    With `restart` the bank is closed and opened again after that.
    """

    def __init__(
        self, folder: Path, start: str, set_at: str, jump: int, restart: bool, clock: Any = SystemClock
    ) -> None:
        self._machine = Machine(parse_iso(STARTS[start]))
        self._make = clock
        self._folder, self._set_at, self._jump, self._restart = folder, set_at, jump, restart
        self._count = 0
        self._answers: list[Any] = []
        self._begin()

    def _begin(self) -> None:
        self._clock: Clock = self._make(self._machine.wall, self._machine.steady)
        self._home = open_home(self._folder, self._clock)

    def _maybe(self, moment: str) -> None:
        if moment == self._set_at:
            self._machine.set_by += self._jump
            if self._restart:
                self._home.close()
                self._begin()

    def _wait(self, time: int) -> None:
        self._machine.passed += time

    def _ask(self, kind: type[Command], actor: str, **fields: Any) -> Answer:
        self._wait(SECOND)
        now = self._clock.now()
        self._count += 1
        stamp = {"key": f"k{self._count}", "actor": actor, "at": now, "known_at": now}
        answer = self._home.bank.do([kind(**fields, **stamp)])[0].answer
        code = answer.refusal.code if answer.refusal else ""
        moved = [(m.payer, m.payee, m.amount_minor) for m in answer.movements]
        told = [event for event in answer.events if kind is ExpireHolds]
        self._answers.append((kind.__name__, answer.result, code, moved, [e.holds for e in told]))
        return answer

    def live(self) -> Lived:
        """Go through the script and return what it came to."""
        for who, product in (("ann", "current_cny"), ("ben", "current_cny"), ("cat", "savings_cny")):
            fields = {"account": who, "customer": who, "product": product}
            self._ask(OpenAccount, "system:core", opening_minor=SAVED, **fields)
        self._hold()
        self._challenges()
        self._limits()
        for _ in range(FORTNIGHT_DAYS):
            self._day_end()
        self._ask(ExpireHolds, "system:day-end")
        return self._reckon()

    def _card(self, amount: int) -> Answer:
        fields = {"customer": "ann", "payer": "ann", "terminal": "T1", "capture": False}
        return self._ask(AuthoriseCardPayment, "system:cards", amount_minor=amount, currency="CNY", **fields)

    def _hold(self) -> None:
        hold = self._card(5_000).hold
        self._card(4_000)
        self._maybe("hold")
        self._wait(HOUR)
        self._ask(ExpireHolds, "system:day-end")
        self._ask(CaptureCardPayment, "system:cards", hold=hold, amount_minor=2_000, currency="CNY")

    def _challenges(self) -> None:
        for minutes in (2, 11):
            asked = self._card(30_000)
            self._maybe("challenge")
            self._wait(minutes * MINUTE)
            payee = "bank:card_settlement:CNY"
            fields = {"challenge": asked.challenge, "payee": payee, "amount_minor": 30_000}
            self._ask(AnswerStepUp, "customer:ann", confirm=True, currency="CNY", **fields)
            self._set_at = self._set_at if self._set_at != "challenge" else ""

    def _limits(self) -> None:
        for amount in (4_000_000, 4_000_000, 4_000_000):
            payment = {"customer": "cat", "payer": "cat", "payee": "ben", "amount_minor": amount}
            self._ask(Pay, "customer:cat", currency="CNY", **payment)
            self._maybe("limits")
            self._set_at = self._set_at if self._set_at != "limits" else ""

    def _day_end(self) -> None:
        now = self._clock.now()
        self._wait(day_start(bank_day(now) + 1) + 2 * HOUR - now)
        self._ask(ExpireHolds, "system:day-end")
        day, last = bank_day(self._clock.now()) - 1, ""
        while True:
            page = self._ask(RunDayEnd, "system:day-end", day=day, after=last, limit=2).events
            last = page[0].last if page else ""
            self._maybe("day-end")
            self._set_at = self._set_at if self._set_at != "day-end" else ""
            if not last:
                return

    def _reckon(self) -> Lived:
        store = self._home.store
        balances = {balance.id: balance for balance in every(store, Balance)}
        wrong = [finding.says for finding in books(self._home)]
        records = [unseal(leaf).command.known_at for _, leaf in store.records(0, store.size())]
        if records != sorted(records):
            wrong.append("a later record was known earlier: the order by sequence is not the order by time")
        wrong += self._interest(balances["cat"])
        told = [
            (b.id, b.booked_minor, b.held_minor, b.accrued_micro, b.spent_month_minor)
            for b in balances.values()
        ]
        opened = {
            account.id: bank_day(account.opened_at)
            for account in every(store, Account)
            if account.side == "customer"
        }
        days = [(b.id, b.accrued_day - opened[b.id]) for b in balances.values() if b.id in opened]
        self._home.close()
        return Lived(self._answers, [told, days], wrong)

    def _interest(self, savings: Balance) -> list[str]:
        """One day's interest for each day that ended; a posting in between adds a little."""
        earned = (savings.booked_minor - SAVED) * 1_000_000 + savings.accrued_micro
        if abs(earned - FORTNIGHT_DAYS * SAVED_A_DAY) > NEARLY:
            return [f"{FORTNIGHT_DAYS} days earned {earned} millionths, one day {SAVED_A_DAY}"]
        return []


@lru_cache(maxsize=16)
def undisturbed(start: str) -> Lived:
    """The fortnight from this start on a machine whose clock nobody sets."""
    return once(start, "", 0, False)


def once(start: str, set_at: str, jump: int, restart: bool, clock: Any = SystemClock) -> Lived:
    """A fortnight in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="jingwei-soak-") as folder:
        return Fortnight(Path(folder) / "home", start, set_at, jump, restart, clock).live()


def differs(start: str, set_at: str, jump: str, restart: bool, clock: Any = SystemClock) -> list[str]:
    """What a clock that is set changes in a bank's fortnight, as sentences; nothing, when all is well."""
    where = f"{jump} at {set_at} from {start}{', restarted' if restart else ''}"
    expected = undisturbed(start)
    lived = once(start, set_at, JUMPS[jump], restart, clock)
    wrong = [f"{where}: {says}" for says in lived.wrong]
    if lived.answers != expected.answers:
        pairs = zip(lived.answers, expected.answers, strict=False)
        first = next((pair for pair in pairs if pair[0] != pair[1]), "more or fewer answers")
        wrong.append(f"{where}: answered otherwise: {first}")
    if lived.balances != expected.balances:
        wrong.append(f"{where}: other balances: {lived.balances} instead of {expected.balances}")
    return wrong
