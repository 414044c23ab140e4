"""What can be read: whole statements page by page, explained decisions, proofs, figures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.channels.counter import Talk

from jingwei.channels.rest.counting import Counted
from jingwei.kernel.clock import SECOND

VERIFIER = Path(__file__).resolve().parents[2] / "tools" / "verify_proof.py"


@pytest.mark.parametrize("limit", [1, 3, 7, 500])
def test_a_statement_has_every_line_once_in_pages_of_any_size(town: Talk, limit: int):
    name = town.newcomer(opening="100.00")
    for n in range(9):
        town.post("/v1/deposits", {"account": name, "amount": f"{n + 1}.00", "currency": "CNY"})
    lines, after = [], ""
    while True:
        page = town.get(f"/v1/accounts/{name}/statement?limit={limit}&after={after}").json()
        lines += page["items"]
        if page["next"] is None:
            break
        after = page["next"]
    assert [line["amount"] for line in lines] == [f"{n}.00" for n in range(9, 0, -1)] + ["100.00"]
    assert [line["after_minor"] for line in lines][0] == 14500
    assert all(
        a["after_minor"] - a["amount_minor"] == b["after_minor"]
        for a, b in zip(lines, lines[1:], strict=False)
    )


def test_a_cursor_of_another_account_shows_nothing(town: Talk):
    town.pay()
    page = town.get("/v1/accounts/alice/statement?limit=1", "customer:alice").json()
    mallory = town.get(f"/v1/accounts/mallory/statement?after={page['next']}", "customer:mallory")
    assert (mallory.status_code, mallory.json()["pointer"]) == (422, "/after")
    for cursor in ("-1", "99999999999999999999", "１", "x"):
        assert town.get(f"/v1/accounts/alice/statement?after={cursor}", "customer:alice").status_code == 422


def test_customers_list_their_own_accounts_and_staff_all(town: Talk):
    mine = town.get("/v1/accounts", "customer:alice").json()["items"]
    assert mine and {account["owner"] for account in mine} == {"alice"}
    assert town.get("/v1/accounts?owner=bob", "customer:alice").json()["items"] == mine
    assert {account["owner"] for account in town.get("/v1/accounts?owner=bob").json()["items"]} == {"bob"}
    ids, after = [], ""
    while after is not None:
        page = town.get(f"/v1/accounts?limit=2&after={after}").json()
        ids += [account["id"] for account in page["items"]]
        after = page["next"]
    assert ids == sorted(set(ids)) and {"alice", "bob", "bank:cash:CNY"} <= set(ids)


def test_a_decision_is_explained_to_staff_with_the_values_its_rules_read(town: Talk):
    held = town.pay(to=town.newcomer(), amount="6000.00").json()
    told = town.get(f"/v1/decisions/{held['id']}").json()
    reason = told["reasons"][0]
    assert reason["code"] == "large_to_new_payee" and reason["verdict"] == "step_up"
    assert reason["read"] == {"payee_age_s": 0.0, "amount_minor": 600000.0}
    assert "500_000 <= amount_minor 600000 < 5_000_000" in reason["because"]
    assert told["model"] and 0 <= told["score"] <= 1


def test_a_decision_of_somebody_else_is_not_there(town: Talk):
    paid = town.pay().json()["id"]
    assert town.get(f"/v1/decisions/{paid}", "customer:alice").status_code == 200
    foreign = town.get(f"/v1/decisions/{paid}", "customer:bob")
    missing = town.get("/v1/decisions/D99999999999", "customer:bob")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.content == missing.content
    assert town.get(f"/v1/decisions/{paid}/proof", "customer:bob").content == missing.content


def test_the_owner_sees_how_staff_answered_their_payment(town: Talk):
    held = town.pay(to=town.newcomer(), amount="60000.00", device="").json()
    answered = town.post(f"/v1/cases/{held['case']}/review", {"release": False}, "staff:reviewer").json()
    assert town.get(f"/v1/decisions/{answered['id']}", "customer:alice").json()["about"] == held["id"]
    assert town.get(f"/v1/decisions/{answered['id']}", "customer:bob").status_code == 404


def test_a_proof_is_verified_by_a_program_that_shares_no_code_with_the_bank(town: Talk, tmp_path: Path):
    paid = town.pay().json()["id"]
    proof = tmp_path / "p.json"
    proof.write_bytes(town.get(f"/v1/decisions/{paid}/proof", "customer:alice").content)
    run = [sys.executable, str(VERIFIER), str(proof)]
    good = subprocess.run(run, capture_output=True, text=True, check=False)
    assert good.returncode == 0, good.stdout + good.stderr
    proof.write_bytes(proof.read_bytes().replace(b"12", b"13", 1))
    assert subprocess.run(run, capture_output=True, check=False).returncode != 0


def test_the_head_is_signed_over_all_records(town: Talk):
    town.pay()
    head = town.get("/v1/audit/head", "").json()
    assert head["size"] == town.counter.home.store.size()
    assert len(bytes.fromhex(head["signature"])) == 64


def test_policies_in_force_are_shown_with_their_sentences(town: Talk):
    policies = town.get("/v1/policies").json()
    assert {policy["name"] for policy in policies} == {"card_payment", "outgoing_transfer"}
    assert all(rule["zh"] and rule["en"] for policy in policies for rule in policy["rules"])


def test_every_code_has_its_words(town: Talk):
    codes = {problem["code"]: problem for problem in town.get("/v1/problems", "").json()}
    assert {"balance_too_low", "key_missing", "account_not_found"} <= set(codes)
    assert town.get("/v1/problems/balance_too_low", "").json() == codes["balance_too_low"]
    assert town.get("/v1/problems/no_such_code", "").status_code == 404


def test_figures_for_prometheus_count_decisions(town: Talk):
    def allowed() -> float:
        lines = town.get("/metrics", "").text.splitlines()
        return sum(
            float(line.split()[1])
            for line in lines
            if line.startswith('jingwei_decisions_total{result="allowed"}')
        )

    before = allowed()
    town.pay()
    assert allowed() == before + 1


def test_figures_for_prometheus_tell_a_clock_that_is_apart():
    assert b"jingwei_clock_behind_seconds 5.0\n" in Counted(lambda: 1, lambda: 5 * SECOND).text()
    assert b"clock_behind" not in Counted(lambda: 1).text()


def test_alive_and_ready(town: Talk):
    assert town.get("/health", "").json() == {"status": "alive"}
    assert town.get("/ready", "").json() == {"status": "ready"}


def test_the_document_names_every_route_and_its_schemas(town: Talk):
    made = town.get("/openapi.json", "").json()
    assert len([path for path in made["paths"] if path.startswith("/v1/")]) >= 25
    text = json.dumps(made)
    for name in ("Transfer", "CardPayment", "PaymentTold", "AccountTold", "StatementTold", "Body"):
        assert name in made["components"]["schemas"], name
    assert "\\\\A" not in text and "HTTPValidationError" not in text
    for path, methods in made["paths"].items():
        for method, route in methods.items():
            assert route.get("summary"), (path, method)
            if method == "post" and path != "/v1/day-ends":
                assert any(p["name"] == "Idempotency-Key" for p in route["parameters"]), path
