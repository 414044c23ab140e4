"""What a small company may be scored on: the bank's own columns, those of each source, what it agreed to."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from jingwei.kernel.purpose import DataClass

COMPANY = "company"
"""The slot of the scorecard for small companies."""
OWN = ("account_days", "balance_days", "money_in_year", "money_in_change", "refused")
"""What the bank knows itself."""
SOURCES: dict[str, tuple[str, ...]] = {
    "tax": ("tax_sales_year", "tax_sales_change", "tax_late_filings"),
    "power": ("power_year", "power_change"),
    "invoices": ("invoices_late_share", "invoices_days", "invoices_largest_buyer"),
    "supply_chain": ("chain_confirmed", "chain_years"),
}
"""The columns each source brings."""
BUREAU = "bureau"
"""The source that is not scored: what a company owes elsewhere bounds what it can be lent."""

DATA: dict[str, DataClass] = {name: DataClass(name) for name in (*SOURCES, BUREAU)}
"""The kind of data a source is, to which a company agrees by itself."""


class CompanyInputs(msgspec.Struct, frozen=True):
    """What one company is scored on: own columns by name, and those of each source it let the bank read.

    `agreed` are the sources it agreed to, `asked` those it was asked for; what another source says is not
    looked at, even when it is here. `told_by` names the system each source's records came from ("simulated
    tax" for made-up ones). Amounts are whole units of the currency, changes and shares fractions.
    """

    own: dict[str, float]
    sources: dict[str, dict[str, float]]
    agreed: tuple[str, ...]
    asked: tuple[str, ...] = ()
    told_by: dict[str, str] = {}

    def numbers(self) -> dict[str, float]:
        """All that may be read, by name."""
        told = dict(self.own)
        for name in self.agreed:
            told |= self.sources.get(name, {})
        return told

    def turnover(self) -> int:
        """A year's turnover in whole units: what came into the accounts here or, where that may be read and
        is more, the sales in the tax returns."""
        told = self.numbers()
        return int(max(told.get("money_in_year", 0.0), told.get("tax_sales_year", 0.0), 0.0))


def only(inputs: CompanyInputs, agreed: Collection[str]) -> CompanyInputs:
    """The same without every source that is not agreed to: its records are gone, not just passed over."""
    left = tuple(name for name in inputs.agreed if name in agreed)
    return CompanyInputs(
        inputs.own,
        {name: columns for name, columns in inputs.sources.items() if name in left},
        left,
        inputs.asked,
        {name: who for name, who in inputs.told_by.items() if name in left},
    )
