"""Good requests of staff's work beside payments: early warnings, links of records, earlier rules again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.channels.seeded_loans import running
from tests.channels.seeded_rules import good

from jingwei.domains.fraud.policy import policy_text
from jingwei.journeys.warn_early import WarnEarly
from jingwei.kernel.clock import bank_day

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.channels.seeded import Good, Seeded

TELLER, CORE, REVIEWER, COMPLIANCE = "staff:teller", "system:core", "staff:reviewer", "staff:compliance"


def warning(bank: Seeded) -> str:
    """An early warning about a running loan."""
    _, loan = running(bank)
    at = bank.talk.counter.clock.now()
    ask = WarnEarly(
        key=f"warn:{loan}", actor="system:lending", at=at, known_at=at, loan=loan, chance_ppm=321_000,
        signals="balance_to_instalment=0.4", proposal="extension", due_day=bank_day(at) + 20,
        instalment_minor=10_000, by="a test",
    )  # fmt: skip
    reply = bank.talk.counter.home.bank.do([ask])[0]
    assert reply.answer.made, reply
    return reply.answer.made


def record(bank: Seeded, **more: Any) -> dict[str, Any]:
    """A record of a source that nobody looked at, and why it is somebody's."""
    bank._count += 1
    return {"source": "cards", "subject": f"K-{bank._count}", "reason": "same certificate 证件相同"} | more


def linked(bank: Seeded) -> dict[str, Any]:
    """A record that is a customer's."""
    one = record(bank, customer=bank.payers[0])
    told = bank.talk.post("/v1/identity-links", one, COMPLIANCE)
    assert told.status_code == 200, told.text
    return one


def parting(bank: Seeded) -> Good:
    """Taking a link back."""
    one = linked(bank)
    return good(COMPLIANCE, body={name: one[name] for name in ("source", "subject", "reason")})


def rollback(bank: Seeded) -> Good:
    """Going back from a version somebody published to the one before it."""
    found = bank.talk.get("/v1/policies", REVIEWER).json()
    now = next(one for one in found if one["name"] == "card_payment")
    text = policy_after(now["name"], int(now["version"]) + 1)
    told = bank.talk.post("/v1/policies", {"text": text}, CORE)
    assert told.status_code == 201, told.text
    body = {"back_to": f"{now['name']}@{now['version']}", "reason": "too strict 过严"}
    return good(REVIEWER, {"some_id": now["name"]}, body=body)


def policy_after(name: str, version: int) -> str:
    """Other rules under this number."""
    text = re.sub(r"version = \d+", f"version = {version}", policy_text(name), count=1)
    return re.sub(r"weight = \d+", "weight = 99", text, count=1)


STAFF_WORK: dict[str, Callable[[Seeded], Good]] = {
    "POST /v1/early-warnings/{some_id}/answer": lambda bank: good(
        TELLER, {"some_id": warning(bank)}, body={"outcome": "spoken", "words": "Wage comes Monday 周一发薪"}
    ),
    "GET /v1/early-warnings": lambda bank: good(TELLER, query={"status": "open"}),
    "POST /v1/identity-links": lambda bank: good(COMPLIANCE, body=record(bank, customer=bank.payers[0])),
    "POST /v1/identity-links/parting": parting,
    "POST /v1/identity-links/apart": lambda bank: good(COMPLIANCE, body=record(bank, customer=bank.calm)),
    "GET /v1/identity-links": lambda bank: good(COMPLIANCE, query={"customer": bank.payers[0]}),
    "POST /v1/policies/{some_id}/rollback": rollback,
}
"""What makes a good request of each operation of staff's work."""
