"""The clock follows a machine's clock that was set, however often it is asked."""

from __future__ import annotations

import pytest

from jingwei.kernel.clock import SECOND, SLEW, SystemClock


@pytest.mark.parametrize("between", [100, SLEW - 1, 3 * SLEW // 2, SECOND])
def test_a_busy_bank_follows_as_fast_as_an_idle_one(between: int):
    now, ahead = [0], [0]
    clock = SystemClock(wall=lambda: now[0] + ahead[0], steady=lambda: now[0])
    clock.now()
    ahead[0] = 60 * SECOND
    while now[0] < 10 * SECOND:
        now[0] += between
        told = clock.now()
    followed = told - now[0]
    assert abs(followed - now[0] // SLEW) <= 2
