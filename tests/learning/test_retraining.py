"""Closed cases and reports become labels; what is learned from them challenges only when it is not worse."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from tests.learning.test_training import DAYS, FIRST, city, file_of

from jingwei.channels.streams.replay import replay
from jingwei.channels.web.staff.oversight.facts import Facts
from jingwei.decisions.policy import parse_policy
from jingwei.domains.fraud.features import FRAUD
from jingwei.domains.fraud.model import FIRST_MODELS, LEARNED
from jingwei.domains.fraud.policy import policy_text
from jingwei.features.live import LiveFeatures
from jingwei.home import MODEL_SLOTS, open_home
from jingwei.journeys.report_fraud import ReportFraud
from jingwei.journeys.review_case import ReviewCase
from jingwei.journeys.table import unseal
from jingwei.kernel.clock import DAY, ManualClock
from jingwei.learning import retraining
from jingwei.learning.backtest import backtest
from jingwei.learning.boosting import TrainingError
from jingwei.learning.labels import Labels
from jingwei.learning.retraining import RIPE, Order, Past, gate, gather, learn, retrain, split
from jingwei.learning.whatif import History
from jingwei.ledger.work import Case
from jingwei.models.points import Points, PointsModel
from jingwei.models.registry import Registry

ORDER = Order("fraud", "card_payment", "staff:ana", (FIRST + DAYS + 20) * DAY)


def dated(home):
    """Both clocks of a command asked now."""
    return {"at": home.clock.now(), "known_at": home.clock.now()}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A bank after a SIMULATED stream of card payments; a reviewer answered each case that was opened."""
    folder = tmp_path_factory.mktemp("retrain")
    replay(folder / "h", file_of(city(rows=6_000), folder / "cards.parquet"))
    one = open_home(folder / "h", ManualClock((FIRST + DAYS + 8) * DAY))
    reviews = [
        ReviewCase(case=case.id, release=False, actor="staff:reviewer", key=case.id, **dated(one))
        for case in one.store.find(Case, "status", "open", limit=2_000)
    ]
    one.bank.do(reviews)
    weak = msgspec.structs.replace(FIRST_MODELS["fraud"].card, features=("payments_1h",), name="weak")
    model = PointsModel(weak, -4.0, (Points("payments_1h", (3.0,), (0.0, 0.5)),))
    one.registry.approve("fraud", one.registry.save(model), who="staff:bo", why="for a test", at=1)
    one.found()
    yield one
    one.close()


@pytest.fixture(scope="module")
def past(home):
    return gather(home.store, ORDER)


def test_reports_and_closed_cases_are_the_labels(home, past):
    closed = home.store.find(Case, "status", "refused", limit=2_000)
    assert past.said.sum() > len(closed) > 0 and past.fraud.sum() > 60
    assert not past.fraud[~past.said].any() and past.cases.shape[1] == len(LEARNED["fraud"])
    assert np.all(np.diff(past.at) >= 0)


def test_reports_that_name_a_key_count_in_every_reading_of_labels(home):
    """A stream names payments by key in its reports; retraining, backtest and the desk all see them."""
    sealed = [unseal(leaf) for _, leaf in home.store.records(0, home.store.size())]
    reports = {one.command.payment for one in sealed if isinstance(one.command, ReportFraud)}
    paid = {one.answer.id for one in sealed if one.answer.policy and one.command.key in reports}
    assert len(paid) == len(reports) > 60
    labels, facts = Labels(), Facts()
    for one in sealed:
        labels.learn(one)
    facts.take(home.store, home.store.size())
    assert paid <= labels.fraud and {payment for _, payment in facts.reported} == paid
    candidate = parse_policy(policy_text("card_payment"))
    again = History(LiveFeatures(FRAUD), home.registry, MODEL_SLOTS, candidate)
    found = backtest(home.store, again, home.store.size())
    stopped = {one.answer.id for one in sealed if one.answer.policy and one.answer.result != "allowed"}
    assert found.old.fraud == len(paid & stopped | labels.fraud & stopped) >= len(paid & stopped) > 0


def test_what_is_young_or_was_stopped_tells_nothing_until_somebody_says(home):
    rows = [("D1", "c", 0, "allowed"), ("D2", "c", RIPE, "allowed"), ("D3", "c", 0, "held")]
    labels = retraining.Labels()
    found = retraining._labelled(rows, np.zeros((3, 1)), labels, RIPE)
    assert found.at.tolist() == [0] and not found.fraud.any() and not found.said.any()
    labels.fraud.add("D2")
    labels.good.add("D3")
    found = retraining._labelled(rows, np.zeros((3, 1)), labels, RIPE)
    assert found.fraud.tolist() == [False, True, False] and found.said.tolist() == [False, True, True]


def test_a_better_candidate_challenges_and_decides_nothing(home):
    told = retrain(home.store, home.registry, ORDER)
    assert told["passed"] and told["gain_interval"][0] > 0 and told["judged_on"]["frauds"] >= 8
    assert home.registry.challenger("fraud").digest == told["digest"]
    assert home.registry.champion("fraud").digest == told["champion_digest"]
    assert told["candidate"]["log_loss"] < told["champion"]["log_loss"]
    last = home.registry.history("fraud")[-1]
    assert (last.action, last.who) == ("challenge", "staff:ana")
    card = home.registry.load(told["digest"]).card
    assert card.metrics["auc"] == round(told["candidate"]["auc"], 6) and card.features == LEARNED["fraud"]
    before = unseal(home.store.record(home.store.size() - 1))
    home.found()
    assert unseal(home.store.record(home.store.size() - 1)) == before


def test_the_candidate_is_judged_on_later_payments_than_it_learned_from(past):
    fit, later, judged = split(past)
    assert fit.at.max() <= later.at.min() and later.at.max() <= judged.at.min()
    assert len(judged.fraud) + len(later.fraud) + len(fit.fraud) == len(past.fraud)


def test_one_that_learned_from_wrong_labels_is_not_kept(home, past, tmp_path, monkeypatch):
    """Every label of the part learned from turned round: the gate sees it on later payments."""
    registry = Registry(tmp_path / "models")
    registry.approve("fraud", registry.save(FIRST_MODELS["fraud"]), who="system:core", why="the first", at=1)

    def spoilt(these, slot):
        rng = np.random.default_rng(1)
        wrong = [msgspec.structs.replace(one, fraud=rng.permutation(one.fraud)) for one in these]
        return wrong

    def learn_wrong(fit, later, slot):
        return learn(*spoilt((fit, later), slot), slot)

    monkeypatch.setattr(retraining, "gather", lambda *_: past)
    monkeypatch.setattr(retraining, "platt", lambda *_: (1.0, 0.0))
    monkeypatch.setattr(retraining, "learn", learn_wrong)
    told = retrain(home.store, registry, ORDER)
    assert not told["passed"] and told["digest"] == "" and told["gain_interval"][0] < -retraining.MARGIN
    assert registry.challenger("fraud") is None


def test_too_little_known_is_said_with_its_numbers(past):
    few = past.part(np.arange(len(past.fraud)) < 400)
    with pytest.raises(TrainingError, match="frauds are known of in the three parts"):
        split(few)


def test_a_champion_that_reads_something_else_is_not_compared(past):
    card = msgspec.structs.replace(FIRST_MODELS["fraud"].card, features=("place_payments_1h",))
    odd = PointsModel(card, 0.0, (Points("place_payments_1h", (1.0,), (0.0, 1.0)),))
    with pytest.raises(TrainingError, match="place_payments_1h"):
        gate(past, (FIRST_MODELS["fraud"], odd))


def test_past_keeps_its_columns_together(past):
    some = past.part(np.array([2, 5]))
    assert isinstance(some, Past) and some.customer.tolist() == past.customer[[2, 5]].tolist()


def test_a_lost_champion_is_said_and_the_model_by_hand_is_what_must_be_met(home):
    registry, digest = home.registry, home.registry.champion("fraud").digest
    path = registry.root / "files" / digest
    content = path.read_bytes()
    path.unlink()
    try:
        told = retrain(home.store, registry, ORDER)
    finally:
        path.write_bytes(content)
    assert digest[:12] in told["champion_lost"]
    assert registry.load(told["champion_digest"]).card.name == FIRST_MODELS["fraud"].card.name
    assert registry.champion("fraud").digest == digest
