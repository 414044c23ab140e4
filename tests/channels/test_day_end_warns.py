"""The day-end over REST looks at the loans and warns of who may miss the next payment, once."""

from __future__ import annotations

import pytest
from tests.channels.counter import Counter, Talk
from tests.journeys.borrowers import borrower, lend

from jingwei.domains.credit.warnings import EarlyWarning
from jingwei.journeys.warn_early import WarnEarly
from jingwei.kernel.clock import DAY, bank_day, day_start, iso


class Shim:
    """What the borrowers of the journeys' tests need, at a counter."""

    def __init__(self, counter):
        self.bank, self.home, self._counter = counter.home.bank, counter.home, counter

    def stamp(self, actor):
        now = self._counter.clock.now()
        return {"key": self._counter.key(), "actor": actor, "at": now, "known_at": now}

    def do(self, command):
        return self.bank.do([command])[0]

    def pay(self, who, to, amount_minor):
        from jingwei.journeys.pay import Pay

        fields = {"customer": who, "payer": who, "payee": to, "amount_minor": amount_minor}
        command = Pay(currency="CNY", device=f"{who}-phone", **fields, **self.stamp(f"customer:{who}"))
        assert self.do(command).answer.result == "allowed"


@pytest.fixture
def counter(tmp_path):
    made = Counter(tmp_path)
    town = Shim(made)
    borrower(town, "dora", opening_minor=0)
    lend(town, "dora", amount_minor=300_000, months=6)
    for _ in range(3):
        town.pay("dora", "bob", 95_000)
    yield made
    made.app.close()
    made.home.close()


def test_the_day_end_warns_once_and_a_second_one_not_again(counter):
    counter.clock.at += DAY
    day = iso(day_start(bank_day(counter.clock.at) - 1) + DAY // 2)[:10]
    talk, ask = Talk(counter), {"day": day}
    for _ in range(2):
        told = talk.ask("POST", "/v1/day-ends", json=ask, headers=counter.head("staff:admin"))
        assert told.status_code == 200, told.text
    talk._runner.close()
    (warned,) = counter.home.store.page(EarlyWarning)
    assert warned.customer == "dora" and warned.status == "open"


def test_a_loan_that_is_warned_of_twice_keeps_its_first_warning(counter):
    from jingwei.channels.lending.warning import give

    (told,) = give(counter.home)
    fields = {name: getattr(told, name) for name in ("loan", "signals", "proposal", "due_day", "by")}
    fields |= {"chance_ppm": 900_000, "instalment_minor": told.instalment_minor}
    town = Shim(counter)
    again = town.do(WarnEarly(**fields, **town.stamp("system:lending"))).answer
    assert (again.made, again.case) == (told.id, told.case_number)
    assert len(counter.home.store.page(EarlyWarning)) == 1
