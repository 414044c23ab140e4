"""The books as a batch of commands sees them: what earlier ones changed lies over what is stored."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeVar

from jingwei.decisions.judge import Judgement
from jingwei.journeys.shape import TODAYS, Outcome, Sealed
from jingwei.kernel.command import Command
from jingwei.kernel.ids import seq_of
from jingwei.ledger.accounts import Account, Balance, Kept, Line, Standing, chart_account
from jingwei.ledger.columns import Columns
from jingwei.ledger.products import Products
from jingwei.ledger.sheet import Sheet

K = TypeVar("K", bound=Kept)
Place = tuple[type[Kept], str]
SYSTEM_ROLES = ("staff", "system")
PAGE = 5_000
MOST_KEPT = 200_000
"""How many standings stay in memory between batches; beyond it the unchanged ones are dropped."""


class Shelf(Protocol):
    """The part of a store the overlay reads."""

    def load(self, kind: type[K], ids: Sequence[str]) -> list[K]: ...

    def find(
        self, kind: type[K], column: str, value: str, *, after: str = "", limit: int = 100
    ) -> list[K]: ...

    def page(self, kind: type[K], *, after: str = "", limit: int = 100) -> list[K]: ...

    def lines(self, ids: Sequence[int]) -> list[Line]: ...


class Archive(Protocol):
    """Reads records back by number."""

    def sealed(self, seq: int) -> Sealed | None: ...


class Overlay:
    """Implements `journeys.shape.Books` for the command at hand, one after the other.

    Changes of commands that are not durable yet are kept until `settled` says they are.
    """

    def __init__(self, shelf: Shelf, archive: Archive, products: Products) -> None:
        self.products = products
        self.seq = 0
        self.rules = TODAYS
        self._shelf = shelf
        self._archive = archive
        self._standings: dict[str, Standing] = {}
        self.sheet = Sheet()
        self._absent: set[str] = set()
        self._kept: dict[Place, Kept] = {}
        self._changed: dict[Place, Kept] = {}
        self._balances: dict[str, Balance] = {}
        self._layers: deque[dict[Place, Kept]] = deque()
        self._judgement: Judgement | None = None
        self._all_accounts = False
        self._who = ""

    def begin(self, command: Command, seq: int, judgement: Judgement | None, rules: int = TODAYS) -> str:
        """Turn to the next command, to be done under these rules, and return the role of its actor."""
        self.seq, self.rules = seq, rules
        self._judgement = judgement
        role, _, self._who = command.actor.partition(":")
        self._all_accounts = role in SYSTEM_ROLES
        return role

    def expect(self, account_ids: Iterable[str]) -> None:
        """Load these accounts at once, so that reading them one by one costs nothing."""
        missing = list(set(account_ids).difference(self._standings, self._absent, self.sheet.rows))
        if not missing:
            return
        accounts = {account.id: account for account in self._shelf.load(Account, missing)}
        for balance in self._shelf.load(Balance, list(accounts)):
            self._standings[balance.id] = Standing(accounts[balance.id], balance)
        self._absent.update(some_id for some_id in missing if some_id not in accounts)

    def warm(self) -> None:
        """Read accounts into memory, as many as stay there, so that first payments need not wait for them."""
        after = ""
        while len(self._standings) < MOST_KEPT:
            page = self._shelf.page(Account, after=after, limit=PAGE)
            self.expect(account.id for account in page)
            if len(page) < PAGE:
                return
            after = page[-1].id

    def standing(self, account_id: str) -> Standing | None:
        """An account with its balance, or None."""
        found = self._known(account_id)
        if found is None:
            self.expect((account_id,))
            found = self._standings.get(account_id) or chart_account(account_id)
        return found

    def _known(self, account_id: str) -> Standing | None:
        """An account that is in memory."""
        row = self.sheet.rows.get(account_id)
        return self._standings.get(account_id) if row is None else self.sheet.standing(row)

    def row(self, account_id: str) -> int:
        """The account's row on the sheet, where it stands from now on; -1 when there is no such account.

        To be asked at the start of a batch, when nothing of it has changed anything yet.
        """
        row = self.sheet.rows.get(account_id)
        if row is not None:
            return row
        assert not self._balances, "an account moves to the sheet only between batches"
        found = self._standings.pop(account_id, None)
        return -1 if found is None else self.sheet.take(found)

    def own(self, account_id: str) -> Standing | None:
        """The same, but None when the actor may not use the account; missing and foreign look alike."""
        found = self.standing(account_id)
        if found is None or found.account.side == "bank":
            return None
        return found if self._all_accounts or found.account.owner == self._who else None

    def get(self, kind: type[K], some_id: str) -> K | None:
        """One kept thing, or None."""
        assert kind not in (Account, Balance), "read accounts through standing()"
        found = self._kept.get((kind, some_id))
        if found is None and some_id:
            found = next(iter(self._shelf.load(kind, [some_id])), None)
        return found  # type: ignore[return-value]

    def find(self, kind: type[K], column: str, value: str, *, after: str = "", limit: int = 100) -> list[K]:
        """Kept things whose indexed column has this value, by id, after this id."""
        stored = self._shelf.find(kind, column, value, after=after, limit=limit + len(self._kept))
        fits = [thing for thing in self._merged(kind, stored, after) if getattr(thing, column) == value]
        return fits[:limit]

    def page(self, kind: type[K], *, after: str = "", limit: int = 100) -> list[K]:
        """Kept things by id, after this id."""
        return self._merged(kind, self._shelf.page(kind, after=after, limit=limit), after)[:limit]

    def _merged(self, kind: type[K], stored: list[K], after: str) -> list[K]:
        things: dict[str, Any] = {thing.id: thing for thing in stored}
        if kind in (Account, Balance):
            part = "account" if kind is Account else "balance"
            new = [some_id for of, some_id in self._kept if of is Account]
            now = {some_id: self._known(some_id) for some_id in (*things, *new)}
            things |= {some_id: getattr(found, part) for some_id, found in now.items() if found}
        else:
            things |= {some_id: thing for (of, some_id), thing in self._kept.items() if of is kind}
        return [things[some_id] for some_id in sorted(things) if some_id > after]

    def record(self, some_id: str) -> Sealed | None:
        """The record a decision id names, or None."""
        seq = seq_of(some_id)
        return None if seq is None or seq >= self.seq else self._archive.sealed(seq)

    def lines(self, ids: Sequence[int]) -> list[Line]:
        """The durable ledger lines with these numbers, in any order; for journeys that are a barrier."""
        return self._shelf.lines(ids)

    def judgement(self) -> Judgement:
        """What policy and model made of the command at hand."""
        assert self._judgement is not None, "this journey names no policy"
        return self._judgement

    def apply(self, outcome: Outcome) -> None:
        """Let later commands see what this one changed."""
        for after in outcome.standings:
            some_id = after.account.id
            row = self.sheet.rows.get(some_id)
            if row is None:
                found = self._standings.get(some_id)
                before = found.account if found else None
                self._standings[some_id] = after
                self._balances[some_id] = after.balance
            else:
                before = self.sheet.account(row)
                self.sheet.put(row, after)
            if before is not after.account:
                self._changed[Account, some_id] = self._kept[Account, some_id] = after.account
        for thing in outcome.kept:
            place = (type(thing), thing.id)
            self._changed[place] = self._kept[place] = thing

    def take_changed(self) -> dict[type[Kept], Sequence[Kept]]:
        """Return what changed since the last call, each thing as it stands now, by kind."""
        lists: defaultdict[type[Kept], list[Kept]] = defaultdict(list)
        for (kind, _), thing in self._changed.items():
            lists[kind].append(thing)
        by_kind: dict[type[Kept], Sequence[Kept]] = {Balance: list(self._balances.values()), **lists}
        if self.sheet.rows:
            others = Columns.of(Balance, list(self._balances.values()))
            by_kind[Balance] = self.sheet.take_touched().followed_by(others)
        self._layers.append(self._changed)
        self._changed, self._balances = {}, {}
        self._absent.clear()
        return by_kind

    def settle(self) -> None:
        """The changes taken first are durable: the store can answer for them now."""
        for place, thing in self._layers.popleft().items():
            if self._kept.get(place) is thing:
                del self._kept[place]
        if not self._layers and len(self._standings) + len(self.sheet.rows) > MOST_KEPT:
            self._standings.clear()
            self.sheet = Sheet()
