"""The log beside the file: laid out beforehand, folded beside the writer, and whole after a crash."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jingwei.stores import folding
from jingwei.stores.sqlite import SqliteStore


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "ROOM_PAGES", 200)
    monkeypatch.setattr(folding, "FOLD_PAGES", 60)


def log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def test_the_log_is_folded_and_begins_again_inside_its_room(tmp_path: Path, books, small):
    path = tmp_path / "bank.db"
    store = SqliteStore(path)
    store.warm()
    store.warm()
    room = log_of(path).stat().st_size
    assert room >= 200 * 4_096
    frames = []
    for _ in range(300):
        store.write(books.batch(2))
        assert store._folding is not None
        store._folding.settle()  # on a busy machine the thread would come late, and the log grow meanwhile
        frames.append(store._folding._last_frame())
    assert log_of(path).stat().st_size == room, "the log outgrew its room"
    assert sum(later < earlier for earlier, later in zip(frames, frames[1:], strict=False)) > 3
    assert store.check() == []
    store.close()
    assert not log_of(path).exists()
    again = SqliteStore(path)
    assert again.size() == 600 and again.check() == []
    again.close()


def test_a_copy_taken_in_the_middle_opens_with_all_that_was_written(tmp_path: Path, books, small):
    """The zeros behind the log's end are no records, whatever stood there before."""
    path = tmp_path / "bank.db"
    store = SqliteStore(path)
    store.warm()
    for n in range(60):
        store.write(books.batch(3))
        if n % 10 == 9:
            there = tmp_path / f"copy{n}"
            there.mkdir()
            if store._folding is not None and store._folding._thread is not None:
                store._folding._thread.join()
            for file in (path, log_of(path)):
                shutil.copy(file, there / file.name)
            copy = SqliteStore(there / "bank.db")
            assert copy.size() == store.size() == 3 * (n + 1)
            assert copy.root() == store.root() and copy.check() == []
            copy.close()
    store.close()


def test_a_disk_without_room_leaves_a_log_that_grows_as_it_is_written(tmp_path: Path, books, monkeypatch):
    import os

    def full(handle: int, data: bytes, at: int) -> int:
        raise OSError(28, "No space left on device")

    store = SqliteStore(tmp_path / "bank.db")
    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        store.warm()
    for _ in range(5):
        store.write(books.batch(10))
    assert store.check() == []
    store.close()
