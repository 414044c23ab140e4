"""A bank with real things to name: for every operation of its interface a request that is accepted."""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tests.channels.counter import Counter, Talk
from tests.channels.seeded_loans import LOANS
from tests.channels.seeded_offers import OFFERS
from tests.channels.seeded_rules import RULES, draft
from tests.channels.seeded_staff import STAFF_WORK

from jingwei.kernel.clock import DAY, HOUR, iso

CANARY = "zz-canary"
"""A customer, and account, whom nobody pays and no request names: no other customer may ever read of them."""

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where seeded banks live: what is looked for here has nothing to do with the disk."""

CORE, TELLER, REVIEWER = "system:core", "staff:teller", "staff:reviewer"


class Good(NamedTuple):
    """A request that is accepted: who asks, what stands in the address, the query and the body."""

    who: str
    blanks: dict[str, str] = {}
    query: dict[str, Any] = {}
    body: dict[str, Any] | None = None


class Seeded:
    """A bank seeded for one run; close it when done."""

    def __init__(self, seed: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="seeded-", dir=MEMORY)
        self.draw = random.Random(seed)
        self.talk = Talk(Counter(Path(self._folder.name) / "home"))
        self.path = Path(self._folder.name)
        self._count = 0
        self._ready: dict[str, Good] = {}
        self.payers = [self.customer("1000000.00") for _ in range(4)]
        self.dollars = f"{self.payers[0]}-usd"
        own = {"customer": self.payers[0], "product": "current_usd", "account": self.dollars}
        assert self.talk.post("/v1/accounts", own).status_code == 201
        self.calm = self.customer("1000.00")
        self._open(CANARY, "77.77", "current_cny")

    def close(self) -> None:
        """Close the bank and remove it."""
        self.talk.close()
        self._folder.cleanup()

    def customer(self, opening: str = "0", product: str = "current_cny") -> str:
        """A new customer with a token; the account has the same name."""
        self._count += 1
        return self._open(f"n{self._count}", opening, product)

    def _open(self, name: str, opening: str, product: str) -> str:
        person = {
            "customer": name,
            "name": name,
            "product": product,
            "account": name,
            "opening": opening,
            "born": "1985-05-01",
        }
        told = self.talk.post("/v1/customers", person)
        assert told.status_code == 201, told.text
        self.talk.counter.tokens.grant(f"customer:{name}")
        return name

    def paid(self, amount: str, known: bool = True) -> tuple[str, dict[str, Any]]:
        """A new customer's first payment to a new one: who paid, and the answer."""
        who, payee = self.customer("50000.00"), self.customer()
        told = self.talk.pay(who, payee, amount, device=f"{who}-phone" if known else "")
        assert told.status_code == 201, told.text
        return who, told.json()

    def hold(self) -> str:
        """An active hold of 50.00."""
        who = self.customer("100.00")
        told = self.talk.card(who, "50.00", capture=False)
        assert told.json()["result"] == "allowed", told.text
        return str(told.json()["hold"])

    def challenge(self) -> tuple[str, dict[str, Any]]:
        """Who is asked to step up, and the payment's answer."""
        who, told = self.paid("8000.00")
        assert told["result"] == "stepped_up", told
        return who, told

    def case(self) -> str:
        """A case that waits for a person."""
        _, told = self.paid("45.60", known=False)
        assert told["case"], told
        return str(told["case"])

    def good(self, operation: str) -> Good:
        """A request of this operation ("POST /v1/payments") that will be accepted."""
        if operation not in self._ready or "step-ups" in operation:  # a step-up expires
            self._ready[operation] = GOOD[operation](self)
        return self._ready[operation]

    def used(self, operation: str) -> None:
        """What was made for this operation is used up: the next request needs something new."""
        if operation.startswith("POST"):
            self._ready.pop(operation, None)


def address(path: str, blanks: dict[str, str]) -> str:
    """The path with its blanks filled as they are; whoever sends it quotes them."""
    return re.sub(r"\{(\w+)\}", lambda blank: blanks[blank[1]], path)


def _payment(bank: Seeded) -> Good:
    payer, payee = bank.draw.sample(bank.payers, 2)
    body = {"payer": payer, "amount": "1.00", "currency": "CNY", "device": f"{payer}-phone"}
    if bank.draw.random() < 0.3:
        return Good(CORE, body=body | {"type": "card", "terminal": "T1"})
    return Good(f"customer:{payer}", body=body | {"payee": payee})


def _customer(bank: Seeded) -> Good:
    bank._count += 1
    name = f"m{bank._count}"
    body = {"customer": name, "name": "Zoe 佐伊", "product": "current_cny", "born": "1990-02-28"}
    return Good(TELLER, body=body | {"account": "", "opening": "1.00", "kind": "person"})


def _account(bank: Seeded) -> Good:
    who = bank.draw.choice(bank.payers)
    body = {"customer": who, "product": "current_cny", "account": "", "opening": "1.00", "source": ""}
    return Good(TELLER, body=body)


def _exchange(bank: Seeded) -> Good:
    body = {"payer": bank.payers[0], "payee": bank.dollars, "amount": "7.00", "currency": "CNY"}
    return Good(TELLER, body=body | {"rate": "0.14", "margin_bp": 10})


def _step_up(bank: Seeded) -> Good:
    who, told = bank.challenge()
    shown = {"payee": told["payee"], "amount": told["amount"], "currency": told["currency"]}
    return Good(f"customer:{who}", {"some_id": told["challenge"]}, body={"confirm": True} | shown)


def _shown_step_up(bank: Seeded) -> Good:
    who, told = bank.challenge()
    return Good(f"customer:{who}", {"challenge": told["challenge"]})


def _undo(bank: Seeded) -> Good:
    who, payee = bank.customer("100.00"), bank.customer()
    told = bank.talk.pay(who, payee, "1.00", device=f"{who}-phone", undo_s=86_400)
    return Good(f"customer:{who}", {"some_id": told.json()["pending"]}, body={})


def _schedule(bank: Seeded) -> Good:
    payer, payee = bank.draw.sample(bank.payers, 2)
    body = {"payer": payer, "payee": payee, "amount": "1.00", "currency": "CNY", "every": "once"}
    more = {"first": "2099-01-31", "until": "", "memo": "rent 房租", "device": "phone"}
    return Good(f"customer:{payer}", body=body | more)


def _cancellation(bank: Seeded) -> Good:
    good = _schedule(bank)
    told = bank.talk.post("/v1/schedules", good.body, good.who)
    return Good(good.who, {"some_id": told.json()["made"]}, body={})


def _policy(bank: Seeded) -> Good:
    return Good(CORE, body={"text": draft(bank)["text"]})


def _day_end(bank: Seeded) -> Good:
    at = bank.talk.counter.clock.at - bank.draw.randrange(2, 40) * DAY
    return Good(CORE, body={"day": iso(at)[:10]})


def _limits(bank: Seeded) -> Good:
    body = {"currency": "CNY", "payment": "10000.00", "day": "50000.00", "month": "500000.00"}
    return Good(TELLER, {"some_id": bank.calm}, body=body)


def _accounts(bank: Seeded) -> Good:
    return Good(TELLER, query={"owner": bank.draw.choice(["", *bank.payers]), "limit": 5, "after": "n1"})


def _statement(bank: Seeded) -> Good:
    who = bank.payers[0]
    newest = bank.talk.get(f"/v1/accounts/{who}/statement?limit=1").json()["next"]
    return Good(f"customer:{who}", {"account": who}, {"limit": 3, "after": newest or ""})


def _named(role: str, blank: str, body: dict[str, Any] | None, find: Callable[[Seeded], str]) -> Any:
    return lambda bank: Good(role, {blank: find(bank)}, body=body)


def _decision(bank: Seeded) -> str:
    return str(bank.paid("3.00")[1]["id"])


def _made(bank: Seeded, path: str, body: dict[str, Any]) -> str:
    told = bank.talk.post(path, body, TELLER)
    assert told.status_code == 201, told.text
    return str(told.json()["made"])


def _card(bank: Seeded) -> str:
    return _made(bank, "/v1/cards", {"account": bank.customer()})


def _pot(bank: Seeded) -> str:
    body = {"account": bank.customer("9.00"), "name": "p", "currency": "CNY"}
    return _made(bank, "/v1/pots", body)


def _offer(bank: Seeded) -> Good:
    who = bank.customer("100.00")
    told = bank.talk.post("/v1/consents", {"purpose": "marketing"}, f"customer:{who}")
    assert told.status_code == 200, told.text
    return Good(TELLER, body={"customer": who, "account": who})


def _consent(body: dict[str, Any]) -> Callable[[Seeded], Good]:
    return lambda bank: Good(f"customer:{bank.payers[0]}", body=body)


OWN: dict[str, Callable[[Seeded], Good]] = {
    "POST /v1/consents": _consent({"purpose": "credit", "data": ["identity"], "until": "2099-01-01"}),
    "POST /v1/consents/withdrawal": _consent({"purpose": "credit", "data": []}),
    "POST /v1/data-uses": lambda bank: Good(
        TELLER, body={"customers": [bank.payers[0]], "purpose": "service", "data": [], "why": "asked"}
    ),
    "POST /v1/offers": _offer,
    "POST /v1/erasures": _consent({}),
    "POST /v1/cards": lambda bank: Good(
        TELLER, body={"account": bank.customer(), "label": "phone", "one_time": True}
    ),
    "POST /v1/cards/{some_id}/freeze": _named(TELLER, "some_id", {"on": True}, _card),
    "POST /v1/cards/{some_id}/terms": _named(
        TELLER, "some_id", {"currency": "CNY", "payment": "1.00", "day": "2.00", "label": "x"}, _card
    ),
    "POST /v1/pots": lambda bank: Good(
        TELLER, body={"account": bank.customer(), "name": "p", "currency": "CNY", "goal": "5.00"}
    ),
    "POST /v1/pots/{some_id}/moves": _named(
        TELLER, "some_id", {"direction": "in", "currency": "CNY", "amount": "1.00"}, _pot
    ),
    "GET /v1/consents": lambda bank: Good(TELLER, query={"owner": bank.payers[0]}),
    "GET /v1/cards": lambda bank: Good(TELLER, query={"owner": bank.payers[0]}),
    "GET /v1/pots": lambda bank: Good(TELLER, query={"owner": bank.payers[0]}),
}


def _refused(bank: Seeded) -> tuple[str, str]:
    """Who was refused a payment, and the decision."""
    who = bank.customer("1.00")
    told = bank.talk.pay(who, bank.payers[0], "5.00")
    assert told.json()["result"] == "refused", told.text
    return who, str(told.json()["id"])


def _appeal(bank: Seeded) -> Good:
    who, decision = _refused(bank)
    return Good(f"customer:{who}", body={"decision": decision, "text": "It was mine 是我付的"})


def _appealed(bank: Seeded) -> str:
    asked = _appeal(bank)
    return str(bank.talk.post("/v1/appeals", asked.body, asked.who).json()["made"])


def _person(bank: Seeded) -> Good:
    return Good(f"customer:{bank.customer()}", body={"topic": "my card 我的卡"})


def _call(bank: Seeded) -> str:
    asked = _person(bank)
    return str(bank.talk.post("/v1/call-backs", asked.body, asked.who).json()["case"])


def _tie(bank: Seeded) -> Good:
    who = bank.customer("9.00")
    return Good(f"customer:{who}", body={"kind": "helper", "whose": who, "keeper": bank.calm})


def _offered(bank: Seeded) -> str:
    asked = _tie(bank)
    return str(bank.talk.post("/v1/ties", asked.body, asked.who).json()["made"])


def _to_calm(blank: str, find: Callable[[Seeded], str], body: dict[str, Any] | None) -> Any:
    return lambda bank: Good(f"customer:{bank.calm}", {blank: find(bank)}, body=body)


def _accepted(bank: Seeded) -> str:
    tie = _offered(bank)
    told = bank.talk.post(f"/v1/ties/{tie}/acceptance", {}, f"customer:{bank.calm}")
    assert told.status_code == 200, told.text
    return tie


def _look_after(bank: Seeded) -> Good:
    bank._count += 1
    child = f"n{bank._count}"
    person = {"customer": child, "name": child, "product": "youth_cny", "account": child}
    person["born"] = "2014-05-01"
    assert bank.talk.post("/v1/customers", person).status_code == 201
    tie = {"kind": "guardian", "whose": child, "keeper": bank.calm}
    bank.talk.counter.tokens.grant(f"customer:{child}")
    made = bank.talk.post("/v1/ties", tie, f"customer:{bank.calm}").json()["made"]
    assert bank.talk.post(f"/v1/ties/{made}/acceptance", {}, f"customer:{child}").status_code == 200
    limits = {"account": child, "currency": "CNY", "payment": "50.00", "day": "90.00", "month": None}
    return Good(f"customer:{bank.calm}", {"some_id": made}, body=limits | {"frozen": False})


def _snoozed(bank: Seeded) -> Good:
    until = iso(bank.talk.counter.clock.at + 2 * HOUR)
    return Good(REVIEWER, {"some_id": bank.case()}, body={"until": until, "reason": "no answer"})


FREEZE = {"direction": "in", "on": False, "reason": "phone lost"}
GOOD: dict[str, Callable[[Seeded], Good]] = {
    "POST /v1/payments": _payment,
    "POST /v1/customers": _customer,
    "POST /v1/accounts": _account,
    "POST /v1/accounts/{some_id}/freeze": _named(TELLER, "some_id", FREEZE, lambda bank: bank.calm),
    "POST /v1/accounts/{some_id}/limits": _limits,
    "POST /v1/accounts/{some_id}/closure": _named(
        TELLER, "some_id", {"payee": "", "reason": "moved"}, lambda bank: bank.customer()
    ),
    "POST /v1/deposits": lambda bank: Good(
        TELLER, body={"account": bank.payers[0], "amount": "2.00", "currency": "CNY", "memo": "cash 现金"}
    ),
    "POST /v1/exchanges": _exchange,
    "POST /v1/holds/{some_id}/captures": _named(
        CORE, "some_id", {"amount": "20.00", "currency": "CNY"}, Seeded.hold
    ),
    "POST /v1/holds/{some_id}/release": _named(CORE, "some_id", {"reason": "asked"}, Seeded.hold),
    "POST /v1/decisions/{some_id}/reversal": _named(CORE, "some_id", {"reason": "mistake"}, _decision),
    "POST /v1/step-ups/{some_id}": _step_up,
    "POST /v1/cases/{some_id}/review": _named(
        REVIEWER, "some_id", {"release": True, "comment": "called"}, Seeded.case
    ),
    "POST /v1/cases/{some_id}/assignment": _named(REVIEWER, "some_id", {"to": REVIEWER}, Seeded.case),
    "POST /v1/cases/{some_id}/snooze": _snoozed,
    "POST /v1/cases/{some_id}/escalation": _named(REVIEWER, "some_id", {"reason": "hard"}, Seeded.case),
    "POST /v1/cases/{some_id}/notes": _named(REVIEWER, "some_id", {"text": "called twice"}, Seeded.case),
    "POST /v1/customers/{some_id}/showing": lambda bank: Good(
        TELLER, {"some_id": bank.payers[0]}, body={"purpose": "complaint"}
    ),
    "POST /v1/fraud-reports": lambda bank: Good(TELLER, body={"payment": _decision(bank)}),
    "POST /v1/policies": _policy,
    "POST /v1/day-ends": _day_end,
    "POST /v1/pending-payments/{some_id}/undo": _undo,
    "POST /v1/schedules": _schedule,
    "POST /v1/schedules/{some_id}/cancellation": _cancellation,
    "POST /v1/payees": lambda bank: Good(
        f"customer:{bank.payers[0]}", body={"account": bank.payers[1], "name": "Ming 小明"}
    ),
    "GET /v1/accounts": _accounts,
    "GET /v1/accounts/{account}": _named(TELLER, "account", None, lambda bank: bank.payers[1]),
    "GET /v1/accounts/{account}/statement": _statement,
    "GET /v1/cases": lambda bank: Good(REVIEWER, query={"status": "open", "after": "", "limit": 5}),
    "GET /v1/cases/{case}": _named(REVIEWER, "case", None, Seeded.case),
    "GET /v1/step-ups/{challenge}": _shown_step_up,
    "GET /v1/policies": lambda bank: Good(REVIEWER),
    "GET /v1/problems": lambda bank: Good(""),
    "GET /v1/problems/{code}": _named("", "code", None, lambda bank: "not_allowed"),
    "GET /v1/decisions/{decision}": _named(TELLER, "decision", None, _decision),
    "GET /v1/decisions/{decision}/proof": _named(TELLER, "decision", None, _decision),
    "POST /v1/appeals": _appeal,
    "POST /v1/appeals/{some_id}/answer": _named(
        REVIEWER, "some_id", {"overturn": False, "words": "It stands 维持"}, _appealed
    ),
    "POST /v1/call-backs": _person,
    "POST /v1/call-backs/{some_id}/answer": _named(TELLER, "some_id", {"words": "spoke"}, _call),
    "POST /v1/ties": _tie,
    "POST /v1/ties/{some_id}/acceptance": _to_calm("some_id", _offered, {}),
    "POST /v1/ties/{some_id}/end": _to_calm("some_id", _offered, {}),
    "POST /v1/ties/{some_id}/limits": _look_after,
    "POST /v1/preferences": lambda bank: Good(f"customer:{bank.calm}", body={"elder": True, "undo_s": 30}),
    "GET /v1/appeals/{appeal}": _named(REVIEWER, "appeal", None, _appealed),
    "GET /v1/customers/{customer}/view": _to_calm("customer", lambda bank: bank.calm, None),
    "GET /v1/ties": lambda bank: Good(f"customer:{bank.calm}"),
    "GET /v1/ties/{tie}/accounts": _to_calm("tie", _accepted, None),
    **{f"GET {path}": lambda bank: Good("") for path in ("/v1/audit/head", "/health", "/ready", "/metrics")},
    **OWN,
    **LOANS,
    **OFFERS, **RULES, **STAFF_WORK,
}  # fmt: skip
"""What makes a good request of each operation."""
