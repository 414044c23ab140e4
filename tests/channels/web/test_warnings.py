"""The customer manager's early warnings: who is listed, what is told, and that an answer changes the loan."""

from __future__ import annotations

import re

import pytest
from tests.channels.web.desk_floor import Floor
from tests.journeys.borrowers import borrower, lend

from jingwei.channels.lending.warning import give
from jingwei.channels.web.staff.warnings import measured
from jingwei.domains.credit.loans import Loan
from jingwei.domains.credit.schedule import unpack
from jingwei.domains.credit.warnings import EarlyWarning
from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.pay import Pay


class Shim:
    """What the borrowers of the journeys' tests need, on a floor."""

    def __init__(self, floor):
        self.bank, self.home, self.clock, self.stamp = floor.home.bank, floor.home, floor.clock, floor.stamp

    def do(self, command):
        return self.bank.do([command])[0]


@pytest.fixture
def floor(tmp_path):
    made = Floor(tmp_path)
    town = Shim(made)
    borrower(town, "dora", opening_minor=0)
    lend(town, "dora", amount_minor=1_200_000, months=6)
    for _ in range(13):
        pay = Pay(customer="dora", payer="dora", payee="bob", amount_minor=90_000, currency="CNY",
                  device="phone-d", **made.stamp("customer:dora"))  # fmt: skip
        answer = town.do(pay).answer
        if answer.challenge:
            _confirm(made, answer, pay)
    assert len(give(made.home)) == 1
    yield made
    made.close()


def _confirm(made, answer, pay):
    fields = {
        "challenge": answer.challenge,
        "confirm": True,
        "payee": "bob",
        "amount_minor": pay.amount_minor,
    }
    made.do(AnswerStepUp(currency="CNY", **fields, **made.stamp("customer:dora")))


def answer(floor, **fields):
    page = floor.get("/desk/warnings").text
    key = re.search(r'name="key" value="([^"]+)"', page)[1]
    token = re.search(r'name="form_token" value="([^"]+)"', page)[1]
    warning = re.search(r'name="warning" value="([^"]+)"', page)[1]
    return floor.post("/desk/warnings", form_token=token, key=key, warning=warning, **fields)


def test_an_answer_that_cannot_be_read_changes_no_loan(floor):
    floor.sign_in("staff:customer_manager")
    before = floor.home.store.find(Loan, "customer", "dora")[0]
    told = answer(floor, outcome="instalments", agreed="1", words="x" * 5_000)
    assert "error=not_read" in told.headers["location"]
    assert floor.home.store.find(Loan, "customer", "dora")[0] == before
    told = answer(floor, outcome="instalments", agreed="1", words="x")
    assert told.headers["location"].endswith("answered")
    assert floor.home.store.find(Loan, "customer", "dora")[0] != before


def test_the_list_says_who_why_and_what_to_offer_and_hides_the_name(floor):
    page = floor.sign_in("staff:customer_manager").get("/desk/warnings").text
    assert "d•••" in page and ">dora<" not in page
    assert "in 100 miss the next payment" in page and "The account" in page.replace("&#39;", "'")
    assert "spread over" in page and "(simulated)" in page
    for way in measured()["ways"].values():
        assert f"{way['days']:.1f}" in page


def test_only_who_looks_after_customers_opens_it(floor):
    assert floor.sign_in("staff:auditor").get("/desk/warnings").status_code == 403
    assert floor.sign_in("customer:alice").get("/desk/warnings").status_code in (303, 403, 404)


def test_an_agreed_offer_changes_the_loan_and_closes_the_warning(floor):
    floor.sign_in("staff:customer_manager")
    before = floor.home.store.find(Loan, "customer", "dora")[0]
    told = answer(floor, outcome="instalments", agreed="1")
    assert told.headers["location"].endswith("told=warning_answered")
    after = floor.home.store.find(Loan, "customer", "dora")[0]
    left = [one for one in unpack(after.plan) if one.left > 0]
    assert len(left) == 2 * len(unpack(before.plan)) and after.principal_minor == before.principal_minor
    assert [one.outcome for one in floor.home.store.page(EarlyWarning)] == ["instalments"]
    assert "Smaller instalments offered" in floor.get("/desk/warnings").text


def test_an_answer_without_agreement_leaves_the_loan_alone(floor):
    floor.sign_in("staff:customer_manager")
    before = floor.home.store.find(Loan, "customer", "dora")[0]
    assert "told=warning_answered" in answer(floor, outcome="extension").headers["location"]
    assert floor.home.store.find(Loan, "customer", "dora")[0] == before


def test_nonsense_is_not_an_answer(floor):
    floor.sign_in("staff:customer_manager")
    assert "error=not_read" in answer(floor, outcome="forgive").headers["location"]
    assert [one.status for one in floor.home.store.page(EarlyWarning)] == ["open"]
