"""What became known about payments afterwards: fraud reports, and what reviewers took held ones for."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from jingwei.journeys.report_fraud import ReportFraud
from jingwei.journeys.shape import Sealed


class Labels:
    """Payments (by decision id) known to be fraud, or known to be good.

    A report of fraud outweighs a review. Who is not named here was never looked at: unknown, not good.
    """

    def __init__(self) -> None:
        self.fraud: set[str] = set()
        self.good: set[str] = set()

    def learn(self, sealed: Sealed) -> None:
        """Learn from one record."""
        command, answer = sealed.command, sealed.answer
        if isinstance(command, ReportFraud) and answer.result == "done":
            self._mark(command.payment, True)
        for event in answer.events:
            fields = event if isinstance(event, dict) else msgspec.to_builtins(event)
            if fields["type"] == "case_reviewed":
                self._mark(fields["about"], fields["fraud"])

    def _mark(self, payment: str, fraud: bool) -> None:
        if fraud:
            self.fraud.add(payment)
            self.good.discard(payment)
        elif payment not in self.fraud:
            self.good.add(payment)

    def known(self, payment: str) -> bool | None:
        """True for fraud, False for good, None when nobody knows."""
        return True if payment in self.fraud else False if payment in self.good else None

    def count(self, payments: Iterable[str]) -> tuple[int, int]:
        """(fraud, good) among these payments."""
        fraud = good = 0
        for payment in payments:
            fraud += payment in self.fraud
            good += payment in self.good
        return fraud, good
