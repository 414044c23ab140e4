"""Who may do and see what: every route against every kind of caller."""

from __future__ import annotations

from typing import Any

import pytest
from tests.channels.counter import Talk

ANYONE = ("", "customer:bob", "staff:teller", "staff:reviewer", "system:core")
TELLER, REVIEWER, CORE = "staff:teller", "staff:reviewer", "system:core"
INSIDE = (TELLER, CORE)
RISK = (REVIEWER, CORE)
KNOWN = ("customer:bob", TELLER, CORE)
ALL = (*KNOWN, REVIEWER)
BOB = ("customer:bob",)
MONEY = {"amount": "1.00", "currency": "CNY"}
D, H, S, C = "D00000000009", "H00000000009", "S00000000009", "C00000000009"

MATRIX: dict[tuple[str, str], tuple[tuple[str, ...], Any]] = {
    ("POST", "/v1/payments"): (KNOWN, {"payer": "bob", "payee": "alice", "device": "p"} | MONEY),
    ("POST", "/v1/customers"): (INSIDE, {"customer": "n", "name": "N", "product": "none"}),
    ("POST", "/v1/accounts"): (KNOWN, {"product": "none"}),
    ("POST", "/v1/accounts/{some_id}/freeze"): ((*INSIDE, REVIEWER), {"direction": "in", "on": False}),
    ("POST", "/v1/accounts/{some_id}/limits"): (
        KNOWN,
        {"currency": "CNY", "payment": "200000.00", "day": "500000.00", "month": "5000000.00"},
    ),
    ("POST", "/v1/accounts/{some_id}/closure"): (KNOWN, {"payee": "nobody"}),
    ("POST", "/v1/deposits"): (INSIDE, {"account": "bob"} | MONEY),
    ("POST", "/v1/exchanges"): (INSIDE, {"payer": "bob", "payee": "nobody", "rate": "1"} | MONEY),
    ("POST", "/v1/holds/{some_id}/captures"): ((CORE,), MONEY),
    ("POST", "/v1/holds/{some_id}/release"): (RISK, {}),
    ("POST", "/v1/decisions/{some_id}/reversal"): ((CORE,), {}),
    ("POST", "/v1/step-ups/{some_id}"): (("customer:bob",), {"confirm": False, "payee": "bob"} | MONEY),
    ("POST", "/v1/cases/{some_id}/review"): ((REVIEWER,), {"release": False}),
    ("POST", "/v1/fraud-reports"): ((*INSIDE, REVIEWER), {"payment": "D99999999999"}),
    ("POST", "/v1/policies"): ((CORE,), {"text": "broken"}),
    ("POST", "/v1/day-ends"): ((CORE,), {"day": "2999-01-01"}),
    ("POST", "/v1/pending-payments/{some_id}/undo"): (("customer:bob",), {}),
    ("POST", "/v1/schedules"): (
        ("customer:bob",),
        {"payer": "bob", "payee": "alice", "every": "once", "first": "2999-01-01"} | MONEY,
    ),
    ("POST", "/v1/schedules/{some_id}/cancellation"): (("customer:bob",), {}),
    ("POST", "/v1/payees"): (("customer:bob",), {"account": "alice", "name": "Alice"}),
    ("POST", "/v1/appeals"): (("customer:bob",), {"decision": D, "text": "why"}),
    ("POST", "/v1/appeals/{some_id}/answer"): ((REVIEWER,), {"overturn": False, "words": "no"}),
    ("POST", "/v1/call-backs"): (("customer:bob",), {}),
    ("POST", "/v1/call-backs/{some_id}/answer"): ((TELLER, REVIEWER), {}),
    ("POST", "/v1/ties"): (("customer:bob",), {"kind": "helper", "whose": "bob", "keeper": "alice"}),
    ("POST", "/v1/ties/{some_id}/acceptance"): (("customer:bob",), {}),
    ("POST", "/v1/ties/{some_id}/end"): (("customer:bob", "staff:teller"), {}),
    ("POST", "/v1/ties/{some_id}/limits"): (
        ("customer:bob",),
        {"account": "bob", "currency": "CNY", "payment": None, "day": None, "month": None},
    ),
    ("POST", "/v1/preferences"): (("customer:bob",), {"undo_s": 0}),
    ("GET", "/v1/appeals/{appeal}"): (("customer:bob", REVIEWER, CORE), None),
    ("GET", "/v1/ties"): (("customer:bob",), None),
    ("GET", "/v1/ties/{tie}/accounts"): (("customer:bob",), None),
    ("POST", "/v1/loan-applications"): (
        BOB,
        {"product": "personal_loan", "account": "bob", "amount": "1.00", "months": 12},
    ),
    ("POST", "/v1/loan-applications/{some_id}/signature"): (
        BOB,
        {"account": "bob", "terms_sha256": "0" * 64} | MONEY,
    ),
    ("POST", "/v1/loan-applications/{some_id}/decline"): (BOB, {}),
    ("POST", "/v1/loan-applications/{some_id}/appeal"): (BOB, {"text": "why"}),
    ("POST", "/v1/loans/{some_id}/repayments"): (KNOWN, MONEY),
    ("POST", "/v1/early-warnings/{some_id}/answer"): ((TELLER,), {"outcome": "spoken"}),
    ("GET", "/v1/early-warnings"): ((TELLER,), None),
    ("POST", "/v1/identity-links"): (
        (CORE,),
        {"source": "s", "subject": "k", "customer": "nobody", "reason": "r"},
    ),
    ("POST", "/v1/identity-links/parting"): ((CORE,), {"source": "s", "subject": "k", "reason": "r"}),
    ("POST", "/v1/identity-links/apart"): (
        (),
        {"source": "s", "subject": "k", "customer": "nobody", "reason": "r"},
    ),
    ("GET", "/v1/identity-links"): ((CORE,), None),
    ("POST", "/v1/policies/{some_id}/rollback"): (
        (REVIEWER,),
        {"back_to": "outgoing_transfer@1", "reason": "r"},
    ),
    ("POST", "/v1/loans/{some_id}/cancellation"): (BOB, {}),
    ("POST", "/v1/loans/{some_id}/restructuring"): ((REVIEWER,), {"months": 6, "why": "w"}),
    ("POST", "/v1/loans/{some_id}/write-off"): ((REVIEWER,), {"why": "w"}),
    ("POST", "/v1/cases/{some_id}/loan-review"): (
        (REVIEWER,),
        {"approve": False, "words": "no", "currency": "CNY"},
    ),
    ("POST", "/v1/pay-later/{some_id}/answer"): (BOB, {"accept": False}),
    ("POST", "/v1/pay-later/{some_id}/draws"): (BOB, {"purchase": D, "months": 3}),
    ("GET", "/v1/loan-products"): (ALL, None),
    ("GET", "/v1/loan-sources"): (ALL, None),
    ("GET", "/v1/loan-applications"): (ALL, None),
    ("GET", "/v1/loan-applications/{application}"): (ALL, None),
    ("GET", "/v1/loans"): (ALL, None),
    ("GET", "/v1/loans/{loan}"): (ALL, None),
    ("GET", "/v1/pay-later"): (ALL, None),
    ("GET", "/v1/schedules"): (ALL, None),
    ("GET", "/v1/pending-payments"): (ALL, None),
    ("GET", "/v1/payees"): (ALL, None),
    ("GET", "/v1/cases/{case}/casework"): (RISK, None),
    ("GET", "/v1/policy-drafts"): ((REVIEWER,), None),
    ("GET", "/v1/policy-drafts/{draft}"): ((REVIEWER,), None),
    ("POST", "/v1/policy-drafts"): ((REVIEWER,), {"text": "broken", "why": "w"}),
    ("POST", "/v1/policy-drafts/{some_id}/approval"): ((REVIEWER,), {"digest": "0"}),
    ("POST", "/v1/policy-drafts/{some_id}/rejection"): ((REVIEWER,), {"reason": "w"}),
    ("POST", "/v1/policy-drafts/{some_id}/shadow"): ((REVIEWER,), {"on": False}),
    ("POST", "/v1/audiences"): ((), {"name": "a", "condition": "age_years > 1"}),
    ("POST", "/v1/offerings/{some_id}/answer"): (("customer:bob",), {"answer": "taken"}),
    ("GET", "/v1/audiences"): ((CORE,), None),
    ("GET", "/v1/offerings"): (("customer:bob", CORE), None),
    ("GET", "/v1/offer-effect"): ((CORE,), None),
    ("GET", "/v1/accounts"): (ALL, None),
    ("GET", "/v1/accounts/{account}"): (ALL, None),
    ("GET", "/v1/accounts/{account}/statement"): (ALL, None),
    ("GET", "/v1/customers/{customer}/view"): (ALL, None),
    ("GET", "/v1/cases"): (RISK, None),
    ("GET", "/v1/cases/{case}"): (RISK, None),
    ("GET", "/v1/step-ups/{challenge}"): (ALL, None),
    ("GET", "/v1/policies"): (RISK, None),
    ("POST", "/v1/consents"): (("customer:bob",), {"purpose": "credit"}),
    ("POST", "/v1/consents/withdrawal"): (("customer:bob",), {"purpose": "credit"}),
    ("POST", "/v1/data-uses"): ((*INSIDE, REVIEWER), {"customers": ["bob"], "purpose": "service"}),
    ("POST", "/v1/offers"): (("staff:teller",), {"customer": "bob", "account": "bob"}),
    ("POST", "/v1/erasures"): (("customer:bob",), {}),
    ("POST", "/v1/cards"): (KNOWN, {"account": "bob"}),
    ("POST", "/v1/cards/{some_id}/freeze"): (ALL, {}),
    ("POST", "/v1/cards/{some_id}/terms"): (KNOWN, {"currency": "CNY", "payment": None, "day": None}),
    ("POST", "/v1/pots"): (KNOWN, {"account": "bob", "name": "n", "currency": "CNY"}),
    ("POST", "/v1/pots/{some_id}/moves"): (KNOWN, {"direction": "in", "amount": "1.00", "currency": "CNY"}),
    ("GET", "/v1/consents"): (ALL, None),
    ("GET", "/v1/cards"): (ALL, None),
    ("GET", "/v1/pots"): (ALL, None),
    ("POST", "/v1/cases/{some_id}/assignment"): ((REVIEWER,), {}),
    ("POST", "/v1/cases/{some_id}/snooze"): (
        (REVIEWER,),
        {"until": "2026-11-20T12:00:00Z", "reason": "r"},
    ),
    ("POST", "/v1/cases/{some_id}/escalation"): ((REVIEWER,), {"reason": "r"}),
    ("POST", "/v1/cases/{some_id}/notes"): ((REVIEWER,), {"text": "t"}),
    ("POST", "/v1/customers/{some_id}/showing"): ((TELLER, REVIEWER), {"purpose": "complaint"}),
    ("GET", "/v1/problems"): (ANYONE, None),
    ("GET", "/v1/problems/{code}"): (ANYONE, None),
    ("GET", "/v1/decisions/{decision}"): (ALL, None),
    ("GET", "/v1/decisions/{decision}/proof"): (ALL, None),
    ("GET", "/v1/audit/head"): (ANYONE, None),
    ("GET", "/health"): (ANYONE, None),
    ("GET", "/ready"): (ANYONE, None),
    ("GET", "/metrics"): (ANYONE, None),
}
FILLED = {
    "accounts/{some_id}": "accounts/bob",
    "holds/{some_id}": f"holds/{H}",
    "decisions/{some_id}": f"decisions/{D}",
    "step-ups/{some_id}": f"step-ups/{S}",
    "cases/{some_id}": f"cases/{C}",
    "cards/{some_id}": "cards/K00000000009",
    "pots/{some_id}": "pots/A00000000009",
    "pending-payments/{some_id}": "pending-payments/U00000000009",
    "schedules/{some_id}": "schedules/R00000000009",
    "appeals/{some_id}": "appeals/P00000000009",
    "call-backs/{some_id}": f"call-backs/{C}",
    "ties/{some_id}": "ties/T00000000009",
    "loan-applications/{some_id}": "loan-applications/Q00000000009",
    "loans/{some_id}": "loans/L00000000009",
    "pay-later/{some_id}": "pay-later/Y00000000009",
    "policy-drafts/{some_id}": "policy-drafts/P00000000008",
    "early-warnings/{some_id}": "early-warnings/D00000000009",
    "policies/{some_id}": "policies/outgoing_transfer",
    "{draft}": "P00000000008",
    "{application}": "Q00000000009",
    "{loan}": "L00000000009",
    "offerings/{some_id}": "offerings/O00000000009",
    "{appeal}": "P00000000009",
    "{tie}": "T00000000009",
    "customers/{some_id}": "customers/bob",
    "{account}": "bob",
    "{customer}": "bob",
    "{case}": C,
    "{challenge}": S,
    "{code}": "bug",
    "{decision}": D,
}


def address(path: str) -> str:
    for blank, filling in FILLED.items():
        path = path.replace(blank, filling)
    return path


def test_the_matrix_has_every_route(town: Talk):
    document = town.get("/openapi.json", "").json()
    routes = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert routes == set(MATRIX)


@pytest.mark.parametrize("who", ANYONE)
@pytest.mark.parametrize("route", MATRIX, ids=" ".join)
def test_only_those_who_may(town: Talk, route: tuple[str, str], who: str):
    allowed, body = MATRIX[route]
    method, path = route
    more = {} if body is None else {"json": body}
    told = town.ask(method, address(path), headers=town.counter.head(who), **more)
    assert told.status_code != 500
    if who in allowed:
        assert told.status_code not in (401, 403), told.text
    else:
        assert told.status_code == (403 if who else 401), told.text


FOREIGN = (
    ("GET", "/v1/accounts/alice", None),
    ("GET", "/v1/accounts/alice/statement", None),
    ("POST", "/v1/payments", {"payer": "alice", "payee": "bob", "device": "p"} | MONEY),
    ("POST", "/v1/accounts/alice/limits", {"currency": "CNY", "payment": None, "day": None, "month": None}),
    ("POST", "/v1/accounts/alice/closure", {"payee": "bob"}),
)


@pytest.mark.parametrize(("method", "path", "body"), FOREIGN)
def test_foreign_and_missing_look_alike(town: Talk, method: str, path: str, body: Any):
    told = []
    for name in ("alice", "nobody"):
        fields = {key: name if value == "alice" else value for key, value in (body or {}).items()}
        more = {"json": fields} if body else {}
        told.append(
            town.ask(method, path.replace("alice", name), headers=town.counter.head("customer:bob"), **more)
        )
    assert [one.status_code for one in told] == [404, 404]
    first, second = ({**one.json(), "decision": ""} for one in told)
    assert first == second


def test_a_granted_token_works_at_once_and_a_stranger_stays_out(town: Talk):
    town.counter.tokens.grant("customer:dora")
    assert town.get("/v1/accounts", "customer:dora").json() == {"items": [], "next": None}
    head = {"Authorization": "Bearer " + "x" * 35}
    assert town.ask("GET", "/v1/accounts", headers=head).status_code == 401
