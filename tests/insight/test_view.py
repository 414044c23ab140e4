"""The view holds what all systems tell, for a purpose; what the purpose may not see is not read."""

from __future__ import annotations

import pytest
from tests.channels.counter import Counter, Talk

from jingwei.channels.rest.view_of import SEES
from jingwei.channels.roles import ROLES
from jingwei.consent.grounds import REGISTER
from jingwei.domains.insight.happenings import KINDS, Happening, Profile
from jingwei.domains.insight.view import SECTIONS, kinds_of
from jingwei.kernel.clock import DAY
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.stores.insight import Import, Parcel


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    talk = Talk(Counter(tmp_path_factory.mktemp("view")))
    shelf, at = talk.counter.home.insight, talk.counter.clock.now()
    kinds = [kind for kind in KINDS if kind != "profile"]
    for source, some in (("one", kinds[::2]), ("two", kinds[1::2])):
        told = [
            Happening("alice", at - (number + 1) * DAY, at, kind, "x", _amount(kind), _currency(kind))
            for number, kind in enumerate(some)
        ]
        stranger = [told[0]._replace(subject="bob")]
        one = shelf.begin(Import(source, source, "m", "f", "d", at))
        whose = {"alice": "alice", "bob": "bob"}
        profile = [Profile("alice", at, "爱丽丝", phone="13800138000")]
        shelf.take(one, Parcel([*told, *stranger], profile, [], {}, 1, 0, 0, whose))
    yield talk
    talk.close()


def _amount(kind: str) -> int:
    direction = KINDS[kind].direction
    return 0 if direction == "none" else 100 if direction == "in" else -100


def _currency(kind: str) -> str:
    return "CNY" if _amount(kind) else ""


def view(talk, who: str, customer: str = "alice", **asked: str):
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return talk.get(f"/v1/customers/{customer}/view?{query}", who)


def told(answer) -> dict:
    assert answer.status_code == 200, answer.text
    body: dict = answer.json()
    return body


def test_a_teller_sees_for_service_and_is_told_what_is_left_out(talk):
    seen = told(view(talk, "staff:teller"))
    assert seen["who"]["name"] == "A•••• 爱••", "masked"
    assert {one["kind"] for one in seen["timeline"]} == set(kinds_of({DataClass.TRANSACTIONS}))
    assert [one["source"] for one in seen["sources"]] == ["one", "two"]
    assert seen["devices"] == [] and seen["behaviour"] == [] and seen["cases"] == []
    left = {one["part"]: one["why"] for one in seen["left_out"]}
    assert left == dict.fromkeys(("devices", "behaviour", "cases"), "not_for_purpose")


def test_for_risk_there_is_no_identity_but_devices_and_behaviour(talk):
    seen = told(view(talk, "staff:reviewer", purpose="risk"))
    assert seen["who"] is None and seen["devices"] and seen["behaviour"]
    assert {one["part"] for one in seen["left_out"]} == {"who"}
    kinds = {one["kind"] for one in seen["timeline"]}
    read = set(REGISTER[Purpose.RISK].data)
    assert kinds == {name for name, kind in KINDS.items() if kind.data in read}
    assert not kinds & {"tax_return", "power_bill", "invoice", "chain_order"}, "what a company lets be read"


def test_for_marketing_nothing_is_read_until_the_customer_agrees_and_then_only_what_was_agreed(talk):
    before = view(talk, "staff:customer_manager", purpose="marketing")
    assert (before.status_code, before.json()["code"]) == (409, "consent_missing")
    body = {"purpose": "marketing", "data": ["transactions"]}
    assert talk.post("/v1/consents", body, "customer:alice").status_code == 200
    seen = told(view(talk, "staff:customer_manager", purpose="marketing"))
    assert seen["who"] is None and seen["timeline"] and seen["accounts"]
    left = {one["part"]: one["why"] for one in seen["left_out"]}
    assert left["who"] == "not_agreed" and left["devices"] == "not_for_purpose"
    talk.post("/v1/consents/withdrawal", {"purpose": "marketing"}, "customer:alice")
    assert view(talk, "staff:customer_manager", purpose="marketing").status_code == 409


def test_every_look_is_sealed_with_who_why_and_what_and_the_customer_sees_it(talk):
    size = talk.counter.home.store.size()
    told(view(talk, "staff:teller", why="asked at the counter"))
    sealed = talk.counter.home.store.record(size).decode()
    assert '"type":"use_data"' in sealed and "staff:teller" in sealed and "asked at the counter" in sealed
    uses = talk.get("/v1/consents", "customer:alice").json()
    service = next(one for one in uses if one["purpose"] == "service")
    assert any(use["reader"] == "staff:teller" for use in service["uses"])
    own = talk.counter.home.store.size()
    told(view(talk, "customer:alice"))
    assert talk.counter.home.store.size() == own, "looking at one's own things is no use by the bank"


def test_customers_see_their_own_whole_view_and_nobody_elses(talk):
    seen = told(view(talk, "customer:alice"))
    assert seen["who"]["name"] == "Alice 爱丽丝" and seen["devices"] and not seen["left_out"]
    assert view(talk, "customer:bob").status_code == view(talk, "customer:bob", "nobody").status_code == 404


def test_a_role_looks_for_its_own_purposes_alone(talk):
    assert view(talk, "staff:teller", purpose="risk").status_code == 403
    assert view(talk, "staff:reviewer", purpose="service").status_code == 403
    assert view(talk, "staff:auditor").status_code == 403
    assert set(SEES) <= {*ROLES, "system"}


def test_the_cash_flow_is_the_sum_of_what_moved_money(talk):
    seen = told(view(talk, "staff:teller"))
    moved = [one for one in seen["timeline"] if one["amount_minor"]]
    assert sum(one["in_minor"] for one in seen["cashflow"]) == sum(
        one["amount_minor"] for one in moved if one["amount_minor"] > 0
    )
    assert sum(one["out_minor"] for one in seen["cashflow"]) == sum(
        one["amount_minor"] for one in moved if one["amount_minor"] < 0
    )
    assert {one["product"] for one in seen["products"]} == {"card", "loan", "funds", "insurance"}


def test_every_part_of_the_view_has_a_kind_of_data():
    apart = set(REGISTER[Purpose.CREDIT].apart)
    assert set(SECTIONS.values()) | {DataClass.LOCATION} | apart == set(DataClass)
