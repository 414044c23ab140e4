"""What `jingwei serve` does beside its routes: it says "open" when it is, and signs heads as time goes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from tests.channels.web.browser import Browser

from jingwei.channels.streams.sealed_heads import signed_up_to

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.timeout(240)
def test_whoever_reads_that_it_is_open_is_let_in_at_once(tmp_path):
    port = free_port()
    asked = ["--home", str(tmp_path / "bank"), "serve", "--port", str(port), "--people", "0"]
    told = subprocess.Popen(
        [sys.executable, "-m", "jingwei", *asked],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ), cwd=ROOT,
    )  # fmt: skip
    try:
        line = told.stdout.readline()
        assert f"is open at http://127.0.0.1:{port}" in line, line
        assert httpx.get(f"http://127.0.0.1:{port}/ready", timeout=10).status_code == 200
    finally:
        told.send_signal(signal.SIGINT)
        _, says = told.communicate(timeout=60)
    assert "leaked" not in says, "what was taken out of the search for garbage is given back"


def test_a_head_is_signed_when_something_was_sealed_and_only_then(tmp_path):
    bank = Browser(tmp_path / "bank")
    desk = bank.front.payments._tokens._listeners[0].__self__.site.desk
    before = bank.home.head()
    size = signed_up_to(desk, -1)
    first = bank.home.head()
    assert first.size == size == bank.home.store.size() and (before is None or before.size <= size)
    bank.clock.advance(60_000_000)
    assert signed_up_to(desk, size) == size and bank.home.head() == first, "nothing was sealed since"
    bank.sign_in("customer:alice").post(
        "/app/settings", form_token=bank.token(), key="serving-1", undo_s="30"
    )
    assert signed_up_to(desk, size) == size + 1 == bank.home.head().size
    bank.close()
