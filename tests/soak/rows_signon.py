"""Rows of the sign-on: attacks on it (S7), and the matrix of roles, routes and owners (S4)."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from tests.channels.matrix import Matrix
from tests.channels.web.attack import Attack
from tests.channels.web.ground import Ground
from tests.channels.web.test_attacks import ATTACKS, held
from tests.soak.row import Row, Tally

from jingwei.channels.rest import reading
from jingwei.stores.once import Once

CONTROL = "one proof used twice"


def attacked(seed: int, trials: int, only: tuple[Attack, ...] = ()) -> Tally:
    """Try so many attacks, drawn by the seed, each on quiet ground."""
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        ground = Ground(Path(folder) / "home")
        try:
            chosen = [draw.choice(only or ATTACKS) for _ in range(trials)]
            bad = tuple(f"not refused: {one.kind}: {one.says}" for one in chosen if not held(ground, one))
        finally:
            ground.close()
    return Tally(trials, bad, {"attacks_tried": trials})


def attacks_control(seed: int) -> bool:
    """What is good once is good for ever: its attack must be seen to succeed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Once, "use", lambda *_: True)
        only = tuple(one for one in ATTACKS if one.says == CONTROL)
        return bool(attacked(seed, 1, only).bad)


def cells(_seed: int, trials: int) -> Tally:
    """Look at the whole matrix, as often as it takes to look at so many cells at least."""
    bad: list[str] = []
    looked = 0
    while looked < trials:
        with tempfile.TemporaryDirectory() as folder:
            ground = Ground(Path(folder) / "home")
            try:
                matrix = Matrix(ground)
                bad += [*matrix.wrong_cells(), *matrix.wrong_pages()]
                looked += matrix.count()
            finally:
                ground.close()
    return Tally(looked, tuple(bad))


def cells_control(seed: int) -> bool:
    """Roles are not looked at over REST: the matrix must see it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "may", lambda *_: True)
        return bool(cells(seed, 1).bad)


ROWS = [
    Row(
        "S7 sign-on",
        "Attacks on signing in, one-time codes, passkeys, sessions, proofs and tokens are all refused.",
        2_000,
        20,
        attacked,
        attacks_control,
        "what is good once is good for ever",
    ),
    Row(
        "S4 matrix",
        "Every role at every route and page, on its own, foreign and missing things, each cell once: nothing "
        "leaks.",
        1_000,
        1_000,
        cells,
        cells_control,
        "roles are not looked at over REST",
    ),
]
