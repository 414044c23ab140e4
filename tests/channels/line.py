"""A bank that listens on a real socket, and short words to speak to it."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

from tests.channels.counter import Counter

from jingwei.channels.rest.wire import server

BODY = {"payer": "alice", "payee": "bob", "amount": "1.00", "currency": "CNY", "device": "phone"}


class Line:
    """A bank that listens on a socket, and short words to speak to it."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.server = server(counter.app, "127.0.0.1", 0)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive()
        self.port = self.server.servers[0].sockets[0].getsockname()[1]

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join(20)
        assert not self.thread.is_alive()
        self.counter.home.close()

    def request(
        self, body: Any = None, *, path: str = "/v1/payments", method: str = "POST", **headers: str
    ) -> bytes:
        content = json.dumps(BODY if body is None else body).encode() if method == "POST" else b""
        head = (
            {"Host": "bank"}
            | self.counter.head("customer:alice")
            | {"Content-Length": str(len(content))}
            | headers
        )
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items() if value)
        return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + content

    def say(
        self, *pieces: bytes, answers: int = 1, pause: float = 0.0
    ) -> list[tuple[int, dict[str, str], bytes]]:
        """Send pieces on one connection and read so many answers."""

        async def talk() -> list[tuple[int, dict[str, str], bytes]]:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
            told = [await read_answer(reader) for _ in range(answers)]
            writer.close()
            await writer.wait_closed()
            return told

        return asyncio.run(asyncio.wait_for(talk(), 20))


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines if line)
    return int(status.split()[1]), headers, await reader.readexactly(int(headers["content-length"]))
