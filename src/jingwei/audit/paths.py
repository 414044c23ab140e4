"""Inclusion and consistency proofs of the log (RFC 9162, 2.1.3 and 2.1.4), built from tiles and checked."""

from __future__ import annotations

from collections.abc import Sequence

from jingwei.audit.lanes import HASH_BYTES
from jingwei.audit.merkle import (
    EMPTY_ROOT,
    TILE_BITS,
    TILE_WIDTH,
    TileReader,
    TreeError,
    hash_node,
    root_of,
)


class Tree:
    """The stored log of `size` leaves, asked for the roots and proofs of any tree it ever was."""

    def __init__(self, size: int, reader: TileReader) -> None:
        self.size = size
        self._reader = reader

    def root(self, size: int | None = None) -> bytes:
        """The root when the log had `size` leaves (now, if not given). Raises TreeError."""
        size = self._at_most_now(size)
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The hashes that lead from leaf `index` up to the root of the tree of `size`, lowest first."""
        size = self._at_most_now(size)
        if not 0 <= index < size:
            raise TreeError(f"record {index} is not in a log of {size} records")
        path: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start = middle
        return path[::-1]

    def consistency(self, old: int, size: int | None = None) -> list[bytes]:
        """The hashes that show that the tree of `old` leaves is the beginning of the tree of `size`."""
        size = self._at_most_now(size)
        if not 0 <= old <= size:
            raise TreeError(f"a log of {old} records is not the beginning of one of {size}")
        if old in (0, size):
            return []
        path: list[bytes] = []
        start, end, whole = 0, size, True
        while end != old:
            middle = start + _split(end - start)
            if old <= middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start, whole = middle, False
        return path[::-1] if whole else [self._range(start, end), *path[::-1]]

    def _at_most_now(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise TreeError(f"the log has {self.size} records, not {size}")
        return size

    def _range(self, start: int, end: int) -> bytes:
        """Hash over leaves start..end, where start is a multiple of the largest power of two in the width."""
        parts: list[bytes] = []
        while start < end:
            height = (end - start).bit_length() - 1
            parts.append(self._subtree(height, start >> height))
            start += 1 << height
        root = parts.pop()
        while parts:
            root = hash_node(parts.pop(), root)
        return root

    def _subtree(self, height: int, index: int) -> bytes:
        """Hash of the complete subtree number `index` of 2**height leaves."""
        level, above = divmod(height, TILE_BITS)
        start, end = index << above, (index + 1) << above
        return root_of(self._row(level, start, end))

    def _row(self, level: int, start: int, end: int) -> bytes:
        """Hashes start..end of a level (inside one tile): from the tile, or while it is open from below."""
        tile = start // TILE_WIDTH
        if (tile + 1) * TILE_WIDTH << (TILE_BITS * level) <= self.size:
            body = self._reader.tile(level, tile)
            first = tile * TILE_WIDTH
            return body[(start - first) * HASH_BYTES : (end - first) * HASH_BYTES]
        if level == 0:
            return self._reader.leaf_hashes(start, end)
        return b"".join([root_of(self._reader.tile(level - 1, i)) for i in range(start, end)])


def _split(width: int) -> int:
    """The largest power of two below `width` (which is above 1)."""
    return 1 << ((width - 1).bit_length() - 1)


def inclusion_root(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root the path leads to, or None when it cannot fit this index and size (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    place, last, root = index, size - 1, leaf_hash
    for step in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            root = hash_node(step, root)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            root = hash_node(root, step)
        place, last = place >> 1, last >> 1
    return root if last == 0 else None


def consistent(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path shows that the old tree is the beginning of the new one (RFC 9162, 2.1.4.2)."""
    if old == new or old == 0:
        same = old_root == new_root if old == new else old_root == EMPTY_ROOT
        return same and not path
    if not 0 < old < new or not path:
        return False
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = hash_node(step, before), hash_node(step, after)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            after = hash_node(after, step)
        place, last = place >> 1, last >> 1
    return before == old_root and after == new_root and last == 0
