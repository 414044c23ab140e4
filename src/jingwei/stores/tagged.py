"""What happened to customers as tables for questions about everybody: audiences, counts, tags as columns.

A view of the books and of what source systems told, made anew at each start and kept up to date: it may be
lost at any time. Nothing is decided by it alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any

import duckdb
import numpy as np

from jingwei.domains.tags.condition import TagCondition, who
from jingwei.domains.tags.happenings import Happening
from jingwei.domains.tags.live import Person
from jingwei.domains.tags.sql import counted, write_sql

TABLES = """
CREATE TABLE events (customer VARCHAR, "at" BIGINT, kind VARCHAR, category VARCHAR, amount_minor BIGINT,
                     source VARCHAR);
CREATE TABLE people (customer VARCHAR PRIMARY KEY, born INTEGER, joined BIGINT, company INTEGER);
CREATE TABLE kept (customer VARCHAR, tag VARCHAR, value BIGINT, PRIMARY KEY (customer, tag));
CREATE TABLE among (customer VARCHAR);
"""
SOME = ("chosen", "kept")


class TagShelf:
    """The tables. May be asked from any thread; one question at a time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._duck = duckdb.connect(config={"threads": 2, "memory_limit": "2GB"})
        self._duck.execute(TABLES)
        self._duck.execute("CREATE VIEW chosen AS SELECT people.* FROM people JOIN among USING (customer)")

    def close(self) -> None:
        """Let go of the memory."""
        with self._lock:
            self._duck.close()

    def add(self, happenings: Sequence[Happening]) -> None:
        """Count happenings; each is given once."""
        if happenings:
            columns = list(zip(*happenings, strict=True))
            types = (object, np.int64, object, object, np.int64, object)
            self._append("events", Happening._fields, columns, types)

    def know(self, people: Iterable[tuple[str, Person]]) -> None:
        """Take note of customers, or of what changed about them."""
        rows = [(name, one.born, one.joined, int(one.company)) for name, one in people]
        if rows:
            columns = list(zip(*rows, strict=True))
            names, types = ("customer", "born", "joined", "company"), (object, np.int64, np.int64, np.int64)
            self._append("people", names, columns, types, "OR REPLACE")

    def learn(self, rows: Sequence[tuple[str, str, int]]) -> None:
        """Keep tiers and model tags: (customer, tag, value); all there were before are replaced."""
        with self._lock:
            self._duck.execute("DELETE FROM kept")
        if rows:
            columns = list(zip(*rows, strict=True))
            self._append("kept", ("customer", "tag", "value"), columns, (object, object, np.int64))

    def _append(
        self, table: str, names: Sequence[str], columns: Sequence[Any], types: Sequence[Any], how: str = ""
    ) -> None:
        made = {n: np.array(c, t) for n, c, t in zip(names, columns, types, strict=True)}
        with self._lock:
            self._duck.register("fresh", made)
            self._duck.execute(f"INSERT {how} INTO {table} SELECT * FROM fresh")
            self._duck.unregister("fresh")

    def matching(self, condition: TagCondition, today: int, among: Iterable[str]) -> list[str]:
        """Which of these customers fulfil the condition today. Tags of nobody else are read."""
        return [row[0] for row in self._asked(who(condition, ("events", *SOME), today), among)]

    def values(self, names: Sequence[str], today: int, among: Iterable[str]) -> list[tuple[Any, ...]]:
        """(customer, value of each named tag) of these customers, by customer."""
        query = write_sql(names, "events", SOME[0], today, SOME[1])
        return self._asked(f"SELECT * FROM ({query}) ORDER BY customer", among)

    def card_days(self, customers: Iterable[str], until: int) -> dict[str, dict[int, int]]:
        """What these customers paid by card on each day up to and with one (minor units)."""
        query = (
            "SELECT customer, day, CAST(sum(amount_minor) AS BIGINT) FROM among JOIN "
            f"({counted('events', until)}) USING (customer) WHERE series = 'card_all' GROUP BY customer, day"
        )
        days: dict[str, dict[int, int]] = {}
        for customer, day, minor in self._asked(query, customers):
            days.setdefault(customer, {})[day] = minor
        return days

    def _asked(self, query: str, among: Iterable[str]) -> list[tuple[Any, ...]]:
        names = np.array(sorted(set(among)), dtype=object)
        with self._lock:
            self._duck.execute("DELETE FROM among")
            if len(names):
                self._duck.register("named", {"customer": names})
                self._duck.execute("INSERT INTO among SELECT * FROM named")
                self._duck.unregister("named")
            return self._duck.execute(query).fetchall()
