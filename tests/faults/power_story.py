"""The story of one small bank: every kind of money operation once, rehearsed so that each step is known.

A bank is exact: the same commands give the same records, books and features. So whatever a crash leaves
behind can be compared with the rehearsal, byte for byte, and continued.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from jingwei.home import Home, open_home
from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.capture import CaptureCardPayment
from jingwei.journeys.close_account import CloseAccount
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.exchange import Exchange
from jingwei.journeys.expire_holds import ExpireHolds
from jingwei.journeys.freeze import FreezeAccount
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.pay import Pay
from jingwei.journeys.publish_policy import PublishPolicy
from jingwei.journeys.release_hold import ReleaseHold
from jingwei.journeys.reverse import Reverse
from jingwei.journeys.review_case import ReviewCase
from jingwei.journeys.run_day_end import RunDayEnd
from jingwei.journeys.set_limits import SetLimits
from jingwei.journeys.shape import Answer
from jingwei.kernel.clock import DAY, MINUTE, ManualClock, parse_iso
from jingwei.kernel.command import Command
from jingwei.kernel.ids import decision_id

APART = 9 * MINUTE
START = parse_iso("2026-11-02T04:00:00")
TELLER, CARDS, ALICE = "system:core", "system:cards", "customer:alice"
RULES = """
name = "outgoing_transfer"
version = 9
[[rules]]
code = "from_two_thousand"
when = "amount_minor >= 200_000"
verdict = "hold"
weight = 80
says = "The amount is 2,000.00 or more."
says_zh = "金额达到2,000.00或以上。"
[[rules]]
code = "from_one_thousand"
when = "amount_minor >= 100_000"
verdict = "step_up"
weight = 70
says = "The amount is 1,000.00 or more."
says_zh = "金额达到1,000.00或以上。"
"""


def _pay(minor: int) -> tuple[type[Command], str, dict[str, Any]]:
    fields = {"customer": "alice", "payer": "alice", "payee": "bob", "amount_minor": minor}
    return Pay, ALICE, fields | {"currency": "CNY", "device": "phone-1"}


def _card(minor: int) -> tuple[type[Command], str, dict[str, Any]]:
    fields = {"customer": "alice", "payer": "alice", "terminal": "shop", "amount_minor": minor}
    return AuthoriseCardPayment, CARDS, fields | {"currency": "CNY", "capture": False}


def _open(account: str, product: str = "current_cny") -> tuple[type[Command], str, dict[str, Any]]:
    customer = "bob" if account == "bob" else "alice"
    return OpenAccount, TELLER, {"account": account, "customer": customer, "product": product}


def _review(told: dict[str, Answer], step: str, release: bool) -> tuple[type[Command], str, dict[str, Any]]:
    return ReviewCase, "staff:lin", {"case": told[step].case, "release": release}


SHOWN = {"confirm": True, "payee": "bob", "amount_minor": 150_000, "currency": "CNY"}
RATE = {"amount_minor": 70_000, "rate_numerator": 10, "rate_denominator": 72, "margin_bp": 50}
NO_LIMITS = {"day_minor": None, "month_minor": None}

Ask = Callable[[dict[str, Answer]], tuple[type[Command], str, dict[str, Any]]]
STEPS: tuple[tuple[str, str, Ask], ...] = (
    ("rules", "done", lambda told: (PublishPolicy, TELLER, {"text": RULES})),
    ("open account", "done", lambda told: _open("alice")),
    ("deposit", "done", lambda told: (Deposit, TELLER, {"account": "alice", "amount_minor": 5_000_000,
                                                       "currency": "CNY"})),
    ("open bob", "done", lambda told: _open("bob")),
    ("open dollars", "done", lambda told: _open("alice-usd", "current_usd")),
    ("open spare", "done", lambda told: _open("alice-spare")),
    ("pay, allowed", "allowed", lambda told: _pay(50_000)),
    ("pay, stepped up", "stepped_up", lambda told: _pay(150_000)),
    ("answer step-up", "allowed", lambda told: (
        AnswerStepUp, ALICE, {"challenge": told["pay, stepped up"].challenge, **SHOWN})),
    ("pay, held", "held", lambda told: _pay(250_000)),
    ("review, release", "allowed", lambda told: _review(told, "pay, held", True)),
    ("pay, held again", "held", lambda told: _pay(260_000)),
    ("review, refuse", "refused", lambda told: _review(told, "pay, held again", False)),
    ("card, authorise", "allowed", lambda told: _card(2_000)),
    ("card, capture", "done", lambda told: (CaptureCardPayment, CARDS, {
        "hold": told["card, authorise"].hold, "amount_minor": 1_500, "currency": "CNY"})),
    ("card, authorise again", "allowed", lambda told: _card(3_000)),
    ("card, release", "done", lambda told: (
        ReleaseHold, CARDS, {"hold": told["card, authorise again"].hold})),
    ("reverse", "done", lambda told: (Reverse, "staff:lin", {"decision": told["pay, allowed"].id})),
    ("exchange", "done", lambda told: (
        Exchange, TELLER, {"customer": "alice", "payer": "alice", "payee": "alice-usd", **RATE})),
    ("freeze", "done", lambda told: (FreezeAccount, "staff:lin", {"account": "bob", "direction": "out"})),
    ("limits", "done", lambda told: (
        SetLimits, "staff:lin", {"account": "alice", "payment_minor": 4_000_000, **NO_LIMITS})),
    ("card, to expire", "allowed", lambda told: _card(4_000)),
    ("day-end", "done", lambda told: (RunDayEnd, TELLER, {"day": START // DAY})),
    ("expire holds", "done", lambda told: (ExpireHolds, TELLER, {})),
    ("close account", "done", lambda told: (CloseAccount, "staff:lin", {"account": "alice-spare"})),
)  # fmt: skip
"""Name, expected result and command of each step; `told` holds the answers so far by step."""

LATER = {"day-end": DAY, "expire holds": 30 * DAY}
"""Steps before which time passes."""


class Story(NamedTuple):
    """What happens and what must come of it, record by record."""

    names: list[str]
    commands: list[Command]
    founded: int
    """How many records a new bank writes about itself before the first command."""
    leaves: list[bytes]
    books: dict[int, str]
    """Digest of all tables by number of records."""
    features: dict[int, str]
    """Digest of the live features by number of records."""

    def since(self, size: int) -> list[Command]:
        """The commands that are still to come when the log has this many records."""
        return self.commands[size - self.founded :]


class Asker:
    """Makes the story's commands, nine minutes apart."""

    def __init__(self) -> None:
        self.at = START
        self.told: dict[str, Answer] = {}

    def command(self, name: str, ask: Ask) -> Command:
        """The command of a step, stamped."""
        kind, actor, fields = ask(self.told)
        self.at += APART + LATER.get(name, 0)
        return kind(key=f"story:{name}", actor=actor, at=self.at, known_at=self.at, **fields)


def digest(content: bytes) -> str:
    """A short name for content."""
    return hashlib.sha256(content).hexdigest()[:20]


def books_of(home: Home) -> str:
    """Digest of everything in the tables, aside from the head signed last and the sealed tiles."""
    connection: sqlite3.Connection = home.store._connection  # type: ignore[attr-defined]
    tables = [name for (name,) in connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]  # fmt: skip
    found = hashlib.sha256()
    for table in tables:
        where = " WHERE name <> 'head'" if table == "notes" else ""
        for row in connection.execute(f"SELECT * FROM {table}{where} ORDER BY 1, 2"):
            found.update(repr(row).encode())
    return found.hexdigest()[:20]


def features_of(home: Home) -> str:
    """Digest of the live features."""
    return digest(home.bank.judge.live.snapshot())


@contextmanager
def opened(path: Path) -> Iterator[Home]:
    """The bank in this directory, at the story's hour."""
    home = open_home(path, ManualClock(START))
    try:
        yield home
    finally:
        home.close()


def scratch() -> str:
    """A new directory, in memory where the machine has room for it: nothing in it need outlive the test."""
    memory = Path("/dev/shm")
    return tempfile.mkdtemp(prefix="jingwei-", dir=memory if memory.is_dir() else None)


@lru_cache(maxsize=4)
def rehearsed(payments: int = 0) -> Story:
    """The story, then this many small payments, done once in peace."""
    folder = scratch()
    more = [(f"pay {n}", "allowed", lambda told, n=n: _pay(1_000 + n)) for n in range(payments)]
    asker, names, commands = Asker(), [], []
    try:
        with opened(Path(folder) / "home") as home:
            store, founded = home.store, home.store.size()
            books, features = {founded: books_of(home)}, {founded: features_of(home)}
            for name, result, ask in (*STEPS, *more):
                command = asker.command(name, ask)
                answer = home.bank.do([command])[0].answer
                assert answer.result == result and answer.refusal is None, (name, answer)
                asker.told[name] = answer
                names.append(name)
                commands.append(command)
                books[store.size()], features[store.size()] = books_of(home), features_of(home)
            assert answer.id == decision_id(store.size() - 1)
            leaves = [leaf for _, leaf in store.records(0, store.size())]
        return Story(names, commands, founded, leaves, books, features)
    finally:
        shutil.rmtree(folder)
