"""The lessons learned from SIMULATED people and companies: which columns are the bank's own, which come from
other sources."""

from __future__ import annotations

from typing import Any

import numpy as np

from jingwei.domains.credit.company_inputs import OWN, SOURCES
from jingwei.domains.credit.trained_score import BEHAVIOUR
from jingwei.learning.credit_training import CreditLesson
from jingwei.learning.tabular import Table
from jingwei.simulation.city.repayers import borrowers
from jingwei.simulation.companies import companies

CITIES = (101, 102, 103)
"""Seeds of the cities that are learned from."""
OWN_PEOPLE = tuple(name for name in BEHAVIOUR if name != "overdrawn_days")
"""Nobody overdraws an account in the city, so that column would teach nothing."""
BUREAU = {"bureau": ("late_marks", "monthly_minor")}

LESSONS: dict[str, dict[str, Any]] = {
    "credit": {"own": OWN_PEOPLE, "sources": BUREAU, "target": "late", "protected": ("sex", "age")},
    "thin_file": {"own": OWN_PEOPLE, "target": "late", "protected": ("sex", "age")},
    "company": {"own": OWN, "sources": SOURCES, "target": "outcome", "protected": ("owner_sex",)},
}


def simulated(what: str, people: int, by: str, owner: str) -> tuple[Table, CreditLesson]:
    """The rows and the lesson of one of LESSONS."""
    if what == "company":
        columns, data = companies(people // 4, CITIES[0]), "SIMULATED small companies"
    else:
        parts = [borrowers(people // len(CITIES), seed) for seed in CITIES]
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        data = f"SIMULATED city: who repays loans elsewhere among {people} people, seeds {CITIES}"
    lesson = CreditLesson(
        good="good", owner=owner, by=by, slot=what, data=data, simulated=True,
        first="2025-06-04", until="2026-02-28", **LESSONS[what],
    )  # fmt: skip
    return Table(data, columns), lesson
