"""An invitation made anew ends what was begun with the one before."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from jingwei.channels.signon import codes, enrol
from jingwei.channels.signon.people import Refused, SignOn
from jingwei.kernel.clock import ManualClock
from jingwei.stores.identities import Person


def test_who_began_with_a_lost_invitation_does_not_finish_after_a_new_one(tmp_path: Path):
    clock = ManualClock(10**15)
    signon = SignOn(tmp_path, clock, "http://localhost")
    try:
        assert signon.identities.add(Person("customer:zoe", "zoe", "Zoe", ("customer",)))
        lost = enrol.invite(signon, "system:core", "customer:zoe")
        thief = enrol.begin(signon, "zoe", lost, "192.0.2.1")
        mine = enrol.invite(signon, "system:core", "customer:zoe")
        typed = codes.code_at(thief.secret, clock.at // codes.STEP)
        with pytest.raises(Refused):
            enrol.enrolling(signon, thief.id)
        with pytest.raises(Refused):
            asyncio.run(enrol.finish(signon, thief, "correct horse battery", typed))
        one = enrol.begin(signon, "zoe", mine, "192.0.2.2")
        typed = codes.code_at(one.secret, clock.at // codes.STEP)
        assert asyncio.run(enrol.finish(signon, one, "correct horse battery", typed))
    finally:
        signon.close()
