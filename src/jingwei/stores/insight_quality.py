"""Figures on the insight shelf about the quality of what came in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import msgspec

from jingwei.domains.insight.happenings import PROFILE_FIELDS
from jingwei.domains.insight.quality import FieldQuality, ImportFigures, Says, SourceQuality


class _Figures(msgspec.Struct):
    """The figures of an import, as it is kept."""

    id: str
    source: str
    file: str
    position: int = 0
    taken: int = 0
    known: int = 0
    rejected: int = 0
    last_at: int = 0
    done_at: int = 0
    sealed: str = ""


def _told(one: _Figures) -> ImportFigures:
    figures = (one.position, one.taken, one.known, one.rejected, one.done_at, one.sealed)
    return ImportFigures(one.id, one.file, *figures)


_DECODE = msgspec.json.Decoder(_Figures).decode


class Quality:
    """The part of the shelf that counts. Lives on the shelf's connection; reads only."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def sources(self) -> list[SourceQuality]:
        """Every source, by name."""
        imports: dict[str, list[_Figures]] = {}
        for (body,) in self._db.execute("SELECT body FROM imports ORDER BY number"):
            one = _DECODE(body)
            imports.setdefault(one.source, []).append(one)
        fields = self._fields()
        return [self._source(name, some, fields.get(name, [])) for name, some in sorted(imports.items())]

    def _source(self, name: str, some: list[_Figures], fields: list[FieldQuality]) -> SourceQuality:
        subjects, unlinked = self._db.execute(
            "SELECT count(*), sum(customer = '') FROM subjects WHERE source = ?", (name,)
        ).fetchone()
        return SourceQuality(
            name,
            sum(one.position for one in some),
            sum(one.taken for one in some),
            sum(one.known for one in some),
            sum(one.rejected for one in some),
            int(subjects),
            int(unlinked or 0),
            max(one.last_at for one in some),
            tuple(fields),
            tuple(map(_told, some)),
        )

    def _fields(self) -> dict[str, list[FieldQuality]]:
        found: dict[str, list[FieldQuality]] = {}
        rows = self._db.execute(
            "SELECT i.source, f.field, sum(f.seen), sum(f.missing), sum(f.invalid) FROM fields f "
            "JOIN imports i ON i.number = f.import GROUP BY i.source, f.field ORDER BY i.source, f.field"
        )
        for source, *rest in rows:
            found.setdefault(source, []).append(FieldQuality(*rest))
        return found

    def fields_of(self, import_id: str) -> list[FieldQuality]:
        """The columns of one import."""
        rows = self._db.execute(
            "SELECT field, seen, missing, invalid FROM fields WHERE import = "
            "(SELECT number FROM imports WHERE id = ?) ORDER BY field",
            (import_id,),
        )
        return [FieldQuality(*row) for row in rows]

    def told_twice(self) -> Iterator[tuple[str, list[Says]]]:
        """Customers of whom more than one source has a profile, with what each says last, by customer."""
        names = ", ".join(f"p.{name}" for name in PROFILE_FIELDS)
        rows = self._db.execute(
            f"SELECT s.customer, s.source, {names} FROM subjects s JOIN profiles p ON p.id = "
            "(SELECT max(id) FROM profiles WHERE subject = s.id) WHERE s.customer IN "
            "(SELECT customer FROM subjects WHERE customer != '' AND id IN (SELECT subject FROM profiles) "
            "GROUP BY customer HAVING count(*) > 1) ORDER BY s.customer, s.id"
        )
        last, told = "", list[Says]()
        for customer, source, *values in rows:
            if customer != last and told:
                yield last, told
                told = []
            last = customer
            told.append((source, dict(zip(PROFILE_FIELDS, values, strict=True))))
        if told:
            yield last, told
