"""Views of the queue that members of staff named for themselves; they may be lost without losing truth."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

MOST_VIEWS = 20
"""Views of one person; a new one takes the place of the oldest."""

LONGEST_NAME, LONGEST_ASKED = 40, 500

TABLES = """
CREATE TABLE IF NOT EXISTS views (
  owner TEXT NOT NULL, name TEXT NOT NULL, asked TEXT NOT NULL, saved_at INTEGER NOT NULL,
  PRIMARY KEY (owner, name)
) WITHOUT ROWID;
"""


class View(NamedTuple):
    """A view by its name; `asked` is the query of its address."""

    name: str
    asked: str


class Views:
    """Named views by owner. For one thread."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, timeout=10)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(TABLES)

    def save(self, owner: str, view: View, now: int) -> bool:
        """Keep a view in the place of one of the same name; False when it cannot be kept."""
        name = view.name.strip()
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable() or len(view.asked) > LONGEST_ASKED:
            return False
        self._db.execute(
            "INSERT OR REPLACE INTO views (owner, name, asked, saved_at) VALUES (?, ?, ?, ?)",
            (owner, name, view.asked, now),
        )
        self._db.execute(
            "DELETE FROM views WHERE owner = ? AND name IN (SELECT name FROM views WHERE owner = ? "
            "ORDER BY saved_at DESC LIMIT -1 OFFSET ?)",
            (owner, owner, MOST_VIEWS),
        )
        return True

    def of(self, owner: str) -> list[View]:
        """The owner's views by name."""
        rows = self._db.execute("SELECT name, asked FROM views WHERE owner = ? ORDER BY name", (owner,))
        return [View(*row) for row in rows]

    def drop(self, owner: str, name: str) -> bool:
        """Forget a view; False when there is none of this name."""
        return self._db.execute("DELETE FROM views WHERE owner = ? AND name = ?", (owner, name)).rowcount > 0

    def close(self) -> None:
        """Close the file."""
        self._db.close()
