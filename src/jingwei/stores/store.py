"""What an engine must offer to keep the bank: one durable write, and reads. All pass the same tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

import msgspec

from jingwei.consent.consents import Consent
from jingwei.consent.uses import DataUse
from jingwei.decisions.drafts import PolicyDraft
from jingwei.decisions.published import PolicyVersion
from jingwei.domains.credit.beside import ChallengerScore
from jingwei.domains.credit.loans import Loan, LoanApplication, PayLaterLine
from jingwei.domains.credit.trained_score import ScorecardInUse
from jingwei.domains.credit.warnings import EarlyWarning
from jingwei.domains.offers.showing import OfferArm, Offering
from jingwei.domains.tags.audiences import Audience, AudienceExport
from jingwei.ledger.accounts import Account, Balance, Hold, Kept, Line
from jingwei.ledger.appeals import Appeal
from jingwei.ledger.cards import Card
from jingwei.ledger.casework import CaseNote, CaseWork
from jingwei.ledger.family import Preference, Tie
from jingwei.ledger.links import IdentityLink
from jingwei.ledger.planned import Payee, PendingPayment, Schedule
from jingwei.ledger.pots import Pot
from jingwei.ledger.work import Case, Challenge, Customer, Erasure, Reversal

K = TypeVar("K", bound=Kept)

SCHEMA_VERSION = 3

SHELVES: dict[type[Kept], tuple[str, tuple[str, ...]]] = {
    Account: ("accounts", ("owner",)),
    Balance: ("balances", ()),
    Hold: ("holds", ("account", "status")),
    Customer: ("customers", ()),
    Case: ("cases", ("status", "customer", "about")),
    Challenge: ("challenges", ("status", "customer", "about")),
    Reversal: ("reversals", ()),
    PolicyVersion: ("policies", ("name",)),
    Consent: ("consents", ("customer", "purpose")),
    DataUse: ("data_uses", ("customer",)),
    Card: ("cards", ("customer", "account")),
    Pot: ("pots", ("customer", "account")),
    Erasure: ("erasures", ("customer",)),
    PendingPayment: ("pending_payments", ("status", "customer")),
    Schedule: ("schedules", ("status", "customer")),
    Payee: ("payees", ("customer",)),
    Appeal: ("appeals", ("status", "customer")),
    Tie: ("ties", ("whose", "keeper")),
    Preference: ("preferences", ()),
    CaseWork: ("case_work", ()),
    CaseNote: ("case_notes", ("about",)),
    PolicyDraft: ("policy_drafts", ("name", "state")),
    LoanApplication: ("loan_applications", ("status", "customer")),
    Loan: ("loans", ("status", "customer")),
    PayLaterLine: ("pay_later_lines", ("status", "customer")),
    ScorecardInUse: ("scorecards", ()),
    ChallengerScore: ("challenger_scores", ("customer",)),
    EarlyWarning: ("early_warnings", ("status", "loan")),
    IdentityLink: ("identity_links", ("customer",)),
    Offering: ("offerings", ("customer", "state")),
    OfferArm: ("offer_arms", ()),
    Audience: ("audiences", ("name",)),
    AudienceExport: ("audience_exports", ("name",)),
}
"""Each kept kind: its table and the columns that are indexed. A table has one column for each field."""

SINCE: dict[type[Kept], int] = {
    Consent: 2,
    DataUse: 2,
    Card: 2,
    Pot: 2,
    Erasure: 2,
    PendingPayment: 2,
    Schedule: 2,
    Payee: 2,
    Appeal: 2,
    Tie: 2,
    Preference: 2,
    CaseWork: 2,
    CaseNote: 2,
    PolicyDraft: 2,
    LoanApplication: 2,
    Loan: 2,
    PayLaterLine: 2,
    ScorecardInUse: 2,
    ChallengerScore: 3,
    EarlyWarning: 2,
    IdentityLink: 2,
    Offering: 2,
    OfferArm: 2,
    Audience: 2,
    AudienceExport: 2,
}
"""The version of the tables that brought a kind; those not named here are there from version 1."""

ADDED: dict[tuple[type[Kept], str], int] = {(Tie, "froze"): 3}
"""Columns, the last ones of their table and text, that came with a later version than their table."""


class Batch(msgspec.Struct, frozen=True):
    """Everything one transaction writes.

    `leaves[i]` is the record number `first_seq + i`; `keys` are (actor, idempotency key, record
    number) of every command done; `kept` holds final states only, one per id; `notes` are small
    named values (such as how far a day-end came). Many leaves may be `Joined`, many lines and
    balances `Columns`: they read the same, and an engine may take them whole.
    """

    first_seq: int
    leaves: Sequence[bytes]
    keys: list[tuple[str, str, int]]
    lines: Sequence[Line]
    kept: Mapping[type[Kept], Sequence[Kept]]
    notes: dict[str, str] = {}


class StoreError(Exception):
    """The engine could not do what was asked; the message says what to do. Nothing was half written.

    `advice` is the part that strangers may read: no path, no address, no words of the engine.
    """

    def __init__(self, says: str, advice: str = "") -> None:
        super().__init__(says)
        self.advice = advice or "it cannot be read or written now"


class UnsafeStore(StoreError):
    """The engine is not set up to keep acknowledged money through a power cut."""


class InUse(StoreError):
    """Another process writes these books."""


class DamagedStore(StoreError):
    """What is stored does not hang together."""


class Ticket(Protocol):
    """A write on its way."""

    def done(self) -> bool:
        """Whether it is durable or failed by now."""
        ...

    def wait(self) -> None:
        """Return once the batch is durable. Raises StoreError when it was not written."""
        ...


class Settled:
    """The ticket of a batch whose outcome is known already."""

    def __init__(self, error: StoreError | None = None) -> None:
        self._error = error

    def wait(self) -> None:
        """Return, or raise the StoreError the batch ended with."""
        if self._error is not None:
            raise self._error

    def done(self) -> bool:
        """Always true."""
        return True


class Reader(Protocol):
    """Reads of committed state; safe to use from any one thread at a time."""

    def load(self, kind: type[K], ids: Sequence[str]) -> list[K]:
        """Return those of the kept things with these ids that exist, in any order."""
        ...

    def find(self, kind: type[K], column: str, value: str, *, after: str = "", limit: int = 100) -> list[K]:
        """Return kept things whose indexed column has this value, by id, after this id, at most `limit`."""
        ...

    def page(self, kind: type[K], *, after: str = "", limit: int = 100) -> list[K]:
        """Return kept things by id, after this id, at most `limit`."""
        ...

    def answered(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Return the record number of each (actor, idempotency key) that was answered before."""
        ...

    def record(self, seq: int) -> bytes | None:
        """Return the bytes of one record, or None when there is none with this number."""
        ...

    def records(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Yield (number, bytes) of the records start <= number < end, streaming, in order."""
        ...

    def keys(self, *, after: tuple[str, str] = ("", ""), limit: int = 1000) -> list[tuple[str, str, int]]:
        """Return (key, actor, record number) of the answers, by key and actor, after this pair."""
        ...

    def lines(self, ids: Sequence[int]) -> list[Line]:
        """Return the ledger lines with these numbers, in any order."""
        ...

    def line_range(self, start: int, end: int, limit: int = 1000) -> list[Line]:
        """Return the lines start <= id < end in order, at most `limit`."""
        ...

    def size(self) -> int:
        """How many records are committed."""
        ...

    def note(self, name: str) -> str | None:
        """Return a small named value, or None."""
        ...

    def notes(self) -> dict[str, str]:
        """Return all small named values."""
        ...

    def frozen(self) -> AbstractContextManager[None]:
        """While it lasts, every read sees the books as they stand at the first one."""
        ...

    def totals(self) -> list[tuple[str, int, int]]:
        """Return (currency, sum of booked, sum of held) over all balances, in minor units."""
        ...

    def tile(self, level: int, index: int) -> bytes | None:
        """Return one full tile of the Merkle log (8,192 bytes), or None when not complete."""
        ...

    def close(self) -> None: ...


class Store(Reader, Protocol):
    """An engine: reads, and the one write."""

    def write(self, batch: Batch) -> None:
        """Make the batch durable in one transaction before returning; StoreError: nothing was written."""
        ...

    def submit(self, batch: Batch) -> Ticket:
        """Begin to write the batch; batches become durable in the order they are submitted."""
        ...

    def warm(self) -> None:
        """Get ready for many small writes, as a server does; may do nothing."""
        ...

    def set_notes(self, notes: dict[str, str]) -> None:
        """Durably keep small named values by themselves (signed heads, snapshots)."""
        ...

    def root(self) -> tuple[int, bytes]:
        """Return (size, Merkle root) of the committed records."""
        ...

    def check(self) -> list[str]:
        """Read everything and return what does not hang together, as sentences; slow, for `doctor`."""
        ...

    def reader(self) -> Reader:
        """Open another connection for reading, for use on another thread."""
        ...
