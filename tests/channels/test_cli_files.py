"""Files named on the command line: what is no file is not read, what is there already is not lost."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
import typer.main
from tests.channels.fence import fenced
from tests.channels.typed_words import UNTYPED, taken, tried

from jingwei.channels.cli.program import app
from jingwei.channels.demo import settle
from jingwei.home import open_home

Run = Callable[..., tuple[int, str, str]]
READERS = (
    ("policy", "check", "FILE"),
    ("policy", "publish", "FILE"),
    ("whatif", "--policy", "FILE"),
    ("replay", "FILE"),
    ("train", "fraud", "--data", "FILE", "--from", "2026-01-01", "--days", "7"),
    ("train", "credit", "--data", "FILE", "--lesson", "FILE", "--by", "staff:a"),
    ("evaluate", "credit", "--train", "FILE", "--test", "FILE", "--target", "y", "--good", "1"),
    ("evaluate", "lateness", "--data", "FILE"),
    ("audit", "verify", "--key", "FILE"),
    ("source", "check", "city/cards", "FILE"),
    ("source", "import", "city/cards", "FILE"),
    ("simulate", "year", "--state", "FILE"),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the demo customers."""
    path = tmp_path_factory.mktemp("cli_files") / "home"
    bank = open_home(path)
    settle(bank)
    bank.close()
    return path


@pytest.mark.parametrize("words", READERS, ids=[" ".join(one[:2]) for one in READERS])
@pytest.mark.parametrize("kind", ["device", "pipe"])
def test_a_device_or_a_pipe_is_not_read(jingwei: Run, tmp_path: Path, words: tuple[str, ...], kind: str):
    place = "/dev/zero"
    if kind == "pipe":
        place = str(tmp_path / "pipe")
        os.mkfifo(place)
    code, out, err = jingwei(*(place if one == "FILE" else one for one in words))
    assert (code, out) == (2, "")
    assert f"{place} is a device or a pipe" in err and "Fix:" in err


@pytest.mark.parametrize("words", [("policy", "check"), ("audit", "verify", "--key"), ("source", "check")])
def test_a_file_of_any_size_is_not_read_as_what_people_write(
    jingwei: Run, tmp_path: Path, words: tuple[str, ...]
):
    giant = tmp_path / "giant"
    with giant.open("wb") as file:
        file.truncate(1 << 40)
    code, _, err = jingwei(*words, giant, *([giant] if words[0] == "source" else []))
    assert code != 0 and "is larger than 1,048,576 bytes" in err and "Fix:" in err


def test_a_backup_of_devices_is_none(jingwei: Run, tmp_path: Path):
    folder = tmp_path / "backup"
    folder.mkdir()
    (folder / "manifest.json").symlink_to("/dev/zero")
    code, _, err = jingwei("restore", folder, "--home", tmp_path / "new")
    assert code != 0 and "holds no backup" in err


def test_a_proof_replaces_a_proof_and_nothing_else(jingwei: Run, tmp_path: Path):
    out, mine = tmp_path / "p.json", tmp_path / "passwd"
    out.touch()
    for _ in range(2):
        assert jingwei("proof", "D00000000001", "--out", out)[0] == 0
    changed = out.read_bytes().replace(b"jingwei proof v1", b"jingwei proof v2")
    out.write_bytes(changed)
    assert jingwei("proof", "D00000000001", "--out", out)[0] == 0
    assert out.read_bytes() != changed
    mine.write_text("root:x:0:0")
    code, _, err = jingwei("proof", "D00000000001", "--out", mine)
    assert code == 2 and "is there already" in err and "Fix:" in err
    assert mine.read_text() == "root:x:0:0"


def test_nothing_outside_the_fence_is_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # this checkout may lie in the usual one
    outside, inside = Path(__file__).with_suffix(".new"), tmp_path / "inside"
    (tmp_path / "door").symlink_to(outside.parent)
    with fenced(tmp_path):
        inside.write_text("x")
        inside.rename(tmp_path / "moved")
        for touch in (
            lambda: outside.write_text("x"),
            lambda: (tmp_path / "door" / outside.name).write_text("x"),
            lambda: os.mkdir(outside),
            lambda: (tmp_path / "moved").rename(outside),
            lambda: Path(__file__).chmod(0o600),
            lambda: os.open(outside, os.O_CREAT),
            lambda: sqlite3.connect(outside.absolute().as_uri(), uri=True),
        ):
            with pytest.raises(PermissionError):
                touch()
        assert Path(__file__).read_text("utf-8")
    assert not outside.exists()


def test_every_text_and_path_of_the_command_line_is_tried_with_hostile_words():
    every = list(taken(typer.main.get_command(app)))
    assert len(every) > 100
    missing = {" ".join((*path, name)) for path, name, place in every if not tried(path, name, place)}
    assert missing == set(UNTYPED)


def test_a_file_of_something_else_is_told_without_the_statement_put_to_it(jingwei: Run, tmp_path: Path):
    data = tmp_path / "notes"
    data.write_text("not a table")
    code, _, err = jingwei("train", "fraud", "--data", data, "--from", "2026-01-01", "--days", 7)
    assert code == 1 and "cannot be read as card payments" in err and "SELECT" not in err


def test_a_folder_is_told_without_what_a_terminal_acts_on(jingwei: Run, tmp_path: Path):
    words = ("city", "--people", 300, "--days", 1, "--out", tmp_path / "\x1b[2J")
    code, out, _ = jingwei(*words)
    assert code == 0 and "\x1b" not in out and "\\x1b[2J" in out
