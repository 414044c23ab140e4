"""The wire: uvicorn's HTTP protocol, with payments taken straight from the parser to the bank.

An ASGI cycle (a task, an event, three dictionaries and two writes for each request) costs more than
deciding and booking the payment. So a whole POST /v1/payments goes from httptools to `Payments.take`
and its answer is one write; every other request, and a payment that waits behind another on the same
connection, goes uvicorn's way and means the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from jingwei.channels.rest.patience import PatientProtocol
from jingwei.channels.rest.payments import PATH, Answered, Payments
from jingwei.channels.rest.reading import MOST_BYTES
from jingwei.channels.rest.tongue import in_chinese, speaks_chinese

if TYPE_CHECKING:
    import uvicorn

    from jingwei.channels.rest.app import Front

URL = PATH.encode()


class NoEvent:
    """Stands where uvicorn looks for the event of a cycle; nobody waits for it."""

    def set(self) -> None:
        """Nothing to wake."""


class Straight:
    """A payment on its way, in place of uvicorn's cycle: the fields its protocol looks at."""

    message_event = NoEvent()

    def __init__(self, headers: list[tuple[bytes, bytes]], keep_alive: bool) -> None:
        self.headers = headers
        self.keep_alive = keep_alive
        self.body = b""
        self.more_body = True
        self.disconnected = False
        self.response_complete = False


class PaymentsProtocol(PatientProtocol):
    """One connection."""

    def __init__(self, payments: Payments, **settings: Any) -> None:
        super().__init__(**settings)
        self._take = payments.take

    def on_headers_complete(self) -> None:
        """Go straight with a payment nobody is before of; let uvicorn do the rest."""
        before: Any = self.cycle
        if (
            self.url == URL
            and self.parser.get_method() == b"POST"
            and not self.expect_100_continue
            and not self.parser.should_upgrade()
            and (before is None or before.response_complete)
        ):
            alive = self.parser.get_http_version() == "1.1" and self.parser.should_keep_alive()
            self.head_read()
            self.cycle = cast(Any, Straight(self.headers, alive))
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Keep the body, one byte more than is taken at most."""
        cycle: Any = self.cycle
        if not isinstance(cycle, Straight):
            super().on_body(body)
        elif len(cycle.body) <= MOST_BYTES:
            cycle.body += body[: MOST_BYTES + 1 - len(cycle.body)]

    def on_message_complete(self) -> None:
        """Hand a whole payment over."""
        cycle: Any = self.cycle
        if isinstance(cycle, Straight):
            self.request_read()
            self._take(cycle.headers, cycle.body, partial(self._send, cycle))
        else:
            super().on_message_complete()

    def _send(self, cycle: Straight, answered: Answered) -> None:
        """Write the whole answer at once, unless the asker is gone."""
        if cycle.disconnected or self.transport.is_closing():
            return
        if answered.status >= 400 and speaks_chinese(cycle.headers):
            answered = answered._replace(body=in_chinese(answered.body))
        parts = [STATUS_LINE[answered.status]]
        for name, value in (*self.server_state.default_headers, *answered.headers):
            parts += (name, b": ", value, b"\r\n")
        parts += (b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n", answered.body)
        self.transport.write(b"".join(parts))
        cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()


def server(front: Front, host: str, port: int) -> uvicorn.Server:
    """The server `jingwei serve` runs: loopback speed, no access log, ten seconds to end politely."""
    import uvicorn

    protocol = cast(type[asyncio.Protocol], _protocol(front.payments))
    config = uvicorn.Config(
        front,
        host=host,
        port=port,
        loop="uvloop",
        http=protocol,
        ws="none",
        interface="asgi3",
        proxy_headers=False,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=10,
        server_header=False,
    )
    serving = uvicorn.Server(config)
    front.leaving = lambda: serving.should_exit
    return serving


def _protocol(payments: Payments) -> Callable[..., PaymentsProtocol]:
    return partial(PaymentsProtocol, payments)
