"""A small bank to try journeys on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jingwei.bank import Bank, Reply
from jingwei.home import Home, open_home
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.pay import Pay
from jingwei.kernel.clock import DAY, SECOND, ManualClock, parse_iso
from jingwei.kernel.command import Command

START = parse_iso("2026-11-02T04:00:00")


class Town:
    """Speaks to a bank in short words; time moves one second with each command."""

    def __init__(self, path: Path, start: int = START, store_url: str = "") -> None:
        self.path = path
        self.clock = ManualClock(start)
        self.store_url = store_url
        self.home: Home = open_home(path, self.clock, store_url=store_url)
        self._asked = 0

    @property
    def bank(self) -> Bank:
        return self.home.bank

    def stamp(self, actor: str, key: str = "") -> dict[str, Any]:
        self.clock.advance(SECOND)
        self._asked += 1
        return {
            "key": key or f"k{self._asked}",
            "actor": actor,
            "at": self.clock.at,
            "known_at": self.clock.at,
        }

    def do(self, command: Command) -> Reply:
        return self.bank.do([command])[0]

    def open(
        self, who: str, amount_minor: int = 0, *, product: str = "current_cny", currency: str = "CNY"
    ) -> None:
        """Open an account named after its owner and put money on it."""
        stamp = self.stamp("system:core")
        assert (
            self.do(OpenAccount(account=who, customer=who, product=product, **stamp)).answer.result == "done"
        )
        if amount_minor:
            money = {"amount_minor": amount_minor, "currency": currency}
            assert self.do(Deposit(account=who, **money, **self.stamp("system:core"))).answer.result == "done"

    def pay(self, payer: str, payee: str, amount_minor: int, *, actor: str = "", **more: Any) -> Pay:
        stamp = self.stamp(actor or f"customer:{payer}", more.pop("key", ""))
        fields = {"customer": payer, "payer": payer, "payee": payee, "amount_minor": amount_minor}
        return Pay(**({"currency": "CNY"} | fields | more), **stamp)

    def card(self, payer: str, terminal: str, amount_minor: int, **more: Any) -> AuthoriseCardPayment:
        stamp = self.stamp("system:cards", more.pop("key", ""))
        fields = {"customer": payer, "payer": payer, "terminal": terminal, "amount_minor": amount_minor}
        return AuthoriseCardPayment(**({"currency": "CNY"} | fields | more), **stamp)

    def money(self, account: str) -> tuple[int, int]:
        """(booked, held) of an account in minor units."""
        standing = self.bank._overlay.standing(account)
        assert standing is not None
        return standing.balance.booked_minor, standing.balance.held_minor

    def later(self, days: int = 0, seconds: int = 0) -> None:
        self.clock.advance(days * DAY + seconds * SECOND)

    def reopen(self) -> None:
        self.home.close()
        self.home = open_home(self.path, self.clock, store_url=self.store_url)

    def audit(self) -> None:
        """Money is conserved and the log hangs together."""
        assert all(booked == 0 for _, booked, _ in self.home.store.totals())
        verdict = self.home.verify()
        assert verdict.sound, verdict.damage


@pytest.fixture
def new_town() -> type[Town]:
    """For a test that founds, audits and closes its bank itself."""
    return Town


@pytest.fixture
def make_town(tmp_path: Path) -> Iterator[Callable[[str], Town]]:
    """Found banks by name; all are audited and closed at the end."""
    towns: list[Town] = []

    def make(name: str) -> Town:
        towns.append(Town(tmp_path / name))
        return towns[-1]

    yield make
    for town in towns:
        town.audit()
        town.home.close()


@pytest.fixture
def town(make_town: Callable[[str], Town]) -> Town:
    """A bank with two customers: alice has 50,000.00 yuan, bob nothing."""
    town = make_town("town")
    town.open("alice", 5_000_000)
    town.open("bob")
    return town
