"""Pay later in the demo: bob buys by card, opens the line he is offered, and splits one purchase.

Made up, as all of the demo is; the bank decides by its own rules on what it sees of him.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from jingwei.channels.demo import ACTOR, people
from jingwei.channels.lending.applicants import stamp
from jingwei.channels.lending.asking import pay_later_offer
from jingwei.domains.credit.loans import PayLaterLine
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.pay_later import AnswerPayLater, DrawPayLater, line_text
from jingwei.kernel.clock import HOUR, bank_day, day_start

if TYPE_CHECKING:
    from jingwei.home import Home
    from jingwei.journeys.shape import Answer
    from jingwei.kernel.command import Command

WHO = "bob"
KNOWN_AGO, WAGE_MINOR = 200, 1_240_000
WAGES_AGO = range(195, 35, -30)
"""Wages before the month that the demo tells in full."""

BOUGHT = (
    (26, "green_market", 19_800), (21, "page_one", 18_900), (17, "river_tea", 12_600),
    (13, "page_one", 16_500), (9, "noodle_bar", 11_200), (6, "page_one", 21_600),
)  # fmt: skip
"""Bought by card: so many days ago, where, and for how much; the last one is split."""

MONTHS = 3


def known_for_long(home: Home) -> None:
    """Bob opens his account half a year ago, and his wages come in."""
    opened = next(one for one in people(home.clock) if one.customer == WHO)
    at = _at(home, KNOWN_AGO, 8)
    _do(home, replace(opened, at=at, known_at=at))
    for ago in WAGES_AGO:
        money: dict[str, Any] = {"amount_minor": WAGE_MINOR, "currency": "CNY", "memo": "Wages 工资"}
        paid = stamp(f"demo-later:wage:{ago}", ACTOR, _at(home, ago, 7))
        _do(home, Deposit(**paid, account=WHO, source="clearing", **money))


def buy_and_split(home: Home) -> None:
    """Bob buys by card, the bank offers him a line, he opens it and splits what he bought last."""
    bought = ""
    for ago, shop, minor in BOUGHT:
        money: dict[str, Any] = {"amount_minor": minor, "currency": "CNY", "device": f"{WHO}-phone"}
        paid = stamp(f"demo-later:buy:{ago}", ACTOR, _at(home, ago, 13))
        bought = _do(home, AuthoriseCardPayment(**paid, customer=WHO, payer=WHO, terminal=shop, **money)).id
    now = home.clock.now()
    offer = pay_later_offer(home.store, WHO, WHO, now, "demo-later:offer")
    assert offer is not None, "bob lets the bank look at his account for loans"
    line = home.store.load(PayLaterLine, [_do(home, offer).made])[0]
    proof = f"demo {line_text(line)}"
    me = f"customer:{WHO}"
    _do(home, AnswerPayLater(**stamp("demo-later:open", me, now), line=line.id, accept=True, proof=proof))
    drawn = stamp("demo-later:draw", me, now)
    _do(home, DrawPayLater(**drawn, line=line.id, purchase=bought, months=MONTHS))


def _at(home: Home, ago: int, hour: int) -> int:
    return day_start(bank_day(home.clock.now()) - ago) + hour * HOUR


def _do(home: Home, command: Command) -> Answer:
    answer = home.bank.do([command])[0].answer
    assert answer.refusal is None and answer.result in ("done", "allowed"), answer
    return answer
