"""Pay-later lines offered by themselves: to whoever agreed and bought often enough, looked at once a day."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from jingwei.channels.lending.asking import pay_later_offer
from jingwei.channels.problems import Problem
from jingwei.channels.rest.app import Alongside, Also
from jingwei.consent.consents import Consent
from jingwei.domains.credit.loans import PayLaterLine
from jingwei.journeys.pay_later import PURCHASES
from jingwei.kernel.clock import bank_day
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.ledger.accounts import Account
from jingwei.stores.store import Reader, StoreError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from jingwei.channels.rest.desk import Desk

LOG = logging.getLogger("jingwei.lending")
TICK_S = 30.0
PAGE = 200
CURRENCY = "CNY"


def lending() -> Also:
    """What offers pay-later lines in a running bank."""

    def add(_: FastAPI, desk: Desk) -> Alongside:
        looked: set[tuple[str, int]] = set()

        async def work() -> None:
            while True:
                await asyncio.sleep(TICK_S)
                try:
                    await turn(desk, looked)
                except StoreError as error:
                    LOG.warning("pay-later offers wait: %s", error)

        return Alongside(lambda: None, (work,))

    return add


async def turn(desk: Desk, looked: set[tuple[str, int]]) -> int:
    """Look once at everybody who agreed and was not looked at today; return how many lines were offered.

    Asking again on the same day asks with the same key, so that nobody is offered two lines.
    """
    now, offered = desk.home.clock.now(), 0
    today = bank_day(now)
    looked.intersection_update([one for one in looked if one[1] == today])
    for customer in agreed(desk.reader, now):
        if (customer, today) in looked:
            continue
        looked.add((customer, today))
        account = account_of(desk.reader, customer)
        if account is None or has_line(desk.reader, customer):
            continue
        ask = pay_later_offer(desk.reader, customer, account.id, now, f"pay-later:{customer}:{today}")
        if ask is None or ask.behaviour.purchases < PURCHASES:
            continue
        try:
            offered += bool((await desk.joined.ask(ask)).answer.made)
        except Problem:
            LOG.error("a pay-later offer to %s met a bug", customer)
        await asyncio.sleep(0)
    return offered


def agreed(reader: Reader, now: int) -> list[str]:
    """Everybody who lets the bank look at accounts and payments for credit, in order."""
    found: list[Consent] = []
    while page := reader.find(
        Consent, "purpose", Purpose.CREDIT.value, after=found[-1].id if found else "", limit=PAGE
    ):
        found += page
    kind = DataClass.TRANSACTIONS.value
    return sorted({one.customer for one in found if one.data == kind and one.holds(now)})


def account_of(reader: Reader, customer: str) -> Account | None:
    """The customer's oldest open current account in yuan."""
    found = reader.find(Account, "owner", customer, limit=PAGE)
    fits = [
        one
        for one in found
        if one.status == "open" and one.currency == CURRENCY and one.product.startswith("current")
    ]
    return min(fits, key=lambda one: (one.opened_at, one.id), default=None)


def has_line(reader: Reader, customer: str) -> bool:
    """Whether there is a line already, or the customer turned one down."""
    return any(one.status != "closed" for one in reader.find(PayLaterLine, "customer", customer))
