"""Pay-later lines are offered by themselves: after enough purchases, with consent, once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.channels.counter import Counter, Talk

from jingwei.channels.lending.applicants import settling
from jingwei.channels.rest.desk import Desk
from jingwei.channels.rest.joined import Joined
from jingwei.channels.streams.lending_work import turn
from jingwei.channels.words import Sentences
from jingwei.domains.credit.loans import PayLaterLine
from jingwei.journeys.withdraw_consent import WithdrawConsent
from jingwei.kernel.clock import DAY
from jingwei.kernel.purpose import Purpose


def offered(talk: Talk, looked: set[tuple[str, int]]) -> int:
    """What one turn offers."""
    home = talk.counter.home
    joined = Joined(home.bank, home.store, lambda _: None)
    desk = Desk(home, talk.counter.tokens, joined, home.store, Sentences(home.store))

    async def one() -> int:
        return await turn(desk, looked)

    return asyncio.run(one())


def test_a_line_is_offered_once_after_enough_purchases_with_consent(tmp_path: Path) -> None:
    talk = Talk(Counter(tmp_path / "home"))
    home = talk.counter.home
    for who in ("dora", "emil", "fay"):
        home.bank.do(list(settling(who, home.clock.now(), 6)))
        talk.counter.tokens.grant(f"customer:{who}")
    at = home.clock.now()
    home.bank.do(
        [
            WithdrawConsent(
                key="w", actor="customer:fay", at=at, known_at=at, customer="fay", purpose=Purpose.CREDIT
            )
        ]
    )
    for who, times in (("dora", 5), ("emil", 4), ("fay", 9)):
        for _ in range(times):
            talk.counter.clock.at += DAY
            assert talk.card(who, "20.00").json()["result"] == "allowed"
    talk.counter.clock.at += DAY
    looked: set[tuple[str, int]] = {("long-gone", 1)}
    assert offered(talk, looked) == 1 and offered(talk, looked) == 0
    assert ("long-gone", 1) not in looked, "other days are forgotten"
    lines = home.store.page(PayLaterLine)
    assert [(one.customer, one.status, one.purchases) for one in lines] == [("dora", "offered", 5)]
    talk.counter.clock.at += DAY
    assert offered(talk, looked) == 0, "who has a line is not offered another"
    talk.close()
