"""Card payments asked as columns: a sequence of commands, each made only when somebody looks at it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import overload

import msgspec
import numpy as np
from numpy.typing import NDArray

from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.kernel.command import AHEAD, Command

Numbers = NDArray[np.int64]


class Names:
    """Names by number, and each as it stands inside a JSON text, one after the other in `data`."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        written = [msgspec.json.encode(name)[1:-1] for name in names]
        self.ends = np.cumsum([0, *map(len, written)])
        """int64[n + 1]: name i stands at data[ends[i]:ends[i + 1]]."""
        self.data = np.frombuffer(b"".join(written), np.uint8)


class Who(msgspec.Struct, frozen=True):
    """What the payments of a stream share: who brings them, their currency, and the names their columns use.

    The key of a payment is `stem` and its number; the payer of a customer has the same place in `payers`.
    Names keep their places for as long as `stream` is the same.
    """

    stream: int
    actor: str
    currency: str
    stem: str
    customers: Names
    payers: Names
    terminals: Names


class CardPayments(Sequence[Command]):
    """Immediate card payments (with `capture`) of one stream as columns, other commands between them.

    `columns` int64[6, n]: at, known_at, customer, terminal, amount in minor units, number of the key.
    Where `others` has a command, that one stands there and the columns hold nothing.
    """

    def __init__(self, who: Who, columns: Numbers, others: Mapping[int, Command]) -> None:
        self.who = who
        self.columns = columns
        self.others = others
        self.at: Numbers
        self.known: Numbers
        self.customer: Numbers
        self.terminal: Numbers
        self.amount: Numbers
        self.number: Numbers
        self.at, self.known, self.customer, self.terminal, self.amount, self.number = columns
        self._places = sorted(others)

    def is_payment(self) -> NDArray[np.bool_]:
        """Where the payments stand."""
        found = np.ones(len(self), np.bool_)
        found[self._places] = False
        return found

    def some_ahead(self) -> bool:
        """Whether a payment is dated in the future (see `kernel.command.dated_ahead`)."""
        return bool(np.any((self.at - self.known)[self.is_payment()] > AHEAD))

    def keys(self) -> list[tuple[str, str]]:
        """(actor, key) of every command."""
        actor, stem = self.who.actor, self.who.stem
        keys = [(actor, f"{stem}{number}") for number in self.number.tolist()]
        for place, command in self.others.items():
            keys[place] = (command.actor, command.key)
        return keys

    def followed_by(self, more: CardPayments) -> CardPayments:
        """These and then those of the same stream, which may know more names."""
        moved = {place + len(self): command for place, command in more.others.items()}
        columns = np.concatenate((self.columns, more.columns), axis=1)
        return CardPayments(more.who, columns, {**self.others, **moved})

    def __len__(self) -> int:
        return int(self.columns.shape[1])

    def __iter__(self) -> Iterator[Command]:
        return map(self.__getitem__, range(len(self)))

    @overload
    def __getitem__(self, at: int) -> Command: ...
    @overload
    def __getitem__(self, at: slice) -> CardPayments: ...
    def __getitem__(self, at: int | slice) -> Command | CardPayments:
        if isinstance(at, slice):
            start, stop, step = at.indices(len(self))
            assert step == 1, "a stream is cut into runs"
            places = self._places[bisect_left(self._places, start) : bisect_left(self._places, stop)]
            others = {place - start: self.others[place] for place in places}
            return CardPayments(self.who, self.columns[:, start:stop], others)
        at = range(len(self))[at]
        return self.others.get(at) or self._payment(at)

    def _payment(self, at: int) -> AuthoriseCardPayment:
        moment, known, customer, terminal, amount, number = self.columns[:, at].tolist()
        who = self.who
        return AuthoriseCardPayment(
            key=f"{who.stem}{number}", actor=who.actor, at=moment, known_at=known,
            customer=who.customers.names[customer], payer=who.payers.names[customer],
            terminal=who.terminals.names[terminal], amount_minor=amount, currency=who.currency,
        )  # fmt: skip
