"""Which release of the bank this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def release() -> str:
    """The installed version, or "source" when the bank runs from a source tree that was not installed."""
    try:
        return version("jingwei")
    except PackageNotFoundError:
        return "source"
