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
