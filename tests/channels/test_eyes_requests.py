"""What a request may ask for: whatever is recorded can be read again, and scopes hold what they say."""

from __future__ import annotations

import pytest
from tests.channels.counter import Talk

from jingwei.channels.roles import STAFF, in_scope, may_ask
from jingwei.journeys.publish_policy import PublishPolicy
from jingwei.journeys.table import unseal

FAR = "9999-12-31"


def readable(town: Talk) -> None:
    """Every record of the log reads back as what it was."""
    store = town.counter.home.store
    for seq, leaf in store.records(0, store.size()):
        assert unseal(leaf).seq == seq


@pytest.mark.parametrize(
    ("path", "who", "body", "field"),
    [
        ("/v1/consents", "customer:alice", {"purpose": "marketing", "until": FAR}, "until"),
        (
            "/v1/schedules",
            "customer:alice",
            {
                "payer": "alice",
                "payee": "bob",
                "amount": "1.00",
                "currency": "CNY",
                "every": "monthly",
                "first": FAR,
            },
            "first_day",
        ),
        (
            "/v1/cases/C00000000001/snooze",
            "staff:reviewer",
            {"until": f"{FAR}T00:00:00Z", "reason": "x"},
            "until",
        ),
        (
            "/v1/exchanges",
            "staff:teller",
            {
                "payer": "alice",
                "payee": "bob",
                "amount": "1.00",
                "currency": "CNY",
                "rate": "999999.999999999",
            },
            "rate_numerator",
        ),
        (
            "/v1/pay-later/Y00000000001/draws",
            "customer:alice",
            {"purchase": "D00000000001", "months": 99},
            "months",
        ),
    ],
)
def test_what_could_not_be_read_again_is_never_recorded(
    town: Talk, path: str, who: str, body: dict[str, object], field: str
):
    before = town.counter.home.store.size()
    told = town.post(path, body, who)
    assert (told.status_code, told.json()["code"]) == (422, "field_not_valid")
    assert field in told.json()["en"]
    assert "Expected" not in told.json()["zh"]
    assert town.counter.home.store.size() == before
    readable(town)


def test_a_program_that_may_not_pay_cannot_have_payments_made_by_themselves():
    assert not in_scope(("bank.read", "bank.manage"), "POST", "/v1/schedules")
    assert in_scope(("bank.pay",), "POST", "/v1/schedules")
    assert in_scope(("bank.manage",), "POST", "/v1/schedules/{some_id}/cancellation")


def test_no_member_of_staff_changes_the_rules_alone(town: Talk):
    assert not any(may_ask((role,), PublishPolicy) for role in STAFF)
    told = town.post("/v1/policies", {"text": "name = 'card_payment'"}, "staff:reviewer")
    assert (told.status_code, told.json()["code"]) == (403, "not_allowed")
