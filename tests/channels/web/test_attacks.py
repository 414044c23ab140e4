"""Attacks on signing in, codes, sessions, proofs and tokens: each is tried, refused and listed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.channels.web import (
    attacks_entering,
    attacks_inside,
    attacks_programs,
    attacks_proving,
    attacks_tokens,
)
from tests.channels.web.attack import Attack
from tests.channels.web.ground import Ground

from jingwei.channels.signon import passkeys
from jingwei.channels.web import pages, proving
from jingwei.channels.web.oidc import provider
from jingwei.stores.factors import Factors
from jingwei.stores.grants import Grants
from jingwei.stores.once import Once, Tries

ROOMS = (attacks_entering, attacks_proving, attacks_inside, attacks_tokens, attacks_programs)
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
    told = (Path(__file__).resolve().parents[3] / "docs" / "security.md").read_text("utf-8")
    assert not [one.says for one in ATTACKS if one.says not in told]


PLANTED = (
    (Once, "use", lambda *_: True, "one proof used twice"),
    (Factors, "use_step", lambda *_: True, "a one-time code used a second time"),
    (Tries, "wait", lambda *_: 0, "forty one-time codes with the right password"),
    (Factors, "use_passkey", lambda *_: True, "a passkey's answer sent a second time"),
    (proving.What, "__eq__", lambda *_: True, "confirmed for one payee, carried out for another"),
    (provider, "verifies", lambda *_: True, "a code caught on its way, without the verifier"),
    (Grants, "use_refresh", lambda *_: True, "a refresh token used twice ends the whole family"),
    (
        pages,
        "same_site",
        lambda *_: None,
        "a form another site had the browser send (Origin, Sec-Fetch-Site)",
    ),
    (pages, "may_ask", lambda *_: True, "a role taken away goes on in a session that is open"),
)
"""A check made harmless, and the attack that must get through then."""


@pytest.mark.parametrize(("place", "name", "broken", "says"), PLANTED, ids=[one[3] for one in PLANTED])
def test_a_planted_error_lets_its_attack_through(ground: Ground, monkeypatch, place, name, broken, says):
    one = next(one for one in ATTACKS if one.says == says)
    monkeypatch.setattr(place, name, broken)
    if place is Factors and name == "use_passkey":
        monkeypatch.setattr(Once, "use", lambda *_: True)
        monkeypatch.setattr(passkeys.webauthn, "verify_authentication_response", lambda **_: Signed(1))
    assert not held(ground, one)


class Signed(NamedTuple):
    """What a check that looks at nothing would tell."""

    new_sign_count: int
