"""What the bank's own records say about a city's borrowers, without writing the city down as files."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from jingwei.kernel.clock import DAY
from jingwei.learning.early_warning import Borrowers, borrowers_of
from jingwei.simulation.city.world import City

READ = (
    ("income", "deposits", ("amount_minor",)),
    ("cards", "cards", ("amount_minor",)),
    ("payments", "payments", ("amount_minor",)),
    ("balance", "book_balances", ("balance_minor",)),
    ("elsewhere", "loans", ("amount_minor", "days_late")),
    ("instalments", "book_instalments", ("loan", "amount_minor", "paid")),
)
"""Each kind of record, the system it lies in, and its columns after person and moment."""


def borrowers_in(city: City) -> Borrowers:
    """The borrowers of a city as its bank knows them; the same as reading its files."""
    told: dict[str, list[npt.NDArray[np.int64]]] = {}
    for name, system, columns in READ:
        rows = city.systems[system]
        told[name] = [np.asarray(rows[column]).astype(np.int64) for column in ("person", "at", *columns)]
    asked = city.systems["bureau_queries"]
    told["queries"] = [asked["person"], asked["at"], np.ones(len(asked["at"]), np.int64)]
    rows = city.systems["book_applications"]
    kept = rows["granted"]
    told["applications"] = [rows[column][kept] for column in ("person", "at", "loan", "term")]
    first = min(int(rows[1].min()) for rows in told.values() if len(rows[1]))
    return borrowers_of(told, (first + DAY // 3) // DAY)
