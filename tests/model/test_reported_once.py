"""A payment counts as fraud once, whoever reports it and under whichever key."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.model.races import Ring
from tests.model.runs import START, opened
from tests.model.wire import Call

from jingwei.home import Home
from jingwei.journeys.pay import Pay
from jingwei.journeys.report_fraud import ReportFraud
from jingwei.journeys.table import BY_COMMAND
from jingwei.kernel.clock import DAY


def report(key: str, actor: str = "staff:lee", payment: str = "scheme-1") -> ReportFraud:
    stamp: dict[str, Any] = {"key": key, "actor": actor, "at": START, "known_at": START}
    return ReportFraud(payment=payment, customer="ann", amount_minor=500, paid_at=START - DAY, **stamp)


def frauds(home: Home) -> float:
    """How many frauds of the last 28 days the features see on the customer's next payment."""
    judge = home.bank.judge
    column = judge.columns.index("customer_frauds_28d")
    stamp: dict[str, Any] = {
        "key": "look",
        "actor": "customer:ann",
        "at": START + DAY,
        "known_at": START + DAY,
    }
    pay = Pay(customer="ann", payer="ann", payee="bob", amount_minor=1, currency="CNY", **stamp)
    observe = BY_COMMAND[Pay].observe
    assert observe is not None
    return float(np.asarray(judge.advance([observe(pay)]))[0, column])


def came_to(home: Home, *asked: ReportFraud) -> list[str]:
    replies = home.bank.do(asked)
    return [reply.answer.refusal.code if reply.answer.refusal else reply.answer.result for reply in replies]


def test_the_second_report_is_refused_and_counts_for_nothing():
    with opened() as home:
        size = home.store.size()
        assert came_to(home, report("a", "customer:ann")) == ["not_allowed"]
        assert came_to(home, report("a")) == ["done"]
        assert came_to(home, report("b"), report("a", "staff:may")) == ["already_reported"] * 2
        assert came_to(home, report("a")) == ["done"]
        assert home.bank.do([report("c")])[0].answer.about == f"D{size + 1:011d}"
        assert home.store.size() == size + 2


def test_two_reports_in_one_batch_or_in_flight_are_one():
    with opened() as home:
        asked = [report("a"), report("b"), report("c", payment="scheme-2")]
        assert came_to(home, *asked) == ["done", "already_reported", "done"]
        one = home.bank.prepare([report("d", payment="scheme-3")])
        two = home.bank.prepare([report("e", payment="scheme-3")])
        assert [reply.seq >= 0 for reply in home.bank.commit(one) + home.bank.commit(two)] == [True, False]
        home.bank.wait()
        assert came_to(home, report("f", payment="scheme-3")) == ["already_reported"]
        assert frauds(home) == 3.0, "each payment counts once"


def test_the_wire_says_so():
    with opened() as home:
        ring = Ring(home, 1)
        ring.start(20_000)
        payment = ring.paid("allowed")["id"]
        calls = [
            Call("POST", "/v1/fraud-reports", who, {"payment": payment}, "r1")
            for who in ("staff:teller", "system:core")
        ]
        first, second = (ring.wire.ask(call) for call in calls)
        assert (first.status, second.status, second.code) == (200, 409, "already_reported")
        ring.close()
