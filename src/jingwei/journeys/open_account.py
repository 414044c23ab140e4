"""OpenAccount: a customer opens an account under a product, with money in it from the start or without."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from jingwei.journeys.shape import TODAYS, Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id, OptionalId, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import account_id, decision_id, seq_of
from jingwei.kernel.money import MAX_AMOUNT_MINOR, Money
from jingwei.kernel.refusal import Refusal, Words, declare
from jingwei.ledger.accounts import (
    ACCOUNT_NOT_FOUND,
    Account,
    Balance,
    Kept,
    Movement,
    Standing,
    chart_id,
)
from jingwei.ledger.family import may_be_born
from jingwei.ledger.posting import Posted, post
from jingwei.ledger.products import Product
from jingwei.ledger.work import Customer

BirthDate = Annotated[str, msgspec.Meta(pattern=r"\A([0-9]{4}-[0-9]{2}-[0-9]{2})?\Z")]
OpeningAmount = Annotated[int, msgspec.Meta(ge=0, le=MAX_AMOUNT_MINOR)]


class OpenAccount(Command, frozen=True, kw_only=True, tag="open_account"):
    """Open an account for `customer` under `product` ("code" for its newest version, or "code@version").

    `account` is its number; left empty the bank gives one. A customer the bank does not know yet is
    taken on with `name`, `kind` and `born` (ISO date). `opening_minor` is paid in at once: from the
    customer's own account `source`, whoever asks, or in cash, which only staff can take.
    """

    customer: Id
    product: Id
    account: OptionalId = ""
    name: Text = ""
    kind: Literal["person", "company"] = "person"
    born: BirthDate = ""
    opening_minor: OpeningAmount = 0
    source: OptionalId = ""


class AccountOpened(Event, frozen=True, kw_only=True, tag="account_opened"):
    """An account was opened."""

    account: str
    customer: str
    product: str


WHOSE = 1
"""From this version of the rules on `check_person` is asked; records without one may be under either."""


class Seen(msgspec.Struct, frozen=True):
    """What the bank looked at: the product, the customer, who has the number, and where money comes from."""

    seq: int
    product: Product | None
    customer: Customer | None
    taken: Standing | None
    source_id: str
    source: Standing | None
    rules: int = TODAYS


declare(
    {
        "opening_too_small": Words(
            "This account is opened with at least {minimum}.", "开立该账户至少须存入{minimum}。"
        ),
        "account_number_reserved": Words(
            "Numbers of this form are given by the bank; choose another or none.",
            "该格式的账号由银行编制，请更换或留空。",
        ),
    }
)


def look(ask: OpenAccount, books: Books) -> Seen:
    """Read the product, the customer, the number wanted, and the account the money comes from."""
    product = books.products.find(ask.product) or books.products.latest(ask.product)
    taken = books.standing(ask.account or account_id(books.seq))
    source_id, source = ask.source, books.own(ask.source) if ask.source else None
    if product is not None and not ask.source:
        source_id = chart_id("cash", product.currency)
        source = books.standing(source_id)
    known = books.get(Customer, ask.customer)
    return Seen(books.seq, product, known, taken, source_id, source, books.rules)


def act(ask: OpenAccount, seen: Seen) -> Outcome:
    """Open the account and pay in what it is opened with, both or neither."""
    number = decision_id(seen.seq)
    product = seen.product
    if refusal := check(ask, seen):
        return refused(number, refusal)
    assert product is not None
    new = ask.account or account_id(seen.seq)
    opened = Standing(product.account(new, ask.customer, ask.at), Balance(new))
    funded = fund(ask, seen, opened)
    if isinstance(funded, Refusal):
        return refused(number, funded)
    movements, posted = funded
    kept: tuple[Kept, ...] = ()
    if seen.customer is None:
        kept = (Customer(ask.customer, ask.name, ask.kind, ask.born, ask.at),)
    event = AccountOpened(account=new, customer=ask.customer, product=product.id)
    return Outcome(
        Answer(number, "done", movements=movements, made=new, events=(event,)),
        posted.lines, tuple(posted.standings.values()), kept,
    )  # fmt: skip


def check_person(ask: OpenAccount, seen: Seen) -> Refusal | None:
    """Return why this is not the customer's own money or birth, or None."""
    if seen.source is not None and ask.source and seen.source.account.owner != ask.customer:
        return ACCOUNT_NOT_FOUND
    if seen.customer is None and ask.born and not may_be_born(ask.born, ask.at):
        return Refusal("born_not_possible", {"born": ask.born})
    return None


def check(ask: OpenAccount, seen: Seen) -> Refusal | None:
    """Return why the account cannot be opened, or None."""
    role, _, who = ask.actor.partition(":")
    if role == "customer" and (who != ask.customer or (ask.opening_minor and not ask.source)):
        return Refusal("not_allowed")
    product = seen.product
    if product is None:
        return Refusal("product_not_found", {"product": ask.product})
    if seen.rules >= WHOSE and (refusal := check_person(ask, seen)):
        return refusal
    if ask.account.startswith("bank:") or (ask.account[:1] == "A" and seq_of(ask.account) is not None):
        return Refusal("account_number_reserved")
    if seen.taken is not None:
        return Refusal("account_exists")
    if ask.opening_minor < product.minimum_opening_minor:
        minimum = Money(product.minimum_opening_minor, product.currency)
        return Refusal("opening_too_small", {"minimum": str(minimum)})
    return None


def fund(ask: OpenAccount, seen: Seen, opened: Standing) -> tuple[tuple[Movement, ...], Posted] | Refusal:
    """Return the opening payment and the books after it, or why it cannot be made."""
    account: Account = opened.account
    if not ask.opening_minor:
        return (), Posted((), {account.id: opened})
    kind = "payment" if ask.source else "deposit"
    movement = Movement(seen.source_id, account.id, ask.opening_minor, account.currency, kind)
    posted = post((movement,), {seen.source_id: seen.source, account.id: opened}, seen.seq, ask.at)
    return posted if isinstance(posted, Refusal) else ((movement,), posted)


OPEN_ACCOUNT = Journey(
    OpenAccount, look, act, roles=("customer", "staff", "system"), accounts=("account", "source"),
    rules=WHOSE, unnumbered=(WHOSE, 0),
)  # fmt: skip
