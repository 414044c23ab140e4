"""The codes of the older books, in Czech and in English, and what they mean on our ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import TypeVar

from jingwei.channels.berka.problem import shown, wants
from jingwei.channels.berka.table import BadValue
from jingwei.kernel.money import MoneyError, parse_minor
from jingwei.kernel.refusal import Words

CURRENCY = "CZK"
V = TypeVar("V")

DIRECTIONS = {"PRIJEM": 1, "VYDAJ": -1, "VYBER": -1, "credit": 1, "withdrawal": -1, "withdrawal in cash": -1}
"""Whether the account received (1) or paid (-1)."""

CASH_IN, CASH_OUT, CARD, FROM_BANK, TO_BANK, NONE = "cash_in", "cash_out", "card", "from_bank", "to_bank", ""
OPERATIONS = {
    "VKLAD": CASH_IN,
    "VYBER": CASH_OUT,
    "VYBER KARTOU": CARD,
    "PREVOD Z UCTU": FROM_BANK,
    "PREVOD NA UCET": TO_BANK,
    "": NONE,
    "credit in cash": CASH_IN,
    "withdrawal in cash": CASH_OUT,
    "credit card withdrawal": CARD,
    "collection from another bank": FROM_BANK,
    "remittance to another bank": TO_BANK,
}
"""How the money moved; a credit of interest has no operation."""

CHARTS = {
    CASH_IN: ("cash", "cash_deposit"),
    CASH_OUT: ("cash", "cash_withdrawal"),
    CARD: ("card_settlement", "card_withdrawal"),
    FROM_BANK: ("clearing", "transfer_in"),
    TO_BANK: ("clearing", "transfer_out"),
    NONE: ("suspense", "unexplained"),
}
"""Where an operation's other side stands in our chart of accounts, and its kind when no purpose is given."""

RECEIVES = {CASH_IN: 1, FROM_BANK: 1, CASH_OUT: -1, CARD: -1, TO_BANK: -1}
"""The direction each operation can only have."""

PURPOSES = {
    "": "",
    "UROK": "interest",
    "SLUZBY": "fee",
    "SANKC. UROK": "penalty_interest",
    "SIPO": "household",
    "DUCHOD": "pension",
    "POJISTNE": "insurance",
    "UVER": "loan_payment",
    "LEASING": "leasing",
    "interest credited": "interest",
    "payment for statement": "fee",
    "sanction interest if negative balance": "penalty_interest",
    "household": "household",
    "old-age pension": "pension",
    "insurrance payment": "insurance",
    "loan payment": "loan_payment",
}
"""What the money was for (k_symbol)."""

OWN_CHARTS = {"interest": "interest_paid", "fee": "fees", "penalty_interest": "interest_earned"}
"""Purposes that are the bank's own income or cost, whatever the operation."""

STATEMENTS = {
    "POPLATEK MESICNE": "monthly",
    "POPLATEK TYDNE": "weekly",
    "POPLATEK PO OBRATU": "after_transaction",
}
ROLES = {"OWNER": "owner", "DISPONENT": "disponent"}
LOAN_STATES = {"A": "finished", "B": "finished_unpaid", "C": "running", "D": "running_in_debt"}
CARD_KINDS = {"junior": "junior", "classic": "classic", "gold": "gold"}


def meaning(operation: str, purpose: str) -> tuple[str, str]:
    """Return (part of our chart of accounts, kind of movement) of a transaction."""
    chart, kind = CHARTS[operation]
    return OWN_CHARTS.get(purpose, chart), purpose or kind


def code(known: dict[str, V]) -> Callable[[str], V]:
    """A reader of one of these codes; spaces around it do not matter."""

    def read(text: str) -> V:
        found = known.get(text.strip())
        if found is None:
            codes = ", ".join(repr(name) for name in known)
            raise BadValue(
                Words(f"unknown code {shown(text)}; known: {codes}", f"未知代码{shown(text)}；已知：{codes}")
            )
        return found

    return read


def number(text: str) -> int:
    """Read a whole number above zero with at most 9 digits."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) > 0):
        raise BadValue(wants(text, "a whole number above zero", "大于零的整数"))
    return int(text)


def amount(text: str) -> int:
    """Read koruna with up to two places into minor units, not below zero."""
    found = balance(text)
    if found < 0:
        raise BadValue(wants(text, "an amount; it is below zero", "金额：不能小于零"))
    return found


def positive(text: str) -> int:
    """Read koruna into minor units, above zero."""
    found = amount(text)
    if found == 0:
        raise BadValue(wants(text, "an amount above zero", "大于零的金额"))
    return found


def balance(text: str) -> int:
    """Read koruna with up to two places into minor units; may be below zero."""
    try:
        return parse_minor(text, CURRENCY)
    except MoneyError as error:
        raise BadValue(Words(str(error), f"{shown(text)}不是金额，请写成12.30的形式")) from None


@lru_cache(maxsize=8192)
def day(text: str) -> date:
    """Read YYMMDD of the 20th century, with or without a time of midnight after it."""
    try:
        return _date(text.removesuffix(" 00:00:00"), 0)
    except ValueError:
        raise BadValue(wants(text, "a date YYMMDD", "YYMMDD格式的日期")) from None


def born(text: str) -> date:
    """Read a birth number: YYMMDD, the month of women plus 50. Only the date is kept, not who is a woman."""
    try:
        return _date(text, 50 if text[2:3] in ("5", "6") else 0)
    except ValueError:
        raise BadValue(wants(text, "a birth number YYMMDD", "YYMMDD格式的出生编号")) from None


def _date(text: str, month_plus: int) -> date:
    if not (len(text) == 6 and text.isascii() and text.isdigit()):
        raise ValueError(text)
    return date(1900 + int(text[:2]), int(text[2:4]) - month_plus, int(text[4:6]))


def text_of(text: str) -> str:
    """Read a short text: printable, spaces around it removed."""
    found = text.strip()
    if len(found) > 60 or not found.isprintable():
        raise BadValue(wants(text, "a text of at most 60 printable characters", "不超过60个可打印字符的文本"))
    return found


def figure(text: str) -> str:
    """Read a figure of a district as written; "?" is not known."""
    found = text.strip()
    if found != "?" and not (found.isascii() and len(found) <= 20 and found.replace(".", "", 1).isdigit()):
        raise BadValue(wants(text, 'a number or "?"', "数字或“?”"))
    return found
