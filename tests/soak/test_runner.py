"""The long runner: it shares the time, goes on where it stopped, and lets nothing that went wrong be lost."""

from __future__ import annotations

import json

import pytest
from tests.soak.__main__ import main
from tests.soak.page import figures, page
from tests.soak.row import NotHere, Row, Tally
from tests.soak.running import Progress, Runner, State, chosen, every_row, sound


class Watch:
    """A clock that moves one second with each trial."""

    def __init__(self):
        self.now = 0.0
        self.seeds = []
        self.pace = 1.0

    def row(self, name, target=100, chunk=10, *, bad=(), control=True, breaks=None):
        def run(seed, trials):
            self.seeds.append((name, seed, trials))
            self.now += self.pace * trials
            if breaks is not None:
                raise breaks
            return Tally(trials, tuple(bad), {"asked": 2 * trials})

        return Row(name, f"It tries {name}.", target, chunk, run, lambda seed: control, "a planted error")


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def go(watch, tmp_path):
    path = tmp_path / "state.json"

    def run(rows, seconds, seed=7):
        state = State.read(path)
        for _ in Runner(rows, state, path, seed, lambda: watch.now).steps(seconds):
            pass
        return State.read(path)

    return run


def test_every_row_does_a_little_before_any_goes_on_to_its_target(watch, go):
    rows = [watch.row("R1 a", 1000, 10), watch.row("R2 b", 2000, 25), watch.row("R3 c", 50, 5)]
    state = go(rows, 175)
    assert [state.share(row) for row in rows] == [0.05, 0.05, 0.5]


def test_then_the_row_soonest_at_its_target_goes_on_to_it(watch, go):
    rows = [watch.row("R1 a", 1000, 10), watch.row("R2 b", 500, 25), watch.row("R3 c", 50, 5)]
    state = go(rows, 550)
    assert [state.share(row) for row in rows] == [0.05, 0.9, 1.0]


def test_a_chunk_takes_no_longer_than_a_minute_once_the_pace_is_known(watch, go):
    watch.pace = 10.0
    go([watch.row("R1 a", 100, 20)], 1000)
    assert {trials for _, _, trials in watch.seeds[1:]} == {4}


def test_a_control_does_not_count_as_pace(watch, go):
    row = watch.row("R1 a", 40, 4)

    def slow(seed):
        watch.now += 500
        return True

    done = go([Row(row.id, "", 40, 4, row.run, slow, "")], 1000).rows["R1 a"]
    assert (done.trials, done.seconds, done.control_seconds) == (40, 40.0, 500.0)


def test_a_row_that_walks_leaves_nothing_out_over_all_its_runs(watch, go):
    row = watch.row("R1 a", 100, 10)
    walking = Row(row.id, "", 100, 10, row.run, row.control, "", walks=True)
    go([walking], 35)
    go([walking], 1000)
    places = [place for _, begin, trials in watch.seeds for place in range(begin, begin + trials)]
    assert places == list(range(100))


def test_a_run_goes_on_where_it_stopped_with_new_seeds(watch, go):
    rows = [watch.row("R1 a")]
    assert go(rows, 35).rows["R1 a"].trials == 35
    done = go(rows, 1000).rows["R1 a"]
    assert (done.trials, done.seconds, done.counts, done.bad) == (100, 100.0, {"asked": 200}, 0)
    seeds = [seed for _, seed, _ in watch.seeds]
    assert len(set(seeds)) == len(seeds) == done.chunks
    go(rows, 1000)
    assert len(watch.seeds) == done.chunks


def test_the_same_seed_tries_the_same(watch, go, tmp_path):
    rows = [watch.row("R1 a")]
    go(rows, 30)
    first, watch.seeds = watch.seeds, []
    (tmp_path / "state.json").unlink()
    go(rows, 30)
    assert watch.seeds == first


def test_a_failing_chunk_is_kept_with_its_seed_and_the_row_goes_on(watch, go):
    row = watch.row("R1 a", 20, bad=("one cent is missing",))
    state = go([row], 1000)
    done = state.rows["R1 a"]
    assert (done.trials, done.bad) == (20, 2)
    assert [(f.seed, f.trials, f.says) for f in done.failing] == [
        (seed, trials, ["one cent is missing"]) for _, seed, trials in watch.seeds
    ]
    assert not sound([row], state)
    told = page(figures([row], state))
    assert "one cent is missing" in told
    assert f"seed {done.failing[0].seed}" in told
    assert "< 3/20" not in told


def test_a_row_that_breaks_is_a_failure_and_not_the_end_of_the_run(watch, go):
    rows = [watch.row("R1 a", breaks=KeyError("gone")), watch.row("R2 b", 30)]
    state = go(rows, 1000)
    assert (state.rows["R1 a"].trials, state.rows["R1 a"].bad) == (0, 1)
    assert "gone" in state.rows["R1 a"].failing[0].says[0]
    assert state.rows["R2 b"].trials == 30


def test_a_row_that_does_no_trials_is_a_failure(watch, go):
    row = watch.row("R1 a")
    state = go([Row(row.id, "", 10, 5, lambda *_: Tally(0), row.control, "")], 1000)
    assert state.rows["R1 a"].bad == 1
    assert not sound([row], state)


def test_a_control_that_is_not_caught_fails(watch, go):
    row = watch.row("R1 a", 10, control=False)
    state = go([row], 1000)
    assert (state.rows["R1 a"].control, state.rows["R1 a"].trials) == (False, 10)
    assert not sound([row], state)
    assert "**NOT CAUGHT**" in page(figures([row], state))


def test_a_row_that_cannot_run_here_says_what_is_missing(watch, go):
    rows = [watch.row("R1 a", breaks=NotHere("PostgreSQL is not installed")), watch.row("R2 b", 10)]
    state = go(rows, 1000)
    assert state.rows["R1 a"].missing == "PostgreSQL is not installed"
    assert state.rows["R2 b"].trials == 10
    assert sound(rows, state)
    told = page(figures(rows, state))
    assert "PostgreSQL is not installed" in told
    assert "| R1 a | 0 | 100 | - | nothing yet |" in told


def test_time_that_is_left_is_used_for_fewer_trials_and_never_passed_by_much(watch, go):
    watch.pace = 3.0
    state = go([watch.row("R1 a", 1000, 10)], 65)
    assert state.rows["R1 a"].trials == 21


def test_every_zero_has_its_bound_beside_it(watch, go):
    row = watch.row("R1 a", 60, 60)
    told = page(figures([row], go([row], 100)))
    assert "| R1 a | 60 | 60 | 0 | < 3/60 = 0.05 | caught |" in told
    assert "SIGKILL is not a power cut" in told
    assert "60 trials in 60 s" in told
    assert "asked 120" in told


def test_rows_are_chosen_by_the_beginning_of_their_id(watch):
    rows = [watch.row("R1 sqlite"), watch.row("R1 pipelined"), watch.row("R12 clocks")]
    assert [row.id for row in chosen(rows, ["r1"])] == ["R1 sqlite", "R1 pipelined"]
    assert chosen(rows, [""]) == rows
    with pytest.raises(ValueError, match="no row r9"):
        chosen(rows, ["R9"])


def test_every_row_of_the_plan_is_whole():
    rows = every_row()
    assert {"R1 sqlite", "R1 pipelined"} <= {row.id for row in rows}
    for row in rows:
        assert row.says and row.control_says and row.target >= row.chunk > 0, row.id


def test_counts_of_many_names_are_told_by_their_kind_and_the_command_by_its_zeros(watch):
    row = watch.row("S5 generated")
    counts = {f"sent GET /v1/{n}": 2 for n in range(30)} | {f"400 GET /v1/{n}": 1 for n in range(30)}
    zeros = {"lost": 0, "doubled": 0, "unbalanced": 0, "unsealed": 0}
    command = {"rounds": 300, "acknowledged": 9_000, "retried": 70, "below": "< 3/300", **zeros}
    told = page(figures([row], State({row.id: Progress(60, control=True, counts=counts)}, command)))
    assert "Counted: 400 30; sent 60." in told
    assert "`jingwei soak --rounds 300 --json` came to: lost 0, doubled 0, unbalanced 0, unsealed 0" in told
    assert "`jingwei soak --rounds 3" not in page(figures([row], State({row.id: Progress(60)})))


def test_what_a_reader_must_know_stands_above_the_figures(watch):
    row = watch.row("R1 a")
    told = page(figures([row], State({row.id: Progress(60)}, note="Made while the bank changed.")))
    assert told.index("Made while the bank changed.") < told.index("| row | trials |")


def test_what_older_code_came_to_is_told_beside_and_never_added(watch):
    row = watch.row("R1 a")
    told = page(figures([row], State({row.id: Progress(60)}, earlier={row.id: Progress(1_000, bad=1)})))
    assert "| R1 a | 60 | 100 | 0 | < 3/60 = 0.05 |" in told
    assert "the bank has changed since: 1,000 trials, of which 1 went wrong." in told


def test_the_page_alone_can_be_written_again(tmp_path):
    state = State({"R1 sqlite": Progress(trials=30, control=True, last="2026-11-02")})
    state.keep(tmp_path / "state.json")
    arguments = ["--page", "--state", str(tmp_path / "state.json"), "--docs", str(tmp_path)]
    assert main(arguments) == 0
    rows = json.loads((tmp_path / "reliability.json").read_text())["rows"]
    assert [row["trials"] for row in rows if row["id"] == "R1 sqlite"] == [30]
    assert "< 3/30" in (tmp_path / "reliability.md").read_text()
    assert main([*arguments, "--rows", "Q7"]) == 2
