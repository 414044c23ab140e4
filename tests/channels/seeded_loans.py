"""Good requests of lending: applications that wait, offers to sign, running loans, pay-later lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jingwei.domains.credit.inputs import Behaviour, Bureau
from jingwei.journeys.pay_later import OfferPayLater
from jingwei.kernel.clock import bank_day

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.channels.seeded import Good, Seeded

REVIEWER = "staff:reviewer"
ASK = {
    "product": "personal_loan",
    "amount": "1200.00",
    "months": 12,
    "purpose": "a bicycle 自行车",
    "person": True,
}


def borrower(bank: Seeded) -> str:
    """A grown customer who lets the bank look at the account for loans."""
    bank._count += 1
    name = f"n{bank._count}"
    person = {"customer": name, "name": name, "product": "current_cny", "account": name, "opening": "5000.00"}
    assert bank.talk.post("/v1/customers", person | {"born": "1990-01-01"}).status_code == 201
    bank.talk.counter.tokens.grant(f"customer:{name}")
    assert bank.talk.post("/v1/consents", {"purpose": "credit"}, f"customer:{name}").status_code == 200
    return name


def get(bank: Seeded, path: str) -> Any:
    """What staff read there."""
    return bank.talk.get(path, REVIEWER).json()


def waiting(bank: Seeded) -> tuple[str, str, str]:
    """Who applied, the application and the case in which a person decides."""
    who = borrower(bank)
    told = bank.talk.post("/v1/loan-applications", ASK | {"account": who}, f"customer:{who}")
    assert told.status_code == 201 and told.json()["case"], told.text
    return who, str(told.json()["made"]), str(told.json()["case"])


def decided(bank: Seeded, approve: bool) -> tuple[str, str]:
    """Who applied, and the application, approved or refused by a person."""
    who, application, case = waiting(bank)
    answer = {"approve": approve, "words": "spoke 已沟通", "currency": "CNY"}
    told = bank.talk.post(f"/v1/cases/{case}/loan-review", answer, REVIEWER)
    assert told.status_code == 200, told.text
    return who, application


def signature(bank: Seeded) -> tuple[str, str, dict[str, Any]]:
    """Who signs, which application, and exactly what was offered."""
    who, application = decided(bank, True)
    offer = get(bank, f"/v1/loan-applications/{application}")
    fields = {name: offer[name] for name in ("account", "amount", "currency", "terms_sha256")}
    return who, application, fields


def running(bank: Seeded) -> tuple[str, str]:
    """Who has a loan, and the loan."""
    who, application, body = signature(bank)
    told = bank.talk.post(f"/v1/loan-applications/{application}/signature", body, f"customer:{who}")
    assert told.status_code == 201, told.text
    return who, str(told.json()["made"])


def line(bank: Seeded) -> tuple[str, str]:
    """Who is offered a pay-later line, and the line."""
    who, at = borrower(bank), bank.talk.counter.clock.now()
    seen = Behaviour(
        until=bank_day(at) - 1, account_days=800, balance_days=90, income_months=6, income_minor=2_000_000,
        spending_minor=0, overdrawn_days=0, refused=0, purchases=9,
    )  # fmt: skip
    report = Bureau(
        source="simulated bureau", reported_at=at, debts=0, monthly_minor=0, late_marks=0, inquiries=0
    )
    ask = OfferPayLater(
        key=f"line:{who}", actor="system:lending", at=at, known_at=at, customer=who, account=who,
        behaviour=seen, bureau=report,
    )  # fmt: skip
    reply = bank.talk.counter.home.bank.do([ask])[0]
    assert reply.answer.made, reply
    return who, reply.answer.made


def drawing(bank: Seeded) -> Good:
    """A purchase to be split with an open line."""
    who, some_id = line(bank)
    assert (
        bank.talk.post(f"/v1/pay-later/{some_id}/answer", {"accept": True}, f"customer:{who}").status_code
        == 200
    )
    bought = bank.talk.card(who, "120.00").json()
    assert bought["result"] == "allowed", bought
    return good(who, some_id, {"purchase": bought["id"], "months": 3})


def good(who: str, some_id: str, body: dict[str, Any] | None, blank: str = "some_id") -> Good:
    """A request by this customer, or by staff."""
    from tests.channels.seeded import Good

    return Good(who if ":" in who else f"customer:{who}", {blank: some_id} if blank else {}, body=body)


def _apply(bank: Seeded) -> Good:
    who = borrower(bank)
    return good(who, "", ASK | {"account": who}, "")


def _by(
    find: Callable[[Seeded], tuple[str, str]], body: dict[str, Any] | None, blank: str = "some_id"
) -> Any:
    return lambda bank: good(*find(bank), body, blank)


def _review(bank: Seeded) -> Good:
    body = {"approve": True, "words": "yes 同意", "currency": "CNY", "amount": "1100.00"}
    return good(REVIEWER, waiting(bank)[2], body)


LOANS: dict[str, Callable[[Seeded], Good]] = {
    "POST /v1/loan-applications": _apply,
    "POST /v1/loan-applications/{some_id}/signature": lambda bank: good(*signature(bank)),
    "POST /v1/loan-applications/{some_id}/decline": _by(lambda bank: decided(bank, True), {}),
    "POST /v1/loan-applications/{some_id}/appeal": _by(
        lambda bank: decided(bank, False), {"text": "look again 请复核"}
    ),
    "POST /v1/loans/{some_id}/repayments": _by(
        running, {"amount": "300.00", "currency": "CNY", "how": "shorter"}
    ),
    "POST /v1/loans/{some_id}/cancellation": _by(running, {}),
    "POST /v1/loans/{some_id}/restructuring": lambda bank: good(
        REVIEWER, running(bank)[1], {"months": 6, "why": "lost work"}
    ),
    "POST /v1/loans/{some_id}/write-off": lambda bank: good(REVIEWER, running(bank)[1], {"why": "gone"}),
    "POST /v1/cases/{some_id}/loan-review": _review,
    "POST /v1/pay-later/{some_id}/answer": _by(line, {"accept": True}),
    "POST /v1/pay-later/{some_id}/draws": drawing,
    "GET /v1/loan-sources": lambda bank: good(bank.payers[0], "", None, ""),
    "GET /v1/loan-products": lambda bank: good(REVIEWER, "", None, ""),
    "GET /v1/loan-applications": lambda bank: good(bank.payers[0], "", None, ""),
    "GET /v1/loan-applications/{application}": lambda bank: good(*decided(bank, False), None, "application"),
    "GET /v1/loans": lambda bank: good(bank.payers[0], "", None, ""),
    "GET /v1/loans/{loan}": _by(running, None, "loan"),
    "GET /v1/pay-later": lambda bank: good(line(bank)[0], "", None, ""),
}
"""What makes a good request of each operation of lending."""
