"""A scorecard scores loans only when it reads what may be read; its table is sealed whole, its use ends."""

from __future__ import annotations

import msgspec

from jingwei.domains.credit.trained_score import ScorecardInUse, Table, card_of
from jingwei.journeys.use_scorecard import UseScorecard, act, cards_in_use
from jingwei.models.points import Points


def ask(slot="credit", feature="balance_days", points=(0.5, -0.5), digest="a" * 64, table=None):
    made = Table("card@a", -3.0, (Points(feature, (30.0,), points),))
    text = msgspec.json.encode(made).decode() if table is None else table
    return UseScorecard(
        key="k", actor="staff:bo", at=1, known_at=1, slot=slot, digest=digest, table=text
    )  # fmt: skip


def why(asked):
    refusal = act(asked, 5).answer.refusal
    return refusal and refusal.words().en


class Books:
    def __init__(self, *kept):
        self.kept = {one.id: one for one in kept}

    def get(self, kind, some_id):
        return self.kept.get(some_id)


def test_a_card_is_sealed_and_scores_until_its_use_ends():
    outcome = act(ask(), 5)
    (kept,) = outcome.kept
    assert (kept.id, kept.digest, kept.name) == ("credit", "a" * 64, "card@a")
    assert cards_in_use(Books(kept)) == (card_of("credit", ask().table),)
    (ended,) = act(ask(digest="", table=""), 6).kept
    assert ended == ScorecardInUse("credit", "", "", "") and cards_in_use(Books(ended)) == ()


def test_a_card_that_reads_what_may_not_be_read_is_refused():
    assert "it reads sex" in why(ask(feature="sex"))
    assert "it reads late_marks" in why(ask(slot="thin_file", feature="late_marks"))
    assert why(ask(slot="thin_file")) is None and why(ask(feature="late_marks")) is None
    assert why(ask(slot="company", feature="tax_late_filings")) is None
    assert "nothing is scored as fraud" in why(ask(slot="fraud"))


def test_a_table_that_is_no_table_is_refused():
    assert "the table cannot be read" in why(ask(table="{"))
    assert "is not a table of points" in why(ask(points=(0.5,)))
    assert "is not a table of points" in why(ask(points=(0.5, 0.1, 0.2)))
