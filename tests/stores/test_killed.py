"""The process dies by kill -9 while it writes: all it promised is there, and nothing is half there."""

from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jingwei.ledger.accounts import Balance
from jingwei.stores.sqlite import SqliteStore
from jingwei.stores.store import StoreError

SCRIPT = Path(__file__).with_name("stream_of_writes.py")
SOURCE = Path(__file__).parents[2] / "src"


def load_script():
    spec = importlib.util.spec_from_file_location("stream_of_writes", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def kill_while_writing(place: str, kind: str, count: int, seconds: float) -> int:
    """Let the script write for a while after its first promise, kill it, and return its last promise."""
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), place, kind, str(count)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        text=True,
    ) as process:
        assert process.stdout.readline().startswith("open ")
        promised = [int(process.stdout.readline())]
        time.sleep(seconds)
        process.kill()
        promised += [int(line) for line in process.stdout if line.endswith("\n")]
    return max(promised)


def opened_again(place: str) -> SqliteStore:
    """Open the bank once the writing process of a killed parent has noticed and gone."""
    for _ in range(200):
        try:
            return SqliteStore(place)
        except StoreError as error:
            assert "open for writing already" in str(error)
            time.sleep(0.05)
    raise AssertionError("the writing process outlived its parent")


@pytest.mark.parametrize(("kind", "count"), [("sqlite", 1), ("sqlite", 90), ("pipelined", 40)])
def test_nothing_promised_is_lost_and_nothing_is_half_there(tmp_path, kind, count):
    chance = random.Random(f"{kind}{count}")
    leaf = load_script().leaf
    place = str(tmp_path / "bank.db")
    for _ in range(2):
        promised = kill_while_writing(place, kind, count, chance.uniform(0, 0.3))
        store = opened_again(place)
        size = store.size()
        assert size >= promised > 0
        assert size % count == 0
        assert all(body == leaf(seq) for seq, body in store.records(0, size))
        assert {b.id: b.booked_minor for b in store.load(Balance, ["a", "b"])} == {"a": -size, "b": size}
        assert len(store.line_range(0, 2**62, 10**7)) == size
        assert len(store.answered([("a", f"k{n}") for n in range(size + 5)])) == size
        assert store.check() == []
        store.close()
