"""Hostile sockets: each is answered clearly or closed, others go on being served, memory stays bounded."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.channels.counter import Counter
from tests.channels.line import Line
from tests.channels.siege import Siege, attacks, memory_kb

from jingwei.channels.rest.patience import PatientProtocol

MOST_KB = 60_000


def besieged(path: Path, patience_s: float) -> Siege:
    """A bank after every attack, with this much patience."""
    line = Line(Counter(path))
    siege = Siege(line, 1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(PatientProtocol, "patience_s", patience_s)
        assert line.say(line.request())[0][0] == 201  # what a first payment loads is not the attackers'
        before = memory_kb()
        try:
            asyncio.run(asyncio.wait_for(siege.run(attacks(siege)), 60))
        finally:
            line.close()
    siege.counts["KiB more"] = memory_kb() - before
    return siege


def test_every_attack_ends_and_customers_are_served(tmp_path: Path):
    siege = besieged(tmp_path, 1.0)
    assert siege.bad == []
    assert siege.counts["payments meanwhile"] > 3
    assert siege.counts["KiB more"] < MOST_KB


def test_a_server_that_waits_for_ever_is_found(tmp_path: Path):
    siege = besieged(tmp_path, 3_600.0)
    assert any("a body that never comes" in one for one in siege.bad)
