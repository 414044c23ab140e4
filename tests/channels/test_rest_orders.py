"""Every route that changes something: it does what it says, once, and says why not."""

from __future__ import annotations

import pytest
from tests.channels.counter import Talk

from jingwei.kernel.clock import DAY


def test_an_account_is_opened_with_money_and_shown(town: Talk):
    name = town.newcomer(opening="5.00")
    shown = town.get(f"/v1/accounts/{name}", "staff:teller").json()
    assert (shown["booked"], shown["available"], shown["owner"]) == ("5.00", "5.00", name)
    again = town.post("/v1/accounts", {"customer": name, "product": "current_cny"})
    assert again.status_code == 201
    assert again.json()["made"].startswith("A")


def test_a_customer_opens_an_account_only_for_themselves(town: Talk):
    own = town.post("/v1/accounts", {"product": "current_cny"}, "customer:alice")
    assert own.status_code == 201
    assert town.get(f"/v1/accounts/{own.json()['made']}", "customer:alice").json()["owner"] == "alice"
    other = town.post("/v1/accounts", {"product": "current_cny", "customer": "bob"}, "customer:alice")
    assert (other.status_code, other.json()["code"]) == (403, "not_allowed")
    person = {"customer": "x", "name": "X", "product": "current_cny"}
    assert town.post("/v1/customers", person, "customer:alice").status_code == 403


def test_an_unknown_product_and_a_taken_number_are_refused(town: Talk):
    unknown = town.post("/v1/accounts", {"customer": "bob", "product": "gold"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "product_not_found")
    taken = town.post("/v1/accounts", {"customer": "bob", "product": "current_cny", "account": "alice"})
    assert (taken.status_code, taken.json()["code"]) == (409, "account_exists")


def test_a_deposit_and_its_reversal(town: Talk):
    name = town.newcomer()
    paid = town.post(
        "/v1/deposits", {"account": name, "amount": "8.00", "currency": "CNY", "source": "clearing"}
    )
    assert paid.json()["movements"][0] | {"payer": ""} == {
        "payer": "",
        "payee": name,
        "amount": "8.00",
        "amount_minor": 800,
        "currency": "CNY",
        "kind": "deposit",
    }
    path = f"/v1/decisions/{paid.json()['id']}/reversal"
    assert town.post(path, {"reason": "wrong account"}).json()["about"] == paid.json()["id"]
    assert town.get(f"/v1/accounts/{name}").json()["booked"] == "0.00"
    twice = town.post(path, {})
    assert (twice.status_code, twice.json()["code"]) == (409, "already_reversed")


def test_a_frozen_account_pays_nothing_until_it_is_free_again(town: Talk):
    name = town.newcomer(opening="50.00")
    town.counter.tokens.grant(f"customer:{name}")
    assert town.post(f"/v1/accounts/{name}/freeze", {"direction": "out"}).json()["result"] == "done"
    assert town.get(f"/v1/accounts/{name}").json()["frozen"] == "out"
    assert town.pay(name, "bob", "1.00").json()["refusal"]["code"] == "account_frozen"
    town.post(f"/v1/accounts/{name}/freeze", {"direction": "out", "on": False})
    assert town.pay(name, "bob", "1.00").json()["result"] == "allowed"


def test_limits_hold_from_the_next_payment_on(town: Talk):
    name = town.newcomer(opening="50.00")
    town.counter.tokens.grant(f"customer:{name}")
    limits = {"currency": "CNY", "payment": "2.00", "day": None, "month": None}
    assert town.post(f"/v1/accounts/{name}/limits", limits).status_code == 200
    told = town.pay(name, "bob", "2.01").json()
    assert told["refusal"]["code"] == "above_payment_limit" and "2.00 CNY" in told["refusal"]["zh"]


def test_an_account_is_closed_and_paid_out(town: Talk):
    name = town.newcomer(opening="50.00")
    rest = town.post("/v1/accounts", {"customer": name, "product": "current_cny"}).json()["made"]
    closed = town.post(f"/v1/accounts/{name}/closure", {"payee": rest})
    assert closed.json()["movements"][-1]["amount"] == "50.00"
    assert town.get(f"/v1/accounts/{name}").json()["status"] == "closed"


def test_an_exchange_is_two_movements_of_one_entry(town: Talk):
    name = town.newcomer(opening="71.24")
    dollars = town.post("/v1/accounts", {"customer": name, "product": "current_usd"}).json()["made"]
    ask = {"payer": name, "payee": dollars, "amount": "71.24", "currency": "CNY", "rate": "0.140371"}
    told = town.post("/v1/exchanges", ask).json()
    assert [m["currency"] for m in told["movements"]] == ["CNY", "USD"]
    assert town.get(f"/v1/accounts/{dollars}").json()["booked"] == "10.00"
    wrong = town.post("/v1/exchanges", ask | {"currency": "USD"})
    assert (wrong.status_code, wrong.json()["pointer"]) == (422, "/currency")
    assert town.post("/v1/exchanges", ask | {"rate": "0.0"}).status_code == 422


def test_a_teller_exchanges_near_the_banks_rate_and_no_further_alone(town: Talk):
    name = town.newcomer(opening="500.00")
    dollars = town.post("/v1/accounts", {"customer": name, "product": "current_usd"}).json()["made"]
    ask = {"payer": name, "payee": dollars, "amount": "71.20", "currency": "CNY"}
    near = town.post("/v1/exchanges", ask | {"rate": "0.1404", "margin_bp": 10}, "staff:teller").json()
    assert near["result"] == "done" and near["movements"]
    far = town.post("/v1/exchanges", ask | {"rate": "9.5"}, "staff:teller").json()
    assert (far["result"], far["movements"]) == ("proposed", []) and far["case"]
    again = town.post("/v1/exchanges", ask | {"rate": "9.5"}, "staff:teller")
    assert again.json()["code"] == "second_person_needed"
    told = town.get(f"/v1/cases/{far['case']}", "staff:reviewer").json()
    assert (told["code"], told["status"]) == ("exchange_proposed", "open")


def test_a_step_up_is_confirmed_only_as_shown_and_only_by_its_customer(town: Talk):
    held = town.pay(to=town.newcomer(), amount="6000.00").json()
    path = f"/v1/step-ups/{held['challenge']}"
    shown = town.get(path, "customer:alice").json()
    signed = {"confirm": True} | {name: shown[name] for name in ("payee", "amount", "currency")}
    other = town.post(path, signed | {"amount": "6000.01"}, "customer:alice")
    assert (other.status_code, other.json()["code"]) == (422, "what_was_signed_differs")
    assert town.post(path, signed, "customer:bob").status_code == 404
    assert town.get(path, "customer:bob").status_code == 404
    town.counter.clock.at -= 5 * 60 * 1_000_000
    done = town.post(path, signed, "customer:alice")
    assert done.json()["result"] == "allowed" and done.json()["about"] == held["id"]
    closed = town.post(path, signed, "customer:alice")
    assert (closed.status_code, closed.json()["code"]) == (409, "challenge_closed")


def test_a_step_up_answered_too_late_gives_the_money_back(town: Talk):
    held = town.pay(to=town.newcomer(), amount="6000.00").json()
    town.counter.clock.at += DAY
    signed = {"confirm": True, "payee": held["payee"], "amount": "6000.00", "currency": "CNY"}
    late = town.post(f"/v1/step-ups/{held['challenge']}", signed, "customer:alice")
    assert (late.status_code, late.json()["code"]) == (409, "challenge_expired")


@pytest.mark.parametrize(("release", "result"), [(True, "allowed"), (False, "refused")])
def test_a_person_answers_a_held_payment(town: Talk, release: bool, result: str):
    town.pay(amount="1.00")
    town.counter.clock.at += 2 * DAY
    held = town.pay(to=town.newcomer(), amount="60000.00").json()
    case = town.get(f"/v1/cases/{held['case']}").json()
    assert (case["amount"], case["status"], case["payer"]) == ("60000.00", "open", "alice")
    answered = town.post(
        f"/v1/cases/{held['case']}/review", {"release": release, "comment": "called"}, "staff:reviewer"
    )
    assert answered.json()["result"] == "proposed"
    town.counter.tokens.grant("staff:senior")
    second = town.post(f"/v1/cases/{held['case']}/review", {"release": release}, "staff:senior")
    assert second.json()["result"] == result
    again = town.post(f"/v1/cases/{held['case']}/review", {"release": release}, "staff:reviewer")
    assert (again.status_code, again.json()["code"]) == (409, "case_closed")


def test_a_payment_is_reported_as_fraud_by_its_number(town: Talk):
    paid = town.card(town.newcomer(opening="50.00")).json()["id"]
    told = town.post("/v1/fraud-reports", {"payment": paid})
    assert told.json()["result"] == "done"
    recorded = town.get(f"/v1/decisions/{told.json()['id']}").json()
    assert (recorded["command"], recorded["amount_minor"]) == ("report_fraud", 990)
    none = town.post("/v1/fraud-reports", {"payment": "D99999999999"})
    assert (none.status_code, none.json()["code"]) == (404, "decision_not_found")


def test_a_day_end_can_be_asked_for_twice(town: Talk):
    town.newcomer("savings_cny", "100.00")
    ask = {"day": "2026-11-01"}
    first = town.post("/v1/day-ends", ask)
    assert first.status_code == 200 and first.json()["damaged"] == []
    balances = town.get("/v1/accounts?limit=500").json()
    assert town.post("/v1/day-ends", ask).content == first.content
    assert town.get("/v1/accounts?limit=500").json() == balances
    future = town.post("/v1/day-ends", {"day": "2999-01-01"})
    assert (future.status_code, future.json()["code"]) == (422, "day_not_over")
    assert town.post("/v1/day-ends", {"day": "2026-02-30"}).status_code == 422
    assert town.post("/v1/day-ends", ask, "customer:alice").status_code == 403


def test_a_policy_is_published_with_its_errors_named(town: Talk):
    wrong = town.post("/v1/policies", {"text": "name = 'card_payment'"})
    assert wrong.status_code == 422
    assert wrong.json()["code"] == "policy_not_valid" and "field version" in wrong.json()["en"]
    assert wrong.json()["zh"].startswith("该策略")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/deposits", {"account": "alice", "amount": "1.00", "currency": "CNY"}),
        ("/v1/accounts", {"customer": "alice", "product": "current_cny"}),
        ("/v1/accounts/bob/freeze", {"direction": "in", "on": False}),
        ("/v1/holds/H00000000000/release", {}),
    ],
)
def test_every_order_is_replayed_with_the_same_bytes(town: Talk, path: str, body: dict[str, object]):
    key = town.counter.key()
    first, again = town.post(path, body, key=key), town.post(path, body, key=key)
    assert first.content == again.content and first.status_code == again.status_code
    assert again.headers["idempotent-replayed"] == "true"
    records = town.get("/v1/audit/head").json()["size"]
    town.post(path, body, key=key)
    assert town.get("/v1/audit/head").json()["size"] == records


def test_one_key_for_two_routes_is_refused(town: Talk):
    key = town.counter.key()
    town.post("/v1/deposits", {"account": "alice", "amount": "1.00", "currency": "CNY"}, key=key)
    told = town.post("/v1/accounts", {"customer": "alice", "product": "current_cny"}, key=key)
    assert (told.status_code, told.json()["code"]) == (422, "key_used_for_another")


def test_nobody_reviews_their_own_payment(town: Talk, monkeypatch: pytest.MonkeyPatch):
    town.counter.tokens.grant("staff:alice")
    every = ("risk_reviewer", "customer", "system")
    monkeypatch.setattr(town.counter.tokens, "roles_of", lambda actor: every)
    held = town.pay(to=town.newcomer(), amount="60000.00", device="").json()
    told = town.post(f"/v1/cases/{held['case']}/review", {"release": True}, "staff:alice")
    assert (told.status_code, told.json()["code"]) == (403, "own_work")
