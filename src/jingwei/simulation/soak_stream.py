"""Money commands without end, drawn by a seed: what the customers and tellers of a soak ask of the bank."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from jingwei.bank import Reply
from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.capture import CaptureCardPayment
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.exchange import Exchange
from jingwei.journeys.expire_holds import ExpireHolds
from jingwei.journeys.freeze import FreezeAccount
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.pay import Pay
from jingwei.journeys.release_hold import ReleaseHold
from jingwei.journeys.reverse import Reverse
from jingwei.journeys.review_case import ReviewCase
from jingwei.journeys.run_day_end import RunDayEnd
from jingwei.kernel.clock import HOUR, MINUTE, SECOND, ManualClock, bank_day, parse_iso
from jingwei.kernel.command import Command

START = parse_iso("2026-01-05T01:00:00")
PRODUCTS = (("current_cny", "CNY"), ("savings_cny", "CNY"), ("current_usd", "USD"))
MOST_REMEMBERED = 400
STEPS = (SECOND, MINUTE, 3 * HOUR)
PAYMENTS = (1, 40, 300, 950, 1_900, 18_000, 26_000, 150_000, 600_000, 6_000_000)
"""Amounts to vary around: so large that the shipped rules allow, confirm, hold and refuse them."""

Account = tuple[str, str, str]
"""Number, owner, currency."""


class Stream:
    """Draws commands from what earlier replies made: accounts, holds, challenges, cases, entries.

    Time moves with every command; a reply is learnt with `learn`, from whichever process received it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.clock = ManualClock(START)
        self.accounts: list[Account] = []
        self.holds: list[tuple[str, int, str]] = []
        self.challenges: list[tuple[str, Pay | AuthoriseCardPayment]] = []
        self.cases: list[str] = []
        self.entries: list[str] = []
        self.frozen: list[str] = []
        self.asked: list[Command] = []
        self._count = 0
        self._learnt: set[int] = set()

    def batch(self, chance: random.Random, count: int) -> list[Command]:
        """The next `count` commands; now and then one that was asked before, under its old key."""
        commands = [self._next(chance) for _ in range(count)]
        if self.asked and chance.random() < 0.2:
            commands.insert(chance.randrange(count + 1), chance.choice(self.asked))
        return commands

    def take(self, command: Command) -> None:
        """Note that a command was asked, so that no later one has its key or an earlier time."""
        self._count = max(self._count, int(command.key.rpartition(":")[2]) + 1)
        self.clock.at = max(self.clock.at, command.at)
        self.asked.append(command)
        del self.asked[:-MOST_REMEMBERED]

    def learn(self, command: Command, reply: Reply) -> None:
        """Remember what a reply made that later commands may name."""
        answer = reply.answer
        if reply.seq in self._learnt:
            return
        self._learnt.add(reply.seq)
        if isinstance(command, OpenAccount) and answer.made:
            currency = next(code for product, code in PRODUCTS if product == command.product)
            self._remember(self.accounts, (answer.made, command.customer, currency))
        if isinstance(command, AuthoriseCardPayment) and answer.result == "allowed" and answer.hold:
            self._remember(self.holds, (answer.hold, command.amount_minor, command.currency))
        if isinstance(command, Pay | AuthoriseCardPayment) and answer.challenge:
            self._remember(self.challenges, (answer.challenge, command))
        if answer.result == "held":
            self._remember(self.cases, answer.case)
        if answer.movements:
            self._remember(self.entries, answer.id)
        if isinstance(command, FreezeAccount) and command.on and command.direction:
            self._remember(self.frozen, command.account)

    def _remember(self, things: list[Any], thing: Any) -> None:
        things.append(thing)
        del things[:-MOST_REMEMBERED]

    def _next(self, chance: random.Random) -> Command:
        self.clock.advance(chance.choices(STEPS, (80, 17, 3))[0])
        if len(self.accounts) < 4:
            return self._open(chance)
        return chance.choices(_KINDS, _ODDS)[0](self, chance)

    def _stamp(self, actor: str) -> dict[str, Any]:
        self._count += 1
        now = self.clock.at
        return {"key": f"{self.name}:{self._count - 1}", "actor": actor, "at": now, "known_at": now}

    def _amount(self, chance: random.Random) -> int:
        return chance.choice(PAYMENTS) + chance.randrange(900)

    def _open(self, chance: random.Random) -> Command:
        product, _ = chance.choice(PRODUCTS)
        stamp = self._stamp("system:core")
        who, opening = f"p{chance.randrange(40)}", chance.choice((100, 9_000_000, 60_000_000))
        return OpenAccount(customer=who, product=product, name=who, opening_minor=opening, **stamp)

    def _deposit(self, chance: random.Random) -> Command:
        account, _, currency = chance.choice(self.accounts)
        source: Any = chance.choice(("cash", "clearing"))
        return Deposit(
            account=account, amount_minor=self._amount(chance), currency=currency, source=source,
            **self._stamp("system:core"),
        )  # fmt: skip

    def _pay(self, chance: random.Random) -> Command:
        payer, owner, currency = chance.choice(self.accounts)
        others = [name for name, _, code in self.accounts if code == currency and name != payer]
        payee = chance.choice([*others, payer] if len(others) < 2 else others)
        return Pay(
            customer=owner, payer=payer, payee=payee, amount_minor=self._amount(chance), currency=currency,
            device=f"phone-{owner}", **self._stamp(f"customer:{owner}"),
        )  # fmt: skip

    def _card(self, chance: random.Random) -> Command:
        payer, owner, currency = chance.choice(self.accounts)
        return AuthoriseCardPayment(
            customer=owner, payer=payer, terminal=f"t{chance.randrange(30)}", currency=currency,
            amount_minor=self._amount(chance), capture=chance.random() < 0.3, **self._stamp("system:cards"),
        )  # fmt: skip

    def _capture(self, chance: random.Random) -> Command:
        if not self.holds:
            return self._card(chance)
        hold, held, currency = chance.choice(self.holds[-6:])
        amount = chance.choice((held, max(held // 2, 1), held + 1))
        stamp = self._stamp("system:cards")
        return CaptureCardPayment(hold=hold, amount_minor=amount, currency=currency, **stamp)

    def _release(self, chance: random.Random) -> Command:
        if not self.holds:
            return self._card(chance)
        return ReleaseHold(hold=chance.choice(self.holds[-6:])[0], **self._stamp("system:cards"))

    def _answer(self, chance: random.Random) -> Command:
        if not self.challenges:
            return self._pay(chance)
        challenge, asked = self.challenges.pop()
        payee = asked.payee if isinstance(asked, Pay) else f"bank:card_settlement:{asked.currency}"
        return AnswerStepUp(
            challenge=challenge, confirm=chance.random() < 0.8, payee=payee,
            amount_minor=asked.amount_minor, currency=asked.currency,
            **self._stamp(f"customer:{asked.customer}"),
        )  # fmt: skip

    def _review(self, chance: random.Random) -> Command:
        if not self.cases:
            return self._pay(chance)
        case = self.cases.pop()
        return ReviewCase(case=case, release=chance.random() < 0.6, **self._stamp("staff:lin"))

    def _reverse(self, chance: random.Random) -> Command:
        if not self.entries:
            return self._deposit(chance)
        return Reverse(decision=chance.choice(self.entries), reason="asked", **self._stamp("staff:lin"))

    def _exchange(self, chance: random.Random) -> Command:
        payer, owner, sold = chance.choice(self.accounts)
        others = [name for name, who, code in self.accounts if who == owner and code != sold]
        if not others:
            return self._open(chance)
        return Exchange(
            customer=owner, payer=payer, payee=chance.choice(others), amount_minor=self._amount(chance),
            rate_numerator=chance.randrange(1, 8), rate_denominator=chance.randrange(1, 8), margin_bp=25,
            **self._stamp("system:core"),
        )  # fmt: skip

    def _freeze(self, chance: random.Random) -> Command:
        direction: Any = chance.choice(("in", "out", "both"))
        stamp = self._stamp("staff:lin")
        if self.frozen and chance.random() < 0.7:
            return FreezeAccount(account=self.frozen.pop(), direction="", **stamp)
        return FreezeAccount(account=chance.choice(self.accounts)[0], direction=direction, **stamp)

    def _day_end(self, chance: random.Random) -> Command:
        return RunDayEnd(
            day=bank_day(self.clock.at) - 1, limit=chance.choice((3, 500)), **self._stamp("system:day-end")
        )

    def _expire(self, chance: random.Random) -> Command:
        return ExpireHolds(limit=chance.choice((2, 500)), **self._stamp("system:day-end"))


_MIX: tuple[tuple[Callable[[Stream, random.Random], Command], int], ...] = (
    (Stream._open, 3),
    (Stream._deposit, 10),
    (Stream._pay, 30),
    (Stream._card, 16),
    (Stream._capture, 8),
    (Stream._release, 4),
    (Stream._answer, 8),
    (Stream._review, 5),
    (Stream._reverse, 5),
    (Stream._exchange, 5),
    (Stream._freeze, 2),
    (Stream._day_end, 2),
    (Stream._expire, 2),
)
_KINDS = [kind for kind, _ in _MIX]
_ODDS = [odds for _, odds in _MIX]
