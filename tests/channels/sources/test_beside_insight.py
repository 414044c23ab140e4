"""Source systems come in while the bank runs: another process reads the file, the bank seals what came."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time

import pytest
from tests.channels.sources.conftest import CARDS, quiet

from jingwei.channels.demo import settle
from jingwei.channels.rest.app import Alongside, create_app
from jingwei.channels.sources.at_home import at_hand, bring_in, import_at_home, one_at_a_time
from jingwei.channels.sources.demo import CONTACTS, REGISTER, _crm, _csv
from jingwei.channels.sources.running import (
    sealing_imports,
    unsealed,
    wait_for_round,
    wait_until_sealed,
)
from jingwei.channels.sources.shipped import mappings_named
from jingwei.domains.insight.mapping import read_mapping
from jingwei.home import open_home
from jingwei.journeys.record_import import RecordImport
from jingwei.journeys.table import unseal
from jingwei.keeping.verifying_shelf import verify_shelf
from jingwei.stores.insight import Insight, insight_path

ROWS = "who,when,amount,what\nalice,2026-03-01T08:00:00,12.30,groceries\nbob,never,1.00,x\n"


@pytest.fixture
def home(tmp_path):
    home = open_home(tmp_path / "home")
    assert settle(home) == []
    yield home
    home.close()


def served(home, until):
    """Let the bank run, with what seals imports beside it, until this is so."""

    async def run():
        added = []

        def see(app, desk):
            added.append(sealing_imports()(app, desk))
            return Alongside(lambda: None)

        front = create_app(home, None, [see])
        task = asyncio.create_task(added[0].tasks[0]())
        while not until():
            await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        front.close()

    asyncio.run(asyncio.wait_for(run(), 120))


def command(home, *words):
    """The command in a process of its own, as somebody at another terminal gives it."""
    line = [sys.executable, "-m", "jingwei", "--home", str(home.path), *map(str, words), "--json"]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_file_comes_in_while_the_bank_runs_and_its_record_seals_it(home, tmp_path):
    (tmp_path / "cards.toml").write_text(CARDS)
    (tmp_path / "cards.csv").write_text(ROWS)
    one = command(home, "source", "import", tmp_path / "cards.toml", tmp_path / "cards.csv")
    served(home, lambda: one.poll() is not None)
    out, says = one.communicate()
    assert one.returncode == 0, says
    assert "running" in says
    told = json.loads(out.splitlines()[-1])
    (file,) = told["files"]
    assert (told["rows"], told["taken"], told["rejected"]) == (2, 1, 1)
    sealed = unseal(home.store.record(int(file["sealed"][1:]))).command
    assert isinstance(sealed, RecordImport) and sealed.taken == 1
    assert verify_shelf(home.insight, home.store, quiet).whole
    assert home.verify().sound


def test_new_records_find_whose_they_are_in_the_running_bank(home, tmp_path):
    named, register = (
        next(one for one in mappings_named("demo") if one.name == f"demo/{which}")
        for which in ("crm", "register")
    )
    path, people = tmp_path / "crm.jsonl", tmp_path / "register.csv"
    _crm(path, home.clock.now())
    _csv(people, "customer,name,born,certificate,phone,email,address,device", REGISTER)
    assert import_at_home(
        at_hand(home), home.insight, register.mapping, str(people), resume=False, tell=quiet
    ).sealed
    with_shelf = Insight(insight_path(home.path))
    one, report = bring_in(at_hand(home), with_shelf, named.mapping, str(path), resume=False, tell=quiet)
    with_shelf.close()
    assert report.profiles >= len(CONTACTS) - 1 and not one.sealed
    assert wait_until_sealed(home.insight, one.id, 0.0) == ""
    served(home, lambda: not unsealed(home.insight) and home.insight.people.waiting() > 0)
    linked = [stands for stands in home.insight.people.profiles(linked=True) if stands.source == one.source]
    assert "alice" in {stands.customer for stands in linked}


def test_two_imports_of_one_file_take_turns_and_take_nothing_twice(home, tmp_path):
    mapping = read_mapping(CARDS)
    path = tmp_path / "cards.csv"
    path.write_text("who,when,amount,what\n" + "alice,2026-03-01T08:00:00,12.30,groceries\n" * 9_000)
    reports = []

    def bring():
        shelf = Insight(insight_path(home.path))
        reports.append(bring_in(at_hand(home), shelf, mapping, str(path), resume=True, tell=quiet)[1])
        shelf.close()

    threads = [threading.Thread(target=bring) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.already_there for report in reports) == [False, True]
    assert len(home.insight.timeline("alice", limit=20_000)) == 9_000


def test_who_waits_for_an_import_goes_on_when_it_is_done(tmp_path):
    order = []

    def second():
        with one_at_a_time(tmp_path):
            order.append("second")

    with one_at_a_time(tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_an_import_left_unsealed_is_sealed_when_it_is_asked_for_again(home, tmp_path):
    mapping = read_mapping(CARDS)
    path = tmp_path / "cards.csv"
    path.write_text(ROWS)
    shelf = home.insight
    bring_in(at_hand(home), shelf, mapping, str(path), resume=False, tell=quiet)
    assert len(unsealed(shelf)) == 1
    assert import_at_home(at_hand(home), shelf, mapping, str(path), resume=False, tell=quiet).sealed
    assert unsealed(shelf) == []


def test_who_is_who_is_found_out_by_the_running_bank_when_asked_beside_it(home, tmp_path):
    crm = next(one for one in mappings_named("demo") if one.name == "demo/crm")
    register = next(one for one in mappings_named("demo") if one.name == "demo/register")
    path, people = tmp_path / "crm.jsonl", tmp_path / "register.csv"
    _crm(path, home.clock.now())
    _csv(people, "customer,name,born,certificate,phone,email,address,device", REGISTER)
    for named, place in ((register, people), (crm, path)):
        import_at_home(at_hand(home), home.insight, named.mapping, str(place), resume=False, tell=quiet)
    assert home.insight.people.waiting() == 0 and unsealed(home.insight) == []
    one = command(home, "identity", "resolve")
    served(home, lambda: one.poll() is not None)
    out, says = one.communicate()
    assert one.returncode == 0, says
    assert "running" in says
    told = json.loads(out.splitlines()[-1])
    linked = [who for who in home.insight.people.profiles(linked=True) if who.source == "crm"]
    assert told["linked"] == len(linked) > 0 and told["doubtful"] == home.insight.people.waiting() > 0
    assert home.verify().sound


def test_a_round_nobody_takes_up_is_told_and_waits_for_the_bank(home):
    asked = home.insight.rounds.ask(7)
    assert home.insight.rounds.ask(8).number == asked.number, "one round at a time"
    assert wait_for_round(home.insight, asked.number, quiet, 0.3) is None
    served(home, lambda: home.insight.rounds.newest().ended)
    assert wait_for_round(home.insight, asked.number, quiet, 0.3).told["records"] == 0
    assert home.insight.rounds.ask(9).number == asked.number + 1
