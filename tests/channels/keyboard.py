"""The command line under hostile words: each argument of each command, in this process."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from tests.channels.answers import LEAKS
from tests.channels.fence import fenced
from tests.channels.seeded import MEMORY
from tests.channels.typed_words import HERE, LESSON, ROWS

from jingwei.channels.cli import main
from jingwei.channels.demo import settle
from jingwei.home import open_home
from jingwei.journeys.pay import Pay
from jingwei.journeys.table import unseal
from jingwei.stores.opening import open_reader


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class Keyboard:
    """A home with one case that waits, copied fresh before every command that could change it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="keyboard-", dir=MEMORY)
        self.root = Path(self._folder.name)
        first = self.root / "first"
        bank = open_home(first)
        settle(bank)
        now = bank.clock.now()
        money = {"payer": "alice", "payee": "bob", "amount_minor": 4560, "currency": "CNY"}
        stamp = {"key": "p", "actor": "customer:alice", "at": now, "known_at": now}
        answer = bank.bank.do([Pay(customer="alice", **money, **stamp)])[0].answer
        model = next((first / "models" / "files").iterdir()).name
        bank.close()
        self.sealed = sealed(first)
        policy = self.root / "policy.toml"
        text = (Path(__file__).parents[2] / "src/jingwei/domains/fraud/policies/card_payment.toml").read_text(
            "utf-8"
        )
        policy.write_text(text, "utf-8")
        self.words = {"case": answer.case, "model": model, "policy": str(policy)}
        for name, content in (("csv", ROWS), ("lesson", LESSON)):
            (self.root / name).write_text(content, "utf-8")
            self.words[name] = str(self.root / name)
        self.words["backup"] = str(self.root / "backup")
        assert typed(first, self.root, ["backup", self.words["backup"]]).code == 0

    def close(self) -> None:
        """Remove the home."""
        self._folder.cleanup()

    def type(self, command: tuple[str, ...], text: str) -> list[str]:
        """What is wrong after this command with the text in its place."""
        home, desk = self.root / "home", self.root / "desk"
        for folder in (home, desk):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.root / "first", home)
        desk.mkdir()
        words = [text if one == HERE else one.format(home=home, **self.words) for one in command]
        ended = typed(home, desk, words)
        wrong = [f"ended with {ended.code}: {ended.err[-300:]}"] if ended.code not in (0, 1, 2) else []
        for name in ("a stack trace", "a Python value", "a statement of the database"):
            leak = LEAKS[name].search(ended.out + ended.err)
            if leak and leak[0] not in text and leak[0] not in ascii(text):
                wrong.append(f"{name} leaks: {leak[0]!r} in {ended.err[-300:]}")
        if "\x1b" in text and text in ended.out + ended.err:
            wrong.append("a control sequence reached the terminal")
        forged = [
            line for line in ended.err.split("\n") if line.startswith(("Error:", "Fix:", "INFO", "ERROR"))
        ]
        if len(forged) > 2:
            wrong.append(f"a line was forged: {forged}")
        return wrong + (unreadable(home) if sealed(home) != self.sealed else [])


def typed(home: Path, desk: Path, words: list[str]) -> Ended:
    """Run a command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    before = Path.cwd()
    os.chdir(desk)
    try:
        with (
            patch.object(sys, "argv", ["jingwei", *words]),
            patch.dict(os.environ, {"JINGWEI_HOME": str(home), "COLUMNS": "200"}),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            fenced(home.parent),
        ):
            main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except Exception:
        code = 99
        err.write(traceback.format_exc()[-600:])
    finally:
        os.chdir(before)
    return Ended(code, out.getvalue(), err.getvalue())


def sealed(home: Path) -> int:
    """How many records a home holds."""
    reader = open_reader(str(home / "bank.db"))
    try:
        return reader.size()
    finally:
        reader.close()


def unreadable(home: Path) -> list[str]:
    """Records of the home that cannot be read again."""
    bank = open_home(home)
    try:
        for seq in range(bank.store.size()):
            leaf = bank.store.record(seq)
            assert leaf is not None
            unseal(leaf)
    except ValueError as error:
        return [f"a record cannot be read again: {error}"]
    finally:
        bank.close()
    return []


def typeable(texts: Iterator[str]) -> Iterator[str]:
    """The texts a shell can hand to a program: without a zero byte, and not longer than one word may be."""
    return (text for text in texts if "\x00" not in text and len(text) < 30_000)
