"""The live state as one flat array: the program, then for each entity its rows, payments, reports and counts.

Everything is found by whole-number addresses into that one array, which keeps the compiled step free of
reference counting and makes a snapshot a copy of the array. The payments of one entity value lie in a ring
whose size is a power of two, sorted by (at, arrival). Rings are cut from an arena and go back to a free list
of their size, so memory follows what the windows hold, not what has passed. Every part is enlarged by
doubling.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from jingwei.features.exact import Words, compiled
from jingwei.features.program import (
    COUNTS_AT,
    ENTITIES,
    FIXED,
    HEADER,
    PARTS,
    PAYMENT_WIDTH,
    PRELUDE,
    ROW_WIDTH,
    SIZE_OF,
    USED_OF,
)

COUNT_WIDTH: Final = 2
"""Key and count."""
SMALLEST_PART: Final = 64


def header_of(entity: int) -> int:
    """Address of an entity's header."""
    return PRELUDE + HEADER * entity


def widths(m: Words, entity: int) -> tuple[int, int, int, int]:
    """Words per row of the entity's parts."""
    at = header_of(entity)
    return int(m[at + ROW_WIDTH]), int(m[at + PAYMENT_WIDTH]), 1, COUNT_WIDTH


def start(words: Words) -> Words:
    """The memory of a program before the first event."""
    fixed = words.copy()
    for entity in range(int(words[ENTITIES])):
        for part in PARTS:
            fixed[header_of(entity) + part + SIZE_OF] = SMALLEST_PART
    return _lay_out(fixed)


def enlarge(memory: Words, entity: int, part: int) -> Words:
    """A memory with one part of one entity doubled and everything in its place."""
    fixed = memory[: memory[FIXED]].copy()
    fixed[header_of(entity) + part + SIZE_OF] *= 2
    bigger = _lay_out(fixed)
    for one in range(int(fixed[ENTITIES])):
        for place, width in zip(PARTS, widths(memory, one), strict=True):
            at = header_of(one) + place
            old, size, new = int(memory[at]), int(memory[at + SIZE_OF]) * width, int(bigger[at])
            if (one, place) == (entity, part) and part == COUNTS_AT:
                recount(memory[old : old + size], bigger, header_of(entity))
            else:
                bigger[new : new + size] = memory[old : old + size]
    return bigger


def _lay_out(fixed: Words) -> Words:
    """A zeroed memory with these fixed words in front, in which every part has its start for its size."""
    total = len(fixed)
    for entity in range(int(fixed[ENTITIES])):
        for part, width in zip(PARTS, widths(fixed, entity), strict=True):
            fixed[header_of(entity) + part] = total
            total += int(fixed[header_of(entity) + part + SIZE_OF]) * width
    memory = np.zeros(total, np.int64)
    memory[: len(fixed)] = fixed
    return memory


@compiled
def cut(m: Words, part: int, free: int, width: int, size: int) -> int:
    """First row of a ring of this size (a power of two) from the free list or the arena; -1 when it is full.

    part: address of the part's three words; free: address of its free lists.
    """
    level = 0
    while (1 << level) < size:
        level += 1
    first = m[free + level] - 1
    if first >= 0:
        m[free + level] = m[m[part] + first * width]
        return int(first)
    first = m[part + USED_OF]
    if first + size > m[part + SIZE_OF]:
        return -1
    m[part + USED_OF] = first + size
    return int(first)


@compiled
def give_back(m: Words, part: int, free: int, width: int, ring: int) -> None:
    """Put the ring at this address (first row, size) on the free list of its size."""
    level = 0
    while (1 << level) < m[ring + 1]:
        level += 1
    m[m[part] + m[ring] * width] = m[free + level]
    m[free + level] = m[ring] + 1


@compiled
def place_of(m: Words, e: int, key: int) -> int:
    """Address of the key in the table of counts (pairs of key and count, linear probing), or where it would
    stand.
    """
    start_at, mask = m[e + COUNTS_AT], m[e + COUNTS_AT + SIZE_OF] - 1
    mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    place = np.int64(mixed >> np.uint64(20)) & mask
    while m[start_at + 2 * place] != 0 and m[start_at + 2 * place] != key:
        place = (place + 1) & mask
    return int(start_at + 2 * place)


@compiled
def count_up(m: Words, e: int, key: int) -> int:
    """Add one to the key's count; return the count afterwards."""
    place = place_of(m, e, key)
    if m[place] == 0:
        m[place] = key
        m[place + 1] = 0
        m[e + COUNTS_AT + USED_OF] += 1
    m[place + 1] += 1
    return int(m[place + 1])


@compiled
def count_down(m: Words, e: int, key: int) -> int:
    """Take one from the key's count; a count of nothing leaves the table. Returns the count afterwards."""
    place = place_of(m, e, key)
    m[place + 1] -= 1
    left = m[place + 1]
    if left == 0:
        m[e + COUNTS_AT + USED_OF] -= 1
        _close_gap(m, e, place)
    return int(left)


@compiled
def _close_gap(m: Words, e: int, gap: int) -> None:
    """Empty a place and put later keys of its run anew, so that each is found without marks of deletion."""
    start_at, mask = m[e + COUNTS_AT], m[e + COUNTS_AT + SIZE_OF] - 1
    m[gap] = 0
    place = ((gap - start_at) // 2 + 1) & mask
    while m[start_at + 2 * place] != 0:
        key, count = m[start_at + 2 * place], m[start_at + 2 * place + 1]
        m[start_at + 2 * place] = 0
        home = place_of(m, e, key)
        m[home] = key
        m[home + 1] = count
        place = (place + 1) & mask


@compiled
def recount(old: Words, m: Words, e: int) -> None:
    """Put all keys of an old table into the larger, empty one of an entity."""
    for place in range(0, old.size, 2):
        if old[place] != 0:
            home = place_of(m, e, old[place])
            m[home] = old[place]
            m[home + 1] = old[place + 1]
