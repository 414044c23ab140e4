"""Consents as the bank keeps them, and whether one holds: asked anew for each command, never remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from jingwei.consent.grounds import REGISTER, needs_consent
from jingwei.kernel.kept import Kept
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.kernel.refusal import Refusal, Words, declare


class Consent(Kept, frozen=True):
    """That a customer lets the bank read one kind of data for one purpose.

    Moments are microseconds UTC. `until` 0 is until it is taken back; `withdrawn_at` 0 is: not taken
    back. Giving again after taking back begins anew; what was before stands in the records.
    """

    customer: str
    purpose: str
    data: str
    given_at: int
    until: int = 0
    withdrawn_at: int = 0

    def holds(self, at: int) -> bool:
        """Whether the bank may read on the strength of this at that moment."""
        return not self.withdrawn_at and (not self.until or at < self.until)


declare(
    {
        "consent_missing": Words(
            "The customer has not agreed to this use of the data.", "客户未同意将数据用于此目的。"
        ),
        "consent_not_asked": Words("This purpose does not rest on consent.", "此目的不以同意为依据。"),
        "consent_not_read": Words(
            "This purpose does not read what was named ({data}); nothing was agreed to.",
            "此目的不读取所指的数据（{data}），未作任何同意。",
        ),
        "consent_past": Words("The consent would end before it begins.", "同意的截止时间早于现在。"),
    }
)

Find = Callable[[str], Consent | None]
"""Reads one consent as it stands now, by id."""


class ConsentMissing(Exception):
    """Data was to be read for a purpose its customer has not agreed to; nothing of it was handed out."""

    def __init__(self, purpose: Purpose, data: DataClass) -> None:
        super().__init__(f"no consent to read {data.value} for {purpose.value}")
        self.refusal = Refusal("consent_missing", {"purpose": purpose.value, "data": data.value})


def consent_id(customer: str, purpose: str, data: str) -> str:
    """Id of the one consent a customer can have for this purpose and kind of data."""
    return f"{customer}~{purpose}~{data}"


def permitted(customer: str, purpose: Purpose, data: DataClass, at: int, find: Find) -> bool:
    """Whether this kind of the customer's data may be read for this purpose now.

    What the register does not name for a purpose is never read for it, whoever agrees.
    """
    if data not in REGISTER[purpose].all:
        return False
    if not needs_consent(purpose):
        return True
    found = find(consent_id(customer, purpose, data))
    return found is not None and found.holds(at)


def lacking(
    customer: str, purpose: Purpose, data: Iterable[DataClass], at: int, find: Find
) -> DataClass | None:
    """The first of these kinds of data that may not be read, or None."""
    return next((one for one in data if not permitted(customer, purpose, one, at, find)), None)
