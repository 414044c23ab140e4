"""The writing half in a second process: order, death, and the room for batches on their way."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from jingwei.ledger.accounts import Account, Balance
from jingwei.stores.pipe import IN_FLIGHT, Ask, receive_ask, send
from jingwei.stores.pipeline import PipelinedStore
from jingwei.stores.store import StoreError
from jingwei.stores.wire import pack, unpack


@pytest.fixture
def store(tmp_path):
    opened = PipelinedStore(tmp_path / "bank.db")
    yield opened
    opened.close()


def test_a_batch_comes_out_of_the_pipe_as_it_went_in(books):
    batch = books.batch(30)
    arrived = unpack(pack(batch))
    assert (arrived.first_seq, arrived.leaves, arrived.keys) == (batch.first_seq, batch.leaves, batch.keys)
    assert pack(arrived) == pack(batch)
    for kind in (Account, Balance):
        assert [row.id for row in arrived.kept[kind]] == [row.id for row in batch.kept[kind]]


def test_no_more_batches_are_on_their_way_than_there_is_room_for(store, books):
    tickets = []
    for _ in range(20):
        tickets.append(store.submit(books.batch(50)))
        assert len(store._pending) <= IN_FLIGHT
    assert all(ticket.done() for ticket in tickets[:-IN_FLIGHT])
    store.root()
    assert all(ticket.done() for ticket in tickets)
    assert store.size() == 1000


def test_close_waits_for_what_was_submitted(store, books):
    ticket = [store.submit(books.batch(300)) for _ in range(3)][-1]
    store.close()
    assert ticket.done()
    ticket.wait()


def test_a_killed_writer_fails_what_it_had_not_written_and_the_store_goes_on(store, books):
    """Each ticket tells the truth: those that do not raise are there, those that raise are not."""
    store.write(books.batch(10))
    os.kill(store._child.pid, signal.SIGSTOP)
    batches = [books.batch(100) for _ in range(3)]
    tickets = [store.submit(batch) for batch in batches]
    os.kill(store._child.pid, signal.SIGKILL)
    for ticket in tickets:
        with pytest.raises(StoreError, match="not written, ask again"):
            ticket.wait()
    assert store.size() == 10
    for batch in batches:
        store.write(batch)
    assert store.size() == 310
    assert store.check() == []


def test_a_writer_killed_after_the_commit_and_before_its_reply_has_written(store, books):
    ticket = store.submit(books.batch(100))
    reader = store.reader()
    deadline = time.monotonic() + 10
    while reader.size() < 100 and time.monotonic() < deadline:
        time.sleep(0.001)
    os.kill(store._child.pid, signal.SIGKILL)
    store._child.wait()
    store._child.stdout.read()  # the reply is lost on its way
    ticket.wait()
    assert store.size() == 100
    reader.close()


def test_what_is_wrong_at_the_start_is_said_in_this_process(tmp_path):
    with pytest.raises(StoreError, match="is a folder"):
        PipelinedStore(tmp_path)


def test_a_handle_that_does_not_wait_and_has_nothing_yet_is_no_end() -> None:
    """A message in pieces over handles that never wait comes whole; the end is told from silence."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    ask = Ask("notes", notes={"long": "x" * 300_000})
    with open(reading, "rb", 0) as source, open(writing, "wb", 0) as target:
        got: list[Ask | None] = []
        reader = threading.Thread(target=lambda: got.extend((receive_ask(source), receive_ask(source))))
        reader.start()
        reader.join(0.2)
        assert reader.is_alive(), "silence was taken for the end"
        send(target, ask)
        reader.join(0.2)
        assert reader.is_alive()
        target.close()
        reader.join(5)
        assert got == [ask, None]
