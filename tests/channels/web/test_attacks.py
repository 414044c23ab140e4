"""Attacks on signing in, codes, sessions, proofs and tokens: each is tried, refused and listed."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.channels.web import attacks_entering, attacks_inside, attacks_proving, attacks_tokens
from tests.channels.web.attack import Attack
from tests.channels.web.ground import Ground

from jingwei.channels.web import proving
from jingwei.stores.factors import Factors
from jingwei.stores.once import Once, Tries

ROOMS = (attacks_entering, attacks_proving, attacks_inside, attacks_tokens)
ATTACKS: tuple[Attack, ...] = tuple(one for room in ROOMS for one in room.ATTACKS)


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    one = Ground(tmp_path_factory.mktemp("attacked") / "home")
    yield one
    one.close()


def held(ground: Ground, one: Attack) -> bool:
    ground.fresh()
    ground.calm()
    ground.later(61)
    return one.refused(ground)


@pytest.mark.parametrize("one", ATTACKS, ids=lambda one: f"{one.kind}: {one.says}")
def test_refused(ground: Ground, one: Attack):
    assert held(ground, one)


def test_the_list_is_long_and_nothing_stands_twice(capsys):
    with capsys.disabled():
        print(f"\n{len(ATTACKS)} attacks, all refused: {dict(Counter(one.kind for one in ATTACKS))}")
    assert len(ATTACKS) >= 60
    assert len({one.says for one in ATTACKS}) == len(ATTACKS)


def test_the_list_stands_in_the_documents():
    from pathlib import Path

    told = (Path(__file__).resolve().parents[3] / "docs" / "security.md").read_text("utf-8")
    assert not [one.says for one in ATTACKS if one.says not in told]


PLANTED = (
    (Once, "use", lambda *_: True, "one proof used twice"),
    (Factors, "use_step", lambda *_: True, "a one-time code used a second time"),
    (Tries, "wait", lambda *_: 0, "forty one-time codes with the right password"),
    (Factors, "use_passkey", lambda *_: True, "a passkey's answer sent a second time"),
    (proving.What, "__eq__", lambda *_: True, "confirmed for one payee, carried out for another"),
)


@pytest.mark.parametrize(
    ("kind", "name", "broken", "says"), PLANTED, ids=lambda one: getattr(one, "__name__", None)
)
def test_a_planted_error_lets_its_attack_through(ground: Ground, monkeypatch, kind, name, broken, says):
    one = next(one for one in ATTACKS if one.says == says)
    monkeypatch.setattr(kind, name, broken)
    if says == "a passkey's answer sent a second time":
        monkeypatch.setattr(Once, "use", lambda *_: True)
        monkeypatch.setattr("webauthn.helpers.parse_authenticator_data", None, raising=False)
    assert not held(ground, one)
