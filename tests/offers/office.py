"""A small bank in which offers are made: one customer who may be shown some, one of the control group."""

from __future__ import annotations

from pathlib import Path

from jingwei.home import Home, open_home
from jingwei.journeys.give_consent import GiveConsent
from jingwei.journeys.offer_rules import catalogue
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.show_offer import ShowOffer
from jingwei.kernel.clock import SECOND, ManualClock, parse_iso
from jingwei.kernel.command import Command
from jingwei.kernel.purpose import Purpose

START = parse_iso("2026-11-02T04:00:00")
RULES = catalogue()
SHOWN = next(f"c{n}" for n in range(99) if not RULES.in_control(f"c{n}"))
HELD = next(f"c{n}" for n in range(99) if RULES.in_control(f"c{n}"))
FACTS = {"age_years": 30, "is_company": 0, "income_all_count_90d": 3, "income_wage_count_90d": 3,
         "income_pension_count_90d": 0, "income_all_sum_90d": 3_000_000, "out_bill_count_90d": 0,
         "loan_late_count_365d": 0}  # fmt: skip


class Office:
    def __init__(self, path: Path) -> None:
        self.clock = ManualClock(START)
        self.home: Home = open_home(path, self.clock)
        self._asked = 0
        for who in (SHOWN, HELD):
            self.open(who)

    def do(self, kind: type[Command], actor: str, **fields: object):
        self._asked += 1
        self.clock.advance(SECOND)
        at = self.clock.at
        ask = kind(key=f"k{self._asked}", actor=actor, at=at, known_at=at, **fields)
        return self.home.bank.do([ask])[0].answer

    def open(self, who: str, product: str = "current_cny"):
        money = {"opening_minor": 1_000_000, "product": product, "name": who}
        account = who if product == "current_cny" else f"{who}.{product}"
        return self.do(OpenAccount, "system:core", customer=who, account=account, **money)

    def show(self, who: str, needs: tuple[str, ...] = ("payday",), **facts: int):
        return self.do(ShowOffer, f"customer:{who}", customer=who, facts=FACTS | facts, needs=needs)

    def agree(self, who: str, **more: object):
        return self.do(GiveConsent, f"customer:{who}", customer=who, purpose=Purpose.MARKETING, **more)


def code(answer) -> str:
    return answer.refusal.code if answer.refusal else ""
