"""The history of an account as its owner reads it: names and notes instead of ids, searched and filtered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from jingwei.channels.web.phrases import phrases, say
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.table import unseal
from jingwei.kernel.clock import bank_day
from jingwei.kernel.ids import decision_id
from jingwei.kernel.money import format_minor
from jingwei.ledger.accounts import Account, Balance, Line, Standing
from jingwei.ledger.pots import Pot
from jingwei.ledger.work import Customer
from jingwei.stores.store import StoreError

if TYPE_CHECKING:
    from jingwei.stores.store import Reader

MOST_ACCOUNTS = 64
"""How many accounts' histories stay in memory."""

AT_ONCE = 500
NOTED = frozenset({"payment", "card", "deposit", "authorisation"})
"""Kinds of lines whose command carries a note or a merchant."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One line: `amount_minor` below zero was paid out. `text` is what a search looks through."""

    line: int
    at: int
    kind: str
    other: str
    name: str
    note: str
    amount_minor: int
    after_minor: int

    @property
    def decision(self) -> str:
        """Id of the decision that booked it."""
        return decision_id(self.line >> 16)


class Wanted(msgspec.Struct, frozen=True):
    """What is looked for. Days are bank days, amounts minor units without sign; None: any."""

    search: str = ""
    first_day: int | None = None
    last_day: int | None = None
    way: str = ""
    kind: str = ""
    least_minor: int | None = None
    most_minor: int | None = None


class Histories:
    """Histories by account. Lines never change, so what was read once is kept; only newer ones are read."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._rows: OrderedDict[str, list[Row]] = OrderedDict()
        self._names: dict[str, str] = {}

    def of(self, standing: Standing) -> Sequence[Row]:
        """All rows of an account, newest first. Raises StoreError when its books do not hang together."""
        account, newest = standing.account.id, standing.balance.last_line
        known = self._rows.pop(account, [])
        have = known[0].line if known else -1
        fresh = self._walk(account, newest, have) if newest != have else []
        self._rows[account] = rows = fresh + known
        while len(self._rows) > MOST_ACCOUNTS:
            self._rows.popitem(last=False)
        return rows

    def _walk(self, account: str, number: int, until: int) -> list[Row]:
        lines: list[Line] = []
        while number >= 0 and number != until:
            found = self._reader.lines([number])
            if not found or account not in (found[0].payer, found[0].payee) or found[0].id != number:
                raise StoreError(
                    f"ledger line {number} of account {account} is missing; run `jingwei doctor`"
                )
            lines.append(found[0])
            number = found[0].payer_previous if found[0].payer == account else found[0].payee_previous
        self._learn([line.payee if line.payer == account else line.payer for line in lines])
        return [self._row(account, line) for line in lines]

    def _row(self, account: str, line: Line) -> Row:
        paid = line.payer == account
        other = line.payee if paid else line.payer
        note, name = self._noted(line), self._names.get(other, "")
        if line.kind == "card" and note:
            name, note = note, ""
        signed = -line.amount_minor if paid else line.amount_minor
        after = line.payer_after_minor if paid else line.payee_after_minor
        return Row(line.id, line.at, line.kind, other, name, note, signed, after)

    def _noted(self, line: Line) -> str:
        """The note of a transfer or deposit, or where a card was used."""
        if line.kind not in NOTED or line.id & 0xFFFF:
            return ""
        leaf = self._reader.record(line.id >> 16)
        command = unseal(leaf).command if leaf is not None else None
        if isinstance(command, AuthoriseCardPayment):
            return command.terminal
        return str(getattr(command, "memo", ""))

    def _learn(self, accounts: list[str]) -> None:
        """Read the names behind these accounts, many at once."""
        unknown = list({one for one in accounts if one not in self._names and not one.startswith("bank:")})
        for start in range(0, len(unknown), AT_ONCE):
            found = self._reader.load(Account, unknown[start : start + AT_ONCE])
            owners = list({one.owner for one in found})
            people = {one.id: one.name for one in self._reader.load(Customer, owners)}
            pots = {one.id: one.name for one in self._reader.load(Pot, [one.id for one in found])}
            self._names |= {one.id: pots.get(one.id) or people.get(one.owner, "") for one in found}


def other_name(row: Row, lang: str) -> str:
    """Who is on the other side, in words."""
    if row.name:
        return row.name
    parts = row.other.split(":")
    if parts[0] == "bank" and f"who.{parts[1]}" in phrases():
        return say(lang, f"who.{parts[1]}")
    return say(lang, "who.someone", account=row.other)


def kind_name(kind: str, lang: str) -> str:
    """What kind of movement it is, in words."""
    key = f"kind.{kind}"
    return say(lang, key if key in phrases() else "kind.other")


def chosen(rows: Sequence[Row], wanted: Wanted, code: str, lang: str) -> list[Row]:
    """The rows that fit, in the same order. A search finds names, notes, kinds and amounts as shown."""
    words = wanted.search.casefold().split()
    return [row for row in rows if _fits(row, wanted) and _says(row, words, code, lang)]


def _fits(row: Row, wanted: Wanted) -> bool:
    if wanted.kind and row.kind != wanted.kind:
        return False
    if wanted.way and (row.amount_minor > 0) != (wanted.way == "in"):
        return False
    size, day = abs(row.amount_minor), bank_day(row.at)
    return (
        (wanted.first_day is None or day >= wanted.first_day)
        and (wanted.last_day is None or day <= wanted.last_day)
        and (wanted.least_minor is None or size >= wanted.least_minor)
        and (wanted.most_minor is None or size <= wanted.most_minor)
    )


def _says(row: Row, words: list[str], code: str, lang: str) -> bool:
    if not words:
        return True
    amount = format_minor(abs(row.amount_minor), code)
    whole, _, part = amount.partition(".")
    text = " ".join(
        (other_name(row, lang), row.note, kind_name(row.kind, lang), amount, f"{int(whole):,}.{part}")
    ).casefold()
    return all(word in text for word in words)


def sums(rows: Sequence[Row]) -> tuple[int, int]:
    """(money in, money out) of the rows, both not below zero, in minor units."""
    inward = sum(row.amount_minor for row in rows if row.amount_minor > 0)
    return inward, inward - sum(row.amount_minor for row in rows)


def span(standing: Standing, rows: Sequence[Row], wanted: Wanted) -> tuple[int, int]:
    """(balance before, balance after) the period the rows stand in, in minor units.

    Only meaningful for an unbroken piece: rows chosen by days alone. Then before + in - out = after.
    """
    balance: Balance = standing.balance
    if not rows:
        return balance.booked_minor, balance.booked_minor
    return rows[-1].after_minor - rows[-1].amount_minor, rows[0].after_minor
