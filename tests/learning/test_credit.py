"""Credit models: known answers, what must not be learned from, and that the compiled card is the
library's."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from jingwei.learning.credit_evaluation import CreditCase, chosen, evaluate_credit
from jingwei.learning.fairness import gaps, groups_of
from jingwei.learning.families import find_families, with_families
from jingwei.learning.lending import fit_credit, learn_reader
from jingwei.learning.measures import brier, calibration, draws, draws_of_groups, ks, lift, weighted_auc
from jingwei.learning.scorecard import fit_scorecard, make_ranges, points_table, to_points
from jingwei.learning.synthetic_loans import loan_applications
from jingwei.learning.tabular import Table, TableError, learn_encoding, outcome, read_table, row_ids
from jingwei.models.contract import check_model
from jingwei.models.derived import MISSING
from jingwei.models.kinds import load_model

DATA = Path(os.environ.get("JINGWEI_DATA") or Path(__file__).parents[3] / "shared" / "data")


def write(path, table, bad=None, **more):
    """A parquet file of a table, its outcome and other columns."""
    columns = dict(table.columns) | ({} if bad is None else {"went": np.where(bad, "bad", "good")}) | more
    with duckdb.connect() as db:
        listed = {name: np.asarray(column).tolist() for name, column in columns.items()}
        names = ", ".join(f'unnest($"{i}") AS "{name}"' for i, name in enumerate(listed))
        values = {str(i): column for i, column in enumerate(listed.values())}
        db.execute(f"COPY (SELECT {names}) TO '{path}' (FORMAT parquet)", values)
    return path


@pytest.fixture(scope="module")
def loans():
    return loan_applications(1500, 3)


@pytest.fixture(scope="module")
def fitted(loans):
    table, bad = loans
    reader = learn_reader(table, bad, [])
    features = reader.features(table)
    return reader, features, fit_credit(features, bad)


# ---- Figures, by hand and against another library


def test_figures_by_hand():
    truth = np.array([True, True, False, False, False])
    score = np.array([0.9, 0.4, 0.4, 0.2, 0.1])
    assert weighted_auc(truth, score, np.ones((1, 5), np.int16))[0] == pytest.approx(5.5 / 6)
    assert ks(truth, score) == pytest.approx(2 / 3)
    assert brier(truth, score) == pytest.approx((0.01 + 0.36 + 0.16 + 0.04 + 0.01) / 5)
    assert lift(truth, score, 0.2) == pytest.approx(2.5)


def test_drawn_auc_is_the_auc_of_the_drawn_rows():
    rng = np.random.default_rng(1)
    truth, score = rng.random(200) < 0.3, np.round(rng.random(200), 1)
    counts = draws(200, 5)
    for weight, told in zip(counts, weighted_auc(truth, score, counts), strict=True):
        rows = np.repeat(np.arange(200), weight)
        assert told == pytest.approx(roc_auc_score(truth[rows], score[rows]))


def test_a_group_is_drawn_whole():
    groups = np.array([0, 0, 1, 2, 2, 2])
    counts = draws_of_groups(groups, 20)
    assert (counts[:, 0] == counts[:, 1]).all() and (counts[:, 3] == counts[:, 5]).all()
    assert len(np.unique(counts)) > 1


def test_calibration_finds_the_slope_and_survives_certainty():
    rng = np.random.default_rng(2)
    log_odds = rng.normal(0, 1.5, 100_000)
    truth = rng.random(len(log_odds)) < 1 / (1 + np.exp(-log_odds))
    assert calibration(truth, 1 / (1 + np.exp(-2 * log_odds)))[0] == pytest.approx(0.5, abs=0.02)
    sure = np.where(rng.random(1000) < 0.9, truth[:1000], ~truth[:1000]).astype(float)
    assert 0 < calibration(truth[:1000], sure)[0] < 1


# ---- Reading


def test_labels_may_be_numbers_or_texts(tmp_path, loans):
    table, bad = loans
    path = write(tmp_path / "x.parquet", table, bad, number=bad.astype(int), flag=bad)
    read = read_table(path)
    assert (outcome(read, "went", "good") == bad).all() and (outcome(read, "number", "0") == bad).all()
    assert (outcome(read, "flag", "false") == bad).all()


@pytest.mark.parametrize(
    ("target", "good", "words"),
    [
        ("gone", "good", "there is no column 'gone'"),
        ("went", "fine", "0 of 1500 rows have 'fine'"),
        ("half", "1", "rows have nothing in 'half'"),
    ],
)
def test_a_wrong_outcome_is_told(tmp_path, loans, target, good, words):
    table, bad = loans
    half = [None if i % 2 else int(b) for i, b in enumerate(bad)]
    read = read_table(write(tmp_path / "x.parquet", table, bad, half=np.array(half, dtype=object)))
    with pytest.raises(TableError, match=words):
        outcome(read, target, good)


def test_a_wrong_file_is_told(tmp_path, loans):
    with pytest.raises(TableError, match="there is no file"):
        read_table(tmp_path / "none.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(TableError, match="cannot be read"):
        read_table(tmp_path / "broken.parquet")
    (tmp_path / "few.csv").write_text("a,b\n1,2\n")
    with pytest.raises(TableError, match="too few"):
        read_table(tmp_path / "few.csv")


def test_row_ids_and_protected_columns_are_never_read(loans):
    table, bad = loans
    more = {"id": np.arange(1500.0), "sex": np.where(bad, "m", "f").astype(object)}
    with_them = Table("x", table.columns | more)
    assert row_ids(with_them) == ["id"]
    reader = learn_reader(with_them, bad, [], ["sex"])
    assert not {"id", "sex"} & set(reader.names)
    assert "protected" in reader.left_out["sex"] and reader.left_out["id"] == "names the row"
    changed = Table("x", with_them.columns | {"sex": np.full(1500, "f", dtype=object)})
    assert all(np.array_equal(a, reader.features(changed)[k]) for k, a in reader.features(with_them).items())


# ---- Leaks


def leaks(bad):
    rng = np.random.default_rng(4)
    gaps_filled = np.where(rng.random(len(bad)) < 0.4, np.where(bad, 0.777, 0.333), rng.random(len(bad)))
    return {
        "copied": bad.astype(float),
        "as text": np.where(bad, "B", "A").astype(object),
        "paid back later": np.where(bad, 0.2, 0.9) + rng.normal(0, 0.08, len(bad)),
        "both ends": np.where(bad, rng.choice([0.0, 9.0], len(bad)), 5.0) + rng.random(len(bad)),
        "class means": gaps_filled,
    }


@pytest.mark.parametrize("name", list(leaks(np.ones(2, dtype=bool))))
def test_a_planted_leak_is_refused(loans, name):
    table, bad = loans
    with pytest.raises(TableError, match=rf"refused, for it knows the outcome: '{name}'"):
        learn_reader(Table("x", table.columns | {name: leaks(bad)[name]}), bad, [])


# ---- Features and ranges


def test_families_by_hand():
    numbers = {f"bill_{i}": np.array([float(i), 100.0 * i]) for i in (3, 1, 2)} | {"x2": np.zeros(2)}
    plan = find_families(numbers)
    assert plan.families == {"bill": ("bill_1", "bill_2", "bill_3")}
    told = with_families(numbers, plan)
    assert told["bill mean"].tolist() == [2.0, 200.0] and told["bill first less mean"].tolist() == [-1, -100]
    holed = with_families(numbers | {"bill_2": np.array([MISSING, 2.0])}, plan)
    assert holed["bill mean"][0] == MISSING and holed["bill max"][1] == 300.0
    assert holed["bill above zero"][0] == MISSING and holed["bill zeros"].tolist() == [MISSING, 0.0]
    paid = {f"paid_{i}": np.array([float(10 * i), 500.0]) for i in (1, 2, 3)}
    bills = {f"bill_{i}": np.array([99.0, 2000.0]) for i in (1, 2, 3)} | {"limit": np.array([1999.0, 3999.0])}
    both = bills | {name: column * 100.0 for name, column in paid.items()}
    told = with_families(both, find_families(both))
    assert told["paid over bill step 1"].tolist() == [1000.0 / 100.0, 50_000.0 / 2001.0]
    assert told["bill change over limit"].tolist() == [0.0, 0.0]
    assert told["bill 2 over limit"][0] == 99.0 / 2000.0


def test_ranges_are_monotone_and_codes_stand_alone():
    rng = np.random.default_rng(5)
    values = rng.integers(0, 50, 4000).astype(float)
    bad = rng.random(4000) < 0.1 + 0.012 * values
    values[:300], bad[:300] = -9.0, rng.random(300) < 0.9
    values[300:500], bad[300:500] = -7.0, rng.random(200) < 0.02
    ranges = make_ranges(values, bad)
    nine, seven, low, high = ranges.of(np.array([-9.0, -7.0, 0.0, 49.0]))
    assert nine > high > low > seven
    assert (np.diff(ranges.of(np.arange(50.0))) >= 0).all()
    there = bad[values == -9.0]
    odds = (there.sum() + 0.5) / (bad.sum() + 1) / (((~there).sum() + 0.5) / ((~bad).sum() + 1))
    assert nine == pytest.approx(np.log(odds))


def test_nothing_of_other_rows_is_fitted_to(loans):
    """Out-of-fold scores of pure noise stay at chance: ranges fitted to all rows would lift them."""
    rng = np.random.default_rng(6)
    noise = {f"n{name}": rng.normal(size=600) for name in "abcdefghijklmnopqrstuvwxyz"}
    bad = rng.random(600) < 0.5
    models = fit_credit(noise, bad)
    assert all(abs(auc - 0.5) < 0.07 for auc in models.out_of_fold.values()), models.out_of_fold


def test_texts_are_ordered_by_training_rows_only():
    train = Table("x", {"job": np.array(["a"] * 50 + ["b"] * 50 + ["c"] * 5, dtype=object)})
    bad = np.array([True] * 40 + [False] * 65)
    told = learn_encoding(train, bad, ["job"]).numbers(
        Table("y", {"job": np.array(["a", "b", "c", "never seen"], dtype=object)}), ["job"]
    )["job"]
    assert told[0] > told[1] and told[2] == told[3]


# ---- The models


def test_the_compiled_scorecard_is_the_librarys(fitted):
    _, features, models = fitted
    served = models.scores(features)["scorecard"]
    library = 1 / (1 + np.exp(-models.scorecard.log_odds(features)))
    assert np.abs(served - library).max() < 1e-12
    assert check_model(models.points(), load_model).passed
    assert check_model(models.forest, load_model).passed


def test_the_compiled_trees_are_lightgbms(fitted):
    import lightgbm

    _, features, models = fitted
    cases = np.column_stack([features[name] for name in models.features])
    library = np.mean([lightgbm.Booster(model_str=t).predict(cases, raw_score=True) for t in models.texts], 0)
    assert np.abs(models.forest.margins(np.ascontiguousarray(cases)) - library).max() < 1e-9


def test_points_are_six_hundred_at_thirty_to_one_and_twenty_double(fitted):
    assert to_points(np.array([-np.log(30.0), -np.log(60.0)])) == pytest.approx([600.0, 620.0])
    _, features, models = fitted
    table = points_table(models.scorecard)
    whole = np.zeros(1500)
    for line in table:
        edges = np.array(line["from"][1:])
        whole += np.array(line["points"])[np.searchsorted(edges, features[line["feature"]], side="right")]
    exact = to_points(models.scorecard.log_odds(features))
    assert np.abs(whole - exact).max() <= len(table) / 2 + 1e-9


def test_the_truth_is_found(fitted, loans):
    reader, _, models = fitted
    later, truth = loan_applications(4000, 9)
    scores = models.scores(reader.features(later))
    for model in ("scorecard", "boosting"):
        assert roc_auc_score(truth, scores[model]) > 0.74
        assert calibration(truth, scores[model])[0] == pytest.approx(1.0, abs=0.25)
    assert all(weight > 0 for weight in models.scorecard.weights)


def test_a_scorecard_of_noise_is_refused():
    with pytest.raises(TableError, match="no column tells good from bad"):
        fit_scorecard({"same": np.zeros(300)}, np.arange(300) % 2 == 0)


def test_the_scorecard_stays_where_the_gap_is_chance():
    rng = np.random.default_rng(7)
    truth = rng.random(3000) < 0.3
    weak, strong = truth + rng.normal(0, 2, 3000), truth + rng.normal(0, 1, 3000)
    counts = draws(3000, 200)
    same = chosen(truth, {"scorecard": weak, "boosting": weak + rng.normal(0, 0.1, 3000)}, counts)
    better = chosen(truth, {"scorecard": weak, "boosting": strong}, counts)
    assert (same["default"], better["default"]) == ("scorecard", "boosting")


# ---- Fairness


def test_gaps_by_hand():
    group = np.repeat([0, 1], 200)
    score = np.concatenate([np.tile([0.1, 0.9], 100), np.tile([0.1, 0.1, 0.1, 0.9], 50)])
    bad = np.zeros(400, dtype=bool)
    told = gaps((group, ["f", "m"]), bad, score, 0.5, draws(400, 200))
    assert told["approval"]["gap"] == pytest.approx(0.25) and told["approval"]["ratio"] == pytest.approx(
        2 / 3
    )
    low, high = told["approval"]["gap_interval"]
    assert low < 0.25 < high and high - low < 0.25
    assert told["good_refused"]["ratio"] == pytest.approx(0.5)
    assert told["alarm"] and told["alarm_on"] == ["approval", "good_refused"]
    even = gaps((np.arange(400) % 2, ["f", "m"]), bad, np.full(400, 0.1), 0.5, draws(400, 20))
    assert not even["alarm"] and even["approval"]["ratio"] == 1.0


def test_ages_are_cut_where_training_says():
    number, names = groups_of(np.arange(100.0), np.array([0.0, 30.0, 60.0, 99.0]))
    assert number.tolist() == [0, 1, 2, 3] and len(names) == 4


# ---- The whole


def test_the_whole_evaluation(tmp_path):
    files = []
    for seed in (31, 32):
        table, bad = loan_applications(900, seed)
        sex = np.random.default_rng(seed).choice(["f", "m"], 900)
        files.append(write(tmp_path / f"{seed}.parquet", table, bad, sex=sex, id=np.arange(900)))
    steps = []
    case = CreditCase(*files, "went", "good", ("sex",))
    told = evaluate_credit(case, lambda done, total: steps.append(done / total))
    for model in ("scorecard", "boosting"):
        low, high = told[model]["auc_interval"]
        assert 0.65 < low < told[model]["auc"] < high < 0.95
        assert 0.12 < told[model]["refused"] < 0.28
        assert told[model]["fairness"]["sex"]["approval"]["ratio"] > 0.8
    assert told["default"] in ("scorecard", "boosting") and told["serving_gap"] < 1e-12
    assert steps[-1] == 1.0 and set(told["left_out"]) == {"went", "sex", "id"}


@pytest.mark.soak
@pytest.mark.skipif(not (DATA / "heloc").exists(), reason="the public credit data are not here")
def test_public_credit_data(tmp_path):
    source = DATA / "heloc" / "train.parquet"
    for name, rule in (("fit", "<> 0"), ("rest", "= 0")):
        rows = "SELECT * EXCLUDE k FROM "
        rows += f"(SELECT *, row_number() OVER () % 5 AS k FROM '{source}') WHERE k {rule}"
        duckdb.execute(f"COPY ({rows}) TO '{tmp_path / name}.parquet'")
    case = CreditCase(tmp_path / "fit.parquet", tmp_path / "rest.parquet", "RiskPerformance_Bad", "0")
    assert evaluate_credit(case)["boosting"]["auc"] > 0.78
