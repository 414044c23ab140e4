"""The conventional stack: FastAPI, features in dicts, LightGBM predict, a rules library, a commit each."""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections import defaultdict, deque
from pathlib import Path
from time import time
from typing import Any, Literal

import numpy as np
from fastapi import FastAPI, Request
from pydantic import BaseModel

WINDOWS_S = (3_600, 86_400, 604_800, 2_592_000)
FEATURES = 12
TREES = 300
RULES = (
    "score >= 0.98 and amount > 22000",
    "score >= 0.90",
    "score >= 0.60 and score < 0.90",
    "amount > 22000 and to_mean >= 4 and count_30d >= 5",
    "amount > 22000",
    "to_mean >= 5 and count_30d >= 10 and amount >= 5000",
    "to_mean >= 3 and to_mean < 5 and count_30d >= 10 and amount >= 5000",
    "amount >= 10000 and amount > 8 * terminal_mean_30d",
    "count_1h >= 6 and count_1h < 12",
    "count_1h >= 12",
    "count_24h >= 20",
    "sum_24h > 100000 and sum_24h > 15 * mean_30d",
    "hour < 6 and amount >= 10000 and to_mean >= 2.5",
    "terminal_count_24h >= 1000",
)
CREATE = """
PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
CREATE TABLE balances (id TEXT PRIMARY KEY, booked INTEGER NOT NULL);
CREATE TABLE payments (
    key TEXT PRIMARY KEY, payer TEXT, terminal TEXT, amount INTEGER, verdict TEXT, score REAL, at REAL
);
"""


class Payment(BaseModel):
    """The same body our endpoint reads."""

    type: Literal["card"]
    payer: str
    terminal: str
    amount: str
    currency: str


class Windows:
    """Payments of one customer or terminal in the last 30 days, with running sums."""

    def __init__(self) -> None:
        self.events: deque[tuple[float, int]] = deque()
        self.total = 0

    def add(self, now: float, amount: int) -> None:
        """Take one payment in and let old ones go."""
        self.events.append((now, amount))
        self.total += amount
        while self.events[0][0] <= now - WINDOWS_S[-1]:
            self.total -= self.events.popleft()[1]

    def since(self, start: float) -> tuple[int, int]:
        """How many payments since then and their sum."""
        found = [amount for at, amount in self.events if at > start]
        return len(found), sum(found)


class Stack:
    """Everything one request goes through."""

    def __init__(self, folder: Path) -> None:
        import lightgbm
        import rule_engine

        draw = np.random.default_rng(1)
        cases = draw.random((4_000, FEATURES))
        fraud = (cases[:, 0] + draw.normal(0, 0.2, 4_000) > 0.9).astype(int)
        settings = {
            "objective": "binary",
            "num_leaves": 31,
            "num_threads": 1,
            "verbosity": -1,
            "min_data_in_leaf": 5,
        }
        self.model = lightgbm.train(settings, lightgbm.Dataset(cases, fraud), TREES)
        self.rules = [rule_engine.Rule(text) for text in RULES]
        self.customers: defaultdict[str, Windows] = defaultdict(Windows)
        self.terminals: defaultdict[str, Windows] = defaultdict(Windows)
        self.lock = threading.Lock()
        self.books = sqlite3.connect(folder / "books.db", check_same_thread=False, isolation_level=None)
        self.books.executescript(CREATE)
        self.books.execute("BEGIN")
        rows = [(f"acc{n}", 10**9) for n in range(50_000)]
        self.books.executemany("INSERT INTO balances VALUES (?, ?)", [*rows, ("settlement", 0)])
        self.books.execute("COMMIT")

    def features(self, payment: Payment, amount: int, now: float) -> dict[str, Any]:
        """The features of a payment, this payment included."""
        customer, terminal = self.customers[payment.payer], self.terminals[payment.terminal]
        customer.add(now, amount)
        terminal.add(now, amount)
        counts = [customer.since(now - window) for window in WINDOWS_S]
        mean = customer.total / len(customer.events)
        return {
            "amount": amount,
            "hour": int(now // 3_600 % 24),
            "count_1h": counts[0][0],
            "count_24h": counts[1][0],
            "sum_24h": counts[1][1],
            "count_7d": counts[2][0],
            "count_30d": counts[3][0],
            "mean_30d": mean,
            "to_mean": amount / mean,
            "terminal_count_24h": terminal.since(now - WINDOWS_S[1])[0],
            "terminal_mean_30d": terminal.total / len(terminal.events),
            "sum_7d": counts[2][1],
        }

    def pay(self, payment: Payment, key: str) -> dict[str, Any]:
        """Decide and book one payment: one commit."""
        whole, _, part = payment.amount.partition(".")
        amount, now = int(whole) * 100 + int(part or 0), time()
        with self.lock:
            seen = self.features(payment, amount, now)
            seen["score"] = float(self.model.predict(np.array([list(seen.values())]))[0])
            hits = [n for n, rule in enumerate(self.rules) if rule.matches(seen)]
            verdict = "hold" if hits else "allow"
            self.books.execute("BEGIN IMMEDIATE")
            if not hits:
                change = "UPDATE balances SET booked = booked + ? WHERE id = ?"
                left = "UPDATE balances SET booked = booked - ? WHERE id = ? AND booked >= ?"
                self.books.execute(left, (amount, payment.payer, amount))
                self.books.execute(change, (amount, "settlement"))
            row = (key, payment.payer, payment.terminal, amount, verdict, seen["score"], now)
            self.books.execute("INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            self.books.execute("COMMIT")
        return {"key": key, "result": verdict, "reasons": hits, "score": seen["score"]}


def main(port: int, folder: Path) -> None:
    """Serve until told to stop."""
    import uvicorn

    app, stack = FastAPI(), Stack(folder)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "alive"}

    @app.post("/v1/payments", status_code=201)
    def pay(payment: Payment, request: Request) -> dict[str, Any]:
        return stack.pay(payment, request.headers["idempotency-key"])

    uvicorn.run(app, port=port, access_log=False, log_level="warning", loop="uvloop", http="httptools")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
