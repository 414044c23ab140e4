"""Forms begun and not sent: kept for seven days, and taken up at the counter with a code of six digits."""

from __future__ import annotations

import secrets
import sqlite3
from pathlib import Path
from typing import NamedTuple

import msgspec

from jingwei.kernel.clock import DAY, MINUTE

LIFE = 7 * DAY
CODE_LIFE = 10 * MINUTE
MOST_BYTES = 16_384
MOST_DRAFTS = 20
"""Drafts of one owner; a new one takes the place of the oldest."""

TABLES = """
CREATE TABLE IF NOT EXISTS drafts (
  id TEXT PRIMARY KEY, owner TEXT NOT NULL, kind TEXT NOT NULL, fields BLOB NOT NULL,
  updated_at INTEGER NOT NULL, code TEXT NOT NULL DEFAULT '', code_ends INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS drafts_owner ON drafts (owner, kind);
CREATE INDEX IF NOT EXISTS drafts_code ON drafts (code) WHERE code != '';
"""


class Draft(NamedTuple):
    """A form that was begun: whose, of which kind, its fields as typed."""

    id: str
    owner: str
    kind: str
    fields: dict[str, str]
    updated_at: int


class DraftError(ValueError):
    """A draft that cannot be kept."""


class Drafts:
    """Drafts by owner. They may be lost without losing truth. For one thread."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, timeout=10)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(TABLES)

    def save(self, owner: str, kind: str, fields: dict[str, str], now: int) -> Draft:
        """Keep the fields of a form of this kind in the place of earlier ones. Raises DraftError."""
        body = msgspec.json.encode(fields)
        if len(body) > MOST_BYTES:
            raise DraftError(f"a draft holds at most {MOST_BYTES} bytes")
        self._db.execute("DELETE FROM drafts WHERE updated_at < ?", (now - LIFE,))
        known = self.load(owner, kind, now)
        draft = Draft(known.id if known else secrets.token_hex(12), owner, kind, fields, now)
        self._db.execute(
            "INSERT INTO drafts (id, owner, kind, fields, updated_at) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET fields = excluded.fields, updated_at = excluded.updated_at",
            (draft.id, owner, kind, body, now),
        )
        self._db.execute(
            "DELETE FROM drafts WHERE id IN (SELECT id FROM drafts WHERE owner = ? "
            "ORDER BY updated_at DESC LIMIT -1 OFFSET ?)",
            (owner, MOST_DRAFTS),
        )
        return draft

    def load(self, owner: str, kind: str, now: int) -> Draft | None:
        """The owner's draft of this kind, if it is not too old."""
        return next((one for one in self.of(owner, now) if one.kind == kind), None)

    def of(self, owner: str, now: int) -> list[Draft]:
        """The owner's drafts, the one changed last first."""
        rows = self._db.execute(
            "SELECT id, owner, kind, fields, updated_at FROM drafts WHERE owner = ? AND updated_at >= ? "
            "ORDER BY updated_at DESC",
            (owner, now - LIFE),
        )
        return [_draft(row) for row in rows]

    def drop(self, owner: str, kind: str) -> bool:
        """Forget the owner's draft of this kind (once it was sent); False when there is none."""
        done = self._db.execute("DELETE FROM drafts WHERE owner = ? AND kind = ?", (owner, kind))
        return done.rowcount > 0

    def code(self, owner: str, kind: str, now: int) -> str:
        """Six digits with which a teller takes this draft up, once, within ten minutes. Raises DraftError."""
        draft = self.load(owner, kind, now)
        if draft is None:
            raise DraftError("there is no such draft")
        self._db.execute("UPDATE drafts SET code = '' WHERE code_ends < ?", (now,))
        while True:
            code = f"{secrets.randbelow(1_000_000):06d}"
            if self._db.execute("SELECT 1 FROM drafts WHERE code = ?", (code,)).fetchone() is None:
                break
        self._db.execute(
            "UPDATE drafts SET code = ?, code_ends = ? WHERE id = ?", (code, now + CODE_LIFE, draft.id)
        )
        return code

    def take(self, code: str, now: int) -> Draft | None:
        """The draft behind this code, the code used up; None when there is none or it is too old."""
        row = self._db.execute(
            "UPDATE drafts SET code = '', code_ends = 0 WHERE code = ? AND code != '' AND code_ends >= ? "
            "AND updated_at >= ? RETURNING id, owner, kind, fields, updated_at",
            (code, now, now - LIFE),
        ).fetchone()
        return None if row is None else _draft(row)

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _draft(row: tuple[str, str, str, bytes, int]) -> Draft:
    return Draft(row[0], row[1], row[2], msgspec.json.decode(row[3], type=dict[str, str]), row[4])
