"""The tables of the insight shelf, and how their rows read."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache

from jingwei.kernel.clock import EPOCH, bank_day

TABLES = """
CREATE TABLE IF NOT EXISTS imports (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS subjects (
  id INTEGER PRIMARY KEY, source TEXT NOT NULL, key TEXT NOT NULL, customer TEXT NOT NULL,
  UNIQUE (source, key)
);
CREATE INDEX IF NOT EXISTS subjects_customer ON subjects (customer);
CREATE TABLE IF NOT EXISTS happenings (
  id INTEGER PRIMARY KEY, subject INTEGER NOT NULL, at INTEGER NOT NULL, known_at INTEGER NOT NULL,
  kind TEXT NOT NULL, category TEXT NOT NULL, amount_minor INTEGER NOT NULL, currency TEXT NOT NULL,
  value INTEGER NOT NULL, other TEXT NOT NULL, text TEXT NOT NULL, import INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS happenings_subject ON happenings (subject, at);
CREATE TABLE IF NOT EXISTS months (
  subject INTEGER NOT NULL, month INTEGER NOT NULL, kind TEXT NOT NULL, category TEXT NOT NULL,
  currency TEXT NOT NULL, count INTEGER NOT NULL, in_minor INTEGER NOT NULL, out_minor INTEGER NOT NULL,
  last_at INTEGER NOT NULL, PRIMARY KEY (subject, month, kind, category, currency)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS row_keys (mark BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS profiles (
  id INTEGER PRIMARY KEY, subject INTEGER NOT NULL, known_at INTEGER NOT NULL, name TEXT NOT NULL,
  born TEXT NOT NULL, certificate TEXT NOT NULL, phone TEXT NOT NULL, email TEXT NOT NULL,
  account TEXT NOT NULL, address TEXT NOT NULL, device TEXT NOT NULL, import INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS profiles_subject ON profiles (subject);
CREATE TABLE IF NOT EXISTS rejected (
  import INTEGER NOT NULL, line INTEGER NOT NULL, field TEXT NOT NULL, code TEXT NOT NULL,
  found TEXT NOT NULL, row TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS rejected_import ON rejected (import, line);
CREATE TABLE IF NOT EXISTS fields (
  import INTEGER NOT NULL, field TEXT NOT NULL, seen INTEGER NOT NULL, missing INTEGER NOT NULL,
  invalid INTEGER NOT NULL, PRIMARY KEY (import, field)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS doubts (
  source TEXT NOT NULL, subject TEXT NOT NULL, customer TEXT NOT NULL, weight_milli INTEGER NOT NULL,
  share_milli INTEGER NOT NULL, levels TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (source, subject)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
"""
"""Happenings are only ever added. `months` are their sums, moved along in the same transaction."""

BULK = "subject, at, known_at, kind, category, amount_minor, currency, value, other, text"
TOLD = (
    "h.id, s.source, s.customer, s.key, h.at, h.known_at, h.kind, h.category, h.amount_minor, h.currency, "
    "h.value, h.other, h.text"
)


@lru_cache(maxsize=4096)
def _month(day: int) -> int:
    when = EPOCH + timedelta(days=day)
    return when.year * 100 + when.month


def month_of(at: int) -> int:
    """The bank's month of a moment as a number, 202601 for January 2026."""
    return _month(bank_day(at))
