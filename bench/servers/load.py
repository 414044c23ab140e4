"""The load: card payments with keys of their own, by wrk where it is installed, else by a small generator."""

from __future__ import annotations

import asyncio
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

CUSTOMERS, TERMINALS = 50_000, 10_000
SCRIPT = """
local thread_count = 0
function setup(thread) thread:set("id", thread_count); thread_count = thread_count + 1 end
function init(args)
  token = args[1]; run = args[2]; n = 0; math.randomseed(tonumber(args[3]) + id)
  head = {["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json"}
end
function request()
  n = n + 1
  head["Idempotency-Key"] = run .. "-" .. id .. "-" .. n
  local body = '{"type":"card","payer":"acc' .. math.random(0, CUSTOMERS - 1) .. '","terminal":"T' ..
    math.random(0, TERMINALS - 1) .. '","amount":"' .. math.random(1, 99) .. '.25","currency":"EUR"}'
  return wrk.format("POST", "/v1/payments", head, body)
end
""".replace("CUSTOMERS", str(CUSTOMERS)).replace("TERMINALS", str(TERMINALS))


class Measured(NamedTuple):
    """One round: answers per second, and how long an answer took."""

    rate: float
    p50_ms: float
    p99_ms: float


class Load(NamedTuple):
    """Whom to ask, as whom, and for how long."""

    port: int
    token: str
    seconds: float


def tool() -> str:
    """What makes the load here."""
    return "wrk" if shutil.which("wrk") else "own generator"


def run(load: Load, connections: int, seed: int, folder: Path) -> Measured:
    """Ask over so many connections. Raises RuntimeError when an answer was not a decision."""
    return _wrk(load, connections, seed, folder) if shutil.which("wrk") else _own(load, connections, seed)


def _wrk(load: Load, connections: int, seed: int, folder: Path) -> Measured:
    script = folder / "payments.lua"
    script.write_text(SCRIPT, "utf-8")
    command = ["wrk", "-t1", f"-c{connections}", f"-d{load.seconds:.0f}s", "--latency", "-s", str(script)]
    command += [f"http://127.0.0.1:{load.port}", "--", load.token, f"r{load.port}-{seed}", str(seed)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if bad := re.search(r"Non-2xx.*|Socket errors.*", told):
        raise RuntimeError(f"port {load.port}, {connections} connections: {bad[0]}")
    p50, p99 = (_ms(re.search(rf"{share}%\s+([\d.]+)(us|ms|s)", told)) for share in (50, 99))
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    assert rate is not None, told
    return Measured(float(rate[1]), p50, p99)


def _ms(found: re.Match[str] | None) -> float:
    assert found is not None
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]


def _own(load: Load, connections: int, seed: int) -> Measured:
    """The generator in a process of its own."""
    command = [sys.executable, "-m", "bench.servers.load", str(load.port), load.token, str(load.seconds)]
    told = subprocess.run([*command, str(connections), str(seed)], capture_output=True, text=True, check=True)
    rate, p50, p99 = map(float, told.stdout.split())
    return Measured(rate, p50, p99)


class Asker(asyncio.Protocol):
    """One connection: asks, waits for the answer, asks again, until the time is over."""

    def __init__(self, load: Load, draw: random.Random, name: str, until: float) -> None:
        self.load, self.draw, self.name, self.until = load, draw, name, until
        self.took: list[float] = []
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._ask()

    def _ask(self) -> None:
        draw = self.draw.randrange
        body = (
            f'{{"type":"card","payer":"acc{draw(CUSTOMERS)}","terminal":"T{draw(TERMINALS)}",'
            f'"amount":"{draw(1, 99)}.25","currency":"EUR"}}'
        )
        head = (
            f"POST /v1/payments HTTP/1.1\r\nHost: bank\r\nAuthorization: Bearer {self.load.token}\r\n"
            f"Content-Type: application/json\r\nIdempotency-Key: {self.name}-{len(self.took)}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._began = time.perf_counter()
        self.transport.write((head + body).encode())

    def data_received(self, data: bytes) -> None:
        """Take the answer in; when it is whole, ask again."""
        self._seen += data
        head, found, body = self._seen.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        if not found or length is None or len(body) < int(length[1]):
            return
        if not head.startswith(b"HTTP/1.1 20"):
            self.over.set_exception(RuntimeError(self._seen.decode()))
            return
        self._seen = b""
        now = time.perf_counter()
        self.took.append(now - self._began)
        if now < self.until:
            self._ask()
        else:
            self.transport.close()
            self.over.set_result(None)


async def ask(load: Load, connections: int, seed: int) -> Measured:
    """Ask over so many connections at once."""
    loop, began = asyncio.get_running_loop(), time.perf_counter()
    askers = [
        Asker(load, random.Random(seed * 1000 + n), f"g{load.port}-{seed}-{n}", began + load.seconds)
        for n in range(connections)
    ]
    await asyncio.gather(
        *(loop.create_connection(lambda one=one: one, "127.0.0.1", load.port) for one in askers)
    )
    await asyncio.gather(*(one.over for one in askers))
    took = sorted(second for one in askers for second in one.took)
    rate = len(took) / (time.perf_counter() - began)
    return Measured(rate, took[len(took) // 2] * 1000, took[len(took) * 99 // 100] * 1000)


if __name__ == "__main__":
    port, token, seconds, connections, seed = sys.argv[1:]
    print(*asyncio.run(ask(Load(int(port), token, float(seconds)), int(connections), int(seed))))
