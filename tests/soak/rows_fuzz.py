"""Rows S5 and S6: generated and hostile requests, counted by what became of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

import typer.main
from msgspec.structs import replace
from tests.channels.assault import Assault
from tests.channels.doors import Door, doors
from tests.channels.generated import Generated
from tests.channels.hostile import INPUTS, TEXTS
from tests.channels.keyboard import Keyboard, typeable
from tests.channels.seeded import GOOD, Seeded
from tests.channels.typed_words import COMMANDS, HERE
from tests.faults.power_check import rules_remembered
from tests.soak.row import Row, Tally

from jingwei.channels.problems import Problem
from jingwei.channels.rest import desk, joined
from jingwei.channels.streams import card_file
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.table import BY_COMMAND

OPERATIONS = len(GOOD)
ENOUGH = 40
"""Of so many cases of an operation one must be accepted; of fewer there may be none by chance."""


def generated(seed: int, trials: int) -> Tally:
    """Send so many cases made from the document, shared out over every operation."""
    bank = Seeded(seed)
    try:
        made = Generated(bank, seed)
        each, more = divmod(trials, OPERATIONS)
        for place, (name, operation) in enumerate(made.operations()):
            made.ask(name, operation, each + (place < more))
        bad = made.bad
        if each >= ENOUGH:
            bad = bad + [f"{name}: no case was accepted" for name in made.never_accepted()]
        return Tally(trials, tuple(bad), dict(made.counts))
    finally:
        bank.close()


@contextmanager
def stumbling() -> Iterator[None]:
    """A deposit whose memo is long ends in an exception."""
    journey = BY_COMMAND[Deposit]

    def act(ask: Deposit, seen: Any) -> Any:
        if len(ask.memo) > 3:
            raise ZeroDivisionError("planted")
        return journey.act(ask, seen)

    quiet = patch.object(joined.LOG, "error", lambda *words, **more: None)
    with patch.dict(BY_COMMAND, {Deposit: replace(journey, act=act)}), quiet:
        yield


@contextmanager
def talking() -> Iterator[None]:
    """A body that is not valid is answered with the exception's own text."""
    decode = desk.decode

    def told(decoder: Any, body: bytes) -> Any:
        try:
            return decode(decoder, body)
        except Problem as problem:
            why = f"{ValueError(problem.code)!r} in {desk.__file__}"
            raise Problem("field_not_valid", "/memo", why=why) from None

    with patch.object(desk, "decode", told):
        yield


def caught(seed: int) -> bool:
    """Whether an endpoint that raises, and one that leaks an exception's text, are both found."""
    found = []
    for planted, says in ((stumbling, "status 500"), (talking, "a Python value leaks")):
        bank = Seeded(seed)
        try:
            with planted():
                made = Generated(bank, seed)
                operation = dict(made.operations())["POST /v1/deposits"]
                made.ask("POST /v1/deposits", operation, 40)
        finally:
            bank.close()
        found.append(any(says in one for one in made.bad))
    return all(found)


def hostile(seed: int, trials: int) -> Tally:
    """So many of all pairs of a field of an operation and a hostile input."""
    bank = Seeded(seed)
    assault = Assault(bank, seed)
    try:
        for field, one in assault.pairs(trials):
            assault.send(field, one)
        return Tally(trials, tuple(assault.bad), dict(assault.counts))
    finally:
        assault.close()
        bank.close()


def half_written(seed: int) -> bool:
    """Whether a refusal that wrote something before is found."""
    bank = Seeded(seed)
    assault = Assault(bank, seed)
    decode, home = desk.decode, bank.talk.counter.home

    def wrote(decoder: Any, body: bytes) -> Any:
        try:
            return decode(decoder, body)
        except Problem:
            now = home.clock.now()
            money = {"account": bank.calm, "amount_minor": 1, "currency": "CNY"}
            home.bank.do([Deposit(key=f"p{now}", actor="system:core", at=now, known_at=now, **money)])
            raise

    try:
        with patch.object(desk, "decode", wrote):
            for place in (one for one in assault.fields if one.name == "memo"):
                assault.send(place, next(one for one in INPUTS if one.text == "a\x00b"))
        return any("a refusal changed the books" in one for one in assault.bad)
    finally:
        assault.close()
        bank.close()


def files(seed: int, trials: int) -> Tally:
    """So many of all pairs of a value in a file and a hostile text."""
    draw, every = random.Random(seed), list(doors())
    bad: list[str] = []
    for n in range(trials):
        door, one = every[n % len(every)], draw.choice(TEXTS)
        assert one.text is not None
        bad += [f"{door.name}: {one.name}: {wrong}" for wrong in _wrong(door, one.text)]
    return Tally(trials, tuple(bad), {"values replaced in files": trials})


def _wrong(door: Door, text: str) -> list[str]:
    try:
        return door.wrong(text)
    except Exception as bug:
        return [f"raised {type(bug).__name__}: {str(bug)[:80]}"]


def careless_files(seed: int) -> bool:
    """Whether a reader that lets impossible ids and moments pass is found."""
    with patch.object(card_file, "check_columns", lambda columns, start: None):
        door = next(one for one in doors() if one.name == "card stream, customer")
        return any(_wrong(door, text) for text in ("a b", "../../etc/passwd"))


def words(seed: int, trials: int) -> Tally:
    """So many of all pairs of an argument of the command line and a hostile text.

    The tree of commands is built once and not for every command, which took three quarters of the time.
    """
    draw, keyboard = random.Random(seed), Keyboard()
    texts = list(typeable(one.text for one in TEXTS if one.text is not None))
    bad: list[str] = []
    built_once = patch("typer.main.get_command", cache(typer.main.get_command))
    try:
        with built_once, rules_remembered():
            for n in range(trials):
                command, text = COMMANDS[n % len(COMMANDS)], draw.choice(texts)
                wrong = keyboard.type(command, text)
                bad += [f"{' '.join(command)}: {text[:40]!r}: {one}" for one in wrong]
    finally:
        keyboard.close()
    return Tally(trials, tuple(bad), {"words typed": trials})


def careless_words(seed: int) -> bool:
    """Whether a comment that is too long to be read again is found."""
    keyboard = Keyboard()
    try:
        rooms = ("journeys.prepared", "kernel.command")
        unchecked = [patch(f"jingwei.{room}.checked", lambda one: one) for room in rooms]
        with unchecked[0], unchecked[1]:
            return any(keyboard.type(("cases", "refuse", "{case}", "--comment", HERE), "a" * 501))
    finally:
        keyboard.close()


ROWS = [
    Row(
        "S6 hostile values in files",
        "no hostile value in a card stream, older books, a product or a policy does more than be refused",
        80_000,
        4_000,
        files,
        careless_files,
        "a card stream whose ids nobody checks",
    ),
    Row(
        "S6 hostile words on the command line",
        "no hostile word ends in a traceback, acts on the terminal, or is sealed so that nobody can read it",
        40_000,
        2 * len(COMMANDS),
        words,
        careless_words,
        "a comment of 501 characters that is sealed",
    ),
    Row(
        "S6 hostile inputs over REST",
        "no hostile input in any field fails, leaks, is half written, forges a log line or is kept altered",
        100_000,
        2_000,
        hostile,
        half_written,
        "a refusal that books a deposit before it is told",
    ),
    Row(
        "S5 generated requests",
        "every operation answers what the document allows or forbids as the document says, without a leak",
        100_000,
        OPERATIONS * 10,
        generated,
        caught,
        "an endpoint that raises on one input; a refusal that tells an exception",
    ),
]
