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
from typing import TYPE_CHECKING, NamedTuple

from bench.ratio import Ratio
from bench.servers import load

if TYPE_CHECKING:
    from jingwei.models.forest import Forest

CONNECTIONS = (1, 8, 64)
ROUNDS = 5
SECONDS = 2.0
TREES = 300
OURS = "durable payments over HTTP"
ECHO, CONVENTIONAL = "bare FastAPI + pydantic echo", "FastAPI, LightGBM, rule-engine, commit per request"
APART = "the same, written by a second process"
LEAST = "least durable server (one row, one commit)"
AIMS = ((OURS, ECHO, 1.5), (OURS, CONVENTIONAL, 20.0), (APART, ECHO, None), (LEAST, ECHO, None))


def run(rounds: int = ROUNDS, seconds: float = SECONDS) -> list[Ratio]:
    """Ratios at 1, 8 and 64 connections; the servers take turns, so that noise disturbs them alike.

    The least durable server decides nothing: what it reaches at one connection is what the disk, the network
    and the interpreter leave to anybody here.
    """
    folder = Path(tempfile.mkdtemp(prefix="jingwei-bench-"))
    try:
        return _run(folder, rounds, seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path, rounds: int, seconds: float) -> list[Ratio]:
    token = found(folder / "home")
    shutil.copytree(folder / "home", folder / "apart")
    baselines = {ECHO: "echo", CONVENTIONAL: "conventional", LEAST: "least"}
    with ExitStack() as stack:
        sides = {
            OURS: stack.enter_context(server(jingwei(folder / "home"))),
            APART: stack.enter_context(server(jingwei(folder / "apart", "--apart"))),
        }
        for name, module in baselines.items():
            command = [sys.executable, "-m", f"bench.servers.{module}"]
            sides[name] = stack.enter_context(server(command, str(folder)))
        for side in sides.values():
            load.run(load.Load(side.port, token, 1.0), 8, 0, folder)
        how = load.Load(0, token, seconds)
        measured = {count: turns(sides, how, count, rounds, folder) for count in CONNECTIONS}
        decided = decisions(sides[OURS].port)
    return [
        line for count in CONNECTIONS for line in lines(count, measured[count], f"{decided}; {disk(folder)}")
    ]


def jingwei(home: Path, *options: str) -> list[str]:
    """The command that serves a bank, but for its port."""
    serve = [sys.executable, "-m", "jingwei", "--home", str(home), "serve", "--no-demo", *options]
    return [*serve, "--port"]


class Side(NamedTuple):
    """A server at work: its port and process."""

    port: int
    process: int


class Round(NamedTuple):
    """One round of one server: what the load saw, and microseconds of processor time for a request."""

    seen: load.Measured
    cpu_us: float


def turns(
    sides: dict[str, Side], how: load.Load, count: int, rounds: int, folder: Path
) -> dict[str, list[Round]]:
    """Every round of each server at this many connections."""
    found: dict[str, list[Round]] = {name: [] for name in sides}
    for turn in range(rounds):
        for name, side in sides.items():
            before = cpu_s(side.process)
            seen = load.run(how._replace(port=side.port), count, 1 + turn * 100 + count, folder)
            spent = cpu_s(side.process) - before
            found[name].append(Round(seen, spent / (seen.rate * how.seconds) * 1e6))
    return found


def cpu_s(process: int) -> float:
    """Processor seconds a process and its children have used so far (Linux; 0 elsewhere)."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return 0.0
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(cpu_s(int(child)) for child in children)


def lines(count: int, measured: dict[str, list[Round]], note: str) -> Iterator[Ratio]:
    """Lines of the table: the round with the median ratio, as noise within a round disturbs both."""
    for name, baseline, aim in AIMS:
        pairs = sorted(
            zip(measured[name], measured[baseline], strict=True),
            key=lambda pair: pair[0].seen.rate / pair[1].seen.rate,
        )
        ours, other = pairs[len(pairs) // 2]
        low, high = (pair[0].seen.rate / pair[1].seen.rate for pair in (pairs[0], pairs[-1]))
        told = (
            f"{low:.2f} to {high:.2f} times; p50/p99 {ours.seen.p50_ms:.2f}/{ours.seen.p99_ms:.2f} against "
            f"{other.seen.p50_ms:.2f}/{other.seen.p99_ms:.2f} ms; {ours.cpu_us:.0f} against "
            f"{other.cpu_us:.0f} us of processor time a request"
        )
        if (name, baseline) == (OURS, ECHO):
            told += f"; {note}"
        called = f"{name}, {count} connection{'s' * (count > 1)}"
        yield Ratio(called, ours.seen.rate, baseline, other.seen.rate, "requests/s", aim, told)


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
def server(command: list[str], *more: str) -> Iterator[Side]:
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
            yield Side(port, process.pid)
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
