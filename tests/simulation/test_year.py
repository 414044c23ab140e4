"""The simulated year: the same bank thrice, labels as the bank would have them, figures that can lose."""

from __future__ import annotations

import numpy as np
import pytest

from jingwei.decisions.policy import Verdict
from jingwei.simulation.city.draws import DAY_S
from jingwei.simulation.city.world import live_through
from jingwei.simulation.offer_life import Life, Shown
from jingwei.simulation.year import report as reports
from jingwei.simulation.year.arms import ARMS, DAYS, MONTHS, Arm
from jingwei.simulation.year.credit import CreditYear, truth_of
from jingwei.simulation.year.fraud import LOST, FraudYear, first_benches, learned
from jingwei.simulation.year.measured import FIGURES, Lived, measured
from jingwei.simulation.year.offers import figures as offer_figures
from jingwei.simulation.year.offers import offers_of, way_of
from jingwei.simulation.year.one_year import asked_in
from jingwei.simulation.year.past import past_of
from jingwei.simulation.year.payments import NOT_TOLD, payments_of, told_in

RULES, LOOP, LATE = ARMS


@pytest.fixture(scope="module")
def city():
    return live_through(300, DAYS, 3, only=("loans",))


@pytest.fixture(scope="module")
def payments(city):
    return payments_of(city)


@pytest.fixture(scope="module")
def past():
    return past_of(3, 1_500)


@pytest.fixture(scope="module")
def ruled(payments):
    year = FraudYear(payments, RULES, 3)
    for day in range(40):
        year.live(day)
    return year


def test_payments_come_in_order_and_hold_every_crime_of_the_city(city, payments):
    assert (np.diff(payments.at_s) >= 0).all()
    crimes = sum(len(city.truth[f"crimes_{system}"]["row"]) for system in ("cards", "payments"))
    assert int((payments.crime > 0).sum()) == crimes > 0
    assert (payments.told_s[payments.told_s < NOT_TOLD] > payments.at_s[payments.told_s < NOT_TOLD]).all()


def test_every_way_is_asked_the_same_and_judges_the_same_before_anything_is_learned(payments, ruled):
    other = FraudYear(payments, LOOP, 3)
    for day in range(20):
        other.live(day)
    rows = payments.day < 20
    assert np.array_equal(other.judged.verdict[rows], ruled.judged.verdict[rows])
    assert ruled.judged.verdict[rows].max() >= Verdict.STEP_UP


def test_the_days_of_the_year_are_judged_as_one_batch_would_be(payments, ruled):
    """The room's own judge, asked all at once without any report, says the same on the first day."""
    from jingwei.decisions.judge import Judge
    from jingwei.domains.fraud.features import FRAUD
    from jingwei.features.catalogue import names
    from jingwei.features.events import EventColumns
    from jingwei.features.live import LiveFeatures

    rows = np.flatnonzero(payments.day == 0)
    judge = Judge(LiveFeatures(FRAUD), names(FRAUD))
    bench = first_benches()
    for card, name in ((True, "card_payment"), (False, "outgoing_transfer")):
        judge.appoint(bench[card].policy, bench[card].model, name)
    listed = rows.tolist()
    events = EventColumns(
        np.zeros(len(rows), np.uint8), payments.at[rows], payments.at[rows], payments.amount_minor[rows],
        {one: [getattr(payments, one)[row] for row in listed]
         for one in ("customer", "payee", "device", "terminal", "place")},
    )  # fmt: skip
    cases = np.column_stack([judge.live.advance(events), np.zeros(len(rows))])
    asked = ["card_payment" if card else "outgoing_transfer" for card in payments.card[rows].tolist()]
    told = [int(one.verdict) for one in judge.decide(cases, asked)]
    assert told == ruled.judged.verdict[rows].tolist()


def test_what_was_stopped_costs_nothing_and_what_went_through_does(payments, ruled):
    rows = payments.day < 40
    verdict, through = ruled.judged.verdict[rows], ruled.judged.through[rows]
    assert through[verdict == Verdict.ALLOW].all() and not through[verdict == Verdict.REFUSE].any()
    asked = verdict == Verdict.STEP_UP
    stolen = np.isin(payments.crime[rows], (LOST[0], LOST[2]))
    assert not through[asked & stolen].any()
    honest = asked & (payments.crime[rows] == 0)
    assert 0.9 < through[honest].mean() < 1.0


def test_late_labels_come_sixty_days_later_and_one_in_ten_names_another_payment(payments):
    late = told_in(LATE, payments, 3)
    both = (late < NOT_TOLD) & (payments.told_s < NOT_TOLD)
    assert (late[both] - payments.told_s[both] == 60 * DAY_S).all()
    moved = (payments.told_s < NOT_TOLD) & (late == NOT_TOLD)
    new = (late < NOT_TOLD) & (payments.told_s == NOT_TOLD)
    assert 0 < moved.sum() < 0.25 * (payments.told_s < NOT_TOLD).sum()
    assert 0 < new.sum() <= moved.sum()
    assert (payments.crime[new] == 0).all() and (late[new] > payments.at_s[new]).all()
    assert np.array_equal(told_in(RULES, payments, 3), payments.told_s)


def test_a_bank_learns_only_from_what_it_was_told_by_then(payments, monkeypatch):
    """Whoever is never told of a fraud learns nothing, however much was stolen."""
    seen = []

    def spy(cases, fraud, weight, features):
        seen.append(int(fraud.sum()))
        return learned(cases, fraud, weight, features)

    monkeypatch.setattr("jingwei.simulation.year.fraud.learned", spy)
    silent = payments._replace(told_s=np.full(payments.size, NOT_TOLD))
    for asked in (payments, silent):
        year = FraudYear(asked, Arm("loop", True), 3)
        year.judged.through[:] = True
        year._seen = [(np.flatnonzero(asked.kept), np.zeros((int(asked.kept.sum()), len(_columns()))))]
        year._learn(90)
    assert seen[0] + seen[1] > 0 and seen[2:] == [0, 0]


def _columns():
    from jingwei.simulation.year.fraud import COLUMNS

    return COLUMNS


@pytest.fixture(scope="module")
def lent(city, past):
    asked = asked_in(city)
    years = {}
    for arm in ARMS[:2]:
        years[arm.name] = CreditYear(city, asked, past, arm)
        for day in range(DAYS):
            years[arm.name].live(day)
    return asked, years


def test_the_rule_grants_by_income_alone_and_every_way_warns_as_often(lent):
    _, years = lent
    rules, loop = years["rules"], years["loop"]
    assert rules._score is None and rules._warning is None and loop._score is not None
    assert 0.2 < rules.granted.mean() < 0.8
    given = [len(year.alerts().loan) for year in years.values()]
    assert min(given) > 10 and max(given) < 1.4 * min(given)
    for year in years.values():
        assert year.granted[year.alerts().loan].all()
        paid = year.book.paid < 10**6
        assert not paid[~year.granted].any()


def test_the_score_reads_nothing_protected_and_nothing_that_comes_later(lent):
    from jingwei.simulation.year.credit import ASKED

    assert not {"woman", "age", "segment", "home"} & set(ASKED)
    _, years = lent
    at_asking = years["rules"]._at_asking
    assert np.array_equal(at_asking[:5], years["loop"]._at_asking[:5])


def test_figures_hold_what_happened(city, payments, ruled, lent):
    asked, years = lent
    truth = truth_of(asked)
    told = measured(Lived(payments, ruled, years["rules"], truth, city.people))
    offers = set(offer_figures(Life([], {}, set(), {})))
    assert set(told["total"]) | offers == {one.name for one in FIGURES} and not set(told["total"]) & offers
    months = told["months"]
    assert all(len(values) == MONTHS for values in months.values())
    assert sum(months["bad_debt_yuan"]) == pytest.approx(told["total"]["bad_debt_yuan"], abs=0.1)
    assert sum(months["fraud_loss_yuan"]) == pytest.approx(told["total"]["fraud_loss_yuan"], abs=0.1)
    good = ~truth.fails & ~years["rules"].granted
    assert sum(months["good_refused"]) == good.sum()


def test_a_difference_is_called_better_or_worse_only_when_its_interval_says_so():
    down, mixed = np.array([-3.0, -2.0, -4.0, -3.5]), np.array([-3.0, 3.0, -2.0, 2.5])
    assert reports.difference(down, True)["verdict"] == "better"
    assert reports.difference(down, False)["verdict"] == "worse"
    assert reports.difference(mixed, True)["verdict"] == "unclear"
    assert reports.difference(down[:1], True)["interval"] is None


def test_a_stopped_run_goes_on_and_another_file_is_refused(tmp_path, monkeypatch):
    lived = []

    def year(seed, people, progress):
        lived.append(seed)
        total = {one.name: float(seed) for one in FIGURES}
        arm = {"total": total, "months": {"bad_debt_yuan": [float(seed)] * MONTHS}}
        return {"seed": seed, "people": people, **{one.name: arm for one in ARMS}}

    monkeypatch.setattr(reports, "one_year", year)
    state = tmp_path / "years.json"
    reports.simulate([1, 2], 500, state)
    told = reports.simulate([1, 2, 3], 500, state)
    assert lived == [1, 2, 3] and told["seeds"] == [1, 2, 3] and told["simulated"] is True
    assert told["arms"]["rules"]["bad_debt_yuan"] == 2.0
    assert told["loop_less_rules"]["bad_debt_yuan"]["verdict"] == "unclear"
    with pytest.raises(reports.StateError, match="500 people"):
        reports.simulate([1], 900, state)
    state.write_text("[]")
    with pytest.raises(reports.StateError, match="no file"):
        reports.simulate([1], 500, state)
    with pytest.raises(OSError):
        reports.simulate([9], 500, state / "years.json")
    assert 9 not in lived, "whether a year can be kept is seen before it is lived"


def test_offers_are_told_against_the_control_group_by_hand():
    """Four shown of whom two took, two in control of whom one took; three offers, one taken."""
    took = {"a": True, "b": True, "c": False, "d": False, "e": True, "f": False}
    one = Shown(1, "x", ("o",), 0, 1.0, False, (0.1,), 0.1, "p")
    told = offer_figures(Life([one, one._replace(taken=True), one], took, {"e", "f"}, {}))
    assert told["offer_conversion"] == 0.5 and told["offer_gain_over_control"] == 0.0
    assert told["offers_taken_share"] == pytest.approx(1 / 3) and told["offers_taken_per_1000"] == 250.0


def test_the_arms_differ_only_in_how_they_choose_and_what_they_are_told():
    city = live_through(150, 70, 3)
    told = offers_of(city, ARMS)
    assert set(told) == {"rules", "loop", "loop_late_labels"} and told == offers_of(city, ARMS)
    assert told["loop"] != told["rules"] and told["loop"] != told["loop_late_labels"]
    assert (way_of(LATE).late_days, way_of(LATE).wrong) == (60, 0.10)
    shown = [one["offers_taken_per_1000"] for one in told.values()]
    assert all(0 < taken < 3_000 for taken in shown)


def test_what_is_told_late_is_not_known_earlier_and_lies_are_counted_as_told():
    from jingwei.journeys.offer_rules import catalogue
    from jingwei.simulation.offer_life import Way, live_each, random_one

    city = live_through(150, 50, 3)
    ways = {"now": Way(random_one), "late": Way(random_one, 49), "lies": Way(random_one, 0, 1.0)}
    lives = live_each(city, catalogue(), ways)
    assert lives["now"].shown == [
        late._replace(expected=now.expected)
        for late, now in zip(lives["late"].shown, lives["now"].shown, strict=True)
    ]
    heard = {name: sum(arm.shown for arm in life.arms.values()) for name, life in lives.items()}
    taken = {name: sum(arm.taken for arm in life.arms.values()) for name, life in lives.items()}
    assert heard["now"] == heard["lies"] == len(lives["now"].shown) > heard["late"]
    assert taken["now"] == sum(one.taken for one in lives["now"].shown) == heard["lies"] - taken["lies"]
