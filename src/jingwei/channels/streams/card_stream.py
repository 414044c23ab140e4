"""The card stream: a file of card payments brought through the whole bank, in order, batch by batch."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from itertools import count as count_up
from typing import Any

import msgspec
import numpy as np

from jingwei.bank import Bank, Prepared, Replies, Reply
from jingwei.channels.streams.card_file import EARLIEST, CardFile, StreamError
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.card_payments import CardPayments, Names, Numbers, Who
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.report_fraud import ReportFraud
from jingwei.kernel.clock import DAY
from jingwei.kernel.command import Command

__all__ = ["FEW", "CardFile", "Progress", "StreamError", "Tally", "commands_of", "parts_of", "run"]

CURRENCY = "EUR"
PRODUCT = "card_eur"
ACTOR = "system:card_stream"
OPENING_FUNDS_MINOR = 10_000_000
"""What each simulated card holder starts with: 100,000.00 EUR."""
REPORT_DELAY = 7 * DAY
"""How long after a fraud the bank learns of it."""
FEW = 64
"""Below this batch size, preparing on a second thread costs more than it gains."""

Progress = Callable[[int, int], None]


class Tally(msgspec.Struct):
    """What the stream came to so far."""

    decisions: int = 0
    allowed: int = 0
    stepped_up: int = 0
    held: int = 0
    refused: int = 0
    postings: int = 0
    replayed: int = 0
    not_taken: int = 0
    """Payments the bank did not judge: their key was used for another payment, or there is no account."""
    last_decision: str = ""


_STREAMS = count_up()
"""Every stream of this process has its own number."""


class Numbering(dict[str, int]):
    """Numbers names in the order they appear; `names` are what becomes of them in commands."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self.prefix = prefix
        self.names: list[str] = []

    def __missing__(self, name: str) -> int:
        number = self[name] = len(self.names)
        self.names.append(f"{self.prefix}{name}")
        return number

    def of(self, column: np.ndarray[Any, Any]) -> Numbers:
        """The number of each name in a column."""
        return np.fromiter(map(self.__getitem__, column.tolist()), np.int64, len(column))


class Stream:
    """Turns a card file into commands: a card holder's account is opened and funded at the first payment,
    and each fraud is reported REPORT_DELAY after the bank knew of the payment. A payment that comes late,
    behind others that happened after it, is known from when it came: not before the newest of those ahead
    of it."""

    def __init__(self, name: str) -> None:
        self._number = next(_STREAMS)
        self._name = name
        self._row = 0
        self._newest = EARLIEST
        self._customers = Numbering("c")
        self._terminals = Numbering("t")
        self._reports: deque[ReportFraud] = deque()

    def take(self, columns: dict[str, np.ndarray[Any, Any]]) -> CardPayments:
        """The next rows of the file, and what happens between them."""
        at, seen = np.asarray(columns["at"], np.int64), len(self._customers)
        known = np.maximum(np.maximum.accumulate(at), self._newest)
        customer = self._customers.of(columns["customer"])
        terminal = self._terminals.of(columns["terminal"])
        amount, row = np.asarray(columns["amount_minor"], np.int64), self._row + np.arange(len(at))
        payments = CardPayments(self._who(), np.stack((at, known, customer, terminal, amount, row)), {})
        between = self._due(payments, np.flatnonzero(columns["fraud"]).tolist())
        new = np.flatnonzero(customer >= seen)
        for code, first in zip(*np.unique(customer[new], return_index=True), strict=True):
            place = int(new[first])
            names = opening(self._customers.names[code], int(known[place]), self._name)
            between.setdefault(place, []).extend(names)
        self._row += len(at)
        self._newest = int(known[-1]) if len(known) else self._newest
        return spread(payments, between)

    def _who(self) -> Who:
        customers = self._customers.names
        payers = [f"card-{name}" for name in customers]
        names = (Names(customers[:]), Names(payers), Names(self._terminals.names[:]))
        return Who(self._number, ACTOR, CURRENCY, f"{self._name}:", *names)

    def _due(self, payments: CardPayments, frauds: list[int]) -> dict[int, list[Command]]:
        """The reports that come before each of these payments, in the order their payments were made.

        Both what is known and what is due never go backwards, so a report is due behind its own payment.
        """
        self._reports.extend(report_of(payments[place]) for place in frauds)
        between: dict[int, list[Command]] = {}
        places = np.searchsorted(payments.known, [report.at for report in self._reports]).tolist()
        for place in places:
            if place >= len(payments):
                break
            between.setdefault(place, []).append(self._reports.popleft())
        return between


def report_of(payment: Command) -> ReportFraud:
    """What the bank learns REPORT_DELAY after it knew of a payment that was fraud."""
    assert isinstance(payment, AuthoriseCardPayment), "only payments are reported"
    due = payment.known_at + REPORT_DELAY
    return ReportFraud(
        key=f"{payment.key}:fraud", actor=ACTOR, at=due, known_at=due, payment=payment.key,
        customer=payment.customer, terminal=payment.terminal, amount_minor=payment.amount_minor,
        paid_at=payment.at,
    )  # fmt: skip


def spread(payments: CardPayments, between: dict[int, list[Command]]) -> CardPayments:
    """The payments with other commands before those at these places."""
    extra = np.zeros(len(payments), np.int64)
    for place, commands in between.items():
        extra[place] = len(commands)
    moved = np.arange(len(payments)) + np.cumsum(extra)
    columns = np.zeros((len(payments.columns), len(payments) + int(extra.sum())), np.int64)
    columns[:, moved] = payments.columns
    others = {
        int(moved[place]) - len(commands) + n: command
        for place, commands in between.items()
        for n, command in enumerate(commands)
    }
    return CardPayments(payments.who, columns, others)


def parts_of(file: CardFile, limit: int, name: str) -> Iterator[CardPayments]:
    """Yield the stream in parts as large as they are read."""
    stream = Stream(name)
    return map(stream.take, file.chunks(limit))


def commands_of(file: CardFile, limit: int, name: str) -> Iterator[Command]:
    """Yield the stream as commands, one by one."""
    return chain.from_iterable(parts_of(file, limit, name))


def batches_of(parts: Iterator[CardPayments], batch: int) -> Iterator[CardPayments]:
    """Cut the stream into batches of this many commands."""
    rest: CardPayments | None = None
    for part in parts:
        here = part if rest is None else rest.followed_by(part)
        whole = len(here) - len(here) % batch
        for start in range(0, whole, batch):
            yield here[start : start + batch]
        rest = here[whole:]
    if rest is not None and len(rest):
        yield rest


def opening(customer: str, at: int, name: str) -> tuple[Command, ...]:
    """Open and fund the simulated card holder's account."""
    account = f"card-{customer}"
    stamps: dict[str, Any] = {"actor": ACTOR, "at": at, "known_at": at}
    return (
        OpenAccount(
            key=f"{name}:open:{customer}", account=account, customer=customer, product=PRODUCT, **stamps
        ),
        Deposit(
            key=f"{name}:fund:{customer}",
            account=account,
            amount_minor=OPENING_FUNDS_MINOR,
            currency=CURRENCY,
            **stamps,
        ),
    )


def count(tally: Tally, replies: Sequence[Reply]) -> None:
    """Add replies to the tally; only payments count as decisions."""
    results: Counter[str] = Counter()
    looked: Iterable[Reply] = replies
    if isinstance(replies, Replies):
        others = sorted(replies.answers.others)
        looked = [replies[i] for i in others]
        results["allowed"] = sent = len(replies) - len(others)
        tally.postings += sent
    for reply in looked:
        answer = reply.answer
        if answer.refusal is not None and not answer.policy and answer.refusal.code != "account_exists":
            tally.not_taken += 1
        tally.postings += len(answer.movements)
        tally.replayed += reply.replayed
        if answer.policy:
            results[answer.result] += 1
    last = next((reply.answer.id for reply in reversed(replies) if reply.answer.policy), "")
    tally.last_decision = last or tally.last_decision
    tally.decisions += results.total()
    tally.allowed += results["allowed"]
    tally.stepped_up += results["stepped_up"]
    tally.held += results["held"]
    tally.refused += results["refused"]


def run(bank: Bank, parts: Iterator[CardPayments], batch: int, progress: Callable[[Tally], None]) -> Tally:
    """Bring the stream through the bank in batches of this many commands and return what they came to.

    The next batch is prepared on a second thread while this one is acted on.
    """
    tally = Tally()
    if batch < FEW:
        commands = chain.from_iterable(parts)
        for some in iter(lambda: list(islice(commands, batch)), []):
            count(tally, bank.commit(bank.prepare(some)))
            progress(tally)
    else:
        batches = batches_of(parts, batch)
        with ThreadPoolExecutor(1) as second:
            coming = second.submit(_prepare_next, bank, batches)
            while (prepared := coming.result()) is not None:
                coming = second.submit(_prepare_next, bank, batches)
                count(tally, bank.commit(prepared))
                progress(tally)
    bank.wait()
    return tally


def _prepare_next(bank: Bank, batches: Iterator[CardPayments]) -> Prepared | None:
    part = next(batches, None)
    return None if part is None else bank.prepare(part)
