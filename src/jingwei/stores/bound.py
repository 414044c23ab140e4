"""Reading customers' data for a purpose: what a customer has not agreed to is left out; uses are noted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from msgspec.structs import replace

from jingwei.consent.consents import Consent, permitted
from jingwei.consent.grounds import REGISTER, needs_consent
from jingwei.journeys.bound import about
from jingwei.kernel.kept import Kept
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.ledger.accounts import Account, Balance, Line
from jingwei.stores.store import Reader

K = TypeVar("K", bound=Kept)


class BoundReader:
    """What may be read of customers for one purpose at one moment. Every read asks the consents anew.

    Whatever may not be read is left out, as if it were not there; `withheld` counts it. `uses` tells
    which kinds of data were handed out of whom, for a `UseData` command to count.
    """

    def __init__(self, reader: Reader, purpose: Purpose, at: int) -> None:
        self.purpose = purpose
        self.withheld = 0
        self.uses: defaultdict[str, set[DataClass]] = defaultdict(set)
        self._reader = reader
        self._at = at

    def may(self, customer: str, data: DataClass) -> bool:
        """Whether this kind of the customer's data may be read now."""
        return permitted(customer, self.purpose, data, self._at, self._consent)

    def _consent(self, some_id: str) -> Consent | None:
        return next(iter(self._reader.load(Consent, [some_id])), None)

    def _owner(self, account_id: str) -> str | None:
        account = next(iter(self._reader.load(Account, [account_id])), None)
        return None if account is None or account.side == "bank" else account.owner

    def _allowed(self, things: Sequence[K]) -> Iterator[K]:
        for thing in things:
            asked = about(thing, self._owner)
            if asked is None:
                yield thing
            elif self.may(*asked):
                self.uses[asked[0]].add(asked[1])
                yield thing
            else:
                self.withheld += 1

    def load(self, kind: type[K], ids: Sequence[str]) -> list[K]:
        """Those of the kept things with these ids that exist and may be read, in any order."""
        with self._reader.frozen():
            return list(self._allowed(self._reader.load(kind, ids)))

    def find(self, kind: type[K], column: str, value: str, *, after: str = "", limit: int = 100) -> list[K]:
        """Kept things by an indexed column that may be read, by id, after this id, at most `limit`."""
        with self._reader.frozen():
            return self._filled(
                lambda start: self._reader.find(kind, column, value, after=start, limit=limit), after, limit
            )

    def page(self, kind: type[K], *, after: str = "", limit: int = 100) -> list[K]:
        """Kept things that may be read, by id, after this id, at most `limit`."""
        with self._reader.frozen():
            return self._filled(lambda start: self._reader.page(kind, after=start, limit=limit), after, limit)

    def _filled(self, read: Callable[[str], list[K]], after: str, limit: int) -> list[K]:
        found: list[K] = []
        while len(found) < limit and (things := read(after)):
            after = things[-1].id
            found += self._allowed(things)
            if len(things) < limit:
                break
        return found[:limit]

    def lines(self, account: Account, limit: int) -> list[Line]:
        """The newest lines of an account, if its owner agrees; the other side of each is left blank.

        The other side is another customer's data, who was not asked.
        """
        with self._reader.frozen():
            if not list(self._allowed([account])):
                return []
            balance = next(iter(self._reader.load(Balance, [account.id])), None)
            number, found = (balance.last_line if balance else -1), list[Line]()
            while number >= 0 and len(found) < limit:
                line = self._reader.lines([number])[0]
                paid = line.payer == account.id
                number = line.payer_previous if paid else line.payee_previous
                found.append(_one_sided(line, paid))
        return found


def _one_sided(line: Line, paid: bool) -> Line:
    """The line as its account alone knows it."""
    if paid:
        return replace(line, payee="", payee_previous=-1, payee_after_minor=0)
    return replace(line, payer="", payer_previous=-1, payer_after_minor=0)


def reader_for(purpose: Purpose, reader: Reader, at: int) -> BoundReader:
    """The way to read customers' data for a purpose; whoever serves data for one goes through it."""
    return BoundReader(reader, purpose, at)


def agreeing(purpose: Purpose, customers: Sequence[str], reader: Reader, at: int) -> list[str]:
    """Those of the customers all of whose data the purpose needs may be read now, in order.

    A training set for research is made from these customers alone.
    """
    bound = BoundReader(reader, purpose, at)
    if not needs_consent(purpose):
        return list(customers)
    data = REGISTER[purpose].data
    with reader.frozen():
        return [one for one in customers if all(bound.may(one, kind) for kind in data)]
