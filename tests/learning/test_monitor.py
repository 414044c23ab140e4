"""Alarms on a model in service: figures by hand, changes seen, few false alarms; sources where they help."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2_contingency
from tests.learning.test_credit_training import learned

from jingwei.domains.credit.company import company_score, read_by
from jingwei.domains.credit.company_inputs import OWN, SOURCES, CompanyInputs
from jingwei.domains.credit.trained_score import card_of, table_of
from jingwei.learning import drift_evaluation
from jingwei.learning.credit_training import CreditLesson, governance_of, reference
from jingwei.learning.drift_evaluation import evaluate_drift, upper
from jingwei.learning.monitor import CALIBRATION, Monitor, distance, psi
from jingwei.learning.sources import helpful
from jingwei.learning.tabular import Table
from jingwei.models.governance import Reference
from jingwei.simulation.city.repayers import borrowers
from jingwei.simulation.companies import companies


def test_distances_by_hand_and_against_another_library():
    before, now = np.array([40.0, 60.0]), np.array([30, 20])
    assert psi(before, now) == pytest.approx(0.2 * np.log(0.6 / 0.4) - 0.2 * np.log(0.4 / 0.6))
    library = chi2_contingency([before, now], correction=False).statistic
    assert distance(before, now) == pytest.approx(library)
    assert distance(before, np.array([4, 6])) == pytest.approx(0.0)


def test_few_rows_and_no_ranges_are_no_alarm():
    monitor = Monitor([Reference("x", (0.5,), (500, 500)), Reference("same", (), (1000,))], 0.2)
    told = monitor.look({"x": np.ones(40), "same": np.ones(40)})
    assert told.alarms == () and told.case is None and told.columns[0].psi > 0.25
    assert Monitor([Reference("x", (0.5,), (500, 500))], 0.2).look({"x": np.ones(60)}).alarms == ("x",)


def test_calibration_evidence_is_a_fair_bet_while_the_model_is_right():
    """The mean of the evidence after one batch is one: nothing is favoured when the chances are right."""
    rng = np.random.default_rng(1)
    cases = []
    for _ in range(4000):
        chance = rng.uniform(0.05, 0.4, 10)
        monitor = Monitor([Reference("score", (), (1,))], 0.2)
        told = monitor.look({"score": chance}, (chance, rng.random(10) < chance))
        cases.append(told.case)
    assert np.mean(cases) * 5000 == pytest.approx(1.0, abs=0.1)


def test_wrong_chances_are_seen_and_the_evidence_begins_anew():
    rng, monitor, seen = np.random.default_rng(2), Monitor([Reference("score", (), (1,))], 0.2), []
    for _ in range(30):
        chance = rng.uniform(0.05, 0.4, 200)
        told = monitor.look({"score": chance}, (chance, rng.random(200) < 0.5 * chance))
        seen.append(CALIBRATION in told.alarms)
    assert any(seen[:8]) and 2 <= sum(seen) <= 20


def test_a_slow_drift_is_seen_over_many_batches():
    rng = np.random.default_rng(3)
    monitor = Monitor([reference("x", rng.normal(size=5000))], 0.2)
    alarms = [monitor.look({"x": rng.normal(0.25, 1.0, 200)}).alarms for _ in range(12)]
    assert any(alarms)


def test_the_evaluation_counts_false_alarms_and_delays(monkeypatch):
    monkeypatch.setattr(drift_evaluation, "CHANGED_STREAMS", 20)
    told = evaluate_drift(10)
    assert told["simulated"] and told["batches"] == 500 and told["false_alarms"] <= 2
    assert told["rate_upper_95"] == pytest.approx(upper(told["false_alarms"], 500))
    assert upper(0, 3000) == pytest.approx(1 - 0.05 ** (1 / 3000))
    assert {one["seen"] for one in told["changes"].values()} == {True}
    assert told["holds"] is False, "500 batches cannot show a rate below one in a thousand"


# ---- Sources


def test_a_source_of_noise_is_not_used_and_one_that_knows_something_is():
    rng = np.random.default_rng(4)
    hidden, own = rng.normal(size=1500), rng.normal(size=1500)
    bad = rng.random(1500) < 1 / (1 + np.exp(1.5 - hidden - 0.5 * own))
    features = {"own": own, "told": hidden + rng.normal(size=1500), "noise": rng.normal(size=1500)}
    base, found = helpful(features, bad, ("own",), {"knows": ("told",), "nothing": ("noise",)})
    assert 0.5 < base < 0.8 and [one.used for one in found] == [True, False]
    assert found[0].low > 0 and found[1].low <= 0


@pytest.fixture(scope="module")
def company():
    table = Table("made up", companies(4000, 5))
    lesson = CreditLesson(
        target="outcome", good="good", owner="Li", by="staff:ana", slot="company", data="x", simulated=True,
        protected=("owner_sex",), own=OWN, sources=SOURCES, first="2025-01-01", until="2025-12-31",
    )  # fmt: skip
    return learned(table, lesson).scorecard


def test_a_company_card_reads_only_sources_that_help(company):
    used = {one.source for one in governance_of(company.card).sources if one.used}
    card = card_of("company", table_of(company, "c" * 64))
    assert "invoices" in used and "supply_chain" not in used
    assert set(read_by(card)) <= used | {"own"} and "owner_sex" not in company.features


def test_a_source_without_consent_is_not_looked_at_and_counts_as_average(company):
    card = card_of("company", table_of(company, "c" * 64))
    row = {name: float(column[0]) for name, column in companies(5, 6).items() if column.dtype != object}
    own = {name: row[name] for name in OWN}
    sources = {source: {name: row[name] for name in names} for source, names in SOURCES.items()}
    spoilt = {source: dict.fromkeys(names, 1e9) for source, names in SOURCES.items()}
    without = company_score(card, CompanyInputs(own, sources, ()))
    assert without == company_score(card, CompanyInputs(own, spoilt, ()))
    assert company_score(card, CompanyInputs(own, sources, ("invoices",))) != without
    parts = dict(without.contributions)
    neutral = {line.feature: line.neutral for line in card.lines if line.feature not in OWN}
    assert all(parts[name] == points for name, points in neutral.items())
    with pytest.raises(KeyError, match="refused"):
        company_score(card, CompanyInputs({k: v for k, v in own.items() if k != "refused"}, {}, ()))


def test_borrowers_are_told_as_the_bank_would_know_them():
    told = borrowers(400, 7)
    again = borrowers(400, 7)
    assert all(np.array_equal(told[name], again[name]) for name in told) and len(told["late"]) > 40
    assert set(told["late"]) <= {"late", "good"} and told["balance_days"].max() <= 90
    assert told["income_months"].max() <= 6 and (told["purchases"] >= 0).all()
