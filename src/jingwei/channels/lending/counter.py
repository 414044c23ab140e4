"""The bank's side of the loan counter at which the simulated city's people ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jingwei.channels.lending.asking import looked_into
from jingwei.domains.credit.loans import LoanApplication

if TYPE_CHECKING:
    from jingwei.journeys.apply_for_loan import ApplyForLoan
    from jingwei.models.registry import Registry
    from jingwei.stores.store import Reader


class LoanCounter:
    """Measures applications as for anybody, and shows what became of them."""

    def __init__(self, reader: Reader, registry: Registry) -> None:
        self._reader, self._registry = reader, registry

    def measured(self, ask: ApplyForLoan) -> ApplyForLoan:
        """The application with what the customer lets the bank look at."""
        return looked_into(self._reader, ask, self._registry)

    def application(self, some_id: str) -> LoanApplication | None:
        """An application as the bank keeps it."""
        return next(iter(self._reader.load(LoanApplication, [some_id])), None)
