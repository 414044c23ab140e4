"""Import the older books: check all of it, let the bank do it, tell which recorded balances came out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from jingwei.bank import Bank, Reply
from jingwei.channels.berka import plan
from jingwei.channels.berka.problem import BerkaError
from jingwei.channels.berka.reader import OldBooks, read_books
from jingwei.journeys.import_entries import ImportEntries
from jingwei.kernel.clock import Clock, SystemClock
from jingwei.kernel.command import Command
from jingwei.kernel.refusal import Words

PRODUCT = "current_czk"
"""The product the accounts are opened under."""

AT_ONCE = 512
"""How many days are posted in one durable step."""

Progress = Callable[[int, int, str], None]
"""Is told (done, total, label); label is "reading", "customers", "accounts", "facts" or "entries"."""


class Mismatch(msgspec.Struct, frozen=True):
    """A recorded balance that is not ours, in minor units; `date` is ISO, `transaction` its number there."""

    account: str
    date: str
    transaction: str
    recorded_minor: int
    ours_minor: int


class Conflict(msgspec.Struct, frozen=True):
    """A day not taken, with its refusal code (`key_used_for_another`: it is here with other entries)."""

    account: str
    date: str
    code: str


class BerkaReport(msgspec.Struct):
    """What was imported, and how the recorded balances compare with ours.

    Of `balances_checked`, `exact` came out to the minor unit, `rounded` after a rounding movement of at
    most 0.10 koruna, `mismatches` not: listed in `mismatch_rows`. `unchained` transactions do not follow
    from the balance recorded before them, in any order. `dropped` names lines cut in the middle
    ("file:line"); `already_there` counts commands an earlier import had done; `conflicts` are days not
    taken. `seconds` is the time of the whole import.
    """

    accounts: int = 0
    clients: int = 0
    dispositions: int = 0
    orders: int = 0
    loans: int = 0
    cards: int = 0
    transactions: int = 0
    balances_checked: int = 0
    exact: int = 0
    rounded: int = 0
    mismatches: int = 0
    unchained: int = 0
    mismatch_rows: list[Mismatch] = []
    dropped: list[str] = []
    already_there: int = 0
    conflicts: list[Conflict] = []
    seconds: float = 0.0


def quiet(done: int, total: int, label: str) -> None:
    """A progress callback that tells nothing."""


def import_berka(
    bank: Bank, directory: Path, *, progress: Progress = quiet, clock: Clock | None = None
) -> BerkaReport:
    """Bring the books of this directory into the bank and check every recorded balance.

    Asked again, also after it was stopped in the middle, it goes on where it stopped and posts nothing
    twice. Raises BerkaError before anything is written when a file is missing or wrong, and when the
    bank has a customer or account of the same number that differs; StoreError when the store failed.
    """
    started = time.perf_counter()
    progress(0, 1, "reading")
    books = read_books(directory)
    days = plan.days(books)
    product = bank.products.latest(PRODUCT)
    if product is None:
        raise BerkaError(Words(f"the bank has no product {PRODUCT}", f"本行没有产品{PRODUCT}"))
    report = _counted(books)
    now = (clock or SystemClock()).now()
    steps = _Steps(bank, report, progress, _total(books))
    steps.whole("customers", plan.customers(books, now), lambda ask: len(ask.customers))
    steps.whole("accounts", plan.accounts(books, product.id, now), lambda ask: len(ask.items))
    steps.whole("facts", plan.facts(books, now), lambda ask: len(ask.facts))
    steps.entries(plan.entries(day, now) for day in days)
    report.seconds = round(time.perf_counter() - started, 3)
    return report


def _counted(books: OldBooks) -> BerkaReport:
    return BerkaReport(
        len(books.accounts), len(books.clients), len(books.dispositions), len(books.orders), len(books.loans),
        len(books.cards), len(books.transactions), dropped=list(books.dropped),
    )  # fmt: skip


def _total(books: OldBooks) -> int:
    """How many things there are to import."""
    kinds = (books.clients, books.accounts, books.dispositions, books.orders, books.loans, books.cards)
    return sum(len(kind) for kind in kinds) + len(books.districts) + len(books.transactions)


class _Steps:
    """Lets the bank do the commands, a durable step at a time, and fills the report from its answers."""

    def __init__(self, bank: Bank, report: BerkaReport, progress: Progress, total: int) -> None:
        self.bank = bank
        self.report = report
        self.progress = progress
        self.total = total
        self.done = 0

    def whole(self, label: str, commands: Iterable[Any], size: Callable[[Any], int]) -> None:
        """Do commands that must all be taken; the first refusal ends the import."""
        for command in commands:
            (reply,) = self._do([command])
            if (refusal := reply.answer.refusal) is not None:
                raise BerkaError(refusal.words())
            self._tell(size(command), label)

    def entries(self, commands: Iterator[ImportEntries]) -> None:
        """Post the days in order and compare every balance."""
        while step := list(islice(commands, AT_ONCE)):
            for ask, reply in zip(step, self._do(step), strict=True):
                self._compare(ask, reply)
            self._tell(sum(len(ask.entries) for ask in step), "entries")

    def _do(self, commands: Sequence[Command]) -> list[Reply]:
        replies = self.bank.do(commands)
        self.report.already_there += sum(reply.replayed for reply in replies)
        return replies

    def _tell(self, more: int, label: str) -> None:
        self.done += more
        self.progress(self.done, self.total, label)

    def _compare(self, ask: ImportEntries, reply: Reply) -> None:
        report, day = self.report, ask.key.split(":")[2]
        if (refusal := reply.answer.refusal) is not None:
            report.conflicts.append(Conflict(ask.account, day, refusal.code))
            return
        report.balances_checked += len(ask.entries)
        for event in msgspec.to_builtins(reply.answer.events):
            if event["type"] == "entries_imported":
                report.exact += event.get("exact", 0)
                report.rounded += event.get("rounded", 0)
                report.mismatches += event.get("differing", 0)
                report.unchained += event.get("unchained", 0)
            elif event["type"] == "balance_differs":
                found = (event["entry"], event["recorded_minor"], event["ours_minor"])
                report.mismatch_rows.append(Mismatch(ask.account, day, *found))
