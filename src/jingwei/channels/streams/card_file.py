"""A file of card payments, read as columns; what does not fit is refused by its row and column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from jingwei.kernel.clock import parse_iso
from jingwei.kernel.money import MAX_AMOUNT_MINOR

NEEDED = ("at", "customer", "terminal", "amount_minor")
CHUNK = 65_536
ID = re.compile(r"[A-Za-z0-9_.:@-]{1,50}", re.ASCII)
NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]{1,100}")
NAME_RULE = "1 to 100 characters, none of them a control character"
WHOLE = "-?[0-9]+(\\.0+)?"
"""A whole number, as a regular expression of the database; parquet may keep it as 12.0."""
EARLIEST, LATEST = parse_iso("1900-01-01"), parse_iso("2200-01-01")
MEANT = {
    "at": "a moment such as 2026-11-20 08:30:00",
    "customer": "an id",
    "terminal": "an id",
    "amount_minor": "a whole number of minor units",
    "fraud_scenario": "a whole number, 0 for an honest payment",
}


class StreamError(ValueError):
    """The file cannot be read as a card stream; the message says what it must hold."""


class CardFile:
    """A parquet or CSV file of card payments in the order they arrived.

    Columns: at (timestamp, UTC), customer, terminal (ids), amount_minor (whole cents); and, when
    the truth is known, fraud_scenario (0 honest).
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise StreamError(f"there is no file {path}")
        self._db = duckdb.connect()
        self.name = path.stem
        if not NAME.fullmatch(self.name):
            raise StreamError(f"the name of {path.name[:80]!r} goes into every key: {NAME_RULE}")
        source = str(path).replace("'", "''")
        texts = "header = true, all_varchar = true"
        reader = f"read_csv('{source}', {texts})" if path.suffix == ".csv" else f"read_parquet('{source}')"
        try:
            self._db.execute("set timezone = 'UTC'")
            self._db.execute(f"create view payments as select * from {reader}")
            columns = [row[0] for row in self._db.execute("describe payments").fetchall()]
        except duckdb.Error as error:
            raise StreamError(
                f"{path} cannot be read as parquet or CSV: {str(error).splitlines()[0]}"
            ) from error
        missing = [name for name in NEEDED if name not in columns]
        if missing:
            raise StreamError(f"{path} lacks the column(s) {', '.join(missing)}; it has {', '.join(columns)}")
        self._fraud = "cast(fraud_scenario as varchar)" if "fraud_scenario" in columns else "'0'"
        try:
            self.rows = int(self._db.execute("select count(*) from payments").fetchall()[0][0])
        except duckdb.Error as error:
            raise StreamError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def chunks(self, limit: int) -> Iterator[dict[str, np.ndarray[Any, Any]]]:
        """Yield the first `limit` payments in file order, as columns of at most CHUNK rows."""
        whole = f"regexp_full_match(cast(amount_minor as varchar), '{WHOLE}')"
        query = (
            'select epoch_us(try_cast("at" as timestamp)) as "at", cast(customer as varchar) as customer, '
            "cast(terminal as varchar) as terminal, "
            f"case when {whole} then try_cast(amount_minor as bigint) end as amount_minor, "
            f"case when regexp_full_match({self._fraud}, '{WHOLE}') then {self._fraud} not in ('0', '0.0') "
            "end as fraud from payments limit ? offset ?"
        )
        for start in range(0, limit, CHUNK):
            try:
                columns = self._db.execute(query, [min(CHUNK, limit - start), start]).fetchnumpy()
            except duckdb.Error as error:
                raise StreamError(
                    f"payments from {start} on cannot be read: {str(error).splitlines()[0]}"
                ) from error
            self._check(columns, start)
            yield columns

    def _check(self, columns: dict[str, np.ndarray[Any, Any]], start: int) -> None:
        """Raise StreamError naming the first row whose value is missing or is not what its column holds."""
        for name, column in columns.items():
            blank = np.ma.getmaskarray(column)
            if blank.any():
                row = start + int(blank.argmax())
                source = "fraud_scenario" if name == "fraud" else name
                query = f'select cast("{source}" as varchar) from payments limit 1 offset ?'
                found = self._db.execute(query, [row]).fetchall()[0][0]
                says = "is empty" if found is None else f"{found[:40]!r} is not {MEANT[source]}"
                raise StreamError(f"row {row + 1}: {source} {says}")
        check_columns(columns, start)

    def last_at(self, limit: int) -> int:
        """When the latest of the first `limit` payments happened, microseconds UTC; 0 for none."""
        query = 'select max(epoch_us(try_cast("at" as timestamp))) from (select "at" from payments limit ?)'
        return int(self._db.execute(query, [limit]).fetchall()[0][0] or 0)


def check_columns(columns: dict[str, np.ndarray[Any, Any]], start: int) -> None:
    """Raise StreamError naming the first row whose value is not a payment's."""
    at = np.asarray(columns["at"])
    outside = (at < EARLIEST) | (at > LATEST)
    if outside.any():
        raise StreamError(f"row {start + int(outside.argmax()) + 1}: at is not between 1900 and 2200")
    amounts = np.asarray(columns["amount_minor"])
    wrong = (amounts < 0) | (amounts > MAX_AMOUNT_MINOR)
    if wrong.any():
        says = f"amount_minor must not be negative and at most {MAX_AMOUNT_MINOR}"
        raise StreamError(f"row {start + int(wrong.argmax()) + 1}: {says}")
    for name in ("customer", "terminal"):
        ids = columns[name].tolist()
        for some_id in set(ids):
            if not ID.fullmatch(some_id):
                says = f"{name} {some_id[:24]!r} is not an id of letters, digits and _ . : @ -, at most 50"
                raise StreamError(f"row {start + ids.index(some_id) + 1}: {says}")
