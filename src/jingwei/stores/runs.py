"""Keys that count up, as those of a stream do: found by one look at a stretch of the index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress
from os.path import commonprefix

Key = tuple[str, str]
Found = dict[Key, int]
Stretch = Callable[[str, str, int], Sequence[tuple[str, str, int]]]
"""(actor, key, record number) of the answers with low <= key <= high, at most so many."""

WORTH_IT = 64
"""From this many keys of one actor and length on, a stretch is read; fewer are looked up one by one."""

COUNTED_DIGITS = 6
"""Keys of a stretch differ in at most so many characters at their end."""


def answered(keys: Sequence[Key], stretch: Stretch, one_by_one: Callable[[Sequence[Key]], Found]) -> Found:
    """Record numbers of those of the keys that were answered.

    Keys with nothing else between them lie side by side in the index. A stretch that turns out to hold
    much more than was asked for is given up, and its keys are looked up one by one.
    """
    if len(keys) < WORTH_IT:
        return one_by_one(keys)
    kinds = [(actor, len(key)) for actor, key in keys]
    found: Found = {}
    rest: list[Key] = []
    for kind in set(kinds):
        some = list(compress(keys, map(kind.__eq__, kinds)))
        there = _in_stretch(some, stretch)
        if there is None:
            rest += some
        else:
            found |= there
    return found | one_by_one(rest) if rest else found


def _in_stretch(keys: list[Key], stretch: Stretch) -> Found | None:
    """Those of the keys that are in the stretch from the lowest to the highest; None when it is too wide."""
    if len(keys) < WORTH_IT:
        return None
    names = [key for _, key in keys]
    low, high = min(names), max(names)
    if len(low) - len(commonprefix((low, high))) > COUNTED_DIGITS:
        return None
    most = 2 * len(keys)
    rows = stretch(low, high, most)
    if len(rows) == most:
        return None
    wanted = set(keys) if rows else ()
    return {(actor, key): seq for actor, key, seq in rows if (actor, key) in wanted}
