"""Who is signed in: sessions in a small file of their own, which may be lost without losing truth."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from pathlib import Path

import msgspec

from jingwei.kernel.clock import DAY, MINUTE

IDLE = 30 * MINUTE
"""A session nobody used for so long is over."""

LONGEST = DAY
"""A session is over after this, however busy."""


class Session(msgspec.Struct, frozen=True):
    """One sign-in on one device. `strong_at` is when its person last proved who they are (microseconds UTC).

    `actor` is as commands name it ("customer:alice", "staff:reviewer"), `roles` what it may do,
    `form_token` guards every form of this session against requests forged elsewhere.
    """

    actor: str
    name: str
    roles: tuple[str, ...]
    began_at: int
    strong_at: int
    form_token: str
    device: str = ""

    @property
    def who(self) -> str:
        """The person's own id, without the kind of actor."""
        return self.actor.partition(":")[2]

    @property
    def inside(self) -> bool:
        """Whether this is the bank's staff."""
        return self.actor.startswith("staff:")


class Sessions:
    """Sessions by the SHA-256 of their secret, which only the browser's cookie holds. For one thread."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS sessions (digest BLOB PRIMARY KEY, actor TEXT NOT NULL, "
            "body BLOB NOT NULL, used_at INTEGER NOT NULL, ends_at INTEGER NOT NULL) WITHOUT ROWID"
        )
        self._db.execute("CREATE INDEX IF NOT EXISTS sessions_actor ON sessions (actor)")
        path.chmod(0o600)

    def begin(self, session: Session) -> str:
        """Keep a new session and return its secret, for the browser's cookie alone."""
        self._db.execute("DELETE FROM sessions WHERE ends_at < ?", (session.began_at,))
        secret = secrets.token_urlsafe(32)
        at = session.began_at
        row = (_digest(secret), session.actor, msgspec.json.encode(session), at, at + LONGEST)
        self._db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?)", row)
        return secret

    def find(self, secret: str, now: int) -> Session | None:
        """The session with this secret, used now; None when it is over or there is none."""
        digest = _digest(secret)
        row = self._db.execute(
            "SELECT body, used_at, ends_at FROM sessions WHERE digest = ?", (digest,)
        ).fetchone()
        if row is None:
            return None
        if now > min(row[1] + IDLE, row[2]):
            self._db.execute("DELETE FROM sessions WHERE digest = ?", (digest,))
            return None
        if now - row[1] > MINUTE:
            self._db.execute("UPDATE sessions SET used_at = ? WHERE digest = ?", (now, digest))
        return msgspec.json.decode(row[0], type=Session)

    def change(self, secret: str, session: Session) -> None:
        """Keep the session as it is now (after a stronger proof)."""
        self._db.execute(
            "UPDATE sessions SET body = ? WHERE digest = ?", (msgspec.json.encode(session), _digest(secret))
        )

    def end(self, secret: str) -> None:
        """Forget one session."""
        self._db.execute("DELETE FROM sessions WHERE digest = ?", (_digest(secret),))

    def end_all(self, actor: str) -> int:
        """Forget every session of this actor; return how many there were."""
        return self._db.execute("DELETE FROM sessions WHERE actor = ?", (actor,)).rowcount

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
