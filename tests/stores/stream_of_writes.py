"""Writes batches without end into a bank and prints each size promised to be durable, until killed.

Run as `python stream_of_writes.py PLACE sqlite|pipelined BATCH`.
"""

from __future__ import annotations

import sys
from collections import deque

from jingwei.ledger.accounts import Account, Balance, Line, line_id
from jingwei.stores.opening import open_store
from jingwei.stores.pipeline import PipelinedStore
from jingwei.stores.store import Batch


def leaf(seq: int) -> bytes:
    """What record `seq` holds: anyone can say it again."""
    return b"%d|" % seq + b"x" * (seq % 700)


def batch(first: int, count: int) -> Batch:
    """Each record moves one minor unit from "a" to "b"."""
    end = first + count
    lines = [
        Line(
            line_id(n, 0),
            n,
            "a",
            "b",
            1,
            "CNY",
            "payment",
            line_id(n - 1, 0),
            line_id(n - 1, 0),
            -n - 1,
            n + 1,
        )
        for n in range(first, end)
    ]
    kept = {
        Account: [Account(name, "o", "p@1", "CNY", side="bank") for name in "ab"],
        Balance: [Balance("a", -end), Balance("b", end)],
    }
    keys = [("a", f"k{n}", n) for n in range(first, end)]
    return Batch(first, [leaf(n) for n in range(first, end)], keys, lines, kept)


def main(place: str, kind: str, count: int) -> None:
    """Write on from what is there, until killed; a printed size is a promise."""
    store = PipelinedStore(place) if kind == "pipelined" else open_store(place)
    at = store.size()
    print(f"open {at}", flush=True)
    waiting = deque()
    while True:
        at += count
        waiting.append((at, store.submit(batch(at - count, count))))
        if len(waiting) == 4 or kind != "pipelined":
            size, ticket = waiting.popleft()
            ticket.wait()
            print(size, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
