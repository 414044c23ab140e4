"""The letter of a company names no reason from records that nobody was let read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace
from tests.journeys.firms import ALL, agree, apply, bring, firm, take_back

from jingwei.domains.credit.company_inputs import SOURCES
from jingwei.domains.credit.deciding import missing_points
from jingwei.domains.credit.inputs import Score
from jingwei.domains.credit.letter import letter, not_read_of, sentences_of
from jingwei.domains.credit.trained_score import most_of

WEAK = 33


def test_what_was_not_read_is_no_reason_and_is_told_as_average(town: Any, tmp_path: Path) -> None:
    bring(town, tmp_path / "files", firm(town, WEAK, "weak"))
    agree(town, "weak", *ALL)
    seen = apply(town, "weak")
    take_back(town, "weak", *ALL[:2])
    unseen = apply(town, "weak")
    outside = {*SOURCES["tax"], *SOURCES["invoices"]}
    assert seen.status == "refused" and not not_read_of(seen) & outside
    assert {name for name, _, _ in letter(seen).score} & outside, "of what was read it is told"
    for one in (seen, unseen):
        told = sentences_of(one)
        for name in outside:
            assert ("not read" in told[name].en) == ("未读取" in told[name].zh) == (one is unseen)
    refused = replace(unseen, by_score=1)
    assert outside & set(_short(refused)), "points are lost there, as by the average company"
    assert not {name for name, _, _ in letter(refused).score} & outside
    assert letter(refused).score


def _short(found: Any) -> list[str]:
    parts = msgspec.json.decode(found.contributions, type=tuple[tuple[str, int], ...])
    score = Score(found.points, found.grade, parts, found.score_by)
    return [name for name, _ in missing_points(score, {name: most_of(score.by, name) for name, _ in parts})]
