"""The engine fails while the bank reads: nothing is promised that was not written, and asking again works."""

from __future__ import annotations

import shutil
from contextlib import suppress

import pytest
from tests.stores.open_files import OURS, held

from jingwei.home import Home, open_home
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.pay import Pay
from jingwei.journeys.report_fraud import ReportFraud
from jingwei.kernel.clock import ManualClock, parse_iso
from jingwei.simulation.soak_checks import books
from jingwei.stores.store import StoreError

START = parse_iso("2026-11-02T04:00:00")


def stamp(key, actor="system:core"):
    return {"key": key, "actor": actor, "at": START, "known_at": START}


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    """A bank with two customers, closed."""
    path = tmp_path_factory.mktemp("founded") / "home"
    opened = open_home(path, ManualClock(START))
    for who in ("alice", "bob"):
        ask = OpenAccount(account=who, customer=who, product="current_cny", **stamp(f"open-{who}"))
        assert opened.bank.do([ask])[0].answer.result == "done"
    opened.close()
    return path


def copied(founded, folder):
    """A copy of the bank with its anchors."""
    for name in ("home", "home-anchors"):
        shutil.copytree(founded.parent / name, folder / name)


@pytest.fixture
def home(founded, tmp_path):
    copied(founded, tmp_path)
    opened = open_home(tmp_path / "home", ManualClock(START))
    yield opened
    opened.close()


def deposit(key, account):
    return Deposit(account=account, amount_minor=500, currency="CNY", **stamp(key))


class Failing:
    """Fails the n-th time it is called, and from then on so often."""

    def __init__(self, real, at, times=1):
        self.real, self.at, self.times = real, at, times

    def __call__(self, *given, **more):
        self.at -= 1
        if -self.times <= self.at < 0:
            raise StoreError("the connection is lost")
        return self.real(*given, **more)


def insist(bank, batch):
    """Ask until it is answered, as a client does."""
    for _ in range(3):
        with suppress(StoreError):
            return bank.do(batch)
    raise AssertionError("it is never answered")


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("method", ["load", "record"])
def test_a_read_that_fails_promises_nothing(home, monkeypatch, method, at):
    """Each read of a batch in turn fails; the same keys asked again are done once, and durably."""
    bank = home.bank
    batch = [
        deposit("d1", "alice"),
        Pay(customer="alice", payer="alice", payee="bob", amount_minor=300, currency="CNY", **stamp("p1")),
        ReportFraud(payment="D00000000007", customer="alice", amount_minor=300, paid_at=START, **stamp("f1")),
        deposit("d2", "nobody-yet"),
    ]
    with monkeypatch.context() as patch:
        patch.setattr(home.store, method, Failing(getattr(home.store, method), at))
        replies = insist(bank, batch)
    for command, reply in zip(batch, replies, strict=True):
        assert home.store.answered([(command.actor, command.key)]) == {
            (command.actor, command.key): reply.seq
        }
    assert sorted(reply.seq for reply in replies) == list(range(6, 10))
    assert home.store.size() == 10
    assert books(home) == []
    assert bank.owner_of("alice") == "alice"


def test_a_write_and_the_looking_after_it_both_fail(home, monkeypatch):
    """The engine is gone for a while: neither the batch nor the state after it can be read."""
    bank = home.bank
    with monkeypatch.context() as patch:
        patch.setattr(home.store, "_transaction", Failing(home.store._transaction, 0, 2))
        patch.setattr(home.store, "size", Failing(home.store.size, 0, 2))
        for _ in range(2):
            with pytest.raises(StoreError):
                bank.do([deposit("d1", "alice"), deposit("d2", "bob")])
    replies = bank.do([deposit("d1", "alice"), deposit("d2", "bob")])
    assert [reply.replayed for reply in replies] == [False, False]
    assert home.store.size() == replies[-1].seq + 1
    assert books(home) == []


def test_a_bank_whose_last_head_cannot_be_signed_is_closed_all_the_same(founded, tmp_path, monkeypatch):
    copied(founded, tmp_path)
    home = open_home(tmp_path / "home", ManualClock(START))
    monkeypatch.setattr(home.store, "root", Failing(home.store.root, 0))
    with pytest.raises(StoreError, match="connection is lost"):
        home.close()
    open_home(tmp_path / "home", ManualClock(START)).close()


@pytest.mark.skipif(not OURS.is_dir(), reason="needs /proc")
def test_a_bank_that_fails_while_it_opens_leaves_no_file_open(founded, tmp_path, monkeypatch):
    copied(founded, tmp_path)

    def failing(home):
        assert held(tmp_path)
        raise StoreError("the disk cannot be read")

    monkeypatch.setattr(Home, "found", failing)
    with pytest.raises(StoreError, match="cannot be read"):
        open_home(tmp_path / "home", ManualClock(START))
    assert held(tmp_path) == []
