"""A small bank that did a bit of everything, closed, heads anchored on the way: made once, tried often."""

from __future__ import annotations

import atexit
import random
import shutil
import tempfile
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import Any

from jingwei.bank import Reply
from jingwei.home import Home, open_home
from jingwei.journeys import expire_holds, run_day_end
from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.capture import CaptureCardPayment
from jingwei.journeys.freeze import FreezeAccount
from jingwei.journeys.import_customers import HistoricCustomer, ImportCustomers
from jingwei.journeys.import_facts import HistoricDistrict, ImportFacts
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.pay import Pay
from jingwei.journeys.report_fraud import ReportFraud
from jingwei.journeys.reverse import Reverse
from jingwei.journeys.review_case import ReviewCase
from jingwei.journeys.set_limits import SetLimits
from jingwei.kernel.clock import DAY, SECOND, ManualClock, bank_day, parse_iso
from jingwei.kernel.command import Command
from jingwei.stores.local_postgres import LocalPostgres, local_postgres

START = parse_iso("2026-11-02T04:00:00")
PEOPLE = ("alice", "bob", "carol", "dan")
AMOUNTS = (1, 999, 5_000, 50_000, 600_000, 6_000_000)


class Busy:
    """Asks a bank for what customers, staff and its own systems ask; the same seed asks the same."""

    def __init__(self, home: Home, clock: ManualClock, seed: int) -> None:
        self.home, self.clock, self.draw = home, clock, random.Random(seed)
        self.seed, self.asked = seed, 0

    def stamp(self, actor: str) -> dict[str, Any]:
        self.clock.advance(self.draw.randrange(1, 15) * SECOND)
        self.asked += 1
        at = self.clock.at
        return {"key": f"k{self.seed}-{self.asked}", "actor": actor, "at": at, "known_at": at}

    def do(self, *commands: Command) -> list[Reply]:
        return self.home.bank.do(commands)

    def settle(self) -> None:
        """Customers, accounts and what an older bank told."""
        brought = (HistoricCustomer(id="old-1", name="Older"), HistoricCustomer(id="old-2", name="更早"))
        self.do(ImportCustomers(source="berka", customers=brought, **self.stamp("system:import")))
        fact = HistoricDistrict(id="1", name="Praha", region="Praha", figures={"A2": "1"})
        self.do(ImportFacts(source="berka", part="districts", facts=(fact,), **self.stamp("system:import")))
        for who in PEOPLE:
            product = "savings_cny" if who == "dan" else "current_cny"
            fields = {"account": who, "customer": who, "product": product, "opening_minor": 20_000_000}
            self.do(OpenAccount(**fields, **self.stamp("system:core")))

    def payment(self) -> Command:
        payer, payee = self.draw.sample(PEOPLE, 2)
        fields = {"customer": payer, "payer": payer, "currency": "CNY"}
        amount = self.draw.choice(AMOUNTS)
        if self.draw.random() < 0.7:
            device = "" if self.draw.random() < 0.1 else f"phone-{payer}"
            who = self.stamp(f"customer:{payer}")
            return Pay(payee=payee, amount_minor=amount, device=device, **fields, **who)
        terminal, capture = f"t{self.draw.randrange(3)}", self.draw.random() < 0.6
        card = self.stamp("system:cards")
        return AuthoriseCardPayment(terminal=terminal, amount_minor=amount, capture=capture, **fields, **card)

    def follow(self, reply: Reply, command: Any) -> list[Command]:
        """What people do about an answer: review, confirm, capture, reverse, report."""
        answer, chance = reply.answer, self.draw.random()
        staff = "staff:lin"
        if answer.case and chance < 0.7:
            return [ReviewCase(case=answer.case, release=chance < 0.4, **self.stamp(staff))]
        if answer.challenge and chance < 0.8:
            payee = command.payee if isinstance(command, Pay) else "bank:card_settlement:CNY"
            same = {"payee": payee, "amount_minor": command.amount_minor, "currency": "CNY"}
            mine = self.stamp(f"customer:{command.customer}")
            return [AnswerStepUp(challenge=answer.challenge, confirm=chance < 0.6, **same, **mine)]
        if answer.hold and not answer.case and chance < 0.7:
            amount = {"amount_minor": command.amount_minor, "currency": "CNY"}
            return [CaptureCardPayment(hold=answer.hold, **amount, **self.stamp("system:cards"))]
        if answer.result == "allowed" and chance < 0.2:
            return [Reverse(decision=answer.id, **self.stamp(staff))]
        if answer.result == "allowed" and chance < 0.3:
            said = {"payment": answer.id, "customer": command.customer, "paid_at": command.at}
            return [ReportFraud(amount_minor=1, **said, **self.stamp(staff))]
        return []

    def work(self, count: int) -> None:
        """`count` payments and what follows from them, in batches of some."""
        for _ in range(0, count, 20):
            commands = [self.payment() for _ in range(20)]
            replies = self.do(*commands)
            pairs = zip(replies, commands, strict=True)
            self.do(*(more for reply, command in pairs for more in self.follow(reply, command)))
        who = self.draw.choice(PEOPLE)
        on = {"account": who, "direction": "out"}
        self.do(FreezeAccount(**on, on=True, **self.stamp("staff:lin")))
        self.do(FreezeAccount(**on, on=False, **self.stamp("staff:lin")))
        limits = {"account": who, "payment_minor": None, "day_minor": None, "month_minor": None}
        self.do(SetLimits(**limits, **self.stamp("staff:lin")))

    def end_day(self) -> None:
        """The day-end, and the holds whose time is over."""
        self.clock.advance(2 * DAY)
        at = self.clock.at
        list(run_day_end.run(bank_day(at) - 1, at, lambda ask: self.do(ask)[0].answer, limit=3))
        expire_holds.run(at, lambda ask: self.do(ask)[0].answer)


def run_bank(path: Path, seed: int = 1, payments: int = 400, *, store_url: str = "") -> ManualClock:
    """Found a bank at `path`, let it work, sign and anchor on the way, and close it."""
    clock = ManualClock(START)
    home = open_home(path, clock, store_url=store_url)
    busy = Busy(home, clock, seed)
    busy.settle()
    for _ in range(4):
        busy.work(payments // 4)
        home.sign_head()
        busy.end_day()
    home.close()
    return clock


@lru_cache(maxsize=1)
def _server() -> LocalPostgres:
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(local_postgres(["shared_buffers=32MB"]))


def database(name: str) -> str:
    """The address of an empty database of this name, on a server that ends with the process."""
    import psycopg

    server = _server()
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {name}".encode())
    return server.dsn.rpartition("/")[0] + f"/{name}"


@lru_cache(maxsize=4)
def small_bank(payments: int = 400) -> Path:
    """The home of a small closed bank; only to be copied. Gone when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="jingwei-small-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    run_bank(folder / "home", payments=payments)
    return folder / "home"
