"""The books for a purpose that rests on consent: each read asks the customer's consents as they stand now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from jingwei.consent.consents import Consent, ConsentMissing, permitted
from jingwei.consent.grounds import needs_consent
from jingwei.consent.uses import DataUse
from jingwei.decisions.judge import Judgement
from jingwei.decisions.published import PolicyVersion
from jingwei.domains.credit.beside import ChallengerScore
from jingwei.domains.credit.loans import Loan, LoanApplication, PayLaterLine
from jingwei.domains.credit.trained_score import ScorecardInUse
from jingwei.domains.offers.showing import OfferArm, Offering
from jingwei.domains.tags.audiences import Audience, AudienceExport
from jingwei.journeys.shape import Books, Journey, Outcome, Sealed, refused
from jingwei.kernel.command import Command
from jingwei.kernel.ids import decision_id
from jingwei.kernel.kept import Kept
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.ledger.accounts import Account, Balance, Hold, Line, Standing
from jingwei.ledger.cards import Card
from jingwei.ledger.links import IdentityLink
from jingwei.ledger.pots import Pot
from jingwei.ledger.work import Case, Challenge, Customer, Erasure

K = TypeVar("K", bound=Kept)
Owner = Callable[[str], str | None]
"""Whose account this is; None for the bank's own and for none."""

NOBODYS: tuple[type[Kept], ...] = (
    PolicyVersion,
    Consent,
    DataUse,
    OfferArm,
    Audience,
    AudienceExport,
    ScorecardInUse,
)
"""Kinds that tell nothing of a customer beyond what the consent itself is."""

DATA_OF: dict[type[Kept], tuple[DataClass, str]] = {
    Customer: (DataClass.IDENTITY, "id"),
    Account: (DataClass.TRANSACTIONS, "owner"),
    Balance: (DataClass.TRANSACTIONS, "@id"),
    Hold: (DataClass.TRANSACTIONS, "@account"),
    Case: (DataClass.LABELS, "customer"),
    Challenge: (DataClass.BEHAVIOUR, "customer"),
    Card: (DataClass.TRANSACTIONS, "customer"),
    Pot: (DataClass.TRANSACTIONS, "customer"),
    Erasure: (DataClass.BEHAVIOUR, "customer"),
    ChallengerScore: (DataClass.TRANSACTIONS, "customer"),
    LoanApplication: (DataClass.TRANSACTIONS, "customer"),
    Loan: (DataClass.TRANSACTIONS, "customer"),
    PayLaterLine: (DataClass.TRANSACTIONS, "customer"),
    IdentityLink: (DataClass.IDENTITY, "customer"),
    Offering: (DataClass.BEHAVIOUR, "customer"),
}
"""What kind of data each kept kind is, and the field that says whose; @ marks an account's id."""


def about(thing: Kept, owner: Owner) -> tuple[str, DataClass] | None:
    """Whose data a kept thing is and of which kind, or None when it is nobody's.

    Raises TypeError for a kind of which neither list says anything: it is not handed out by chance.
    """
    if isinstance(thing, NOBODYS):
        return None
    if type(thing) not in DATA_OF:
        raise TypeError(f"{type(thing).__name__}: say in journeys/bound.py whose data this is")
    data, field = DATA_OF[type(thing)]
    name: str = getattr(thing, field.removeprefix("@"))
    who = owner(name) if field.startswith("@") else name
    return None if who is None or (isinstance(thing, Account) and thing.side == "bank") else (who, data)


class BoundBooks:
    """Implements `Books` for one command under one purpose. Keeps no answer: the next read asks again."""

    def __init__(self, books: Books, purpose: Purpose, command: Command) -> None:
        self.seq, self.rules = books.seq, books.rules
        self.products = books.products
        self._books = books
        self._purpose = purpose
        self._command = command

    def _ask(self, customer: str, data: DataClass) -> None:
        find = lambda some_id: self._books.get(Consent, some_id)  # noqa: E731
        if not permitted(customer, self._purpose, data, self._command.at, find):
            raise ConsentMissing(self._purpose, data)

    def _owner(self, account_id: str) -> str | None:
        found = self._books.standing(account_id)
        return None if found is None or found.account.side == "bank" else found.account.owner

    def _shown(self, things: list[K]) -> list[K]:
        for thing in things:
            if (asked := about(thing, self._owner)) is not None:
                self._ask(*asked)
        return things

    def standing(self, account_id: str) -> Standing | None:
        """An account with its balance, or None. Raises ConsentMissing."""
        return self._standing(self._books.standing(account_id))

    def own(self, account_id: str) -> Standing | None:
        """The same, if the actor may dispose of it. Raises ConsentMissing."""
        return self._standing(self._books.own(account_id))

    def _standing(self, found: Standing | None) -> Standing | None:
        if found is not None:
            self._shown([found.account])
        return found

    def get(self, kind: type[K], some_id: str) -> K | None:
        """One kept thing, or None. Raises ConsentMissing."""
        found = self._books.get(kind, some_id)
        return None if found is None else self._shown([found])[0]

    def find(self, kind: type[K], column: str, value: str, *, after: str = "", limit: int = 100) -> list[K]:
        """Kept things by a column. Raises ConsentMissing when one of them may not be read."""
        return self._shown(self._books.find(kind, column, value, after=after, limit=limit))

    def page(self, kind: type[K], *, after: str = "", limit: int = 100) -> list[K]:
        """Kept things by id. Raises ConsentMissing when one of them may not be read."""
        return self._shown(self._books.page(kind, after=after, limit=limit))

    def record(self, some_id: str) -> Sealed | None:
        """A record. Raises ConsentMissing unless the customer it is about agrees."""
        found = self._books.record(some_id)
        if found is not None and (customer := getattr(found.command, "customer", "")):
            self._ask(customer, DataClass.TRANSACTIONS)
        return found

    def lines(self, ids: Sequence[int]) -> list[Line]:
        """Ledger lines. Raises ConsentMissing unless all customers they name agree."""
        found = self._books.lines(ids)
        for owner in {self._owner(side) for line in found for side in (line.payer, line.payee)} - {None}:
            assert owner is not None
            self._ask(owner, DataClass.TRANSACTIONS)
        return found

    def judgement(self) -> Judgement:
        """What policy and model made of the command. Raises ConsentMissing: features are behaviour."""
        self._ask(getattr(self._command, "customer", ""), DataClass.BEHAVIOUR)
        return self._books.judgement()


ON_CONSENT = frozenset(purpose for purpose in Purpose if needs_consent(purpose))
"""Purposes whose journeys read through `BoundBooks`."""


def carry(journey: Journey[Any, Any], command: Command, books: Books) -> Outcome:
    """Do one command: look, bound to the customers' consents where the purpose rests on them, and act."""
    if journey.purpose not in ON_CONSENT:
        done: Outcome = journey.act(command, journey.look(command, books))
        return done
    try:
        seen = journey.look(command, BoundBooks(books, journey.purpose, command))
    except ConsentMissing as missing:
        return refused(decision_id(books.seq), missing.refusal)
    bound: Outcome = journey.act(command, seen)
    return bound
