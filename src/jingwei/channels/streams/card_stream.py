"""The card stream: a file of card payments brought through the whole bank, in order, batch by batch."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from itertools import count as count_up
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np

from jingwei.bank import Bank, Prepared, Replies, Reply
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.card_payments import CardPayments, Names, Numbers, Who
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.report_fraud import ReportFraud
from jingwei.kernel.clock import DAY
from jingwei.kernel.command import Command
from jingwei.kernel.money import MAX_AMOUNT_MINOR

NEEDED = ("at", "customer", "terminal", "amount_minor")
CURRENCY = "EUR"
PRODUCT = "card_eur"
ACTOR = "system:card_stream"
OPENING_FUNDS_MINOR = 10_000_000
"""What each simulated card holder starts with: 100,000.00 EUR."""
REPORT_DELAY = 7 * DAY
"""How long after a fraud the bank learns of it."""
CHUNK = 65_536
ID = re.compile(r"[A-Za-z0-9_.:@-]{1,50}", re.ASCII)
FEW = 64
"""Below this batch size, preparing on a second thread costs more than it gains."""

Progress = Callable[[int, int], None]


class StreamError(ValueError):
    """The file cannot be read as a card stream; the message says what it must hold."""


class Tally(msgspec.Struct):
    """What the stream came to so far."""

    decisions: int = 0
    allowed: int = 0
    stepped_up: int = 0
    held: int = 0
    refused: int = 0
    postings: int = 0
    replayed: int = 0
    last_decision: str = ""


class CardFile:
    """A parquet or CSV file of card payments in the order they arrived.

    Columns: at (timestamp, UTC), customer, terminal (ids), amount_minor (whole cents); and, when
    the truth is known, fraud_scenario (0 honest).
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise StreamError(f"there is no file {path}")
        self._db = duckdb.connect()
        source = str(path).replace("'", "''")
        reader = f"read_csv('{source}')" if path.suffix == ".csv" else f"read_parquet('{source}')"
        try:
            self._db.execute(f"create view payments as select * from {reader}")
            columns = [row[0] for row in self._db.execute("describe payments").fetchall()]
        except duckdb.Error as error:
            raise StreamError(
                f"{path} cannot be read as parquet or CSV: {str(error).splitlines()[0]}"
            ) from error
        missing = [name for name in NEEDED if name not in columns]
        if missing:
            raise StreamError(f"{path} lacks the column(s) {', '.join(missing)}; it has {', '.join(columns)}")
        self._fraud = "fraud_scenario <> 0" if "fraud_scenario" in columns else "false"
        self.rows = int(self._db.execute("select count(*) from payments").fetchall()[0][0])

    def chunks(self, limit: int) -> Iterator[dict[str, np.ndarray[Any, Any]]]:
        """Yield the first `limit` payments in file order, as columns of at most CHUNK rows."""
        query = (
            'select epoch_us(cast("at" as timestamp)) as "at", cast(customer as varchar) as customer, '
            "cast(terminal as varchar) as terminal, cast(amount_minor as bigint) as amount_minor, "
            f"cast({self._fraud} as boolean) as fraud from payments limit ? offset ?"
        )
        for start in range(0, limit, CHUNK):
            try:
                columns = self._db.execute(query, [min(CHUNK, limit - start), start]).fetchnumpy()
            except duckdb.Error as error:
                raise StreamError(
                    f"payments from {start} on cannot be read: {str(error).splitlines()[0]}"
                ) from error
            check_columns(columns, start)
            yield columns

    def last_at(self, limit: int) -> int:
        """When the latest of the first `limit` payments happened, microseconds UTC; 0 for none."""
        query = 'select max(epoch_us(cast("at" as timestamp))) from (select "at" from payments limit ?)'
        return int(self._db.execute(query, [limit]).fetchall()[0][0] or 0)


def check_columns(columns: dict[str, np.ndarray[Any, Any]], start: int) -> None:
    """Raise StreamError naming the first row whose value is missing or not a payment."""
    for name, column in columns.items():
        blank = np.ma.getmaskarray(column)
        if blank.any():
            raise StreamError(f"row {start + int(blank.argmax()) + 1}: {name} is empty")
    amounts = np.asarray(columns["amount_minor"])
    wrong = (amounts < 0) | (amounts > MAX_AMOUNT_MINOR)
    if wrong.any():
        says = f"amount_minor must not be negative and at most {MAX_AMOUNT_MINOR}"
        raise StreamError(f"row {start + int(wrong.argmax()) + 1}: {says}")
    for name in ("customer", "terminal"):
        for some_id in set(columns[name].tolist()):
            if not ID.fullmatch(some_id):
                says = f"{name} {some_id[:24]!r} is not an id of letters, digits and _ . : @ -"
                raise StreamError(f"rows from {start + 1} on: {says}")


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
    and each fraud is reported REPORT_DELAY after it happened."""

    def __init__(self, name: str) -> None:
        self._number = next(_STREAMS)
        self._name = name
        self._row = 0
        self._customers = Numbering("c")
        self._terminals = Numbering("t")
        self._reports: deque[tuple[int, ReportFraud]] = deque()

    def take(self, columns: dict[str, np.ndarray[Any, Any]]) -> CardPayments:
        """The next rows of the file, and what happens between them."""
        at, known = np.asarray(columns["at"], np.int64), len(self._customers)
        customer = self._customers.of(columns["customer"])
        terminal = self._terminals.of(columns["terminal"])
        amount, row = np.asarray(columns["amount_minor"], np.int64), self._row + np.arange(len(at))
        payments = CardPayments(self._who(), np.stack((at, customer, terminal, amount, row)), {})
        between = self._due(payments, np.flatnonzero(columns["fraud"]).tolist())
        new = np.flatnonzero(customer >= known)
        for code, first in zip(*np.unique(customer[new], return_index=True), strict=True):
            place = int(new[first])
            names = opening(self._customers.names[code], int(at[place]), self._name)
            between.setdefault(place, []).extend(names)
        self._row += len(at)
        return spread(payments, between)

    def _who(self) -> Who:
        customers = self._customers.names
        payers = [f"card-{name}" for name in customers]
        names = (Names(customers[:]), Names(payers), Names(self._terminals.names[:]))
        return Who(self._number, ACTOR, CURRENCY, f"{self._name}:", *names)

    def _due(self, payments: CardPayments, frauds: list[int]) -> dict[int, list[Command]]:
        """The reports that come before each of these payments, in the order their payments were made."""
        self._reports.extend((place, report_of(payments[place])) for place in frauds)
        at, start = payments.at, 0
        highest = np.maximum.accumulate(at)
        between: dict[int, list[Command]] = {}
        while self._reports:
            place, report = self._reports[0]
            start = max(start, place + 1)
            found = int(np.searchsorted(highest, report.at))
            if found < start:
                found = start + int(np.argmax(np.append(at[start:] >= report.at, True)))
            if found >= len(at):
                break
            start = found
            between.setdefault(found, []).append(self._reports.popleft()[1])
        self._reports = deque((-1, report) for _, report in self._reports)
        return between


def report_of(payment: Command) -> ReportFraud:
    """What the bank learns REPORT_DELAY after a payment that was fraud."""
    assert isinstance(payment, AuthoriseCardPayment), "only payments are reported"
    due = payment.at + REPORT_DELAY
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
