"""Holds a bank against its reference: every reply, all that was touched, and the six invariants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NoReturn

import msgspec
from tests.model import story
from tests.model.reference import Expected, Reference
from tests.model.reference_books import Row

from jingwei.bank import Bank, Reply
from jingwei.kernel.command import Command
from jingwei.ledger.accounts import Account, Balance, Hold, Kept, Line, Standing
from jingwei.ledger.work import Case, Challenge, Customer, Reversal
from jingwei.stores.store import Reader, StoreError

Pair = tuple[Command, Expected]
WIDE = ("RunDayEnd", "ExpireHolds")
"""Commands that may touch any account: after them everything is compared."""


class Differs(AssertionError):
    """The bank is not what the rules make it; the message is the story."""


class Watch:
    """One bank and its reference. Everything read is read from the store, through a connection of its own."""

    def __init__(self, bank: Bank, reader: Reader, reference: Reference) -> None:
        self.bank = bank
        self.reference = reference
        self._reader = reader
        self._sums: defaultdict[str, int] = defaultdict(int)
        self._summed_to = 0
        self._told: dict[int, bytes] = {}
        self.story: list[str] = []

    def do(self, pairs: Sequence[Pair]) -> None:
        """Have the commands done as one batch and compare all of it. Raises Differs."""
        first = self._first(pairs)
        for command, expected in pairs:
            self.story.append(story.line(command, expected))
        del self.story[:-400]
        try:
            replies = self.bank.do([command for command, _ in pairs])
        except (StoreError, AssertionError) as error:
            self.wrong(f"the bank could not do it: {error}")
        for (command, expected), reply in zip(pairs, replies, strict=True):
            self._reply(command, expected, reply)
        self._lines(first, pairs)
        self._touched(pairs)
        self._conserved()
        if any(type(command).__name__ in WIDE for command, _ in pairs):
            self._standings(self.reference.books.accounts)

    def _first(self, pairs: Sequence[Pair]) -> int:
        """The number the first new record of the batch has."""
        fresh = [expected.seq for _, expected in pairs if expected.seq >= 0 and not expected.replayed]
        return min(fresh, default=self.reference.size)

    def wrong(self, says: str) -> NoReturn:
        """Raise Differs with the story so far."""
        shown = self.story if len(self.story) <= 40 else ["...", *self.story[-40:]]
        raise Differs(says + "\n  " + "\n  ".join(shown))

    # -- what was answered ------------------------------------------------------------------------

    def _reply(self, command: Command, expected: Expected, reply: Reply) -> None:
        answer = reply.answer
        moves = tuple((m.payer, m.payee, m.amount_minor, m.currency, m.kind) for m in answer.movements)
        code = answer.refusal.code if answer.refusal else ""
        got: tuple[Any, ...] = (
            reply.seq,
            answer.result,
            code,
            moves,
            answer.hold,
            answer.case,
            answer.challenge,
        )
        got += (answer.about, answer.made, reply.replayed)
        want: tuple[Any, ...] = (expected.seq, expected.result, expected.code, expected.moves, expected.hold)
        want += (expected.case, expected.challenge, expected.about, expected.made, expected.replayed)
        if got != want:
            self.wrong(f"the reply to {command}\n  says {got}\n  not  {want}")
        self._details(expected, answer)
        if reply.seq >= 0:
            told = msgspec.json.encode(answer)
            if self._told.setdefault(reply.seq, told) != told:
                self.wrong(f"record {reply.seq} was told in two ways")

    def _details(self, expected: Expected, answer: Any) -> None:
        if not expected.told:
            return
        event = msgspec.to_builtins(answer.events[0])
        for name, value in expected.told.items():
            got = event.get(name, type(value)())
            if (list(got) if isinstance(value, list) else got) != value:
                self.wrong(f"{name} is {got}, not {value}")

    def _lines(self, first: int, pairs: Sequence[Pair]) -> None:
        """Exactly the lines expected were written, each with both balances after it."""
        found = [
            msgspec.structs.astuple(line) for line in self._range(first << 16, self.reference.size << 16)
        ]
        due = [line for _, expected in pairs if not expected.replayed for line in expected.lines]
        if found != [(n, at, a, b, much, code, kind, *rest) for n, at, a, b, much, code, kind, *rest in due]:
            self.wrong(f"the ledger's new lines are {found}\n  not {due}")

    def _range(self, start: int, end: int) -> list[Line]:
        found: list[Line] = []
        while part := self._reader.line_range(start, end, 5_000):
            found += part
            start = part[-1].id + 1
        return found

    # -- what is kept ------------------------------------------------------------------------------

    def _touched(self, pairs: Sequence[Pair]) -> None:
        """All that the commands name or made stands as it must; after a refusal that is: as before."""
        names: set[str] = set()
        for command, expected in pairs:
            given = (getattr(command, part) for part in command.__struct_fields__)
            names.update(value for value in given if type(value) is str and value)
            names.update((expected.hold, expected.case, expected.challenge, expected.about, expected.made))
            names.update(party for line in expected.lines for party in (line[2], line[3]))
        holds = self.reference.books.holds
        names.update(side for name in names & holds.keys() for side in (holds[name]["account"],))
        self._standings(names)
        for kind, mark, known in self._shelves():
            chosen = [name for name in names if not mark or name[:1] == mark]
            if chosen:
                self._same(kind, chosen, known, self._reader.load(kind, chosen))

    def _shelves(self) -> list[tuple[type[Kept], str, dict[str, Any]]]:
        reference = self.reference
        reversals = {about: {"id": about, "by": by} for about, by in reference.reversals.items()}
        return [
            (Hold, "H", reference.books.holds),
            (Case, "C", reference.cases),
            (Challenge, "S", reference.challenges),
            (Reversal, "D", reversals if len(reversals) < 400 else _Rows(reference.reversals)),
        ]

    def _same(
        self, kind: type[Kept], names: Sequence[str], known: dict[str, Any], found: Sequence[Kept]
    ) -> None:
        rows = {thing.id: msgspec.structs.asdict(thing) for thing in found}
        for name in names:
            if rows.get(name) != known.get(name):
                self.wrong(f"{kind.__name__} {name} is\n  {rows.get(name)}\n  not {known.get(name)}")

    def _standings(self, names: Any) -> None:
        """Accounts and balances stand as they must, and the invariants hold of each by itself."""
        chosen = list(names)
        accounts = {account.id: account for account in self._reader.load(Account, chosen)}
        balances = {balance.id: balance for balance in self._reader.load(Balance, chosen)}
        known = self.reference.books.accounts
        for name in chosen:
            account, balance = accounts.get(name), balances.get(name)
            if account is None or balance is None:
                if (account, balance) != (None, None) or name in known:
                    self.wrong(f"account {name} is {account} {balance}, not {known.get(name)}")
                continue
            row: Row = msgspec.structs.asdict(account) | msgspec.structs.asdict(balance)
            if row != known.get(name):
                self.wrong(f"account {name} differs: {_difference(row, known.get(name))}")
            self._sane(Standing(account, balance))

    def _sane(self, standing: Standing) -> None:
        account, balance = standing.account, standing.balance
        if balance.held_minor < 0 or account.overdraft_minor < 0 or balance.spent_day_minor < 0:
            self.wrong(f"{account.id} has a part below zero: {standing}")
        available = balance.booked_minor - balance.held_minor + account.overdraft_minor
        if standing.available_minor != available:
            self.wrong(f"{account.id} has {standing.available_minor} available, not {available}")
        if account.side == "customer" and available < 0:
            self.wrong(f"{account.id} is beyond its overdraft line by {-available}")

    def _conserved(self) -> None:
        for code, booked, held in self._reader.totals():
            if booked or held < 0:
                self.wrong(f"{code}: all balances add up to {booked}, all holds to {held}")

    def everything(self) -> None:
        """Compare all that is kept, and derive every balance from the lines once more. Raises Differs."""
        self._standings(self._all(Account).keys() | self.reference.books.accounts.keys())
        for kind, _, known in self._shelves():
            found = self._all(kind)
            names = sorted(found.keys() | set(known if not isinstance(known, _Rows) else known.names()))
            self._same(kind, names, known, list(found.values()))
        customers = self._all(Customer)
        self._same(Customer, sorted({*customers, *self.reference.customers}), self.reference.customers,
                   list(customers.values()))  # fmt: skip
        held: defaultdict[str, int] = defaultdict(int)
        for hold in self._all(Hold).values():
            if hold.amount_minor < 0 or (hold.status != "active" and hold.amount_minor):
                self.wrong(f"hold {hold.id} keeps {hold.amount_minor} though it is {hold.status}")
            held[hold.account] += hold.amount_minor
        self._derive()
        for balance in self._all(Balance).values():
            if (balance.booked_minor, balance.held_minor) != (self._sums[balance.id], held[balance.id]):
                self.wrong(
                    f"{balance} but its lines make {self._sums[balance.id]}, its holds {held[balance.id]}"
                )

    def _derive(self) -> None:
        """Add the lines since the last time to the sums by account."""
        for line in self._range(self._summed_to << 16, self.reference.size << 16):
            if msgspec.structs.astuple(line) != self.reference.books.lines.get(line.id):
                self.wrong(f"line {line} is not {self.reference.books.lines.get(line.id)}")
            self._sums[line.payer] -= line.amount_minor
            self._sums[line.payee] += line.amount_minor
        self._summed_to = self.reference.size

    def afresh(self) -> None:
        """`everything`, with no line taken on trust from an earlier look."""
        self._sums.clear()
        self._summed_to = 0
        self.everything()

    def _all(self, kind: type[Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        after = ""
        while page := self._reader.page(kind, after=after, limit=2_000):
            found |= {thing.id: thing for thing in page}
            after = page[-1].id
        return found


class _Rows(dict[str, Any]):
    """Reversals as rows, made only when they are asked for."""

    def __init__(self, reversals: dict[str, str]) -> None:
        super().__init__()
        self._reversals = reversals

    def get(self, about: str, default: Any = None) -> Any:
        by = self._reversals.get(about)
        return default if by is None else {"id": about, "by": by}

    def names(self) -> list[str]:
        return list(self._reversals)


def _difference(row: Row, known: Row | None) -> str:
    if known is None:
        return f"it should not be there: {row}"
    return ", ".join(f"{k} is {v}, not {known.get(k)}" for k, v in row.items() if v != known.get(k))
