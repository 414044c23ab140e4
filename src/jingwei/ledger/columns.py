"""Many ledger lines or balances as columns: whole numbers as such, text as places in a list of names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Generic, TypeVar, get_type_hints, overload

import msgspec
import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
R = TypeVar("R", bound=msgspec.Struct)


@cache
def text_fields(kind: type[msgspec.Struct]) -> tuple[bool, ...]:
    """For each field whether it is text. Raises TypeError for a field that is neither str nor int."""
    hints = get_type_hints(kind)
    for name in kind.__struct_fields__:
        if hints[name] not in (str, int):
            raise TypeError(f"{kind.__name__}.{name} cannot be a column of numbers or names")
    return tuple(hints[name] is str for name in kind.__struct_fields__)


class Columns(Sequence[R], Generic[R]):
    """Rows of one flat struct of str and int fields, as int64 columns in the order of its fields.

    A text column holds places in `names`. Reads like a list of the structs.
    """

    def __init__(self, kind: type[R], columns: Sequence[Numbers], names: Sequence[str]) -> None:
        assert len(columns) == len(kind.__struct_fields__), "one column for each field"
        self.kind = kind
        self.columns = tuple(columns)
        self.names = names

    @classmethod
    def of(cls, kind: type[R], structs: Sequence[R]) -> Columns[R]:
        """The same rows as columns; columns are returned as they are."""
        if isinstance(structs, cls):
            return structs
        places: dict[str, int] = {}
        fields = zip(*map(msgspec.structs.astuple, structs), strict=True) if structs else ()
        made = []
        for values, is_text in zip(fields, text_fields(kind), strict=False):
            numbers: Any = [places.setdefault(v, len(places)) for v in values] if is_text else values
            made.append(np.array(numbers, np.int64))
        empty = [np.zeros(0, np.int64)] * len(kind.__struct_fields__)
        return cls(kind, made or empty, list(places))

    def column(self, field: str) -> Numbers:
        """The column of this field."""
        return self.columns[self.kind.__struct_fields__.index(field)]

    def followed_by(self, other: Columns[R]) -> Columns[R]:
        """These rows and then the others."""
        shift = len(self.names)
        joined = [
            np.concatenate((mine, theirs + shift if is_text else theirs))
            for mine, theirs, is_text in zip(self.columns, other.columns, text_fields(self.kind), strict=True)
        ]
        return Columns(self.kind, joined, [*self.names, *other.names])

    def small(self) -> Columns[R]:
        """The same rows with only the names they use, in the order of their places."""
        kinds = text_fields(self.kind)
        texts = [column for column, is_text in zip(self.columns, kinds, strict=True) if is_text]
        used = np.unique(np.concatenate(texts))
        new = [
            np.searchsorted(used, column) if is_text else column
            for column, is_text in zip(self.columns, kinds, strict=True)
        ]
        return Columns(self.kind, new, [self.names[place] for place in used.tolist()])

    def lists(self) -> list[list[Any]]:
        """One list of plain values for each column."""
        names = np.array(self.names, dtype=object)
        return [
            (names[column] if is_text else column).tolist()
            for column, is_text in zip(self.columns, text_fields(self.kind), strict=True)
        ]

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The rows as tuples, for an engine."""
        return zip(*self.lists(), strict=True)

    def __len__(self) -> int:
        return len(self.columns[0])

    def __iter__(self) -> Iterator[R]:
        kind = self.kind
        return (kind(*row) for row in self.rows())

    @overload
    def __getitem__(self, at: int) -> R: ...
    @overload
    def __getitem__(self, at: slice) -> Columns[R]: ...
    def __getitem__(self, at: int | slice) -> R | Columns[R]:
        if isinstance(at, slice):
            return Columns(self.kind, [column[at] for column in self.columns], self.names)
        values = (int(column[at]) for column in self.columns)
        kinds = text_fields(self.kind)
        return self.kind(*(self.names[v] if is_text else v for v, is_text in zip(values, kinds, strict=True)))


def tuples(rows: Sequence[R]) -> Iterator[tuple[Any, ...]]:
    """Rows as tuples, whichever way they are held."""
    return rows.rows() if isinstance(rows, Columns) else map(msgspec.structs.astuple, rows)
