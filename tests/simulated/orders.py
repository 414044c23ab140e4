"""What the clients of a run order: drawn by name, so that leaving one out changes no other."""

from __future__ import annotations

from typing import Any

import msgspec
from tests.simulated.chance import Chance
from tests.simulated.founding import LARGE_MINOR, PEOPLE, VERY_LARGE_MINOR
from tests.simulated.plan import Plan

from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.capture import CaptureCardPayment
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.pay import Pay
from jingwei.journeys.release_hold import ReleaseHold
from jingwei.journeys.report_fraud import ReportFraud
from jingwei.journeys.reverse import Reverse
from jingwei.journeys.review_case import ReviewCase
from jingwei.journeys.shape import Answer
from jingwei.kernel.clock import DAY, HOUR, MINUTE, SECOND
from jingwei.kernel.command import Command

CARD, STAFF = "system:cards", "staff:ann"
LONG_AGO = 10**15


class Order(msgspec.Struct):
    """One thing a client wants done: stored with its key before it is sent for the first time."""

    id: str
    kind: type[Command]
    fields: dict[str, Any]
    wait: int
    """How long after the order before it (or after its cause) it is sent, microseconds."""
    begun: int = 0
    tries: int = 0
    outcome: bytes = b""
    seq: int = -1
    given_up: bool = False


def first_orders(chance: Chance, client: int, plan: Plan) -> list[Order]:
    """The orders a client begins with."""
    return [_draw(chance, f"c{client}.{n}", PEOPLE[client], plan) for n in range(plan.orders)]


def _draw(chance: Chance, some_id: str, who: str, plan: Plan) -> Order:
    wait = chance.whole(f"{some_id} wait", 0, plan.pace_ms) * (SECOND // 1000)
    if plan.pauses and chance.share(f"{some_id} pause") < 0.2:
        wait += chance.whole(f"{some_id} long", 1, 20) * HOUR
    amount = chance.whole(f"{some_id} amount", 100, 20_000)
    what = chance.share(f"{some_id} what")
    if what < 0.15:
        return _order(some_id, Deposit, "system:core", wait, account=who, **_money(amount))
    if what < 0.45:
        fields = {"customer": who, "payer": who, "terminal": f"t{amount % 3}", "capture": what < 0.25}
        return _order(some_id, AuthoriseCardPayment, CARD, wait, **fields, **_money(amount))
    if what > 0.8:
        amount = LARGE_MINOR + chance.whole(f"{some_id} large", 0, VERY_LARGE_MINOR)
    payee = chance.one_of(f"{some_id} payee", [one for one in PEOPLE if one != who])
    fields = {"customer": who, "payer": who, "payee": payee, "device": f"phone-{who}"}
    return _order(some_id, Pay, f"customer:{who}", wait, **fields, **_money(amount))


def _order(some_id: str, kind: type[Command], actor: str, wait: int, **fields: Any) -> Order:
    return Order(some_id, kind, fields | {"key": f"key {some_id}", "actor": actor}, wait)


def _money(amount: int) -> dict[str, Any]:
    return {"amount_minor": amount, "currency": "CNY"}


def follow_ups(chance: Chance, order: Order, answer: Answer) -> list[Order]:
    """What the client, the shop or the staff order next because of this answer; some of it twice at once."""
    names = [f"{order.id}+"]
    if chance.share(f"{order.id} rival") < 0.25:
        names.append(f"{order.id}+rival")
        if chance.share(f"{order.id} third") < 0.6:
            names.append(f"{order.id}+third")
    wait = chance.whole(f"{order.id} next", 1, 13) * MINUTE
    if chance.share(f"{order.id} soon") < 0.4:
        wait = chance.whole(f"{order.id} next", 0, 60) * (SECOND // 1000)
    drawn = [_follow_up(name, chance.share(f"{name} what"), wait, order, answer) for name in names]
    return [more for more in drawn if more is not None]


def _follow_up(some_id: str, draw: float, wait: int, order: Order, answer: Answer) -> Order | None:
    fields = order.fields
    if answer.result == "stepped_up":
        told = {name: fields[name] for name in ("amount_minor", "currency")}
        payee = fields.get("payee") or f"bank:card_settlement:{fields['currency']}"
        sure = {"challenge": answer.challenge, "confirm": draw < 0.8, "payee": payee}
        return _order(some_id, AnswerStepUp, f"customer:{fields['customer']}", wait, **sure, **told)
    if answer.result == "held":
        return _order(some_id, ReviewCase, STAFF, wait, case=answer.case, release=draw < 0.7)
    if answer.result != "allowed" or "+" in order.id:
        return None
    if answer.hold:
        return _about_hold(some_id, draw, answer, fields["amount_minor"], wait)
    if draw < 0.15:
        return _order(some_id, Reverse, STAFF, wait, decision=answer.id)
    if draw < 0.25:
        names = ("customer", "amount_minor", "terminal", "payee")
        about = {name: fields[name] for name in names if name in fields}
        return _order(some_id, ReportFraud, STAFF, wait, payment=answer.id, paid_at=LONG_AGO, **about)
    return None


def _about_hold(some_id: str, draw: float, answer: Answer, amount: int, wait: int) -> Order | None:
    """The shop captures, releases, or forgets what it holds."""
    wait += DAY if draw < 0.2 else 0
    if draw < 0.5:
        part = amount if draw < 0.35 else max(1, amount // 2)
        return _order(some_id, CaptureCardPayment, CARD, wait, hold=answer.hold, **_money(part))
    if draw < 0.7:
        return _order(some_id, ReleaseHold, CARD, wait, hold=answer.hold)
    return None
