"""What the one write never does: seal what cannot be read again."""

from __future__ import annotations

from typing import Any

import pytest

from jingwei.bank import Reply
from jingwei.journeys.give_consent import GiveConsent
from jingwei.journeys.prefer import Prefer
from jingwei.kernel.command import CommandError
from jingwei.kernel.purpose import Purpose


def test_a_command_that_breaks_its_types_is_not_done_and_spares_the_others(town: Any):
    before = town.home.store.size()
    fields = {"customer": "alice", "purpose": Purpose.MARKETING}
    broken = GiveConsent(until=2**60, **fields, **town.stamp("customer:alice"))
    good = Prefer(elder=True, **town.stamp("customer:alice"))
    with pytest.raises(CommandError, match="until"):
        town.bank.do([good, broken])
    assert town.home.store.size() == before
    one, other = town.bank.do_each([good, broken])
    assert isinstance(one, Reply) and one.answer.result == "done"
    assert isinstance(other, CommandError)
    assert town.home.store.size() == before + 1
