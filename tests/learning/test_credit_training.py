"""Credit models for service: full cards, leaks refused in training, a second person, reasons for gaps, and a
trained scorecard that scores loans as the log seals it."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from jingwei.domains.credit.first_score import NAME as FIRST
from jingwei.domains.credit.inputs import Behaviour, Bureau, CreditInputs
from jingwei.domains.credit.trained_score import (
    BEHAVIOUR,
    READS,
    SENTENCES,
    card_of,
    numbers_of,
    score_with,
    table_of,
)
from jingwei.learning import leaks
from jingwei.learning.boosting import TrainingError
from jingwei.learning.credit_training import (
    CreditLesson,
    governance_of,
    keep,
    learn_credit,
    part,
    read_lesson,
)
from jingwei.learning.families import matrix
from jingwei.learning.lending import SHAPES
from jingwei.learning.synthetic_loans import loan_applications
from jingwei.learning.tabular import Table, TableError
from jingwei.models.contract import ModelError, check_model
from jingwei.models.kinds import load_model
from jingwei.models.registry import Registry

LESSON = CreditLesson(
    target="went", good="good", owner="Li Na", by="staff:ana", data="made-up applications", simulated=True,
    protected=("sex",), first="2025-01-01", until="2025-12-31",
)  # fmt: skip
REASON = "those of the first group have higher debts, which the law lets us ask about"


def applications(rows=1600, seed=3, **more):
    table, bad = loan_applications(rows, seed)
    sex = np.random.default_rng(1).choice(["f", "m"], rows)
    went = {"went": np.where(bad, "bad", "good").astype(object), "sex": sex.astype(object)}
    return Table("made up", table.columns | went | more), bad


def learned(table, lesson):
    """Both models, with few trees: what is tested here does not hang on their number."""
    with pytest.MonkeyPatch.context() as patch:
        for shape in SHAPES.values():
            patch.setitem(shape, "rounds", 60)
        return learn_credit(table, lesson)


@pytest.fixture(scope="module")
def trained():
    return learned(applications()[0], LESSON)


# ---- The card


def test_the_card_shows_what_governance_asks(trained):
    for model in (trained.scorecard, trained.boosting):
        assert check_model(model, load_model).failures == ()
        card = load_model(model.to_bytes()).card
        told = governance_of(card)
        assert (
            card == model.card and told.owner == "Li Na" and told.trained_by == "staff:ana" and told.simulated
        )
        assert "SIMULATED" in card.says_en and "模拟" in card.says_zh
        assert card.span.rows == 1600 and 0 < card.metrics["auc"] < 1 and "auc" in told.intervals
        assert {(gap.column, gap.measure) for gap in told.gaps} == {
            ("sex", "approval"),
            ("sex", "good_refused"),
        }
        assert all(gap.low <= gap.gap <= gap.high for gap in told.gaps)
        assert [one.column for one in told.closing] == [
            "sex"
        ] and "reject inference is impossible" in told.limits_en
        assert sum(one.rows for one in told.calibrated) == 320 and told.left_out["sex"].startswith(
            "protected"
        )
        assert len(told.canaries) == 3 and all(came.startswith("refused") for came in told.canaries.values())
        assert {one.name for one in told.reference} >= {"score"} and "sex" not in card.features


def test_the_recipe_on_the_card_makes_the_same_features_and_the_stack_the_same_scores(trained):
    later, _ = applications(300, 9)
    model = load_model(trained.boosting.to_bytes())
    features = governance_of(model.card).recipe.features(later)
    library = trained.reader.features(later)
    assert all(np.array_equal(features[name], library[name]) for name in model.features)
    cases = matrix(features, model.features)
    weights = trained.boosting.weights
    margins = trained.boosting.forest.margins(cases)
    chance = trained.boosting.scorecard.bind(model.features)(cases)
    log_odds = weights[0] * margins + weights[1] * np.log(chance / (1 - chance)) + weights[2]
    assert np.abs(model.bind(model.features)(cases) - 1 / (1 + np.exp(-log_odds))).max() < 1e-12


def test_with_moments_the_latest_rows_are_held_out():
    table, bad = applications(500)
    moments = np.arange(500)[::-1].copy()
    parted = part(table, bad, moments)
    assert (
        parted.says.startswith("the latest") and parted.held.column("income")[0] == table.column("income")[0]
    )
    assert len(parted.truth) == 100 and np.array_equal(parted.truth, bad[:100])


def test_a_lesson_is_read_from_a_file(tmp_path):
    file = tmp_path / "lesson.toml"
    file.write_text('target = "went"\ngood = "good"\nowner = "Li Na"\nprotected = ["sex"]\n')
    assert read_lesson(file, "staff:ana").protected == ("sex",)
    file.write_text('target = "went"\ngood = "good"\nowner = "Li Na"\nprotektd = ["sex"]\n')
    with pytest.raises(TableError, match="protektd"):
        read_lesson(file, "staff:ana")


def test_too_few_of_a_group_is_told():
    with pytest.raises(TableError, match="fairness cannot be measured on 'sex'"):
        learn_credit(applications(600)[0], LESSON)


# ---- Leaks


def days(start, count):
    return np.array([str(np.datetime64("2025-01-01") + start + i % 300) for i in range(count)], dtype=object)


def test_leaks_are_refused_in_training():
    table, bad = applications(600)
    rng = np.random.default_rng(2)
    filled = np.where(rng.random(600) < 0.4, np.where(bad, 0.777, 0.333), rng.random(600))
    for column in (np.where(bad, 0.2, 0.9) + rng.normal(0, 0.08, 600), filled):
        with pytest.raises(TableError, match="it knows the outcome: 'planted'"):
            learn_credit(Table("x", table.columns | {"planted": column}), LESSON)
    dated = {"asked": days(0, 600), "collected": days(40, 600)}
    lesson = msgspec.structs.replace(LESSON, time="asked")
    with pytest.raises(TableError, match="knows the future: 'collected' lies after 'asked' in 600 rows"):
        learn_credit(Table("x", table.columns | dated), lesson)


def test_nothing_is_trained_when_the_guard_is_gone(monkeypatch):
    monkeypatch.setattr("jingwei.learning.lending.refuse_leaks", lambda numbers, bad: None)
    with pytest.raises(TrainingError, match="a planted leak .* was not refused"):
        learn_credit(applications(600)[0], LESSON)


def test_shuffled_outcomes_must_teach_nothing():
    rng = np.random.default_rng(4)
    bad = rng.random(2000) < 0.3
    assert (
        abs(leaks.shuffled_auc({"x": rng.normal(size=2000), "y": bad + rng.normal(size=2000)}, bad) - 0.5)
        < 0.1
    )


# ---- Approval


@pytest.fixture
def kept(tmp_path, trained):
    registry = Registry(tmp_path / "models")
    return registry, keep(registry, trained, LESSON)


def alarmed(model, code="sex.good_refused"):
    governed = governance_of(model.card)
    gaps = tuple(
        msgspec.structs.replace(gap, alarm=gap.code == code, ratio=0.5 if gap.code == code else 0.95)
        for gap in governed.gaps
    )
    card = msgspec.structs.replace(model.card, governance=msgspec.structs.replace(governed, gaps=gaps))
    return model.with_card(card)


def test_training_approves_nothing_and_a_second_person_does(kept, trained):
    registry, told = kept
    assert registry.champion("credit") is None and told["approved"] is False
    calm = registry.save(alarmed(trained.scorecard, ""))
    with pytest.raises(ModelError, match="a second person approves: staff:ana trained"):
        registry.approve("credit", calm, who="staff:ana", why="mine", at=1)
    registry.approve("credit", calm, who="staff:bo", why="read the card", at=1)
    assert registry.champion("credit").digest == calm


def test_a_gap_alarm_needs_a_written_reason(tmp_path, trained):
    registry = Registry(tmp_path / "models")
    digest = registry.save(alarmed(trained.scorecard))
    said = {"who": "staff:bo", "why": "better", "at": 1}
    for reasons in ({}, {"sex.good_refused": "fine"}, {"sex.approval": REASON}):
        with pytest.raises(ModelError, match=r"sex.good_refused .*ratio 0.50"):
            registry.approve("credit", digest, **said, reasons=reasons)
    registry.approve("credit", digest, **said, reasons={"sex.good_refused": REASON})
    assert registry.history("credit")[0].reasons == {"sex.good_refused": REASON}


def test_a_card_without_governance_decides_about_nobody(tmp_path, trained):
    registry = Registry(tmp_path / "models")
    bare = trained.scorecard.with_card(
        msgspec.structs.replace(trained.scorecard.card, governance=msgspec.UNSET)
    )
    with pytest.raises(ModelError, match="says nothing of its owner"):
        registry.approve("credit", registry.save(bare), who="staff:bo", why="quick", at=1)


def test_a_challenger_decides_nothing_and_one_step_goes_back(tmp_path, trained):
    registry, said = Registry(tmp_path / "models"), {"who": "staff:bo", "why": "tried", "at": 1}
    first, second = (registry.save(alarmed(one, "")) for one in (trained.scorecard, trained.boosting))
    with pytest.raises(ModelError, match="no other champion"):
        registry.challenge("credit", second, **said)
    registry.approve("credit", first, **said)
    registry.challenge("credit", second, **said)
    assert registry.champion("credit").digest == first and registry.challenger("credit").digest == second
    registry.approve("credit", second, **said)
    assert registry.challenger("credit") is None
    registry.rollback("credit", **said)
    assert registry.champion("credit").digest == first and registry.challenger("credit").digest == second


# ---- Scoring loans


def loans(rows=1200, seed=5):
    """Made-up behaviour under the names a loan is decided on."""
    rng = np.random.default_rng(seed)
    columns = {name: np.floor(rng.gamma(2.0, 20.0, rows)) for name in READS["credit"]}
    odds = -3.0 + 2.2 * (columns["late_marks"] > 40)
    odds += 0.04 * columns["refused"] - 0.01 * columns["balance_days"]
    bad = rng.random(rows) < 1 / (1 + np.exp(-odds))
    return Table("loans", columns | {"went": np.where(bad, "bad", "good").astype(object)})


def asked(**changes):
    behaviour = dict.fromkeys(BEHAVIOUR, 30) | {"until": 1}
    bureau = {"source": "simulated bureau", "reported_at": 1, "debts": 1, "monthly_minor": 5}
    bureau |= {"late_marks": 0, "inquiries": 0}
    for name, value in changes.items():
        (behaviour if name in behaviour else bureau)[name] = value
    return CreditInputs(behaviour=Behaviour(**behaviour), bureau=Bureau(**bureau))


@pytest.fixture(scope="module")
def scorecard():
    lesson = msgspec.structs.replace(LESSON, protected=())
    return learned(loans(), lesson).scorecard


def test_whole_points_add_up_and_follow_the_library(scorecard):
    card = card_of("credit", table_of(scorecard, "a" * 64))
    for late in (0, 41, 90):
        for refused in (0, 10, 200):
            inputs = asked(late_marks=late, refused=refused)
            score = score_with((card,), inputs)
            assert score.points == card.best + sum(part for _, part in score.contributions)
            assert all(part <= 0 for _, part in score.contributions) and score.by == card.name
            values = numbers_of(inputs)
            row = np.array([values[name] for name in scorecard.features])
            chance = scorecard.bind(scorecard.features).one(row)
            exact = 600 - 20 / np.log(2) * (np.log(30) + np.log(chance / (1 - chance)))
            assert abs(score.points - exact) <= len(card.lines) / 2 + 1


def test_no_card_means_the_first_score_and_a_thin_file_has_its_own(scorecard):
    assert score_with((), asked()).by == FIRST
    credit, thin = (card_of(slot, table_of(scorecard, "b" * 64)) for slot in ("credit", "thin_file"))
    thin = msgspec.structs.replace(thin, name="thin")
    assert score_with((credit, thin), asked(debts=1)).by == credit.name
    assert score_with((credit, thin), asked(debts=0)).by == "thin"
    assert score_with((credit,), asked(debts=0)).by == credit.name


def test_a_score_cannot_read_what_is_protected():
    assert set(READS["credit"]) == set(SENTENCES) == set(numbers_of(asked()))
    assert not {"sex", "age", "marriage", "region", "born"} & set(SENTENCES)
