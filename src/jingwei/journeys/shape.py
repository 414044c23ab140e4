"""The one shape of everything that happens: command -> look -> act -> outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from jingwei.decisions.judge import Judgement, Observed
from jingwei.kernel.command import Command
from jingwei.kernel.purpose import Purpose
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import Kept, Line, Movement, Standing
from jingwei.ledger.products import Products
from jingwei.models.reasons import Reason as ModelReason

C = TypeVar("C", bound=Command)
S = TypeVar("S")
K = TypeVar("K", bound=Kept)


class Answer(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What is sealed and told: the result, why, and what it moved.

    `result` is "done", "allowed", "stepped_up", "held", "proposed" or "refused". An answer with a
    `refusal` or the result "refused" or "proposed" moved nothing. `about` names an earlier decision this
    one continues; `made` is the id of what was created (an account, a hold).
    """

    id: str
    result: str
    reasons: tuple[str, ...] = ()
    refusal: Refusal | None = None
    movements: tuple[Movement, ...] = ()
    hold: str = ""
    case: str = ""
    challenge: str = ""
    about: str = ""
    made: str = ""
    events: tuple[Any, ...] = ()
    policy: str = ""
    model: str = ""
    score: float | None = None
    seen: list[float | None] = []
    because: tuple[ModelReason, ...] = ()


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """All a command does: its answer, the lines it books, and everything kept as it stands afterwards."""

    answer: Answer
    lines: tuple[Line, ...] = ()
    standings: tuple[Standing, ...] = ()
    kept: tuple[Kept, ...] = ()
    notes: dict[str, str] = {}


class Books(Protocol):
    """The bank's state at one moment, read for one actor and one purpose."""

    seq: int
    """Number of the record this command will be."""
    rules: int
    """The version of its journey's rules the command is done under: TODAYS, or that of its record."""
    products: Products

    def standing(self, account_id: str) -> Standing | None:
        """An account with its balance, whoever owns it, or None."""
        ...

    def own(self, account_id: str) -> Standing | None:
        """The same, but None too when the actor may not dispose of the account."""
        ...

    def get(self, kind: type[K], some_id: str) -> K | None:
        """One kept thing, or None."""
        ...

    def find(self, kind: type[K], column: str, value: str, *, after: str = "", limit: int = 100) -> list[K]:
        """Kept things whose indexed column has this value, by id."""
        ...

    def page(self, kind: type[K], *, after: str = "", limit: int = 100) -> list[K]:
        """Kept things by id, after this one."""
        ...

    def record(self, some_id: str) -> Sealed | None:
        """The record that a decision id names, or None."""
        ...

    def lines(self, ids: Sequence[int]) -> list[Line]:
        """The durable ledger lines with these numbers, in any order; for journeys that are a barrier."""
        ...

    def judgement(self) -> Judgement:
        """What policy and model made of the command at hand."""
        ...


AT_ONCE = 500
"""How many things `every` and `all_of` read at a time."""


class Finds(Protocol):
    """Whatever finds kept things by an indexed column: the books of a journey, or a reader."""

    def find(self, kind: type[K], column: str, value: str, *, after: str = "", limit: int = 100) -> list[K]:
        """Kept things whose indexed column has this value, by id."""
        ...


def every(books: Finds, kind: type[K], column: str, value: str, after: str = "") -> list[K]:
    """All kept things whose indexed column has this value, by id, after this id: where missing the newest
    would be wrong."""
    found: list[K] = []
    while page := books.find(kind, column, value, after=after, limit=AT_ONCE):
        found += page
        if len(page) < AT_ONCE:
            break
        after = page[-1].id
    return found


class Pages(Protocol):
    """Whatever gives kept things of a kind page by page: the books of a journey, or a reader."""

    def page(self, kind: type[K], *, after: str = "", limit: int = 100) -> list[K]:
        """Kept things by id, after this one."""
        ...


def all_of(books: Pages, kind: type[K]) -> Iterator[K]:
    """All kept things of a kind, by id: for lists of what came last, where a first page has the oldest."""
    after = ""
    while page := books.page(kind, after=after, limit=AT_ONCE):
        yield from page
        after = page[-1].id


class Sealed(msgspec.Struct, frozen=True, gc=False):
    """A record: its number, the command as asked, and its answer. Its JSON is a leaf of the audit log."""

    seq: int
    command: Any
    answer: Answer
    rules: int = 0
    """The version of the journey's rules it was done under; 0 when the record names none."""


TODAYS = 2**31 - 1
"""Stands for the rules as they are now, whatever their number."""


class Journey(msgspec.Struct, Generic[C, S], frozen=True):
    """One thing anyone can do.

    `look` reads all the case needs, `act` is pure. `roles` may ask for it; `accounts` names the
    command's fields that hold account ids (they are loaded for a whole batch at once).
    `observe` turns the command into what the live features see; `policy` names the policy that
    judges it. A `barrier` changes how later commands are judged, so no batch goes across it.
    `once` names what may be done only once, whoever asks and under whichever key; the second is
    told `done_before` and not recorded, so that no feature counts it. Whose rules changed is `past`:
    records of then are done again by it, and nobody may ask for it any more. A rule that is only added or
    drawn otherwise is a new version of the journey's `rules`, which stands in its records from then on and
    which `look` reads as `books.rules`; `unnumbered` are the versions of records that name none.
    """

    command: type[C]
    look: Callable[[C, Books], S]
    act: Callable[[C, S], Outcome]
    roles: tuple[str, ...]
    accounts: tuple[str, ...] = ()
    observe: Callable[[C], Observed] | None = None
    policy: str = ""
    purpose: Purpose = Purpose.SERVICE
    barrier: bool = False
    once: Callable[[C], str] | None = None
    done_before: Refusal | None = None
    past: bool = False
    rules: int = 0
    unnumbered: tuple[int, ...] = (0,)


def refused(seq_id: str, refusal: Refusal, *, about: str = "") -> Outcome:
    """The outcome of a command that is not carried out: it changes nothing."""
    return Outcome(Answer(seq_id, "refused", refusal=refusal, about=about))
