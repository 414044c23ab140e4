"""The bank is killed at random moments: nothing promised is lost, nothing done twice, every sum is zero."""

from __future__ import annotations

import json

import msgspec
import pytest
from tests.faults.planted import IgnoresKeys, WithoutTransaction, engine_of
from tests.soak.rows_kill import ROWS, caught

from jingwei.channels.cli.program import app
from jingwei.simulation.soak import SQLITE, Soak, Tally, bound
from jingwei.simulation.soak_life import Death, Told, killed
from jingwei.stores.local_postgres import find_programs

SHORT = {"R1 sqlite": 10, "R1 pipelined": 1, "R1 postgresql": 2}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_nothing_promised_is_lost_and_nothing_is_done_twice(row):
    if row.id == "R1 postgresql" and find_programs() is None:
        pytest.skip("PostgreSQL is not installed")
    tally = row.run(20_261_121, SHORT[row.id])
    assert tally.bad == ()
    assert tally.trials == SHORT[row.id]


def test_a_bank_that_writes_without_a_transaction_is_found():
    assert caught(engine_of(WithoutTransaction), ("lost", "unbalanced", "unsealed"), 3)


def test_a_bank_that_ignores_idempotency_keys_is_found():
    assert caught(engine_of(IgnoresKeys), ("doubled",), 3)


def test_half_a_message_is_no_message():
    def life(tell):
        tell(Told("asking"))
        tell(Told("asked", why="x" * 200_000_000))

    heard = killed(life, Death(0.0, True, ("bank",)))
    assert (heard.doing, heard.acknowledged) == ("asking", [])


def test_a_life_that_breaks_off_by_itself_is_told_as_such():
    def life(tell):
        tell(Told("opening"))
        raise AssertionError("it is broken")

    heard = killed(life, Death(5.0, False, ("bank",)))
    assert heard.doing == "broken"
    assert "it is broken" in heard.why


def test_a_broken_bank_is_counted_and_fails_the_soak(tmp_path):
    def breaks(path, clock):
        home = SQLITE.open(path, clock)
        home.bank.do = None
        return home

    soaked = Soak(tmp_path, 1, SQLITE._replace(open=breaks))
    for _ in range(8):
        soaked.round()
    assert soaked.tally.broken
    assert soaked.tally.bad == soaked.tally.broken
    assert any("it broke off by itself" in says for says in soaked.tally.says)


def test_the_bound_is_told_only_for_zero_failures():
    assert bound(3000, 0).startswith("< 3/3000 = 0.001")
    assert bound(3000, 2) == "2 went wrong"
    assert "3/" not in bound(0, 0)
    assert msgspec.to_builtins(Tally())["rounds"] == 0


def test_the_command_prints_one_object_and_leaves_nothing_behind(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    home = tmp_path / "home"
    done = CliRunner().invoke(app, ["--home", str(home), "soak", "--rounds", "3", "--json"])
    told = json.loads(done.stdout.splitlines()[-1])
    assert done.exit_code == 0, done.output
    assert (told["rounds"], told["bad"], told["below"]) == (3, 0, "< 3/3 = 1 a round, at 95 %")
    assert {"lost", "doubled", "unbalanced", "unsealed", "acknowledged", "seconds"} <= told.keys()
    assert not home.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_refused(tmp_path):
    from typer.testing import CliRunner

    from jingwei.channels.cli.mistakes import Mistake

    (tmp_path / "bank.db").write_text("mine")
    done = CliRunner().invoke(app, ["soak", "--rounds", "1", "--keep", str(tmp_path)])
    assert isinstance(done.exception, Mistake)
    assert (tmp_path / "bank.db").read_text() == "mine"
