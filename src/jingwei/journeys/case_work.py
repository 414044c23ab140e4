"""What the journeys of a case share: the case, the work on it, its parties, and who may not touch it."""

from __future__ import annotations

import msgspec

from jingwei.journeys.own_work import Parties, parties
from jingwei.journeys.shape import Books
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.casework import CaseNote, CaseWork
from jingwei.ledger.work import Case


class SeenCase(msgspec.Struct, frozen=True):
    """A case with the work on it."""

    seq: int
    case: Case | None
    work: CaseWork
    parties: Parties


def look_at_case(case_id: str, books: Books) -> SeenCase:
    """Read a case, its work and its parties."""
    case = books.get(Case, case_id)
    work = books.get(CaseWork, case_id) or CaseWork(case_id)
    return SeenCase(books.seq, case, work, parties(case, books))


def not_workable(actor: str, seen: SeenCase) -> Refusal | None:
    """Why this actor cannot work on the case, or None: it must be there, open, and of others."""
    if seen.case is None:
        return Refusal("case_not_found")
    if seen.case.status != "open":
        return Refusal("case_closed", {"status": seen.case.status})
    return Refusal("own_work") if seen.parties.include(actor) else None


def note(seen: SeenCase, by: str, at: int, kind: str, text: str) -> CaseNote:
    """What was done to the case, kept as a remark on it."""
    return CaseNote(f"N{seen.seq:011d}", seen.work.id, by, at, kind, text)
