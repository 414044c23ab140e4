"""What is good once, and how often somebody was wrong: challenges that are used up, and growing waits."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from jingwei.kernel.clock import HOUR, MINUTE, SECOND

ONCE_TABLES = """
CREATE TABLE IF NOT EXISTS once (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, actor TEXT NOT NULL, sid TEXT NOT NULL, body BLOB NOT NULL,
  ends_at INTEGER NOT NULL, used_at INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS once_ends ON once (ends_at);
CREATE TABLE IF NOT EXISTS tries (
  subject TEXT PRIMARY KEY, failed INTEGER NOT NULL, last_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tries_last ON tries (last_at);
"""

FREE = 5
"""Wrong tries before the first wait."""

FIRST_WAIT = 30 * SECOND
LONGEST_WAIT = 15 * MINUTE
FORGIVEN = 24 * HOUR
"""After so long without a wrong try the count begins anew."""


class Issued(NamedTuple):
    """Something issued to one person in one session, good once until `ends_at`."""

    id: str
    kind: str
    actor: str
    sid: str
    body: bytes
    ends_at: int
    used_at: int = 0


class Once:
    """Issued things by id."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def issue(self, one: Issued, now: int) -> None:
        """Keep it; what ended an hour ago is forgotten."""
        self._db.execute("DELETE FROM once WHERE ends_at < ?", (now - HOUR,))
        self._db.execute("INSERT INTO once VALUES (?, ?, ?, ?, ?, ?, ?)", one)

    def find(self, some_id: str, kind: str) -> Issued | None:
        """What was issued under this id, used or not."""
        row = self._db.execute("SELECT * FROM once WHERE id = ? AND kind = ?", (some_id, kind)).fetchone()
        return None if row is None else Issued(*row)

    def drop(self, kind: str, actor: str) -> None:
        """Forget everything of a kind that this person has not used."""
        self._db.execute("DELETE FROM once WHERE kind = ? AND actor = ? AND used_at = 0", (kind, actor))

    def use(self, some_id: str, kind: str, now: int) -> bool:
        """Use it up; False when it was used, has ended or never was. Of many at once, one is told True."""
        done = self._db.execute(
            "UPDATE once SET used_at = ? WHERE id = ? AND kind = ? AND used_at = 0 AND ends_at >= ?",
            (now, some_id, kind, now),
        )
        return done.rowcount == 1


class Tries:
    """Wrong tries by subject (a name, an address, a device). Waits double from 30 s to 15 min.

    A try is counted before it is checked and taken back when it was right, so that many tries at the
    same moment are counted too.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def wait(self, subject: str, now: int, free: int = FREE) -> int:
        """How long (microseconds) this subject has to wait before the next try; 0 for not at all."""
        row = self._db.execute("SELECT failed, last_at FROM tries WHERE subject = ?", (subject,)).fetchone()
        if row is None or row[0] < free or now - row[1] > FORGIVEN:
            return 0
        doubled = min(FIRST_WAIT << min(row[0] - free, 10), LONGEST_WAIT)
        return int(max(0, row[1] + doubled - now))

    def count(self, subject: str, now: int) -> None:
        """Count one try as wrong."""
        self._db.execute("DELETE FROM tries WHERE last_at < ?", (now - FORGIVEN,))
        self._db.execute(
            "INSERT INTO tries VALUES (?, 1, ?) "
            "ON CONFLICT (subject) DO UPDATE SET failed = failed + 1, last_at = excluded.last_at",
            (subject, now),
        )

    def clear(self, subject: str) -> None:
        """Forget the wrong tries of a subject that was right."""
        self._db.execute("DELETE FROM tries WHERE subject = ?", (subject,))

    def uncount(self, subject: str) -> None:
        """Take back one counted try (of an address that many people share)."""
        self._db.execute("UPDATE tries SET failed = max(0, failed - 1) WHERE subject = ?", (subject,))
