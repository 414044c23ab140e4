"""Makes the commands of a model run: plausible, at the edges of limits and balances, and wrong ones too."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec
from tests.model.dice import Dice, once_in, pick
from tests.model.reference import DAY, LARGEST, Expected, Reference, available
from tests.model.reference_books import HOUR, MINUTE, Row, day_of, payment_fee

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
from jingwei.journeys.release_hold import ReleaseHold
from jingwei.journeys.report_fraud import ReportFraud
from jingwei.journeys.reverse import Reverse
from jingwei.journeys.review_case import ReviewCase
from jingwei.journeys.run_day_end import RunDayEnd
from jingwei.journeys.set_limits import SetLimits
from jingwei.kernel.clock import SECOND, parse_iso
from jingwei.kernel.command import Command

START = parse_iso("2026-11-02T04:00:00")
PEOPLE = ("ann", "bob", "cid", "dot")
CODES = (
    "current_cny",
    "overdraft_cny",
    "youth_cny",
    "current_jpy",
    "current_kwd",
    "savings_cny",
    "current_usd",
)
PAUSES = (SECOND, 0, MINUTE, MINUTE, 11 * MINUTE, 11 * MINUTE, 3 * HOUR, 3 * HOUR, 3 * HOUR, DAY, DAY, DAY)
LONG_PAUSES = (4 * DAY, 8 * DAY, 31 * DAY)
OFTEN = {
    "pay": 30, "card": 16, "deposit": 12, "capture": 8, "answer": 8, "review": 6, "release": 5, "reverse": 5,
    "exchange": 5, "again": 5, "limits": 4, "freeze": 3, "open": 3, "expire": 2, "day_end": 2, "close": 1,
    "report": 2,
}  # fmt: skip
VERBS = tuple(verb for verb, times in OFTEN.items() for _ in range(times))
MOST_OPEN = 24


class Teller:
    """Thinks of the next command, knowing the reference books."""

    def __init__(self, reference: Reference, prefix: str = "") -> None:
        """`prefix` begins every key and name, so that several runs can share one bank."""
        self.reference = reference
        self.at = START
        self.prefix = prefix
        self._dice: Dice
        self._asked = 0
        self._names: list[str] = []
        self._recent: dict[str, deque[str]] = {
            kind: deque(maxlen=12) for kind in ("hold", "case", "challenge", "entry")
        }
        self._commands: deque[Command] = deque(maxlen=20)

    def next(self, dice: Dice, verb: str = "") -> Command:
        """A command; an empty `verb` leaves that to the dice too."""
        self._dice = dice
        self.at += pick(dice, PAUSES) if once_in(dice, 12) else SECOND
        self.at += pick(dice, LONG_PAUSES) if once_in(dice, 250) else 0
        make: Callable[[], Command] = getattr(self, verb or pick(dice, VERBS) if self._names else "open")
        command = make()
        self._commands.append(command)
        return command

    def saw(self, command: Command, expected: Expected) -> None:
        """Remember what a command made, so that later ones can be about it."""
        if expected.seq < 0 or expected.replayed:
            return
        for kind in ("hold", "case", "challenge"):
            if made := getattr(expected, kind):
                self._recent[kind].append(made)
        if expected.moves:
            self._recent["entry"].append(f"D{expected.seq:011d}")
        if isinstance(command, OpenAccount) and expected.made:
            self._names.append(expected.made)
            if len(self._names) > MOST_OPEN:
                self._names = [name for name in self._names if self._row(name)["status"] == "open"]

    # -- parts of a command --------------------------------------------------------------------

    def _row(self, name: str) -> Row:
        row = self.reference.books.accounts.get(name, {})
        return row if row.get("side") == "customer" else {}

    def _stamp(self, actor: str) -> dict[str, Any]:
        self._asked += 1
        at = self.at - (pick(self._dice, (SECOND, MINUTE, HOUR)) if once_in(self._dice, 20) else 0)
        return {"key": f"{self.prefix}k{self._asked}", "actor": actor, "at": at, "known_at": self.at}

    def _staff(self) -> str:
        return pick(self._dice, ("system:core", "staff:lee", "staff:may", "customer:" + PEOPLE[1]))

    def _actor(self, owner: str) -> str:
        who = (f"customer:{owner}",) * 6 + ("staff:lee", "system:core", f"staff:{owner}", "customer:bob")
        return pick(self._dice, who)

    def _account(self) -> str:
        if once_in(self._dice, 40):
            return pick(self._dice, ("nobody", "bank:cash:CNY"))
        return pick(self._dice, self._names)

    def _recently(self, kind: str) -> str:
        known = self._recent[kind]
        if not known or once_in(self._dice, 40):
            return pick(
                self._dice, ("H00000000000", "D00000000001", "D99999999999", "C00000000007", "nothing")
            )
        return known[len(known) - 1 - self._dice.below(len(known))]

    def _amount(self, row: Row) -> int:
        """An amount that matters to this account: ordinary, in a band of the policies, or at an edge."""
        how = self._dice.below(8)
        if row and 7_000 <= available(row) < 9_500:
            how = max(how, 5)
        if how < 4 or not row:
            return 1 + self._dice.below((300, 3_000, 30_000, 300_000)[how % 4])
        if how < 6:
            return 7_000 + self._dice.below(2_500)
        left = available(row)
        edges = [left, left - payment_fee(row["product"].split("@")[0], max(left, 1))]
        for name, used in (
            ("payment", 0),
            ("day", row["spent_day_minor"]),
            ("month", row["spent_month_minor"]),
        ):
            if (limit := row[f"limit_{name}_minor"]) is not None:
                edges.append(limit - used)
        return min(max(pick(self._dice, edges) + self._dice.below(3) - 1, 1), LARGEST)

    def _currency(self, row: Row) -> str:
        return "JPY" if once_in(self._dice, 50) else row.get("currency", "CNY")

    # -- one method for each verb ----------------------------------------------------------------

    def open(self) -> Command:
        """Open an account, funded or not."""
        owner, product = pick(self._dice, PEOPLE), pick(self._dice, CODES)
        n = self._dice.below(3)
        name = "" if once_in(self._dice, 12) else f"{self.prefix}{owner}{len(self._names) if n == 0 else n}"
        money = pick(self._dice, (100_000, 1_000_000, 0, 5_000, 4_999, 10_000_000))
        source = self._account() if once_in(self._dice, 6) and self._names else ""
        actor = self._actor(owner) if once_in(self._dice, 4) else "system:core"
        return OpenAccount(
            customer=owner, product=product, account=name, opening_minor=money, source=source,
            name=owner.title(),
            **self._stamp(actor),
        )  # fmt: skip

    def deposit(self) -> Command:
        """Pay in from outside."""
        name = self._account()
        row = self._row(name)
        much = 10**15 if once_in(self._dice, 200) else self._amount(row) * pick(self._dice, (1, 10, 100))
        if row and available(row) < 7_000 and once_in(self._dice, 2):
            much = 7_000 + self._dice.below(2_000) - available(row)
        return Deposit(
            account=name, amount_minor=min(much, 10**15), currency=self._currency(row),
            source=pick(self._dice, ("cash", "clearing")), **self._stamp(self._staff()),
        )  # fmt: skip

    def pay(self) -> Command:
        """A transfer, most often to an account of the same currency."""
        payer = self._account()
        row = self._row(payer)
        near = [name for name in self._names if self._row(name)["currency"] == row.get("currency")]
        near = [name for name in near if name != payer]
        payee = pick(self._dice, near) if near and not once_in(self._dice, 12) else self._account()
        owner = PEOPLE[0] if once_in(self._dice, 60) else row.get("owner", PEOPLE[0])
        return Pay(
            customer=owner, payer=payer, payee=payee, amount_minor=self._amount(row),
            currency=self._currency(row), **self._stamp(self._actor(owner)),
        )  # fmt: skip

    def card(self) -> Command:
        """A card payment or authorisation."""
        payer = self._account()
        row = self._row(payer)
        owner = row.get("owner", PEOPLE[0])
        much = 0 if once_in(self._dice, 30) else self._amount(row)
        return AuthoriseCardPayment(
            customer=owner, payer=payer, terminal="T1", amount_minor=much, currency=self._currency(row),
            capture=once_in(self._dice, 3), **self._stamp("system:cards"),
        )  # fmt: skip

    def capture(self) -> Command:
        """Take a hold, all of it or a part, or one unit too much."""
        hold_id = self._recently("hold")
        hold = self.reference.books.holds.get(hold_id, {})
        held = hold.get("amount_minor", 0)
        much = pick(self._dice, (held, held // 2, 1, held + 1, held - 1))
        return CaptureCardPayment(
            hold=hold_id,
            amount_minor=min(max(much, 1), LARGEST),
            currency=self._currency(hold),
            **self._stamp(self._staff()),
        )

    def release(self) -> Command:
        """Give a hold back."""
        return ReleaseHold(hold=self._recently("hold"), **self._stamp(self._staff()))

    def expire(self) -> Command:
        """Expire what is over."""
        stamp = self._stamp(pick(self._dice, ("system:day-end", "staff:lee")))
        return ExpireHolds(limit=pick(self._dice, (500, 1, 3)), **stamp)

    def answer(self) -> Command:
        """Confirm or deny a step-up; sometimes another amount than was shown."""
        name = self._recently("challenge")
        shown = self.reference.challenges.get(name, {})
        much = shown.get("amount_minor", 1) + int(once_in(self._dice, 20))
        owner = shown.get("customer", PEOPLE[0])
        who = PEOPLE[1] if once_in(self._dice, 20) else owner
        return AnswerStepUp(
            challenge=name, confirm=self._dice.below(4) < 3, payee=shown.get("payee", "bob1"),
            amount_minor=min(much, LARGEST),
            currency=shown.get("currency", "CNY"), **self._stamp(f"customer:{who}"),
        )  # fmt: skip

    def review(self) -> Command:
        """A person answers a case."""
        who = pick(self._dice, ("staff:lee", "staff:may", "staff:ann", "system:core"))
        return ReviewCase(case=self._recently("case"), release=self._dice.below(3) < 2, **self._stamp(who))

    def reverse(self) -> Command:
        """Undo an entry, or one undone before."""
        return Reverse(decision=self._recently("entry"), **self._stamp(self._staff()))

    def exchange(self) -> Command:
        """Exchange between two accounts, mostly of one owner."""
        payer = self._account()
        row = self._row(payer)
        mine = [
            name
            for name in self._names
            if self._row(name)["owner"] == row.get("owner")
            and self._row(name)["currency"] != row.get("currency")
        ]
        payee = pick(self._dice, mine) if mine else self._account()
        return Exchange(
            customer=row.get("owner", PEOPLE[0]), payer=payer, payee=payee, amount_minor=self._amount(row),
            rate_numerator=1 + self._dice.below(100_000),
            rate_denominator=pick(self._dice, (10_000, 7, 1, 333)),
            margin_bp=pick(self._dice, (0, 50, 333, 9_999)), **self._stamp("system:core"),
        )  # fmt: skip

    def limits(self) -> Command:
        """Other limits; sometimes out of order, sometimes an overdraft below what is used."""
        name = self._account()
        row = self._row(name)
        small = self._dice.below(20_000)
        ladder = pick(
            self._dice, ((None, None, None), (small, 2 * small, 3 * small), (None, small, None), (9, 8, 7))
        )
        line = pick(self._dice, (None, 0, 5_000, small, 10**6, 10**9))
        clerk = pick(self._dice, ("staff:lee", "staff:may"))
        actor = self._actor(row.get("owner", PEOPLE[0])) if once_in(self._dice, 2) else clerk
        return SetLimits(
            account=name, payment_minor=ladder[0], day_minor=ladder[1], month_minor=ladder[2],
            overdraft_minor=line, **self._stamp(actor),
        )  # fmt: skip

    def freeze(self) -> Command:
        """Freeze an account or set it free, the latter more often."""
        way = pick(self._dice, ("", "in", "out", "both"))
        return FreezeAccount(
            account=self._account(), direction=way, on=self._dice.below(2) == 0, **self._stamp(self._staff())
        )

    def report(self) -> Command:
        """Report a payment as fraud, sometimes one reported before."""
        fields = {"payment": self._recently("entry"), "customer": PEOPLE[0], "amount_minor": 100}
        return ReportFraud(**fields, paid_at=self.at - HOUR, **self._stamp(self._staff()))

    def day_end(self) -> Command:
        """Close a bank day for a page of accounts."""
        day = day_of(self.at) - pick(self._dice, (1, 1, 1, 2, 0))
        after = self._account() if once_in(self._dice, 5) else ""
        stamp = self._stamp("system:day-end")
        return RunDayEnd(day=day, after=after, limit=pick(self._dice, (500, 500, 3)), **stamp)

    def close(self) -> Command:
        """Close an account into another of its owner, or without naming one."""
        name = self._account()
        owner = self._row(name).get("owner", PEOPLE[0])
        mine = [other for other in self._names if self._row(other)["owner"] == owner]
        payee = pick(self._dice, mine) if mine and not once_in(self._dice, 4) else ""
        return CloseAccount(account=name, payee=payee, **self._stamp(self._actor(owner)))

    def again(self) -> Command:
        """An earlier command once more: the same body, another body under its key, or by another actor."""
        if not self._commands:
            return self.deposit()
        earlier = pick(self._dice, tuple(self._commands))
        how = self._dice.below(4)
        if how < 2:
            return msgspec.structs.replace(earlier, at=self.at, known_at=self.at)
        if how == 2:
            return msgspec.structs.replace(self.pay(), key=earlier.key, actor=earlier.actor)
        return msgspec.structs.replace(self.deposit(), key=earlier.key, actor="system:other")
