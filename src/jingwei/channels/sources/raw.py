"""A row as it was read, before anybody asks what it means; and what is wrong with a whole source."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from jingwei.domains.insight.faults import RowFault


class Raw(NamedTuple):
    """One row: its line (or number), where the next one begins (bytes), its values or what is wrong."""

    line: int
    offset: int
    values: Sequence[Any] | None
    fault: RowFault | None
    text: str


class Rows(Protocol):
    """An open source. `total` counts bytes or rows, 0 when unknown; `close` it."""

    total: int

    def read(self, position: int, offset: int, line: int) -> Iterator[Raw]:
        """The rows after `position` rows; the last ended at `offset` on `line`. Raises SourceError."""
        ...

    def close(self) -> None: ...


class SourceError(ValueError):
    """A source that cannot be read at all; `fix` says what to do."""

    def __init__(self, says: str, fix: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {says}" if line else says)
        self.fix = fix
        self.line = line


def places(columns: Sequence[str], header: Sequence[str]) -> list[int]:
    """Where each wanted column stands in the header. Raises SourceError naming the first that is missing."""
    if len(set(header)) != len(header):
        twice = next(name for i, name in enumerate(header) if name in header[:i])
        raise SourceError(f"the column {twice!r} stands there twice", "give each column a name of its own", 1)
    at = {name: i for i, name in enumerate(header)}
    for name in columns:
        if name not in at:
            near = difflib.get_close_matches(name, header, 1)
            guess = f"; did you mean {near[0]!r}" if near else ""
            has = ", ".join(header[:20])
            raise SourceError(f"there is no column {name!r}{guess}", f"name one of its columns: {has}", 1)
    return [at[name] for name in columns]
