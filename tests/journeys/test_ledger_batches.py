"""All ledger journeys mixed: batch size changes nothing, and damaged books stop interest, not the day-end."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec

from jingwei.journeys import close_account
from jingwei.journeys.capture import CaptureCardPayment
from jingwei.journeys.close_account import CloseAccount
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.exchange import Exchange
from jingwei.journeys.expire_holds import ExpireHolds
from jingwei.journeys.freeze import FreezeAccount
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.release_hold import ReleaseHold
from jingwei.journeys.reverse import Reverse
from jingwei.journeys.run_day_end import RunDayEnd, act, look
from jingwei.journeys.set_limits import SetLimits
from jingwei.journeys.shape import TODAYS
from jingwei.kernel.clock import DAY, bank_day, day_start
from jingwei.kernel.command import Command
from jingwei.kernel.ids import decision_id, hold_id
from jingwei.ledger.accounts import Account, Balance, Standing, chart_account
from jingwei.ledger.products import shipped

NAMES = ("alice", "bob", "alice-2", "bob-2", "alice-usd")
PRODUCTS = ("current_cny", "savings_cny", "overdraft_cny", "current_usd")


def opening(name: str, draw: random.Random) -> dict[str, Any]:
    money = draw.choice((0, 9_000, 900_000))
    return {
        "customer": name.partition("-")[0],
        "account": name,
        "product": draw.choice(PRODUCTS),
        "opening_minor": money,
    }


def one(town: Any, draw: random.Random, seq: int) -> Command:
    """Any command of the ledger, many of them about things that are not there."""
    payer, payee = draw.choice(NAMES), draw.choice(NAMES)
    amount = draw.choice((1, 700, 9_000, 400_000))
    earlier = max(seq - draw.randrange(1, 6), 0)
    stamp = town.stamp("staff:lin")
    owner = payer.partition("-")[0]
    rate = {"rate_numerator": draw.randrange(1, 99), "rate_denominator": draw.randrange(1, 99)}
    limit = draw.choice((None, 5_000, 500_000))
    makers: tuple[Callable[[], Command], ...] = (
        lambda: OpenAccount(**opening(payer, draw), **stamp),
        lambda: Deposit(account=payer, amount_minor=amount, currency="CNY", **stamp),
        lambda: Deposit(account=payer, amount_minor=amount, currency="USD", **stamp),
        lambda: town.card(payer, "t1", amount, capture=False, customer=owner),
        lambda: town.card(payer, "t1", amount, customer=owner),
        lambda: town.pay(payer, payee, amount, customer=owner, actor="staff:lin"),
        lambda: CaptureCardPayment(hold=hold_id(earlier), amount_minor=1, currency="CNY", **stamp),
        lambda: ReleaseHold(hold=hold_id(earlier), **stamp),
        lambda: ExpireHolds(limit=draw.randrange(1, 4), **stamp),
        lambda: Reverse(decision=decision_id(earlier), **stamp),
        lambda: FreezeAccount(
            account=payer, direction=draw.choice(("in", "out")), on=draw.random() < 0.3, **stamp
        ),
        lambda: SetLimits(account=payer, payment_minor=limit, day_minor=limit, month_minor=None, **stamp),
        lambda: Exchange(customer=owner, payer=payer, payee=payee, amount_minor=amount, **rate, **stamp),
        lambda: CloseAccount(account=payer, payee=draw.choice(("", owner)), **stamp),
        lambda: RunDayEnd(day=bank_day(town.clock.at) - 1, limit=3, **stamp),
    )
    return draw.choices(makers, (4, 5, 2, 6, 3, 6, 8, 2, 1, 3, 2, 1, 3, 1, 0.5))[0]()


def busy_weeks(town: Any, seed: int, count: int) -> list[Command]:
    draw = random.Random(seed)
    start = town.home.store.size()
    commands = []
    for n in range(count):
        if draw.random() < 0.1:
            town.clock.advance(draw.randrange(3 * DAY))
        commands.append(one(town, draw, start + n))
    return commands


def test_batch_size_does_not_matter_to_the_ledger(make_town: Callable[[str], Any]) -> None:
    seen = []
    results: set[tuple[str, str]] = set()
    for size in (1, 7, 5_000):
        town = make_town(f"by-{size}")
        commands = busy_weeks(town, 16, 300)
        answers = []
        for i in range(0, len(commands), size):
            answers += [reply.answer for reply in town.bank.do(commands[i : i + size])]
        seen.append((msgspec.json.encode(answers), town.home.store.root(), town.home.store.totals()))
        results |= {
            (type(c).__name__, a.refusal.code if a.refusal else "done")
            for c, a in zip(commands, answers, strict=True)
        }
    assert seen[0][1:] == seen[1][1:] == seen[2][1:]
    assert seen[0] == seen[1] == seen[2]
    done = {kind for kind, result in results if result == "done"}
    assert len(done) == 13, f"never done: {sorted({kind for kind, _ in results} - done)}"
    assert len({code for _, code in results}) > 12


class Books:
    """Two savings accounts, one of them with a line that is missing."""

    seq = 9
    rules = TODAYS
    products = shipped()

    def __init__(self) -> None:
        product = self.products.latest("savings_cny")
        assert product is not None
        self.all = {
            name: Standing(
                product.account(name, name, day_start(20_000)), Balance(name, minor, last_line=line)
            )
            for name, minor, line in (("sound", 0, -1), ("torn", 100, 77))
        }

    def page(self, kind: type, *, after: str, limit: int) -> list[Account]:
        return [standing.account for standing in self.all.values()]

    def standing(self, name: str) -> Standing | None:
        return self.all.get(name) or chart_account(name)

    def own(self, name: str) -> Standing | None:
        return self.all.get(name)

    def lines(self, ids: list[int]) -> list[Any]:
        return []

    def get(self, kind: type, name: str) -> None:
        return None

    def find(self, kind: type, column: str, value: str, *, after: str = "", limit: int = 100) -> list[Any]:
        return []


def test_damaged_books_are_named_and_left_alone() -> None:
    stamp = {"key": "k", "actor": "system:core", "at": day_start(20_003), "known_at": 0}
    ask = RunDayEnd(day=20_002, limit=5, **stamp)
    outcome = act(ask, look(ask, Books()))  # type: ignore[arg-type]
    assert outcome.answer.events[0].damaged == ("torn",)
    assert [standing.balance.accrued_day for standing in outcome.standings] == [20_002]
    closing = CloseAccount(account="torn", **stamp)
    refusal = close_account.act(closing, close_account.look(closing, Books())).answer.refusal  # type: ignore[arg-type]
    assert refusal is not None and refusal.code == "books_under_repair"
