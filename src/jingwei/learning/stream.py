"""Read a stream of labelled card payments from a file into columns."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import msgspec
import numpy as np
import numpy.typing as npt

from jingwei.kernel.clock import DAY

Whole = npt.NDArray[np.int64]

COLUMNS = {
    "at": "a moment, UTC",
    "customer": "whose card",
    "terminal": "where",
    "amount_minor": "whole minor units",
    "fraud_scenario": "0 = honest",
}


class StreamError(ValueError):
    """The file cannot be read as a stream of labelled card payments; the message says what to mend."""


class CardStream(msgspec.Struct, frozen=True):
    """Payments in order of time: `at` microseconds UTC, whose card, which terminal, the true label."""

    at: Whole
    customer: Whole
    terminal: Whole
    amount_minor: Whole
    fraud: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.at)

    @property
    def day(self) -> Whole:
        """Number of the UTC day of every payment, days since 1970-01-01."""
        return self.at // DAY

    def before(self, moment: int) -> CardStream:
        """The payments before a moment; what a training until then may know."""
        end = int(np.searchsorted(self.at, moment, side="left"))
        return CardStream(
            self.at[:end], self.customer[:end], self.terminal[:end], self.amount_minor[:end], self.fraud[:end]
        )


def day_of(text: str) -> int:
    """Days since 1970-01-01 of a date like 2018-07-25. Raises StreamError."""
    try:
        return (date.fromisoformat(text) - date(1970, 1, 1)).days
    except ValueError as error:
        raise StreamError(f"{text[:20]!r} is not a date; write it like 2018-07-25") from error


def read_card_stream(path: Path, until: int | None = None) -> CardStream:
    """Return the payments of a Parquet or CSV file in order of time; none at or after `until` is read.

    Raises StreamError when the file is missing, lacks columns, or holds values that are no payments.
    """
    if not path.is_file():
        raise StreamError(f"there is no file {path}; give the card stream with --data FILE")
    source = "read_csv(?)" if path.suffix.lower() == ".csv" else "read_parquet(?)"
    with duckdb.connect() as db:
        db.execute("SET threads = 2")
        try:
            found = db.execute(f"DESCRIBE SELECT * FROM {source}", [str(path)]).fetchall()
            names = {row[0] for row in found}
            lacking = [f"{name} ({says})" for name, says in COLUMNS.items() if name not in names]
            if lacking:
                raise StreamError(f"{path.name} lacks {', '.join(lacking)}")
            end = "" if until is None else f'WHERE "at" < make_timestamp({until:d})'
            columns = db.execute(
                'SELECT epoch_us("at"::TIMESTAMP) AS "at", customer::BIGINT AS customer, '
                "terminal::BIGINT AS terminal, amount_minor::BIGINT AS amount_minor, "
                "fraud_scenario::INTEGER <> 0 AS fraud "
                f"FROM {source} {end}",
                [str(path)],
            ).fetchnumpy()
        except duckdb.Error as error:
            first = str(error).partition("\n")[0]
            raise StreamError(f"{path.name} cannot be read as card payments: {first}") from error
    return _ordered(columns, path.name)


def _ordered(columns: dict[str, npt.NDArray[np.int64]], name: str) -> CardStream:
    if any(np.ma.is_masked(column) for column in columns.values()):
        raise StreamError(f"{name} has rows with nothing in a column that is needed")
    plain = {key: np.asarray(column) for key, column in columns.items()}
    if len(plain["at"]) and plain["amount_minor"].min() < 0:
        raise StreamError(f"{name} has negative amounts")
    order = np.argsort(plain["at"], kind="stable")
    at, customer, terminal, amount = (plain[key][order].astype(np.int64) for key in list(COLUMNS)[:4])
    return CardStream(at, customer, terminal, amount, plain["fraud"][order].astype(np.bool_))
