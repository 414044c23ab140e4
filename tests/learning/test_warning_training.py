"""The model of early warnings: trained with a full card, held to its gates, and warning once approved."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from jingwei.domains.credit.early_warning import NAMES
from jingwei.domains.credit.trained_score import may_serve
from jingwei.domains.credit.warnings import EARLY_WARNING, FIRST_MODEL, SERVED
from jingwei.learning.early_warning import scores
from jingwei.learning.leaks import RARE, SAMPLE, _sample
from jingwei.learning.warning_training import WarningLesson, parted, train_warning
from jingwei.models.contract import ModelError
from jingwei.models.registry import GAIN, Registry
from jingwei.simulation.borrowers_known import borrowers_in
from jingwei.simulation.city.world import live_through

LESSON = WarningLesson(owner="Li Na", by="staff:ana", data="SIMULATED", simulated=True)
WHO = {"who": "staff:bo", "why": "read the card", "at": 1}


@pytest.fixture(scope="module")
def town():
    return borrowers_in(live_through(2_200, 330, 4, only=("loans",)))


@pytest.fixture(scope="module")
def made(town, tmp_path_factory):
    home = tmp_path_factory.mktemp("warning")
    return Registry(home / "models"), train_warning(home, [town], LESSON)


def test_both_are_kept_with_cards_and_nothing_is_approved(made):
    registry, told = made
    assert registry.champion(EARLY_WARNING) is None and told["approved"] is False
    for kind in ("scorecard", "boosting"):
        card = registry.load(told[kind]["digest"]).card
        governed = card.governance
        assert "SIMULATED" in card.says_en and "模拟" in card.says_zh and governed.owner == "Li Na"
        assert all(came.startswith("refused") for came in governed.canaries.values()) and governed.canaries
        low, high = governed.intervals["auc"]
        assert 0.5 < low < card.metrics["auc"] < high and len(governed.intervals[GAIN]) == 2
        assert set(card.features) <= set(SERVED) and governed.left_out.keys() == set(NAMES) - set(SERVED)
        assert sum(one.rows for one in governed.calibrated) == told["held_out_rows"]
    assert 0 < told["by_hand"]["alerts"] - told["boosting"]["alerts"] + 5 < 10


def test_figures_are_of_days_not_learned_from_and_cities_are_kept_apart(town):
    one, two = parted([town]), parted([town, town])
    assert one.train.known_day.max() <= one.later.watched.day.min()
    assert len(two.later.missed) == 2 * len(one.later.missed)
    assert len(np.unique(two.later.watched.loan)) == 2 * len(np.unique(one.later.watched.loan))


def test_a_second_person_approves_what_the_bank_can_serve(made):
    registry, told = made
    digest = told["boosting"]["digest"]
    with pytest.raises(ModelError, match="a second person"):
        registry.approve(EARLY_WARNING, digest, who="staff:ana", why="mine", at=1)
    may_serve(EARLY_WARNING, registry.load(digest))
    assert registry.approve(EARLY_WARNING, digest, **WHO).digest == digest
    with pytest.raises(ModelError, match="says nothing of its owner"):
        registry.approve(EARLY_WARNING, registry.save(FIRST_MODEL), **WHO)
    model = registry.load(digest)
    strange = msgspec.structs.replace(model.card, features=("queries_30d", *model.features[1:]))
    with pytest.raises(ModelError, match="queries_30d"):
        may_serve(EARLY_WARNING, model.with_card(strange))


def test_one_that_is_worse_than_what_serves_now_is_not_approved(made):
    registry, told = made
    model = registry.load(told["scorecard"]["digest"])
    worse = model.card.governance.intervals | {GAIN: (-0.09, -0.02)}
    governed = msgspec.structs.replace(model.card.governance, intervals=worse)
    digest = registry.save(model.with_card(msgspec.structs.replace(model.card, governance=governed)))
    with pytest.raises(ModelError, match="worse than what serves now"):
        registry.approve(EARLY_WARNING, digest, **WHO)


def test_the_approved_model_warns_and_before_it_the_points_made_by_hand(made, town):
    from jingwei.channels.lending.warning import serving

    registry, told = made
    digest = told["boosting"]["digest"]
    registry.approve(EARLY_WARNING, digest, **WHO)

    class Home:
        lost = ""

        def warn(self, slot: str, lost: str) -> None:
            assert slot == EARLY_WARNING
            self.lost = lost

    home = Home()
    home.registry = registry
    assert serving(home).name == digest[:12] and home.lost == ""
    cases = parted([town]).later.cases
    assert np.array_equal(scores(serving(home).model, cases), scores(registry.load(digest), cases))
    home.registry = Registry(registry.root / "none")
    assert serving(home).model is FIRST_MODEL


def test_where_bad_rows_are_rare_a_planted_leak_can_still_be_seen():
    bad = np.zeros(60_000, bool)
    bad[:600] = True
    rows = _sample(bad, np.random.default_rng(1))
    assert len(rows) == SAMPLE == len(set(rows.tolist())) and bad[rows].sum() == RARE
    often = np.arange(60_000) % 4 == 0
    assert 900 < often[_sample(often, np.random.default_rng(1))].sum() < 1_100
