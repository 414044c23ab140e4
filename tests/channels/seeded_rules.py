"""Good requests of policy drafts, and of what is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jingwei.domains.fraud.policy import policy_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.channels.seeded import Good, Seeded

OWNER, REVIEWER, TELLER = "staff:model_owner", "staff:reviewer", "staff:teller"


def good(*fields: Any, **more: Any) -> Good:
    """A request that is accepted."""
    from tests.channels.seeded import Good

    return Good(*fields, **more)


def draft(bank: Seeded) -> dict[str, str]:
    """The body of a proposal of the next version."""
    bank._count += 1
    text = policy_text("outgoing_transfer").replace("version = 1\n", f"version = {bank._count + 1}\n", 1)
    return {"text": text, "why": "The next version 下一版"}


def proposed(bank: Seeded) -> str:
    """A draft somebody proposed."""
    told = bank.talk.post("/v1/policy-drafts", draft(bank), OWNER)
    assert told.status_code == 201, told.text
    return str(told.json()["made"])


def about_draft(body: dict[str, Any] | None, blank: str = "some_id") -> Callable[[Seeded], Good]:
    """A request about a draft that stands open."""
    return lambda bank: good(REVIEWER, {blank: proposed(bank)}, body=body)


def approval(bank: Seeded) -> Good:
    """Somebody else approves exactly what was read."""
    made = proposed(bank)
    digest = bank.talk.get(f"/v1/policy-drafts/{made}", REVIEWER).json()["digest"]
    return good(REVIEWER, {"some_id": made}, body={"digest": digest, "comment": "read 已读"})


def own(bank: Seeded) -> Good:
    """Staff look at what a customer has under way."""
    return good(TELLER, query={"owner": bank.payers[0]})


RULES: dict[str, Callable[[Seeded], Good]] = {
    "POST /v1/policy-drafts": lambda bank: good(OWNER, body=draft(bank)),
    "POST /v1/policy-drafts/{some_id}/approval": approval,
    "POST /v1/policy-drafts/{some_id}/rejection": about_draft({"reason": "too strict 过严"}),
    "POST /v1/policy-drafts/{some_id}/shadow": about_draft({"on": True}),
    "GET /v1/policy-drafts": lambda bank: good(REVIEWER),
    "GET /v1/policy-drafts/{draft}": about_draft(None, "draft"),
    "GET /v1/schedules": own,
    "GET /v1/pending-payments": own,
    "GET /v1/payees": own,
    "GET /v1/cases/{case}/casework": lambda bank: good(REVIEWER, {"case": bank.case()}),
}
