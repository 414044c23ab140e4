"""The wire: uvicorn's HTTP protocol, with payments taken straight from the socket to the bank.

An ASGI cycle (a task, an event, three dictionaries and two writes for each request) costs more than
deciding and booking the payment, and so does calling Python for every header. So a whole, plain
POST /v1/payments that came in one piece is read here, by looking its header lines up; any other payment
goes from httptools to `Payments.take`; every other request, and a payment that waits behind another on the
same connection, goes uvicorn's way. All three mean the same.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from jingwei.channels.rest.patience import PatientProtocol
from jingwei.channels.rest.payments import PATH, Answered, Payments
from jingwei.channels.rest.reading import MOST_BYTES, Envelope
from jingwei.channels.rest.tongue import in_chinese, liked, speaks_chinese

if TYPE_CHECKING:
    import uvicorn

    from jingwei.channels.rest.app import Front

URL = PATH.encode()
BEGIN: Final = b"POST %s HTTP/1.1\r\n" % URL
LONGEST_HEAD: Final = 4_096
MOST_LINES: Final = 2_048
"""How many header lines are remembered: clients send the same ones again and again, all but their keys."""

_LINE: Final = re.compile(rb"([A-Za-z0-9-]+): ([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)")
_KEY: Final = re.compile(rb"[\x21-\x7e]{1,255}")
_HARMLESS: Final = frozenset((b"host", b"accept", b"user-agent", b"accept-encoding", b"origin", b"referer"))
NOTHING, TOKEN, KEY, LENGTH, TYPE, ODD = range(6)
"""What a header line is to a payment; an odd one is read by httptools."""


def understand(line: bytes) -> tuple[int, Any]:
    """What one header line is to a payment, and its value."""
    found = _LINE.fullmatch(line)
    if found is None:
        return ODD, None
    name, value = found[1].lower(), found[2]
    if name == b"idempotency-key":
        return (KEY, value) if _KEY.fullmatch(value) else (ODD, None)
    if name == b"content-length":
        return (LENGTH, int(value)) if value.isdigit() and len(value) < 7 else (ODD, None)
    if name == b"content-type":
        return (TYPE, value) if value == b"application/json" else (ODD, None)
    if name == b"authorization":
        return TOKEN, value
    if name == b"accept-language":
        return (NOTHING if liked(value.decode("latin-1")) == "en" else ODD), None
    return (NOTHING if name in _HARMLESS else ODD), None


class PlainReader:
    """Reads whole plain payments by remembering what header lines mean."""

    def __init__(self) -> None:
        self._lines: dict[bytes, tuple[int, Any]] = {}

    def read(self, data: bytes) -> tuple[Envelope, bytes] | None:
        """Envelope and body of one whole payment and nothing else; None for all that httptools must read.

        Every line is a name, a colon, a space and a value of visible ASCII; none that matters comes twice.
        """
        end = data.find(b"\r\n\r\n", len(BEGIN), LONGEST_HEAD)
        if end < 0:
            return None
        found: list[Any] = [None] * ODD
        lines = self._lines
        for line in data[len(BEGIN) : end].split(b"\r\n"):
            kind, value = lines.get(line) or self._learn(line)
            if kind == NOTHING:
                continue
            if kind == ODD or found[kind] is not None:
                return None
            found[kind] = value
        length, body = found[LENGTH], data[end + 4 :]
        if length != len(body) or length > MOST_BYTES:
            return None
        return Envelope(found[TOKEN] or b"", found[KEY] or b"", length), body

    def _learn(self, line: bytes) -> tuple[int, Any]:
        meaning = understand(line)
        if meaning[0] not in (KEY, ODD):
            if len(self._lines) >= MOST_LINES:
                self._lines.clear()
            self._lines[line] = meaning
        return meaning


class NoEvent:
    """Stands where uvicorn looks for the event of a cycle; nobody waits for it."""

    def set(self) -> None:
        """Nothing to wake."""


class Straight:
    """A payment on its way, in place of uvicorn's cycle: the fields its protocol looks at."""

    __slots__ = ("body", "disconnected", "headers", "keep_alive", "more_body", "response_complete")
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

    def __init__(self, payments: Payments, plain: PlainReader, **settings: Any) -> None:
        super().__init__(**settings)
        self._payments = payments
        self._read_plain = plain.read
        self._between = True
        self._quiet_until = 0.0

    def data_received(self, data: bytes) -> None:
        """Take a whole plain payment at once; hand anything else to httptools."""
        before: Any = self.cycle
        if self._between and data.startswith(BEGIN) and (before is None or before.response_complete):
            plain = self._read_plain(data)
            if plain is not None:
                self.request_read()
                self.cycle = cycle = cast(Any, Straight([], True))
                self._payments.take_plain(*plain, partial(self._send, cycle))
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A request has begun that httptools reads."""
        self._between = False
        super().on_message_begin()

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
        self._between = True
        cycle: Any = self.cycle
        if isinstance(cycle, Straight):
            self.request_read()
            self._payments.take(cycle.headers, cycle.body, partial(self._send, cycle))
        else:
            super().on_message_complete()

    def _send(self, cycle: Straight, answered: Answered) -> None:
        """Write the whole answer at once, unless the asker is gone."""
        if cycle.disconnected or self.transport.is_closing():
            return
        if answered.status >= 400 and speaks_chinese(cycle.headers):
            answered = answered._replace(body=in_chinese(answered.body))
        parts = [STATUS_LINE[answered.status]]
        for name, value in self.server_state.default_headers:
            parts += (name, b": ", value, b"\r\n")
        parts += (answered.head, b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n", answered.body)
        self.transport.write(b"".join(parts))
        cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        if self.pipeline or self.flow.read_paused or not cycle.keep_alive:
            self.on_response_complete()
            return
        self.server_state.total_requests += 1
        self._quiet_until = self.loop.time() + self.timeout_keep_alive
        if self.timeout_keep_alive_task is None:
            self._rest(self.timeout_keep_alive)

    def _rest(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that was quiet for long; one timer serves many payments and may come early."""
        self.timeout_keep_alive_task = None
        cycle: Any = self.cycle
        if isinstance(cycle, Straight) and not cycle.response_complete:
            self._rest(self.timeout_keep_alive)
        elif (left := self._quiet_until - self.loop.time()) > 0.0:
            self._rest(left)
        else:
            super().timeout_keep_alive_handler()


def server(front: Front, host: str, port: int, opened: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """The server `jingwei serve` runs: loopback speed, no access log, ten seconds to end politely.

    `opened` is called once it listens: whoever is told then is never refused.
    """
    import uvicorn

    class Opened(uvicorn.Server):
        """Tells when it listens."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                opened()

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
    serving = Opened(config)
    front.leaving = lambda: serving.should_exit
    return serving


def _protocol(payments: Payments) -> Callable[..., PaymentsProtocol]:
    return partial(PaymentsProtocol, payments, PlainReader())
