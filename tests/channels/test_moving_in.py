"""The city moves into a bank that is open; pages say how far it is, what was stopped is completed."""

from __future__ import annotations

import asyncio

import pytest

from jingwei.channels.demo import settle
from jingwei.channels.demo_knowing import live_a_little
from jingwei.channels.rest.app import Alongside, create_app
from jingwei.channels.streams.city_life import moving_in
from jingwei.home import open_home
from jingwei.kernel.clock import ManualClock, parse_iso
from jingwei.ledger.accounts import Account
from jingwei.simulation.city.town import MOVING, NOTE

NOW = parse_iso("2026-11-20T12:00:00")
PEOPLE = 60


class Opened:
    """A demo bank whose city moves in until `enough` says so; then it is closed."""

    def __init__(self, path, enough):
        self.path, self.percents, self.said = path, [], []
        self._enough = enough
        home = open_home(path, ManualClock(NOW))
        settle(home)
        live_a_little(home)
        asyncio.run(self._run(home))
        self.size = home.store.size()
        self.city = [leaf for _, leaf in home.store.records(0, self.size) if b'"city:' in leaf]
        self.notes = {name: home.store.note(name) for name in (NOTE, MOVING)}
        self.accounts = {one.id for one in home.store.page(Account, limit=500)}
        self.damage = home.verify().damage
        home.close()

    async def _run(self, home):
        desks = []

        def see(_, desk):
            desks.append(desk)
            return Alongside(lambda: None)

        moving = []

        def caught(app, desk):
            moving.append(moving_in(PEOPLE, self.said.append)(app, desk))
            return moving[0]

        front = create_app(home, None, [see, caught])
        self.desk = desks[0]
        task = asyncio.create_task(moving[0].tasks[0]())
        while not task.done() and not self._enough(self):
            if self.desk.writing is not None:
                self.percents.append(self.desk.writing.percent)
            await asyncio.sleep(0.01)
        self.needs = [] if self.desk.knowing is None else list(self.desk.knowing.found)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        if self.desk.knowing is not None:
            self.desk.knowing.close()
        front.close()


def moved_in(one):
    return one.desk.writing is None


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return Opened(tmp_path_factory.mktemp("whole") / "home", moved_in)


def test_the_city_moves_in_step_by_step_while_others_are_served(whole):
    assert len(set(whole.percents)) > 10
    assert whole.percents == sorted(whole.percents)
    assert {f"p{number:06d}" for number in range(PEOPLE)} <= whole.accounts
    assert whole.notes[NOTE] and whole.notes[MOVING] == ""
    assert len(whole.said) == 1
    assert whole.damage == []


def test_what_changed_in_a_life_is_known_of_the_demo_and_of_the_city(whole):
    customers = {one.customer for one in whole.needs}
    assert "dana" in customers
    assert len(customers) > 10


def test_needs_of_the_demo_are_known_before_the_city_is_there(tmp_path):
    early = Opened(tmp_path / "home", lambda one: one.percents and max(one.percents) >= 1)
    assert {one.customer for one in early.needs} == {"dana"}


def test_a_start_that_was_stopped_is_completed_by_the_next_as_if_nothing_had_been(whole, tmp_path):
    stopped = Opened(tmp_path / "home", lambda one: one.percents and max(one.percents) >= 40)
    assert stopped.notes[NOTE] is None and stopped.notes[MOVING]
    assert stopped.size < whole.size
    again = Opened(tmp_path / "home", moved_in)
    assert again.city == whole.city and again.size == whole.size
    assert again.notes[MOVING] == ""


def test_a_city_that_is_there_moves_in_no_second_time(whole):
    size = []

    def soon(one):
        size.append(1)
        return len(size) > 20

    again = Opened(whole.path, soon)
    assert again.percents == []
