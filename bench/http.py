"""Payments over HTTP, decided and durable, against an echo that does nothing and the conventional stack."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.ratio import Ratio
from bench.servers import load

if TYPE_CHECKING:
    from jingwei.models.forest import Forest

CONNECTIONS = (1, 8, 64)
ROUNDS = 3
SECONDS = 2.0
TREES = 300
ECHO, CONVENTIONAL = "bare FastAPI + pydantic echo", "FastAPI, LightGBM, rule-engine, commit per request"


def run(rounds: int = ROUNDS, seconds: float = SECONDS) -> list[Ratio]:
    """Ratios at 1, 8 and 64 connections; the three servers take turns, so that noise disturbs them alike."""
    folder = Path(tempfile.mkdtemp(prefix="jingwei-bench-"))
    try:
        return _run(folder, rounds, seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path, rounds: int, seconds: float) -> list[Ratio]:
    token = found(folder / "home")
    jingwei = [
        sys.executable,
        "-m",
        "jingwei",
        "--home",
        str(folder / "home"),
        "serve",
        "--no-demo",
        "--port",
    ]
    echo = [sys.executable, "-m", "bench.servers.echo"]
    conventional = [sys.executable, "-m", "bench.servers.conventional"]
    with ExitStack() as stack:
        ports = {
            "ours": stack.enter_context(server(jingwei)),
            ECHO: stack.enter_context(server(echo)),
            CONVENTIONAL: stack.enter_context(server(conventional, str(folder))),
        }
        sides = {name: load.Load(port, token, seconds) for name, port in ports.items()}
        for side in sides.values():
            load.run(side._replace(seconds=1.0), 8, 0, folder)
        measured = {count: turns(sides, count, rounds, folder) for count in CONNECTIONS}
        decided = decisions(ports["ours"])
    return [
        line for count in CONNECTIONS for line in lines(count, measured[count], f"{decided}; {disk(folder)}")
    ]


def turns(sides: dict[str, load.Load], count: int, rounds: int, folder: Path) -> dict[str, load.Measured]:
    """The median round of each server at this many connections."""
    found: dict[str, list[load.Measured]] = {name: [] for name in sides}
    for turn in range(rounds):
        for name, side in sides.items():
            found[name].append(load.run(side, count, 1 + turn * 100 + count, folder))
    return {
        name: load.Measured(*(statistics.median(column) for column in zip(*some, strict=True)))
        for name, some in found.items()
    }


def lines(count: int, measured: dict[str, load.Measured], note: str) -> Iterator[Ratio]:
    """Two lines of the table: against the echo and against the conventional stack."""
    ours = measured["ours"]
    name = f"durable payments over HTTP, {count} connection{'s' * (count > 1)}"
    for baseline, aim in ((ECHO, 1.5), (CONVENTIONAL, 20.0)):
        other = measured[baseline]
        took = (
            f"p50/p99 {ours.p50_ms:.2f}/{ours.p99_ms:.2f} ms against {other.p50_ms:.2f}/{other.p99_ms:.2f} ms"
        )
        told = f"{took}; {note}" if baseline == ECHO else took
        yield Ratio(name, ours.rate, baseline, other.rate, "requests/s", aim, told)


def found(home: Path) -> str:
    """Found a bank with 50,000 card holders and a champion of 300 trees; return a token that may pay."""
    from jingwei.channels.identity import Tokens
    from jingwei.home import open_home
    from jingwei.journeys.open_account import OpenAccount

    bank = open_home(home)
    now = bank.clock.now()
    stamp = {"actor": "system:core", "at": now, "known_at": now}
    for first in range(0, load.CUSTOMERS, 5_000):
        bank.bank.do(
            [
                OpenAccount(
                    key=f"open-{n}",
                    customer=f"c{n}",
                    product="card_eur",
                    account=f"acc{n}",
                    opening_minor=10_000_000,
                    **stamp,
                )
                for n in range(first, first + 5_000)
            ]
        )
    digest = bank.registry.save(champion())
    bank.registry.approve("fraud", digest, who="bench", why="as many trees as a trained champion", at=now)
    bank.close()
    return Tokens(home / "tokens.json").by_actor["system:core"]


def champion() -> Forest:
    """A forest of 300 trees over the card features, learned from made-up cases: only its cost counts."""
    import lightgbm
    import numpy as np

    from jingwei.domains.fraud.model import CARD_FEATURES
    from jingwei.models.card import Card, DataSpan
    from jingwei.models.forest import from_lightgbm

    draw = np.random.default_rng(3)
    cases = draw.lognormal(3.0, 2.0, (20_000, len(CARD_FEATURES)))
    fraud = (np.log(cases).sum(axis=1) + draw.normal(0, 20, 20_000) > 150).astype(int)
    settings = {
        "objective": "binary",
        "num_leaves": 31,
        "num_threads": 1,
        "verbosity": -1,
        "learning_rate": 0.01,
    }
    text = lightgbm.train(settings, lightgbm.Dataset(cases, fraud), TREES).model_to_string()
    span = DataSpan(0, 1, len(fraud), int(fraud.sum()))
    card = Card(
        "bench forest",
        "1",
        "Made up, to measure.",
        "为测量而造。",
        CARD_FEATURES,
        "bench",
        0,
        span,
        {"auc": 0.5},
    )
    return from_lightgbm([text], card)


@contextmanager
def server(command: list[str], *more: str) -> Iterator[int]:
    """A server on a free port, stopped afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, ["src", ".", os.environ.get("PYTHONPATH")]))
    }
    with subprocess.Popen(
        [*command, str(port), *more], env=environment, stdout=subprocess.DEVNULL
    ) as process:
        try:
            wait_for(port, process)
            yield port
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 120.0) -> None:
    """Return once the server answers. Raises RuntimeError when it ended or never did."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the server on port {port} did not answer: {process.args!r}")


def decisions(port: int) -> str:
    """What was decided, and how many payments a batch had, from our own figures."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
        figures = dict(line.rsplit(" ", 1) for line in page.read().decode().splitlines() if line[0] != "#")
    results = {
        name.split('"')[1]: int(float(value)) for name, value in figures.items() if "decisions_total" in name
    }
    size = float(figures["jingwei_batch_commands_sum"]) / float(figures["jingwei_batch_commands_count"])
    return f"{', '.join(f'{count} {name}' for name, count in results.items())}; {size:.1f} in a batch"


def disk(folder: Path) -> str:
    """How long this disk takes to make 8 kB durable, right now."""
    took = []
    with (folder / "sync.probe").open("wb") as file:
        for _ in range(200):
            file.write(bytes(8192))
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - began)
    return f"disk sync p50 {statistics.median(took) * 1e3:.2f} ms; load by {load.tool()}"
