"""What the soak looks at in the books: each kind of damage, done by hand, is found under its own head."""

from __future__ import annotations

import random
import sqlite3

import pytest

from jingwei.home import open_home
from jingwei.journeys.table import seal
from jingwei.simulation.soak_checks import Acknowledged, books, missing
from jingwei.simulation.soak_stream import Stream


@pytest.fixture
def lived(tmp_path):
    """A bank with a day's work behind it, and what it promised."""
    stream, chance = Stream("soak"), random.Random(5)
    home = open_home(tmp_path / "home", stream.clock)
    promised = {}
    for _ in range(12):
        commands = stream.batch(chance, 25)
        for command, reply in zip(commands, home.bank.do(commands), strict=True):
            stream.take(command)
            stream.learn(command, reply)
            leaf = seal(reply.seq, command, reply.answer)
            promised[command.actor, command.key] = Acknowledged(reply.seq, leaf)
    yield home, promised
    home.bank.let_go()


def damage(home, sql):
    with sqlite3.connect(home.path / "bank.db") as connection:
        assert connection.execute(sql).rowcount > 0
    connection.close()


def heads(findings):
    return {finding.kind for finding in findings}


def test_sound_books_have_no_finding(lived):
    home, promised = lived
    assert books(home) == []
    assert list(missing(home.store, promised)) == []


def test_the_stream_reaches_every_journey_with_money(lived):
    home, promised = lived
    from jingwei.journeys.table import unseal

    done = {
        type(record.command).__name__
        for record in (unseal(leaf) for _, leaf in home.store.records(0, home.store.size()))
        if record.answer.refusal is None
    }
    assert done >= {
        "OpenAccount", "Deposit", "Pay", "AuthoriseCardPayment", "CaptureCardPayment", "ReleaseHold",
        "AnswerStepUp", "Reverse", "Exchange", "RunDayEnd", "FreezeAccount", "ExpireHolds",
    }  # fmt: skip
    assert len(promised) > 250


SOME = "id = (SELECT max(id) FROM balances WHERE booked_minor <> 0 AND id NOT LIKE 'bank:%')"
LAST_LINE = "(SELECT max(id) FROM lines)"


@pytest.mark.parametrize(
    ("sql", "head"),
    [
        (f"UPDATE balances SET booked_minor = booked_minor + 1 WHERE {SOME}", "unbalanced"),
        (f"UPDATE balances SET held_minor = held_minor + 1 WHERE {SOME}", "unbalanced"),
        (f"UPDATE balances SET last_line = last_line - 1 WHERE {SOME}", "unbalanced"),
        (f"UPDATE lines SET amount_minor = amount_minor + 1 WHERE id = {LAST_LINE}", "unbalanced"),
        (f"DELETE FROM lines WHERE id = {LAST_LINE}", "unbalanced"),
        ("UPDATE holds SET amount_minor = amount_minor + 1 WHERE status = 'active'", "unbalanced"),
        ("DELETE FROM balances WHERE id NOT LIKE 'bank:%'", "unbalanced"),
        (
            "UPDATE records SET body = CAST(replace(CAST(body AS TEXT), 'soak:7', 'soak:8') AS BLOB) "
            "WHERE CAST(body AS TEXT) LIKE '%\"soak:7\"%'",
            "unsealed",
        ),
        ("UPDATE tiles SET body = zeroblob(8192) WHERE level = 0 AND idx = 0", "unsealed"),
    ],
)
def test_damage_is_found_under_its_head(lived, sql, head):
    home, _ = lived
    damage(home, sql)
    assert head in heads(books(home))


def test_a_promise_that_is_gone_or_differs_is_lost(lived):
    home, promised = lived
    key, reply = next(iter(promised.items()))
    damage(home, f"DELETE FROM answers WHERE key = '{key[1]}'")
    assert [finding.kind for finding in missing(home.store, promised)] == ["lost"]
    altered = {key: promised[key] for key in list(promised)[1:3]}
    first = next(iter(altered))
    altered[first] = Acknowledged(altered[first].seq, reply.leaf)
    assert [finding.kind for finding in missing(home.store, altered)] == ["lost"]


def test_a_key_answered_twice_is_doubled(lived):
    home, _ = lived
    from jingwei.journeys.table import unseal
    from jingwei.simulation.soak_checks import twice

    records = [unseal(leaf) for _, leaf in home.store.records(0, home.store.size())]
    assert list(twice(records)) == []
    assert [finding.kind for finding in twice([*records, records[40]])] == ["doubled"]
