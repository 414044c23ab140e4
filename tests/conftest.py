"""What every test gets: fixed random seeds unless exploring, and no way out beyond this machine."""

from __future__ import annotations

import ipaddress
import os
import socket

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
