"""Early warning: what is looked at was known that day, alerts are counted fairly, and it gains days."""

from __future__ import annotations

import numpy as np
import pytest

from jingwei.domains.credit.early_warning import (
    NAMES,
    NEVER,
    SIGNALS,
    Known,
    Loans,
    Timeline,
    Watched,
    missed,
    signals,
    watch,
)
from jingwei.learning.boosting import TrainingError
from jingwei.learning.early_warning import (
    WARM_UP,
    Borrowers,
    fit,
    looked_at,
    read_city,
    scores,
)
from jingwei.learning.warning_evaluation import (
    Alerts,
    Cases,
    alerts,
    days_before,
    evaluate_one,
    gain,
    measured,
)
from jingwei.simulation.borrowers_known import borrowers_in
from jingwei.simulation.city.files import write
from jingwei.simulation.city.world import live_through

ONE = np.array([0])


def timeline(*rows):
    return Timeline(*(np.array(part, np.int64) for part in zip(*rows, strict=True)))


def nothing():
    return Timeline(*(np.array([], np.int64) for _ in range(3)))


def known(**told):
    return Known(**{name: told.get(name, nothing()) for name in Known._fields})


def loan(due, paid, owed=10_000):
    due, paid = np.array([due]), np.array([paid])
    return Loans(ONE, due, paid, np.full_like(due, owed))


def seen(told, loans, day):
    looked = watch(loans, day)
    assert len(looked.loan) == 1
    return dict(zip(NAMES, signals(told, loans, looked)[0], strict=True))


@pytest.fixture(scope="module")
def city():
    return live_through(2_600, 330, 4, only=("loans",))


@pytest.fixture(scope="module")
def borrowers(city):
    return borrowers_in(city)


def test_sums_hold_their_first_and_last_day():
    told = timeline((0, 10, 5), (0, 40, 7), (1, 40, 100))
    who = np.array([0, 0, 0, 1])
    after, upto = np.array([9, 10, 9, 0]), np.array([10, 40, 39, 99])
    assert told.total(who, after, upto).tolist() == [5, 7, 5, 100]
    assert told.newest(np.array([0, 0, 2]), np.array([39, 40, 40]))[1].tolist() == [5, 7, 0]


def test_a_loan_is_watched_from_35_days_before_until_it_is_missed_and_never_after():
    loans = loan([100, 130], [108, 130])
    days = [day for day in range(40, 150) if len(watch(loans, day).loan)]
    assert days == list(range(65, 108))
    assert watch(loans, 100).number.tolist() == [0] and watch(loans, 64).loan.tolist() == []


def test_seven_days_late_is_late_eight_is_missed():
    for paid, expected in ((107, False), (108, True), (NEVER, True)):
        looked = Watched(ONE, ONE, np.array([90]))
        assert missed(loan([100], [paid]), looked).tolist() == [expected]


def test_what_was_paid_later_is_not_known_earlier():
    loans = loan([100, 130], [105, 130])
    assert seen(known(), loans, 103)["last_days_late"] == 3
    assert seen(known(), loans, 103)["days_to_due"] == -3
    assert seen(known(), loans, 106)["last_days_late"] == 5
    assert seen(known(), loans, 99)["last_days_late"] == 0


def test_no_signal_changes_when_the_future_does(borrowers):
    day = 200
    at = watch(borrowers.loans, day)
    before = signals(borrowers.known, borrowers.loans, at)
    later = np.where(borrowers.loans.paid > day, NEVER, borrowers.loans.paid)
    changed = borrowers.loans._replace(paid=later)
    again = watch(changed, day)
    assert again.loan.tolist() == at.loan.tolist()
    assert np.array_equal(signals(borrowers.known, changed, again), before)
    cut = Known(*(_before(timeline, day) for timeline in borrowers.known))
    assert np.array_equal(signals(cut, borrowers.loans, at), before)


def _before(told, day):
    kept = told._key % NEVER <= day
    return Timeline(told._key[kept] // NEVER, told._key[kept] % NEVER, told._value[kept])


def test_a_salary_that_stops_shows():
    paid = [(0, day, 100_000) for day in range(10, 200, 30)]
    told = known(income=timeline(*paid), balance=timeline((0, 150, 50_000), (0, 200, 20_000)))
    loans = loan([170, 260], [170, NEVER])
    going = seen(told, loans, 165)
    stopped = seen(told, loans, 240)
    assert going["income_30d_to_usual"] == 1.0 and stopped["income_30d_to_usual"] == 0.0
    assert stopped["income_days_ago"] == 50 and stopped["balance_to_instalment"] == 2.0
    assert all(one.says_en and one.says_zh for one in SIGNALS)


def test_every_way_gives_the_same_number_of_alerts_and_none_twice_within_28_days(borrowers):
    told = measured(borrowers)
    assert len({len(given.loan) for given in told.alerts.values()}) == 1
    given = told.alerts["scorecard"]
    for one in np.unique(given.loan):
        assert (np.diff(given.day[given.loan == one]) >= 28).all()
    assert min(given.day) >= told.about["learned_until_day"]


def test_alerts_take_the_highest_scores_of_each_week(borrowers):
    rows = looked_at(borrowers, 200, 201)
    score = np.arange(len(rows.missed), dtype=float)
    told = alerts(rows, score, 0.05)
    most = round(0.05 * len(score))
    assert set(told.loan.tolist()) == set(rows.watched.loan[-most:].tolist())


def test_days_are_counted_from_the_first_alert_before_the_due_day():
    cases = Cases(np.array([1, 2, 3]), np.array([1, 2, 3]), np.array([100, 100, 100]), np.array([1, 1, 1]))
    given = Alerts(np.array([1, 1, 2, 3]), np.array([70, 90, 100, 39]))
    assert days_before(given, cases).tolist() == [30, 0, 0]
    assert days_before(given, cases, 30).tolist() == [60, 30, 0]
    told = gain(cases, np.array([30, 0, 0]), np.array([0, 0, 3]))
    assert told["mean_days"] == 9.0 and told["median_days"] == 0.0


def test_the_model_gains_days_over_the_rule_and_nothing_on_shuffled_outcomes(borrowers):
    told = evaluate_one(borrowers)
    assert told["simulated"] is True and told["tested_cases"] >= 10
    assert told["ways"]["gain"]["scorecard"]["mean_interval"][0] > 0
    assert told["ways"]["scorecard"]["auc"] > told["ways"]["last_payment_late"]["auc"] + 0.1
    assert 0.4 < told["shuffled_labels_auc"] < 0.6


def test_files_say_the_same_as_the_city_itself(tmp_path):
    city = live_through(300, 120, 4)
    write(city, tmp_path / "city")
    here, there = borrowers_in(city), read_city(tmp_path / "city")
    assert here.days == there.days
    assert all(np.array_equal(a, b) for a, b in zip(here.loans, there.loans, strict=True))
    looked = watch(here.loans, 100)
    assert np.array_equal(signals(here.known, here.loans, looked), signals(there.known, there.loans, looked))


def test_too_few_missed_payments_are_refused_in_words(borrowers):
    few = Borrowers(borrowers.known, Loans(*(part[:5] for part in borrowers.loans)), borrowers.days)
    with pytest.raises(TrainingError, match="too few"):
        fit(looked_at(few, WARM_UP, few.days), "scorecard")


def test_a_served_model_keeps_the_contract(borrowers):
    from jingwei.models.contract import check_model
    from jingwei.models.kinds import load_model

    rows = looked_at(borrowers, WARM_UP, borrowers.days)
    for kind in ("scorecard", "boosting"):
        model = fit(rows, kind)
        told = scores(model, rows.cases)
        assert ((told > 0) & (told < 1)).all()
        places = [NAMES.index(name) for name in model.features]
        assert check_model(model, load_model, rows.cases[:64][:, places]).failures == ()
