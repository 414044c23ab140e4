"""What a company can change to turn a refusal: each change as it would stand in the inputs. Pure."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from jingwei.domains.credit.company_inputs import BUREAU
from jingwei.domains.credit.deciding import Asked, company_of
from jingwei.domains.credit.inputs import CreditInputs
from jingwei.kernel.money import currency
from jingwei.kernel.refusal import Words

Case = tuple[Asked, CreditInputs]

WORDS: dict[str, Words] = {
    "takings_here": Words(
        "let {value} in a year come into the account here", "一年内有{value}的营业收入进入我行账户"
    ),
    "money_kept": Words(
        "keep 100 or more in the account on {value} of 90 days", "90天内有{value}天账户余额不低于100"
    ),
    "payments_made": Words("see that no payment fails for want of money", "确保没有付款因余额不足而失败"),
    "returns_on_time": Words("file the tax returns of a year on time", "一年内按时完成纳税申报"),
    "buyers_on_time": Words(
        "see that no more than {value} in 100 invoices are paid late", "使逾期付款的发票不超过{value}%"
    ),
    "buyers_sooner": Words("agree with buyers on payment within {value} days", "与买方约定{value}天内付款"),
    "more_buyers": Words(
        "sell so much to others that the largest buyer takes no more than {value} %",
        "扩大客户，使最大买方占比不超过{value}%",
    ),
}
AMOUNTS = frozenset({"takings_here"})
"""Changes whose value is an amount in minor units."""

COLUMNS = {
    "money_kept": ("balance_days", 1.0),
    "payments_made": ("refused", 1.0),
    "returns_on_time": ("tax_late_filings", 1.0),
    "buyers_on_time": ("invoices_late_share", 0.01),
    "buyers_sooner": ("invoices_days", 1.0),
    "more_buyers": ("invoices_largest_buyer", 0.01),
}
"""The column a change moves, and what one of its value is there."""


def _column(code: str) -> Callable[[Asked, CreditInputs, int], Case]:
    name, unit = COLUMNS[code]
    return lambda asked, inputs, value: (asked, _with(inputs, name, round(value * unit, 3)))


def _takings(asked: Asked, inputs: CreditInputs, value: int) -> Case:
    return asked, _with(inputs, "money_in_year", value / 10 ** currency(asked.product.currency).places)


def _with(inputs: CreditInputs, name: str, value: float) -> CreditInputs:
    """The inputs with one column of the company's brought to a value, in whichever place it stands."""
    company = inputs.company
    assert not isinstance(company, msgspec.UnsetType), "only companies change what companies are scored on"
    own = company.own | {name: value} if name in company.own else company.own
    sources = {
        source: columns | {name: value} if name in columns else columns
        for source, columns in company.sources.items()
    }
    return replace(inputs, company=replace(company, own=own, sources=sources))


CHANGES: dict[str, Callable[[Asked, CreditInputs, int], Case]] = {
    "takings_here": _takings,
    **{code: _column(code) for code in COLUMNS},
}


def ladders(asked: Asked, inputs: CreditInputs) -> dict[str, list[int]]:
    """For each change the values a company can bring it to, the smallest change first.

    Only what was read is named: nobody is told to change what the bank was not let see.
    """
    company = company_of(asked, inputs)
    assert company is not None, "a person has other ways"
    told, debts = company.numbers(), inputs.bureau.debts if BUREAU in company.agreed else 0
    unit: int = 10 ** currency(asked.product.currency).places
    came_in = int(told["money_in_year"])
    return {
        "longer_term": [months for months in asked.product.terms if months > asked.months],
        "fewer_debts": list(range(debts - 1, -1, -1)),
        "payments_made": [0] if told["refused"] else [],
        "returns_on_time": [0] if told.get("tax_late_filings") else [],
        "money_kept": [days for days in (50, 65, 80) if days > told["balance_days"]],
        "buyers_on_time": _below(told, "invoices_late_share", (30, 20, 10), 0.01),
        "buyers_sooner": _below(told, "invoices_days", (60, 45, 30), 1.0),
        "more_buyers": _below(told, "invoices_largest_buyer", (50, 30), 0.01),
        "takings_here": [_thousands(came_in * by // 100) * unit for by in (125, 150)] if came_in else [],
    }  # fmt: skip


def _below(told: dict[str, float], name: str, rungs: tuple[int, ...], unit: float) -> list[int]:
    now = told.get(name)
    return [] if now is None else [rung for rung in rungs if rung * unit < now]


def _thousands(amount: int) -> int:
    """An amount up to the next thousand."""
    return -(-amount // 1_000) * 1_000
