"""What is under way, over REST: schedules, waiting payments, payees, work on a case, policy drafts."""

from __future__ import annotations

import pytest
from tests.channels.counter import Counter, Talk

from jingwei.domains.fraud.policy import policy_text
from jingwei.journeys.prefer import Prefer

ALICE, REVIEWER, OWNER = "customer:alice", "staff:reviewer", "staff:model_owner"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    talk = Talk(Counter(tmp_path_factory.mktemp("work") / "home"))
    yield talk
    talk.close()


def test_ones_own_schedules_waiting_payments_and_payees_are_read(town):
    ask = {"payer": "alice", "payee": "bob", "amount": "12.50", "currency": "CNY"}
    planned = town.post("/v1/schedules", ask | {"every": "monthly", "first": "2026-12-31"}, ALICE).json()
    waits = town.post("/v1/payments", ask | {"device": "alice-phone", "undo_s": 60}, ALICE).json()
    town.post("/v1/payees", {"account": "bob", "name": "Bob"}, ALICE)
    first = town.get("/v1/schedules", ALICE).json()
    assert [(one["id"], one["next_day"], one["amount"]) for one in first] == [
        (planned["made"], "2026-12-31", "12.50")
    ]
    pending = town.get("/v1/pending-payments", ALICE).json()
    assert [(one["about"], one["status"], one["amount_minor"]) for one in pending] == [
        (waits["id"], "waiting", 1_250)
    ]
    assert [one["name"] for one in town.get("/v1/payees", ALICE).json()] == ["Bob"]
    for path in ("/v1/schedules", "/v1/pending-payments", "/v1/payees"):
        assert town.get(path, "customer:bob").json() == []
        assert town.get(f"{path}?owner=alice", "customer:bob").json() == [], "nobody names another"
        assert len(town.get(f"{path}?owner=alice", "staff:teller").json()) == 1


def test_a_payment_waits_as_its_customer_prefers_unless_it_says_itself(town):
    ask = {"payer": "alice", "payee": "bob", "amount": "1.00", "currency": "CNY", "device": "alice-phone"}
    counter = town.counter
    stamp = {"key": "prefers", "actor": ALICE, "at": counter.clock.now(), "known_at": counter.clock.at}

    def waiting():
        found = town.get("/v1/pending-payments", ALICE).json()
        return len([one for one in found if one["status"] == "waiting"])

    before = waiting()
    assert town.post("/v1/payments", ask, ALICE).json()["result"] == "allowed"
    assert waiting() == before, "nothing said: paid at once"
    counter.home.bank.do([Prefer(undo_s=30, **stamp)])
    key = counter.key()
    first = town.post("/v1/payments", ask, ALICE, key=key)
    assert waiting() == before + 1
    counter.home.bank.do([Prefer(undo_s=0, **(stamp | {"key": "prefers-not"}))])
    assert town.post("/v1/payments", ask, ALICE, key=key).content == first.content, "asked again, the same"
    town.post("/v1/payments", ask, ALICE)
    assert waiting() == before + 1
    town.post("/v1/payments", ask | {"undo_s": 10}, ALICE)
    assert waiting() == before + 2


def test_the_work_on_a_case_is_read_by_staff(town):
    ask = {"payer": "alice", "payee": "mallory", "amount": "60000.00", "currency": "CNY", "device": "new"}
    case = town.post("/v1/payments", ask, ALICE).json()["case"]
    path = f"/v1/cases/{case}/casework"
    assert town.get(path, REVIEWER).json()["inbox"] == "new"
    assert town.post(f"/v1/cases/{case}/assignment", {"to": REVIEWER}, REVIEWER).status_code == 200
    assert town.post(f"/v1/cases/{case}/notes", {"text": "called her"}, REVIEWER).status_code == 201
    work = town.get(path, "staff:auditor").json()
    assert (work["assignee"], work["inbox"]) == (REVIEWER, "risk")
    assert [note["text"] for note in work["notes"]][-1] == "called her"
    assert town.get("/v1/cases/C00000999999/casework", REVIEWER).status_code == 404


def test_a_draft_is_proposed_judges_along_and_is_approved_by_another(town):
    text = policy_text("outgoing_transfer").replace("version = 1", "version = 2", 1)
    made = town.post("/v1/policy-drafts", {"text": text, "why": "next"}, OWNER).json()["made"]
    told = town.get(f"/v1/policy-drafts/{made}", REVIEWER).json()
    assert (told["state"], told["version"], told["text"]) == ("proposed", 2, text)
    assert town.post(f"/v1/policy-drafts/{made}/shadow", {"on": True}, OWNER).status_code == 200
    assert town.get("/v1/policy-drafts", REVIEWER).json()[0]["state"] == "shadow"
    path = f"/v1/policy-drafts/{made}/approval"
    assert town.post(path, {"digest": "0" * 64}, REVIEWER).status_code == 422, "not what was proposed"
    own = town.post(path, {"digest": told["digest"]}, OWNER)
    assert own.status_code == 403 and own.json()["code"] == "own_work"
    assert town.post(path, {"digest": told["digest"]}, REVIEWER).status_code == 201
    assert town.get("/v1/policies", REVIEWER).json()[0]["version"] in (1, 2)
    assert town.get(f"/v1/policy-drafts/{made}", OWNER).json()["state"] == "published"
    again = town.post("/v1/policy-drafts", {"text": text.replace("= 2", "= 3", 1), "why": "x"}, OWNER).json()
    rejected = town.post(f"/v1/policy-drafts/{again['made']}/rejection", {"reason": "no"}, REVIEWER)
    assert rejected.status_code == 200
