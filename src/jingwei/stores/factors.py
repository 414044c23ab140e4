"""What people prove themselves with: one-time codes, recovery codes, passkeys, and the devices they use."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from jingwei.stores.vault import Vault

FACTOR_TABLES = """
CREATE TABLE IF NOT EXISTS totp (
  actor TEXT PRIMARY KEY, sealed BLOB NOT NULL, last_step INTEGER NOT NULL, added_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recovery (
  actor TEXT NOT NULL, mark BLOB NOT NULL, used_at INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (actor, mark)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS passkeys (
  id BLOB PRIMARY KEY, actor TEXT NOT NULL, public_key BLOB NOT NULL, signs INTEGER NOT NULL,
  label TEXT NOT NULL, added_at INTEGER NOT NULL, used_at INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS passkeys_actor ON passkeys (actor);
CREATE TABLE IF NOT EXISTS devices (
  actor TEXT NOT NULL, mark BLOB NOT NULL, label TEXT NOT NULL, first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL, PRIMARY KEY (actor, mark)
) WITHOUT ROWID;
"""


class Passkey(NamedTuple):
    """A passkey: its id and public key (COSE) as the authenticator gave them, and how often it signed."""

    id: bytes
    actor: str
    public_key: bytes
    signs: int
    label: str
    added_at: int
    used_at: int = 0

    @property
    def name(self) -> str:
        """Short public name, for lists and records."""
        return self.id.hex()[:16]


class Device(NamedTuple):
    """A browser somebody signed in with before."""

    name: str
    label: str
    first_at: int
    last_at: int


class Factors:
    """Factors by actor. What may be used once is used once, however many ask at the same time."""

    def __init__(self, db: sqlite3.Connection, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    # -- one-time codes -------------------------------------------------------------------------

    def set_totp(self, actor: str, secret: bytes, now: int) -> None:
        """Keep the secret of somebody's one-time codes, sealed, in the place of an earlier one."""
        sealed = self._vault.seal(secret, f"totp:{actor}")
        self._db.execute("INSERT OR REPLACE INTO totp VALUES (?, ?, 0, ?)", (actor, sealed, now))

    def has_totp(self, actor: str) -> bool:
        """Whether somebody has one-time codes."""
        return self._db.execute("SELECT 1 FROM totp WHERE actor = ?", (actor,)).fetchone() is not None

    def totp(self, actor: str) -> bytes | None:
        """The secret of somebody's one-time codes. Raises VaultError when it was changed in the file."""
        row = self._db.execute("SELECT sealed FROM totp WHERE actor = ?", (actor,)).fetchone()
        return None if row is None else self._vault.open(row[0], f"totp:{actor}")

    def use_step(self, actor: str, step: int) -> bool:
        """Use up the code of this time step and all before it; False when it was used already."""
        done = self._db.execute(
            "UPDATE totp SET last_step = ? WHERE actor = ? AND last_step < ?", (step, actor, step)
        )
        return done.rowcount == 1

    # -- recovery codes -------------------------------------------------------------------------

    def set_recovery(self, actor: str, codes: list[str]) -> None:
        """Keep these recovery codes in the place of all earlier ones."""
        self._db.execute("DELETE FROM recovery WHERE actor = ?", (actor,))
        rows = [(actor, self._vault.mark(code, f"recovery:{actor}")) for code in codes]
        self._db.executemany("INSERT INTO recovery (actor, mark) VALUES (?, ?)", rows)

    def use_recovery(self, actor: str, code: str, now: int) -> bool:
        """Use up a recovery code; False when there is no such code or it was used."""
        marks = self._vault.marks(code, f"recovery:{actor}")
        done = self._db.execute(
            "UPDATE recovery SET used_at = ? WHERE actor = ? AND mark IN (?, ?) AND used_at = 0",
            (now, actor, *marks),
        )
        return done.rowcount == 1

    def recovery_left(self, actor: str) -> int:
        """How many recovery codes are left."""
        sql = "SELECT count(*) FROM recovery WHERE actor = ? AND used_at = 0"
        return int(self._db.execute(sql, (actor,)).fetchone()[0])

    # -- passkeys -------------------------------------------------------------------------------

    def add_passkey(self, passkey: Passkey) -> bool:
        """Keep a new passkey; False when there is one with this id already."""
        done = self._db.execute("INSERT OR IGNORE INTO passkeys VALUES (?, ?, ?, ?, ?, ?, ?)", passkey)
        return done.rowcount == 1

    def passkey(self, passkey_id: bytes) -> Passkey | None:
        """A passkey by its id."""
        row = self._db.execute("SELECT * FROM passkeys WHERE id = ?", (passkey_id,)).fetchone()
        return None if row is None else Passkey(*row)

    def passkeys(self, actor: str) -> list[Passkey]:
        """Somebody's passkeys, oldest first."""
        rows = self._db.execute("SELECT * FROM passkeys WHERE actor = ? ORDER BY added_at", (actor,))
        return [Passkey(*row) for row in rows]

    def use_passkey(self, passkey_id: bytes, before: int, signs: int, now: int) -> bool:
        """Note that a passkey signed; False when its counter moved meanwhile (signed twice at once)."""
        done = self._db.execute(
            "UPDATE passkeys SET signs = ?, used_at = ? WHERE id = ? AND signs = ?",
            (signs, now, passkey_id, before),
        )
        return done.rowcount == 1

    def remove_passkey(self, actor: str, name: str) -> bool:
        """Forget somebody's passkey by its short name; False when it is not theirs."""
        for one in self.passkeys(actor):
            if one.name == name:
                self._db.execute("DELETE FROM passkeys WHERE id = ?", (one.id,))
                return True
        return False

    # -- devices --------------------------------------------------------------------------------

    def knows_device(self, actor: str, secret: str) -> bool:
        """Whether this browser's device secret was seen with this person before."""
        marks = self._vault.marks(secret, "device")
        sql = "SELECT 1 FROM devices WHERE actor = ? AND mark IN (?, ?)"
        return self._db.execute(sql, (actor, *marks)).fetchone() is not None

    def saw_device(self, actor: str, secret: str, label: str, now: int) -> bool:
        """Note a sign-in from this browser; True when it is new for this person."""
        new = not self.knows_device(actor, secret)
        self._db.execute(
            "INSERT INTO devices VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (actor, mark) DO UPDATE SET label = excluded.label, last_at = excluded.last_at",
            (actor, self._vault.mark(secret, "device"), label, now, now),
        )
        return new

    def devices(self, actor: str) -> list[Device]:
        """Somebody's devices, the one used last first."""
        sql = "SELECT mark, label, first_at, last_at FROM devices WHERE actor = ? ORDER BY last_at DESC"
        return [Device(row[0].hex()[:16], *row[1:]) for row in self._db.execute(sql, (actor,))]

    def forget_device(self, actor: str, name: str) -> None:
        """Treat a device as new from now on."""
        self._db.execute(
            "DELETE FROM devices WHERE actor = ? AND substr(lower(hex(mark)), 1, 16) = ?", (actor, name)
        )

    def forget(self, actor: str) -> None:
        """Forget every factor and device of a person."""
        for table in ("totp", "recovery", "passkeys", "devices"):
            self._db.execute(f"DELETE FROM {table} WHERE actor = ?", (actor,))
