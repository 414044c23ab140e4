"""Stories told in a real browser: a demo bank served on a thread, and Debian's Chromium to look at it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jingwei.channels.compiling import warm
from jingwei.channels.demo import settle
from jingwei.channels.demo_knowing import live_a_little
from jingwei.channels.demo_life import lead_lives
from jingwei.channels.rest.app import Alongside, create_app
from jingwei.channels.rest.wire import server
from jingwei.channels.sources.at_home import at_hand
from jingwei.channels.sources.demo import bring_demo
from jingwei.channels.streams.planned_work import planned
from jingwei.channels.web.app import web
from jingwei.home import open_home

CHROMIUM = Path("/usr/bin/chromium")
ROOT = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the stories of this folder where there is no browser."""
    here = [item for item in items if ROOT in item.path.parents]
    if CHROMIUM.exists() and _playwright():
        return
    for item in here:
        item.add_marker(pytest.mark.skip(reason="a story needs /usr/bin/chromium and the playwright package"))


def _playwright() -> bool:
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return False
    return True


class Served:
    """A demo bank at `url`; everything of the bank happens on the server's own thread."""

    def __init__(self, path: Path, lived: bool = False) -> None:
        """`lived` gives the demo's people the past that a newcomer of `jingwei serve` finds."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.desk: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._path = path
        self._lived = lived
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        assert self._ready.wait(600), "the bank did not open"
        if self._failed is not None:
            raise self._failed

    def _see(self, _: Any, desk: Any) -> Alongside:
        self.desk = desk
        return Alongside(lambda: None)

    def _serve(self) -> None:
        try:
            home = open_home(self._path)
            assert not self._lived or lead_lives(home)
            assert settle(home) == []
            if self._lived:
                live_a_little(home)
                bring_demo(at_hand(home), home.insight)
            warm(home)
            home.bank.warm()
            beside = [web(True, f"http://localhost:{self.port}"), planned(), self._see]
            front = create_app(home, None, beside)
            self._server = server(front, "127.0.0.1", self.port)
            asyncio.run(self._run())
            front.close()
            home.close()
        except BaseException as error:  # told to whoever waits for the thread
            self._failed = error
            self._ready.set()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        serving = asyncio.create_task(self._server.serve())
        while not self._server.started and not serving.done():
            await asyncio.sleep(0.01)
        self._ready.set()
        await serving

    def do(self, command: Any) -> Any:
        """Have a command done by the running bank."""
        return self.asked(lambda: self.desk.joined.ask(command))

    def asked(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Have something done on the bank's own loop."""
        assert self._loop is not None

        async def ask() -> Any:
            return await work()

        return asyncio.run_coroutine_threadsafe(ask(), self._loop).result(30)

    @property
    def site(self) -> Any:
        """The pages of the bank, found through its OpenID provider."""
        return self.desk.tokens._listeners[0].__self__.site

    def close(self) -> None:
        """Stop the server and wait until its books are closed."""
        self._server.should_exit = True
        self._thread.join(30)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One demo bank for all stories."""
    bank = Served(tmp_path_factory.mktemp("stories") / "home")
    yield bank
    bank.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser, without a screen."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()
