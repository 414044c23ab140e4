"""What the reading routes say of a company that asks for a loan: its sources and its figures."""

from __future__ import annotations

import msgspec

from jingwei.channels.lending.companies import agreed_now, sources_asked
from jingwei.channels.lending.figures import WHY, Figure, own_figures, sources_of
from jingwei.domains.credit.company import SOURCE_NAMES
from jingwei.domains.credit.company_again import company_in
from jingwei.domains.credit.loans import LoanApplication
from jingwei.stores.store import Reader


class FigureTold(msgspec.Struct, frozen=True):
    """One figure of a company: its name, its value as people read it, and what it is about."""

    name: str
    value: str
    zh: str
    en: str


class SourceTold(msgspec.Struct, frozen=True):
    """A source of a company's records: `state` is "read", "no_records" or "not_agreed"."""

    source: str
    state: str
    told_by: str
    zh: str
    en: str
    figures: list[FigureTold]


class CompanyTold(msgspec.Struct, frozen=True):
    """What a company was decided on: the bank's own figures, and each source it was asked for."""

    turnover: str
    own: list[FigureTold]
    sources: list[SourceTold]


class LoanSourceTold(msgspec.Struct, frozen=True):
    """A source companies are asked for: whether it may be read now, what it is called, and what it is for."""

    source: str
    agreed: bool
    zh: str
    en: str
    why_zh: str
    why_en: str


def company_told(one: LoanApplication) -> CompanyTold | None:
    """The company's side of an application; None of a person's."""
    company = company_in(one)
    if company is None:
        return None
    sources = [
        SourceTold(
            source.name, source.state, source.told_by, f"{source.title.zh}：{source.says.zh}",
            f"{source.title.en}: {source.says.en}", figures_told(source.figures),
        )
        for source in sources_of(one)
    ]  # fmt: skip
    return CompanyTold(f"{company.turnover()}.00", figures_told(own_figures(company)), sources)


def figures_told(figures: tuple[Figure, ...]) -> list[FigureTold]:
    """Figures as an answer tells them."""
    return [FigureTold(one.name, one.value, one.says.zh, one.says.en) for one in figures]


def loan_sources(reader: Reader, customer: str, at: int) -> list[LoanSourceTold]:
    """The sources a company is asked for now, and which of them it lets be read."""
    agreed = agreed_now(reader, customer, at)
    return [
        LoanSourceTold(
            name, name in agreed, SOURCE_NAMES[name].zh, SOURCE_NAMES[name].en, WHY[name].zh, WHY[name].en
        )
        for name in sources_asked(reader)
    ]
