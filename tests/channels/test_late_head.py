"""The head anybody may ask for is signed once a second at most, and anchors are read when they changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.channels.web.browser import Browser

from jingwei.journeys.deposit import Deposit
from jingwei.kernel.clock import SECOND


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Browser]:
    one = Browser(tmp_path / "home")
    yield one
    one.close()


def put_in(bank: Browser, key: str) -> None:
    at = bank.clock.now()
    fields: dict[str, Any] = {"account": "alice", "amount_minor": 1, "currency": "CNY"}
    stamp: dict[str, Any] = {"key": key, "actor": "system:core", "at": at, "known_at": at}
    assert bank.home.bank.do([Deposit(**fields, **stamp)])[0].answer.result == "done"


def asked(bank: Browser) -> int:
    return int(bank.get("/v1/audit/head").json()["size"])


def test_the_head_is_signed_at_most_once_a_second_however_fast_the_log_grows(bank: Browser) -> None:
    first = asked(bank)
    anchored = len(bank.home.anchors.read()[0])
    for n in range(5):
        put_in(bank, f"d{n}")
        bank.clock.advance(SECOND // 10)
        assert asked(bank) == first
    assert len(bank.home.anchors.read()[0]) == anchored
    bank.clock.advance(SECOND)
    assert asked(bank) == first + 5 == bank.home.store.size()
    assert len(bank.home.anchors.read()[0]) == anchored + 1


def test_a_head_from_before_the_clock_was_put_back_is_not_told_for_ever(bank: Browser) -> None:
    first = asked(bank)
    put_in(bank, "later")
    bank.clock.advance(-3600 * SECOND)
    assert asked(bank) == first + 1


def test_anchors_are_read_again_when_the_file_changed_and_only_then(bank: Browser, monkeypatch: Any) -> None:
    anchors, read = bank.home.anchors, []
    asked(bank)
    really = anchors._lines
    monkeypatch.setattr(anchors, "_lines", lambda: read.append(1) or really())
    found = anchors.read()[0]
    found.clear()
    assert anchors.read()[0] and len(read) <= 1, "what a reader does with its list is its own affair"
    with anchors.path.open("ab") as file:
        file.write(b"no head\n")
    before = len(read)
    assert [one.line for one in anchors.read()[1]] == [len(anchors.read()[0]) + 1] and len(read) == before + 1
    anchors.path.unlink()
    assert anchors.read() == ([], [])


def test_health_says_which_slot_has_lost_its_model(bank: Browser) -> None:
    assert bank.get("/health").json() == {"status": "alive"}
    bank.home.warnings["scam"] = "slot scam scores with the model made by hand"
    told = bank.get("/health").json()
    assert told["status"] == "alive" and "scam" in told["why"] and "fraud" not in told["why"]
