"""Lending over REST, end to end: what a program reads, signs, repays; and what it may not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.channels.seeded import Seeded
from tests.channels.seeded_loans import ASK, borrower, decided, drawing, get, line, running, signature


@pytest.fixture(scope="module")
def bank() -> Iterator[Seeded]:
    seeded = Seeded(7)
    yield seeded
    seeded.close()


def post(bank: Seeded, path: str, body: dict[str, Any], who: str) -> Any:
    return bank.talk.post(path, body, who if ":" in who else f"customer:{who}")


def test_without_consent_an_application_is_refused_with_what_to_do(bank: Seeded) -> None:
    who = bank.customer("10.00")
    told = post(bank, "/v1/loan-applications", ASK | {"account": who}, who)
    assert told.status_code == 409 and told.json()["code"] == "loan_consent_missing"
    assert "My data" in told.json()["en"] and "我的数据" in told.json()["zh"]


def test_an_application_tells_its_inputs_reasons_and_offer(bank: Seeded) -> None:
    who, application, body = signature(bank)
    told = bank.talk.get(f"/v1/loan-applications/{application}", f"customer:{who}").json()
    assert (told["status"], told["bureau"]) == ("offered", "simulated bureau")
    assert told["points"] == 500 + sum(part["points"] for part in told["score"])
    assert len(told["schedule"]) == 12 and told["sentence"]["en"].startswith("You borrow 1200.00 CNY")
    assert {"person_asked", "known_briefly"} <= {one["code"] for one in told["policy"]}
    wrong = post(bank, f"/v1/loan-applications/{application}/signature", body | {"amount": "1200.01"}, who)
    assert wrong.json()["code"] == "loan_terms_differ"
    before = get(bank, f"/v1/accounts/{who}")["booked_minor"]
    signed = post(bank, f"/v1/loan-applications/{application}/signature", body, who)
    assert signed.status_code == 201
    assert get(bank, f"/v1/accounts/{who}")["booked_minor"] == before + 120_000
    loan = bank.talk.get(f"/v1/loans/{signed.json()['made']}", f"customer:{who}").json()
    assert (loan["status"], loan["principal"], loan["terms_sha256"]) == (
        "running",
        "1200.00",
        body["terms_sha256"],
    )
    assert loan["all_owed"] == "1200.00" and loan["owed_now"] == "0.00"


def test_a_refusal_has_a_letter_and_an_appeal(bank: Seeded) -> None:
    who = borrower(bank)
    asked = post(bank, "/v1/loan-applications", ASK | {"account": who, "person": False}, who)
    assert asked.status_code == 201 and asked.json()["result"] == "refused"
    told = bank.talk.get(f"/v1/loan-applications/{asked.json()['made']}", f"customer:{who}").json()
    assert (told["letter"]["policy"] or told["letter"]["score"]) and "第二十四条" in told["letter"]["law"][
        "zh"
    ]
    appeal = post(bank, f"/v1/loan-applications/{told['id']}/appeal", {"text": "again"}, who)
    assert appeal.status_code == 201 and appeal.json()["case"]
    answer = {"approve": False, "words": "it stands", "currency": "CNY"}
    done = post(bank, f"/v1/cases/{appeal.json()['case']}/loan-review", answer, "staff:reviewer")
    assert done.status_code == 200
    assert get(bank, f"/v1/appeals/{appeal.json()['made']}")["status"] == "stands"


def test_foreign_loans_and_applications_look_missing(bank: Seeded) -> None:
    who, loan = running(bank)
    other = borrower(bank)
    _, application = decided(bank, False)
    for path in (f"/v1/loans/{loan}", f"/v1/loan-applications/{application}", "/v1/loans/L00000000999"):
        assert bank.talk.get(path, f"customer:{other}").status_code == 404
    assert bank.talk.get("/v1/loans?owner=" + who, f"customer:{other}").json() == []
    foreign = post(bank, f"/v1/loans/{loan}/repayments", {"currency": "CNY", "how": "all"}, other)
    assert foreign.status_code == 404


def test_a_loan_is_repaid_and_given_back_over_rest(bank: Seeded) -> None:
    who, loan = running(bank)
    early = {"currency": "CNY", "amount": "500.00", "how": "smaller"}
    assert post(bank, f"/v1/loans/{loan}/repayments", early, who).status_code == 200
    told = bank.talk.get(f"/v1/loans/{loan}", f"customer:{who}").json()
    assert told["schedule"][0]["state"] == "early" and told["principal"] == "700.00"
    done = post(bank, f"/v1/loans/{loan}/repayments", {"currency": "CNY", "how": "all"}, "staff:teller")
    assert done.status_code == 200, done.text
    assert bank.talk.get(f"/v1/loans/{loan}", f"customer:{who}").json()["status"] == "repaid"
    who, other = running(bank)
    assert post(bank, f"/v1/loans/{other}/cancellation", {}, who).status_code == 200


def test_a_purchase_is_split_once_and_only_within_the_line(bank: Seeded) -> None:
    asked = drawing(bank)
    some_id, who = asked.blanks["some_id"], asked.who.partition(":")[2]
    assert asked.body is not None
    before = bank.talk.get("/v1/pay-later", asked.who).json()[0]
    assert post(bank, f"/v1/pay-later/{some_id}/draws", asked.body, who).status_code == 201
    again = post(bank, f"/v1/pay-later/{some_id}/draws", asked.body, who)
    assert again.json()["code"] == "purchase_split_before"
    after = bank.talk.get("/v1/pay-later", asked.who).json()[0]
    assert (before["left"], after["drawn"]) == (before["limit"], "120.00")
    other, theirs = line(bank)
    foreign = post(bank, f"/v1/pay-later/{theirs}/draws", asked.body, who)
    assert foreign.json()["code"] == "line_not_found"
    closed = post(bank, f"/v1/pay-later/{theirs}/draws", asked.body, other)
    assert closed.json()["code"] == "line_not_open"
    missing = asked.body | {"purchase": "D00000000001"}
    assert post(bank, f"/v1/pay-later/{some_id}/draws", missing, who).json()["code"] == "purchase_not_found"


def test_the_catalogue_tells_what_each_grade_pays(bank: Seeded) -> None:
    products = get(bank, "/v1/loan-products")
    assert len(products) == 13 and {one["scene"] for one in products} >= {"medical", "education", "pet"}
    assert all(one["prices"] and one["name"]["zh"] for one in products)
