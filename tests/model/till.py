"""The planted error of the races: a till that looks first and updates later, without the single writer."""

from __future__ import annotations

import sqlite3
import tempfile
import threading
from pathlib import Path

from tests.model.races import one_winner


def pay_without_the_writer(payers: int = 4) -> str:
    """Last money on an account, each payer with a connection of its own; return what the race's judge says.

    Between look and update all wait for each other: the worst order, which a busy day also brings.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "till.db"
        _ask(path, "CREATE TABLE balances (id TEXT PRIMARY KEY, booked INTEGER)")
        _ask(path, "INSERT INTO balances VALUES ('ann', 5000)")
        looked, won = threading.Barrier(payers), []

        def pay() -> None:
            left = _ask(path, "SELECT booked FROM balances WHERE id = 'ann'")[0][0]
            looked.wait()
            if left >= 5_000:
                _ask(path, "UPDATE balances SET booked = booked - 5000 WHERE id = 'ann'")
            won.append(left >= 5_000)

        threads = [threading.Thread(target=pay) for _ in range(payers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return one_winner(won, ["balance_too_low"] * won.count(False), {"balance_too_low"})


def _ask(path: Path, sql: str) -> list[tuple[int, ...]]:
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()
