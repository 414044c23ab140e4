"""One file of one source system onto the insight shelf: checked, step by step, and once."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from jingwei.channels.sources.lines import CsvRows, JsonRows
from jingwei.channels.sources.queried import (
    duckdb_rows,
    look_up_in,
    parquet_rows,
    postgres_rows,
    sqlite_rows,
)
from jingwei.channels.sources.raw import Raw, SourceError
from jingwei.channels.sources.raw import Rows as Source
from jingwei.domains.insight.faults import RowFault, told
from jingwei.domains.insight.happenings import Happening, Profile
from jingwei.domains.insight.mapping import DATABASES, Mapping, digest_of
from jingwei.domains.insight.rows import Rows, Values
from jingwei.stores.insight import Import, Insight, Parcel, Rejected

if TYPE_CHECKING:
    from jingwei.domains.insight.rows import Mark

STEP: Final = 5_000
"""Rows of one transaction."""

TRIED: Final = 1_000
"""Rows that `check` reads."""

Progress = Callable[[int, int], None]
Whose = Callable[[str, Sequence[str]], dict[str, str]]
"""Given "customer" or "account" and numbers: those the bank knows, with whose they are."""


class FaultTold(msgspec.Struct, frozen=True):
    """One kind of mistake: how often, where first, and what to do."""

    code: str
    column: str
    count: int
    first_line: int
    en: str
    zh: str
    fix: str
    fix_zh: str


class Report(msgspec.Struct):
    """What became of a file. `rows` were read, `known` of them came in another file before."""

    source: str
    file: str
    import_id: str = ""
    dry_run: bool = False
    resumed_from: int = 0
    rows: int = 0
    taken: int = 0
    known: int = 0
    profiles: int = 0
    rejected: int = 0
    strangers: int = 0
    already_there: bool = False
    faults: list[FaultTold] = []
    rejected_file: str = ""
    sealed: str = ""
    seconds: float = 0.0
    rows_per_second: int = 0


class Bound(NamedTuple):
    """What an import needs of the bank: whose numbers are, how certificates are digested, the moment."""

    whose: Whose
    mark: Mark
    now: int


def open_source(mapping: Mapping, place: str) -> Source:
    """Open a file or database as the mapping says. Raises SourceError."""
    form = mapping.read.format
    if form == "postgres":
        return postgres_rows(place, mapping)
    path = Path(place)
    if not path.is_file():
        raise SourceError(f"there is no file {path.name}", "see the name and the folder")
    if form == "csv":
        return CsvRows(path, mapping)
    if form == "jsonl":
        return JsonRows(path, mapping)
    opening = {"parquet": parquet_rows, "duckdb": duckdb_rows, "sqlite": sqlite_rows}[form]
    return opening(path, mapping)


def rows_of(mapping: Mapping, place: str, bound: Bound) -> Rows:
    """What turns rows into happenings, its look-ups read from beside the source. Raises SourceError."""
    folder = folder_of(mapping, place)
    look_ups = {name: look_up_in(folder, one) for name, one in mapping.look_up.items()}
    return Rows(mapping, look_ups, bound.now, bound.mark)


def folder_of(mapping: Mapping, place: str) -> Path:
    """Where the files lie that a mapping looks things up in."""
    return Path(place).parent if mapping.read.format != "postgres" else Path()


def try_source(mapping: Mapping, place: str, bound: Bound, *, most: int = TRIED, tell: Progress) -> Report:
    """Read rows and keep nothing: what would be taken and rejected. Raises SourceError."""
    started = time.perf_counter()
    report = Report(mapping.source, _name(place), dry_run=True)
    taker, faults = _Taker(mapping, rows_of(mapping, place, bound), bound.whose), _Faults()
    source = open_source(mapping, place)
    try:
        for step in _steps(source, None):
            parcel = taker.parcel(step[: most - report.rows] if most else step)
            report.rows += len(step) if not most else min(len(step), most - report.rows)
            report.taken += len(parcel.happenings)
            report.profiles += len(parcel.profiles)
            report.strangers += parcel.strangers
            faults.add(parcel.rejected)
            tell(step[-1].offset or report.rows, source.total)
            if most and report.rows >= most:
                break
    finally:
        source.close()
    return _finished(report, faults, started)


def import_source(
    shelf: Insight, mapping: Mapping, place: str, bound: Bound, *, resume: bool, tell: Progress
) -> tuple[Import, Report]:
    """Bring a file in, from where an interrupted import of it stood. It is not sealed yet.

    Raises SourceError, also when the import was begun before and `resume` is not said; StoreError.
    """
    started = time.perf_counter()
    rows = rows_of(mapping, place, bound)
    source = open_source(mapping, place)
    try:
        fresh = _fresh(mapping, place, bound.now)
        one = _stopped(shelf, mapping, fresh) or shelf.begin(fresh)
        report = Report(mapping.source, _name(place), one.id, resumed_from=one.position)
        if one.position and not one.done_at and not resume:
            fix = "go on with --resume; nothing is taken twice"
            raise SourceError(f"this file was begun and stopped after row {one.position}", fix)
        report.already_there = bool(one.done_at)
        if not one.done_at:
            one = _all(shelf, one, source, _Taker(mapping, rows, bound.whose), tell)
            one = msgspec.structs.replace(one, done_at=bound.now)
            shelf.change(one)
    finally:
        source.close()
    report.rows, report.taken, report.known = one.position, one.taken, one.known
    report.rejected, report.profiles, report.strangers = one.rejected, one.profiles, one.strangers
    faults = _Faults()
    faults.add(shelf.rejected(one.id, limit=1_000_000))
    return one, _finished(report, faults, started, one.position - report.resumed_from)


def _all(shelf: Insight, one: Import, source: Source, taker: _Taker, tell: Progress) -> Import:
    """Take what is left, a step at a time; each step and its position are one write."""
    for step in _steps(source, one):
        parcel = taker.parcel(step)
        last = step[-1]
        moved = parcel._replace(position=one.position + len(step), offset=last.offset, line=last.line)
        one = shelf.take(one, moved)
        tell(last.offset or one.position, source.total)
    return one


def _steps(source: Source, one: Import | None) -> Iterator[list[Raw]]:
    start = (one.position, one.offset, one.line) if one else (0, 0, 0)
    step: list[Raw] = []
    for raw in source.read(*start):
        step.append(raw)
        if len(step) == STEP:
            yield step
            step = []
    if step:
        yield step


class _Taker:
    """Turns rows as read into a parcel, and asks the bank whose the numbers in them are."""

    def __init__(self, mapping: Mapping, rows: Rows, whose: Whose) -> None:
        self._rows = rows
        self._names = mapping.subject.names
        self._whose = whose
        self._known: dict[str, str] = {}

    def parcel(self, step: Sequence[Raw]) -> Parcel:
        """Everything a step brings."""
        told: list[Happening] = []
        profiles: list[Profile] = []
        rejected: list[Rejected] = []
        for raw in step:
            try:
                if raw.fault is not None or raw.values is None:
                    raise raw.fault or RowFault("", "not_json")
                took = self._rows.take(raw.values)
            except RowFault as fault:
                rejected.append(Rejected(raw.line, fault.column, fault.code, fault.found, _text(raw)))
                continue
            told += took.happenings
            if took.profile is not None:
                profiles.append(took.profile)
        whose, strangers = self._owners({one.subject for one in told} | {one.subject for one in profiles})
        fields = _counted(self._rows.columns, step, rejected)
        return Parcel(told, profiles, rejected, fields, 0, 0, 0, whose, strangers)

    def _owners(self, subjects: set[str]) -> tuple[dict[str, str], int]:
        """Whose these subjects are as far as the bank itself knows, and how many it does not know."""
        if self._names == "own":
            return {}, 0
        new = sorted(subjects - self._known.keys())
        if new:
            found = self._whose(self._names, new)
            self._known.update({key: found.get(key, "") for key in new})
        return {key: self._known[key] for key in subjects if self._known[key]}, sum(
            not self._known[key] for key in new
        )


def _counted(
    columns: Sequence[str], step: Sequence[Raw], rejected: Sequence[Rejected]
) -> dict[str, tuple[int, int, int]]:
    """By column: rows seen, rows where it was empty, rows rejected for it."""
    whole: list[Values] = [raw.values for raw in step if raw.values is not None]
    wrong = Counter(one.column for one in rejected)
    fields = {}
    for place, name in enumerate(columns):
        missing = sum(1 for values in whole if values[place] is None or values[place] == "")
        fields[name] = (len(whole), missing, wrong.pop(name, 0))
    if rest := sum(wrong.values()):
        fields["(row)"] = (len(step), 0, rest)
    return fields


def _text(raw: Raw) -> str:
    """The row as it stood, short."""
    shown = raw.text or " | ".join("" if value is None else str(value) for value in raw.values or ())
    return shown[:500]


class _Faults:
    """Mistakes by what and where they are."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._first: dict[tuple[str, str], Rejected] = {}

    def add(self, rejected: Sequence[Rejected]) -> None:
        """Count these."""
        for one in rejected:
            self._counts[one.column, one.code] += 1
            self._first.setdefault((one.column, one.code), one)

    def told(self) -> list[FaultTold]:
        """Each kind of mistake, the most frequent first."""
        return [
            _worded(self._first[column, code], count) for (column, code), count in self._counts.most_common()
        ]


def _worded(first: Rejected, count: int) -> FaultTold:
    says, fix = told(first.code, first.found)
    return FaultTold(first.code, first.column, count, first.line, says.en, says.zh, fix.en, fix.zh)


def _finished(report: Report, faults: _Faults, started: float, rows: int | None = None) -> Report:
    report.faults = faults.told()
    report.rejected = report.rejected or sum(one.count for one in report.faults)
    seconds = time.perf_counter() - started
    report.seconds = round(seconds, 3)
    report.rows_per_second = round((report.rows if rows is None else rows) / seconds) if seconds else 0
    return report


def _fresh(mapping: Mapping, place: str, now: int) -> Import:
    """A new import of this file: the same file by the same mapping has the same id.

    So have the files it is looked up in, where each row has a number of its own: with newer ones it can come
    in again, and what is known is not taken twice.
    """
    digest = digest_of(mapping)
    if mapping.read.format in DATABASES:
        content = hashlib.sha256(f"{_name(place)}\x00{now}".encode()).hexdigest()
    else:
        content = file_digest(Path(place))
    marks = [mapping.source, digest, content]
    if mapping.event and all(one.row_key for one in mapping.event):
        marks += [file_digest(folder_of(mapping, place) / one.file) for one in mapping.look_up.values()]
    name = hashlib.sha256("\x00".join(marks).encode()).hexdigest()[:24]
    return Import(name, mapping.source, digest, _name(place), content, now)


def _stopped(shelf: Insight, mapping: Mapping, fresh: Import) -> Import | None:
    """The import of this database that was begun and not ended: each begun has an id of its own.

    Rows that moved in the database since then may be passed over; the next import brings them.
    """
    if mapping.read.format not in DATABASES:
        return None
    marks = (fresh.mapping, fresh.file)
    return next(
        (one for one in shelf.imports(fresh.source) if not one.done_at and (one.mapping, one.file) == marks),
        None,
    )


def file_digest(path: Path) -> str:
    """SHA-256 of a file. Raises SourceError."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(
            f"{path.name} cannot be read: {error.strerror}", "see its name and rights"
        ) from None


def _name(place: str) -> str:
    """The name of a file; of a database its address without user and password."""
    if "://" in place:
        return place.partition("://")[2].rpartition("@")[2].partition("?")[0][:200]
    return Path(place).name[:200]
