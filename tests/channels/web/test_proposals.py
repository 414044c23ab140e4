"""Changes that wait for a second person stand at the desk: told in full, agreed to or declined there."""

from __future__ import annotations

import re

import pytest
from tests.channels.web.desk_floor import FOUR_EYES, Floor

from jingwei.channels.rates import make_up
from jingwei.channels.web.staff import proposals as room
from jingwei.journeys.exchange import Exchange
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.set_limits import SetLimits
from jingwei.kernel.clock import DAY
from jingwei.ledger.accounts import Account, Balance
from jingwei.ledger.work import Case

PAGE, ANSWER = "/desk/people", "/desk/people/proposal"
MANAGER, TELLER, RISK = "staff:customer_manager", "staff:teller", "staff:reviewer"


@pytest.fixture
def desk(tmp_path):
    floor = Floor(tmp_path / "home")
    yield floor
    floor.close()


def line(desk, actor, minor=FOUR_EYES):
    """Somebody asks for an overdraft line of alice's account."""
    limits = {"payment_minor": 300_000, "day_minor": None, "month_minor": None, "overdraft_minor": minor}
    return desk.do(SetLimits(account="alice", **limits, **desk.stamp(actor)))


def swap(desk, actor):
    """Somebody asks to exchange alice's yuan at a rate of their own."""
    desk.do(OpenAccount(customer="alice", account="usd", product="current_usd", **desk.stamp("system:core")))
    money = {"customer": "alice", "payer": "alice", "payee": "usd", "amount_minor": 71_000, "margin_bp": 5}
    return desk.do(
        Exchange(rate_numerator=28, rate_denominator=1000, reference=None, **money, **desk.stamp(actor))
    )


def answer(desk, case, does):
    page = desk.get(PAGE).text
    token = re.search(r'name="form_token" value="([^"]+)"', page)[1]
    key = re.search(r'name="key" value="([^"]+)"', page)
    return desk.post(ANSWER, form_token=token, key=key[1] if key else "k", case=case, do=does)


def overdraft(desk):
    return desk.home.store.load(Account, ["alice"])[0].overdraft_minor


def status(desk, case):
    return desk.home.store.load(Case, [case])[0].status


def test_the_whole_change_is_told_and_a_second_person_agrees_to_it(desk):
    asked = line(desk, TELLER)
    assert (asked.result, overdraft(desk)) == ("proposed", 0)
    mine = desk.sign_in(TELLER).get(PAGE).text
    assert "somebody else must agree" in mine and 'value="agree"' not in mine
    page = desk.sign_in(MANAGER).get(PAGE).text
    for told in ("Overdraft line of", "50,000.00", "on alice", "3,000.00", "no limit", "teller"):
        assert told in page, told
    assert 'value="agree"' in page and 'value="decline"' not in page, "what they may do, and no more"
    assert answer(desk, asked.case, "agree").headers["location"] == f"{PAGE}?told=proposal_done"
    assert (overdraft(desk), status(desk, asked.case)) == (FOUR_EYES, "released")
    assert desk.home.store.load(Account, ["alice"])[0].limit_payment_minor == 300_000
    assert "Changes that wait" not in desk.get(PAGE).text
    assert "等待第二人确认的变更" not in desk.get(f"{PAGE}?lang=zh").text


def test_an_exchange_is_told_with_its_rate_and_done_at_it(desk):
    asked = swap(desk, "staff:lin")
    assert asked.result == "proposed"
    page = desk.sign_in(TELLER).get(PAGE).text
    assert "1 CNY buys 0.028 USD" in page and "less 5 basis points" in page
    assert "1 CNY兑" in desk.get(f"{PAGE}?lang=zh").text
    assert "told=proposal_done" in answer(desk, asked.case, "agree").headers["location"]
    assert desk.home.store.load(Balance, ["usd"])[0].booked_minor == 1_987


def test_with_a_reference_the_rate_is_compared_anew(desk):
    """The proposal came while the bank had no rate; now it has one: a second person is asked all the same."""
    asked = swap(desk, "staff:lin")
    make_up(desk.home.path)
    desk.sign_in(TELLER)
    assert "told=proposal_done" in answer(desk, asked.case, "agree").headers["location"]
    assert status(desk, asked.case) == "released"


def test_risk_says_no_and_whoever_comes_later_is_told(desk):
    asked = line(desk, TELLER)
    desk.sign_in(RISK)
    assert 'value="agree"' not in desk.get(PAGE).text
    assert "told=proposal_declined" in answer(desk, asked.case, "decline").headers["location"]
    assert (overdraft(desk), status(desk, asked.case)) == (0, "refused")
    desk.sign_in(MANAGER)
    assert "error=proposal_gone" in answer(desk, asked.case, "agree").headers["location"]
    assert overdraft(desk) == 0


def test_nobody_does_here_what_they_may_not_and_garbage_changes_nothing(desk):
    asked, size = line(desk, TELLER), desk.home.store.size()
    desk.sign_in(RISK)
    assert answer(desk, asked.case, "agree").status_code == 403, "risk reviewers raise no lines"
    desk.sign_in(MANAGER)
    assert answer(desk, asked.case, "decline").status_code == 403, "managers answer no cases"
    for case, does, error in (
        (asked.case, "both", "not_read"), ("C00000000001", "agree", "proposal_gone"),
        ("<b>", "agree", "proposal_gone"), ("", "", "proposal_gone"),
    ):  # fmt: skip
        assert f"error={error}" in answer(desk, case, does).headers["location"]
    desk.sign_in(TELLER)
    refused = answer(desk, asked.case, "agree")
    assert refused.status_code == 409 and "somebody else" in refused.text.lower()
    desk.sign_in("customer:alice")
    assert desk.post(ANSWER, case=asked.case, do="agree").status_code in (303, 403)
    assert (overdraft(desk), status(desk, asked.case)) == (0, "open")
    assert desk.home.store.size() <= size + 1, "the proposer's own yes is recorded as refused, nothing else"


def test_a_proposal_of_yesterday_is_gone(desk):
    asked = line(desk, TELLER)
    desk.clock.advance(DAY)
    desk.sign_in(MANAGER)
    assert "Changes that wait" not in desk.get(PAGE).text
    assert "error=proposal_gone" in answer(desk, asked.case, "agree").headers["location"]


def test_who_agrees_a_moment_too_late_is_not_told_that_it_was_done(desk, monkeypatch):
    asked = swap(desk, "staff:lin")
    desk.sign_in(TELLER)
    seen, stale = room.proposals, []

    def slow(*looked):
        stale[:] = stale or seen(*looked)
        return stale

    monkeypatch.setattr(room, "proposals", slow)
    assert "told=proposal_done" in answer(desk, asked.case, "agree").headers["location"]
    before = desk.home.store.load(Balance, ["usd"])
    assert "error=proposal_anew" in answer(desk, asked.case, "agree").headers["location"]
    assert desk.home.store.load(Balance, ["usd"]) == before, "it was done once"
