"""The city's people at the loan counter: they agree, ask for what they need, and answer the bank's offers.

Why they ask is the city's own truth (a job lost, a strain, a plain wish); the bank sees only that they ask.
How they are scored is none of the city's business: whoever lets the city in measures and decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, Protocol

from jingwei.bank import Reply
from jingwei.journeys.apply_for_loan import ApplyForLoan
from jingwei.journeys.give_consent import GiveConsent
from jingwei.journeys.review_loan import ReviewLoan
from jingwei.journeys.sign_loan import DeclineLoanOffer, SignLoan, signed_text
from jingwei.kernel.clock import HOUR, MINUTE
from jingwei.kernel.command import Command
from jingwei.kernel.purpose import Purpose
from jingwei.simulation.city.draws import Draws
from jingwei.simulation.city.world import City

SYSTEM: Final = "book_applications"
PRODUCT: Final = "personal_loan"
MANAGER: Final = "staff:customer_manager"
TAKES: Final = 0.85
"""How many who are made an offer sign it; the others think better of it."""
ASKS_PERSON: Final = 0.6
"""How many want a person to decide; a bank that has known them for days only says no by itself."""
FITS = "The instalment fits the income. 月供与收入相称。"
TOO_LARGE = "The instalment is too large. 月供过高。"
PRESSING: Final = 0.40
"""The made-up customer manager of the past approves instalments up to so much of the income people state."""
DECIDES: Final = 2 * HOUR
"""How long that person takes; people answer an offer within an hour."""


class Offer(Protocol):
    """What somebody who asked sees of the application."""

    @property
    def id(self) -> str: ...

    @property
    def customer(self) -> str: ...

    @property
    def account(self) -> str: ...

    @property
    def amount_minor(self) -> int: ...

    @property
    def currency(self) -> str: ...

    @property
    def status(self) -> str: ...

    @property
    def terms_sha256(self) -> str: ...


class Counter(Protocol):
    """The bank's side of the counter, brought by whoever lets the city in."""

    def measured(self, ask: ApplyForLoan) -> ApplyForLoan:
        """The application with what the customer lets the bank look at."""
        ...

    def application(self, some_id: str) -> Offer | None:
        """An application as the bank keeps it."""
        ...


class Wishes:
    """Turns the city's applications into commands and answers what becomes of them."""

    def __init__(self, city: City, counter: Counter, review_until: int) -> None:
        """Cases opened before `review_until` are decided by a made-up customer manager."""
        self._rows = city.systems[SYSTEM]
        self._counter = counter
        self._review_until = review_until
        drawn = Draws(city.seed).of("answers to loan offers").random((2, len(self._rows["person"])))
        self._takes, self._alone = drawn

    @staticmethod
    def moment(row: int, at: int) -> int:
        """When somebody comes to the counter: over the day, not all at once."""
        return at + row * 37 % 480 * MINUTE

    def agreed(self, row: int, stamp: dict[str, Any]) -> tuple[GiveConsent, ApplyForLoan]:
        """The consent given now, and the application made ten minutes after it."""
        who = f"p{int(self._rows['person'][row]):06d}"
        own = stamp | {"actor": f"customer:{who}"}
        later = own | {"key": f"{stamp['key']}:ask", "at": stamp["at"] + 10 * MINUTE}
        ask = ApplyForLoan(
            customer=who,
            product=PRODUCT,
            account=who,
            amount_minor=int(self._rows["amount_minor"][row]),
            months=int(self._rows["term"][row]),
            person=bool(self._alone[row] < ASKS_PERSON),
            **(later | {"known_at": later["at"]}),
        )
        return GiveConsent(customer=who, purpose=Purpose.CREDIT, **own), ask

    def answers(self, command: Command, reply: Reply) -> Iterator[Command]:
        """What people do about what became of an application: a person decides, the customer signs or not."""
        if isinstance(command, ApplyForLoan):
            row = int(command.key.split(":")[2])
            if reply.answer.case and command.at < self._review_until:
                yield self._decided(command, reply, row)
            elif reply.answer.result == "done":
                yield from self._signed(reply.answer.made, row, command.at)
        elif isinstance(command, ReviewLoan) and command.approve and reply.answer.about:
            row = int(command.key.split(":")[3])
            yield from self._signed(f"Q{reply.answer.about[1:]}", row, command.at)

    def _decided(self, command: ApplyForLoan, reply: Reply, row: int) -> ReviewLoan:
        share = int(self._rows["instalment_minor"][row]) / max(int(self._rows["stated_minor"][row]), 1)
        at = command.at + DECIDES
        words = FITS if share <= PRESSING else TOO_LARGE
        return ReviewLoan(
            key=f"city:review:loan:{row}",
            actor=MANAGER,
            at=at,
            known_at=at,
            case=reply.answer.case,
            approve=share <= PRESSING,
            words=words,
        )

    def _signed(self, application: str, row: int, at: int) -> Iterator[Command]:
        offer = self._counter.application(application)
        if offer is None or offer.status != "offered":
            return
        later = at + (row * 13 % 50 + 10) * MINUTE
        stamp: dict[str, Any] = {
            "actor": f"customer:{offer.customer}", "at": later, "known_at": later, "application": offer.id,
            "customer": offer.customer,
        }  # fmt: skip
        if self._takes[row] >= TAKES:
            yield DeclineLoanOffer(key=f"city:decline:{row}", **stamp)
            return
        text = signed_text(offer.id, offer.account, offer.amount_minor, offer.currency)
        yield SignLoan(
            key=f"city:sign:{row}",
            account=offer.account,
            amount_minor=offer.amount_minor,
            currency=offer.currency,
            terms_sha256=offer.terms_sha256,
            proof=f"made up {text}",
            **stamp,
        )


def measured(counter: Counter | None, batch: Sequence[Command]) -> list[Command]:
    """The commands with what the bank measures for applications among them."""
    if counter is None:
        return list(batch)
    return [counter.measured(one) if isinstance(one, ApplyForLoan) else one for one in batch]
