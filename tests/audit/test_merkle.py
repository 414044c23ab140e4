"""The tree against RFC 9162: known answers, its definition, every small size, any batch, any restart."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jingwei.audit import lanes
from jingwei.audit.lanes import HASH_BYTES
from jingwei.audit.leaves import hash_leaves
from jingwei.audit.merkle import (
    EMPTY_ROOT,
    TILE_WIDTH,
    MerkleLog,
    StoredTiles,
    TreeError,
    root_of,
)
from jingwei.audit.paths import Tree, consistent, inclusion_root

# The inputs and roots of the certificate-transparency reference implementation.
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def literal_root(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, word for word; shares nothing with the code under test."""
    if len(leaves) <= 1:
        return hashlib.sha256(b"\0" + leaves[0] if leaves else b"").digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + literal_root(leaves[:k]) + literal_root(leaves[k:])).digest()


class Shelf:
    """A log and everything a store would keep of it."""

    def __init__(self, leaves: list[bytes], batches: Iterator[int] | None = None) -> None:
        self.leaves, self.log, self.tiles = leaves, MerkleLog(), {}
        at = 0
        while at < len(leaves):
            step = next(batches) if batches else len(leaves)
            for tile in self.log.append_many(leaves[at : at + step]):
                assert (tile.level, tile.idx) not in self.tiles, "a tile was handed out twice"
                self.tiles[tile.level, tile.idx] = tile.body
            at += step

    def reader(self) -> StoredTiles:
        return StoredTiles(lambda level, idx: self.tiles.get((level, idx)), lambda a, b: self.leaves[a:b])

    def tree(self) -> Tree:
        return Tree(len(self.leaves), self.reader())


def numbered(count: int) -> list[bytes]:
    return [b"record %d" % i for i in range(count)]


@pytest.fixture(scope="module")
def big() -> Shelf:
    """70,001 leaves: two levels of complete tiles and an open third."""
    return Shelf(numbered(70_001), iter(lambda: random.Random(1).randint(1, 3000), None))


def test_known_answers():
    for count, root in enumerate(ROOTS, 1):
        assert Shelf(INPUTS[:count]).log.root().hex() == root
    assert MerkleLog().root() == EMPTY_ROOT == hashlib.sha256(b"").digest()


@pytest.mark.parametrize(
    ("proof", "starts"),
    [
        (lambda tree: tree.inclusion(5, 8), ["bc1a0643b12e4d2d", "ca854ea128ed050b", "d37ee418976dd957"]),
        (lambda tree: tree.inclusion(0, 1), []),
        (lambda tree: tree.consistency(1, 8), ["96a296d224f285c6", "5f083f0a1a33ca07", "6b47aaf29ee3c2af"]),
        (lambda tree: tree.consistency(6, 8), ["0ebc5d3437fbe2db", "ca854ea128ed050b", "d37ee418976dd957"]),
    ],
)
def test_known_paths(proof, starts):
    assert [step.hex()[:16] for step in proof(Shelf(INPUTS).tree())] == starts


def test_every_proof_of_every_size_up_to_70():
    leaves = numbered(70)
    tree = Shelf(leaves).tree()
    roots = [literal_root(leaves[:n]) for n in range(71)]
    for size in range(71):
        assert tree.root(size) == roots[size]
        for index in range(size):
            path = tree.inclusion(index, size)
            assert inclusion_root(hash_leaves([leaves[index]]), index, size, path) == roots[size]
            assert inclusion_root(hash_leaves([b"another"]), index, size, path) != roots[size]
        for old in range(size + 1):
            path = tree.consistency(old, size)
            assert consistent(old, roots[old], size, roots[size], path)
            if 0 < old < size:
                assert not consistent(old, roots[old - 1], size, roots[size], path)
                assert not consistent(old, roots[old], size, roots[size - 1], path)
                assert not consistent(old, roots[old], size, roots[size], path[:-1])
                assert not consistent(old, roots[old], size, roots[size], [*path, path[-1]])


def test_proofs_in_a_big_log(big):
    tree, chance = big.tree(), random.Random(7)
    hashes = hash_leaves(big.leaves)
    assert tree.root() == big.log.root() == root_of(hashes)
    some = (chance.randint(1, 70_001) for _ in range(40))
    sizes = [1, 255, 256, 257, 65_535, 65_536, 65_537, 70_000, *some]
    for size in sizes:
        root = root_of(hashes[: size * HASH_BYTES])
        for index in {0, size - 1, chance.randrange(size)}:
            path = tree.inclusion(index, size)
            assert len(path) <= 17
            assert inclusion_root(hash_leaves([big.leaves[index]]), index, size, path) == root
            assert inclusion_root(hash_leaves([big.leaves[index]]), index ^ 1, size, path) != root
        old = chance.randint(0, size)
        old_root = root_of(hashes[: old * HASH_BYTES])
        assert consistent(old, old_root, size, root, tree.consistency(old, size))


def test_a_path_does_not_fit_another_place(big):
    path = big.tree().inclusion(1000, 5000)
    leaf = hash_leaves([big.leaves[1000]])
    assert inclusion_root(leaf, 1000, 5000, path[:-1]) is None
    assert inclusion_root(leaf, 1000, 5000, [*path, path[0]]) is None
    assert inclusion_root(leaf, 5000, 5000, path) is None
    assert inclusion_root(leaf, -1, 5000, path) is None


@settings(max_examples=60)
@given(st.integers(0, 1500), st.lists(st.integers(1, 700), min_size=1, max_size=8))
def test_batches_change_nothing(count, steps):
    leaves = numbered(count)
    at_once = Shelf(leaves)
    in_batches = Shelf(leaves, (step for _ in iter(int, 1) for step in steps))
    assert in_batches.log.root() == at_once.log.root() == root_of(hash_leaves(leaves))
    assert in_batches.tiles == at_once.tiles
    assert len([1 for level, _ in at_once.tiles if level == 0]) == count // TILE_WIDTH


@settings(max_examples=40)
@given(st.integers(0, 2000), st.integers(0, 600))
def test_a_restored_log_goes_on_as_if_it_never_stopped(before, after):
    leaves = numbered(before + after)
    stopped, never = Shelf(leaves[:before]), Shelf(leaves)
    log = MerkleLog.restore(before, stopped.reader())
    assert (log.size, log.root()) == (before, stopped.log.root())
    more = {(tile.level, tile.idx): tile.body for tile in log.append_many(leaves[before:])}
    assert log.root() == never.log.root()
    assert stopped.tiles | more == never.tiles


def test_restoring_a_big_log(big):
    for size in (65_535, 65_536, 65_537, 70_001):
        part = Shelf(big.leaves[:size])
        log = MerkleLog.restore(size, part.reader())
        assert log.root() == part.log.root()
        more = {(tile.level, tile.idx): tile.body for tile in log.append_many(big.leaves[size:])}
        assert (log.root(), part.tiles | more) == (big.log.root(), big.tiles)


def test_what_is_missing_or_outside_is_refused():
    shelf = Shelf(numbered(600))
    tree = shelf.tree()
    for wrong in (lambda: tree.root(601), lambda: tree.inclusion(600), lambda: tree.consistency(7, 6)):
        with pytest.raises(TreeError):
            wrong()
    del shelf.tiles[0, 1]
    with pytest.raises(TreeError, match="tile 1 of level 0 is missing"):
        shelf.tree().inclusion(300)
    shelf.tiles[0, 0] = b"short"
    with pytest.raises(TreeError, match="damaged"):
        MerkleLog.restore(600, shelf.reader())
    short = StoredTiles(lambda level, idx: None, lambda a, b: shelf.leaves[a : b - 1])
    with pytest.raises(TreeError, match="record between 512 and 599 is missing"):
        short.leaf_hashes(512, 600)


@settings(max_examples=30)
@given(st.binary(min_size=64, max_size=64), st.integers(1, 70), st.integers(0, 2**32))
def test_lanes_hash_as_the_library_does(pair, count, seed):
    nodes = pair + random.Random(seed).randbytes(64 * (count - 1))
    literal = [hashlib.sha256(b"\1" + nodes[i : i + 64]).digest() for i in range(0, len(nodes), 64)]
    assert lanes._in_lanes(nodes) == lanes._one_by_one(nodes) == b"".join(literal)


def test_without_trust_in_the_lanes_the_library_hashes_alone(monkeypatch):
    nodes = bytes(range(256)) * 16
    expected = lanes._one_by_one(nodes)
    monkeypatch.setattr(lanes, "trusted", lambda: False)
    monkeypatch.setattr(lanes, "_in_lanes", lambda nodes: b"wrong")
    assert lanes.hash_pairs(nodes) == expected
    monkeypatch.setattr(lanes, "trusted", lambda: True)
    assert lanes.hash_pairs(nodes) == b"wrong"
