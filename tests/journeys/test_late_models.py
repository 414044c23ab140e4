"""A model whose file is lost neither gets into the log nor keeps the bank from starting."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.journeys.test_ledger_journeys import CORE, ask, code

from jingwei.domains.fraud.model import FIRST_MODELS
from jingwei.journeys.use_model import UseModel
from jingwei.journeys.use_scorecard import scorecards_due
from jingwei.models.contract import ModelError
from jingwei.models.points import PointsModel
from jingwei.models.registry import APPROVE, Approval

FIRST = FIRST_MODELS["scam"]
BY_HAND = hashlib.sha256(FIRST.to_bytes()).hexdigest()


def approve_another(town: Any) -> str:
    """Another champion for transfers, sealed in the log; its digest."""
    registry = town.home.registry
    digest = registry.save(PointsModel(FIRST.card, FIRST.base - 1.0, FIRST.table))
    registry.approve("scam", digest, who="staff:reviewer", why="calmer", at=town.clock.at)
    town.home.found()
    assert town.home.store.note("model:scam") == digest
    return str(digest)


def paid_by(town: Any) -> str:
    """Which model scored a payment made now."""
    return str(town.do(town.pay("alice", "bob", 100)).answer.model)


def test_a_model_that_is_not_kept_is_refused_and_leaves_no_record(town):
    size, before = town.home.store.size(), town.home.store.note("model:scam")
    for digest in ("0" * 64, damaged(town)):
        assert code(ask(town, UseModel, CORE, slot="scam", digest=digest)) == "model_not_kept"
    assert (town.home.store.size(), town.home.store.note("model:scam")) == (size, before)
    assert paid_by(town) == BY_HAND[:16]


def damaged(town: Any) -> str:
    registry = town.home.registry
    digest = registry.save(PointsModel(FIRST.card, FIRST.base - 2.0, FIRST.table))
    path = registry.root / "files" / digest
    path.write_bytes(path.read_bytes()[:-1])
    return str(digest)


def test_a_bank_whose_model_is_lost_starts_with_the_one_made_by_hand_and_says_so(town):
    digest = approve_another(town)
    assert paid_by(town) == digest[:16] and town.home.warnings == {}
    path = town.home.registry.root / "files" / digest
    content = path.read_bytes()
    path.unlink()
    town.reopen()
    assert "no model" in town.home.warnings["scam"] and "fraud" not in town.home.warnings
    assert town.home.store.note("model:scam") == BY_HAND, "the log says which model scores"
    assert paid_by(town) == BY_HAND[:16]
    path.write_bytes(content)
    town.reopen()
    assert town.home.warnings == {} and paid_by(town) == digest[:16]


class LostFile:
    """A registry with one approved champion for each slot and no file of it."""

    def history(self, slot: str) -> tuple[Approval, ...]:
        return (Approval(1, slot, APPROVE, "ab" * 32, "staff:lin", "better", 0, ""),)

    def load(self, digest: str) -> Any:
        raise ModelError(f"no model {digest[:12]} is kept here")


def test_a_lost_scorecard_seals_nothing_and_keeps_no_bank_from_starting():
    lost: Any = LostFile()
    assert scorecards_due(lost, (), 7, {"actor": CORE, "at": 0, "known_at": 0}) == []
