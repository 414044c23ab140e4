"""Opens what a crash left behind with the real bank and says, in sentences, what is wrong with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from tests.faults.power_story import START, Story, books_of, digest, features_of

from jingwei.audit.heads import KeyFileError, read_public
from jingwei.decisions.compiled import compile_policy
from jingwei.decisions.policy import parse_policy
from jingwei.home import Home, open_home
from jingwei.journeys.table import seal
from jingwei.kernel.clock import ManualClock
from jingwei.models.contract import CheckReport, Model
from jingwei.models.registry import Registry
from jingwei.stores.store import StoreError


class Promised(NamedTuple):
    """What the bank had told somebody before it died."""

    size: int = 0
    """This many records were acknowledged."""
    heads: tuple[tuple[int, str], ...] = ()
    """Heads handed out: size and root."""
    key: str = ""
    """The key they are signed with."""

    def heard(self, line: str) -> Promised:
        """With one more line of promises."""
        what, *rest = line.split()
        if what == "done":
            return self._replace(size=int(rest[0]))
        if what == "head":
            return self._replace(heads=(*self.heads, (int(rest[0]), rest[1])), key=rest[2])
        raise ValueError(line)


def examine(home_path: Path, story: Story, promised: Promised, whole: Sequence[int]) -> list[str]:
    """Open the bank, compare it with the rehearsal, let it go on; return what is wrong.

    `whole` are the numbers of records after each batch of the run that died, in order.
    """
    try:
        home = open_home(home_path, ManualClock(START))
    except (StoreError, sqlite3.Error, OSError, AssertionError, TypeError, ValueError) as error:
        return [f"the bank does not open: {type(error).__name__}: {error}"]
    try:
        bad = _found(home, story, promised, whole) or _goes_on(home, story, whole)
        home.close()
    except (StoreError, sqlite3.Error, OSError, AssertionError, TypeError, ValueError) as error:
        home.bank.let_go()
        bad = [f"the bank does not work: {type(error).__name__}: {error}"]
    return bad


def _found(home: Home, story: Story, promised: Promised, whole: Sequence[int]) -> list[str]:
    """What is wrong with what is there."""
    bad, store = [], home.store
    size = store.size()
    if size < promised.size:
        bad.append(f"lost: {promised.size} records were acknowledged, {size} are there")
    if size not in whole and size > story.founded:
        bad.append(f"half: {size} records are there, which is in the middle of a batch")
    leaves = [leaf for _, leaf in store.records(0, size)]
    if leaves != story.leaves[:size]:
        bad.append("altered: a record is not the one that was sealed")
    if books_of(home) != story.books.get(size):
        bad.append(f"half: the books are not those after {size} records")
    if features_of(home) != story.features.get(size):
        bad.append(f"features: they are not those after {size} records")
    if any(booked for _, booked, _ in store.totals()):
        bad.append("unbalanced: money was made or lost")
    return bad + [f"damage: {finding}" for finding in store.check()] + _evidence(home, promised)


def _evidence(home: Home, promised: Promised) -> list[str]:
    """What is wrong with the log, the key and the anchors."""
    bad = []
    verdict = home.verify()
    if not verdict.sound:
        bad.append(f"evidence: {verdict.damage}")
    if promised.key and promised.key != home.key.key_id:
        bad.append("key: heads were handed out under a key that is gone")
    anchored = {(head.size, head.root) for head in home.anchors.read()[0]}
    bad += [f"anchor: the head of {size} records is not anchored" for size, root in promised.heads
            if (size, root) not in anchored]  # fmt: skip
    try:
        if read_public(home.path / "keys" / "signing.pub") != home.key.public:
            bad.append("key: the public key is another one")
    except KeyFileError as error:
        bad.append(f"key: {error}")
    return bad


def _goes_on(home: Home, story: Story, whole: Sequence[int]) -> list[str]:
    """Ask the last command again, do the next batch, sign: every answer must be the rehearsed one."""
    bad, size = [], home.store.size()
    if size > story.founded:
        bad += told_wrong(story, home.bank.do([story.commands[size - story.founded - 1]]), size - 1, True)
    after = next((end for end in whole if end > size), size)
    batch = story.since(size)[: after - size]
    if batch:
        bad += told_wrong(story, home.bank.do(batch), size, False)
    bad += told_wrong(story, home.bank.do(batch), size, True)
    if books_of(home) != story.books.get(after):
        bad.append(f"going on: the books are not those after {after} records")
    head = home.sign_head()
    if (head.size, head.root) not in {(one.size, one.root) for one in home.anchors.read()[0]}:
        bad.append("anchor: the head signed last was not anchored")
    if not home.verify(books=False).sound:  # the books were just compared with the rehearsed ones
        bad.append("going on: the log does not verify")
    return bad


def told_wrong(story: Story, replies: Sequence[Any], first: int, replayed: bool) -> list[str]:
    """What is wrong with replies to the rehearsed commands that are the records from `first` on."""
    bad = []
    for seq, reply in enumerate(replies, first):
        command = story.commands[seq - story.founded]
        if reply.seq != seq or digest(seal(seq, command, reply.answer)) != digest(story.leaves[seq]):
            bad.append(f"answered: command {seq} was answered otherwise than before ({reply.answer})")
        if reply.replayed != replayed:
            bad.append(f"answered: command {seq} was {'done again' if replayed else 'taken for a repeat'}")
    return bad


@contextmanager
def rules_remembered() -> Iterator[None]:
    """Read and compile each text of rules once, and hold each first model to its contract once.

    That is pure, and nine tenths of the time to open a small bank.
    """
    compiled: dict[tuple[str, tuple[str, ...]], Any] = {}

    def compile_once(policy: Any, columns: Sequence[str]) -> Any:
        name = (policy.digest, tuple(columns))
        return compiled.get(name) or compiled.setdefault(name, compile_policy(policy, columns))

    check, checked = Registry._checked, dict[str, CheckReport]()

    def check_once(registry: Registry, digest: str, model: Model) -> CheckReport:
        return checked.get(digest) or checked.setdefault(digest, check(registry, digest, model))

    parse_once = lru_cache(parse_policy)
    with (
        patch.object(Registry, "_checked", check_once),
        patch("jingwei.keeping.court.parse_policy", parse_once),
        patch("jingwei.journeys.publish_policy.parse_policy", parse_once),
        patch("jingwei.keeping.court.compile_policy", compile_once),
    ):
        yield
