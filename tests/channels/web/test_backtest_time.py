"""A changed rule is tried on history in two minutes per million records: the rate of the desk's own work."""

from __future__ import annotations

import time

import pytest
from tests.channels.counter import START

from jingwei.channels.demo import settle
from jingwei.channels.web.staff.oversight.jobs import Job
from jingwei.channels.web.staff.oversight.work import start_backtest
from jingwei.decisions.policy import parse_policy
from jingwei.domains.fraud.policy import policy_text
from jingwei.home import open_home
from jingwei.journeys.pay import Pay
from jingwei.kernel.clock import SECOND, ManualClock

MILLION, MOST_S = 1_000_000, 120
PAYMENTS, BATCH, ROUNDS = 4_000, 500, 3


class Room:
    """What the desk's work needs of its room: the home, the clock, and a place for jobs that runs at once."""

    def __init__(self, home):
        self.desk = self.site = self.jobs = self
        self.home, self.now = home, home.clock.now
        self.done = None

    def start(self, job: Job, work):
        self.done = work(job.tell)
        return job


class Owner:
    actor = "staff:model_owner"


def payments(at: int) -> list[Pay]:
    """Small payments of one to another, with a large one now and then."""
    return [
        Pay(
            key=f"p{n}", actor="customer:alice", at=at + n * SECOND, known_at=at + n * SECOND,
            customer="alice", payer="alice", payee=("bob", "carol", "erin")[n % 3], currency="CNY",
            device="alice-phone", amount_minor=900_00 if n % 50 == 0 else 5_00 + n % 7_00,
        )
        for n in range(PAYMENTS)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    clock = ManualClock(START)
    home = open_home(tmp_path_factory.mktemp("long") / "home", clock)
    assert settle(home) == []
    asked = payments(clock.at)
    for first in range(0, PAYMENTS, BATCH):
        clock.at = asked[first].known_at + BATCH * SECOND
        home.bank.do(asked[first : first + BATCH])
    yield Room(home)
    home.close()


def test_a_rule_is_tried_on_a_million_records_in_two_minutes(room):
    """A changed rule on 1 M events within 2 minutes. Processor time: other programs do not count."""
    text = policy_text("outgoing_transfer").replace("version = 1", "version = 2", 1)
    stricter = parse_policy(text.replace("500_000", "80_000"))
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        assert start_backtest(room, Owner(), stricter, str(MILLION)) is not None
        times.append(time.process_time() - began)
    found, took = room.done, min(times)
    assert (found.payments, found.differences) == (PAYMENTS, 0), "as recorded, to the last bit"
    assert found.changed.payments > 0 and sum(found.matrix.values()) == PAYMENTS
    needed = took * MILLION / found.until
    print(f"{found.until / took:,.0f} records/s of processor time, {needed:.0f} s for a million")
    assert needed < MOST_S
