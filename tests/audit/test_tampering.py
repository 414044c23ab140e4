"""Seven ways to falsify a log, each found by the log check with anchors; and what is missed without them."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from jingwei.audit.heads import SigningKey
from jingwei.audit.leaves import InWorkers
from jingwei.audit.merkle import MerkleLog
from jingwei.audit.verify import Verdict, verify_log

SIZE = 1300
ANCHORED = (100, 256, 500, 777, 1024, SIZE)


class Bank:
    """A log as it lies in the store, and the anchors that lie elsewhere."""

    def __init__(self, key: SigningKey) -> None:
        self.key = key
        self.rows = [(i, b"record %d" % i) for i in range(SIZE)]
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.heads = []
        log = MerkleLog()
        for start, end in zip((0, *ANCHORED), ANCHORED, strict=False):
            for tile in log.append_many([body for _, body in self.rows[start:end]]):
                self.tiles[tile.level, tile.idx] = tile.body
            self.heads.append(key.sign("jingwei", end, log.root(), end))

    def rechain(self) -> None:
        """What a superuser does after an edit: every number and tile fits the new records."""
        self.rows = [(i, body) for i, (_, body) in enumerate(self.rows)]
        made = MerkleLog().append_many([body for _, body in self.rows])
        self.tiles = {(tile.level, tile.idx): tile.body for tile in made}

    def tile(self, level: int, idx: int) -> bytes | None:
        return self.tiles.get((level, idx))

    def check(self, anchors: bool = True) -> Verdict:
        heads = self.heads if anchors else []
        return verify_log(self.rows, self.tile, heads, [self.key.public], "jingwei")


@pytest.fixture(scope="module")
def key(tmp_path_factory) -> SigningKey:
    return SigningKey.open(tmp_path_factory.mktemp("keys") / "signing.pem")


def flip(bank: Bank, at: int, chance: random.Random) -> None:
    number, body = bank.rows[at]
    bit = chance.randrange(8 * len(body))
    changed = bytearray(body)
    changed[bit // 8] ^= 1 << bit % 8
    bank.rows[at] = (number, bytes(changed))


def delete(bank: Bank, at: int, chance: random.Random) -> None:
    del bank.rows[at]


def swap(bank: Bank, at: int, chance: random.Random) -> None:
    other = (at + 1 + chance.randrange(SIZE - 1)) % SIZE
    (one, first), (two, second) = bank.rows[at], bank.rows[other]
    bank.rows[at], bank.rows[other] = (one, second), (two, first)


def insert(bank: Bank, at: int, chance: random.Random) -> None:
    bank.rows.insert(at, (at, b"inserted"))
    bank.rows = [(i, body) for i, (_, body) in enumerate(bank.rows)]


def cut(bank: Bank, at: int, chance: random.Random) -> None:
    del bank.rows[at:]


def edit_and_rechain(bank: Bank, at: int, chance: random.Random) -> None:
    flip(bank, at, chance)
    bank.rechain()


def cut_and_forge(bank: Bank, at: int, chance: random.Random) -> None:
    length = chance.choice((chance.randrange(1, 400), SIZE - at))
    bank.rows[at:] = [(0, b"forged %d" % i) for i in range(length)]
    bank.rechain()


KINDS = (flip, delete, swap, insert, cut, edit_and_rechain, cut_and_forge)


def _rounds(kind, key: SigningKey, rounds: int) -> None:
    whole = Bank(key)
    rows, tiles = list(whole.rows), dict(whole.tiles)
    chance = random.Random(kind.__name__)
    for _ in range(rounds):
        whole.rows, whole.tiles = list(rows), dict(tiles)
        at = chance.choice((0, SIZE - 1, chance.randrange(SIZE), chance.randrange(SIZE)))
        kind(whole, at, chance)
        verdict = whole.check()
        assert not verdict.sound, (kind.__name__, at)
        assert min(damage.where for damage in verdict.damage) <= at


def test_an_untouched_log_is_sound(key):
    verdict = Bank(key).check()
    assert verdict.sound and (verdict.records, verdict.heads_checked, verdict.signed_to) == (SIZE, 6, SIZE)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_tampering_is_found(kind, key):
    _rounds(kind, key, 40)


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_thousand_of_every_tampering_are_found(kind, key):
    _rounds(kind, key, 1000)


@pytest.mark.parametrize("kind", [cut, edit_and_rechain, cut_and_forge], ids=lambda kind: kind.__name__)
def test_without_anchors_a_log_rewritten_as_a_whole_looks_sound(kind, key):
    bank = Bank(key)
    kind(bank, 600, random.Random(1))
    assert bank.check(anchors=False).sound and not bank.check().sound


def _only(verdict: Verdict) -> tuple[str, int, int]:
    (damage,) = verdict.damage
    return damage.kind, damage.where, verdict.signed_to


def test_the_place_of_the_damage_is_told(key):
    bank = Bank(key)
    bank.rows[300] = (300, b"another")
    kinds = [(damage.kind, damage.where) for damage in bank.check().damage]
    rewritten = ("history_rewritten", 256)
    assert kinds == [rewritten, ("record_altered", 300), rewritten, rewritten, rewritten]

    bank = Bank(key)
    del bank.rows[300:303]
    assert _only(bank.check()) == ("record_missing", 300, SIZE)

    bank = Bank(key)
    del bank.rows[1290]
    assert _only(bank.check()) == ("record_missing", 1290, 1024)

    bank = Bank(key)
    bank.tiles[0, 2] = bytes(8192)
    assert {damage.kind for damage in bank.check().damage} == {"record_altered"}

    bank = Bank(key)
    del bank.tiles[0, 2]
    assert _only(bank.check()) == ("tile_missing", 2, SIZE)

    bank = Bank(key)
    del bank.rows[1200:]
    assert _only(bank.check()) == ("log_cut", 1024, 1024)

    bank = Bank(key)
    bank.rows.insert(7, bank.rows[6])
    assert _only(bank.check()) == ("record_out_of_place", 6, SIZE)


def test_a_forged_or_foreign_head_is_damage(key, tmp_path):
    bank = Bank(key)
    thief = SigningKey.open(tmp_path / "thief.pem")
    bank.heads.append(thief.sign("jingwei", 400, bytes(32), 5))
    assert _only(bank.check()) == ("head_forged", 400, SIZE)
    bank.heads[-1] = key.sign("other", 400, bytes(32), 5)
    assert _only(bank.check()) == ("head_of_another_log", 400, SIZE)


def test_a_tile_of_the_second_level_is_compared_too(key):
    rows = [(i, b"%d" % i) for i in range(65_536)]
    tiles = {(t.level, t.idx): t.body for t in MerkleLog().append_many([body for _, body in rows])}
    assert verify_log(rows, lambda *place: tiles.get(place)).sound
    tiles[1, 0] = bytes(8192)
    assert _only(verify_log(rows, lambda *place: tiles.get(place))) == ("tile_altered", 0, 0)


def test_the_list_of_damage_is_bounded(key):
    bank = Bank(key)
    bank.rows = [(i, b"x") for i, _ in bank.rows]
    verdict = verify_log(bank.rows, lambda *place: bank.tiles.get(place), most=10)
    assert (len(verdict.damage), verdict.more) == (10, 1280 - 10)


def read_rows(file: Path, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """What a worker calls: it opens the store itself."""
    rows = "SELECT seq, body FROM records WHERE seq >= ? AND seq < ? ORDER BY seq"
    with closing(sqlite3.connect(file)) as db:
        yield from db.execute(rows, (start, end))


def test_workers_find_the_same_as_one_process(key, tmp_path):
    step = 512
    size = 3 * step + 100
    rows = [(i, b"%d" % i) for i in range(size)]
    log = MerkleLog()
    tiles = {(t.level, t.idx): t.body for t in log.append_many([body for _, body in rows])}
    head = key.sign("jingwei", size, log.root(), 5)
    file = tmp_path / "log.sqlite"
    db = sqlite3.connect(file)
    db.execute("CREATE TABLE records (seq INTEGER PRIMARY KEY, body BLOB)")
    db.executemany("INSERT INTO records VALUES (?, ?)", rows)
    db.commit()

    def both() -> Verdict:
        known = (lambda *place: tiles.get(place), [head], [key.public], "jingwei")
        alone = verify_log(read_rows(file, 0, 2**62), *known)
        assert verify_log(InWorkers(partial(read_rows, file), size, 1, step), *known) == alone
        return alone

    assert both().sound and both().signed_to == size
    db.execute("UPDATE records SET body = x'00' WHERE seq = ?", (step + 5,))
    db.execute("DELETE FROM records WHERE seq IN (7, ?)", (step - 1,))
    db.commit()
    found = [(damage.kind, damage.where) for damage in both().damage]
    missing = [("record_missing", 7), ("record_missing", step - 1)]
    db.close()
    assert found == [*missing, ("record_altered", step + 5), ("history_rewritten", 0)]
