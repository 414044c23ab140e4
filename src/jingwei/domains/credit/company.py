"""What a small company is scored on: the bank's own records, and those of others, each only with consent to
that source and only where it was measured to help."""

from __future__ import annotations

from collections.abc import Mapping

from jingwei.domains.credit.company_inputs import OWN, SOURCES, CompanyInputs
from jingwei.domains.credit.inputs import Score
from jingwei.domains.credit.trained_score import TrainedCard
from jingwei.kernel.refusal import Words

SOURCE_NAMES: dict[str, Words] = {
    "tax": Words("tax records", "纳税记录"),
    "power": Words("power used", "用电记录"),
    "invoices": Words("invoices", "发票记录"),
    "bureau": Words("the credit bureau", "征信记录"),
    "supply_chain": Words("supply-chain records", "供应链记录"),
}


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
