"""What every engine must do; an engine added to ENGINES is held to all of it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from jingwei.audit.merkle import EMPTY_ROOT, TILE_BYTES, MerkleLog
from jingwei.ledger.accounts import Account, Balance, Hold, Kept
from jingwei.ledger.work import Case, Customer
from jingwei.stores.store import Batch, Reader, Store, StoreError


def nothing(first: int) -> Batch:
    """A batch of one record that moves no money."""
    return Batch(first, [b"x"], [], [], {})


def root_of(leaves: list[bytes]) -> bytes:
    log = MerkleLog()
    log.append_many(leaves)
    return log.root()


def test_an_empty_bank_answers_everything_with_nothing(store):
    assert store.size() == 0
    assert store.root() == (0, EMPTY_ROOT)
    assert store.record(0) is None
    assert list(store.records(0, 10)) == []
    assert store.load(Account, ["a"]) == store.load(Account, []) == []
    assert store.page(Balance) == store.find(Case, "status", "open") == []
    assert store.answered([("a", "k")]) == store.answered([]) == {}
    assert store.lines([1]) == store.lines([]) == store.line_range(0, 10) == []
    assert store.note("n") is None
    assert store.tile(0, 0) is None
    assert store.totals() == []
    assert store.check() == []


def test_what_is_written_is_read_back_by_every_way_of_reading(store, books):
    for count in (1, 7, 600, 300):
        store.write(books.batch(count))
    reader = store.reader()
    for door in (store, reader):
        assert door.size() == 908
        assert [body for _, body in door.records(0, 908)] == books.leaves
        assert [seq for seq, _ in door.records(600, 2000)] == list(range(600, 908))
        assert door.record(907) == books.leaves[907]
        assert door.record(908) is None
        everyone = list(books.standings)
        expected = {name: standing.balance for name, standing in books.standings.items()}
        assert {b.id: b for b in door.load(Balance, [*everyone, "nobody", everyone[0]])} == expected
        assert {a.id: a for a in door.load(Account, everyone)} == {
            n: s.account for n, s in books.standings.items()
        }
        assert len(door.load(Balance, [everyone[0]] * 3)) == 1
        keys = [(f"teller{seq % 3}", f"key-{seq:06d}") for seq in range(908)]
        assert door.answered(keys) == {key: seq for seq, key in enumerate(keys)}
        assert door.answered([("teller1", "key-000000"), ("teller0", "key-000003")]) == {
            ("teller0", "key-000003"): 3
        }
        ids = [line.id for line in books.all_lines]
        assert sorted(door.lines([*ids, 5]), key=lambda line: line.id) == books.all_lines
        assert len(door.lines([ids[0]] * 3)) == 1
        assert door.line_range(ids[10], ids[20]) == books.all_lines[10:20]
        assert door.line_range(0, ids[-1] + 1, limit=3) == books.all_lines[:3]
        assert door.totals() == [("CNY", 0, 0)]
    assert store.check() == []
    reader.close()


def test_pages_follow_one_another_by_id_without_gap_or_repetition(store):
    customers = [Customer(f"c{n:03d}", f"name {n}") for n in range(25)]
    cases = [
        Case(f"case{n:03d}", f"D{n}", "ann" if n % 2 else "ben", "", "open", "odd", 0, 0) for n in range(25)
    ]
    kept: dict[type[Kept], list[Kept]] = {Customer: list(reversed(customers)), Case: list(cases)}
    store.write(replace(nothing(0), kept=kept))
    seen: list[Customer] = []
    while page := store.page(Customer, after=seen[-1].id if seen else "", limit=7):
        seen += page
        assert len(seen) <= len(customers), "a page repeats what the one before held"
    assert seen == customers
    ann = [case for case in cases if case.customer == "ann"]
    assert store.find(Case, "customer", "ann", limit=5) == ann[:5]
    assert store.find(Case, "customer", "ann", after=ann[4].id) == ann[5:]
    assert store.find(Case, "customer", "nobody") == []
    with pytest.raises(ValueError, match="indexed: status, customer, about"):
        store.find(Case, "code", "odd")


def test_ids_are_ordered_by_their_bytes_in_every_engine(store):
    names = ["A1", "B", "Z", "a0", "a1", "ä", "张", "😀"]
    store.write(replace(nothing(0), kept={Customer: [Customer(name, "x") for name in names]}))
    assert [customer.id for customer in store.page(Customer)] == names


@pytest.mark.parametrize("count", [1, 60])
def test_a_kept_thing_is_replaced_whole_by_its_later_state(store, count):
    accounts = [Account(f"a{n:02d}", "ann", "current@1", "CNY", limit_day_minor=5) for n in range(count)]
    later = [replace(account, frozen="out", limit_day_minor=None) for account in accounts]
    store.write(replace(nothing(0), kept={Account: accounts}))
    store.write(replace(nothing(1), kept={Account: [*later, Account("new", "o", "p@1", "CNY")]}))
    assert store.page(Account, limit=count) == later
    assert store.size() == 2


@pytest.mark.parametrize("bulk", [1, 60])
def test_numbers_and_words_come_back_exactly(store, bulk):
    odd = Account("长🙂'\";--", "o", "p@1", "CNY", opened_at=2**63 - 1, limit_payment_minor=-(2**63))
    others = [Account(f"x{n}", "o", "p@1", "CNY") for n in range(bulk)]
    leaf = bytes(range(256)) * 40
    store.write(replace(nothing(0), leaves=[leaf], kept={Account: [odd, *others]}, notes={"n": "é\n"}))
    assert store.load(Account, [odd.id]) == [odd]
    assert store.record(0) == leaf
    assert store.note("n") == "é\n"


def test_notes_are_kept_with_a_batch_and_by_themselves(store, opener):
    store.write(replace(nothing(0), notes={"head": "1", "day_end": "a"}))
    store.set_notes({"head": "2"})
    store.close()
    again = opener()
    assert (again.note("head"), again.note("day_end")) == ("2", "a")


def with_last(batch: Batch, kind: type[Kept], **changes: object) -> Batch:
    """The batch with its last kept thing of one kind changed."""
    rows = batch.kept[kind]
    return replace(batch, kept=batch.kept | {kind: [*rows[:-1], replace(rows[-1], **changes)]})


def with_line(batch: Batch, **changes: object) -> Batch:
    """The batch with one line more, like its first one but for the changes."""
    return replace(batch, lines=[*batch.lines, replace(batch.lines[0], **changes)])


def with_key(batch: Batch, actor: str, key: str, seq: int) -> Batch:
    return replace(batch, keys=[*batch.keys[:-1], (actor, key, seq)])


def with_balance(batch: Batch, balance: Balance) -> Batch:
    return replace(batch, kept=batch.kept | {Balance: [*batch.kept[Balance], balance]})


def without_balance(batch: Batch) -> Batch:
    return replace(batch, kept=batch.kept | {Balance: batch.kept[Balance][:-1]})


def with_same_line_twice(batch: Batch) -> Batch:
    """The last line under the number of the first; the money still adds up."""
    return replace(batch, lines=[*batch.lines[:-1], replace(batch.lines[-1], id=batch.lines[0].id)])


def with_money_forgotten(batch: Batch) -> Batch:
    """The last balance as if its account had been empty before the batch."""
    name = batch.kept[Balance][-1].id
    moved = sum(line.amount_minor * ((line.payee == name) - (line.payer == name)) for line in batch.lines)
    return with_last(batch, Balance, booked_minor=moved)


RULE = "rule of the books"
WRONG = {
    "key answered before": (RULE, lambda b: with_key(b, "teller0", "key-000000", b.first_seq)),
    "same key twice": (RULE, lambda b: with_key(b, *b.keys[0])),
    "key of another batch": ("not in this batch", lambda b: with_key(b, "t", "k", b.first_seq - 1)),
    "key of a record to come": ("not in this batch", lambda b: with_key(b, "t", "k", b.first_seq + 60)),
    "line of another batch": ("outside this batch", lambda b: with_line(b, id=3)),
    "line twice": (RULE, with_same_line_twice),
    "amount of nothing": (RULE, lambda b: with_line(b, id=b.lines[0].id + 9, amount_minor=0)),
    "payer is payee": (RULE, lambda b: with_line(b, id=b.lines[0].id + 9, payee=b.lines[0].payer)),
    "more held than nothing": (RULE, lambda b: with_last(b, Balance, held_minor=-1)),
    "money from nowhere": ("lines make it", lambda b: with_last(b, Balance, booked_minor=1)),
    "money forgotten": ("lines make it", with_money_forgotten),
    "new account with money": ("newcomer", lambda b: with_balance(b, Balance("newcomer", 5))),
    "line without its balance": ("is not in the batch", without_balance),
    "nothing where a word belongs": ("nothing was written", lambda b: with_last(b, Hold, payee=None)),
    "number above 64 bits": ("nothing was written", lambda b: with_last(b, Hold, amount_minor=2**63)),
    "half a character": ("nothing was written", lambda b: with_last(b, Hold, payee="\ud800")),
    "gap": ("read the books again", lambda b: replace(b, first_seq=b.first_seq + 1)),
    "written before": ("read the books again", lambda b: replace(b, first_seq=b.first_seq - 1)),
}
"""What may be wrong with a batch of 60 records: words of the refusal, and how a good batch is spoiled."""


def everything(store: Reader) -> list[object]:
    """All a store holds, to compare before and after."""
    kinds: list[type[Kept]] = [Account, Balance, Hold, Case]
    shelves = [store.page(kind, limit=10**6) for kind in kinds]
    return [
        list(store.records(0, 10**6)),
        shelves,
        store.line_range(0, 2**62, 10**6),
        store.totals(),
        store.note("n"),
    ]


def test_a_batch_the_books_refuse_leaves_no_trace(store, books):
    """Whatever is wrong, wherever in the batch: nothing of it is there, and a good batch still goes in."""
    store.write(books.batch(70))
    good = books.batch(60)
    before, root = everything(store), store.root()
    for name, (says, spoil) in WRONG.items():
        with pytest.raises(StoreError, match=says):
            store.write(replace(spoil(good), notes={"n": name}))
        assert everything(store) == before, name
        assert store.root() == root, name
        assert store.answered([key[:2] for key in good.keys]) == {}, name
    store.write(good)
    assert store.size() == 130
    assert store.root() == (130, root_of(books.leaves))
    assert store.check() == []


def test_a_ticket_tells_how_its_batch_ended(store, books):
    tickets = [store.submit(books.batch(20)) for _ in range(9)]
    for ticket in tickets:
        ticket.wait()
        assert ticket.done()
    assert store.root() == (180, root_of(books.leaves))
    bad, good = store.submit(nothing(200)), store.submit(nothing(180))
    with pytest.raises(StoreError, match="starts at record 200 but 180 are written"):
        bad.wait()
    with pytest.raises(StoreError):
        bad.wait()
    good.wait()
    assert store.size() == 181


@pytest.mark.parametrize("cut", [[1] * 30 + [670], [700], [256, 1, 255, 188], [7] * 100])
def test_the_root_does_not_depend_on_how_records_came_in_batches(store, books, cut):
    whole = books.batch(700)
    at = 0
    for count in cut:
        store.write(Batch(at, whole.leaves[at : at + count], [], [], {}))
        at += count
    assert store.root() == (700, root_of(books.leaves))
    assert len(store.tile(0, 0)) == len(store.tile(0, 1)) == TILE_BYTES
    assert store.tile(0, 2) is None
    assert store.check() == []


@pytest.mark.parametrize("count", [0, 257, 512])
def test_a_bank_opened_again_goes_on_where_it_was(store, opener, books, count):
    if count:
        store.write(books.batch(count))
    root = store.root()
    store.close()
    store.close()
    again = opener()
    assert again.root() == root
    again.write(books.batch(300))
    assert again.root() == (count + 300, root_of(books.leaves))
    assert again.check() == []


def test_a_second_writer_is_refused_and_readers_stay(store, opener, books, monkeypatch):
    monkeypatch.setattr("jingwei.stores.postgres.LOCK_SECONDS", 0.3)
    store.write(books.batch(3))
    with pytest.raises(StoreError, match="stop"):
        opener()
    reader = store.reader()
    assert reader.size() == 3
    store.write(books.batch(2))
    assert reader.size() == 5
    reader.close()
    store.close()
    assert opener().size() == 5


def test_a_reader_sees_whole_batches_only(store, books):
    reader: Reader = store.reader()
    tickets = [store.submit(books.batch(200)) for _ in range(6)]
    sizes = []
    while not tickets[-1].done():
        sizes.append((reader.size(), sum(booked for _, booked, _ in reader.totals())))
    tickets[-1].wait()
    assert all(size % 200 == 0 and money == 0 for size, money in sizes)
    assert reader.size() == 1200
    reader.close()


def test_a_closed_store_says_so(opener):
    store: Store = opener()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.record(0)
    with pytest.raises(StoreError, match="closed"):
        store.write(nothing(0))
