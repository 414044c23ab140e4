"""Who is signed in: sessions in a small file of their own, which may be lost without losing truth."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from pathlib import Path
from typing import NamedTuple

import msgspec

from jingwei.kernel.clock import DAY, MINUTE

IDLE = 30 * MINUTE
"""A session nobody used for so long is over."""

LONGEST = DAY
"""A session is over after this, however busy."""


class Session(msgspec.Struct, frozen=True):
    """One sign-on on one device. `strong_at` is when its person last proved who they are (microseconds UTC).

    `actor` is as commands name it ("customer:alice", "staff:reviewer"), `roles` what it may do,
    `form_token` guards every form of this session against requests forged elsewhere. `sid` names it
    in public (lists, tokens), `means` are the ways its person was proved: "password", "totp", "recovery",
    "passkey", or "demo" for somebody made up. `device` says which browser it is.
    """

    actor: str
    name: str
    roles: tuple[str, ...]
    began_at: int
    strong_at: int
    form_token: str
    device: str = ""
    sid: str = ""
    means: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        """The person's own id, without the kind of actor."""
        return self.actor.partition(":")[2]

    @property
    def inside(self) -> bool:
        """Whether this is the bank's staff."""
        return self.actor.startswith("staff:")


class Living(NamedTuple):
    """A session that is not over, and when it was used last."""

    session: Session
    used_at: int


class Sessions:
    """Sessions by the SHA-256 of their secret, which only the browser's cookie holds. For one thread."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, timeout=10)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS signed_in (digest BLOB PRIMARY KEY, actor TEXT NOT NULL, "
            "sid TEXT NOT NULL, body BLOB NOT NULL, used_at INTEGER NOT NULL, ends_at INTEGER NOT NULL) "
            "WITHOUT ROWID"
        )
        self._db.execute("CREATE INDEX IF NOT EXISTS signed_in_actor ON signed_in (actor)")
        self._db.execute("CREATE UNIQUE INDEX IF NOT EXISTS signed_in_sid ON signed_in (sid)")
        path.chmod(0o600)

    def begin(self, session: Session) -> str:
        """Keep a new session under a new secret, for the browser alone. It gets a `sid`."""
        self._db.execute("DELETE FROM signed_in WHERE ends_at < ?", (session.began_at,))
        secret = secrets.token_urlsafe(32)
        kept = session if session.sid else msgspec.structs.replace(session, sid=secrets.token_hex(12))
        at = kept.began_at
        row = (_digest(secret), kept.actor, kept.sid, msgspec.json.encode(kept), at, at + LONGEST)
        self._db.execute("INSERT INTO signed_in VALUES (?, ?, ?, ?, ?, ?)", row)
        return secret

    def find(self, secret: str, now: int) -> Session | None:
        """The session with this secret, used now; None when it is over or there is none."""
        return self._used("digest", _digest(secret), now)

    def named(self, sid: str, now: int) -> Session | None:
        """The session of this public name, used now (by a token that hangs on it); None when it is over."""
        return self._used("sid", sid, now)

    def _used(self, column: str, value: bytes | str, now: int) -> Session | None:
        row = self._db.execute(
            f"SELECT body, used_at, ends_at, digest FROM signed_in WHERE {column} = ?", (value,)
        ).fetchone()
        if row is None:
            return None
        if now > min(row[1] + IDLE, row[2]):
            self._db.execute("DELETE FROM signed_in WHERE digest = ?", (row[3],))
            return None
        if now - row[1] > MINUTE:
            self._db.execute("UPDATE signed_in SET used_at = ? WHERE digest = ?", (now, row[3]))
        return msgspec.json.decode(row[0], type=Session)

    def living(self, actor: str, now: int) -> list[Living]:
        """This actor's sessions that are not over, the one used last first."""
        rows = self._db.execute(
            "SELECT body, used_at FROM signed_in WHERE actor = ? AND used_at >= ? AND ends_at >= ? "
            "ORDER BY used_at DESC",
            (actor, now - IDLE, now),
        )
        return [Living(msgspec.json.decode(row[0], type=Session), row[1]) for row in rows]

    def change(self, secret: str, session: Session) -> None:
        """Keep the session as it is now (after a stronger proof)."""
        self._db.execute(
            "UPDATE signed_in SET body = ? WHERE digest = ?", (msgspec.json.encode(session), _digest(secret))
        )

    def end(self, secret: str) -> None:
        """Forget one session."""
        self._db.execute("DELETE FROM signed_in WHERE digest = ?", (_digest(secret),))

    def end_named(self, actor: str, sid: str) -> bool:
        """Forget one of this actor's sessions by its public name; False when it is not theirs."""
        done = self._db.execute("DELETE FROM signed_in WHERE actor = ? AND sid = ?", (actor, sid))
        return done.rowcount == 1

    def end_all(self, actor: str, but: str = "") -> int:
        """Forget every session of this actor but the one named; return how many there were."""
        return self._db.execute("DELETE FROM signed_in WHERE actor = ? AND sid != ?", (actor, but)).rowcount

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
