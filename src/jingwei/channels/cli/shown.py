"""Showing results: tables and progress for people, one JSON object on the last line for programs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from jingwei.channels.cli.mistakes import seen

PIPED_WIDTH = 240
"""Columns of a table that goes into a file or another program: nothing is folded there."""

Progress = Callable[[int, int], None]


def result(told: Any, as_json: bool, show: Callable[[], None] | None = None) -> None:
    """Print a result: as one line of JSON, or by `show` (by default its fields one below the other)."""
    if as_json:
        print(msgspec.json.encode(told).decode(), flush=True)
    elif show is not None:
        show()
    else:
        fields(msgspec.to_builtins(told))


def fields(told: dict[str, Any]) -> None:
    """Print names and values one below the other."""
    width = max((len(name) for name in told), default=0)
    for name, value in told.items():
        print(f"{name:<{width}}  {seen(value) if isinstance(value, str | int | float) else _flat(value)}")


def _flat(value: Any) -> str:
    return "-" if value is None else msgspec.json.encode(value).decode()


def table(columns: Iterable[str], rows: Iterable[Iterable[Any]], empty: str) -> None:
    """Print a table, or the sentence `empty` when it has no rows; columns that end in > are right-aligned."""
    from rich.console import Console
    from rich.table import Table

    rows = [[str(cell) for cell in row] for row in rows]
    if not rows:
        print(empty)
        return
    drawn = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        drawn.add_column(
            column.rstrip(">"), justify="right" if column.endswith(">") else "left", overflow="fold"
        )
    for row in rows:
        drawn.add_row(*row)
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    Console(width=width, highlight=False, markup=False).print(drawn)


@contextmanager
def progress(label: str) -> Iterator[Progress]:
    """A bar with rate and time left on stderr; nothing at all when stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    columns = (
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(label, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total or None)
