"""What became known about payments afterwards: fraud reports, and what reviewers took held ones for."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from jingwei.journeys.report_fraud import ReportFraud
from jingwei.journeys.shape import Sealed


class Labels:
    """Payments (by decision id) known to be fraud, or known to be good.

    A report of fraud outweighs a review. Who is not named here was never looked at: unknown, not good. The
    reports of a stream name a payment by the key it came under; records must be learned in their order.
    """

    def __init__(self) -> None:
        self.fraud: set[str] = set()
        self.good: set[str] = set()
        self._brought: dict[tuple[str, str], str] = {}
        """The decision of each payment that a program brought in, by its actor and key."""

    def learn(self, sealed: Sealed) -> None:
        """Learn from one record."""
        command, answer = sealed.command, sealed.answer
        if answer.policy and command.actor.startswith("system:"):
            self._brought[command.actor, command.key] = answer.id
        if isinstance(command, ReportFraud) and answer.result == "done":
            self._mark(self.reported(command), True)
        for event in answer.events:
            fields = event if isinstance(event, dict) else msgspec.to_builtins(event)
            if fields["type"] == "case_reviewed":
                self._mark(fields["about"], fields["fraud"])

    def reported(self, report: ReportFraud) -> str:
        """The decision that a report is about; what it names where no such payment was learned of."""
        return self._brought.get((report.actor, report.payment), report.payment)

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
