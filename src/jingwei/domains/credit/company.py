"""What a small company is scored on: the bank's own records, and those of others, each only with consent to
that source and only where it was measured to help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jingwei.domains.credit.company_inputs import BUREAU, COMPANY, OWN, SOURCES, CompanyInputs
from jingwei.domains.credit.inputs import Score
from jingwei.domains.credit.trained_score import Line, TrainedCard
from jingwei.kernel.refusal import Words

SOURCE_NAMES: dict[str, Words] = {
    "tax": Words("tax records", "纳税记录"),
    "power": Words("power used", "用电记录"),
    "invoices": Words("invoices", "发票记录"),
    "bureau": Words("the credit bureau", "征信记录"),
    "supply_chain": Words("supply-chain records", "供应链记录"),
}

SENTENCES: dict[str, Words] = {
    "account_days": Words("how long the company has been with us", "企业与我行往来时间"),
    "balance_days": Words("on how many days there was money in the account", "账户留有余额的天数"),
    "money_in_year": Words("how much came in here in a year", "一年内在我行的入账金额"),
    "money_in_change": Words("whether more or less has come in lately", "近期入账增减"),
    "refused": Words("how many payments failed for want of money", "因余额不足而失败的付款次数"),
    "tax_sales_year": Words("the sales of a year in the tax returns", "一年纳税申报的销售额"),
    "tax_sales_change": Words("whether declared sales have risen or fallen", "申报销售额近期增减"),
    "tax_late_filings": Words("how often a tax return was late", "逾期申报的次数"),
    "power_year": Words("the power used in a year", "一年的用电量"),
    "power_change": Words("whether more or less power is used lately", "近期用电增减"),
    "invoices_late_share": Words("how many invoices the buyers pay late", "买方逾期付款的发票占比"),
    "invoices_days": Words("how long the buyers take to pay", "买方平均付款天数"),
    "invoices_largest_buyer": Words("how much hangs on the largest buyer", "最大买方的占比"),
    "chain_confirmed": Words("what the leading firm confirms", "核心企业确认的金额"),
    "chain_years": Words("how long the leading firm has been supplied", "与核心企业合作的年数"),
}
"""What each column is about, for people."""

AVERAGE = 575
"""The points of a company of which everything is as with the average one: about one in eleven fails."""


def _line(feature: str, edges: tuple[float, ...], points: tuple[int, ...]) -> Line:
    """A line as a card keeps it: 0 points are the average company's, the best is taken out of each."""
    most = max(points)
    return Line(feature, edges, tuple(part - most for part in points), -most)


BY_HAND: tuple[tuple[str, tuple[float, ...], tuple[int, ...]], ...] = (
    ("account_days", (180.0, 365.0, 1095.0), (-8, -3, 0, 6)),
    ("balance_days", (30.0, 50.0, 65.0, 80.0), (-18, -6, 0, 8, 14)),
    ("money_in_year", (50_000.0, 500_000.0), (-3, 0, 3)),
    ("money_in_change", (-0.25, 0.2), (-4, 0, 3)),
    ("refused", (1.0, 2.0), (5, -3, -12)),
    ("tax_sales_change", (-0.2, 0.15), (-4, 0, 3)),
    ("tax_late_filings", (1.0, 2.0, 3.0), (9, 0, -6, -15)),
    ("invoices_late_share", (0.1, 0.2, 0.3), (14, 5, -3, -10)),
    ("invoices_days", (30.0, 45.0, 60.0), (8, 4, -3, -10)),
    ("invoices_largest_buyer", (0.3, 0.5), (2, 0, -4)),
)
"""Column, edges, and the points below the first edge, between the edges, and from the last edge on."""

FIRST = TrainedCard(
    COMPANY,
    "first_company@1",
    AVERAGE + sum(max(points) for _, _, points in BY_HAND),
    tuple(_line(*line) for line in BY_HAND),
)
"""The card made by hand, which scores until a learned one is approved. It reads the sources that were
measured to help (docs/credit-models.md): tax and invoices."""


def company_card(cards: Sequence[TrainedCard]) -> TrainedCard:
    """The card that scores companies: the approved one, or the one made by hand."""
    return next((card for card in cards if card.slot == COMPANY), FIRST)


def company_score(card: TrainedCard, inputs: CompanyInputs) -> Score:
    """The score of a company. A line about which nothing may be read counts as for the average company:
    refusing a source neither helps nor hurts by itself.

    Raises KeyError when one of the bank's own columns is lacking.
    """
    told = inputs.numbers()
    lacking = [line.feature for line in card.lines if line.feature in OWN and line.feature not in told]
    if lacking:
        raise KeyError(f"the bank's own columns are lacking: {', '.join(lacking)}")
    return card.of(told)


def source_of(column: str) -> str:
    """The source a column comes from; "own" for the bank's own."""
    return next((name for name, columns in SOURCES.items() if column in columns), "own")


def read_by(card: TrainedCard) -> Mapping[str, tuple[str, ...]]:
    """Which columns of each source a card reads: consent is asked for these sources and no other."""
    found: dict[str, tuple[str, ...]] = {}
    for line in card.lines:
        found[source_of(line.feature)] = (*found.get(source_of(line.feature), ()), line.feature)
    return found


def asked_of(card: TrainedCard) -> tuple[str, ...]:
    """The sources a company is asked for: those this card reads, and the bureau, which bounds the limit."""
    return (*(name for name in SOURCES if name in read_by(card)), BUREAU)
