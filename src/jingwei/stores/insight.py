"""The insight shelf: what the source systems told, in a file of its own beside the books. Append-only.

It is not the ledger and moves nothing. A batch and the position in the file it came from are one
transaction, so that an import killed anywhere goes on where it stood and takes nothing twice. Whose a
subject is stands in one column; the happenings are never rewritten when people are linked or parted.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from jingwei.domains.insight.happenings import Happening, Profile, Told
from jingwei.stores.insight_people import People
from jingwei.stores.insight_quality import Quality
from jingwei.stores.insight_rounds import Rounds
from jingwei.stores.insight_tables import BULK, TABLES, TOLD, month_of
from jingwei.stores.store import StoreError
from jingwei.stores.whole import whole

FILE: Final = "insight.db"
CHUNK: Final = 50_000


class Rejected(NamedTuple):
    """A row that was not taken: its line, the column, the code of what is wrong, what stood there."""

    line: int
    column: str
    code: str
    found: str
    row: str


class Import(msgspec.Struct, frozen=True):
    """One file of one source on its way in, or in. `sealed` is the decision that recorded it, "" before.

    `position` counts the rows read so far, `offset` is where the next one begins (bytes; 0 when the
    file has no bytes to count). `chain` and `profile_chain` are digests over all happenings
    and profiles taken, one after the other; `strangers` are subjects called customers who are none.
    """

    id: str
    source: str
    mapping: str
    file: str
    digest: str
    began_at: int
    position: int = 0
    offset: int = 0
    line: int = 0
    taken: int = 0
    known: int = 0
    rejected: int = 0
    profiles: int = 0
    first_at: int = 0
    last_at: int = 0
    strangers: int = 0
    chain: str = ""
    profile_chain: str = ""
    done_at: int = 0
    sealed: str = ""


class Parcel(NamedTuple):
    """What one step of an import brings: everything here is kept, and the position moves, or neither."""

    happenings: Sequence[Happening]
    profiles: Sequence[Profile]
    rejected: Sequence[Rejected]
    fields: dict[str, tuple[int, int, int]]
    """By field: rows seen, rows where it was empty, rows where it was not valid."""
    position: int
    offset: int
    line: int
    whose: dict[str, str] = {}
    """Subjects that need no linking (the bank's own customer and account numbers), with their customers."""
    strangers: int = 0


def insight_path(home: Path) -> Path:
    """Where the insight shelf of a home lies."""
    return home / FILE


class Insight:
    """The shelf. For one thread at a time; another process may read while one writes."""

    def __init__(self, path: Path | str) -> None:
        """Open or make the shelf. Raises StoreError."""
        try:
            self._db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA cache_size = -65536")
            self._db.executescript(TABLES)
        except sqlite3.Error as error:
            raise StoreError(
                f"the insight shelf {path} cannot be opened ({error}); see its folder"
            ) from error
        self._numbers: dict[tuple[str, str], int] = {}
        self.people = People(self._db, self.link)
        self.quality = Quality(self._db)
        self.rounds = Rounds(self._db)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # -- importing ----------------------------------------------------------------------------

    def begin(self, fresh: Import) -> Import:
        """The import with this id as it stands; `fresh` when it is new."""
        found = self.imported(fresh.id)
        if found is None:
            self._db.execute(
                "INSERT INTO imports (id, source, body) VALUES (?, ?, ?)",
                (fresh.id, fresh.source, msgspec.json.encode(fresh)),
            )
            return fresh
        return found

    def imported(self, import_id: str) -> Import | None:
        """An import by its id."""
        row = self._db.execute("SELECT body FROM imports WHERE id = ?", (import_id,)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=Import)

    def imports(self, source: str = "") -> list[Import]:
        """All imports, or those of one source, in the order they began."""
        rows = self._db.execute(
            "SELECT body FROM imports WHERE ? = '' OR source = ? ORDER BY number", (source, source)
        )
        return [msgspec.json.decode(body, type=Import) for (body,) in rows]

    def take(self, one: Import, parcel: Parcel) -> Import:
        """Keep a parcel and move the position with it, in one transaction; return the import as it stands.

        Raises StoreError: then nothing of it was kept.
        """
        try:
            with whole(self._db):
                number = self._number(one.id)
                self._known_to_be(one.source, parcel.whose)
                fresh = self._keep(one.source, number, parcel.happenings)
                self._keep_profiles(one.source, number, parcel.profiles)
                self._keep_rejected(number, parcel)
                after = _after(one, parcel, fresh)
                self.change(after)
        except (sqlite3.Error, OverflowError, UnicodeEncodeError) as error:
            self._numbers.clear()
            raise StoreError(f"the insight shelf did not take a batch ({error}); run it again") from error
        return after

    def change(self, one: Import) -> None:
        """Keep an import as it stands now (done, sealed)."""
        self._db.execute("UPDATE imports SET body = ? WHERE id = ?", (msgspec.json.encode(one), one.id))

    def rejected(self, import_id: str, *, after: int = 0, limit: int = 100) -> list[Rejected]:
        """Rows of an import that were not taken, by line, after this line."""
        rows = self._db.execute(
            "SELECT line, field, code, found, row FROM rejected WHERE import = "
            "(SELECT number FROM imports WHERE id = ?) AND line > ? ORDER BY line LIMIT ?",
            (import_id, after, limit),
        )
        return list(map(Rejected._make, rows))

    def chain_again(self, import_id: str) -> tuple[str, int]:
        """The digest over an import's happenings as they stand now, and how many there are."""
        sql = (
            "SELECT s.key, h.at, h.known_at, h.kind, h.category, h.amount_minor, h.currency, h.value, "
            "h.other, h.text FROM happenings h JOIN subjects s ON s.id = h.subject "
            "WHERE h.import = (SELECT number FROM imports WHERE id = ?) ORDER BY h.id"
        )
        return self._chain_of(sql, import_id)

    def profile_chain_again(self, import_id: str) -> tuple[str, int]:
        """The digest over an import's profiles as they stand now, and how many there are."""
        sql = (
            f"SELECT s.key, {', '.join('p.' + name for name in Profile._fields[1:])} FROM profiles p "
            "JOIN subjects s ON s.id = p.subject "
            "WHERE p.import = (SELECT number FROM imports WHERE id = ?) ORDER BY p.id"
        )
        return self._chain_of(sql, import_id)

    def _chain_of(self, sql: str, import_id: str) -> tuple[str, int]:
        chain, count, rows = "", 0, self._db.execute(sql, (import_id,))
        while some := rows.fetchmany(CHUNK):
            chain, count = chained(chain, some), count + len(some)
        return chain, count

    def _number(self, import_id: str) -> int:
        row = self._db.execute("SELECT number FROM imports WHERE id = ?", (import_id,)).fetchone()
        return int(row[0])

    def _keep(self, source: str, number: int, told: Sequence[Happening]) -> list[Happening]:
        """Keep those not known yet, and return them."""
        fresh = self._unknown(source, told)
        subjects = self._subjects(source, [one.subject for one in fresh])
        self._db.executemany(
            f"INSERT INTO happenings ({BULK}, import) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {number})",
            [(subject, *one[1:10]) for subject, one in zip(subjects, fresh, strict=True)],
        )
        self._count(subjects, fresh)
        return fresh

    def _unknown(self, source: str, told: Sequence[Happening]) -> list[Happening]:
        """Those whose row keys this source has not brought before, marked as brought."""
        fresh = []
        for one in told:
            if one.row_key:
                mark = hashlib.sha256(f"{source}\x00{one.kind}\x00{one.row_key}".encode()).digest()[:16]
                done = self._db.execute("INSERT OR IGNORE INTO row_keys VALUES (?)", (mark,))
                if done.rowcount == 0:
                    continue
            fresh.append(one)
        return fresh

    def _subjects(self, source: str, keys: Sequence[str]) -> list[int]:
        """The numbers of subjects; who is new is taken in."""
        known = self._numbers
        for key in keys:
            if (source, key) not in known:
                known[source, key] = self._subject(source, key)
        return [known[source, key] for key in keys]

    def _subject(self, source: str, key: str) -> int:
        found = self._db.execute(
            "SELECT id FROM subjects WHERE source = ? AND key = ?", (source, key)
        ).fetchone()
        if found is None:
            found = self._db.execute(
                "INSERT INTO subjects (source, key, customer) VALUES (?, ?, ?) RETURNING id",
                (source, key, ""),
            ).fetchone()
        return int(found[0])

    def _known_to_be(self, source: str, whose: dict[str, str]) -> None:
        """Take in subjects whose customer the source itself names."""
        fresh = {key: who for key, who in whose.items() if (source, key) not in self._numbers}
        self._db.executemany(
            "INSERT INTO subjects (source, key, customer) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET "
            "customer = excluded.customer WHERE customer = ''",
            [(source, key, who) for key, who in fresh.items()],
        )

    def _count(self, subjects: Sequence[int], fresh: Sequence[Happening]) -> None:
        """Move the sums by month along with what came in."""
        sums: dict[tuple[int, int, str, str, str], list[int]] = {}
        for subject, one in zip(subjects, fresh, strict=True):
            place = (subject, month_of(one.at), one.kind, one.category, one.currency)
            kept = sums.setdefault(place, [0, 0, 0, 0])
            kept[0] += 1
            kept[1 if one.amount_minor > 0 else 2] += one.amount_minor
            kept[3] = max(kept[3], one.at)
        self._db.executemany(
            "INSERT INTO months VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "count = count + excluded.count, in_minor = in_minor + excluded.in_minor, "
            "out_minor = out_minor + excluded.out_minor, last_at = max(last_at, excluded.last_at)",
            [(*place, *kept) for place, kept in sums.items()],
        )

    def _keep_profiles(self, source: str, number: int, profiles: Sequence[Profile]) -> None:
        subjects = self._subjects(source, [one.subject for one in profiles])
        self._db.executemany(
            "INSERT INTO profiles (subject, known_at, name, born, certificate, phone, email, account, "
            f"address, device, import) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {number})",
            [(subject, *one[1:]) for subject, one in zip(subjects, profiles, strict=True)],
        )

    def _keep_rejected(self, number: int, parcel: Parcel) -> None:
        self._db.executemany(f"INSERT INTO rejected VALUES ({number}, ?, ?, ?, ?, ?)", parcel.rejected)
        self._db.executemany(
            f"INSERT INTO fields VALUES ({number}, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "seen = seen + excluded.seen, missing = missing + excluded.missing, "
            "invalid = invalid + excluded.invalid",
            [(name, *counts) for name, counts in parcel.fields.items()],
        )

    # -- whose is it --------------------------------------------------------------------------

    def link(self, links: Iterable[tuple[str, str, str]]) -> None:
        """Say whose subjects are: (source, subject, customer), "" for nobody's. The books hold why."""
        rows = [(customer, source, key) for source, key, customer in links]
        with whole(self._db):
            self._db.executemany("UPDATE subjects SET customer = ? WHERE source = ? AND key = ?", rows)

    # -- reading ------------------------------------------------------------------------------

    def subjects(self, customer: str) -> list[tuple[str, str]]:
        """(source, subject) of everything that is this customer's."""
        sql = "SELECT source, key FROM subjects WHERE customer = ? ORDER BY source, key"
        return list(self._db.execute(sql, (customer,)))

    def timeline(
        self, customer: str, kinds: Sequence[str] = (), *, before: int = 2**62, limit: int = 50
    ) -> list[Told]:
        """What happened to a customer over all sources, newest first, before a moment, at most `limit`."""
        found: list[Told] = []
        within = f"AND h.kind IN ({', '.join('?' * len(kinds))})" if kinds else ""
        sql = (
            f"SELECT {TOLD} FROM happenings h JOIN subjects s ON s.id = h.subject "
            f"WHERE h.subject = ? AND h.at < ? {within} ORDER BY h.at DESC, h.id DESC LIMIT ?"
        )
        for (subject,) in self._db.execute("SELECT id FROM subjects WHERE customer = ?", (customer,)):
            found += map(Told._make, self._db.execute(sql, (subject, before, *kinds, limit)))
        found.sort(key=lambda one: (one.at, one.id), reverse=True)
        return found[:limit]

    def months(self, customer: str) -> list[tuple[str, int, str, str, str, int, int, int, int]]:
        """Sums of a customer: (source, month yyyymm, kind, category, currency, count, in, out, last at)."""
        return list(
            self._db.execute(
                "SELECT s.source, m.month, m.kind, m.category, m.currency, m.count, m.in_minor, m.out_minor, "
                "m.last_at FROM months m JOIN subjects s ON s.id = m.subject WHERE s.customer = ? "
                "ORDER BY m.month, s.source, m.kind, m.category",
                (customer,),
            )
        )

    def arrived(self, after: int = 0, limit: int = CHUNK, *, customer: str = "") -> list[Told]:
        """Happenings in the order they arrived, after this number: of everybody, or of one customer."""
        sql = (
            f"SELECT {TOLD} FROM happenings h JOIN subjects s ON s.id = h.subject "
            "WHERE h.id > ? AND (? = '' OR s.customer = ?) ORDER BY h.id LIMIT ?"
        )
        return [Told._make(row) for row in self._db.execute(sql, (after, customer, customer, limit))]

    def told_by(self, subject: tuple[str, str], until: int) -> list[Told]:
        """What one (source, subject) told up to and with this number, in the order it arrived."""
        sql = (
            f"SELECT {TOLD} FROM happenings h JOIN subjects s ON s.id = h.subject "
            "WHERE s.source = ? AND s.key = ? AND h.id <= ? ORDER BY h.id"
        )
        return list(map(Told._make, self._db.execute(sql, (*subject, until))))

    def customers(self) -> list[str]:
        """Every customer something is known of, by number."""
        sql = "SELECT DISTINCT customer FROM subjects WHERE customer != '' ORDER BY customer"
        return [row[0] for row in self._db.execute(sql)]

    def newest(self) -> int:
        """The number of the happening that arrived last; 0 for none."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM happenings").fetchone()[0])

    def columns(self, after: int = 0) -> Iterator[dict[str, npt.NDArray[Any]]]:
        """All happenings with a customer after a number, in order of arrival, as columns, chunk by chunk.

        Columns: id, customer, source, at, known_at, kind, category, amount_minor, currency, value, other.
        """
        names = ("id", "customer", "source", "at", "known_at", "kind", "category", "amount_minor", "currency",
                 "value", "other")  # fmt: skip
        whole = {"id", "at", "known_at", "amount_minor", "value"}
        sql = (
            "SELECT h.id, s.customer, s.source, h.at, h.known_at, h.kind, h.category, h.amount_minor, "
            "h.currency, h.value, h.other FROM happenings h JOIN subjects s ON s.id = h.subject "
            "WHERE h.id > ? AND s.customer != '' ORDER BY h.id"
        )
        found = self._db.execute(sql, (after,))
        while rows := found.fetchmany(CHUNK):
            parts = zip(names, zip(*rows, strict=True), strict=True)
            yield {name: np.array(part, np.int64 if name in whole else object) for name, part in parts}


def _after(one: Import, parcel: Parcel, fresh: Sequence[Happening]) -> Import:
    """The import with one more parcel."""
    moments = [happening.at for happening in parcel.happenings]
    return msgspec.structs.replace(
        one,
        position=parcel.position,
        offset=parcel.offset,
        line=parcel.line,
        taken=one.taken + len(fresh),
        known=one.known + len(parcel.happenings) - len(fresh),
        rejected=one.rejected + len(parcel.rejected),
        profiles=one.profiles + len(parcel.profiles),
        strangers=one.strangers + parcel.strangers,
        first_at=min([one.first_at, *moments] if one.first_at else moments, default=one.first_at),
        last_at=max([one.last_at, *moments]),
        chain=chained(one.chain, (happening[:10] for happening in fresh)),
        profile_chain=chained(one.profile_chain, parcel.profiles),
    )


def chained(before: str, rows: Iterable[Sequence[str | int]]) -> str:
    """The digest (hex) over rows one after the other, going on from the one before; "" is none yet."""
    digest = bytes.fromhex(before)
    encode = msgspec.json.Encoder().encode
    for row in rows:
        digest = hashlib.sha256(digest + encode(row)).digest()
    return digest.hex()
