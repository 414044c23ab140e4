"""The registry keeps models by content, approves only what passes, steps back, and notices damage."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
from tests.models import grown

from jingwei.domains.fraud.model import FIRST_MODELS
from jingwei.models.contract import ModelError
from jingwei.models.kinds import load_model
from jingwei.models.registry import Registry

BY_HAND = FIRST_MODELS["fraud"]
SAID = {"who": "ana", "why": "better on last week", "at": 7}


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path / "models")


def test_a_model_is_kept_under_the_sha256_of_its_file(registry):
    digest = registry.save(BY_HAND)
    assert digest == hashlib.sha256(BY_HAND.to_bytes()).hexdigest() == registry.save(BY_HAND)
    assert registry.load(digest).to_bytes() == BY_HAND.to_bytes()
    assert [path.name for path in (registry.root / "files").iterdir()] == [digest]


def test_approve_serve_and_go_back_one_step(registry):
    first, second = registry.save(BY_HAND), registry.save(grown.forest())
    assert registry.champion("fraud") is None
    registry.approve("fraud", first, **SAID)
    with pytest.raises(ModelError, match="no champion before"):
        registry.rollback("fraud", **SAID)
    registry.approve("fraud", second, **SAID)
    assert registry.champion("fraud").digest == second
    registry.rollback("fraud", who="bo", why="too many holds", at=9)
    assert registry.champion("fraud").digest == first
    with pytest.raises(ModelError, match="no champion before"):
        registry.rollback("fraud", **SAID)
    history = registry.history("fraud")
    assert [(a.number, a.action, a.digest, a.who) for a in history] == [
        (1, "approve", first, "ana"),
        (2, "approve", second, "ana"),
        (3, "rollback", first, "bo"),
    ]
    assert history[0].latency_us.p50 > 0 and registry.champion("scam") is None


def test_a_model_that_breaks_the_contract_is_not_approved(registry):
    digest = registry.save(BY_HAND.with_card(msgspec.structs.replace(BY_HAND.card, says_zh=" ")))
    with pytest.raises(ModelError, match="card lacks says_zh"):
        registry.approve("fraud", digest, **SAID)
    no_metrics = msgspec.structs.replace(grown.forest().card, metrics={})
    with pytest.raises(ModelError, match="card lacks metrics"):
        registry.approve("fraud", registry.save(grown.forest().with_card(no_metrics)), **SAID)
    twice = grown.card(("a",) * grown.COUNT)
    with pytest.raises(ModelError, match="card is not complete"):
        registry.approve("fraud", registry.save(grown.forest().with_card(twice)), **SAID)
    with pytest.raises(ModelError, match="who approves and why"):
        registry.approve("fraud", registry.save(BY_HAND), who="ana", why=" ", at=1)
    assert registry.history("fraud") == ()


def test_a_damaged_file_is_refused_byte_by_byte(registry):
    digest = registry.save(BY_HAND)
    registry.approve("fraud", digest, **SAID)
    path = registry.root / "files" / digest
    whole = path.read_bytes()
    for spoilt in (whole[:-1], whole + b"\0", b"", *(_flipped(whole, i) for i in range(0, len(whole), 97))):
        path.write_bytes(spoilt)
        with pytest.raises(ModelError, match="is damaged"):
            registry.champion("fraud")
        with pytest.raises(ModelError):
            load_model(spoilt[: len(spoilt) // 2])
    registry.save(BY_HAND)
    assert registry.champion("fraud").digest == digest


def _flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def test_an_altered_approvals_log_is_noticed(registry):
    first, second = registry.save(BY_HAND), registry.save(grown.forest())
    registry.approve("fraud", first, **SAID)
    registry.approve("fraud", second, **SAID)
    path = registry.root / "slots" / "fraud.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for altered in (
        lines[0].replace(b"ana", b"eve") + lines[1],
        lines[1],
        b"{}\n" + lines[1],
        lines[0] + b"cut",
    ):
        path.write_bytes(altered)
        with pytest.raises(ModelError, match=r"altered|cannot be read"):
            registry.champion("fraud")


@pytest.mark.parametrize("digest", ["", "../../secret", "A" * 64, "0" * 63, "0" * 64])
def test_a_digest_that_names_no_model(registry, digest):
    with pytest.raises(ModelError):
        registry.load(digest)


@pytest.mark.parametrize("slot", ["", "../x", "Fraud", "a b", "a" * 41])
def test_a_slot_that_is_none(registry, slot):
    with pytest.raises(ModelError, match="not a slot"):
        registry.champion(slot)


def test_a_file_of_an_unknown_kind_or_no_model_at_all():
    from jingwei.models.packing import Packed, pack

    with pytest.raises(ModelError, match="unknown kind"):
        load_model(pack(Packed("oracle", grown.card(), {})))
    with pytest.raises(ModelError, match="not a model file"):
        load_model(b"\x80\x04\x95 pickled")
