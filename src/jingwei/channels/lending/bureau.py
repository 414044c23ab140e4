"""Credit bureaus: the port through which a report is queried, and a simulated one that makes reports up."""

from __future__ import annotations

import hashlib
from typing import Protocol

from jingwei.domains.credit.inputs import Bureau

SIMULATED = "simulated bureau"


class CreditBureau(Protocol):
    """Somebody who reports how customers repay elsewhere. Asked only with the customer's consent."""

    def report(self, customer: str, at: int) -> Bureau | None:
        """The report on this customer at this moment, or None when none can be had."""
        ...


class SimulatedBureau:
    """Makes reports up from the customer's number: the same number always gets the same report.

    About seven in ten have nothing late; nobody real is described.
    """

    def report(self, customer: str, at: int) -> Bureau | None:
        """A made-up report."""
        drawn = hashlib.sha256(f"credit bureau {customer}".encode()).digest()
        debts = (0, 0, 0, 0, 1, 1, 1, 2, 2, 4)[drawn[0] % 10]
        return Bureau(
            source=SIMULATED,
            reported_at=at,
            debts=debts,
            monthly_minor=debts * (30_000 + drawn[1] * 300),
            late_marks=(0, 0, 0, 0, 0, 0, 0, 1, 1, 3)[drawn[2] % 10],
            inquiries=(0, 0, 1, 1, 2, 3, 6)[drawn[3] % 7],
        )
