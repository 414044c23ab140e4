"""Read a table with a known outcome from a file: columns by name, the outcome, and what not to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np
import numpy.typing as npt

from jingwei.learning.protocol import Flags, auc_roc
from jingwei.models.compiled import Floats
from jingwei.models.derived import RARE, Encoder

FEWEST_ROWS = 200
FEWEST_OF_A_KIND = 30
TOO_GOOD = 0.98
"""A single column that tells the outcome this well (AUC) knows it already: it is refused as a leak."""

Column = npt.NDArray[Any]


class TableError(ValueError):
    """A file cannot be used for what was asked; the message says which file, which column and why."""


class Table(msgspec.Struct, frozen=True):
    """Columns of one file by name, each float64[n] (nothing = NaN) or texts (nothing = '')."""

    path: str
    columns: dict[str, Column]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def column(self, name: str) -> Column:
        """One column. TableError names those there are."""
        if name not in self.columns:
            raise TableError(f"{self.path}: there is no column {name!r}; there are {', '.join(self.columns)}")
        return self.columns[name]

    def rows(self, which: npt.NDArray[Any]) -> Table:
        """The same columns, only these rows."""
        return Table(self.path, {name: column[which] for name, column in self.columns.items()})


def read_table(path: Path, fewest: int = FEWEST_ROWS) -> Table:
    """Return the columns of a parquet or CSV file. Raises TableError."""
    if not path.is_file():
        raise TableError(f"there is no file {path}")
    reader = "read_parquet" if path.suffix.lower() == ".parquet" else "read_csv"
    options = "" if reader == "read_parquet" else ", header = true"
    try:
        with duckdb.connect() as db:
            found = db.execute(f"SELECT * FROM {reader}(?{options})", [str(path)])
            names = [str(line[0]) for line in found.description]
            data = found.fetchnumpy()
    except duckdb.Error as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TableError(f"{path}: cannot be read as a table: {said}") from error
    columns = {name: _plain(data[name]) for name in names}
    rows = len(next(iter(columns.values()))) if columns else 0
    if rows < fewest:
        raise TableError(f"{path}: {rows} rows are too few, at least {fewest} are needed")
    return Table(str(path), columns)


def _plain(values: Any) -> Column:
    """Numbers as float64 with NaN for nothing, everything else as texts with '' for nothing."""
    missing = np.ma.getmaskarray(values)
    content = np.ma.getdata(values)
    if content.dtype.kind in "iufb":
        return np.where(missing, np.nan, content.astype(np.float64))
    if content.dtype.kind == "M":
        content = np.datetime_as_string(content)
    told = ["" if gone or v is None else str(v) for v, gone in zip(content.tolist(), missing, strict=True)]
    return np.array(told, dtype=object)


def is_text(column: Column) -> bool:
    """Whether a column holds texts."""
    return column.dtype.kind == "O"


def outcome(table: Table, name: str, good: str) -> Flags:
    """bool[n]: True where the column is *not* the good value. TableError when there are not two kinds."""
    column = table.column(name)
    empty = int((column == "").sum() if is_text(column) else np.isnan(column).sum())
    if empty:
        raise TableError(f"{table.path}: {empty} rows have nothing in {name!r}; leave those rows out first")
    is_good = equals(column, good)
    few = min(int(is_good.sum()), int((~is_good).sum()))
    if few < FEWEST_OF_A_KIND:
        held = ", ".join(map(_short, np.unique(column)[:8].tolist()))
        raise TableError(
            f"{table.path}: {int(is_good.sum())} of {len(column)} rows have {good!r} in {name!r}, "
            f"at least {FEWEST_OF_A_KIND} of each kind are needed; it holds: {held}"
        )
    return ~is_good


def equals(column: Column, value: str) -> Flags:
    """bool[n]: where a column holds this value, compared as numbers in a column of numbers."""
    if is_text(column):
        return np.array([text.strip() == value.strip() for text in column], dtype=np.bool_)
    words = {"true": 1.0, "false": 0.0}
    try:
        return np.asarray(column == float(words.get(value.strip().lower(), value)), dtype=np.bool_)
    except ValueError:
        return np.zeros(len(column), dtype=np.bool_)


def _short(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)[:30]


def row_ids(table: Table) -> list[str]:
    """Columns of texts or whole numbers in which no two rows are alike: they name rows."""
    return [name for name, column in table.columns.items() if _names_rows(column)]


def _names_rows(column: Column) -> bool:
    if len(set(column.tolist())) < len(column):
        return False
    return is_text(column) or bool(np.all(np.floor(column) == column))


def learnable(train: Table, taboo: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return the columns a model may learn from, and those left out with the reason in words."""
    why = {name: "asked to be left out" for name in taboo}
    why |= {name: "names the row" for name in row_ids(train) if name not in why}
    alike = [name for name, column in train.columns.items() if len(set(column.tolist())) < 2]
    why |= {name: "always the same" for name in alike if name not in why}
    kept = [name for name in train.columns if name not in why]
    if not kept:
        raise TableError(f"{train.path}: no column is left to learn from")
    return kept, why


def same_columns(train: Table, test: Table, names: Sequence[str]) -> None:
    """Raise TableError when the test file lacks a column, or holds texts where training had numbers."""
    for name in names:
        if is_text(test.column(name)) != is_text(train.column(name)):
            raise TableError(f"{test.path}: {name!r} is text in one file and numbers in the other")


def learn_encoding(train: Table, bad: Flags, names: Sequence[str]) -> Encoder:
    """Return the encoder of the training rows; the outcome of no other row is looked at."""
    texts = [name for name in names if is_text(train.column(name))]
    return Encoder({name: _order(train.column(name), bad) for name in texts})


def _order(column: Column, bad: Flags) -> dict[str, float]:
    values, where, counts = np.unique(column.astype(str), return_inverse=True, return_counts=True)
    common = counts >= FEWEST_OF_A_KIND
    group = np.where(common, np.arange(len(values)), len(values))[where]
    hits = np.bincount(group, bad, len(values) + 1)
    rows = np.bincount(group, minlength=len(values) + 1)
    rate = (hits + 20.0 * bad.mean()) / (rows + 20.0)
    rank = np.argsort(np.argsort(rate, kind="stable"), kind="stable").astype(np.float64)
    told = {str(value): rank[i] for i, value in enumerate(values) if common[i]}
    return told | {RARE: float(rank[-1])}


def refuse_leaks(numbers: dict[str, Floats], bad: Flags) -> None:
    """Raise TableError for a column that knows the outcome: see `tells`."""
    told = {name: tells(column, bad) for name, column in numbers.items()}
    leaks = [f"{name!r} ({words})" for name, words in told.items() if words]
    if leaks:
        raise TableError(
            f"refused, for it knows the outcome: {', '.join(leaks)}; a column filled in afterwards or copied "
            "from the outcome makes every figure worthless; leave it out of the files"
        )


def tells(column: Floats, bad: Flags) -> str:
    """Words for how a single column gives the outcome away, '' when it does not.

    Two signs: its AUC, or that of the share of bad outcomes per range, is above TOO_GOOD; or it has a value
    that only bad rows have and another only good rows have, each in at least 30 rows and not by chance
    (class means filled into gaps look like this).
    """
    low, high = np.quantile(column, [0.0, 1.0])
    if low == high:
        return ""
    ranges = np.searchsorted(
        np.unique(np.quantile(column, np.linspace(0, 1, 51)[1:-1])), column, side="right"
    )
    share = np.bincount(ranges, bad) / np.maximum(1, np.bincount(ranges))
    area = max(auc_roc(bad, column), auc_roc(bad, -column), auc_roc(bad, share[ranges]))
    if area > TOO_GOOD:
        return f"AUC {area:.3f} on its own"
    values, where, counts = np.unique(column, return_inverse=True, return_counts=True)
    hits = np.bincount(where, bad)
    rate = float(bad.mean())
    often = counts >= FEWEST_OF_A_KIND
    only_bad = often & (hits == counts) & (counts * np.log(max(rate, 1e-9)) < np.log(1e-9))
    only_good = often & (hits == 0) & (counts * np.log(max(1.0 - rate, 1e-9)) < np.log(1e-9))
    if only_bad.any() and only_good.any():
        one, other = values[only_bad][0], values[only_good][0]
        return f"{one:g} stands only in bad rows, {other:g} only in good ones"
    return ""
