"""What a record of the books tells of customers, as happenings that tags count."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from jingwei.domains.tags.happenings import Happening
from jingwei.domains.tags.live import Person
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.pay import Pay
from jingwei.journeys.shape import Sealed
from jingwei.kernel.clock import bank_day
from jingwei.ledger.accounts import Movement
from jingwei.ledger.work import Customer

_LETTERS = re.compile("[a-z]+")
SOURCE = "books"
CARD = ("card", "capture", "authorisation")
INCOME = {
    "wage": ("wage", "salary", "工资", "薪"),
    "pension": ("pension", "养老金", "退休金"),
    "takings": ("takings", "营业款"),
}
SENT = {
    "rent": ("rent", "房租", "租金"),
    "bill": ("bill", "electricity", "water", "gas", "telecom", "电费", "水费", "燃气", "话费"),
    "gift": ("gift", "红包"),
    "family": ("family", "pocket", "家用", "零花钱"),
    "friend": ("friend",),
}
"""Words of a memo that tell what a payment is for, the first that fits."""

Owner = Callable[[str], str]
"""Whose account this is; "" for the bank's own and for none."""


def happenings(
    sealed: Sealed, about: Sealed | None, owner: Owner, shops: Mapping[str, str]
) -> Iterator[Happening]:
    """What the money that a record moved tells; `about` is the record it continues, if any.

    `shops` names the kind of shop behind a terminal. Fees, interest, and money between one's own accounts
    tell nothing.
    """
    asked = about.command if about is not None else sealed.command
    for movement in sealed.answer.movements:
        yield from _of(movement, asked, sealed.command.at, owner, shops)


def _of(
    movement: Movement, asked: object, at: int, owner: Owner, shops: Mapping[str, str]
) -> Iterator[Happening]:
    payer, payee, minor = owner(movement.payer), owner(movement.payee), movement.amount_minor
    if movement.kind in CARD and payer and not payee:
        terminal = asked.terminal if isinstance(asked, AuthoriseCardPayment) else ""
        yield Happening(payer, at, "card", shops.get(terminal, "other"), minor, SOURCE)
    elif movement.kind == "payment" and payer != payee:
        memo = kind_of(asked.memo if isinstance(asked, Pay) else "", SENT)
        if payer:
            yield Happening(payer, at, "out", memo, minor, SOURCE)
        if payee:
            yield Happening(payee, at, "in", memo, minor, SOURCE)
    elif movement.kind == "deposit" and payee:
        memo = asked.memo if isinstance(asked, Deposit) else ""
        cash = isinstance(asked, Deposit) and asked.source == "cash"
        category = kind_of(memo, INCOME)
        category = "cash" if cash and category == "other" else category
        yield Happening(payee, at, "income", category, minor, SOURCE)


def kind_of(memo: str, words: Mapping[str, tuple[str, ...]]) -> str:
    """The kind whose words stand in a memo; "other" when none do."""
    said = set(_LETTERS.findall(memo.lower()))
    for kind, some in words.items():
        if any(word in said if word.isascii() else word in memo for word in some):
            return kind
    return "other"


def person(customer: Customer) -> Person:
    """What tags read of a customer."""
    digits = customer.born.replace("-", "")
    born = int(digits) if len(digits) == 8 and digits.isdigit() else 0
    return Person(born, bank_day(customer.since), customer.kind == "company")
