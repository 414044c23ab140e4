"""The compiled forest is LightGBM's to the last digit, alone, in batches, and in its reasons."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest
from tests.models import grown

from jingwei.models.card import Card
from jingwei.models.contract import ModelError
from jingwei.models.forest import from_lightgbm
from jingwei.models.kinds import load_model
from jingwei.models.reasons import reasons


def on_and_beside_thresholds():
    """Rows that hold a threshold exactly, or the next double beside it, in every feature that splits."""
    nodes = grown.forest()._grown.nodes
    rng = np.random.default_rng(1)
    cases = grown.cases_and_truth()[0][:600].copy()
    for feature in range(grown.COUNT):
        edges = nodes["threshold"][(nodes["feature"] == feature) & np.isfinite(nodes["threshold"])]
        if len(edges):
            picked = rng.choice(edges, len(cases))
            cases[:, feature] = np.where(
                rng.random(len(cases)) < 0.5,
                picked,
                np.nextafter(picked, rng.choice([-np.inf, np.inf], len(cases))),
            )
    return cases


@pytest.mark.parametrize("trees", [1, 7, 8, 203])
def test_margins_are_lightgbms(trees):
    booster = grown.booster(trees)
    forest = from_lightgbm([booster.model_to_string()], grown.card())
    assert forest.tree_count == trees
    for cases in (grown.cases_and_truth()[0], on_and_beside_thresholds()):
        theirs = booster.predict(cases, raw_score=True, num_threads=1)
        assert np.abs(forest.margins(cases) - theirs).max() <= 1e-12


def test_probability_without_calibration_is_lightgbms():
    forest = grown.forest().with_calibration(1.0, 0.0)
    cases = grown.cases_and_truth()[0]
    theirs = grown.booster().predict(cases, num_threads=1)
    assert np.abs(forest.bind(forest.features)(cases) - theirs).max() <= 1e-12


@pytest.mark.parametrize("rows", [0, 1, 7, 8, 9, 63, 64, 65, 130])
def test_batch_size_does_not_matter(rows):
    scorer = grown.forest().bind(grown.FEATURES)
    cases = grown.cases_and_truth()[0][:rows]
    alone = [scorer.one(row) for row in cases]
    assert scorer(cases).tolist() == alone
    assert np.concatenate([scorer(cases[i : i + 5]) for i in range(0, max(rows, 1), 5)]).tolist() == alone


def test_contributions_are_lightgbms():
    cases = np.concatenate([grown.cases_and_truth()[0][:40], on_and_beside_thresholds()[:40]])
    forest = grown.forest().with_calibration(1.0, 0.0)
    theirs = grown.booster().predict(cases, pred_contrib=True, num_threads=1)
    assert np.abs(forest.bind(grown.FEATURES).contributions(cases) - theirs).max() <= 1e-9


def test_contributions_are_shapley_values_by_their_definition():
    """One small tree, every coalition listed: the average over orders of what a feature adds."""
    from itertools import permutations

    features = ("a", "b", "c")
    cases, truth = grown.cases_and_truth()
    settings = {"objective": "binary", "num_leaves": 6, "verbosity": -1, "num_threads": 1}
    booster = lightgbm.train(settings, lightgbm.Dataset(cases[:, :3], truth.astype(float)), 1)
    forest = from_lightgbm([booster.model_to_string()], Card("t", "1", "t", "t", features, "t", 0))
    grown_, row = forest._grown, cases[5, :3]

    def expected(known, at=0):
        node, left = grown_.nodes[at], int(grown_.nodes["left"][at])
        if left == at:
            return grown_.values[at]
        if node["feature"] in known:
            return expected(known, left + int(row[node["feature"]] > node["threshold"]))
        share = grown_.cover[left] / grown_.cover[at]
        return share * expected(known, left) + (1 - share) * expected(known, left + 1)

    by_definition = np.zeros(3)
    for order in permutations(range(3)):
        for i, feature in enumerate(order):
            by_definition[feature] += (expected(order[: i + 1]) - expected(order[:i])) / 6
    assert forest.contributions(row) == pytest.approx([*by_definition, expected(())], abs=1e-12)


def test_reasons_are_what_raised_the_score_strongest_first():
    found = reasons(("a", "b", "c"), np.array([1.0, 2.0, 3.0]), np.array([0.5, -2.0, 1.5, -4.0]))
    assert [(r.feature, r.value, r.log_odds) for r in found] == [("c", 3.0, 1.5), ("a", 1.0, 0.5)]
    assert reasons(("a",), np.array([np.nan]), np.array([np.nan, np.nan])) == ()


def test_mean_of_several_boosters():
    texts = [grown.booster(7).model_to_string(), grown.booster(8).model_to_string()]
    cases = grown.cases_and_truth()[0][:50]
    both = [grown.booster(n).predict(cases, raw_score=True) for n in (7, 8)]
    assert np.abs(from_lightgbm(texts, grown.card()).margins(cases) - np.mean(both, axis=0)).max() <= 1e-12


def test_deeper_leaves_and_a_tree_of_one_leaf():
    cases, truth = grown.cases_and_truth()
    deep = grown.booster(20, leaves=63, depth=-1)
    forest = from_lightgbm([deep.model_to_string()], grown.card())
    assert np.abs(forest.margins(cases) - deep.predict(cases, raw_score=True)).max() <= 1e-12
    parts = forest.bind(grown.FEATURES).contributions(cases[:5])
    assert np.abs(parts - deep.predict(cases[:5], pred_contrib=True)).max() <= 1e-9
    settings = {"objective": "binary", "min_data_in_leaf": 5000, "verbosity": -1}
    stump = lightgbm.train(settings, lightgbm.Dataset(cases, truth.astype(float)), 2)
    stumps = from_lightgbm([stump.model_to_string()], grown.card())
    assert stumps.margins(cases[:3]).tolist() == stump.predict(cases[:3], raw_score=True).tolist()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"zero_as_missing": True}, "zero counts as missing"),
        ({"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, "random forests"),
        ({"linear_tree": True}, "linear"),
        ({"kinds": [3]}, "category"),
        ({"objective": "multiclass", "num_class": 3}, "two classes"),
    ],
)
def test_a_model_that_would_be_read_otherwise_is_refused(settings, words):
    cases, truth = grown.cases_and_truth()
    settings = {"objective": "binary", "verbosity": -1, "num_threads": 1} | settings
    kinds = settings.pop("kinds", "auto")
    data = lightgbm.Dataset(np.abs(cases), truth.astype(float), params=settings, categorical_feature=kinds)
    booster = lightgbm.train(settings, data, 3)
    with pytest.raises(ModelError, match=words):
        from_lightgbm([booster.model_to_string()], grown.card())


def test_a_calibration_that_turns_the_order_is_refused():
    for slope in (0.0, -1.0, float("nan")):
        with pytest.raises(ModelError, match="positive slope"):
            grown.forest().with_calibration(slope, 0.0)


@pytest.mark.parametrize("name", ["threshold", "feature", "left", "value", "cover", "root"])
def test_damaged_trees_are_refused(name):
    from jingwei.models.packing import pack, unpack

    for spoil in (np.inf, -7):
        packed = unpack(grown.forest().to_bytes())
        wrong = packed.arrays[name]
        wrong[0] = -7 if wrong.dtype.kind == "i" else (np.nan if spoil == np.inf else -np.inf)
        with pytest.raises(ModelError, match="damaged"):
            load_model(pack(packed))
