"""A company's loan on the command line and over REST: what may be read, asked for, seen and taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.channels.counter import Counter, Talk

from jingwei.channels.demo_companies import companies_open
from jingwei.home import open_home

Run = Callable[..., tuple[int, str, str]]
ASK = {"product": "shop_loan", "account": "teahouse", "amount": "10000.00", "months": 12, "purpose": "stock"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the demo's companies, none of which agreed to anything yet."""
    path = tmp_path_factory.mktemp("company_cli") / "home"
    home = open_home(path)
    companies_open(home)
    home.close()
    return path


def told(run: Run, *words: object) -> Any:
    """What a command answers to a program."""
    code, out, err = run(*words, "--json")
    assert code == 0, err
    return json.loads(out.splitlines()[-1])


def test_a_company_agrees_asks_and_takes_back_on_the_command_line(jingwei: Run) -> None:
    wish = ("loan", "apply", "teahouse", "shop_loan", "10000", "12")
    code, _, err = jingwei(*wish)
    assert code != 0 and "jingwei loan agree" in err
    stands = told(jingwei, "loan", "agree", "teahouse")
    assert not stands["accounts"] and [one["source"] for one in stands["sources"]] == [
        "tax", "invoices", "bureau",
    ]  # fmt: skip
    stands = told(jingwei, "loan", "agree", "teahouse", "accounts", "tax", "bureau")
    assert stands["accounts"] and [one["agreed"] for one in stands["sources"]] == [True, False, True]
    found = told(jingwei, *wish, "--person")
    states = {one["source"]: one["state"] for one in found["company"]["sources"]}
    assert states == {"tax": "read", "invoices": "not_agreed", "bureau": "read"}
    assert found["status"] == "waiting" and found["company"]["turnover"] == "330324.00"
    code, out, _ = jingwei("loan", "show", found["id"])
    assert code == 0 and "simulated_tax" in out
    told(jingwei, "loan", "agree", "teahouse", "tax", "--stop")
    after = told(jingwei, "loan", "show", found["id"])
    states = {one["source"]: one["state"] for one in after["company"]["sources"]}
    assert states["tax"] == "not_agreed" and after["company"]["turnover"] == "124295.00"
    (listed,) = told(jingwei, "loan", "list")["applications"]
    assert (listed["company"], listed["points"]) == (after["company"], after["points"])
    told(jingwei, "loan", "agree", "teahouse", "accounts", "--stop")
    assert told(jingwei, "loan", "agree", "teahouse")["sources"][2]["agreed"], "accounts alone were named"
    code, _, err = jingwei("loan", "agree", "teahouse", "dreams")
    assert code == 2 and "invoices" in err


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Any:
    counter = Counter(tmp_path_factory.mktemp("company_rest") / "home")
    companies_open(counter.home)
    counter.tokens.grant("customer:teahouse")
    one = Talk(counter)
    yield one
    one.close()


def test_over_rest_each_source_is_agreed_to_by_its_name_and_staff_see_what_holds(talk: Any) -> None:
    me, staff = "customer:teahouse", "staff:reviewer"
    asked = talk.get("/v1/loan-sources", me).json()
    assert [(one["source"], one["agreed"]) for one in asked] == [
        ("tax", False), ("invoices", False), ("bureau", False),
    ]  # fmt: skip
    assert talk.post("/v1/consents", {"purpose": "credit"}, me).status_code == 200
    assert not any(one["agreed"] for one in talk.get("/v1/loan-sources", me).json()), "the purpose is not all"
    more = {"purpose": "credit", "data": ["tax", "invoices", "bureau"]}
    assert talk.post("/v1/consents", more, me).status_code == 200
    made = talk.post("/v1/loan-applications", ASK | {"person": True}, me).json()["made"]
    seen = talk.get(f"/v1/loan-applications/{made}", staff).json()
    assert [one["state"] for one in seen["company"]["sources"]] == ["read", "read", "read"]
    assert talk.post("/v1/consents/withdrawal", {"purpose": "credit", "data": ["tax"]}, me).status_code == 200
    after = talk.get(f"/v1/loan-applications/{made}", staff).json()
    assert after["company"]["sources"][0] == seen["company"]["sources"][0] | {
        "state": "not_agreed", "told_by": "", "figures": [],
        "zh": after["company"]["sources"][0]["zh"], "en": after["company"]["sources"][0]["en"],
    }  # fmt: skip
    assert after["points"] != seen["points"] and "tax_sales" not in json.dumps(after["company"])
    listed = talk.get("/v1/loan-applications?owner=teahouse", staff).json()
    assert [one["points"] for one in listed] == [after["points"]]
    answer = {"approve": True, "words": "spoke 已沟通", "currency": "CNY"}
    assert talk.post(f"/v1/cases/{after['case']}/loan-review", answer, staff).status_code == 200
    assert talk.get(f"/v1/loan-applications/{made}", me).json()["points"] == after["points"]


def test_staff_look_at_a_companys_records_for_a_loan_only_while_it_agrees(talk: Any) -> None:
    me, path = "customer:harbour", "/v1/customers/harbour/view?purpose=credit&why=loan"
    talk.counter.tokens.grant(me)

    def kinds() -> set[str]:
        seen = talk.get(path, "staff:customer_manager")
        assert seen.status_code == 200, seen.text
        return {one["kind"] for one in seen.json()["timeline"]}

    assert talk.post("/v1/consents", {"purpose": "credit"}, me).status_code == 200
    assert not kinds() & {"tax_return", "invoice", "power_bill", "chain_order"}
    tax = {"purpose": "credit", "data": ["tax"]}
    assert talk.post("/v1/consents", tax, me).status_code == 200
    assert "tax_return" in kinds() and not kinds() & {"invoice", "power_bill", "chain_order"}
    assert talk.post("/v1/consents/withdrawal", tax, me).status_code == 200
    assert "tax_return" not in kinds()


def test_during_an_appeal_staff_see_no_line_of_a_source_that_was_taken_back(talk: Any) -> None:
    me, staff = "customer:needle", "staff:reviewer"
    talk.counter.tokens.grant(me)
    assert talk.post("/v1/consents", {"purpose": "credit"}, me).status_code == 200
    agreed = {"purpose": "credit", "data": ["tax", "bureau"]}
    assert talk.post("/v1/consents", agreed, me).status_code == 200
    wish = ASK | {"account": "needle", "amount": "60000.00"}
    made = talk.post("/v1/loan-applications", wish, me).json()["made"]
    path = f"/v1/loan-applications/{made}"

    def lines(who: str) -> dict[str, int]:
        return points(talk.get(path, who).json())

    before = lines(staff)
    taken = {"purpose": "credit", "data": ["tax"]}
    assert talk.post("/v1/consents/withdrawal", taken, me).status_code == 200
    assert lines(staff) == before, "what was answered stays as it was answered"
    assert talk.post(f"{path}/appeal", {"text": "again 请再看"}, me).status_code == 201
    after = lines(staff)
    unlike = {name for name in before if before[name] != after[name]}
    assert unlike == {"tax_late_filings"} and after["tax_late_filings"] > before["tax_late_filings"]
    (listed,) = talk.get("/v1/loan-applications?owner=needle", staff).json()
    assert points(listed) == after
    assert lines(me) == before, "the customer keeps the reasons of its letter"


def test_products_say_whom_they_are_for(talk: Any) -> None:
    products = talk.get("/v1/loan-products", "customer:teahouse").json()
    assert {one["id"] for one in products if one["borrower"] == "company"} == {"shop_loan@1", "stock_loan@1"}


def points(told: Any) -> dict[str, int]:
    """The lines of a score."""
    return {one["name"]: one["points"] for one in told["score"]}
