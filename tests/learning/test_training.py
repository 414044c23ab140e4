"""Training learns what was known then, nothing else, and ends in an approved champion."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import msgspec
import numpy as np
import pytest

from jingwei.domains.fraud.features import FRAUD
from jingwei.domains.fraud.model import CARD_FEATURES
from jingwei.features.catalogue import names
from jingwei.kernel.clock import DAY, HOUR
from jingwei.learning.boosting import Sample, TrainingError, boost, platt, refuse_unknown
from jingwei.learning.evaluation import evaluate_fraud
from jingwei.learning.handbook import window_sums
from jingwei.learning.history import features_as_known
from jingwei.learning.protocol import auc_roc
from jingwei.learning.stream import CardStream, StreamError, day_of, read_card_stream
from jingwei.learning.training import chosen, learn, prepare, train_fraud
from jingwei.models.registry import Registry

FIRST = day_of("2018-04-01")
DAYS = 40


def city(seed: int = 1, rows: int = 9_000) -> CardStream:
    """A small city: payments over 220.00 and all payments at three terminals from day 10 on are fraud."""
    rng = np.random.default_rng(seed)
    at = np.sort(rng.integers(FIRST * DAY, (FIRST + DAYS) * DAY, rows))
    customer, terminal = rng.integers(0, 300, rows), rng.integers(0, 150, rows)
    amount = (rng.lognormal(8.0, 0.7, rows)).astype(np.int64) + 1
    fraud = (amount > 22_000) | ((terminal < 3) & (at > (FIRST + 10) * DAY))
    return CardStream(at, customer, terminal, amount, fraud)


def file_of(stream: CardStream, path: Path, **columns: str) -> Path:
    """Write a stream as the parquet file that users have."""
    wanted = {"at": 'make_timestamp("at")', "customer": "customer", "terminal": "terminal",
              "amount_minor": "amount_minor", "fraud_scenario": "fraud::INT"} | columns  # fmt: skip
    found = {name: getattr(stream, name) for name in CardStream.__struct_fields__}  # noqa: F841 (read by DuckDB)
    picked = ", ".join(f'{value} AS "{name}"' for name, value in wanted.items() if value)
    with duckdb.connect() as db:
        db.execute(f"COPY (SELECT {picked} FROM found) TO '{path}' (FORMAT parquet)")
    return path


@pytest.fixture(scope="module")
def lesson():
    return prepare(city(), FIRST + 12, DAYS - 12)


def test_train_approves_a_champion_and_the_same_again_gives_the_same_file(tmp_path):
    data = file_of(city(), tmp_path / "cards.parquet")
    steps: list[tuple[int, int]] = []
    told = train_fraud(
        tmp_path / "h", data, "2018-04-13", 28, progress=lambda done, of: steps.append((done, of))
    )
    champion = Registry(tmp_path / "h" / "models").champion("fraud")
    assert champion.digest == told["digest"] and champion.model.tree_count == told["trees"] >= 200
    assert champion.model.features == CARD_FEATURES and champion.model.card.span.rows == told["rows"]
    assert told["metrics"]["auc"] > 0.97 and told["latency_us"]["p50"] > 0
    assert told["metrics"]["mean_score"] == pytest.approx(told["metrics"]["fraud_rate"], rel=0.05)
    assert steps[-1] == (100, 100) and steps == sorted(steps)
    assert train_fraud(tmp_path / "again", data, "2018-04-13", 28)["digest"] == told["digest"]


def test_nothing_after_the_training_days_is_read(tmp_path):
    whole = city()
    spoilt = msgspec.structs.replace(
        whole,
        fraud=whole.fraud | (whole.at >= (FIRST + 30) * DAY),
        amount_minor=np.where(whole.at >= (FIRST + 30) * DAY, 7, whole.amount_minor),
    )
    digests = {
        train_fraud(tmp_path / name, file_of(one, tmp_path / f"{name}.parquet"), "2018-04-13", 18)["digest"]
        for name, one in (("whole", whole), ("spoilt", spoilt), ("cut", whole.before((FIRST + 30) * DAY)))
    }
    assert len(digests) == 1


def test_shuffled_labels_teach_nothing(lesson):
    """The canary: with labels dealt out by chance, later days are told apart no better than by chance."""
    rng = np.random.default_rng(2)
    fit = Sample(lesson.fit.cases, rng.permutation(lesson.fit.fraud))
    later = rng.permutation(lesson.later.fraud)
    import lightgbm

    scores = lightgbm.Booster(model_str=boost(fit, None, seed=1).text).predict(lesson.later.cases)
    assert abs(auc_roc(later, scores) - 0.5) < 4 * 0.29 / np.sqrt(later.sum())
    _, model = learn(lesson, seed=1)
    assert auc_roc(lesson.later.fraud, model.bind(CARD_FEATURES)(lesson.later.cases)) > 0.97


def test_a_label_is_a_feature_only_once_it_was_reported():
    """The live features count what a window over true labels counts that ends seven days ago."""
    stream = city(rows=6000)
    cases = features_as_known(stream, FRAUD, 0)
    for name, entity in (("terminal_frauds_28d", stream.terminal), ("customer_frauds_28d", stream.customer)):
        known = window_sums(entity, stream.at, stream.fraud.astype(float), 7 * DAY, 28 * DAY)[1]
        assert known.sum() > 100 and np.array_equal(cases[:, names(FRAUD).index(name)], known)
    future = msgspec.structs.replace(stream, fraud=stream.fraud | (stream.at > stream.at[3000] - 7 * DAY))
    assert np.array_equal(features_as_known(future, FRAUD, 0)[:3000], cases[:3000], equal_nan=True)


def test_what_is_usual_leaves_the_last_two_weeks_out():
    at = np.array([0, HOUR, 20 * DAY, 21 * DAY])
    stream = CardStream(
        at, np.full(4, 1), np.full(4, 1), np.array([1000, 3000, 50_000, 4000]), np.zeros(4, bool)
    )
    case = dict(zip(names(FRAUD), features_as_known(stream, FRAUD, 3)[0].tolist(), strict=True))
    assert (case["paid_usual_minor"], case["paid_to_usual"], case["paid_max_7d_to_usual"]) == (
        2000.0,
        2.0,
        25.0,
    )


def test_a_column_outside_the_catalogue_is_refused():
    with pytest.raises(TrainingError, match="fraud_scenario"):
        refuse_unknown(("amount_minor", "fraud_scenario"), names(FRAUD))
    with pytest.raises(TrainingError, match="tomorrow"):
        chosen(np.zeros((1, len(FRAUD))), ("tomorrow",))


def test_too_little_to_learn_from_is_said(tmp_path, lesson):
    honest = msgspec.structs.replace(city(rows=2000), fraud=np.zeros(2000, bool))
    with pytest.raises(TrainingError, match="too few"):
        train_fraud(tmp_path, file_of(honest, tmp_path / "honest.parquet"), "2018-04-13", 28)
    with pytest.raises(TrainingError, match="two days"):
        prepare(city(rows=2000), FIRST, 1)
    with pytest.raises(TrainingError, match="does not hold"):
        prepare(city(rows=2000), FIRST + 30, 30)
    holed = Sample(np.where(np.arange(len(CARD_FEATURES)) == 3, np.nan, lesson.fit.cases), lesson.fit.fraud)
    with pytest.raises(TrainingError, match="missing"):
        boost(holed, None, 1)


def test_platt_finds_the_logistic_behind_the_outcomes():
    rng = np.random.default_rng(8)
    margins = rng.normal(0, 2, 200_000)
    fraud = rng.random(len(margins)) < 1 / (1 + np.exp(-(0.7 * margins - 1.5)))
    assert platt(margins, fraud) == pytest.approx((0.7, -1.5), abs=0.03)
    with pytest.raises(TrainingError, match="nothing was learned"):
        platt(-margins, fraud)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"terminal": ""}, "lacks terminal"),
        ({"fraud_scenario": ""}, "lacks fraud_scenario"),
        ({"amount_minor": "nullif(amount_minor, 100)", "terminal": "NULL::INT"}, "nothing in a column"),
        ({"amount_minor": "-amount_minor"}, "negative"),
        ({"customer": "'somebody'"}, "cannot be read"),
    ],
)
def test_a_file_that_is_no_stream_is_told(tmp_path, columns, words):
    with pytest.raises(StreamError, match=words):
        read_card_stream(file_of(city(rows=100), tmp_path / "x.parquet", **columns))


def test_other_files_are_told(tmp_path):
    with pytest.raises(StreamError, match="there is no file"):
        read_card_stream(tmp_path / "none.parquet")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 not really")
    with pytest.raises(StreamError, match="cannot be read"):
        read_card_stream(broken)
    for wrong in ("2018-13-01", "yesterday"):
        with pytest.raises(StreamError, match="not a date"):
            day_of(wrong)


def test_evaluation_tells_ours_beside_the_baselines(tmp_path):
    told = evaluate_fraud(file_of(city(), tmp_path / "cards.parquet"), "2018-04-15", 7, 7, 7)
    for figure in ("auc", "ap", "card_precision_100"):
        low, high = told["intervals_95"][figure]
        assert 0 <= low <= told[figure] <= high + 0.02 <= 1.02
        assert all(0 <= baseline[figure] <= 1 for baseline in told["baselines"].values())
    assert told["auc"] > told["baselines"]["logistic"]["auc"] - 0.05 and told["ap"] > 0.5


CARDS = Path(os.environ.get("JINGWEI_DATA", "../shared/data")) / "card_stream" / "transactions.parquet"


@pytest.mark.soak
@pytest.mark.skipif(not CARDS.exists(), reason="the public card stream is not here")
def test_the_published_figures():
    """The baselines come out as the handbook states them, so the protocol is its."""
    told = evaluate_fraud(CARDS, "2018-07-25")
    for name in ("logistic", "forest"):
        for figure, stated in told["published"][name].items():
            assert told["baselines"][name][figure] == pytest.approx(stated, abs=0.01)
    assert told["auc"] > 0.869 and told["ap"] > 0.687 and told["card_precision_100"] > 0.303
