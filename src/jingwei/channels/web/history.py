"""The history of an account as its owner reads it: names and notes instead of ids, searched and filtered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from jingwei.channels.web.phrases import phrases, say
from jingwei.kernel.clock import bank_day
from jingwei.kernel.ids import decision_id
from jingwei.kernel.money import format_minor
from jingwei.ledger.accounts import Account, Line, Standing
from jingwei.ledger.pots import Pot
from jingwei.ledger.work import Customer
from jingwei.stores.store import StoreError

if TYPE_CHECKING:
    from jingwei.stores.store import Reader

MOST_ACCOUNTS = 64
"""How many accounts' histories stay in memory."""

MOST_NAMES = 50_000
"""How many names stay in memory."""

AT_ONCE = 500
BLOCK = 512
"""How many records' lines are read at once, as long as enough of them are the account's."""

WORTH_IT = 16
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

    def of(self, standing: Standing) -> list[Row]:
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
        """Rows from this line back to another, not included; newest first."""
        lines: list[Line] = []
        near: dict[int, Line] = {}
        dense = True
        while number >= 0 and number != until:
            if number not in near and dense:
                near = self._block(number)
                dense = sum(account in (line.payer, line.payee) for line in near.values()) >= WORTH_IT
            line = near.get(number) or next(iter(self._reader.lines([number])), None)
            if line is None or account not in (line.payer, line.payee):
                raise StoreError(
                    f"ledger line {number} of account {account} is missing; run `jingwei doctor`"
                )
            lines.append(line)
            number = line.payer_previous if line.payer == account else line.payee_previous
        if len(self._names) > MOST_NAMES:
            self._names.clear()
        self._learn([line.payee if line.payer == account else line.payer for line in lines])
        noted = self._noted([line for line in lines if line.kind in NOTED and not line.id & 0xFFFF])
        return [self._row(account, line, noted.get(line.id, "")) for line in lines]

    def _block(self, number: int) -> dict[int, Line]:
        """The lines of the records just before this one, at once: one account's often lie close together."""
        found = self._reader.line_range(number - (BLOCK << 16), number + 1, BLOCK * 2)
        return {line.id: line for line in found}

    def _row(self, account: str, line: Line, note: str) -> Row:
        paid = line.payer == account
        other = line.payee if paid else line.payer
        name = self._names.get(other, "")
        if line.kind == "card" and note:
            name, note = note, ""
        signed = -line.amount_minor if paid else line.amount_minor
        after = line.payer_after_minor if paid else line.payee_after_minor
        return Row(line.id, line.at, line.kind, other, name, note, signed, after)

    def _noted(self, lines: list[Line]) -> dict[int, str]:
        """The notes of transfers and deposits, and where cards were used, by line."""
        notes: dict[int, str] = {}
        for part in _close_together([line.id >> 16 for line in reversed(lines)]):
            wanted = set(part)
            found = self._reader.records(part[0], part[-1] + 1)
            notes |= {seq << 16: _note(leaf) for seq, leaf in found if seq in wanted}
        return notes

    def _learn(self, accounts: list[str]) -> None:
        """Read the names behind these accounts, many at once."""
        unknown = list({one for one in accounts if one not in self._names and not one.startswith("bank:")})
        for start in range(0, len(unknown), AT_ONCE):
            found = self._reader.load(Account, unknown[start : start + AT_ONCE])
            owners = list({one.owner for one in found})
            people = {one.id: one.name for one in self._reader.load(Customer, owners)}
            pots = {one.id: one.name for one in self._reader.load(Pot, [one.id for one in found])}
            self._names |= {one.id: pots.get(one.id) or people.get(one.owner, "") for one in found}


class _Told(msgspec.Struct):
    """The parts of a command that name what a line was for."""

    memo: str = ""
    terminal: str = ""


class _Leaf(msgspec.Struct):
    command: _Told


_decode = msgspec.json.Decoder(_Leaf).decode


def _note(leaf: bytes) -> str:
    command = _decode(leaf).command
    return command.memo or command.terminal


def _close_together(numbers: list[int]) -> list[list[int]]:
    """The rising numbers cut into runs in which at least every fourth number is there."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number - parts[-1][-1] <= 4:
            parts[-1].append(number)
        else:
            parts.append([number])
    return parts


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


def span(
    all_rows: Sequence[Row], rows: Sequence[Row], wanted: Wanted
) -> tuple[int, int] | tuple[None, None]:
    """(balance before, balance after) the period that `rows` are of, in minor units, chosen by days alone.

    Then before + in - out = after. (None, None) where the rows are no unbroken piece: a payment that came
    in late stands where it was booked.
    """
    if not rows:
        first = wanted.first_day
        earlier = (row for row in all_rows if first is not None and bank_day(row.at) < first)
        stood = next(earlier, None)
        return (stood.after_minor, stood.after_minor) if stood else (0, 0)
    if any(new.after_minor - new.amount_minor != old.after_minor for new, old in pairwise(rows)):
        return None, None
    return rows[-1].after_minor - rows[-1].amount_minor, rows[0].after_minor
