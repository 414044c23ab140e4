"""One transaction of a small SQLite file beside the books: all of it is written, or nothing stays open."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from jingwei.stores.store import StoreError


@contextmanager
def whole(db: sqlite3.Connection) -> Iterator[None]:
    """Everything inside is written, or nothing; the connection has no transaction open afterwards.

    A commit that a full disk refuses leaves its transaction open (https://www.sqlite.org/lang_transaction.html,
    "Response To Errors Within A Transaction"): what came after would then be written into it and lost.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


@contextmanager
def told_of(what: str) -> Iterator[None]:
    """What SQLite says inside (a full disk, a lock held for long) is a StoreError about `what`."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"{what} cannot be read or written ({error})") from error
