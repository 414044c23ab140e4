"""A bank's REST interface called without sockets: many requests at once on one event loop."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from jingwei.channels.identity import Tokens
from jingwei.channels.rest import create_app
from jingwei.home import Home


class Answered(NamedTuple):
    """What came back."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes

    @property
    def replayed(self) -> bool:
        """Whether it is an earlier answer told again."""
        return self.headers.get(b"idempotent-replayed") == b"true"

    @property
    def json(self) -> Any:
        """The body read."""
        return msgspec.json.decode(self.body)

    @property
    def code(self) -> str:
        """The refusal or problem, or the result."""
        said = self.json
        found: str = said.get("code") or (said.get("refusal") or {}).get("code") or said.get("result", "")
        return found


class Call(NamedTuple):
    """One request. `key` is its idempotency key."""

    method: str
    path: str
    who: str
    body: Any = None
    key: str | bytes = ""


class Wire:
    """The application over an open home, and a loop it runs on."""

    def __init__(self, home: Home) -> None:
        self.tokens = Tokens(home.path / "tokens.json")
        self.app = create_app(home, self.tokens)
        self._runner = asyncio.Runner()

    def together(self, calls: Sequence[Call], chance: random.Random | None = None) -> list[Answered]:
        """Make all requests at once; with `chance` each begins after some turns of the loop."""
        waits = [chance.randrange(4) if chance else 0 for _ in calls]

        async def late(call: Call, turns: int) -> Answered:
            for _ in range(turns):
                await asyncio.sleep(0)
            return await self._one(call)

        async def every() -> list[Answered]:
            return await asyncio.gather(*map(late, calls, waits))

        return self._runner.run(every())

    def ask(self, call: Call) -> Answered:
        """Make one request."""
        return self._runner.run(self._one(call))

    def get(self, path: str, who: str = "staff:reviewer") -> Answered:
        """Read."""
        return self.ask(Call("GET", path, who))

    async def _one(self, call: Call) -> Answered:
        path, _, query = call.path.partition("?")
        if call.who not in self.tokens.by_actor:
            self.tokens.grant(call.who)
        key = call.key.encode() if isinstance(call.key, str) else call.key
        headers = [(b"authorization", b"Bearer " + self.tokens.by_actor[call.who].encode())]
        headers += [(b"content-type", b"application/json")] if call.body is not None else []
        headers += [(b"idempotency-key", key)] if key or call.method == "POST" else []
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": call.method,
            "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "scheme": "http", "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        body = b"" if call.body is None else msgspec.json.encode(call.body)
        told: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            told.append(message)

        await self.app(scope, receive, send)
        body = b"".join(message.get("body", b"") for message in told[1:])
        return Answered(told[0]["status"], dict(told[0]["headers"]), body)

    def close(self) -> None:
        """Let go of the reader and the loop."""
        self.app.close()
        self._runner.close()
