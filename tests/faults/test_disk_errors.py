"""The disk or the memory fails under the bank: refused in words, nothing half done, it recovers by itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.faults.power_errors import small_disk
from tests.faults.power_points import stages
from tests.faults.power_story import START, rehearsed
from tests.faults.power_trace import why_not
from tests.soak.rows_power import ROWS

from jingwei.home import Home, HomeCourt, open_home
from jingwei.kernel.clock import ManualClock
from jingwei.stores.store import Batch, StoreError

ROW = {row.id: row for row in ROWS}
INJECTED = ("R4 EIO on write", "R4 ENOSPC on write", "R4 EIO on sync")
SHORT = dict.fromkeys(INJECTED, 8) | {"R4 disk full": 12, "R4 memory": 24}


def mountable() -> bool:
    try:
        with small_disk():
            return True
    except OSError:
        return False


def need(name: str) -> None:
    """Skip where this machine does not let the row run."""
    if name == "R4 disk full":
        if not mountable():
            pytest.skip("only root can mount a small disk")
    elif why_not():
        pytest.skip(f"no errors can be injected: {why_not()}")


@pytest.fixture(scope="module", autouse=True)
def stages_removed() -> Iterator[None]:
    yield
    stages().close()
    stages.cache_clear()


@pytest.mark.parametrize("name", SHORT)
def test_the_bank_refuses_in_words_and_recovers(name: str) -> None:
    need(name)
    tally = ROW[name].run(1, SHORT[name])
    assert tally.bad == ()
    assert tally.trials == SHORT[name]


@pytest.mark.parametrize("name", ["R4 EIO on sync", "R4 disk full", "R4 memory"])
def test_the_planted_error_is_caught(name: str) -> None:
    need(name)
    assert ROW[name].control(1)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", SHORT)
def test_many_more(name: str) -> None:
    need(name)
    assert ROW[name].run(int.from_bytes(os.urandom(4)), ROW[name].chunk * 2).bad == ()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    opened = open_home(tmp_path / "home", ManualClock(START))
    yield opened
    opened.close()


def fail(error: Exception) -> Any:
    """Something that fails this way whenever it is asked."""

    def failing(*_: Any) -> None:
        raise error

    return failing


def test_an_anchor_that_could_not_be_written_is_made_up_for(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No head is noted in the books that is not anchored: nobody could hold the bank to it."""
    with monkeypatch.context() as full:
        full.setattr(home.anchors, "append", fail(OSError(28, "No space left on device")))
        for _ in range(2):
            with pytest.raises(StoreError, match="the head cannot be written .*No space left"):
                home.sign_head()
    assert home.head() is None and home.anchors.read()[0] == []
    head = home.sign_head()
    assert home.anchors.read()[0] == [head]
    assert home.sign_head() == head
    assert home.anchors.read()[0] == [head]


def test_a_snapshot_that_could_not_be_written_fails_no_payment(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It once did: the batch was durable, and its client was told that nothing was done."""
    story = rehearsed(12)
    monkeypatch.setattr("jingwei.bank.SNAPSHOT_EVERY", 1)
    with monkeypatch.context() as full:
        full.setattr("jingwei.keeping.court.os.fsync", fail(OSError(28, "No space left on device")))
        (reply,) = home.bank.do_each(story.commands[:1])
    assert not isinstance(reply, Exception)
    assert home.store.size() == story.founded + 1
    assert not list(home.path.glob("features*"))


def test_while_the_disk_takes_nothing_no_refusal_replays_the_log(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    story, another = rehearsed(12), rehearsed(240).commands[-1]
    home.bank.do(story.commands)
    restored: list[int] = []
    restore = HomeCourt._restore
    monkeypatch.setattr(
        HomeCourt, "_restore", lambda *these: restored.append(restore(*these)) or restored[-1]
    )
    with monkeypatch.context() as full:
        full.setattr(home.store, "write", fail(StoreError("the disk is full")))
        for _ in range(3):
            with pytest.raises(StoreError):
                home.bank.do([another])
    size = home.store.size()
    assert restored == [0, size, size]


def test_after_a_bug_the_next_batch_begins_where_the_store_stands(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its number, its key and what it changed in memory were once kept, though nothing was written."""
    story = rehearsed(12)
    with monkeypatch.context() as broken:
        broken.setattr(home.bank, "_submit", fail(ZeroDivisionError("planted")))
        with pytest.raises(ZeroDivisionError):
            home.bank.do(story.commands[:1])
    (reply,) = home.bank.do(story.commands[:1])
    assert (reply.seq, reply.replayed) == (story.founded, False)
    assert [leaf for _, leaf in home.store.records(0, 99)] == story.leaves[: story.founded + 1]


def test_a_bank_that_cannot_start_again_tries_at_the_next_batch(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = rehearsed(12)

    def full(batch: Batch) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(home.store, "write", full)
        broken.setattr(HomeCourt, "assemble", fail(MemoryError()))
        for _ in range(2):
            with pytest.raises((StoreError, MemoryError)):
                home.bank.do(story.commands[:1])
    home.bank.do(story.commands)
    assert [leaf for _, leaf in home.store.records(0, 99)] == story.leaves[
        : len(story.commands) + story.founded
    ]


def test_a_bank_closed_before_it_stood_again_keeps_nothing_of_what_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What had failed once went into the snapshot of its features: asked again, it counted twice."""
    story, first = rehearsed(12), open_home(tmp_path / "home", ManualClock(START))
    first.bank.do(story.commands[:6])
    with monkeypatch.context() as broken:
        broken.setattr(first.store, "write", fail(StoreError("the disk is full")))
        broken.setattr(HomeCourt, "assemble", fail(StoreError("the disk cannot be read")))
        with pytest.raises(StoreError):
            first.bank.do(story.commands[6:])
        first.close()
    again = open_home(tmp_path / "home", ManualClock(START))
    again.bank.do(story.commands)
    sealed = [leaf for _, leaf in again.store.records(0, 99)]
    again.close()
    assert sealed == story.leaves[: len(story.commands) + story.founded]


def test_a_home_that_could_not_be_opened_can_be_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its store once stayed open, and with it the lock that keeps a second writer out."""
    with monkeypatch.context() as full:
        full.setattr(Home, "found", fail(StoreError("the disk is full")))
        with pytest.raises(StoreError, match="the disk is full"):
            open_home(tmp_path / "home", ManualClock(START))
    open_home(tmp_path / "home", ManualClock(START)).close()
