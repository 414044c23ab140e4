"""Row R12 live: a running server's clock is set from outside (libfaketime) while customers pay over HTTP."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from tests.soak.row import NotHere, Row, Tally

from jingwei.kernel.clock import SECOND, parse_iso

SOURCE = Path(__file__).parents[2] / "src"
START_SECONDS, STOP_SECONDS = 60.0, 6.0
SETTINGS = ("-2d", "+2d", "+30d", "+365d", "-365d", "+1h", "-1h", "+4300d", "-20000d", "+20m")
NEAR = 3 * SECOND
OF_ONE_SERVER = 5
"""A few more new payees, and the rules send a payment to a person instead of asking for a confirmation."""


def library() -> Path:
    """The library that sets a process's clock. Raises NotHere."""
    for place in sorted(Path("/usr/lib").glob("**/faketime/libfaketimeMT.so.1")):
        return place
    raise NotHere("libfaketime is not installed (apt-get install faketime)")


SLEEP = """import select, time
time.sleep = lambda seconds: select.select([], [], [], max(0.0, seconds)) and None
"""
"""libfaketime that leaves the steady clock alone refuses to sleep until a moment of it (EINVAL), which is how
Python sleeps; a wait for nothing lasts as long."""


class Live:
    """A server whose clock can be set; `set("")` undoes it."""

    def __init__(self, folder: Path, client: httpx.Client, tokens: dict[str, str]) -> None:
        self._clock, self._client, self._tokens = folder / "clock", client, tokens
        self._keys = 0

    def set(self, by: str) -> None:
        """Set the server's clock by this much."""
        fresh = self._clock.with_suffix(".new")
        fresh.write_text(by or "+0")
        fresh.replace(self._clock)

    def post(self, path: str, body: dict[str, Any], who: str) -> dict[str, Any]:
        """Ask, and return the answer's body."""
        self._keys += 1
        head = {"Authorization": f"Bearer {self._tokens[who]}", "Idempotency-Key": f"k{self._keys}"}
        told: dict[str, Any] = self._client.post(path, json=body, headers=head).json()
        return told

    def pay(self, amount: str, to: str = "bob") -> dict[str, Any]:
        """A payment by alice."""
        body = {"payer": "alice", "payee": to, "amount": amount, "currency": "CNY", "device": "phone"}
        return self.post("/v1/payments", body, "customer:alice")


@contextmanager
def server(*, steady: bool = True) -> Iterator[Live]:
    """A server of its own under libfaketime, on a free port; without `steady` every clock of it is set."""
    loaded = library()
    with tempfile.TemporaryDirectory(prefix="jingwei-soak-") as name, socket.socket() as probe:
        folder = Path(name)
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
        probe.close()
        (folder / "clock").write_text("+0")
        (folder / "sitecustomize.py").write_text(SLEEP)
        faked = {
            "LD_PRELOAD": str(loaded), "FAKETIME_TIMESTAMP_FILE": str(folder / "clock"),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": str(int(steady)),
            "PYTHONPATH": os.pathsep.join((str(folder), str(SOURCE))),
        }  # fmt: skip
        bank = ["-m", "jingwei", "--home", str(folder / "home"), "serve"]
        alone = ["--people", "0", "--port", str(port)]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *bank, *alone], env={**os.environ, **faked}, stdout=log, stderr=log
            )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                _wait(client, process, folder / "log")
                tokens = json.loads((folder / "home" / "tokens.json").read_text())
                yield Live(folder, client, tokens)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:  # its steady clock went back too, and it waits for the past
                process.kill()
                process.wait()


def _wait(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.get("/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"the server does not start: {log.read_text()[-500:]}")


def set_once(live: Live, by: str, customer: str) -> list[str]:
    """A confirmation is asked, the clock is set, and the bank goes on as if it were not."""
    person = {"customer": customer, "name": customer, "product": "current_cny", "account": customer}
    live.post("/v1/customers", person | {"opening": "0"}, "system:core")
    asked = live.pay("6000.00", customer)
    assert asked.get("challenge"), f"no confirmation was asked for: {asked}"
    began, before = time.monotonic(), live.pay("0.01")
    live.set(by)
    after = live.pay("0.01")
    true = int((time.monotonic() - began) * SECOND)
    passed = parse_iso(after["at"]) - parse_iso(before["at"])
    wrong = []
    if not 0 < passed <= true + NEAR:
        wrong.append(f"clock set {by}: {passed} microseconds passed between two payments, not {true}")
    signed = {"confirm": True, "payee": customer, "amount": "6000.00", "currency": "CNY"}
    told = live.post(f"/v1/step-ups/{asked['challenge']}", signed, "customer:alice")
    if told.get("result") != "allowed":
        wrong.append(f"clock set {by}: a confirmation in time was answered {told}")
    live.set("")
    return wrong


def run(seed: int, trials: int) -> Tally:
    """So many settings of servers' clocks."""
    chance = random.Random(seed)
    bad: list[str] = []
    for begin in range(0, trials, OF_ONE_SERVER):
        with server() as live:
            for n in range(begin, min(trials, begin + OF_ONE_SERVER)):
                bad += set_once(live, chance.choice(SETTINGS), f"newcomer{n}")
    return Tally(trials, tuple(bad), {"payments": 3 * trials})


def control(seed: int) -> bool:
    """A server whose steady clock is set as well cannot tell, and must be found."""
    with server(steady=False) as live:
        return bool(set_once(live, "+30d", "newcomer"))


ROWS = [
    Row(
        id="R12 live",
        says="A running server's clock is set by days, months and years from outside while a confirmation is "
        "open; payments keep their true distance in time and the confirmation stays good.",
        target=200,
        chunk=10,
        run=run,
        control=control,
        control_says="a server whose steady clock is set as well",
    )
]
