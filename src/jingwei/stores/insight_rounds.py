"""The round of finding out who is who that somebody outside asks of the running bank, on its shelf."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

import msgspec

from jingwei.stores.whole import whole

NAME: Final = "round"


class Round(msgspec.Struct, frozen=True):
    """One round: `number` counts them, `done` of `total` records are looked at.

    `told` is what it came to once it is `ended`; moments are microseconds UTC, 0 for not yet.
    """

    number: int = 0
    asked_at: int = 0
    begun: int = 0
    done: int = 0
    total: int = 0
    ended: int = 0
    told: dict[str, Any] = {}

    @property
    def waits(self) -> bool:
        """Whether it is asked for, or under way."""
        return self.number > 0 and not self.ended


class Rounds:
    """The part of the shelf that holds the newest round. Lives on the shelf's connection."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def newest(self) -> Round:
        """The round asked for last; number 0 when there was none."""
        row = self._db.execute("SELECT text FROM notes WHERE name = ?", (NAME,)).fetchone()
        return Round() if row is None else msgspec.json.decode(row[0], type=Round)

    def ask(self, at: int) -> Round:
        """Ask for a round; who asks while one waits or is under way gets that one."""
        with whole(self._db):
            last = self.newest()
            if last.waits:
                return last
            return self.keep(Round(number=last.number + 1, asked_at=at))

    def keep(self, one: Round) -> Round:
        """Keep a round as it stands now."""
        text = msgspec.json.encode(one).decode()
        self._db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (NAME, text))
        return one
