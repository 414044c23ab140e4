"""The lines of a score in words, whichever card scored."""

from __future__ import annotations

import pytest

from jingwei.channels.rest import told_lending
from jingwei.channels.web.lending import told
from jingwei.domains.credit.first_score import MOST, NAME
from jingwei.domains.credit.loans import LoanApplication


def scored(by: str, lines: str) -> LoanApplication:
    """An application with this score."""
    return LoanApplication(
        "Q1", "dora", "personal_loan@1", "dora", 1, "CNY", 12, "refused", 1, "D1", points=550, grade="D",
        contributions=lines, score_by=by,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["income_minor", "purchases", "own_loans", "late_marks"])
def test_a_line_of_a_trained_card_is_told_in_words_and_against_its_own_most(name):
    one = scored("bank card@0123456789ab", f'[["{name}",-12]]')
    (part,) = told.parts_of(one)
    assert name not in (part.says.en, part.says.zh) and part.says.zh
    assert (part.points, part.most) == (-12, 0), "a trained card tells what a line takes from the best"
    (line,) = told_lending.parts_of(one)
    assert (line.en, line.zh) == (part.says.en, part.says.zh)


def test_a_line_of_the_first_score_is_told_against_the_most_it_can_give():
    (part,) = told.parts_of(scored(NAME, '[["late_marks",10]]'))
    assert (part.points, part.most) == (10, MOST["late_marks"]) and part.most > 0
