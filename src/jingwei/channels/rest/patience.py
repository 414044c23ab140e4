"""How long a connection may take and how much it may send before a request is whole; then it is closed."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from jingwei.channels.problems import MEDIA_TYPE, Problem, body_of

MOST_HEAD = 65_536
"""Bytes of address and headers after which a request is not read on."""

PATIENCE_S = 20.0
"""Seconds from a request's first byte (or from connecting) to its last."""


class PatientProtocol(HttpToolsProtocol):
    """One connection that is not held open by half requests, and whose refusals are problems.

    A protocol that reads a request's head or end itself calls `head_read` and `request_read`.
    """

    patience_s = PATIENCE_S

    def __init__(self, *settings: Any, **named: Any) -> None:
        super().__init__(*settings, **named)
        self._waiting_since = 0.0
        self._in_head = True
        self._head_bytes = 0
        self._seen_last = b""
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch the clock."""
        super().connection_made(transport)
        self._waiting_since = self.loop.time()
        self._watch = self.loop.call_later(self.patience_s / 2, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Watch no longer."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head is larger than any we take, however few pieces it came in."""
        if self._in_head:
            end = (self._seen_last + data).find(b"\r\n\r\n")
            self._head_bytes += len(data) if end < 0 else end
            self._seen_last = data[-3:]
            if self._head_bytes > MOST_HEAD:
                if not self.transport.is_closing():
                    self._end(Problem("headers_too_large", most=str(MOST_HEAD)))
                return
        super().data_received(data)
        if not self._in_head:
            self._head_bytes = 0

    def on_message_begin(self) -> None:
        """A request begins."""
        self._waiting_since, self._in_head = self.loop.time(), True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is there."""
        self.head_read()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole."""
        self.request_read()
        super().on_message_complete()

    def head_read(self) -> None:
        """Address and headers were read."""
        self._in_head = False

    def request_read(self) -> None:
        """The whole request was read: what follows is ours to hurry with."""
        self._waiting_since = 0.0
        self._in_head, self._head_bytes, self._seen_last = True, 0, b""

    def send_400_response(self, msg: str) -> None:
        """Say that this is no request we can read."""
        self._end(Problem("request_not_valid", why="it is not HTTP/1.1"))

    def _look(self) -> None:
        """Close what has taken too long; look again later."""
        if self._waiting_since and self.loop.time() - self._waiting_since > self.patience_s:
            self._end(Problem("request_too_slow", most=f"{self.patience_s:.0f}"))
        else:
            self._watch = self.loop.call_later(self.patience_s / 2, self._look)

    def _end(self, problem: Problem) -> None:
        """Tell a problem and close; where an answer is on its way, only close."""
        cycle: Any = self.cycle
        if cycle is None or cycle.response_complete or not self._in_head:
            body = body_of(problem)
            self.transport.write(
                STATUS_LINE[problem.kind.status]
                + f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n".encode()
                + b"connection: close\r\n\r\n"
                + body
            )
        self.transport.close()
