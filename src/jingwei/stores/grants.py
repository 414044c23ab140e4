"""What programs were granted: codes good once, and families of refresh tokens that end when one is reused."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from pathlib import Path
from typing import NamedTuple

from jingwei.kernel.clock import DAY, HOUR, SECOND
from jingwei.stores.whole import whole

CODE_LIFE = 60 * SECOND
REFRESH_LIFE = DAY

TABLES = """
CREATE TABLE IF NOT EXISTS families (
  id TEXT PRIMARY KEY, client TEXT NOT NULL, actor TEXT NOT NULL, sid TEXT NOT NULL, scope TEXT NOT NULL,
  nonce TEXT NOT NULL, began_at INTEGER NOT NULL, ended_at INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS codes (
  mark BLOB PRIMARY KEY, family TEXT NOT NULL, redirect TEXT NOT NULL, challenge TEXT NOT NULL,
  ends_at INTEGER NOT NULL, used_at INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refreshes (
  mark BLOB PRIMARY KEY, family TEXT NOT NULL, ends_at INTEGER NOT NULL, used_at INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
"""


class Family(NamedTuple):
    """One sign-on of one program: every token that came from one code."""

    id: str
    client: str
    actor: str
    sid: str
    scope: str
    nonce: str
    began_at: int
    ended_at: int = 0


class Code(NamedTuple):
    """What a code was given for."""

    family: str
    redirect: str
    challenge: str
    ends_at: int
    used_at: int


class Grants:
    """Codes and tokens by digest, never as they are. Durable: what was used stays used. For one thread."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, timeout=10)
        path.chmod(0o600)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(TABLES)

    def begin(self, family: Family, redirect: str, challenge: str) -> str:
        """Begin a family and return its code, good once within a minute."""
        code, now = secrets.token_urlsafe(32), family.began_at
        self._db.execute("DELETE FROM codes WHERE ends_at < ?", (now - HOUR,))
        self._db.execute("DELETE FROM refreshes WHERE ends_at < ?", (now - DAY,))
        self._db.execute("DELETE FROM families WHERE began_at < ?", (now - 3 * DAY,))
        with whole(self._db):
            self._db.execute("INSERT INTO families VALUES (?, ?, ?, ?, ?, ?, ?, ?)", family)
            row = (_mark(code), family.id, redirect, challenge, now + CODE_LIFE)
            self._db.execute("INSERT INTO codes VALUES (?, ?, ?, ?, ?, 0)", row)
        return code

    def code(self, code: str) -> Code | None:
        """What this code was given for, used or not."""
        sql = "SELECT family, redirect, challenge, ends_at, used_at FROM codes WHERE mark = ?"
        row = self._db.execute(sql, (_mark(code),)).fetchone()
        return None if row is None else Code(*row)

    def use_code(self, code: str, now: int) -> bool:
        """Use up a code; False when it was used before."""
        sql = "UPDATE codes SET used_at = ? WHERE mark = ? AND used_at = 0"
        return self._db.execute(sql, (now, _mark(code))).rowcount == 1

    def family(self, family_id: str) -> Family | None:
        """A family that has not ended."""
        sql = "SELECT * FROM families WHERE id = ? AND ended_at = 0"
        row = self._db.execute(sql, (family_id,)).fetchone()
        return None if row is None else Family(*row)

    def refresh(self, family_id: str, now: int) -> str:
        """A new refresh token of this family."""
        token = secrets.token_urlsafe(32)
        row = (_mark(token), family_id, now + REFRESH_LIFE)
        self._db.execute("INSERT INTO refreshes VALUES (?, ?, ?, 0)", row)
        return token

    def refresh_of(self, token: str) -> tuple[str, int, int] | None:
        """(family, ends_at, used_at) of a refresh token, used or not."""
        sql = "SELECT family, ends_at, used_at FROM refreshes WHERE mark = ?"
        found: tuple[str, int, int] | None = self._db.execute(sql, (_mark(token),)).fetchone()
        return found

    def use_refresh(self, token: str, now: int) -> bool:
        """Use up a refresh token; False when it was used before."""
        sql = "UPDATE refreshes SET used_at = ? WHERE mark = ? AND used_at = 0"
        return self._db.execute(sql, (now, _mark(token))).rowcount == 1

    def end(self, family_id: str, now: int) -> None:
        """End a family: none of its tokens is good from now on."""
        self._db.execute("UPDATE families SET ended_at = ? WHERE id = ? AND ended_at = 0", (now, family_id))

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _mark(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
