"""Details of refusals that are words themselves: what a loan lacks, what is wrong with a scorecard."""

from __future__ import annotations

from jingwei.decisions.wrong_in_chinese import both
from jingwei.kernel.refusal import Words, word_details

MISSING = {
    "behaviour": Words("your income and spending of the last months", "近几个月的收支情况"),
    "bureau": Words("a recent report of the credit bureau", "近期的征信报告"),
}


def missing(name: str) -> Words:
    """What is missing, in words; something else as it is written."""
    return MISSING.get(name, Words(name, name))


word_details(("loan_inputs_missing",), missing)
word_details(("scorecard_not_valid",), both)
