"""Over REST: an early warning is answered once, a record is linked and parted, earlier rules judge again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.channels.seeded import Seeded
from tests.channels.seeded_staff import record, rollback, warning

from jingwei.stores.insight_people import Doubt

COMPLIANCE, TELLER, REVIEWER = "staff:compliance", "staff:teller", "staff:reviewer"


@pytest.fixture(scope="module")
def bank() -> Iterator[Seeded]:
    one = Seeded(5)
    yield one
    one.close()


def test_a_warning_is_read_with_its_signals_and_answered_once(bank: Seeded):
    made = warning(bank)
    told = {one["id"]: one for one in bank.talk.get("/v1/early-warnings", TELLER).json()}[made]
    assert (told["chance_percent"], told["proposal"], told["status"]) == ("32.10", "extension", "open")
    assert told["signals"][0]["en"].endswith(": 0.4") and "：0.4" in told["signals"][0]["zh"]
    body = {"outcome": "spoken", "words": "The wage comes on Monday."}
    path = f"/v1/early-warnings/{made}/answer"
    assert bank.talk.post(path, body, REVIEWER).status_code == 403
    assert bank.talk.post(path, body, "customer:" + told["customer"]).status_code == 403
    assert bank.talk.post(path, body, TELLER).status_code == 200
    again = bank.talk.post(path, body, TELLER)
    assert again.status_code == 409 and again.json()["code"] == "warning_answered"
    assert bank.talk.post("/v1/early-warnings/D00000999999/answer", body, TELLER).status_code == 404
    done = bank.talk.get("/v1/early-warnings?status=answered", TELLER).json()
    assert [one["words"] for one in done if one["id"] == made] == ["The wage comes on Monday."]
    assert made not in [one["id"] for one in bank.talk.get("/v1/early-warnings", TELLER).json()]
    assert bank.talk.post(path, {"outcome": "fired"}, TELLER).status_code == 422


def test_a_record_is_linked_parted_and_linked_again_by_a_person_and_nobody_is_asked_twice(bank: Seeded):
    who, people = bank.payers[0], bank.talk.counter.home.insight.people
    one = record(bank, customer=who)
    other = record(bank, customer=bank.calm)
    people.keep_doubts(
        [Doubt(it["source"], it["subject"], it["customer"], 9, 600, (), 1) for it in (one, other)]
    )
    assert bank.talk.post("/v1/identity-links", one, COMPLIANCE).status_code == 200
    links = bank.talk.get(f"/v1/identity-links?customer={who}", COMPLIANCE).json()
    assert (one["subject"], "linked", "person") in {(it["subject"], it["state"], it["how"]) for it in links}
    waiting = bank.talk.counter.home.insight.people.doubts(9)
    assert [it.subject for it in waiting] == [other["subject"]], "the desk knows it at once"
    assert bank.talk.post("/v1/identity-links/apart", other, COMPLIANCE).status_code == 200
    assert bank.talk.counter.home.insight.people.waiting() == 0
    taken = bank.talk.post("/v1/identity-links", one | {"customer": bank.calm}, COMPLIANCE)
    assert taken.status_code == 409 and taken.json()["code"] == "linked_already"
    gone = {name: one[name] for name in ("source", "subject", "reason")}
    assert bank.talk.post("/v1/identity-links/parting", gone, COMPLIANCE).status_code == 200
    assert bank.talk.post("/v1/identity-links/parting", gone, COMPLIANCE).status_code == 404
    assert bank.talk.post("/v1/identity-links", one, COMPLIANCE).status_code == 200, "a person may"


def test_earlier_rules_judge_again_under_a_new_number(bank: Seeded):
    asked = rollback(bank)
    name = asked.blanks["some_id"]
    path = f"/v1/policies/{name}/rollback"
    before = {one["name"]: one for one in bank.talk.get("/v1/policies", REVIEWER).json()}[name]
    assert bank.talk.post(path, asked.body, TELLER).status_code == 403
    wrong = bank.talk.post(path, asked.body | {"back_to": f"{name}@99"}, REVIEWER)
    assert wrong.status_code == 404 and wrong.json()["code"] == "version_not_found"
    assert bank.talk.post("/v1/policies/nothing/rollback", asked.body, REVIEWER).status_code == 404
    told = bank.talk.post(path, asked.body, REVIEWER)
    assert told.status_code == 201, told.text
    after = {one["name"]: one for one in bank.talk.get("/v1/policies", REVIEWER).json()}[name]
    assert int(after["version"]) == int(before["version"]) + 1 and after["digest"] != before["digest"]
    again = bank.talk.post(path, asked.body, REVIEWER)
    assert again.status_code == 422 and again.json()["code"] == "nothing_to_go_back_to"
