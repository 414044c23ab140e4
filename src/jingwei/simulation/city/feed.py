"""The city as commands to a bank: who opens accounts, who pays whom when, and how people answer the bank.

The people know what the bank does not (the truth): a thief does not answer the owner's phone, somebody who
was talked into a transfer confirms it. The bank sees commands alone.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from jingwei.bank import Reply
from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.pay import Pay
from jingwei.journeys.report_fraud import ReportFraud
from jingwei.journeys.review_case import ReviewCase
from jingwei.kernel.clock import SECOND
from jingwei.kernel.command import Command
from jingwei.kernel.ids import decision_id
from jingwei.simulation.city.draws import Draws
from jingwei.simulation.city.people import names, openings_minor
from jingwei.simulation.city.transfers import BILLERS
from jingwei.simulation.city.wishes import SYSTEM, Counter, Wishes
from jingwei.simulation.city.world import City

CURRENCY: Final = "CNY"
PRODUCT: Final = "current_cny"
ACTOR: Final = "system:city"
REVIEWER: Final = "staff:reviewer"
HONEST_CONFIRMS: Final = 0.96
REVIEW_RIGHT: Final = 0.93
"""How often a reviewer of the made-up past answered rightly."""

ANSWERED: Final = 300 * SECOND
"""A batch spans at most this much time; people answer the bank after it."""

KINDS: Final = ("deposits", "payments", "cards")
Payment = tuple[str, int]
"""A row of "cards" or "payments"."""


def biller(number: int) -> str:
    """The id of a company that sends bills."""
    return f"city-{BILLERS[number]}"


def openings(city: City, at: int) -> Iterator[OpenAccount]:
    """The commands that take on everybody, at one moment before the first day."""
    stamp: dict[str, Any] = {"actor": ACTOR, "at": at, "known_at": at, "product": PRODUCT}
    for number in range(len(BILLERS)):
        who = biller(number)
        yield OpenAccount(
            key=f"city:{who}",
            customer=who,
            account=who,
            name=BILLERS[number].title(),
            kind="company",
            **stamp,
        )
    opening = openings_minor(Draws(city.seed), city.people)
    ids = city.people.ids(np.arange(city.people.size))
    told = names(Draws(city.seed), city.people.size)
    born = [city.first.year - age for age in city.people.age.tolist()]
    for who, name, year, minor in zip(ids, told, born, opening.tolist(), strict=True):
        yield OpenAccount(
            key=f"city:{who}",
            customer=who,
            account=who,
            name=name,
            born=f"{year}-06-15",
            opening_minor=minor,
            **stamp,
        )


class Feed:
    """Everything the city asks of the bank, in the order of time; `told` lets people react to its answers.

    `shift` is added to every moment (microseconds): a city of the past may be lived through today.
    """

    def __init__(
        self, city: City, shift: int = 0, review_until: int = 0, counter: Counter | None = None
    ) -> None:
        """Cases of payments before `review_until` (microseconds, shifted) go to a made-up reviewer.

        People ask for loans where there is a counter to ask at.
        """
        self.city = city
        self._wishes = None if counter is None else Wishes(city, counter, review_until)
        self._shift = shift
        self._review_until = review_until
        self._rng = Draws(city.seed).of("answers")
        self._later: list[tuple[int, int, Command]] = []
        self._count = 0
        self._crimes = {
            name: dict(zip(rows["row"].tolist(), rows["kind"].tolist(), strict=True))
            for name, rows in ((kind, city.truth[f"crimes_{kind}"]) for kind in KINDS)
        }
        self._paid: dict[Payment, str] = {}
        self._order = self._merged()
        self._last_at = 0
        self._next: tuple[int, str, int] | None = None

    def _merged(self, since: int = 0) -> Iterator[tuple[int, str, int]]:
        """(moment, system, row) of everything since a moment, in the order of time."""
        systems = (*KINDS, "reports_cards", "reports_payments", *([SYSTEM] if self._wishes else []))
        at = np.concatenate([self.city.systems[name]["at"] for name in systems])
        which = np.repeat(np.arange(len(systems)), [len(self.city.systems[name]["at"]) for name in systems])
        row = np.concatenate([np.arange(len(self.city.systems[name]["at"])) for name in systems])
        order = np.argsort(at, kind="stable")
        for n in order[np.searchsorted(at[order], since) :]:
            yield int(at[n]) + self._shift, systems[which[n]], int(row[n])

    def until(self, at: int, most: int) -> Iterator[list[Command]]:
        """Batches of at most `most` commands, in the order of time, of all that happens before `at`.

        A batch ends before people's answers to an earlier one are due, so that they come in their place
        when the batches before were told of.
        """
        while batch := self._batch(at, most):
            yield batch

    def _batch(self, until: int, most: int) -> list[Command]:
        batch: list[Command] = []
        horizon = until
        while len(batch) < most:
            if self._next is None:
                self._next = next(self._order, None)
            due = self._next[0] if self._next else until
            if self._later and self._later[0][0] < min(due, horizon):
                batch.append(self._in_turn(heapq.heappop(self._later)[2]))
                continue
            if self._next is None or due >= horizon:
                break
            moment, system, row = self._next
            self._next = None
            command = self._command(system, row, moment)
            if command is not None:
                batch.append(command)
                self._last_at = command.at
                horizon = min(horizon, batch[0].at + ANSWERED)
        return batch

    def skip(self, at: int) -> None:
        """Go on from this moment; what was before it is not asked (again)."""
        self._order = self._merged(at - self._shift)
        self._next = None

    def _in_turn(self, command: Command) -> Command:
        """The command, dated not before what was asked last."""
        at = max(command.at, self._last_at)
        return msgspec.structs.replace(command, at=at, known_at=at)

    def _command(self, system: str, row: int, at: int) -> Command | None:
        stamp: dict[str, Any] = {"key": f"city:{system}:{row}", "actor": ACTOR, "at": at, "known_at": at}
        rows = self.city.systems[system]
        if system == SYSTEM:
            return self._wish(row, stamp)
        if system.startswith("reports_"):
            return self._report(system.removeprefix("reports_"), int(rows["row"][row]), stamp)
        who = f"p{int(rows['person'][row]):06d}"
        money: dict[str, Any] = {"amount_minor": int(rows["amount_minor"][row]), "currency": CURRENCY}
        if system == "deposits":
            return Deposit(
                account=who,
                source="cash" if rows["source"][row] == "cash" else "clearing",
                memo=str(rows["memo"][row]),
                **money,
                **stamp,
            )
        device = self._device(who, rows, row, system)
        place = f"cell-{int(self.city.people.home[int(rows['person'][row])])}"
        if system == "payments":
            to = int(rows["payee"][row])
            payee = biller(-1 - to) if to < 0 else f"p{to:06d}"
            memo = str(rows["why"][row])
            return Pay(
                customer=who, payer=who, payee=payee, device=device, place=place, memo=memo, **money, **stamp
            )
        shop = int(rows["shop"][row])
        at_place = f"cell-{int(self.city.shops.place[shop])}"
        return AuthoriseCardPayment(
            customer=who, payer=who, terminal=f"shop-{shop}", device=device, place=at_place, **money, **stamp
        )

    def _wish(self, row: int, stamp: dict[str, Any]) -> Command:
        """The consent that comes before an application, which follows later."""
        assert self._wishes is not None
        consent, ask = self._wishes.agreed(row, stamp)
        self._put(ask)
        return consent

    def _device(self, who: str, rows: Any, row: int, system: str) -> str:
        """The phone used: one's own, or a stranger's that was never seen before."""
        return f"thief-{system}-{row // 3}" if rows["new_device"][row] else f"phone-{who}"

    def _report(self, system: str, row: int, stamp: dict[str, Any]) -> Command | None:
        """A report about a payment that was made; one that never went through is not reported."""
        decision = self._paid.get((system, row))
        if decision is None:
            return None
        rows = self.city.systems[system]
        who = int(rows["person"][row])
        place: dict[str, Any]
        if system == "cards":
            place = {"terminal": f"shop-{int(rows['shop'][row])}"}
        else:
            to = int(rows["payee"][row])
            place = {"payee": biller(-1 - to) if to < 0 else f"p{to:06d}"}
        money: dict[str, Any] = {
            "amount_minor": int(rows["amount_minor"][row]),
            "paid_at": int(rows["at"][row]) + self._shift,
        }
        return ReportFraud(payment=decision, customer=f"p{who:06d}", **money, **place, **stamp)

    # -- how people react ------------------------------------------------------------------------

    def told(self, commands: Sequence[Command], replies: Sequence[Reply]) -> None:
        """Let people react to what became of their payments: confirm, deny, review."""
        for command, reply in zip(commands, replies, strict=True):
            if not isinstance(command, Pay | AuthoriseCardPayment):
                for answer in self._wishes.answers(command, reply) if self._wishes else ():
                    self._put(answer)
                continue
            _, system, row = command.key.split(":")
            self._paid[system, int(row)] = decision_id(reply.seq)
            if reply.answer.challenge:
                self._answer(command, reply, self._crimes[system].get(int(row), ""))
            elif reply.answer.case and command.at < self._review_until:
                self._review(command, reply, self._crimes[system].get(int(row), ""))

    def _answer(self, command: Pay | AuthoriseCardPayment, reply: Reply, crime: str) -> None:
        owner_asked = crime in ("", "persuaded", "mule", "collusion")
        confirm = owner_asked and self._rng.random() < HONEST_CONFIRMS
        at = command.at + int(self._rng.integers(15, 240)) * SECOND
        payee = command.payee if isinstance(command, Pay) else "bank:card_settlement:CNY"
        self._put(
            AnswerStepUp(
                key=f"city:answer:{reply.answer.challenge}",
                actor=f"customer:{command.customer}",
                at=at,
                known_at=at,
                challenge=reply.answer.challenge,
                confirm=confirm,
                payee=payee,
                amount_minor=command.amount_minor,
                currency=command.currency,
            )
        )

    def _review(self, command: Pay | AuthoriseCardPayment, reply: Reply, crime: str) -> None:
        right = bool(self._rng.random() < REVIEW_RIGHT)
        at = command.at + int(self._rng.integers(5, 300)) * 60 * SECOND
        if at > self._review_until:
            return
        self._put(
            ReviewCase(
                key=f"city:review:{reply.answer.case}",
                actor=REVIEWER,
                at=at,
                known_at=at,
                case=reply.answer.case,
                release=(not crime) == right,
                comment="confirmed with the customer"
                if not crime
                else "the customer does not know this payment",
            )
        )

    def _put(self, command: Command) -> None:
        self._count += 1
        heapq.heappush(self._later, (command.at, self._count, command))
