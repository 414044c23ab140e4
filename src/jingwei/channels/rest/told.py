"""What reading routes answer: accounts, statements, cases, step-ups, decisions, policies, heads."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from jingwei.channels.rest.desk import MovementTold
from jingwei.channels.rest.payments import Said
from jingwei.kernel.clock import iso
from jingwei.kernel.money import format_minor
from jingwei.ledger.accounts import Hold, Standing
from jingwei.ledger.statement import Entry
from jingwei.ledger.work import Case, Challenge

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page; `next` is the cursor of the one after it, null at the end."""

    items: list[T]
    next: str | None


class AccountTold(msgspec.Struct, frozen=True):
    """An account and its money: `available` is what can be paid out now."""

    id: str
    owner: str
    product: str
    currency: str
    status: str
    frozen: str
    opened_at: str
    booked: str
    booked_minor: int
    held: str
    held_minor: int
    available: str
    available_minor: int


class EntryTold(msgspec.Struct, frozen=True):
    """One line of a statement; an amount below zero was paid out. `decision` is the record that booked it."""

    at: str
    kind: str
    other: str
    amount: str
    amount_minor: int
    after: str
    after_minor: int
    decision: str


class StatementTold(msgspec.Struct, frozen=True):
    """Newest lines first; `next` is the cursor of the older page, null at the account's beginning."""

    account: str
    currency: str
    items: list[EntryTold]
    next: str | None


class CaseTold(msgspec.Struct, frozen=True):
    """Work for a person: the held payment, why it waits and until when."""

    id: str
    status: str
    about: str
    customer: str
    code: str
    payer: str
    payee: str
    amount: str
    amount_minor: int
    currency: str
    opened_at: str
    due_at: str
    closed_by: str
    closed_at: str


class ChallengeTold(msgspec.Struct, frozen=True):
    """A step-up as the customer must see and repeat it."""

    id: str
    status: str
    about: str
    payee: str
    amount: str
    amount_minor: int
    currency: str
    asked_at: str
    expires_at: str


class ReasonTold(msgspec.Struct, frozen=True, omit_defaults=True):
    """A reason in both languages; what its rule asked for and read is shown to staff alone."""

    code: str
    zh: str
    en: str
    verdict: str = ""
    law: str = ""
    because: tuple[str, ...] = ()
    read: dict[str, float | None] = {}


class PartTold(msgspec.Struct, frozen=True):
    """What one feature added to a score, in log-odds, and its sentences."""

    feature: str
    value: float | None
    log_odds: float
    zh: str
    en: str


class DecisionTold(msgspec.Struct, frozen=True, kw_only=True):
    """One record in words. Fields that are not shown to the caller are left out."""

    id: str
    command: str
    at: str
    known_at: str
    result: str
    zh: str
    en: str
    reasons: tuple[ReasonTold, ...]
    refusal: Said | None
    movements: tuple[MovementTold, ...]
    amount: str | None
    amount_minor: int | None
    currency: str | None
    payer: str | None
    payee: str | None
    hold: str
    case: str
    challenge: str
    about: str
    made: str
    policy: str
    actor: str | msgspec.UnsetType = msgspec.UNSET
    customer: str | msgspec.UnsetType = msgspec.UNSET
    model: str | msgspec.UnsetType = msgspec.UNSET
    score: float | None | msgspec.UnsetType = msgspec.UNSET
    contributions: tuple[PartTold, ...] | msgspec.UnsetType = msgspec.UNSET


class RuleTold(msgspec.Struct, frozen=True):
    """One rule of a policy as staff read it."""

    code: str
    when: str
    verdict: str
    weight: int
    zh: str
    en: str
    law: str


class PolicyTold(msgspec.Struct, frozen=True):
    """A policy in force: its name, version, digest, the model beside it and its rules."""

    name: str
    version: int
    digest: str
    model: str
    rules: list[RuleTold]


class HeadTold(msgspec.Struct, frozen=True):
    """The bank's signed word on how many records there are and their root."""

    log: str
    size: int
    root: str
    at: int
    key_id: str
    signature: str
    type: str


class ProofTold(msgspec.Struct, frozen=True):
    """What ties one record to a head the bank signed; `tools/verify_proof.py` checks it."""

    type: str
    record: str
    index: int
    path: list[str]
    head: HeadTold
    public_key: str
    anchor: dict[str, Any] = {}


class ProblemTold(msgspec.Struct, frozen=True):
    """A kind of problem or refusal."""

    code: str
    status: int
    zh: str
    en: str


class HealthTold(msgspec.Struct, frozen=True, omit_defaults=True):
    """The process lives; `why` says what it has to do without."""

    status: str
    why: str = ""


class ReadyTold(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether payments can be taken, and why not."""

    status: str
    why: str = ""


def account_told(standing: Standing) -> AccountTold:
    """An account in digits."""
    account, balance = standing.account, standing.balance
    code, available = account.currency, standing.available_minor
    return AccountTold(
        account.id,
        account.owner,
        account.product,
        code,
        account.status,
        account.frozen,
        iso(account.opened_at),
        format_minor(balance.booked_minor, code),
        balance.booked_minor,
        format_minor(balance.held_minor, code),
        balance.held_minor,
        format_minor(available, code),
        available,
    )


def entry_told(entry: Entry, currency: str) -> EntryTold:
    """A statement line in digits."""
    return EntryTold(
        iso(entry.at),
        entry.kind,
        entry.other,
        format_minor(entry.amount_minor, currency),
        entry.amount_minor,
        format_minor(entry.after_minor, currency),
        entry.after_minor,
        f"D{entry.line >> 16:011d}",
    )


def case_told(case: Case, hold: Hold | None, amount: tuple[int, str]) -> CaseTold:
    """A case with the payment it waits for; `amount` is (minor units, currency) as asked, or (0, "")."""
    return CaseTold(
        case.id,
        case.status,
        case.about,
        case.customer,
        case.code,
        hold.account if hold else "",
        hold.payee if hold else "",
        format_minor(*amount) if amount[1] else "",
        amount[0],
        amount[1],
        iso(case.opened_at),
        iso(case.due_at),
        case.closed_by,
        iso(case.closed_at) if case.closed_at else "",
    )


def challenge_told(challenge: Challenge) -> ChallengeTold:
    """A step-up in digits."""
    return ChallengeTold(
        challenge.id,
        challenge.status,
        challenge.about,
        challenge.payee,
        format_minor(challenge.amount_minor, challenge.currency),
        challenge.amount_minor,
        challenge.currency,
        iso(challenge.asked_at),
        iso(challenge.expires_at),
    )


def encoded(thing: Any) -> bytes:
    """The JSON bytes of an answer."""
    return msgspec.json.encode(thing)
