"""Over REST a customer manager works on the cases of loans as on the desk, and on no other case."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.channels.seeded import Seeded
from tests.channels.seeded_loans import waiting

from jingwei.kernel.clock import HOUR, iso

MANAGER, REVIEWER, TELLER = "staff:customer_manager", "staff:reviewer", "staff:teller"


@pytest.fixture(scope="module")
def bank() -> Iterator[Seeded]:
    one = Seeded(8)
    yield one
    one.close()


def works(bank: Seeded) -> dict[str, dict[str, object]]:
    until = iso(bank.talk.counter.clock.at + 2 * HOUR)
    return {
        "assignment": {"to": MANAGER},
        "notes": {"text": "spoke with the customer"},
        "snooze": {"until": until, "reason": "a pay slip comes"},
        "escalation": {"reason": "large for this branch"},
    }


def test_a_manager_works_on_a_loan_case_as_on_the_desk(bank: Seeded):
    _, _, case = waiting(bank)
    for act, body in works(bank).items():
        told = bank.talk.post(f"/v1/cases/{case}/{act}", body, MANAGER)
        assert told.status_code in (200, 201), (act, told.text)
    work = bank.talk.get(f"/v1/cases/{case}/casework", MANAGER).json()
    assert (work["inbox"], work["escalated"]) == ("second_line", True)
    assert {"assigned", "note", "snoozed", "escalated"} <= {one["kind"] for one in work["notes"]}
    assert work["notes"][0]["by"] == MANAGER
    shown = bank.talk.get(f"/v1/cases/{case}", MANAGER).json()
    assert (shown["code"], shown["amount"], shown["currency"]) == ("loan_review", "1200.00", "CNY")


def test_a_case_of_a_payment_is_none_of_the_managers(bank: Seeded):
    case = bank.case()
    for act, body in works(bank).items():
        assert bank.talk.post(f"/v1/cases/{case}/{act}", body, MANAGER).status_code == 403, act
        assert bank.talk.post(f"/v1/cases/{case}/{act}", body, TELLER).status_code == 403, act
    for path in (f"/v1/cases/{case}", f"/v1/cases/{case}/casework"):
        assert bank.talk.get(path, MANAGER).status_code == 403
        assert bank.talk.get(path, REVIEWER).status_code == 200
    assert bank.talk.get(f"/v1/cases/{case}/casework", REVIEWER).json()["notes"] == [], "nothing was kept"
    for act, body in works(bank).items():
        assert bank.talk.post(f"/v1/cases/{case}/{act}", body, REVIEWER).status_code < 300, act


def test_the_list_of_a_manager_has_the_loans_alone_page_by_page(bank: Seeded):
    mixed = [bank.case(), waiting(bank)[2], bank.case(), waiting(bank)[2]]
    everything = [one["id"] for one in bank.talk.get("/v1/cases?limit=500", REVIEWER).json()["items"]]
    assert set(mixed) <= set(everything)
    found, after = [], ""
    while True:
        page = bank.talk.get(f"/v1/cases?limit=1&after={after}", MANAGER).json()
        found += page["items"]
        after = page["next"]
        if after is None:
            break
    ids = [one["id"] for one in found]
    assert {one["code"] for one in found} == {"loan_review"}
    assert ids == sorted(ids) and set(mixed[1::2]) <= set(ids) and not set(mixed[0::2]) & set(ids)
