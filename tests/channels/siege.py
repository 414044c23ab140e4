"""Hostile use of a socket: half requests, endless headers, nonsense; and others who go on being served."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import resource
from collections.abc import AsyncIterator

from tests.channels.line import BODY, Line, read_answer

ANSWER_S = 5.0


class Siege:
    """Attacks on a listening bank, each on a connection of its own, while a customer pays."""

    def __init__(self, line: Line, seed: int) -> None:
        self.line = line
        self.draw = random.Random(seed)
        self.bad: list[str] = []
        self.counts: dict[str, int] = {}

    def head(self, **changed: str) -> bytes:
        """The headers of a good payment, some changed; without its last empty line."""
        head = {"Host": "bank"} | self.line.counter.head("customer:alice") | changed
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items() if value)
        return f"POST /v1/payments HTTP/1.1\r\n{lines}".encode("latin-1")

    async def run(self, attacks: list[tuple[str, bytes | list[bytes], str]]) -> None:
        """Make every attack at once; a customer pays all the while and must be served."""
        over = asyncio.Event()
        customer = asyncio.create_task(self._customer(over))
        await asyncio.gather(*(self._attack(*one) for one in attacks))
        over.set()
        await customer

    async def _customer(self, over: asyncio.Event) -> None:
        paid = 0
        while not over.is_set() or not paid:
            try:
                async with asyncio.timeout(ANSWER_S):
                    async with connected(self.line.port) as (reader, writer):
                        writer.write(self.line.request())
                        status, _, _ = await read_answer(reader)
            except TimeoutError:
                self.bad.append(f"a customer waited more than {ANSWER_S:.0f} s")
                continue
            if status != 201:
                self.bad.append(f"a customer was told {status}")
            paid += 1
            await asyncio.sleep(0.02)
        self.counts["payments meanwhile"] = self.counts.get("payments meanwhile", 0) + paid

    async def _attack(self, name: str, sent: bytes | list[bytes], ends: str) -> None:
        """Send it; `ends` is the status of the answer, or "closed", or several of these."""
        told, ended = b"", False
        async with connected(self.line.port) as (reader, writer):
            with contextlib.suppress(ConnectionError):
                for piece in [sent] if isinstance(sent, bytes) else sent:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
            try:
                async with asyncio.timeout(ANSWER_S):
                    told = await reader.read(65_536)
                    while await reader.read(65_536):
                        pass
                    ended = True
            except ConnectionError:
                ended = True
            except TimeoutError:
                pass
        if not ended and found_open(ends):
            self.bad.append(f"{name}: the connection is still open")
        found = (
            told[9:12].decode("latin-1") if told.startswith(b"HTTP/1.1 ") else "closed" if not told else "?"
        )
        self.counts[f"{name}: {found}"] = self.counts.get(f"{name}: {found}", 0) + 1
        if found not in ends.split("|"):
            self.bad.append(f"{name}: {found} instead of {ends}: {told[:160]!r}")
        if any(word in told for word in (b"Traceback", b"Error(", b"site-packages", b"jingwei.")):
            self.bad.append(f"{name}: a leak: {told[:300]!r}")


@contextlib.asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection that is closed whatever happens on it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def attacks(siege: Siege) -> list[tuple[str, bytes | list[bytes], str]]:
    """Every attack once: its name, what is sent, and how it must end."""
    return [*unfinished(siege), *nonsense(siege), *large(siege)]


def paid(siege: Siege) -> bytes:
    """A good payment, whole."""
    body = json.dumps(BODY).encode()
    return siege.head(**{"Content-Length": str(len(body))}) + b"\r\n" + body


CHUNKED = {"Transfer-Encoding": "chunked", "Content-Length": ""}


def unfinished(siege: Siege) -> list[tuple[str, bytes | list[bytes], str]]:
    """Requests that never end."""
    whole = paid(siege)
    return [
        ("a request line and no more", b"POST /v1/payments HT", "408"),
        ("headers one byte at a time", [bytes([one]) for one in siege.head()[:120]], "408"),
        ("a body that never comes", siege.head(**{"Content-Length": "50"}) + b"\r\n", "408"),
        ("a body shorter than it says", whole[:-5], "408"),
        ("half closed without a request", b"", "408"),
    ]


def nonsense(siege: Siege) -> list[tuple[str, bytes | list[bytes], str]]:
    """What is no request, or two different ones."""
    raw = siege.head(**CHUNKED) + b"\r\n"
    return [
        ("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "400"),
        ("binary rubbish", siege.draw.randbytes(4_000) + b"\r\n\r\n", "400"),
        ("an HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400|closed"),
        ("an unknown method", b"JUMP / HTTP/1.1\r\nHost: a\r\n\r\n", "400|405"),
        ("no version", b"GET /health\r\n\r\n", "200|400|closed"),
        ("a bad version", b"GET /health HTTP/9.9\r\nHost: a\r\n\r\n", "400"),
        ("a space in a header name", b"GET /health HTTP/1.1\r\nBad Name: x\r\n\r\n", "400"),
        ("NUL in a header", b"GET /health HTTP/1.1\r\nHost: a\x00b\r\n\r\n", "400"),
        ("a folded header", b"GET /health HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", "400|200"),
        (
            "two lengths",
            siege.head(**{"Content-Length": "5"}) + b"Content-Length: 6\r\n\r\n" + b"12345",
            "400",
        ),
        (
            "a length and chunks",
            siege.head(**{"Content-Length": "5"}) + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "400",
        ),
        ("a negative length", siege.head(**{"Content-Length": "-1"}) + b"\r\n", "400"),
        ("a length beyond 64 bits", siege.head(**{"Content-Length": "9" * 30}) + b"\r\n", "400|413"),
        ("chunks of nonsense", raw + b"zz\r\nhello\r\n", "400"),
        ("a negative chunk", raw + b"-5\r\nhello\r\n0\r\n\r\n", "400"),
        ("a chunk beyond 64 bits", raw + b"f" * 20 + b"\r\nx\r\n", "400"),
        ("a chunk longer than it says", raw + b"2\r\nhello\r\n0\r\n\r\n", "400"),
        ("a chunk extension of 60,000", raw + b"2;" + b"a" * 60_000 + b"\r\n{}\r\n0\r\n\r\n", "400|413|422"),
        ("a trailer", raw + b"2\r\n{}\r\n0\r\nX: y\r\n\r\n", "400|422"),
    ]


def large(siege: Siege) -> list[tuple[str, bytes | list[bytes], str]]:
    """More than anybody needs, and what is rarely used."""
    whole, raw = paid(siege), siege.head(**CHUNKED) + b"\r\n"
    big = siege.head(**{"Content-Length": str(100_000_000)}) + b"\r\n"
    length = str(len(json.dumps(BODY)))
    return [
        ("a header of a megabyte", [b"GET /health HTTP/1.1\r\nX: ", *[b"a" * 65_536] * 16], "431|closed"),
        (
            "ten thousand headers",
            [b"GET /health HTTP/1.1\r\n", *[b"X: y\r\n" * 500] * 40, b"\r\n"],
            "431|closed",
        ),
        (
            "ten thousand headers in one piece",
            b"GET /health HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
            "431|closed",
        ),
        (
            "an address of 100,000",
            b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
            "400|404|414|431|closed",
        ),
        ("a body of 100 MB", [big, *[b" " * 1_000_000] * 100], "413|closed"),
        (
            "a body of 30 MB in chunks",
            [raw, *[b"f4240\r\n" + b" " * 1_000_000 + b"\r\n"] * 30, b"0\r\n\r\n"],
            "413|closed",
        ),
        ("a hundred requests at once", [whole.replace(b"key-", b"k%d-" % n) for n in range(100)], "201"),
        (
            "100-continue and silence",
            siege.head(**{"Expect": "100-continue", "Content-Length": "9"}) + b"\r\n",
            "100|408",
        ),
        (
            "an upgrade",
            siege.head(**{"Connection": "Upgrade", "Upgrade": "websocket", "Content-Length": length})
            + b"\r\n"
            + json.dumps(BODY).encode(),
            "201|400|426",
        ),
        (
            "absolute address",
            whole.replace(b"POST /v1/payments", b"POST http://127.0.0.1:1/v1/payments"),
            "201|400|404",
        ),
    ]


def found_open(ends: str) -> bool:
    """Whether a connection that ends like this must be closed by the server."""
    return not {"201", "200", "404", "413", "422"} & set(ends.split("|"))


def memory_kb() -> int:
    """The most memory this process ever held, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
