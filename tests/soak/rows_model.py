"""Rows of the reliability plan: the whole bank against a reference model."""

from __future__ import annotations

import os
import random
import tempfile
from functools import partial
from unittest.mock import patch

from tests.model.idempotency import check_cells
from tests.model.planted import PLANTED
from tests.model.races import RACES, race_to_open, run_races
from tests.model.reads import check_reads, cursor_off_by_one, page_off_by_one
from tests.model.runs import emptied, memory_folder, opened, postgres, shortest, walk
from tests.model.till import pay_without_the_writer
from tests.model.watch import Differs
from tests.soak.row import Row, Tally

import jingwei.bank
import jingwei.stores.postgres
from jingwei.journeys.bound import BoundBooks
from jingwei.kernel.purpose import DataClass
from jingwei.stores import sqlite
from jingwei.stores.opening import open_store

A_BANK = 5_000
"""Steps in one bank; then a new one is founded."""

FEW = 12
"""A planted error must come down to a story of at most so many commands."""

LENGTHS = (30, 30, 60, 60, 120, 120, 250, 500, 1_000, 2_000)
"""How long the runs are in which a planted error must show; a short one is shortened quicker."""


def model(engine: str, seed: int, steps: int) -> Tally:
    """So many random commands, in banks of at most 5,000."""
    bad, done, chance = [], 0, random.Random(f"{engine} {seed}")
    while done < steps and not bad:
        part = min(A_BANK, steps - done)
        with opened(engine) as home:
            try:
                walk(home, chance.getrandbits(32), part)
            except Differs as differs:
                drawn = differs.drawn  # type: ignore[attr-defined]
                bad.append(shortest(drawn, engine)[1] or str(differs))
            else:
                verdict = home.verify()
                if not verdict.sound or (found := home.store.check()):
                    bad.append(f"the books do not hang together: {verdict.damage} {found}")
        done += part
    return Tally(done, tuple(bad))


def caught(name: str, seed: int) -> tuple[int, str]:
    """Plant an error; return the length of the shortest story that shows it (0: not caught), and it."""
    chance = random.Random(f"{name} {seed}")
    with PLANTED[name]():
        for steps in LENGTHS:
            with opened() as home:
                try:
                    walk(home, chance.getrandbits(32), steps)
                except Differs as differs:
                    best, told = shortest(differs.drawn)  # type: ignore[attr-defined]
                    return len(best), told
    return 0, ""


def model_control(seed: int) -> bool:
    """Every planted error is caught, and told in few lines."""
    found = {name: caught(name, seed) for name in PLANTED}
    return all(0 < lines <= FEW for lines, _ in found.values())


def races(name: str, engine: str, seed: int, trials: int) -> Tally:
    """So many races of one kind."""
    return Tally(trials, tuple(run_races(name, seed, trials, engine)))


def openings(engine: str, trials: int) -> Tally:
    """Four want to be the only writer of one bank, so many times; losers wait 0.1 s, not five."""
    short = patch.object(jingwei.stores.postgres, "LOCK_SECONDS", 0.1)
    with short, tempfile.TemporaryDirectory(dir=memory_folder()) as folder:
        place = emptied(postgres()) if engine == "postgres" else f"{folder}/bank.db"
        make = partial(open_store, place)
        make().close()
        found = (race_to_open(make) for _ in range(trials))
        return Tally(trials, tuple(says for says in found if says))


def opened_without_lock() -> bool:
    """Whether it is noticed that two writers come in once the lock is not taken."""
    with patch.object(sqlite, "_lock", lambda path: os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT)):
        return openings("sqlite", 5).bad != ()


def consent_remembered(seed: int) -> bool:
    """Whether it is noticed that a consent seen once is not asked for again."""
    seen: set[tuple[str, object, object]] = set()
    ask = BoundBooks._ask

    def hasty(books: BoundBooks, customer: str, data: DataClass) -> None:
        if (customer, books._purpose, data) not in seen:
            ask(books, customer, data)
            seen.add((customer, books._purpose, data))

    with patch.object(BoundBooks, "_ask", hasty):
        return any(races("consent withdrawn", "sqlite", seed + n, 4).bad for n in range(10))


def race_row(name: str, engine: str) -> Row:
    """The row of one kind of race."""
    if name == "consent withdrawn":
        return Row(
            f"R6 {name} {engine}", "A consent is taken back by three while eight read under it and six pay: "
            "one withdrawal ends it, what stands behind it in the log has read nothing, each is paid.",
            1_000, 100, lambda seed, trials: races(name, engine, seed, trials), consent_remembered,
            "a consent seen once is not asked for again",
        )  # fmt: skip
    return Row(
        f"R6 {name} {engine}", f"Races for what only one can have: {name}. Exactly one wins, the others are "
        "told clearly, and no money is made or lost.", 1_000, 100,
        lambda seed, trials: races(name, engine, seed, trials),
        lambda seed: pay_without_the_writer() != "",
        "a till that looks first and updates later, outside the single writer",
    )  # fmt: skip


def opening_row(engine: str) -> Row:
    """The row of the race to open a bank."""
    return Row(
        f"R6 one writer {engine}", "Four open one bank for writing at once: one may, three are told so.",
        1_000, 100, lambda seed, trials: openings(engine, trials),
        lambda seed: opened_without_lock(), "the lock is not taken",
    )  # fmt: skip


def keys_row(engine: str) -> Row:
    """The row of the contract of idempotency keys."""
    return Row(
        f"R7 {engine}", "The contract of idempotency keys, cell by cell: same and other body, in flight, "
        "after a failed write, a crash and a restart, by actor, and keys at their limits.", 3_000, 60,
        lambda seed, trials: Tally(trials, tuple(check_cells(seed, trials, engine))),
        lambda seed: bodies_not_compared(engine, seed), "the body asked under a known key is not compared",
    )  # fmt: skip


def bodies_not_compared(engine: str, seed: int) -> bool:
    """Whether it is noticed that another body under a known key gets the first one's answer."""
    with patch.object(jingwei.bank, "fingerprint_equal", lambda *_: True):
        return bool(check_cells(seed, 1, engine, "other_body"))


def reads_row(engine: str, target: int) -> Row:
    """The row of reads."""
    return Row(
        f"R17 {engine}", "Accounts, statements, periods, cases, step-ups, decisions, filters and ledger "
        "ranges, read page by page while writing goes on: no row missing, none twice.", target, 1_000,
        lambda seed, trials: reads(engine, seed, trials), lambda seed: reads_wrong_by_one(),
        "a page that begins one row late; a statement's cursor that begins one line early",
    )  # fmt: skip


def reads(engine: str, seed: int, trials: int) -> Tally:
    """So many reads, or a few more: a statement begun is read to its end."""
    done, bad = check_reads(seed, trials, engine)
    return Tally(done, tuple(bad))


def reads_wrong_by_one() -> bool:
    """Whether both errors planted into paging are noticed."""
    found = []
    for plant in (page_off_by_one, cursor_off_by_one):
        with plant():
            found.append(check_reads(1, 1_000)[1])
    return all(found)


ROWS = [
    Row(
        "R5 sqlite",
        "Random days of a whole bank, every answer, line and balance held against a reference written from "
        "the rules; six invariants after every step.",
        800_000,
        10_000,
        lambda seed, steps: model("sqlite", seed, steps),
        model_control,
        "; ".join(PLANTED),
    ),
    Row(
        "R5 postgres",
        "The same on PostgreSQL.",
        200_000,
        1_000,
        lambda seed, steps: model("postgres", seed, steps),
        model_control,
        "; ".join(PLANTED),
    ),
    *(race_row(name, "sqlite") for name in RACES),
    *(
        race_row(name, "postgres")
        for name in ("same key", "last money", "double reversal", "consent withdrawn")
    ),
    opening_row("sqlite"),
    opening_row("postgres"),
    keys_row("sqlite"),
    keys_row("postgres"),
    reads_row("sqlite", 80_000),
    reads_row("postgres", 20_000),
]
