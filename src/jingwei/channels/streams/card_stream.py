"""The card stream: a file of card payments brought through the whole bank, in order, batch by batch."""

from __future__ import annotations

import re
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np

from jingwei.bank import Bank, Reply
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.report_fraud import ReportFraud
from jingwei.kernel.clock import DAY, parse_iso
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
NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]{1,100}")
NAME_RULE = "1 to 100 characters, none of them a control character"
WHOLE = "-?[0-9]+(\\.0+)?"
"""A whole number, as a regular expression of the database; parquet may keep it as 12.0."""
EARLIEST, LATEST = parse_iso("1900-01-01"), parse_iso("2200-01-01")
MEANT = {
    "at": "a moment such as 2026-11-20 08:30:00",
    "customer": "an id",
    "terminal": "an id",
    "amount_minor": "a whole number of minor units",
    "fraud_scenario": "a whole number, 0 for an honest payment",
}
SWITCH_SECONDS = 0.0005
"""How long a thread waits for the interpreter before it asks for it; Python's own 5 ms leaves the second
thread waiting after each of its compiled steps (measured: 24,000 decisions a second so, 30,000 with this)."""
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
    not_taken: int = 0
    """Payments the bank did not judge: their key was used for another payment, or there is no account."""
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
        self.name = path.stem
        if not NAME.fullmatch(self.name):
            raise StreamError(f"the name of {path.name[:80]!r} goes into every key: {NAME_RULE}")
        source = str(path).replace("'", "''")
        texts = "header = true, all_varchar = true"
        reader = f"read_csv('{source}', {texts})" if path.suffix == ".csv" else f"read_parquet('{source}')"
        try:
            self._db.execute("set timezone = 'UTC'")
            self._db.execute(f"create view payments as select * from {reader}")
            columns = [row[0] for row in self._db.execute("describe payments").fetchall()]
        except duckdb.Error as error:
            raise StreamError(
                f"{path} cannot be read as parquet or CSV: {str(error).splitlines()[0]}"
            ) from error
        missing = [name for name in NEEDED if name not in columns]
        if missing:
            raise StreamError(f"{path} lacks the column(s) {', '.join(missing)}; it has {', '.join(columns)}")
        self._fraud = "cast(fraud_scenario as varchar)" if "fraud_scenario" in columns else "'0'"
        try:
            self.rows = int(self._db.execute("select count(*) from payments").fetchall()[0][0])
        except duckdb.Error as error:
            raise StreamError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error

    def chunks(self, limit: int) -> Iterator[dict[str, np.ndarray[Any, Any]]]:
        """Yield the first `limit` payments in file order, as columns of at most CHUNK rows."""
        whole = f"regexp_full_match(cast(amount_minor as varchar), '{WHOLE}')"
        query = (
            'select epoch_us(try_cast("at" as timestamp)) as "at", cast(customer as varchar) as customer, '
            "cast(terminal as varchar) as terminal, "
            f"case when {whole} then try_cast(amount_minor as bigint) end as amount_minor, "
            f"case when regexp_full_match({self._fraud}, '{WHOLE}') then {self._fraud} not in ('0', '0.0') "
            "end as fraud from payments limit ? offset ?"
        )
        for start in range(0, limit, CHUNK):
            try:
                columns = self._db.execute(query, [min(CHUNK, limit - start), start]).fetchnumpy()
            except duckdb.Error as error:
                raise StreamError(
                    f"payments from {start} on cannot be read: {str(error).splitlines()[0]}"
                ) from error
            self._check(columns, start)
            yield columns

    def _check(self, columns: dict[str, np.ndarray[Any, Any]], start: int) -> None:
        """Raise StreamError naming the first row whose value is missing or is not what its column holds."""
        for name, column in columns.items():
            blank = np.ma.getmaskarray(column)
            if blank.any():
                row = start + int(blank.argmax())
                source = "fraud_scenario" if name == "fraud" else name
                query = f'select cast("{source}" as varchar) from payments limit 1 offset ?'
                found = self._db.execute(query, [row]).fetchall()[0][0]
                says = "is empty" if found is None else f"{found[:40]!r} is not {MEANT[source]}"
                raise StreamError(f"row {row + 1}: {source} {says}")
        check_columns(columns, start)

    def last_at(self, limit: int) -> int:
        """When the latest of the first `limit` payments happened, microseconds UTC; 0 for none."""
        query = 'select max(epoch_us(try_cast("at" as timestamp))) from (select "at" from payments limit ?)'
        return int(self._db.execute(query, [limit]).fetchall()[0][0] or 0)


def check_columns(columns: dict[str, np.ndarray[Any, Any]], start: int) -> None:
    """Raise StreamError naming the first row whose value is not a payment's."""
    at = np.asarray(columns["at"])
    outside = (at < EARLIEST) | (at > LATEST)
    if outside.any():
        raise StreamError(f"row {start + int(outside.argmax()) + 1}: at is not between 1900 and 2200")
    amounts = np.asarray(columns["amount_minor"])
    wrong = (amounts < 0) | (amounts > MAX_AMOUNT_MINOR)
    if wrong.any():
        says = f"amount_minor must not be negative and at most {MAX_AMOUNT_MINOR}"
        raise StreamError(f"row {start + int(wrong.argmax()) + 1}: {says}")
    for name in ("customer", "terminal"):
        ids = columns[name].tolist()
        for some_id in set(ids):
            if not ID.fullmatch(some_id):
                says = f"{name} {some_id[:24]!r} is not an id of letters, digits and _ . : @ -, at most 50"
                raise StreamError(f"row {start + ids.index(some_id) + 1}: {says}")


def commands_of(file: CardFile, limit: int, name: str) -> Iterator[Command]:
    """Yield the stream as commands: a card holder's account is opened and funded at the first payment,
    and each fraud is reported REPORT_DELAY after it happened. A payment that comes late, behind others
    that happened after it, is known from when it came: not before the newest of those ahead of it."""
    seen: set[str] = set()
    reports: deque[ReportFraud] = deque()
    row, newest = 0, EARLIEST
    for columns in file.chunks(limit):
        values = [
            columns[column].tolist() for column in ("at", "customer", "terminal", "amount_minor", "fraud")
        ]
        for at, customer, terminal, amount, fraud in zip(*values, strict=True):
            newest = max(newest, at)
            while reports and reports[0].at <= newest:
                yield reports.popleft()
            who, where = f"c{customer}", f"t{terminal}"
            if who not in seen:
                seen.add(who)
                yield from opening(who, newest, name)
            key = f"{name}:{row}"
            yield AuthoriseCardPayment(
                key=key, actor=ACTOR, at=at, known_at=newest, customer=who, payer=f"card-{who}",
                terminal=where, amount_minor=amount, currency=CURRENCY,
            )  # fmt: skip
            if fraud:
                due = newest + REPORT_DELAY
                reports.append(
                    ReportFraud(
                        key=f"{key}:fraud", actor=ACTOR, at=due, known_at=due, payment=key, customer=who,
                        terminal=where, amount_minor=amount, paid_at=at,
                    )
                )  # fmt: skip
            row += 1


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


def count(tally: Tally, replies: list[Reply]) -> None:
    """Add replies to the tally; only payments count as decisions."""
    results: Counter[str] = Counter()
    for reply in replies:
        answer = reply.answer
        if answer.refusal is not None and not answer.policy and answer.refusal.code != "account_exists":
            tally.not_taken += 1
        tally.postings += len(answer.movements)
        tally.replayed += reply.replayed
        if answer.policy:
            results[answer.result] += 1
            tally.last_decision = answer.id
    tally.decisions += results.total()
    tally.allowed += results["allowed"]
    tally.stepped_up += results["stepped_up"]
    tally.held += results["held"]
    tally.refused += results["refused"]


@contextmanager
def switching_every(seconds: float) -> Iterator[None]:
    """Let Python's threads take turns this often, and as before afterwards."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def run(bank: Bank, commands: Iterator[Command], batch: int, progress: Callable[[Tally], None]) -> Tally:
    """Bring the commands through the bank in batches of this many and return what they came to.

    The next batch is prepared on a second thread while this one is acted on.
    """
    tally = Tally()
    batches = iter(lambda: list(islice(commands, batch)), [])
    if batch < FEW:
        for part in batches:
            count(tally, bank.commit(bank.prepare(part)))
            progress(tally)
    else:
        with ThreadPoolExecutor(1) as second, switching_every(SWITCH_SECONDS):
            coming = second.submit(_prepare_next, bank, batches)
            while (prepared := coming.result()) is not None:
                coming = second.submit(_prepare_next, bank, batches)
                count(tally, bank.commit(prepared))
                progress(tally)
    bank.wait()
    return tally


def _prepare_next(bank: Bank, batches: Iterator[list[Command]]) -> Any:
    part = next(batches, None)
    return None if part is None else bank.prepare(part)
