"""What the newest records say, kept in memory and brought up to date before each look."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import msgspec

from jingwei.journeys.report_fraud import ReportFraud
from jingwei.journeys.table import unseal
from jingwei.learning.labels import Labels

if TYPE_CHECKING:
    from jingwei.journeys.shape import Sealed
    from jingwei.kernel.refusal import Refusal
    from jingwei.stores.store import Reader

MOST = 200_000
"""Payments kept in memory; older ones are found in the log."""

BY_RULES = "payment_refused"
"""The code of a refusal that rules decided."""

RECORDS = 400_000
"""Records read when the first look is taken."""


class Fact(msgspec.Struct, frozen=True, gc=False):
    """A payment that was judged. `result` is what it came to, `to` the payee or terminal.

    `refusal` is why nothing could be done where no rule says it: too little money, a frozen card.
    """

    seq: int
    id: str
    at: int
    known_at: int
    customer: str
    to: str
    amount_minor: int
    currency: str
    result: str
    policy: str
    model: str
    score: float | None
    reasons: tuple[str, ...]
    refusal: Refusal | None = None
    policy_name: str = ""
    """The policy without its version."""


class Answered(msgspec.Struct, frozen=True, gc=False):
    """A case that a person answered."""

    at: int
    case: str
    by: str
    released: bool


def unruled(refusal: Refusal | None) -> Refusal | None:
    """A refusal that the books gave, not the rules, whose reasons are told as reasons."""
    return refusal if refusal is not None and refusal.code != BY_RULES else None


class Facts:
    """Payments, answers of people and fraud reports, oldest first."""

    def __init__(self) -> None:
        self.first = self.until = -1
        self.payments: deque[Fact] = deque(maxlen=MOST)
        self.answered: deque[Answered] = deque(maxlen=MOST)
        self.reported: deque[tuple[int, str]] = deque(maxlen=MOST)
        self.labels = Labels()
        self.judged: dict[str, deque[Fact]] = {}
        """The payments by the name of the policy that judged them."""

        self._same: dict[Any, Any] = {}

    def behind(self, size: int) -> int:
        """How many records there are to read."""
        return min(size, RECORDS) if self.until < 0 else size - self.until

    def take(self, reader: Reader, size: int) -> None:
        """Read what is new up to record `size`."""
        if self.until < 0:
            self.first = max(0, size - RECORDS)
        start = max(self.until, self.first)
        for _, leaf in reader.records(start, size):
            self._learn(unseal(leaf))
        self.until = max(size, start)

    def _learn(self, sealed: Sealed) -> None:
        command, answer = sealed.command, sealed.answer
        self.labels.learn(sealed)
        if answer.policy and hasattr(command, "amount_minor"):
            to = getattr(command, "payee", "") or getattr(command, "terminal", "")
            name = self._one(answer.policy.partition("@")[0])
            fact = Fact(
                sealed.seq, answer.id, command.at, command.known_at, command.customer, to,
                command.amount_minor, self._one(command.currency), self._one(answer.result),
                self._one(answer.policy), self._one(answer.model), answer.score,
                self._one(answer.reasons), unruled(answer.refusal), name,
            )  # fmt: skip
            self.payments.append(fact)
            self.judged.setdefault(name, deque(maxlen=MOST)).append(fact)
        elif isinstance(command, ReportFraud) and answer.result == "done":
            self.reported.append((command.known_at, self.labels.reported(command)))
        elif answer.case and any(event["type"] == "case_reviewed" for event in answer.events):
            released = answer.result == "allowed"
            self.answered.append(Answered(command.known_at, answer.case, command.actor, released))

    def _one(self, value: Any) -> Any:
        """The same object for equal values: few differ, and there are many payments."""
        return self._same.setdefault(value, value)

    def between(self, start: int, end: int) -> Iterator[Fact]:
        """The payments the bank learned of at start <= known_at < end, newest first."""
        for fact in reversed(self.payments):
            if fact.known_at < start:
                return
            if fact.known_at < end:
                yield fact

    def of_policy(self, name: str, start: int) -> Iterator[Fact]:
        """The payments judged by this policy since then, newest first."""
        return takewhile(lambda fact: fact.known_at >= start, reversed(self.judged.get(name, ())))
