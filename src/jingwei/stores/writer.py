"""The writing process: opens the engine and writes the batches the deciding process hands it, in order.

Run by `PipelinedStore` only, as `python -m jingwei.stores.writer SLOT ...`; SLOT are inherited file handles.
"""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

import msgspec

from jingwei.stores.opening import open_store
from jingwei.stores.pipe import Ask, Reply, receive_ask, send, take
from jingwei.stores.store import Store, StoreError
from jingwei.stores.wire import unpack


def main(slots: Sequence[int], asks: IO[bytes], replies: IO[bytes]) -> None:
    """Answer asks until the deciding process closes the pipe or is gone; then close the engine cleanly."""
    opening = receive_ask(asks)
    if opening is None:
        return
    try:
        store = open_store(opening.place)
    except StoreError as error:
        with suppress(BrokenPipeError):  # the deciding process is gone and needs no answer
            send(replies, Reply(type(error).__name__, str(error)))
        return
    try:
        send(replies, Reply(size=store.size()))
        while (ask := receive_ask(asks)) is not None:
            send(replies, answer(store, ask, slots))
    except BrokenPipeError:
        return
    finally:
        store.close()


def answer(store: Store, ask: Ask, slots: Sequence[int]) -> Reply:
    """Do one ask; a StoreError goes back as a reply."""
    try:
        if ask.what == "write":
            store.write(unpack(take(slots[ask.slot], ask.length)))
            return Reply(size=store.size())
        if ask.what == "notes":
            store.set_notes(ask.notes)
            return Reply(size=store.size())
        if ask.what == "root":
            size, root = store.root()
            return Reply(size=size, root=root)
        return Reply(size=store.size(), findings=store.check())
    except StoreError as error:
        return Reply(type(error).__name__, str(error))
    except msgspec.MsgspecError as error:
        return Reply("StoreError", f"a value of the batch cannot be kept, nothing was written ({error})")


if __name__ == "__main__":
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # ctrl-C is for the deciding process, which then closes the pipe
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    main([int(slot) for slot in sys.argv[1:]], sys.stdin.buffer, sys.stdout.buffer)
