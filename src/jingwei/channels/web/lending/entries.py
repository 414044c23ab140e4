"""The entries of a loan: the lines of its account that paid it out or repaid it, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jingwei.channels.rest.views import walk
from jingwei.domains.credit.loans import Loan
from jingwei.journeys.table import unseal
from jingwei.ledger.accounts import Balance

if TYPE_CHECKING:
    from jingwei.channels.web.pages import Site
    from jingwei.journeys.shape import Sealed

KINDS = frozenset({"loan", "loan_payment", "loan_recovery"})
MOST_LINES = 2_000


class Entry(NamedTuple):
    """One record's lines together: below zero was paid by the borrower. `shared` is a day's closing, in
    which other loans of the same account may have been paid too."""

    decision: str
    at: int
    amount_minor: int
    shared: bool


def entries(site: Site, loan: Loan) -> list[Entry]:
    """The entries of this loan on its account."""
    reader = site.desk.reader
    balance = next(iter(reader.load(Balance, [loan.account])), None)
    if balance is None:
        return []
    found: dict[int, Entry] = {}
    for line in walk(reader, balance, "", MOST_LINES)[0]:
        if line.at < loan.signed_at:
            break
        seq = line.line >> 16
        if line.kind not in KINDS:
            continue
        if seq in found:
            found[seq] = found[seq]._replace(amount_minor=found[seq].amount_minor + line.amount_minor)
            continue
        leaf = reader.record(seq)
        sealed = unseal(leaf) if leaf else None
        if sealed is not None and (whose := loan_of(sealed)) in (loan.id, ""):
            found[seq] = Entry(sealed.answer.id, line.at, line.amount_minor, not whose)
    return list(found.values())


def loan_of(sealed: Sealed) -> str:
    """The loan a record is about; "" for a day's closing, which is about many."""
    made = sealed.answer.made
    named: str = getattr(sealed.command, "loan", "")
    return named or (made if made.startswith("L") else "")
