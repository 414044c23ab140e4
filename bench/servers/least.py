"""The least a durable payment can cost over HTTP here: read it, one SQLite row, one synced commit, reply."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import suppress
from pathlib import Path
from typing import cast

import msgspec


class Payment(msgspec.Struct):
    """The same body our endpoint reads."""

    type: str
    payer: str
    terminal: str
    amount: str
    currency: str


class Books:
    """One table; requests that came in the same turn of the loop share a commit."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for setting in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 16384"):
            self._connection.execute(f"PRAGMA {setting}")
        self._connection.execute("CREATE TABLE payments (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")
        self._waiting: list[tuple[bytes, asyncio.Transport]] = []

    def put(self, body: bytes, transport: asyncio.Transport) -> None:
        """Keep a payment and answer it once it is durable."""
        self._waiting.append((body, transport))
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        batch, self._waiting = self._waiting, []
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("INSERT INTO payments (body) VALUES (?)", [(body,) for body, _ in batch])
        self._connection.execute("COMMIT")
        for body, transport in batch:
            transport.write(
                b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
                % (len(body), body)
            )


class Connection(asyncio.Protocol):
    """One connection; expects whole requests, as the load sends them."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Read one request."""
        head, _, body = data.partition(b"\r\n\r\n")
        if head.startswith(b"GET"):
            self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        else:
            msgspec.json.decode(body, type=Payment)
            self._books.put(body, self._transport)


async def main(port: int, folder: Path) -> None:
    """Serve until told to stop."""
    books = Books(folder / "least.db")
    listening = await asyncio.get_running_loop().create_server(lambda: Connection(books), "127.0.0.1", port)
    await listening.serve_forever()


if __name__ == "__main__":
    import uvloop

    with suppress(KeyboardInterrupt):
        uvloop.run(main(int(sys.argv[1]), Path(sys.argv[2])))
