"""Nobody alone exchanges at any rate or gives a large overdraft: a second person asks for the same."""

from __future__ import annotations

from functools import partial

import pytest
from tests.journeys.test_ledger_journeys import CORE, ask, code

from jingwei import bank as bank_room
from jingwei.channels.rates import FILE, make_up, reference
from jingwei.journeys.exchange import Exchange
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.overlay import Overlay
from jingwei.journeys.review_case import ReviewCase
from jingwei.journeys.set_limits import SetLimits
from jingwei.journeys.table import seal
from jingwei.kernel.clock import DAY
from jingwei.ledger.accounts import Account
from jingwei.ledger.exchange import Rate, Reference, within
from jingwei.ledger.work import Case

LIN, MAY = "staff:lin", "staff:may"
BANKS = Reference(10, 71, 200)


@pytest.fixture
def swap(town):
    made = ask(town, OpenAccount, customer="alice", account="alice-usd", product="current_usd")
    assert code(made) == "done"
    money = {"customer": "alice", "payer": "alice", "payee": "alice-usd", "amount_minor": 71_000}

    def exchange(actor, numerator=10, denominator=71, banks=BANKS, **more):
        rate = {"rate_numerator": numerator, "rate_denominator": denominator, "reference": banks}
        return ask(town, Exchange, actor, **(money | rate | more))

    return exchange


def case_of(town, answer):
    return town.home.store.load(Case, [answer.case])[0]


def test_within_the_band_one_person_is_enough_and_beyond_it_is_not(town, swap):
    before = town.money("alice-usd")
    assert code(swap(LIN)) == "done" and town.money("alice-usd")[0] == before[0] + 10_000
    assert code(swap(LIN, 102, 710)) == "done" and code(swap(LIN, 98, 710)) == "done"
    for numerator, denominator in ((102_001, 710_000), (97_999, 710_000), (10**12, 1), (1, 10**6)):
        assert swap(LIN, numerator, denominator).result in ("proposed", "refused")
    assert swap(LIN, margin_bp=201).result == "proposed", "a margin is part of the rate"
    assert swap(LIN, banks=None).result == "proposed", "a rate nobody can compare is nobody's alone"
    assert code(swap(CORE, 2, 71)) == "done", "the bank's own programs ask at the rate that was accepted"


def test_a_second_person_asks_for_the_same_and_nothing_moved_before(town, swap):
    first = swap(LIN, 2, 71)
    assert (first.result, first.movements, town.money("alice-usd")) == ("proposed", (), (0, 0))
    assert case_of(town, first).status == "open"
    assert code(swap(LIN, 2, 71)) == "second_person_needed"
    other = swap(MAY, 3, 71)
    assert other.result == "proposed" and other.case != first.case, "another rate is another proposal"
    done = swap(MAY, 2, 71)
    assert (code(done), done.about, done.case) == ("done", first.id, first.case)
    assert town.money("alice-usd") == (2_000, 0)
    closed = case_of(town, first)
    assert (closed.status, closed.closed_by) == ("released", MAY)
    assert swap(MAY, 2, 71).result == "proposed", "what was agreed to was agreed to once"
    town.later(seconds=DAY // 1_000_000 + 60)
    assert swap(LIN, 3, 71).result == "proposed", "a proposal of yesterday is over"
    assert town.home.verify().sound


def limits(town, actor, line, **more):
    none = dict.fromkeys(("payment_minor", "day_minor", "month_minor"))
    return ask(town, SetLimits, actor, account="alice", overdraft_minor=line, **(none | more))


def line_of(town):
    return town.home.store.load(Account, ["alice"])[0].overdraft_minor


def test_a_large_overdraft_needs_two_and_a_smaller_one_does_not(town):
    assert code(limits(town, LIN, 4_999_999)) == "done"
    first = limits(town, LIN, 5_000_000)
    assert first.result == "proposed" and line_of(town) == 4_999_999
    assert code(limits(town, LIN, 5_000_000)) == "second_person_needed"
    assert limits(town, MAY, 10**15).result == "proposed", "another line is another proposal"
    assert limits(town, MAY, 5_000_000, day_minor=9).result == "proposed", "and so are other limits"
    done = limits(town, MAY, 5_000_000)
    assert (code(done), done.about) == ("done", first.id)
    assert line_of(town) == 5_000_000
    assert code(limits(town, LIN, 5_000_000)) == "done", "as it stands is no change"
    assert code(limits(town, LIN, 0)) == "done" and code(limits(town, CORE, 10**9)) == "done"
    assert town.home.verify().sound


def test_the_band_holds_to_the_unit():
    for basis, band in ((Reference(7, 1, 100), 100), (Reference(71_234, 10_000, 0), 0)):
        top = Rate("USD", "CNY", basis.numerator * (10_000 + band), basis.denominator * 10_000)
        assert within(top, basis)
        more = Rate("USD", "CNY", top.numerator * 10**6 + 1, top.denominator * 10**6)
        assert not within(more, basis) and not within(top, None)


BROKEN = (
    "rates = 7", "[rates", '[rates]\n"USD/CNY" = "0"', '[rates]\n"USD" = "7"', '[rates]\n"USD/CNY" = 7',
    'band_basis_points = -1\n[rates]\n"USD/CNY" = "7"',
)  # fmt: skip


def test_the_banks_file_of_rates_is_read_both_ways_and_a_broken_one_is_none(tmp_path):
    assert reference(tmp_path, "USD", "CNY") is None
    make_up(tmp_path)
    assert reference(tmp_path, "USD", "CNY") == Reference(178, 25, 200)
    assert reference(tmp_path, "CNY", "USD") == Reference(25, 178, 200)
    assert reference(tmp_path, "USD", "EUR") is None
    path = tmp_path / FILE
    kept = path.read_text("utf-8")
    make_up(tmp_path)
    assert path.read_text("utf-8") == kept
    for broken in BROKEN:
        path.write_text(broken)
        assert reference(tmp_path, "USD", "CNY") is None, broken


def no(town, actor, case, **more):
    return ask(town, ReviewCase, actor, case=case, **({"release": False, "comment": "a typing error"} | more))


def test_a_second_person_says_no_and_the_case_is_closed(town, swap):
    first, line = swap(LIN, 2, 71), limits(town, LIN, 5_000_000)
    for proposed in (first, line):
        assert code(no(town, LIN, proposed.case)) == "own_work", "nobody closes what they proposed themselves"
        assert code(no(town, MAY, proposed.case, release=True)) == "hold_not_found", "a yes is the same wish"
        answer = no(town, MAY, proposed.case)
        assert (code(answer), answer.about, answer.movements) == ("done", proposed.id, ())
        closed = case_of(town, proposed)
        assert (closed.status, closed.closed_by) == ("refused", MAY)
        assert code(no(town, MAY, proposed.case)) == "case_closed"
    assert swap(MAY, 2, 71).result == "proposed", "what was said no to is nobody's first yes"
    assert town.money("alice-usd") == (0, 0) and line_of(town) == 0


def test_answers_of_before_to_a_proposal_are_done_again_as_they_were(town, swap, monkeypatch):
    first, begin = swap(LIN, 2, 71), Overlay.begin
    with monkeypatch.context() as then:
        then.setattr(Overlay, "begin", lambda *told: begin(*told, 0))
        then.setattr(bank_room, "seal", partial(seal, rules=0))
        assert code(no(town, MAY, first.case)) == "hold_not_found"
    assert code(no(town, MAY, first.case)) == "done"
    report = town.home.verify()
    assert report.sound and report.books == "compared", report.damage
