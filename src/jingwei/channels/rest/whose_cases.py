"""Which cases a member of staff may read and work on: who only lends, those of loans alone."""

from __future__ import annotations

from jingwei.channels.identity import Caller
from jingwei.channels.problems import Problem
from jingwei.channels.rest.desk import Desk
from jingwei.channels.roles import OVERSIGHT, SYSTEM, may
from jingwei.domains.credit.loans import LOAN_CASES
from jingwei.kernel.ids import seq_of
from jingwei.ledger.work import Case
from jingwei.stores.store import Reader

AT_ONCE = 200


def every_case(caller: Caller) -> bool:
    """Whether the cases of payments are this caller's too, as the desk shows them (`channels/roles.py`)."""
    return may(caller.roles, (*OVERSIGHT, SYSTEM))


def check_case(desk: Desk, caller: Caller, case: str) -> None:
    """Let through whoever may have to do with this case; one that is missing is refused by the journey.

    Raises Problem `not_allowed` for a case about a payment and somebody who only lends.
    """
    if every_case(caller):
        return
    found = desk.reader.load(Case, [case]) if seq_of(case) is not None else []
    if found and found[0].code not in LOAN_CASES:
        raise Problem("not_allowed")


def cases_of(reader: Reader, caller: Caller, status: str, after: str, limit: int) -> list[Case]:
    """The first `limit` cases of this status after the id `after` that the caller may read, oldest first."""
    if every_case(caller):
        return reader.find(Case, "status", status, after=after, limit=limit)
    found: list[Case] = []
    while len(found) < limit and (page := reader.find(Case, "status", status, after=after, limit=AT_ONCE)):
        found += [one for one in page if one.code in LOAN_CASES]
        after = page[-1].id
    return found[:limit]
