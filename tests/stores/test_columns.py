"""Batches held as columns, batches that wait together, keys that count up: every engine does the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from jingwei.audit.joined import Joined
from jingwei.ledger.accounts import Account, Balance, Hold, Line
from jingwei.ledger.columns import Columns
from jingwei.stores import runs
from jingwei.stores.merging import merge
from jingwei.stores.store import Batch, Store, StoreError
from jingwei.stores.wire import pack, unpack


def in_columns(batch: Batch) -> Batch:
    """The same batch as columns."""
    ends = np.cumsum([len(leaf) for leaf in batch.leaves])
    return replace(
        batch, leaves=Joined(b"".join(batch.leaves), ends), lines=Columns.of(Line, batch.lines),
        kept={**batch.kept, Balance: Columns.of(Balance, batch.kept[Balance])},
    )  # fmt: skip


def all_of(store: Store) -> tuple[Any, ...]:
    names = [f"acc{n:03d}" for n in range(40)]
    kinds = (Account, Balance)
    kept = [sorted(store.load(kind, names), key=lambda thing: thing.id) for kind in kinds]
    size = store.size()
    return store.root(), list(store.records(0, size)), store.line_range(0, 2**60, 10**6), kept, store.totals()


@pytest.mark.parametrize("count", [1, 300])
def test_columns_write_what_the_structs_write(opener: Callable[[], Store], books: Any, count: int) -> None:
    store = opener()
    batches = [books.batch(count) for _ in range(3)]
    for batch in batches[:2]:
        store.write(in_columns(batch))
    store.write(batches[2])
    assert store.line_range(0, 2**60, 10**6) == books.all_lines
    assert [body for _, body in store.records(0, 3 * count)] == books.leaves
    balances = {balance.id: balance for balance in store.load(Balance, list(books.standings))}
    assert balances == {name: standing.balance for name, standing in books.standings.items()}
    assert store.check() == []


def test_columns_travel_whole(books: Any) -> None:
    batch = in_columns(books.batch(50))
    arrived = unpack(pack(batch))
    assert list(arrived.leaves) == list(batch.leaves) and arrived.keys == batch.keys
    assert list(arrived.lines) == list(batch.lines)
    assert list(arrived.kept[Balance]) == list(batch.kept[Balance])


def shifted(batch: Batch, field: str) -> Batch:
    columns = batch.lines if field in Line.__struct_fields__ else batch.kept[Balance]
    assert isinstance(columns, Columns)
    columns.column(field)[-1] += 1
    return batch


WRONG = {
    "a balance the lines do not explain": lambda batch: shifted(batch, "booked_minor"),
    "an amount the balances do not show": lambda batch: shifted(batch, "amount_minor"),
    "a balance that is missing": lambda batch: replace(
        batch, kept={**batch.kept, Balance: batch.kept[Balance][:-1]}
    ),
    "a line of another record": lambda batch: replace(
        batch, lines=batch.lines.followed_by(Columns.of(Line, [replace(batch.lines[0], id=2**40)]))
    ),
    "the wrong place": lambda batch: replace(batch, first_seq=batch.first_seq + 1),
    "an amount below zero": lambda batch: replace(
        batch, lines=batch.lines.followed_by(
            Columns.of(Line, [replace(batch.lines[0], id=batch.lines[-1].id + 1, amount_minor=-1)] )
        )
    ),
}  # fmt: skip


@pytest.mark.parametrize("count", [15, 300])
def test_wrong_columns_are_refused_whole(opener: Callable[[], Store], books: Any, count: int) -> None:
    store = opener()
    store.write(books.batch(60))
    before = all_of(store)
    good = books.batch(count)
    for wrong in WRONG.values():
        with pytest.raises(StoreError):
            store.write(wrong(in_columns(good)))
        assert all_of(store) == before
    store.write(in_columns(good))
    assert store.check() == []


@pytest.mark.parametrize("columns", [(False, False, False), (True, True, True), (True, False, True)])
def test_merged_batches_write_what_they_write_apart(
    opener: Callable[[], Store], books: Any, columns: tuple[bool, ...]
) -> None:
    store = opener()
    batches = [books.batch(40) for _ in columns]
    store.write(merge([in_columns(b) if held else b for b, held in zip(batches, columns, strict=True)]))
    assert [body for _, body in store.records(0, 120)] == books.leaves
    assert store.line_range(0, 2**60, 10**6) == books.all_lines
    balances = {balance.id: balance for balance in store.load(Balance, list(books.standings))}
    assert balances == {name: standing.balance for name, standing in books.standings.items()}
    assert len(store.find(Hold, "account", "alice")) == 24
    assert store.answered([(actor, key) for batch in batches for actor, key, _ in batch.keys]) == {
        (actor, key): seq for batch in batches for actor, key, seq in batch.keys
    }
    assert store.check() == []


def test_a_bad_batch_among_those_that_wait_spares_those_before_it(tmp_path: Any, books: Any) -> None:
    """Batches that share a transaction in the writing process fail and succeed as if each had its own."""
    import os
    import signal

    from jingwei.stores.pipeline import PipelinedStore

    store = PipelinedStore(tmp_path / "bank.db")
    store.write(books.batch(5))
    good = [books.batch(30) for _ in range(3)]
    bad = shifted(in_columns(good[2]), "booked_minor")
    assert store._child is not None
    os.kill(store._child.pid, signal.SIGSTOP)
    tickets = [store.submit(batch) for batch in (good[0], in_columns(good[1]), bad)]
    os.kill(store._child.pid, signal.SIGCONT)
    for ticket in tickets[:2]:
        ticket.wait()
    with pytest.raises(StoreError, match="balance of"):
        tickets[2].wait()
    assert store.size() == 65
    assert store.check() == []
    store.close()


KEYS = [f"stream:{n}" for n in (*range(5), *range(90, 260), 1_000, 10_000)]


@pytest.mark.parametrize("asked", [range(0, 64), range(100, 200), range(80, 320), range(1_000, 1_100)])
def test_keys_that_count_up_are_found_as_one_by_one(opener: Callable[[], Store], asked: range) -> None:
    store = opener()
    keys = [("a", key) for key in KEYS] + [("b", key) for key in KEYS[:100:3]] + [("a", f"{KEYS[9]}:fraud")]
    written = [(actor, key, n) for n, (actor, key) in enumerate(keys)]
    store.write(Batch(0, [b"x"] * len(keys), written, [], {}))
    wanted = [("a", f"stream:{n}") for n in asked] + [("b", f"stream:{n}") for n in asked][::2]
    wanted += [("a", f"{KEYS[9]}:fraud"), ("c", "stream:100")]
    known = {(actor, key): seq for actor, key, seq in written}
    assert store.answered(wanted) == {key: known[key] for key in wanted if key in known}


def test_a_stretch_that_holds_much_more_is_given_up() -> None:
    keys = [("a", f"k{n:05d}") for n in range(0, 9_900, 100)]
    stretches, singles = [], []

    def stretch(low: str, high: str, most: int) -> list[tuple[str, str, int]]:
        stretches.append((low, high))
        return [("a", f"k{n:05d}", n) for n in range(most)]

    def one_by_one(some: Any) -> dict[tuple[str, str], int]:
        singles.extend(some)
        return {key: int(key[1][1:6]) for key in some}

    assert runs.answered(keys, stretch, one_by_one) == {key: int(key[1][1:]) for key in keys}
    assert stretches == [("k00000", "k09800")] and singles == keys
    random = [("a", f"k{n * 7919 % 10_007:05d}-of-a-random-kind") for n in range(100)]
    runs.answered(random, stretch, one_by_one)
    assert len(stretches) == 1, "keys that do not count up are looked up one by one"
