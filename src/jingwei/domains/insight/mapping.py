"""A mapping: which columns of one source system become which happening. Read from TOML, mistakes told."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping as Map
from typing import Annotated, Any, Final, Literal

import msgspec

from jingwei.domains.insight.happenings import KINDS, PROFILE_FIELDS
from jingwei.kernel.money import CURRENCIES

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"\A[a-z0-9][a-z0-9_.-]*\Z")]
Column = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Format = Literal["csv", "jsonl", "parquet", "sqlite", "duckdb", "postgres"]
Unit = Literal["minor", "major", "s", "ms", "us"]

DATABASES: Final = ("sqlite", "duckdb", "postgres")
"""Formats that are read with a query; their rows need a number of their own."""


class Whole(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of the parts of a mapping: what it does not know is a mistake."""


class Cell(Whole, frozen=True):
    """Where a value comes from: a `column`, or `always` the same.

    `words` translates what stands there; `look_up` names a file it is looked up in. `unit` says what a
    number counts, `sign` "either" takes amounts of both signs, `plus_s` is added to a moment, in seconds.
    """

    column: str = ""
    always: str | int = ""
    words: dict[str, str] = {}
    look_up: str = ""
    unit: Unit | None = None
    sign: Literal["either", "plus"] = "plus"
    plus_s: int = 0


class When(Whole, frozen=True):
    """A row is meant only if its column equals this, is above or below it, or is one of these."""

    column: Column
    equals: str | int | bool | None = None
    above: int | None = None
    below: int | None = None
    one_of: tuple[str, ...] = ()


class Subject(Whole, frozen=True):
    """Who a row is about: the bank's own `customer` or `account` number, or the source's `own` key."""

    column: Column
    names: Literal["customer", "account", "own"] = "own"


class Happens(Whole, frozen=True):
    """One kind of happening that a row tells."""

    kind: str
    at: str | Cell
    known_at: str | Cell = ""
    category: str | Cell = ""
    amount: str | Cell = ""
    currency: str | Cell = ""
    value: str | Cell = ""
    other: str | Cell = ""
    text: str | Cell = ""
    row_key: str = ""
    subject: str = ""
    when: tuple[When, ...] = ()


class Reading(Whole, frozen=True):
    """How the source is read. `file` is its usual name; `query` is for databases; `zone` for bare moments."""

    format: Format
    file: str = ""
    query: str = ""
    delimiter: Annotated[str, msgspec.Meta(min_length=1, max_length=1)] = ","
    encoding: Literal["utf-8", "gb18030", "gbk", "latin-1"] = "utf-8"
    zone: Annotated[str, msgspec.Meta(pattern=r"\A[+-][0-9]{2}:[0-9]{2}\Z")] = "+00:00"


class LookUp(Whole, frozen=True):
    """A file beside the source (parquet or csv) in which one column is looked up by another."""

    file: Column
    key: Column
    value: Column


class Mapping(Whole, frozen=True):
    """One source system: its name, how it is read, who its rows are about, what they tell."""

    source: Name
    title: dict[Literal["en", "zh"], str]
    read: Reading
    subject: Subject
    event: tuple[Happens, ...] = ()
    profile: dict[str, str | Cell] = {}
    look_up: dict[str, LookUp] = {}

    def columns(self) -> tuple[str, ...]:
        """Every column the mapping reads, once, in the order it names them."""
        named = [self.subject.column]
        for one in self.event:
            named += [cell.column for cell in cells(one).values()] + [one.row_key, one.subject]
            named += [when.column for when in one.when]
        named += [as_cell(cell).column for cell in self.profile.values()]
        return tuple(dict.fromkeys(name for name in named if name))


class MappingError(ValueError):
    """A mapping that cannot be used; `line` is where (0 when the whole is meant), `fix` what to do."""

    def __init__(self, line: int, says: str, fix: str) -> None:
        super().__init__(f"line {line}: {says}" if line else says)
        self.line = line
        self.fix = fix


FIELDS: Final = ("at", "known_at", "category", "amount", "currency", "value", "other", "text")


def as_cell(given: str | Cell) -> Cell:
    """A plain name is a column."""
    return Cell(column=given) if isinstance(given, str) else given


def cells(one: Happens) -> dict[str, Cell]:
    """The cells of a happening by field, those that are named."""
    named = {name: as_cell(getattr(one, name)) for name in FIELDS}
    return {name: cell for name, cell in named.items() if cell != Cell()}


def read_mapping(text: str) -> Mapping:
    """The mapping in a TOML text. Raises MappingError with the line and what to do."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+), column (\d+)", str(error))
        says = re.sub(r"\s*\(at .*\)", "", str(error))
        raise MappingError(int(found[1]) if found else 0, f"not TOML: {says}", "repair this line") from None
    try:
        mapping = msgspec.convert(tree, Mapping)
    except msgspec.ValidationError as error:
        says, _, where = str(error).partition(" - at `")
        path = where.rstrip("`").removeprefix("$").lstrip(".")
        if unknown := re.search(r"unknown field `(.*?)`", says):
            path = f"{path}.{unknown[1]}".lstrip(".")
        fix = "see the columns and words a mapping may have in docs/customer-view.md"
        raise MappingError(line_of(text, path), f"{path or 'the mapping'}: {says}", fix) from None
    _check(mapping, text)
    return mapping


def _check(mapping: Mapping, text: str) -> None:
    """Raise MappingError for what is well written but means nothing."""
    if not mapping.event and not mapping.profile:
        raise MappingError(
            0, "the mapping has neither an event nor a profile", "add an [[event]] or [profile]"
        )
    if set(mapping.title) != {"en", "zh"}:
        raise MappingError(line_of(text, "title"), "title needs both languages", "write title = { en, zh }")
    for name in mapping.profile:
        if name not in PROFILE_FIELDS:
            fix = f"write one of {', '.join(PROFILE_FIELDS)}"
            raise MappingError(line_of(text, f"profile.{name}"), f"{name} is no field of a profile", fix)
    profile = {name: as_cell(cell) for name, cell in mapping.profile.items()}
    if fault := _cell_fault(mapping, profile):
        raise MappingError(line_of(text, f"profile.{fault[0]}"), *fault[1:])
    for number, one in enumerate(mapping.event):
        if fault := _fault(mapping, one):
            field, says, fix = fault
            raise MappingError(line_of(text, f"event[{number}].{field}"), says, fix)
    if mapping.read.format in DATABASES:
        _check_database(mapping, text)


def _check_database(mapping: Mapping, text: str) -> None:
    if not mapping.read.query:
        raise MappingError(
            line_of(text, "read"), "a database is read with a query", 'write query = "SELECT ..."'
        )
    if any(not one.row_key for one in mapping.event):
        fix = 'name the column that numbers its rows: row_key = "id"'
        raise MappingError(line_of(text, "event[0]"), "rows of a database need a number of their own", fix)


def _fault(mapping: Mapping, one: Happens) -> tuple[str, str, str] | None:
    """(field, what is wrong, what to do) of the first mistake in an event."""
    kind = KINDS.get(one.kind)
    if kind is None:
        return "kind", f"{one.kind!r} is no kind of happening", f"write one of {', '.join(KINDS)}"
    named = cells(one)
    if "at" not in named:
        return "at", f"{one.kind} needs a moment", 'name its column: at = "when"'
    moves = kind.direction != "none"
    if moves != ("amount" in named):
        says = "has an amount" if moves else "has no amount"
        return "amount", f"{one.kind} {says}", "add amount" if moves else "leave amount out"
    if moves and "currency" not in named:
        return "currency", f"{one.kind} needs a currency", 'write currency = { always = "CNY" }'
    always = named["currency"].always if moves else ""
    if always and always not in CURRENCIES:
        return "currency", f"{always!r} is no currency of the bank", f"write one of {', '.join(CURRENCIES)}"
    for when in one.when:
        if when == When(when.column):
            return "when", f"nothing is asked of {when.column}", "write equals, one_of, above or below"
    return _cell_fault(mapping, named)


def _cell_fault(mapping: Mapping, named: Map[str, Cell]) -> tuple[str, str, str] | None:
    """(field, what is wrong, what to do) of the first cell that cannot be read."""
    for name, cell in named.items():
        if bool(cell.column) == (cell.always != ""):
            return name, f"{name} names both a column and a constant, or neither", "name one of them"
        if cell.look_up and cell.look_up not in mapping.look_up:
            return name, f"there is no [look_up.{cell.look_up}]", "add it, or leave look_up out"
    return None


_PART = re.compile(r"[^.\[\]]+|\[\d+\]")


def line_of(text: str, path: str) -> int:
    """The line of a TOML text that a path such as `event[1].kind` means, or of what would hold it."""
    parts: list[str] = _PART.findall(path)
    lines = text.splitlines()
    start, end = _table(lines, parts)
    wanted = next((part for part in reversed(parts) if not part.startswith("[")), "")
    key = re.compile(rf"\s*\"?{re.escape(wanted)}\"?\s*[=.]")
    inside = range(start, end)
    for number in inside:
        if wanted and key.match(lines[number]):
            return number + 1
    first = next((part for part in parts if re.match(r"\w", part)), "")
    outer = next((n for n in inside if re.match(rf"\s*{re.escape(first)}\s*[=.]", lines[n])), start)
    return outer + 1 if lines else 0


def _table(lines: list[str], parts: list[str]) -> tuple[int, int]:
    """First and last line (exclusive) of the table a path lies in; the lines before any table by default."""
    heads = [n for n, line in enumerate(lines) if line.lstrip().startswith("[")]
    ends: dict[int, int] = dict(zip(heads, [*heads[1:], len(lines)], strict=True))
    if not parts:
        return 0, heads[0] if heads else len(lines)
    names = [lines[n].strip().strip("[]").split("#")[0].strip().rstrip("]") for n in heads]
    joined = ".".join(part for part in parts if not part.startswith("["))
    index = next((int(part[1:-1]) for part in parts if part.startswith("[")), 0)
    fitting = [
        n for n, name in zip(heads, names, strict=True) if joined == name or joined.startswith(name + ".")
    ]
    if fitting:
        chosen = fitting[min(index, len(fitting) - 1)]
        return chosen, ends[chosen]
    return 0, heads[0] if heads else len(lines)


def digest_of(mapping: Mapping) -> str:
    """What a mapping says, as a digest: two texts that mean the same have the same."""
    import hashlib

    return hashlib.sha256(msgspec.json.encode(mapping, order="sorted")).hexdigest()


def known_words(mapping: Mapping) -> dict[str, Any]:
    """A mapping told in a few words: its source, format, kinds and columns."""
    return {
        "source": mapping.source,
        "title": mapping.title,
        "format": mapping.read.format,
        "file": mapping.read.file,
        "subject": mapping.subject.names,
        "kinds": sorted({one.kind for one in mapping.event}),
        "profile": sorted(mapping.profile),
        "columns": mapping.columns(),
    }
