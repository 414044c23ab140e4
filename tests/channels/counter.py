"""A bank behind its REST interface, spoken to in short words; its clock moves a minute with every look."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import httpx

from jingwei.channels.demo import STAFF, settle
from jingwei.channels.identity import Tokens
from jingwei.channels.rest import create_app
from jingwei.home import Home, open_home
from jingwei.kernel.clock import MINUTE, parse_iso

R = TypeVar("R")
START = parse_iso("2026-11-02T04:00:00")
PEOPLE = ("customer:alice", "customer:bob", "customer:carol", "customer:mallory")


class Ticking:
    """A clock that moves one minute each time it is read."""

    def __init__(self, at: int = START) -> None:
        self.at = at

    def now(self) -> int:
        self.at += MINUTE
        return self.at


class Counter:
    """A bank with its REST interface, spoken to in short words."""

    def __init__(self, path: Path) -> None:
        self.clock = Ticking()
        self.home: Home = open_home(path, self.clock)
        assert settle(self.home) == []
        self.tokens = Tokens(path / "tokens.json")
        self.tokens.grant(*PEOPLE, *(one.actor for one in STAFF))
        self.app = create_app(self.home, self.tokens)
        self._keys = 0

    def key(self) -> str:
        self._keys += 1
        return f"key-{self._keys}"

    def head(self, who: str, key: str | None = None) -> dict[str, str]:
        head = {"Authorization": f"Bearer {self.tokens.by_actor[who]}"} if who else {}
        return head | {"Idempotency-Key": key or self.key(), "Content-Type": "application/json"}


class Talk:
    """Requests to a counter, one after the other, on one event loop."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self._runner = asyncio.Runner()

    def client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.counter.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://bank")

    def ask(self, method: str, url: str, **more: Any) -> httpx.Response:
        async def one() -> httpx.Response:
            async with self.client() as client:
                return await client.request(method, url, **more)

        return self._runner.run(one())

    def run(self, make: Callable[[], Coroutine[Any, Any, R]]) -> R:
        """Run something on the event loop of this talk."""
        return self._runner.run(make())

    def sent(self, request: httpx.Request) -> httpx.Response:
        """Send a request that was made elsewhere."""

        async def one() -> httpx.Response:
            async with self.client() as client:
                return await client.send(request)

        return self._runner.run(one())

    def together(self, calls: list[dict[str, Any]]) -> list[httpx.Response]:
        """Ask everything at the same time."""

        async def every() -> list[httpx.Response]:
            async with self.client() as client:
                return await asyncio.gather(*(client.request(**call) for call in calls))

        return self._runner.run(every())

    def get(self, path: str, who: str = "staff:reviewer") -> httpx.Response:
        return self.ask("GET", path, headers=self.counter.head(who))

    def post(self, path: str, body: Any, who: str = "system:core", key: str | None = None) -> httpx.Response:
        return self.ask("POST", path, json=body, headers=self.counter.head(who, key))

    def newcomer(self, product: str = "current_cny", opening: str = "0") -> str:
        """Open an account for somebody nobody has paid before; account and customer have this name."""
        name = f"new{self.counter.key()[4:]}"
        person = {"customer": name, "name": name, "product": product, "account": name, "opening": opening}
        assert self.post("/v1/customers", person).status_code == 201
        return name

    def send(self, path: str, content: bytes, **headers: str) -> httpx.Response:
        """Post raw bytes; a header given as "" is left out."""
        head = {name: value for name, value in (self.counter.head("system:core") | headers).items() if value}
        return self.ask("POST", path, content=content, headers=head)

    def close(self) -> None:
        self.counter.app.close()
        self.counter.home.close()
        self._runner.close()

    def pay(
        self, who: str = "alice", to: str = "bob", amount: str = "12.30", key: str | None = None, **more: Any
    ) -> httpx.Response:
        body = {
            "payer": who,
            "payee": to,
            "amount": amount,
            "currency": "CNY",
            "device": f"{who}-phone",
        } | more
        return self.post("/v1/payments", body, f"customer:{who}", key)

    def card(
        self, who: str = "alice", amount: str = "9.90", key: str | None = None, **more: Any
    ) -> httpx.Response:
        body = {"type": "card", "payer": who, "terminal": "T1", "amount": amount, "currency": "CNY"} | more
        return self.post("/v1/payments", body, "system:core", key)
