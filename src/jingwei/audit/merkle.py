"""The log as a Merkle tree (RFC 9162, section 2): grows by batches, hands out tiles, restores from them.

Leaf i is record i. A leaf hashes as SHA-256(0x00 + leaf), a node as SHA-256(0x01 + left + right). A tile
holds 256 neighbouring hashes: at level 0 of leaves, at level k of complete subtrees of 256**k leaves.
Complete tiles never change, so they are written once; all proofs are read from them and from the few leaves
after the last one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from jingwei.audit.lanes import HASH_BYTES, hash_pairs
from jingwei.audit.leaves import hash_leaves

TILE_WIDTH = 256
TILE_BITS = 8
TILE_BYTES = TILE_WIDTH * HASH_BYTES
EMPTY_ROOT = hashlib.sha256(b"").digest()


class Tile(NamedTuple):
    """A completed tile: 256 hashes joined (8192 bytes). Its place is unique and its bytes never change."""

    level: int
    idx: int
    body: bytes


class TileReader(Protocol):
    """Reads what the log stored: every complete tile, and from the records the leaves after the last one."""

    def tile(self, level: int, idx: int) -> bytes:
        """The 8192 bytes of a complete tile. Raises TreeError when it is not there."""
        ...

    def leaf_hashes(self, start: int, end: int) -> bytes:
        """Hashes of the leaves start..end (end not included, at most 255 of them), joined."""
        ...


class TreeError(ValueError):
    """The tree cannot answer: a tile or leaf is missing or damaged, or the question lies outside the log."""


class StoredTiles:
    """A TileReader over a store: one callback reads a tile's body, one the bodies of records start..end."""

    def __init__(
        self,
        tile: Callable[[int, int], bytes | None],
        records: Callable[[int, int], Iterable[bytes]],
        keep: int = 64,
    ) -> None:
        """`keep` tiles stay in memory, the latest read first (8 KiB each)."""
        self._tile, self._records, self._keep = tile, records, keep
        self._kept: dict[tuple[int, int], bytes] = {}

    def tile(self, level: int, idx: int) -> bytes:
        """The bytes of a complete tile. Raises TreeError when the store lacks it or it has the wrong size."""
        body = self._kept.pop((level, idx), None) or self._tile(level, idx)
        if body is None or len(body) != TILE_BYTES:
            raise TreeError(f"tile {idx} of level {level} is missing or damaged; run the log check")
        self._kept[level, idx] = body
        if len(self._kept) > self._keep:
            del self._kept[next(iter(self._kept))]
        return body

    def leaf_hashes(self, start: int, end: int) -> bytes:
        """Hashes of records start..end, joined. Raises TreeError when a record is missing."""
        hashes = hash_leaves(list(self._records(start, end)))
        if len(hashes) != (end - start) * HASH_BYTES:
            raise TreeError(f"a record between {start} and {end - 1} is missing; run the log check")
        return hashes


def hash_node(left: bytes, right: bytes) -> bytes:
    """The hash of the node above two 32-byte hashes."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(hashes: bytes) -> bytes:
    """Root over joined leaf hashes (RFC 9162, 2.1.1): level by level, an odd last one moves up."""
    if not hashes:
        return EMPTY_ROOT
    while len(hashes) > HASH_BYTES:
        odd = len(hashes) // HASH_BYTES % 2 * HASH_BYTES
        hashes = hash_pairs(hashes[: len(hashes) - odd]) + hashes[len(hashes) - odd :]
    return hashes


class MerkleLog:
    """The growing edge of the tree: for each height the one complete subtree waiting for its right neighbour.

    Memory is at most 8 KiB per level of tiles (four levels hold 4 billion leaves). How leaves are cut into
    batches changes nothing.
    """

    def __init__(self) -> None:
        self._size = 0
        self._edge: list[bytes] = []
        self._open: list[bytes] = [b""]

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._size

    def root(self) -> bytes:
        """The tree head over all leaves so far (32 bytes)."""
        root = b""
        for waiting in self._edge:
            if waiting:
                root = hash_node(waiting, root) if root else waiting
        return root or EMPTY_ROOT

    def append_many(self, leaves: Sequence[bytes]) -> list[Tile]:
        """Append leaves in order; return the tiles this completes, to be stored with them."""
        return self.append_hashes(hash_leaves(leaves))

    def append_hashes(self, hashes: bytes) -> list[Tile]:
        """Append leaves by their joined hashes; return the tiles this completes."""
        completed: list[Tile] = []
        height, nodes, first = 0, hashes, self._size
        self._size += len(hashes) // HASH_BYTES
        while nodes:
            if height % TILE_BITS == 0:
                completed += self._fill(height // TILE_BITS, nodes, first)
            if height == len(self._edge):
                self._edge.append(b"")
            if self._edge[height]:
                nodes = self._edge[height] + nodes
            odd = len(nodes) // HASH_BYTES % 2 * HASH_BYTES
            self._edge[height] = nodes[len(nodes) - odd :]
            nodes = hash_pairs(nodes[: len(nodes) - odd])
            height, first = height + 1, first // 2
        return completed

    def _fill(self, level: int, nodes: bytes, first: int) -> list[Tile]:
        """Add hashes to the open tile of a level; `first` is the number of the first one at that level."""
        if level == len(self._open):
            self._open.append(b"")
        joined = self._open[level] + nodes
        full = len(joined) // TILE_BYTES
        self._open[level] = joined[full * TILE_BYTES :]
        idx = first // TILE_WIDTH
        return [Tile(level, idx + i, joined[i * TILE_BYTES : (i + 1) * TILE_BYTES]) for i in range(full)]

    @classmethod
    def restore(cls, size: int, reader: TileReader) -> MerkleLog:
        """The log of `size` leaves as it stood, from its tiles and the leaves after the last one.

        Nothing is verified here: compare `root()` with the last signed head. Raises TreeError.
        """
        log = cls()
        log._size = size
        count, level, nodes = size, 0, _open_leaves(size, reader)
        log._open = []
        while count or not level:
            log._open.append(nodes)
            log._edge += _edge_of(nodes)
            count, level = count // TILE_WIDTH, level + 1
            first = count - count % TILE_WIDTH
            nodes = b"".join([root_of(reader.tile(level - 1, i)) for i in range(first, count)])
        return log


def _open_leaves(size: int, reader: TileReader) -> bytes:
    """Hashes of the leaves after the last complete tile."""
    start = size - size % TILE_WIDTH
    return reader.leaf_hashes(start, size) if start < size else b""


def _edge_of(nodes: bytes) -> list[bytes]:
    """For each of the eight heights of an open tile, the complete subtree waiting there, or nothing."""
    count, start, edge = len(nodes) // HASH_BYTES, 0, [b""] * TILE_BITS
    for height in reversed(range(TILE_BITS)):
        if count >> height & 1:
            width = HASH_BYTES << height
            edge[height] = root_of(nodes[start : start + width])
            start += width
    return edge
