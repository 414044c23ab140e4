"""Applications for loans in the desk's queue: counted, due, assigned, put off, escalated, next."""

from __future__ import annotations

import re

import msgspec
import pytest
from tests.channels.web.desk_floor import RULES
from tests.channels.web.lending_floor import Lender, clean

from jingwei.channels.web.staff import live
from jingwei.domains.credit.loans import LoanApplication
from jingwei.journeys.assign_case import AssignCase
from jingwei.journeys.pay import Pay
from jingwei.journeys.publish_policy import PublishPolicy
from jingwei.kernel.clock import DAY, HOUR
from jingwei.ledger.casework import CaseWork
from jingwei.ledger.work import Case

MANAGER = "staff:customer_manager"


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    one = Lender(tmp_path_factory.mktemp("loan-queue") / "home")
    one.do(PublishPolicy(text=RULES, **one.stamp("system:core")))
    yield one
    one.close()


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    clean(monkeypatch)


def held(bank) -> str:
    """The case of a payment that waits."""
    paid = {"customer": "alice", "payer": "alice", "payee": "bob", "amount_minor": 200_000, "device": "phone"}
    return bank.do(Pay(**paid, currency="CNY", **bank.stamp("customer:alice"))).case


def waits(bank, who: str = "bob", amount: str = "9000") -> str:
    """The case of an application that waits for a person."""
    found = bank.apply(who, amount, person="1")
    assert found.status == "waiting"
    return str(found.case_number)


def act(bank, case: str, what: str, **fields: str):
    page = f"/desk/loans/cases/{case}"
    return bank.form(f"{page}/{what}", page, **fields)


def rows(page: str) -> dict[str, str]:
    """The rows of the queue: address and the row's text."""
    found = re.findall(r'<tr data-row[^>]*>.*?<a class="go" href="([^"]+)">(.*?)</tr>', page, re.S)
    return {address: re.sub(r"<[^>]+>", " ", text) for address, text in found}


def count(page: str, tab: str) -> int:
    return int(re.search(rf'data-count="{tab}">(\d+)<', page)[1])


def test_an_application_stands_in_the_queue_with_its_due_time_and_leads_to_its_page(bank, monkeypatch):
    loan, payment = waits(bank), held(bank)
    bank.sign_in("staff:reviewer")
    page = bank.get("/desk").text
    shown = rows(page)
    assert set(shown) == {f"/desk/loans/cases/{loan}", f"/desk/cases/{payment}"}
    text = shown[f"/desk/loans/cases/{loan}"]
    assert "Loan application" in text and "¥9,000.00" in text and "23 h left" in text, text
    assert (count(page, "open"), count(page, "new")) == (2, 2)
    only = rows(bank.get("/desk?code=loan_review").text)
    assert set(only) == {f"/desk/loans/cases/{loan}"}, "the queue is narrowed by reason"
    assert bank.get(f"/desk/cases/{loan}").headers["location"] == f"/desk/loans/cases/{loan}"
    bank.sign_in(MANAGER)
    mine = bank.get("/desk").text
    assert set(rows(mine)) == {f"/desk/loans/cases/{loan}"} and count(mine, "open") == 1
    bank.sign_in("staff:teller")
    assert f"/desk/loans/cases/{loan}" not in bank.get("/desk").text, "a teller may not open it"
    bank.sign_in(MANAGER)
    monkeypatch.setattr(live, "LOOKS", 1)
    told = msgspec.json.decode(bank.get(f"/desk/live?case={loan}").text.strip().removeprefix("data: "))
    assert told["counts"]["open"] == 1 and told["case"].startswith("open|")
    bank.clock.advance(2 * DAY)
    bank.sign_in(MANAGER)
    late = bank.get("/desk?late=1").text
    assert "late" in rows(late)[f"/desk/loans/cases/{loan}"] and count(late, "open") == 1
    assert bank.form(f"/desk/loans/cases/{loan}", approve="1", words="Yes.", amount="").status_code == 303
    assert count(bank.get("/desk").text, "open") == 0
    done = rows(bank.get("/desk?tab=done").text)
    assert f"/desk/loans/cases/{loan}" in done


def test_a_customer_manager_takes_puts_off_and_hands_on_an_application(bank):
    case = waits(bank, "alice", "7000")
    bank.sign_in(MANAGER)
    sent = act(bank, case, "assign", to=MANAGER)
    assert sent.headers["location"].endswith(f"/desk/loans/cases/{case}?told=case_assign")
    work = bank.kept(CaseWork, case)
    assert (work.assignee, work.inbox) == (MANAGER, "risk")
    assert f"/desk/loans/cases/{case}" in rows(bank.get("/desk?who=me").text)
    assert act(bank, case, "snooze", hours="2", comment="").status_code == 409, "a reason is needed"
    sent = act(bank, case, "snooze", hours="4", comment="The payslip comes this afternoon.")
    assert sent.headers["location"] == "/desk?told=case_snooze"
    assert bank.kept(CaseWork, case).snoozed_until == bank.clock.at + 4 * HOUR
    page = bank.get("/desk").text
    assert f"/desk/loans/cases/{case}" not in rows(page) and count(page, "asleep") == 1
    assert "put off until" in bank.get(f"/desk/loans/cases/{case}").text
    bank.clock.advance(4 * HOUR)
    bank.sign_in(MANAGER)
    assert count(bank.get("/desk").text, "asleep") == 0
    assert act(bank, case, "note", text="Spoke with her.").status_code == 303
    sent = act(bank, case, "escalate", comment="The income is hard to read.")
    assert sent.headers["location"] == "/desk?told=case_escalate"
    assert bank.kept(CaseWork, case).inbox == "second_line"
    page = bank.get(f"/desk/loans/cases/{case}").text
    for said in ("Spoke with her.", "The income is hard to read.", "The payslip comes this afternoon."):
        assert said in page
    assert f"{case}/escalate" not in page, "once is enough"
    assert f"/desk/loans/cases/{case}" in rows(bank.get("/desk?tab=second_line").text)


def test_the_next_case_of_a_customer_manager_is_an_application_and_never_a_payment(bank):
    payment, first = held(bank), waits(bank, "bob", "8000")
    bank.sign_in(MANAGER)
    for case in [path.rpartition("/")[2] for path in rows(bank.get("/desk").text)]:
        if case != first:
            act(bank, case, "assign", to="staff:reviewer")
    taken = bank.post("/desk/next", form_token=bank.token("/desk"))
    assert taken.headers["location"] == f"/desk/loans/cases/{first}"
    assert bank.kept(CaseWork, first).assignee == MANAGER
    batch = {"form_token": bank.token("/desk"), "case": payment, "act": "assign", "to": MANAGER, "key": "b"}
    told = bank.post("/desk/batch", **batch).text
    assert "You may not do this" in told and bank.kept(CaseWork, payment) is None
    sent = bank.post(f"/desk/cases/{payment}/assign", form_token=bank.token("/desk"), to=MANAGER)
    assert sent.status_code == 403 and bank.kept(CaseWork, payment) is None
    refused = {"form_token": bank.token("/desk"), "case": first, "act": "release", "key": "c"}
    assert "one by one" in bank.post("/desk/batch", **refused).text
    assert bank.kept(Case, first).status == "open"


def test_who_refused_before_does_not_get_the_appeal_as_the_next_case(bank):
    found = bank.apply("carol", "5000", person="1")
    bank.sign_in("staff:reviewer")
    page = f"/desk/loans/cases/{found.case_number}"
    answered = bank.form(page, approve="0", words="Not now.", amount="")
    assert answered.status_code == 303
    bank.sign_in("customer:carol")
    page = f"/app/loans/applications/{found.id}"
    assert bank.form(f"{page}/appeal", page, text="Please look again.").status_code == 303
    case = bank.kept(LoanApplication, found.id).case_number
    bank.sign_in("staff:reviewer")
    shown = rows(bank.get("/desk?code=loan_appeal").text)
    assert "Appeal against a refused loan" in shown[f"/desk/loans/cases/{case}"]
    for path in shown.keys() ^ rows(bank.get("/desk").text).keys():
        given = AssignCase(case=path.rpartition("/")[2], to="staff:senior", **bank.stamp("staff:senior"))
        assert bank.do(given).refusal is None
    to = bank.post("/desk/next", form_token=bank.token("/desk")).headers["location"]
    assert to == "/desk?told=nothing_free"
    bank.sign_in("staff:senior")
    assert f"/desk/loans/cases/{case}" in rows(bank.get("/desk").text)
