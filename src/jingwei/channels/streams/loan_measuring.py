"""Measuring lending on a bank of its own: applying and signing, a crowd at once, and killing."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from jingwei.channels.lending.applicants import asking, settling, signing
from jingwei.channels.lending.killing import Killed, kill_rounds
from jingwei.channels.rest.joined import Joined
from jingwei.domains.credit.loans import Loan, LoanApplication
from jingwei.home import open_home
from jingwei.ledger.accounts import Balance, chart_id

if TYPE_CHECKING:
    from jingwei.home import Home

Progress = Callable[[int, int], None]
BATCH = 500
STEPS = ("customer: product, amount and months", "customer: read the offer", "customer: sign with a proof")


class Spread(msgspec.Struct, frozen=True):
    """Milliseconds: the middle, 95 of 100, the slowest."""

    p50_ms: float
    p95_ms: float
    most_ms: float


class Crowd(msgspec.Struct, frozen=True):
    """Applications asked at once, each asked twice with the same key, then signed at once, also twice."""

    applications: int
    answered: int
    offered: int
    loans: int
    doubled: int
    seconds: float


class LoansMeasured(msgspec.Struct, frozen=True):
    """What was measured, each step durable. `agree`: the ledger holds what the loans owe."""

    applications: int
    offered: int
    apply: Spread
    sign: Spread
    journey: Spread
    steps: tuple[str, ...]
    crowd: Crowd
    killed: Killed
    agree: bool


def evaluate_loans(applications: int, kills: int, seed: int, progress: Progress) -> LoansMeasured:
    """Measure on a new bank in a temporary folder; `kills` lives of another bank end by SIGKILL."""
    with tempfile.TemporaryDirectory(prefix="jingwei-loans-") as folder:
        home = open_home(Path(folder) / "home")
        try:
            settle(home, [f"a{n}" for n in range(applications)] + [f"c{n}" for n in range(100)])
            apply, sign, journey = one_by_one(home, applications, progress)
            crowd = asyncio.run(at_once(home, 100))
            agree = agrees(home)
        finally:
            home.close()
        killed = kill_rounds(Path(folder) / "killed", kills, random.Random(seed))
    return LoansMeasured(
        applications, len(sign), spread(apply), spread(sign), spread(journey), STEPS, crowd, killed, agree
    )


def settle(home: Home, people: list[str]) -> None:
    """Take these people on with their history."""
    now = home.clock.now()
    commands = [command for who in people for command in settling(who, now)]
    for start in range(0, len(commands), BATCH):
        for reply in home.bank.do(commands[start : start + BATCH]):
            assert reply.answer.refusal is None, reply.answer.refusal


def one_by_one(home: Home, count: int, progress: Progress) -> tuple[list[float], list[float], list[float]]:
    """Seconds to apply, to sign, and both together where an offer was made; one customer after the other."""
    apply: list[float] = []
    sign: list[float] = []
    journey: list[float] = []
    for n in range(count):
        began = time.perf_counter()
        command = asking(home.store, f"a{n}", home.clock.now(), f"ask:{n}")
        answer = home.bank.do([command])[0].answer
        apply.append(time.perf_counter() - began)
        found = home.store.load(LoanApplication, [answer.made])[0]
        if found.status == "offered":
            began = time.perf_counter()
            signed = home.bank.do([signing(found, home.clock.now(), f"sign:{n}")])[0].answer
            sign.append(time.perf_counter() - began)
            journey.append(apply[-1] + sign[-1])
            assert signed.made, signed.refusal
        progress(n + 1, count)
    return apply, sign, journey


async def at_once(home: Home, count: int) -> Crowd:
    """So many applications at the same moment, each asked twice; then every offer signed twice."""
    joined = Joined(home.bank, home.store, lambda _: None)
    began, now = time.perf_counter(), home.clock.now()
    asked = [asking(home.store, f"c{n}", now, f"crowd:{n}") for n in range(count)] * 2
    told = await asyncio.gather(*map(joined.ask, asked))
    ids = sorted({reply.answer.made for reply in told})
    found = [one for one in home.store.load(LoanApplication, ids) if one.status == "offered"]
    signatures = [signing(one, home.clock.now(), f"crowd-sign:{one.id}") for one in found] * 2
    signed = await asyncio.gather(*map(joined.ask, signatures))
    seconds = time.perf_counter() - began
    joined.close()
    loans = [loan for n in range(count) for loan in home.store.find(Loan, "customer", f"c{n}")]
    answered = sum(reply.answer.refusal is None for reply in (*told, *signed))
    doubled = len(loans) - len({loan.customer for loan in loans}) + len(ids) - count
    return Crowd(count, answered, len(found), len(loans), doubled, round(seconds, 3))


def agrees(home: Home) -> bool:
    """Whether bank:loans holds exactly what all loans owe."""
    after, owed = "", 0
    while page := home.store.page(Loan, after=after, limit=1_000):
        owed += sum(loan.principal_minor for loan in page)
        after = page[-1].id
    held = home.store.load(Balance, [chart_id("loans", "CNY")])
    return owed == -sum(balance.booked_minor for balance in held)


def spread(seconds: list[float]) -> Spread:
    """The spread of these times."""
    if not seconds:
        return Spread(0.0, 0.0, 0.0)
    ordered = sorted(seconds)
    at = partial(_at, ordered)
    return Spread(at(0.5), at(0.95), at(1.0))


def _at(ordered: list[float], part: float) -> float:
    place = min(int(part * len(ordered)), len(ordered) - 1)
    return round(ordered[place] * 1_000, 3)
