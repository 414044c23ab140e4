"""How many names of strangers a customer may have compared: the check of a payee is no register of names."""

from __future__ import annotations

from jingwei.kernel.clock import MINUTE

MOST_CHECKS, CHECK_TIME = 20, 10 * MINUTE
"""How many names one customer may try in this time: the check is no register of names."""


class TooManyNames(Exception):
    """This customer tried so many names that the next must wait."""


class Checks:
    """Counts the names each customer tries, the same one once; for one event loop."""

    def __init__(self) -> None:
        self._tried: dict[str, dict[tuple[str, str], int]] = {}

    def allow(self, who: str, tries: tuple[str, str], now: int) -> bool:
        """Whether this (account, name) may be compared now; counts it."""
        tried = {one: at for one, at in self._tried.get(who, {}).items() if at > now - CHECK_TIME}
        self._tried[who] = tried
        if tries not in tried and len(tried) >= MOST_CHECKS:
            return False
        tried.setdefault(tries, now)
        return True
