"""A browser without a screen: requests with cookies to a bank's web pages, on one event loop."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
from tests.channels.counter import START

from jingwei.channels.demo import settle
from jingwei.channels.rest.app import Alongside, create_app
from jingwei.channels.web.app import ORIGIN, web
from jingwei.home import open_home
from jingwei.kernel.clock import ManualClock


class Browser:
    """One visitor; `bank` is shared by all who are made from it with `another`."""

    def __init__(self, path: Path, origin: str = ORIGIN) -> None:
        self.clock = ManualClock(START)
        self.home = open_home(path, self.clock)
        assert settle(self.home) == []
        self.desk: Any = None
        self.front = create_app(self.home, None, [web(True, origin), self._see])
        self._runner = asyncio.Runner()
        self.client = self._client()

    def _see(self, _: Any, desk: Any) -> Alongside:
        """Keep the desk, so that a test can let the worker beside it run."""
        self.desk = desk
        return Alongside(lambda: None)

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.front), base_url="http://bank.test")

    def fresh(self) -> Browser:
        """Forget every cookie."""
        self.client.cookies.clear()
        return self

    def get(self, path: str, **asked: Any) -> httpx.Response:
        return self._runner.run(self.client.get(path, **asked))

    def post(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form as the page at hand would, without its token unless given."""
        asked = fields.pop("params", None)
        return self._runner.run(self.client.post(path, data=fields, params=asked))

    def sign_in(self, actor: str) -> Browser:
        """Sign in as somebody made up."""
        self.fresh()
        assert self.post("/sign-in/demo", actor=actor).status_code == 303
        return self

    def token(self, path: str = "/app") -> str:
        """The form token of the session, read from a page."""
        return re.search(r'name="form_token" value="([^"]+)"', self.get(path, follow_redirects=True).text)[1]

    def close(self) -> None:
        self._runner.run(self.client.aclose())
        self._runner.close()
        self.front.close()
        self.home.close()
