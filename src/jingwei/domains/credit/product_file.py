"""Reading a loan product from its TOML file: every field checked, all problems told at once, with lines."""

from __future__ import annotations

import re
from typing import Any

from jingwei.domains.credit.product import GRADES, Borrower, Kind, LoanProduct, Price, Scene
from jingwei.kernel.money import CURRENCIES
from jingwei.kernel.refusal import Words
from jingwei.ledger.product_file import Problem, ProductError, Table, open_table

MOST_RATE_PPM = 240_000
"""No loan costs more than 24 % a year: the bank's own ceiling."""

LONGEST = 360
"""The longest term in months."""

PENALTY = (30, 50)
"""By how many percent the rate may rise on late principal.

Source: People's Bank of China, notice on loan rates, Yinfa [2003] No. 251, section 3."""

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


def parse_loan_product(text: str, name: str) -> LoanProduct:
    """Return the loan product this TOML text describes; `name` stands for the file in messages.

    Raises ProductError listing every problem: syntax, a missing, unknown or impossible field.
    """
    problems: list[Problem] = []
    top = open_table(text, name, problems)
    product = _product(top)
    if problems:
        raise ProductError(name, problems)
    return product


def _product(top: Table) -> LoanProduct:
    code = top.text("code")
    if code and not _CODE.fullmatch(code):
        top.problem("code", "must be small letters, digits and _, beginning with a letter, at most 40")
    currency = top.text("currency")
    if currency and currency not in CURRENCIES:
        top.problem("currency", f"unknown currency {currency!r:.20}; known: {', '.join(CURRENCIES)}")
        currency = ""
    least, most = _amount(top.table("amount"), currency)
    late, prices = top.table("late"), _prices(top, currency, most)
    fees = top.table("fees")
    borrower = top.choice("borrower", Borrower, "person")
    turnover, margin, cover = _turnover(top, borrower)
    product = LoanProduct(
        code=code,
        version=top.whole("version", 1, 9_999),
        name=_words(top.table("name")),
        says=_words(top.table("about")),
        kind=top.choice("kind", Kind),
        scene=top.choice("scene", Scene, ""),
        currency=currency,
        least_minor=least,
        most_minor=most,
        terms=_terms(top),
        prices=prices,
        doubtful=_doubtful(top, prices),
        fee_basis_points=fees.whole("once_basis_points", 0, 500, 0),
        early_basis_points=fees.whole("early_basis_points", 0, 500, 0),
        penalty_percent=late.whole("penalty_percent", *PENALTY),
        grace_days=late.whole("grace_days", 0, 30, 0),
        cooling_off_days=top.whole("cooling_off_days", 0, 30, 0),
        offer_days=top.whole("offer_days", 1, 60, 7),
        person_from_minor=top.money("person_from", currency, None) or 10**15,
        share_percent=top.whole("share_percent", 10, 70, 50),
        borrower=borrower,
        turnover_percent=turnover,
        margin_percent=margin,
        cover_percent=cover,
    )
    for table in (late, fees, top):
        table.done()
    return product


def _words(table: Table) -> Words:
    words = Words(en=table.text("en"), zh=table.text("zh"))
    table.done()
    return words


def _amount(table: Table, currency: str) -> tuple[int, int]:
    least, most = (table.money(name, currency, None) for name in ("least", "most"))
    for name, value in (("least", least), ("most", most)):
        if name not in table.values:
            table.problem(name, 'is missing; give an amount in quotes such as "1000.00"')
        elif value == 0:
            table.problem(name, "must be above zero")
    if least is not None and most is not None and most < least:
        table.problem("most", "must not be below the least amount")
    table.done()
    return least or 0, most or 0


def _turnover(top: Table, borrower: str) -> tuple[int, int, int]:
    """How a company's limit is found: shares of its turnover, and by how much debts must be covered."""
    if borrower != "company":
        return 0, 0, 100
    table = top.table("turnover")
    shares = table.whole("share_percent", 1, 100), table.whole("margin_percent", 1, 60)
    cover = table.whole("cover_percent", 100, 300)
    table.done()
    return *shares, cover


def _terms(top: Table) -> tuple[int, ...]:
    found: list[Any] = top.take("terms", list, "a list of months such as [3, 6, 12]", None)
    good = all(type(one) is int and 1 <= one <= LONGEST for one in found)
    if "terms" in top.values and (not good or not found or found != sorted(set(found))):
        top.problem("terms", f"must be whole months from 1 to {LONGEST}, each longer than the one before")
        return ()
    return tuple(found)


def _prices(top: Table, currency: str, most: int) -> tuple[Price, ...]:
    prices: list[Price] = []
    for row in top.tables("price"):
        grade = row.text("grade")
        order = [price.grade for price in prices]
        if grade and grade not in GRADES:
            row.problem("grade", f"must be one of {', '.join(GRADES)}, not {grade!r:.20}")
        elif order and grade <= order[-1]:
            row.problem("grade", "must be a worse grade than the price before it")
        rate = row.whole("rate_ppm", 0, MOST_RATE_PPM)
        if prices and rate < prices[-1].rate_ppm:
            row.problem("rate_ppm", "must not be below the rate of a better grade")
        upto = row.money("most", currency, most) or 0
        if upto > most:
            row.problem("most", "must not be above the product's largest amount")
        row.done()
        prices.append(Price(grade, rate, upto))
    if not prices and not isinstance(top.values.get("price"), list):
        top.problem("price", "is missing; give a table [[price]] for each grade that is lent to")
    return tuple(prices)


def _doubtful(top: Table, prices: tuple[Price, ...]) -> tuple[str, ...]:
    found: list[Any] = top.take("doubtful", list, 'a list of grades such as ["D"]', [])
    priced = {price.grade for price in prices}
    for one in found:
        if one not in priced:
            top.problem("doubtful", f"{one!r:.20} is not a grade with a price")
    return tuple(str(one) for one in found)


__all__ = ["ProductError", "parse_loan_product"]
