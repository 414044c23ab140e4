"""Customer value, propensity, uplift, late invoices and reasons: known answers and planted errors."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import duckdb
import msgspec
import numpy as np
import pytest

from jingwei.learning import explaining, lateness, reasons_evaluation, uplift_evaluation
from jingwei.learning.credit_evaluation import CreditCase
from jingwei.learning.explaining import Lender, PolicyRule, group_of, main_reasons, refusals
from jingwei.learning.lateness import FEATURES, KNOWN_LATER, as_known, evaluate_lateness, read_invoices
from jingwei.learning.lending import fit_credit, learn_reader
from jingwei.learning.lifetime_value import (
    Histories,
    fit_buying_rate,
    fit_spend,
    log_likelihood,
    spend_likelihood,
)
from jingwei.learning.propensity import evaluate_propensity
from jingwei.learning.synthetic_loans import loan_applications
from jingwei.learning.tabular import TableError, read_table
from jingwei.learning.uplift import LEARNERS, Trial, qini
from jingwei.learning.uplift_evaluation import UpliftCase, came_after, evaluate_uplift
from jingwei.learning.value_evaluation import evaluate_value, read_master

DATA = Path(os.environ.get("JINGWEI_DATA") or Path(__file__).parents[3] / "shared" / "data")


def write(path, columns):
    """A parquet file of columns by name."""
    names = ", ".join(f'unnest($"{i}") AS "{name}"' for i, name in enumerate(columns))
    values = {str(i): np.asarray(column).tolist() for i, column in enumerate(columns.values())}
    duckdb.execute(f"COPY (SELECT {names}) TO '{path}' (FORMAT parquet)", values)
    return path


# ---- Customer value


def buyers(count, seed, weeks=39.0):
    """Customers of a BG/NBD world with known parameters."""
    rng = np.random.default_rng(seed)
    rate, leave = rng.gamma(0.8, 1 / 5.0, count), rng.beta(1.2, 3.0, count)
    told, later = [], []
    for one, drop in zip(rate, leave, strict=True):
        at, times = 0.0, []
        while (at := at + rng.exponential(1 / one)) < 2 * weeks:
            times.append(at)
            if rng.random() < drop:
                break
        early = [t for t in times if t < weeks]
        told.append((len(early), early[-1] if early else 0.0, weeks))
        later.append(len(times) - len(early))
    return Histories(*np.array(told, dtype=float).T), np.array(later, dtype=float)


def test_the_buying_rate_behind_the_purchases_is_found():
    told, later = buyers(4000, 1)
    fitted = fit_buying_rate(told)
    assert fitted.log_likelihood >= log_likelihood(told, 0.8, 5.0, 1.2, 3.0) - 1e-6
    assert fitted.r / fitted.alpha == pytest.approx(0.16, rel=0.1)
    assert fitted.expected(told, 39.0).sum() == pytest.approx(later.sum(), rel=0.1)
    assert ((fitted.alive(told) > 0) & (fitted.alive(told) <= 1)).all()


def test_spend_is_drawn_towards_everybodys():
    rng = np.random.default_rng(2)
    repeats = rng.integers(1, 10, 3000).astype(float)
    mean = rng.gamma(6.0 * repeats, 1 / (rng.gamma(4.0, 1 / 15.0, 3000) * repeats))
    fitted = fit_spend(repeats, mean)
    assert fitted.log_likelihood >= spend_likelihood(repeats, mean, 6.0, 4.0, 15.0) - 1e-6
    assert fitted.p * fitted.gamma / (fitted.q - 1.0) == pytest.approx(30.0, rel=0.1)
    few, many = fitted.expected(np.array([1.0, 50.0]), np.array([90.0, 90.0]))
    assert mean.mean() < few < many < 90.0


def test_purchases_are_read_by_hand(tmp_path):
    lines = [f" {i:05d} 19970101 1 10.00" for i in range(100, 220)]
    lines += [
        " 00001 19970102 1 5.00",
        " 00001 19970109 1 4.00",
        " 00001 19970109 2 6.00",
        " 00001 19971001 1 7.00",
    ]
    path = tmp_path / "CDNOW_master.txt"
    path.write_text("\r\n".join(lines))
    told = read_master(path)
    assert told.told.repeats[0] == 1.0 and told.told.last[0] == pytest.approx(1.0)
    assert told.told.watched[0] == pytest.approx(271 / 7) and told.mean_spend[0] == 10.0
    assert told.bought[0] == 1.0 and told.spent[0] == 7.0
    path.write_text("00001 yesterday 1 5.00")
    with pytest.raises(TableError, match="customer date discs dollars"):
        read_master(path)


@pytest.mark.skipif(not (DATA / "cdnow").exists(), reason="the public purchases are not here")
def test_the_published_digits():
    told = evaluate_value(DATA / "cdnow")
    assert told["reproduced"] and round(told["log_likelihood"], 1) == -9582.4
    holdout = told["holdout"]
    assert abs(holdout["bg_nbd"]["off"]) < 0.15 < holdout["baselines"]["past_rate"]["off"]


def test_a_folder_without_purchases_is_told(tmp_path):
    with pytest.raises(TableError, match="there is no file"):
        evaluate_value(tmp_path)


# ---- Propensity


def calls(path, rows, seed, **more):
    rng = np.random.default_rng(seed)
    age, job = rng.normal(40, 10, rows), rng.choice(["a", "b", "c"], rows)
    yes = rng.random(rows) < 1 / (1 + np.exp(-(-2 + (age - 40) / 8 + (job == "a"))))
    known = np.where(yes, 500.0, 100.0) + rng.normal(0, 10, rows)
    columns = {"age": age, "job": job, "duration": known, "y": np.where(yes, "yes", "no")}
    return write(path, columns | more)


def test_propensity_finds_who_says_yes_and_refuses_what_came_after(tmp_path):
    train, test = calls(tmp_path / "a.parquet", 900, 1), calls(tmp_path / "b.parquet", 600, 2)
    told = evaluate_propensity(train, test, "y", ["duration"])
    for name in ("logistic", "forest", "boosting", "logistic_pca", "logistic_lda"):
        low, high = told[name]["auc_interval"]
        assert 0.65 < low < told[name]["auc"] < high and told[name]["lift_10"] > 1.5
        assert told[name]["ap"] > told["baselines"]["at_random"]["ap"]
    assert told["default"] in told and "duration" in told["left_out"]
    with pytest.raises(TableError, match="'duration'"):
        evaluate_propensity(train, test, "y")
    with pytest.raises(TableError, match="must hold yes and no"):
        evaluate_propensity(train, test, "age", ["duration"])
    with pytest.raises(TableError, match="no column 'nothing'"):
        evaluate_propensity(train, test, "y", ["nothing"])


# ---- Uplift


def test_qini_by_hand():
    """Two persuaded first: among 4 of each arm the curve is 1, 2, 2, 2 against a line to 2."""
    score = np.array([4.0, 4.0, 3.0, 3.0, 2.0, 2.0, 1.0, 1.0])
    treated = np.tile([True, False], 4)
    outcome = np.array([True, False, True, False, False, False, False, False])
    over = np.array([0, 0.5, 1.0, 0.5, 0.0])
    assert qini(score, treated, outcome)[0] == pytest.approx(((over[1:] + over[:-1]) / 2 * 2).sum() / 64)
    assert qini(np.zeros(8), treated, outcome)[0] == pytest.approx(0.0)
    assert qini(-score, treated, outcome)[0] < 0


def mail(path, rows, seed):
    """An experiment in which mail moves those with x > 0 only; z says who buys anyway."""
    rng = np.random.default_rng(seed)
    x, z, arm = rng.normal(size=rows), rng.normal(size=rows), rng.choice(["No E-Mail", "Mail"], rows)
    visit = rng.random(rows) < 0.1 + 0.25 * (z > 1) + 0.3 * (x > 0) * (arm == "Mail")
    spend = np.where(visit, rng.gamma(2.0, 10.0, rows), 0.0)
    seen = rng.normal(size=rows) + (arm == "Mail")
    return write(
        path, {"x": x, "z": z, "seen": seen, "segment": arm, "visit": visit.astype(int), "spend": spend}
    )


def test_uplift_finds_whom_mail_moves(tmp_path):
    files = [mail(tmp_path / f"{seed}.parquet", 4000, seed) for seed in (1, 2)]
    told = evaluate_uplift(UpliftCase(*files, "segment", "visit", "No E-Mail"))
    arm = told["arms"]["Mail"]
    assert arm["qini_interval"][0] > 0 and arm["qini"] > arm["baselines"]["response_model"]["qini"]
    low, high = arm["baselines"]["random_treatment"]["qini_interval"]
    assert low < 0 < high < arm["qini"]
    assert {"spend", "seen"} <= set(told["left_out"]) and "x" not in told["left_out"]
    assert told["best_arm"]["qini_interval"][0] > 0
    with pytest.raises(TableError, match="has no arm 'Nobody'"):
        evaluate_uplift(UpliftCase(*files, "segment", "visit", "Nobody"))
    with pytest.raises(TableError, match="must hold 1"):
        evaluate_uplift(UpliftCase(*files, "segment", "x", "No E-Mail"))


@pytest.mark.parametrize("name", list(LEARNERS))
def test_every_learner_finds_the_sign(name):
    rng = np.random.default_rng(3)
    cases, treated = rng.normal(size=(6000, 2)), rng.random(6000) < 0.5
    outcome = rng.random(6000) < 0.3 + 0.2 * np.sign(cases[:, 0]) * treated
    told = LEARNERS[name](Trial(cases, treated, outcome), np.array([[2.0, 0.0], [-2.0, 0.0]]))
    assert told[0] > 0 > told[1]


# ---- Late invoices


def invoices(path, seed=1, peek=False):
    """60 customers, some of whom pay late; with `peek` the outcome of each invoice is changed."""
    rng = np.random.default_rng(seed)
    rows = []
    lateness_of = rng.beta(0.6, 0.8, 60)
    for _ in range(900):
        customer, written = int(rng.integers(60)), date(2012, 1, 2) + timedelta(int(rng.integers(600)))
        late = int(rng.integers(1, 20)) if rng.random() < lateness_of[customer] else 0
        settled = written + timedelta(30 + late if late else int(rng.integers(10, 31)))
        rows.append((customer, written, written + timedelta(30), settled, late, round(rng.gamma(4, 15), 2)))
    columns = list(zip(*rows, strict=True))
    names = ("customerID", "InvoiceDate", "DueDate", "SettledDate", "DaysLate", "InvoiceAmount")
    told = {n: [str(v) if isinstance(v, date) else v for v in c] for n, c in zip(names, columns, strict=True)}
    return write(path, told)


def test_lateness_is_learned_from_the_past_and_measured_later(tmp_path):
    told = evaluate_lateness(invoices(tmp_path / "i.parquet"))
    low, high = told["auc_interval"]
    assert 0.6 < low < told["auc"] < high and told["auc"] > told["baselines"]["everybody_alike"]["auc"]
    assert not set(KNOWN_LATER) & set(FEATURES) and told["train_rows"] + told["test_rows"] < 900
    with pytest.raises(TableError, match="no column 'customerID'"):
        evaluate_lateness(write(tmp_path / "x.parquet", {"a": np.arange(300.0)}))


def test_nothing_after_the_invoice_is_known(tmp_path):
    """Whatever happens after the day of an invoice, its features stay as they are."""
    told = read_invoices(invoices(tmp_path / "i.parquet"))
    today = float(np.median(told.invoiced))
    later = told.settled >= today
    other = msgspec.structs.replace(
        told,
        days_late=np.where(later, 99.0, told.days_late),
        settled=np.where(later, told.settled + 50.0, told.settled),
        disputed=np.where(later, 1.0, told.disputed),
    )
    known = told.invoiced <= today
    assert np.array_equal(as_known(told)[known], as_known(other)[known])
    assert not np.array_equal(as_known(told), as_known(other))


# ---- Reasons


@pytest.fixture(scope="module")
def lender():
    table, bad = loan_applications(1200, 5)
    reader = learn_reader(table, bad, [])
    models = fit_credit(reader.features(table), bad)
    return Lender(reader, models, "boosting"), reader.encoder.numbers(table, reader.names)


def test_the_five_checks_hold_on_made_up_applications(monkeypatch):
    monkeypatch.setattr(reasons_evaluation, "RETRAININGS", 1)
    monkeypatch.setattr(reasons_evaluation, "ADVISED", 20)
    told = reasons_evaluation.evaluate_reasons(reasons_evaluation.synthetic_case(2400))
    for model in ("scorecard", "boosting"):
        assert [name for name, check in told[model].items() if not check["holds"]] == []
        assert told[model]["additivity"]["largest_gap"] < 1e-9
        assert told[model]["advice_flips"]["fixed_untouched"]
    assert told["all_hold"] and "made up" in told["data"]


def test_policy_reasons_are_never_the_models(lender):
    one, numbers = lender
    middle = one.parts(numbers).mean(axis=0)
    rule = PolicyRule("asks_too_much", "asked_over_income", 4.0)
    for row, told in enumerate(refusals(one, numbers, [rule], middle)):
        if numbers["asked_over_income"][row] > 4.0:
            assert told is not None and told.origin == "policy" and told.reasons == ("asks_too_much",)
        elif told is not None:
            assert told.origin == "model" and "asks_too_much" not in told.reasons


def test_a_check_falls_when_reasons_are_wrong(lender, monkeypatch):
    one, numbers = lender
    refused = np.flatnonzero(one.score(numbers) >= one.cut_off)[:60]
    cases = explaining.take(numbers, refused)
    approved = explaining.take(numbers, np.flatnonzero(one.score(numbers) < one.cut_off))
    middle = one.parts(approved).mean(axis=0)
    right = main_reasons(one.parts(cases), middle)
    assert reasons_evaluation.deletion(one, cases, right, approved)["holds"]
    wrong = main_reasons(-one.parts(cases), -middle)
    assert not reasons_evaluation.deletion(one, cases, wrong, approved)["holds"]
    monkeypatch.setattr(Lender, "parts", lambda self, rows: right_parts(self, rows) * 1.01)
    assert not reasons_evaluation.additivity(one, cases)["holds"]


right_parts = Lender.parts


def test_a_family_is_one_reason():
    table, bad = loan_applications(600, 6)
    more = {f"bill_{i}": table.columns["income"] * i for i in (1, 2, 3)}
    reader = learn_reader(type(table)("x", table.columns | more), bad, [])
    assert group_of("bill_2", reader) == group_of("bill mean", reader) == group_of("bill over income", reader)
    assert group_of("income", reader) == "income"


def test_files_can_be_explained_too(tmp_path):
    table, bad = loan_applications(400, 7)
    path = write(tmp_path / "x.parquet", table.columns | {"went": bad.astype(int)})
    case = reasons_evaluation.case_of_files(CreditCase(path, path, "went", "0", ("account_months",)))
    assert "account_months" in case.taboo and case.bad.sum() == bad.sum()
    assert uplift_evaluation.FOLDS > 1 and lateness.TEST_SHARE < 0.5
    assert came_after(read_table(path), "income", UpliftCase(path, path, "went", "went", "0"), bad) == ""
