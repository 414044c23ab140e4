"""The bank the channel tests share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.channels.counter import Counter, Talk

from jingwei.channels.cli import main
from jingwei.kernel.clock import DAY

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    """One bank for all tests that only add to it."""
    talk = Talk(Counter(tmp_path_factory.mktemp("town")))
    yield talk
    talk.close()


@pytest.fixture(autouse=True)
def _next_day(request: pytest.FixtureRequest) -> None:
    """Each test on the shared bank begins two days after the one before."""
    if "town" in request.fixturenames:
        request.getfixturevalue("town").counter.clock.at += 2 * DAY


@pytest.fixture
def jingwei(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line in this process on the module's home: exit code, stdout, stderr."""
    monkeypatch.setenv("JINGWEI_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["jingwei", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run
