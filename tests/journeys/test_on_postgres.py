"""The whole bank with its books in PostgreSQL gives what it gives on SQLite, to the last bit."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jingwei.stores.local_postgres import find_programs, local_postgres


def some_days(town: Any) -> list[Any]:
    """Payments of four people over two days, some held, some refused, some asked twice."""
    draw, people = random.Random(3), ("alice", "bob", "carol", "dan")
    for who in people:
        town.open(who, 2_000_000)
    commands: list[Any] = []
    for _ in range(150):
        payer, payee = draw.sample(people, 2)
        amount = draw.choice((999, 50_000, 600_000, 6_000_000))
        kind = draw.random()
        if kind < 0.7:
            commands.append(town.pay(payer, payee, amount, device=draw.choice(("", "phone"))))
        elif kind < 0.95:
            commands.append(town.card(payer, "shop", amount, capture=kind < 0.85))
        elif commands:
            commands.append(draw.choice(commands))
        town.later(seconds=draw.randrange(2_000))
    return commands


@pytest.mark.skipif(find_programs() is None, reason="PostgreSQL is not installed")
def test_postgresql_and_sqlite_keep_the_same_bank(tmp_path: Path, new_town: Any) -> None:
    seen = []
    with local_postgres() as server:
        for name, url in (("sqlite", ""), ("postgres", server.dsn)):
            town = new_town(tmp_path / name, store_url=url)
            commands = some_days(town)
            answers = [reply.answer for reply in town.bank.do(commands[:80])]
            town.reopen()
            for part in (commands[80:], commands[-5:]):
                answers += [reply.answer for reply in town.bank.do(part)]
            town.audit()
            seen.append(
                (msgspec.json.encode(answers), town.home.store.root(), sorted(town.home.store.totals()))
            )
            town.home.close()
    assert seen[0] == seen[1]
    assert b'"held"' in seen[0][0] and b'"refused"' in seen[0][0]
