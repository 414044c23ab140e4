"""A challenger scores beside each loan decision: sealed with it, from the same inputs, deciding nothing."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from tests.journeys.borrowers import ask, borrower, kept

from jingwei.channels.lending import beside as channel
from jingwei.channels.lending.beside import with_challenger
from jingwei.domains.credit.beside import Beside, ChallengerScore, inputs_sha256
from jingwei.domains.credit.loans import LoanApplication
from jingwei.domains.credit.trained_score import ScorecardInUse, Table, chance_of, numbers_of
from jingwei.journeys.apply_for_loan import inputs
from jingwei.journeys.table import unseal
from jingwei.journeys.use_scorecard import UseScorecard
from jingwei.kernel.ids import seq_of
from jingwei.learning.loan_labels import applied, beside_of
from jingwei.models.card import Card
from jingwei.models.contract import ModelError
from jingwei.models.points import Points, PointsModel
from jingwei.models.registry import Approval, Registry

LINES = (Points("balance_days", (30.0,), (0.8, -0.7)), Points("inquiries", (2.0,), (-0.1, 0.9)))
CHAMPION = "c" * 64


@pytest.fixture
def registry(tmp_path):
    """A registry whose slot credit has a champion and a challenger, both small."""
    one = Registry(tmp_path / "models")
    for base, lines in ((-3.0, LINES[:1]), (-2.0, LINES)):
        names = tuple(line.feature for line in lines)
        card = Card(f"card {base}", "1", "A card made for a test.", "测试用评分卡。", names, "a test", 1)
        digest = one.save(PointsModel(card, base, lines))
        (one.root / "slots").mkdir(exist_ok=True)
        one._append(_line("challenge" if names[1:] else "approve", digest))
    return one


def _line(action, digest):
    return Approval(0, "credit", action, digest, "staff:bo", "for a test", 1, "")


def use(town):
    """A card scores loans from now on."""
    made = Table("card@cccccccccccc", -3.0, LINES[:1])
    text = msgspec.json.encode(made).decode()
    stamp = town.stamp("staff:reviewer")
    assert town.do(UseScorecard(slot="credit", digest=CHAMPION, table=text, **stamp)).answer.result == "done"


def decided(town, command):
    """The application as kept, and what a challenger made of it."""
    answer = town.do(command).answer
    assert answer.refusal is None, answer.refusal
    found = kept(town, LoanApplication, answer.made)
    return found, next(iter(town.home.store.load(ChallengerScore, [found.id])), None), answer


def test_the_challenger_is_sealed_with_the_decision_and_changes_nothing(town, registry):
    borrower(town), borrower(town, "finn")
    use(town)
    asked = with_challenger(registry, town.home.store, ask(town))
    found, score, answer = decided(town, asked)
    digest = registry.challenger_digest("credit")
    assert score == ChallengerScore(
        found.id, "dora", "credit", digest, asked.beside.chance_ppm, "card@cccccccccccc", asked.at
    )
    model = registry.load(digest)
    facts = inputs(asked.behaviour, asked.bureau, (), asked.at)
    row = [numbers_of(facts)[name] for name in model.features]
    assert score.chance_ppm == round(float(model.bind(model.features)(np.array([row]))[0]) * 1_000_000)
    sealed = unseal(town.home.store.record(seq_of(answer.id)))
    assert sealed.command.beside == asked.beside
    alone, nothing, other = decided(town, replace(ask(town, "finn"), beside=None))
    assert nothing is None and other.result == answer.result
    same = ("points", "grade", "status", "rate_ppm", "limit_minor", "policy_reasons", "contributions")
    assert [getattr(alone, name) for name in same] == [getattr(found, name) for name in same]


def test_a_score_of_other_inputs_is_not_kept(town, registry):
    borrower(town)
    use(town)
    asked = with_challenger(registry, town.home.store, ask(town))
    wrong = replace(asked, beside=replace(asked.beside, inputs="0" * 64))
    assert decided(town, wrong)[1] is None


def test_asking_again_with_the_same_key_finds_the_same_answer_whoever_challenges_by_then(town, registry):
    borrower(town)
    use(town)
    asked = with_challenger(registry, town.home.store, ask(town))
    first = town.do(asked)
    later = replace(asked.bureau, reported_at=asked.at + 1)
    again = town.home.bank.do([replace(asked, beside=None, bureau=later, at=asked.at + 1)])[0]
    assert again.replayed and (again.seq, again.answer.made) == (first.seq, first.answer.made)
    other = town.home.bank.do([replace(asked, amount_minor=asked.amount_minor + 1)])[0]
    assert other.answer.refusal.code == "key_used_for_another"


def test_a_broken_challenger_stops_no_loan(town, registry, monkeypatch):
    borrower(town)
    use(town)

    def broken(self, digest):
        raise ModelError("its file is damaged")

    channel._bound.cache_clear()
    monkeypatch.setattr(Registry, "load", broken)
    asked = with_challenger(registry, town.home.store, ask(town))
    assert asked.beside is None and decided(town, asked)[1] is None


def test_nothing_is_scored_of_whom_nothing_may_be_read(town, registry):
    borrower(town)
    use(town)
    closed = replace(ask(town), behaviour=None, bureau=None)
    assert with_challenger(registry, town.home.store, closed) is closed


def test_the_page_reads_what_was_sealed(town, registry):
    borrower(town)
    use(town)
    found, score, _ = decided(town, with_challenger(registry, town.home.store, ask(town)))
    (row,) = applied([found], {}, 0, beside_of(town.home.store, [found]))
    assert row.sealed.champion == found.score_by and row.sealed.challenger == score.digest
    assert row.sealed.challenger_chance == score.chance_ppm / 1_000_000
    assert row.sealed.champion_chance == chance_of(found.points)
    assert chance_of(600) == pytest.approx(1 / 31) and chance_of(620) == pytest.approx(1 / 61)
    assert town.home.store.load(ScorecardInUse, ["credit"])[0].digest == CHAMPION


def test_inputs_are_told_apart_by_their_digest(town):
    borrower(town)
    asked = ask(town)
    facts = inputs(asked.behaviour, asked.bureau, (), asked.at)
    assert inputs_sha256(facts) != inputs_sha256(replace(facts, own_loans=1))
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"slot":"credit","digest":"x","chance_ppm":1,"inputs":"y"}', type=Beside)
