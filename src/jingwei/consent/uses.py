"""The log of uses: who read what of a customer, for which purpose; counted for each day."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from jingwei.kernel.clock import bank_day
from jingwei.kernel.kept import Kept
from jingwei.kernel.purpose import DataClass, Purpose


class DataUse(Kept, frozen=True):
    """How often one reader read of one customer for one purpose on one bank day.

    `data` names the kinds of data, in order, separated by commas; moments are microseconds UTC.
    """

    customer: str
    day: int
    purpose: str
    reader: str
    data: str
    times: int
    first_at: int
    last_at: int
    why: str = ""


def use_id(customer: str, day: int, purpose: str, reader: str) -> str:
    """Id of the count; ids of one customer are in order of days."""
    return f"{customer}~{day:06d}~{purpose}~{reader}"


def used(before: DataUse | None, some_id: str, data: Iterable[DataClass], at: int, why: str = "") -> DataUse:
    """The count after one more use at this moment."""
    if before is None:
        customer, day, purpose, reader = some_id.split("~", 3)
        return DataUse(some_id, customer, int(day), purpose, reader, _names(data), 1, at, at, why)
    both = {DataClass(name) for name in before.data.split(",")} | set(data)
    return replace(
        before,
        data=_names(both),
        times=before.times + 1,
        last_at=max(at, before.last_at),
        why=why or before.why,
    )


def today(customer: str, purpose: Purpose, reader: str, at: int) -> str:
    """Id of the count of the bank day that holds this moment."""
    return use_id(customer, bank_day(at), purpose, reader)


def _names(data: Iterable[DataClass]) -> str:
    return ",".join(sorted({one.value for one in data}))
