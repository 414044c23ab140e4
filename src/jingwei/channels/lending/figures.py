"""What a company was scored on, source by source, in words: for REST, the command line and the pages."""

from __future__ import annotations

from typing import NamedTuple

from jingwei.domains.credit.applying import inputs_of
from jingwei.domains.credit.company import SENTENCES, SOURCE_NAMES
from jingwei.domains.credit.company_again import company_in
from jingwei.domains.credit.company_inputs import BUREAU, OWN, SOURCES, CompanyInputs
from jingwei.domains.credit.loans import LoanApplication
from jingwei.kernel.refusal import Words

AMOUNTS = frozenset({"money_in_year", "tax_sales_year", "chain_confirmed"})
CHANGES = frozenset({"money_in_change", "tax_sales_change", "power_change"})
SHARES = frozenset({"invoices_late_share", "invoices_largest_buyer"})

READ, NO_RECORDS, NOT_AGREED = "read", "no_records", "not_agreed"
STATES: dict[str, Words] = {
    READ: Words("read", "已读取"),
    NO_RECORDS: Words("agreed to, but too few records: counts as average", "已同意，但记录不足：按平均计"),
    NOT_AGREED: Words("not agreed to: counts as average", "未同意：按平均计"),
    "bureau_not_agreed": Words("not agreed to: a person decides", "未同意：由工作人员决定"),
}
WHY: dict[str, Words] = {
    "tax": Words(
        "Sales and punctual tax returns can raise the score and what can be lent.",
        "销售额与按时申报可提高评分和可借金额。",
    ),
    "power": Words("Whether you use more or less power than before.", "用电量较以前的增减。"),
    "invoices": Words(
        "Whether your buyers pay on time, and whether much hangs on one of them.",
        "买方是否按时付款，是否过度依赖单一买方。",
    ),
    "supply_chain": Words("What the leading firm you supply confirms.", "您所供货的核心企业确认的订单。"),
    BUREAU: Words(
        "What you repay elsewhere bounds what we lend. Without it a person decides.",
        "其他机构的还款决定可借金额；不同意则由工作人员决定。",
    ),
}
"""What each source is for, as a company is told when it is asked."""


class Figure(NamedTuple):
    """One column: what it is about, its value as people read it, and what the value counts."""

    name: str
    says: Words
    value: str
    unit: Words


class Source(NamedTuple):
    """One source: whether it was read, from which system, and what it came to. `told_by` is "" when not read;
    a system whose name begins with "simulated" is made up."""

    name: str
    title: Words
    state: str
    says: Words
    told_by: str
    figures: tuple[Figure, ...]


DAYS, TIMES, YUAN = Words("days", "天"), Words("times", "次"), Words("CNY", "元")
UNITS: dict[str, Words] = {
    "account_days": DAYS,
    "balance_days": DAYS,
    "invoices_days": DAYS,
    "refused": TIMES,
    "tax_late_filings": TIMES,
    "power_year": Words("kWh", "千瓦时"),
    "chain_years": Words("years", "年"),
} | dict.fromkeys(AMOUNTS, YUAN)
"""What a column counts; the others are percent. Companies borrow in yuan, whose units amounts are in."""


def figure(name: str, value: float) -> Figure:
    """A column with its value: amounts in whole yuan, changes and shares in percent."""
    if name in CHANGES:
        text = f"{value * 100:+.1f} %".replace("-", "−")
    elif name in SHARES:
        text = f"{value * 100:.1f} %"
    else:
        text = f"{round(value):,}"
    return Figure(name, SENTENCES[name], text, UNITS.get(name, Words("", "")))


def own_figures(company: CompanyInputs) -> tuple[Figure, ...]:
    """The bank's own columns."""
    return tuple(figure(name, company.own[name]) for name in OWN if name in company.own)


def sources_of(application: LoanApplication) -> tuple[Source, ...]:
    """Every source the company was asked for; none of a person."""
    company = company_in(application)
    if company is None:
        return ()
    bureau = inputs_of(application).bureau.source
    return tuple(_source(company, name, bureau) for name in company.asked)


def _source(company: CompanyInputs, name: str, bureau: str) -> Source:
    if name not in company.agreed:
        says = STATES["bureau_not_agreed" if name == BUREAU else NOT_AGREED]
        return Source(name, SOURCE_NAMES[name], NOT_AGREED, says, "", ())
    if name == BUREAU:
        return Source(name, SOURCE_NAMES[name], READ, STATES[READ], bureau, ())
    columns = company.sources.get(name)
    if columns is None:
        return Source(name, SOURCE_NAMES[name], NO_RECORDS, STATES[NO_RECORDS], "", ())
    figures = tuple(figure(column, columns[column]) for column in SOURCES[name] if column in columns)
    return Source(name, SOURCE_NAMES[name], READ, STATES[READ], company.told_by.get(name, ""), figures)
