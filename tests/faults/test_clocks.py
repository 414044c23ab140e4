"""Clocks that are set, that stop at no border, and commands dated in the future."""

from __future__ import annotations

import pytest
from tests.faults.clock_jumps import STARTS, Machine, WallClock, differs, undisturbed
from tests.soak import rows_faketime
from tests.soak.row import NotHere
from tests.soak.rows_clocks import CASES, ROWS

from jingwei.home import open_home
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.open_account import OpenAccount
from jingwei.kernel.clock import DAY, HOUR, MINUTE, SECOND, ManualClock, SystemClock, parse_iso
from jingwei.kernel.command import AHEAD

ROW = ROWS[0]
START = parse_iso("2026-11-02T04:00:00")


def test_a_clock_that_is_set_changes_nothing():
    tally = ROW.run(20_261_121, 3)
    assert tally.bad == ()
    assert tally.trials == 3


def test_a_bank_that_believes_the_clock_is_found():
    assert differs("an ordinary month", "hold", "+30 days", False, WallClock)
    assert differs("an ordinary month", "challenge", "-2 days", False, WallClock)


def test_a_bank_restarted_on_a_clock_behind_its_books_goes_on_from_them():
    assert differs("an ordinary month", "challenge", "-2 days", True) == []
    assert differs("an ordinary month", "challenge", "-2 days", True, WallClock)


@pytest.mark.soak
def test_every_moment_finds_a_bank_that_believes_the_clock():
    assert ROW.control(1)


@pytest.mark.parametrize("start", ["a leap day", "2038-01-19, where 32 bits end"])
def test_a_fortnight_over_a_border_of_the_calendar_is_like_any_other(start):
    lived, ordinary = undisturbed(start), undisturbed("an ordinary month")
    assert lived.wrong == []
    plain = [answer for answer in lived.answers if answer[0] != "RunDayEnd"]
    assert plain == [answer for answer in ordinary.answers if answer[0] != "RunDayEnd"]
    assert lived.balances[1] == ordinary.balances[1]


def test_the_cases_cover_twelve_jumps_at_each_moment():
    assert len({case[2] for case in CASES}) == 12
    assert len(CASES) == ROW.target == 432
    assert len(STARTS) == 6


# ---- The clock itself


@pytest.fixture
def machine():
    return Machine(START)


def clock_of(machine):
    return SystemClock(machine.wall, machine.steady)


@pytest.mark.parametrize("jump", [3 * SECOND, HOUR, 30 * DAY, -3 * SECOND, -HOUR, -30 * DAY, -56 * 365 * DAY])
def test_a_clock_that_is_set_is_followed_slowly(machine, jump):
    clock = clock_of(machine)
    machine.set_by = jump
    before = clock.now()
    machine.passed += 1000 * SECOND
    after = clock.now()
    drift = after - before - 1000 * SECOND
    assert 0 < abs(drift) <= 500_000
    assert (drift > 0) == (jump > 0)


def test_small_corrections_are_followed_at_once_but_never_backwards(machine):
    clock = clock_of(machine)
    first = clock.now()
    machine.set_by = SECOND
    assert clock.now() == first + SECOND
    machine.set_by = 0
    assert clock.now() == first + SECOND + 1
    machine.passed += 5 * SECOND
    assert clock.now() == first + 5 * SECOND


def test_a_clock_that_was_set_is_followed_to_the_end(machine):
    clock = clock_of(machine)
    machine.set_by = 10 * SECOND
    for _ in range(40):
        machine.passed += 1000 * SECOND
        told = clock.now()
    assert told == machine.wall()


def test_a_clock_tells_how_far_the_machine_is_ahead(machine):
    machine.set_by = -4 * DAY
    clock = clock_of(machine)
    assert clock.behind() == 0
    machine.set_by = 0
    machine.passed += 1000 * SECOND
    assert clock.behind() == 4 * DAY
    clock.now()
    assert 4 * DAY - SECOND <= clock.behind() < 4 * DAY


def test_a_clock_behind_the_books_goes_on_from_them(machine):
    clock = clock_of(machine)
    clock.not_before(START + DAY)
    machine.passed += SECOND
    assert START + DAY + SECOND - 1000 <= clock.now() <= START + DAY + SECOND
    clock.not_before(START)
    assert clock.now() > START + DAY


# ---- Commands dated in the future


def payment(key, at, known_at):
    return AuthoriseCardPayment(
        customer="ann", payer="ann", terminal="T1", amount_minor=900, currency="CNY",
        key=key, actor="system:cards", at=at, known_at=known_at,
    )  # fmt: skip


@pytest.fixture
def home(tmp_path):
    opened = open_home(tmp_path / "home", ManualClock(START))
    fields = {"account": "ann", "customer": "ann", "product": "current_cny", "opening_minor": 1_000_000}
    stamp = {"key": "open", "actor": "system:core", "at": START, "known_at": START}
    assert opened.bank.do([OpenAccount(**fields, **stamp)])[0].answer.result == "done"
    yield opened
    opened.close()


def test_a_command_dated_in_the_future_is_turned_away_and_leaves_no_trace(home):
    size = home.store.size()
    reply = home.bank.do([payment("p1", START + AHEAD + 1, START)])[0]
    assert (reply.seq, reply.answer.refusal.code) == (-1, "dated_in_the_future")
    assert home.store.size() == size
    words = reply.answer.refusal.words()
    assert words.en and words.zh


@pytest.mark.parametrize("ahead", [AHEAD, 0, -30 * DAY])
def test_clocks_may_differ_by_five_minutes_and_the_past_may_be_told_late(home, ahead):
    assert home.bank.do([payment("p1", START + ahead, START)])[0].answer.result == "allowed"
    assert AHEAD == 5 * MINUTE


def test_a_future_command_does_not_poison_the_features_of_later_ones(tmp_path):
    """Nine payments, with and without one far ahead among them: the same features, answers and root."""
    told = []
    for name, mixed in (("clean", False), ("mixed", True)):
        home = open_home(tmp_path / name, ManualClock(START))
        fields = {"account": "ann", "customer": "ann", "product": "current_cny", "opening_minor": 1_000_000}
        home.bank.do([OpenAccount(key="open", actor="system:core", at=START, known_at=START, **fields)])
        batch = [payment(f"p{n}", START + n * SECOND, START + n * SECOND) for n in range(9)]
        if mixed:
            batch.insert(4, payment("far", START + 400 * DAY, START))
            batch.insert(7, payment("far", START + 400 * DAY, START))
        replies = home.bank.do(batch)
        told.append([reply.answer for reply in replies if reply.seq >= 0] + [home.store.root()])
        assert sum(reply.seq < 0 for reply in replies) == 2 * mixed
        home.close()
    assert told[0] == told[1]


def test_the_key_of_a_command_turned_away_is_free_for_another_time(home):
    assert home.bank.do([payment("p1", START + DAY, START)])[0].seq == -1
    later = home.bank.do([payment("p1", START + DAY, START + DAY)])[0]
    assert later.answer.result == "allowed"
    again = home.bank.do([payment("p1", START + 9 * DAY, START + DAY)])[0]
    assert (again.replayed, again.seq) == (True, later.seq)


@pytest.mark.soak
def test_a_running_server_keeps_its_time_when_its_clock_is_set():
    live = rows_faketime.ROWS[0]
    try:
        rows_faketime.library()
    except NotHere as missing:
        pytest.skip(str(missing))
    tally = live.run(7, 2)
    assert tally.bad == ()
    assert tally.trials == 2
    assert live.control(7)
