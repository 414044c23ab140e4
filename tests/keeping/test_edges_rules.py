"""Records of a journey's earlier rules come out as they were sealed; later ones cannot have these back."""

from __future__ import annotations

from functools import partial

import pytest
from msgspec.structs import replace

from jingwei import bank as bank_room
from jingwei.home import open_home
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.overlay import Overlay
from jingwei.journeys.table import seal, unseal
from jingwei.keeping.redo import NotRepeatable, redo
from jingwei.kernel.clock import ManualClock, parse_iso
from jingwei.stores.opening import open_store

STAMP = {"at": parse_iso("2026-11-01T04:00:00"), "known_at": parse_iso("2026-11-01T04:00:00")}


def own_deposit(key):
    money = {"account": "teller", "amount_minor": 500, "currency": "CNY"}
    return Deposit(key=key, actor="staff:teller", **money, **STAMP)


@pytest.fixture
def home(tmp_path):
    home = open_home(tmp_path / "home", ManualClock(STAMP["at"]))
    person = {"customer": "teller", "name": "T", "product": "current_cny", "account": "teller"}
    opened = OpenAccount(key="open", actor="system:core", **person, **STAMP)
    assert home.bank.do([opened])[0].answer.refusal is None
    yield home
    home.close()


def as_before(monkeypatch, rules):
    """The bank as it stood before journeys counted their rules, with the rule (1) or without it (0)."""
    begin = Overlay.begin
    monkeypatch.setattr(Overlay, "begin", lambda *told: begin(*told, rules))
    monkeypatch.setattr(bank_room, "seal", partial(seal, rules=0))


def again(home, change=lambda one: one):
    """The whole log done again in a store of its own, each record as `change` leaves it."""
    rows = []
    for seq, leaf in home.store.records(0, home.store.size()):
        one = change(unseal(leaf))
        rows.append((seq, seal(seq, one.command, one.answer, one.rules)))
    place = home.path / "again.db"
    place.unlink(missing_ok=True)
    store = open_store(str(place))
    try:
        redo(rows, store, home.products)
    finally:
        store.close()


def numbered(rules, one):
    return replace(one, rules=rules) if one.command.key == "then" else one


def test_records_of_every_time_come_out_as_they_were_sealed(home, monkeypatch):
    with monkeypatch.context() as then:
        as_before(then, 0)
        assert home.bank.do([own_deposit("first")])[0].answer.result == "done"
    with monkeypatch.context() as then:
        as_before(then, 1)
        assert home.bank.do([own_deposit("second")])[0].answer.refusal.code == "own_work"
    reply = home.bank.do([own_deposit("third")])[0]
    assert reply.answer.refusal.code == "own_work"
    told = [unseal(leaf).rules for _, leaf in home.store.records(0, home.store.size())]
    assert told[-3:] == [0, 0, 1]
    report = home.verify()
    assert report.sound and report.books == "compared", report.damage


def test_earlier_rules_cannot_be_had_back_by_leaving_the_number_out(home, monkeypatch):
    assert home.bank.do([own_deposit("today")])[0].answer.refusal.code == "own_work"
    with monkeypatch.context() as then:
        as_before(then, 0)
        assert home.bank.do([own_deposit("later")])[0].answer.result == "done"
    with pytest.raises(NotRepeatable, match="version 0 of its rules"):
        again(home)
    assert not home.verify().sound


def test_a_numbered_record_is_done_under_its_own_rules_alone(home, monkeypatch):
    with monkeypatch.context() as then:
        as_before(then, 0)
        home.bank.do([own_deposit("then")])
    for rules, says in ((1, "comes out otherwise"), (2, "version 2 of its rules")):
        with pytest.raises(NotRepeatable, match=says):
            again(home, partial(numbered, rules))


def test_a_record_whose_rules_never_changed_names_none(home):
    one = unseal(home.store.record(home.store.size() - 1))
    assert b'"rules":1}' in seal(one.seq, one.command, one.answer)
    assert b'"rules"' not in seal(one.seq, one.command, one.answer, 0)
