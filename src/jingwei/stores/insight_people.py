"""Who is who on the insight shelf: profiles, whose they are as the books hold it, and doubtful pairs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from jingwei.domains.insight.happenings import Profile
from jingwei.ledger.links import IdentityLink
from jingwei.stores.store import Reader
from jingwei.stores.whole import whole

PROJECTED: Final = "links"
PAGE: Final = 5_000
FIELDS: Final = ", ".join(f"p.{name}" for name in Profile._fields[1:])


Whose = tuple[str, str, str]
"""Source, subject, and the customer it is."""


class Stands(NamedTuple):
    """The newest profile of a subject of a source, and whose it is ("" nobody's yet)."""

    source: str
    customer: str
    profile: Profile


class Doubt(NamedTuple):
    """A subject that may be a customer; a person must say. `levels` in the order of `likeness.LEVELS`."""

    source: str
    subject: str
    customer: str
    weight_milli: int
    share_milli: int
    levels: tuple[str, ...]
    at: int


class People:
    """The part of the shelf that knows who is who. Lives on the shelf's connection."""

    def __init__(
        self, db: sqlite3.Connection, link: Callable[[Iterable[tuple[str, str, str]]], None]
    ) -> None:
        self._db = db
        self._link = link

    def profiles(self, *, linked: bool) -> list[Stands]:
        """The newest profile of every subject that is somebody's, or of every one that is nobody's yet."""
        return self._stands("s.customer != ''" if linked else "s.customer = ''", ())

    def profiles_of(self, customer: str) -> list[Stands]:
        """The newest profile each source has of a customer."""
        return self._stands("s.customer = ?", (customer,))

    def profile(self, source: str, subject: str) -> Stands | None:
        """The newest profile of one subject."""
        return next(iter(self._stands("s.source = ? AND s.key = ?", (source, subject))), None)

    def _stands(self, which: str, values: Sequence[str]) -> list[Stands]:
        rows = self._db.execute(
            f"SELECT s.source, s.customer, s.key, {FIELDS} FROM subjects s JOIN profiles p ON p.id = "
            f"(SELECT max(id) FROM profiles WHERE subject = s.id) WHERE {which} ORDER BY s.id",
            values,
        )
        return [Stands(source, customer, Profile(*rest)) for source, customer, *rest in rows]

    def whose(self) -> dict[tuple[str, str], str]:
        """The customer of every (source, subject) that is somebody's."""
        rows = self._db.execute("SELECT source, key, customer FROM subjects WHERE customer != ''")
        return {(source, key): customer for source, key, customer in rows}

    @contextmanager
    def at_one_moment(self) -> Iterator[int]:
        """What is read inside is of one moment, whatever others write; the number given is another one
        after anybody else has written on the shelf."""
        self._db.execute("BEGIN")
        try:
            self._db.execute("SELECT count(*) FROM notes").fetchone()
            yield int(self._db.execute("PRAGMA data_version").fetchone()[0])
        finally:
            self._db.execute("ROLLBACK")

    # -- links as the books hold them ---------------------------------------------------------

    def follow(self, books: Reader) -> int:
        """Bring the shelf to what the books hold of links; return how many there are (0: nothing new)."""
        newest = books.note(PROJECTED) or ""
        row = self._db.execute("SELECT text FROM notes WHERE name = ?", (PROJECTED,)).fetchone()
        if row is not None and row[0] == newest or not newest:
            return 0
        count, after = 0, ""
        while links := books.page(IdentityLink, after=after, limit=PAGE):
            after = links[-1].id
            held = [one for one in links if one.state != "apart"]
            self._link(
                (one.source, one.subject, one.customer if one.state == "linked" else "") for one in held
            )
            self._settle(links)
            count += sum(1 for one in held if one.state == "linked")
        self._db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (PROJECTED, newest))
        return count

    def forget_links(self) -> None:
        """Have the next `follow` read all links of the books, whatever was read before."""
        self._db.execute("DELETE FROM notes WHERE name = ?", (PROJECTED,))

    def _settle(self, links: Sequence[IdentityLink]) -> None:
        """Nobody need decide any more about what the books hold as linked, or as apart."""
        linked = [(one.source, one.subject) for one in links if one.state == "linked"]
        apart = [(one.source, one.subject, one.customer) for one in links if one.state == "apart"]
        self._db.executemany("DELETE FROM doubts WHERE source = ? AND subject = ?", linked)
        self._db.executemany("DELETE FROM doubts WHERE source = ? AND subject = ? AND customer = ?", apart)

    # -- what a person must see ---------------------------------------------------------------

    def keep_doubts(self, doubts: Sequence[Doubt]) -> None:
        """Keep these pairs for a person, in the place of all that waited before."""
        with whole(self._db):
            self._db.execute("DELETE FROM doubts")
            self._db.executemany(
                "INSERT OR REPLACE INTO doubts VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(*one[:5], " ".join(level or "-" for level in one.levels), one.at) for one in doubts],
            )

    def doubts(self, limit: int = 50) -> list[Doubt]:
        """Pairs that wait, the most probable first."""
        sql = "SELECT * FROM doubts ORDER BY share_milli DESC, source, subject LIMIT ?"
        rows = self._db.execute(sql, (limit,))
        return [_doubt(row) for row in rows]

    def doubt(self, source: str, subject: str) -> Doubt | None:
        """The pair of this subject that waits."""
        row = self._db.execute(
            "SELECT * FROM doubts WHERE source = ? AND subject = ?", (source, subject)
        ).fetchone()
        return None if row is None else _doubt(row)

    def waiting(self) -> int:
        """How many pairs wait for a person."""
        return int(self._db.execute("SELECT count(*) FROM doubts").fetchone()[0])

    def answered(self, source: str, subject: str) -> None:
        """A person answered this pair."""
        self._db.execute("DELETE FROM doubts WHERE source = ? AND subject = ?", (source, subject))


def _doubt(row: tuple[str, str, str, int, int, str, int]) -> Doubt:
    levels = tuple("" if level == "-" else level for level in row[5].split(" "))
    return Doubt(*row[:5], levels, row[6])
