"""What every test gets: fixed random seeds unless exploring, and no way out beyond this machine."""

from __future__ import annotations

import ipaddress
import os
import socket
import weakref
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from hypothesis import HealthCheck, settings

_SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
settings.register_profile("house", deadline=None, derandomize=True, suppress_health_check=_SLOW_IS_FINE)
settings.register_profile("explore", deadline=None, print_blob=True, suppress_health_check=_SLOW_IS_FINE)
settings.load_profile("explore" if os.environ.get("JINGWEI_EXPLORE") else "house")


def _is_here(address: object) -> bool:
    """Whether an address is on this machine: a socket file, localhost, or a loopback number."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0])
    try:
        return host in ("localhost", "") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches for another machine fails, instead of passing only where there is a network."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if not _is_here(address):
            raise AssertionError(f"a test tried to reach {address!r}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="module", autouse=True)
def _no_connection_left() -> Iterator[None]:
    """A connection to PostgreSQL left open fails the module that left it.

    Otherwise it fails whichever test runs when it is collected, long after where a cache kept it alive.
    """
    opened: list[weakref.ref[psycopg.Connection[Any]]] = []
    connect = psycopg.connect

    def noted(*place: Any, **settings: Any) -> psycopg.Connection[Any]:
        connection = connect(*place, **settings)
        opened.append(weakref.ref(connection))
        return connection

    with patch.object(psycopg, "connect", noted):
        yield
    left = [found for one in opened if (found := one()) is not None and not found.closed]
    assert not left, f"left open: {left}"
