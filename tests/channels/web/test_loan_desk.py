"""Lending at the desk: what waits, who may answer, two people for large sums, the book by lateness."""

from __future__ import annotations

import re

import pytest
from tests.channels.web.lending_floor import Lender, clean

from jingwei.domains.credit.loans import Loan, LoanApplication
from jingwei.journeys.freeze import FreezeAccount

APPROVED = "/desk/loans?told=loan_approved"


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    one = Lender(tmp_path_factory.mktemp("loan-desk") / "home")
    yield one
    one.close()


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    clean(monkeypatch)


def answer(bank, case, **fields):
    return bank.form(f"/desk/loans/cases/{case}", **({"words": "As agreed.", "amount": ""} | fields))


def test_what_waits_is_in_the_queues_and_its_page_has_everything_it_was_decided_on(bank):
    found = bank.apply("bob", "9000", person="1")
    assert found.status == "waiting"
    told = bank.get(f"/app/loans/applications/{found.id}").text
    assert "You will have an answer by" in told and "You asked that a person decides." in told
    bank.sign_in("staff:customer_manager")
    assert "1 loan applications wait" in bank.get("/desk/people").text
    assert f"/desk/loans/cases/{found.case_number}" in bank.get("/desk/loans").text
    page = bank.get(f"/desk/loans/cases/{found.case_number}").text
    for said in ("You asked that a person decides.", "The program comes to the same", "Limit by income"):
        assert said in page, said
    assert "Home and repairs" in page
    assert page.count('class="gain"') + page.count('class="loss"') == 8, "a bar for each line of the score"
    assert "Bob" not in page, "a customer's name is masked"
    assert answer(bank, found.case_number, approve="1", words="").status_code == 409
    assert answer(bank, found.case_number, approve="1").headers["location"] == APPROVED
    offered = bank.kept(LoanApplication, found.id)
    assert (offered.status, offered.words) == ("offered", "As agreed.")
    assert offered.decided_by == "staff:customer_manager"
    assert "Approved" in bank.get(f"/desk/loans/cases/{found.case_number}").text


def test_who_may_not_look_or_answer(bank):
    found = bank.apply("bob", "9100", person="1")
    for who, status in (("teller", 403), ("admin", 403), ("model_owner", 403), ("auditor", 200)):
        bank.sign_in(f"staff:{who}")
        assert bank.get("/desk/loans").status_code == status, who
    page = bank.get(f"/desk/loans/cases/{found.case_number}").text
    assert 'name="approve"' not in page, "an auditor reads and does not answer"
    token = bank.token("/desk")
    sent = bank.post(f"/desk/loans/cases/{found.case_number}", form_token=token, approve="1", words="x")
    assert sent.status_code == 403 and bank.kept(LoanApplication, found.id).status == "waiting"
    bank.sign_in("customer:bob")
    assert bank.get("/desk/loans").headers["location"].startswith("/sign-in")


def test_two_people_answer_a_large_one(bank):
    found = bank.apply("alice", "60000", person="1")
    bank.sign_in("staff:reviewer")
    assert "?told=proposed" in answer(bank, found.case_number, approve="1").headers["location"]
    again = answer(bank, found.case_number, approve="1")
    assert again.status_code == 409 and "somebody else" in again.text
    assert bank.kept(LoanApplication, found.id).status == "waiting"
    bank.sign_in("staff:customer_manager")
    assert "answered: approve" in bank.get(f"/desk/loans/cases/{found.case_number}").text
    assert answer(bank, found.case_number, approve="1").headers["location"] == APPROVED
    assert bank.kept(LoanApplication, found.id).status == "offered"


def test_a_person_refuses_in_words_that_the_customer_reads(bank):
    found = bank.apply("alice", "11000", person="1")
    bank.sign_in("staff:reviewer")
    done = answer(bank, found.case_number, approve="0", words="Not now.")
    assert done.headers["location"] == "/desk/loans?told=loan_refused"
    bank.sign_in("customer:alice")
    page = bank.get(f"/app/loans/applications/{found.id}").text
    assert "Not now." in page and "A person decided this" in page and "Ask a person" in page


def test_a_late_loan_stands_in_its_pile_and_can_be_spread_or_given_up(bank):
    loan = bank.lend("bob", "6000", 6)
    frozen = FreezeAccount(account="bob", direction="out", reason="a test", **bank.stamp("system:core"))
    assert bank.do(frozen).refusal is None, "nothing can be taken from a frozen account"
    bank.close_days(66)
    late = bank.kept(Loan, loan.id)
    assert late.late_since
    bank.sign_in("customer:bob")
    assert "Penalty interest grows every day" in bank.get("/app/loans").text
    bank.sign_in("staff:customer_manager")
    assert loan.id in bank.get("/desk/loans?show=31-60").text
    assert loan.id not in bank.get("/desk/loans?show=on_time").text
    page = f"/desk/loans/{loan.id}"
    assert "Write off" not in bank.get(page).text, "a customer manager does not write off"
    assert bank.form(f"{page}/restructure", page, months="12", why="").status_code == 409
    done = bank.form(f"{page}/restructure", page, months="12", why="Lost the job.")
    assert done.headers["location"] == f"{page}?told=loan_restructure"
    assert not bank.kept(Loan, loan.id).late_since
    bank.sign_in("staff:reviewer")
    off = bank.form(f"{page}/write-off", page, why="Gone abroad.")
    assert off.headers["location"] == f"{page}?told=loan_write_off"
    gone = bank.kept(Loan, loan.id)
    assert gone.status == "written_off"
    book = re.sub(r"<[^>]+>", "", bank.get("/desk/loans?show=written_off").text)
    assert f"¥{gone.written_off_minor / 100:,.2f}" in book
    assert bank.get("/desk/loans/L00000099999").status_code == 404
    assert bank.get("/desk/loans/cases/C00000099999").status_code == 404
