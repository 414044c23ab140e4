"""The demo people's made-up past: brought in once, whole, and no hindrance to what they do next."""

from __future__ import annotations

import pytest

from jingwei.channels.demo import PEOPLE, settle
from jingwei.channels.demo_life import PLACES, lead_lives
from jingwei.channels.rest.welcome import TRIES
from jingwei.channels.streams.city_life import FOUNDED
from jingwei.channels.web.customer.bills import bills
from jingwei.domains.credit.loans import Loan, PayLaterLine
from jingwei.home import open_home
from jingwei.journeys.pay import Pay
from jingwei.kernel.clock import DAY, bank_day
from jingwei.ledger.accounts import Account, Balance
from jingwei.ledger.planned import Schedule, due_at
from jingwei.ledger.work import Case


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    home = open_home(tmp_path_factory.mktemp("life") / "home")
    assert lead_lives(home)
    assert settle(home) == []
    yield home
    home.close()


def test_everybody_has_a_past_and_it_is_brought_in_once(lived):
    size = lived.store.size()
    assert size <= FOUNDED, "a bank with no more than this counts as new, and a city may move in"
    assert not lead_lives(lived)
    assert settle(lived) == [] and lived.store.size() == size


def test_the_past_is_over_and_only_what_is_for_people_waits(lived):
    reader, now = lived.store.reader(), lived.clock.now()
    known = [one.id for one in PEOPLE] + list(PLACES)
    held = {one.id: one.held_minor for one in reader.load(Balance, known)}
    assert set(held.values()) == {0} and len(held) == len(known)
    waits = sorted(case.code for case in reader.find(Case, "status", "open", limit=100))
    assert waits == ["appeal", "early_warning", "early_warning", "loan_review", "loan_review"]
    planned = reader.find(Schedule, "status", "active", limit=10)
    assert len(planned) == 3 and all(due_at(one.next_day) > now for one in planned)
    reader.close()


def test_a_known_payee_is_paid_without_a_question_and_the_welcome_page_still_holds(lived):
    at = lived.clock.now()
    told = {"customer": "alice", "payer": "alice", "currency": "CNY", "actor": "customer:alice"}
    rent = Pay(
        **told, key="life-1", at=at, known_at=at, payee="green_market", amount_minor=19_000, device="new"
    )
    assert lived.bank.do([rent])[0].answer.result == "allowed"
    for one in TRIES:
        minor = int(one.body["amount"].replace(".", ""))
        asked = {"payee": one.body["payee"], "amount_minor": minor, "device": one.body["device"]}
        pay = Pay(**told, **asked, key=f"life-{one.key}", at=at + 1, known_at=at + 1)
        assert lived.bank.do([pay])[0].answer.result == one.result, one.key


def test_the_past_is_dated_in_the_past(lived):
    reader = lived.store.reader()
    for account in reader.load(Account, [one.id for one in PEOPLE]):
        assert account.opened_at < lived.clock.now() - 30 * DAY
    reader.close()


def test_bob_has_split_a_purchase_and_every_draw_has_its_own_provable_record(lived):
    """The bank offered the line by its own rules on what it sees; the draw is a leaf with its proof."""
    loans = [one for one in lived.store.find(Loan, "customer", "bob", limit=10) if one.status == "running"]
    drawn = [one for one in loans if one.line]
    assert len(drawn) == 1 and len(loans) == 2, "the battery and one draw"
    line = lived.store.load(PayLaterLine, [drawn[0].line])[0]
    assert line.status == "open" and line.purchases >= 5 and line.limit_minor >= drawn[0].amount_minor
    proof = lived.proof(f"D{drawn[0].id[1:]}")
    assert proof is not None and drawn[0].purchase in proof.decode()
    soon = [one for one in bills(loans, lived.clock.now(), bank_day(lived.clock.now()) + 7)]
    assert [one.loan.product for one in soon] == ["ev_battery@1"], "an instalment comes within a week"
