"""What a small company may be scored on: the bank's own columns, those of each source, what it agreed to."""

from __future__ import annotations

import msgspec

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


class CompanyInputs(msgspec.Struct, frozen=True):
    """What one company is scored on: own columns by name, and those of each source it let the bank read.

    `agreed` are the sources it agreed to; what another source says is not looked at, even when it is here.
    """

    own: dict[str, float]
    sources: dict[str, dict[str, float]]
    agreed: tuple[str, ...]

    def numbers(self) -> dict[str, float]:
        """All that may be read, by name."""
        told = dict(self.own)
        for name in self.agreed:
            told |= self.sources.get(name, {})
        return told
