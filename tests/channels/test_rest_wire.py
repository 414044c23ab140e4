"""Payments over real sockets: whole, cut, pipelined, too long, hung up, and the same as through ASGI."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.channels.counter import Counter, Talk
from tests.channels.line import BODY, Line, read_answer

from jingwei.channels.rest.reading import MOST_BYTES, open_envelope
from jingwei.channels.rest.wire import BEGIN, PlainReader


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    line = Line(Counter(tmp_path_factory.mktemp("wire")))
    yield line
    line.close()


def test_a_payment_is_answered_whole(line: Line):
    ((status, headers, body),) = line.say(line.request())
    assert status == 201 and json.loads(body)["result"] == "allowed"
    assert headers["content-type"] == "application/json" and "date" in headers and "server" not in headers


def test_a_request_may_come_in_any_pieces(line: Line):
    request = line.request()
    cuts = [0, 1, 10, 60, len(request) - 30, len(request) - 1, len(request)]
    pieces = [request[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
    ((status, _, _),) = line.say(*pieces, pause=0.01)
    assert status == 201


def test_requests_on_one_connection_are_answered_in_their_order(line: Line):
    keys = [line.counter.key() for _ in range(4)]
    requests = [
        line.request(BODY | {"amount": f"{n + 1}.00"}, **{"Idempotency-Key": key})
        for n, key in enumerate(keys)
    ]
    other = line.request(path="/health", method="GET")
    told = line.say(b"".join((requests[0], requests[1], other, requests[2], requests[3])), answers=5)
    assert [status for status, _, _ in told] == [201, 201, 200, 201, 201]
    amounts = [json.loads(told[n][2])["amount"] for n in (0, 1, 3, 4)]
    assert amounts == ["1.00", "2.00", "3.00", "4.00"]


def test_a_connection_is_kept_and_closed_as_asked(line: Line):
    again = line.say(line.request(), line.request(), answers=2, pause=0.05)
    assert [status for status, _, _ in again] == [201, 201]
    ((_, headers, _),) = line.say(line.request(Connection="close"))
    assert headers["connection"] == "close"


def test_the_same_key_over_the_wire_and_through_asgi_gives_the_same_bytes(line: Line):
    key = line.counter.key()
    ((_, _, wire),) = line.say(line.request(**{"Idempotency-Key": key}))
    request = line.request(path="/v1/payments?way=asgi", **{"Idempotency-Key": key})
    ((status, headers, asgi),) = line.say(request)
    assert (status, headers["idempotent-replayed"], asgi) == (201, "true", wire)


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        ({"Idempotency-Key": ""}, BODY, 400, "key_missing"),
        ({"Authorization": "Bearer nobody"}, BODY, 401, "not_identified"),
        ({"Content-Type": "text/plain"}, BODY, 415, "body_not_json_type"),
        ({}, BODY | {"memo": "x" * 70_000}, 413, "body_too_large"),
        ({}, BODY | {"amount": "１"}, 422, "amount_not_valid"),
        ({}, [], 422, "field_not_valid"),
        ({}, BODY | {"payee": "nobody"}, 404, "account_not_found"),
    ],
)
def test_problems_over_the_wire(line: Line, headers: dict[str, str], body: Any, status: int, code: str):
    ((found, told, content),) = line.say(line.request(body, **headers))
    assert (found, json.loads(content)["code"]) == (status, code)
    assert told["content-type"] == "application/problem+json"


def test_a_body_in_chunks_is_taken_and_one_too_long_is_not(line: Line):
    content = json.dumps(BODY).encode()
    head = line.request({}, **{"Content-Length": "", "Transfer-Encoding": "chunked"}).split(b"\r\n\r\n")[0]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (content[:20], content[20:]))
    ((status, _, _),) = line.say(head + b"\r\n\r\n" + chunks + b"0\r\n\r\n")
    assert status == 201
    endless = b"%x\r\n%s\r\n" % (30_000, b" " * 30_000)
    ((status, _, body),) = line.say(head + b"\r\n\r\n" + endless * 4 + b"0\r\n\r\n")
    assert (status, json.loads(body)["code"]) == (413, "body_too_large")


def test_rubbish_is_answered_with_400(line: Line):
    async def talk() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
        writer.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
        told = await reader.read()
        writer.close()
        return told

    assert asyncio.run(talk()).startswith(b"HTTP/1.1 400")


def test_who_hangs_up_is_paid_for_once_and_the_server_goes_on(line: Line):
    key = line.counter.key()
    request = line.request(**{"Idempotency-Key": key})

    async def hang_up() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", line.port)
        writer.write(request)
        await writer.drain()
        writer.transport.abort()

    asyncio.run(hang_up())
    ((status, _, first),) = line.say(request)
    ((again, headers, second),) = line.say(request)
    assert status == again == 201 and first == second
    assert headers["idempotent-replayed"] == "true"


def test_many_connections_are_joined_into_batches(line: Line):
    async def crowd() -> list[int]:
        async def one() -> int:
            reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
            for _ in range(5):
                writer.write(line.request())
                status, _, _ = await read_answer(reader)
            writer.close()
            return status

        return await asyncio.gather(*(one() for _ in range(40)))

    assert set(asyncio.run(crowd())) == {201}
    ((_, _, page),) = line.say(line.request(path="/metrics", method="GET"))
    figures = dict(row.rsplit(" ", 1) for row in page.decode().splitlines() if not row.startswith("#"))
    batches, commands = (float(figures[f"jingwei_batch_commands_{name}"]) for name in ("count", "sum"))
    assert commands > batches, "nothing was ever joined"


def test_the_server_ends_politely(tmp_path: Path):
    line = Line(Counter(tmp_path))
    assert line.say(line.request())[0][0] == 201
    line.close()
    reopened = Talk(Counter(tmp_path))
    assert reopened.get("/v1/accounts/bob").json()["booked"] == "50001.00"
    reopened.close()


HOST, TYPE, TOKEN = b"Host: bank", b"Content-Type: application/json", b"Authorization: Bearer t"
KEY, LENGTH = b"Idempotency-Key: k1", b"Content-Length: 2"


def whole(*lines: bytes, body: bytes = b"{}", begin: bytes = BEGIN) -> bytes:
    return begin + b"\r\n".join(lines) + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    "lines",
    [
        (HOST, TYPE, TOKEN, KEY, LENGTH),
        (b"host: bank", b"CONTENT-LENGTH: 2", b"idempotency-KEY: k1", b"user-agent: x y"),
        (LENGTH,),
    ],
)
def test_a_plain_payment_is_read_as_httptools_would(lines: tuple[bytes, ...]):
    headers = [(name.lower(), value) for name, value in (line.split(b": ", 1) for line in lines)]
    reader = PlainReader()
    for _ in range(2):
        assert reader.read(whole(*lines)) == (open_envelope(headers), b"{}")


@pytest.mark.parametrize(
    "request_",
    [
        whole(HOST, KEY, LENGTH, body=b"{} "),
        whole(HOST, KEY, LENGTH, body=b"{"),
        whole(HOST, KEY, LENGTH, LENGTH),
        whole(HOST, KEY, KEY, LENGTH),
        whole(HOST, TOKEN, b"Authorization: Bearer other", LENGTH),
        whole(HOST, b"Transfer-Encoding: chunked", LENGTH),
        whole(HOST, b"Connection: close", LENGTH),
        whole(HOST, b"Connection: keep-alive", LENGTH),
        whole(HOST, b"Expect: 100-continue", LENGTH),
        whole(HOST, b"Upgrade: websocket", LENGTH),
        whole(HOST, b"Content-Encoding: gzip", LENGTH),
        whole(HOST, b"Content-Type: text/plain", LENGTH),
        whole(HOST, b"Content-Length: +2"),
        whole(HOST, b"Content-Length: 0x2"),
        whole(HOST, b"Content-Length : 2"),
        whole(HOST, b"Content-Length:2"),
        whole(HOST, b"Content-Length: 2 "),
        whole(HOST, b"Content-Length: 2, 2"),
        whole(HOST, b"X-Odd: \xff", LENGTH),
        whole(HOST, b" folded: 1", LENGTH),
        whole(HOST, b"a\rb: 1", LENGTH),
        whole(HOST, b"a: 1\nContent-Length: 3", LENGTH),
        whole(HOST, b"Idempotency-Key: a b", LENGTH),
        whole(HOST, b"Idempotency-Key: " + b"k" * 256, LENGTH),
        whole(HOST),
        whole(HOST, b"Accept: " + b"x" * 5_000, LENGTH),
        whole(HOST, b"Content-Length: %d" % (MOST_BYTES + 1), body=b" " * (MOST_BYTES + 1)),
        BEGIN + b"Content-Length: 2\r\n",
    ],
)
def test_what_is_not_plain_is_left_to_httptools(request_: bytes):
    reader = PlainReader()
    assert reader.read(request_) is None
    assert reader.read(request_) is None
    assert reader.read(whole(HOST, KEY, LENGTH)) is not None


def test_lines_without_end_do_not_fill_the_memory():
    reader = PlainReader()
    for n in range(10_000):
        assert reader.read(whole(b"User-Agent: %d" % n, b"Idempotency-Key: %d" % n, LENGTH)) is not None
    assert len(reader._lines) <= 2_048
    assert not any(line.startswith(b"Idempotency-Key") for line in reader._lines)


def test_a_plain_payment_after_half_a_request_is_part_of_it(line: Line):
    """What httptools has begun it ends: a body that looks like a request is a body."""
    inner = line.request()
    head = line.request({}, **{"Content-Length": str(len(inner))}).split(b"\r\n\r\n")[0] + b"\r\n\r\n"
    size = line.counter.home.store.size()
    ((status, _, body),) = line.say(head, inner, pause=0.05)
    assert (status, json.loads(body)["code"]) == (400, "body_not_json")
    ((status, _, _),) = line.say(b"POST /health HTTP/1.1\r\nHost: bank\r\nX-Odd: ", inner, pause=0.05)
    assert status == 405
    assert line.counter.home.store.size() == size


def test_a_quiet_connection_is_closed_and_one_in_use_is_not(tmp_path: Path):
    line = Line(Counter(tmp_path))
    line.server.config.timeout_keep_alive = 0.4  # type: ignore[assignment]

    async def talk() -> float:
        reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
        loop = asyncio.get_running_loop()
        for _ in range(4):
            writer.write(line.request())
            assert (await read_answer(reader))[0] == 201
            await asyncio.sleep(0.2)
        began = loop.time()
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
        return loop.time() - began

    assert asyncio.run(talk()) < 5
    line.close()
