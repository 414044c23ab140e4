"""Good requests of audiences and offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jingwei.journeys.show_offer import ShowOffer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.channels.seeded import Good, Seeded

MANAGER = "staff:customer_manager"


def good(*fields: Any, **more: Any) -> Good:
    """A request that is accepted."""
    from tests.channels.seeded import Good

    return Good(*fields, **more)


def offering(bank: Seeded) -> str:
    """An offer made to somebody who agrees and is not in the control group."""
    facts = {"age_years": 30, "is_company": 0, "out_bill_count_90d": 4}
    home = bank.talk.counter.home
    while True:
        who = bank.customer()
        assert bank.talk.post("/v1/consents", {"purpose": "marketing"}, f"customer:{who}").status_code == 200
        at = home.clock.now()
        stamp = {"key": f"show:{who}", "actor": "system:core", "at": at, "known_at": at}
        told = home.bank.do([ShowOffer(customer=who, facts=facts, **stamp)])[0].answer
        if told.made and not told.events[0].withheld:
            return str(told.made)


OFFERS: dict[str, Callable[[Seeded], Good]] = {
    "POST /v1/audiences": lambda bank: good(MANAGER, body={"name": "Young", "condition": "age_years < 30"}),
    "POST /v1/offerings/{some_id}/answer": lambda bank: good(
        MANAGER, {"some_id": offering(bank)}, body={"answer": "no_answer"}
    ),
    "GET /v1/audiences": lambda bank: good(MANAGER),
    "GET /v1/offer-effect": lambda bank: good(MANAGER),
    "GET /v1/offerings": lambda bank: good(f"customer:{bank.calm}"),
}
