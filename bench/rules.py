"""Compiled rules against two rules libraries: the same 30 rules, cases and hits, measured in one run."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import rule_engine
import zen

from jingwei.decisions import Policy, Rule, Verdict, compile_policy

COLUMNS = (
    "fraud_score",
    "amount_minor",
    "hour",
    "payments_1h",
    "payments_24h",
    "payments_30d",
    "paid_24h_minor",
    "paid_mean_30d_minor",
    "paid_to_mean_30d",
    "paid_deviations_30d",
    "payees_24h",
    "payers_24h",
    "payments_to_payee_90d",
    "device_age_s",
    "device_customers_7d",
    "terminal_mean_30d_minor",
    "terminal_fraud_share_7d",
    "terminal_frauds_30d",
    "customer_frauds_28d",
    "since_last_payment_s",
)
RANGES = (1, 40_000, 24, 10, 25, 90, 150_000, 9_000, 6, 7, 10, 25, 4, 200_000, 9, 9_000, 1, 12, 3, 900_000)
"""Each column's values run evenly from 0 to below this."""

RULES = """
fraud_score >= 0.98 and (amount_minor > 22000 or paid_to_mean_30d >= 5)
fraud_score >= 0.90
fraud_score >= 0.60 and fraud_score < 0.90
amount_minor > 22000 and paid_to_mean_30d >= 4 and payments_30d >= 5
amount_minor > 39000
paid_to_mean_30d >= 5 and payments_30d >= 10 and amount_minor >= 5000
paid_to_mean_30d >= 3 and paid_to_mean_30d < 5 and payments_30d >= 10 and amount_minor >= 30000
paid_deviations_30d >= 5 and payments_30d >= 20 and amount_minor >= 5000
amount_minor >= 10000 and amount_minor > 8 * terminal_mean_30d_minor
terminal_fraud_share_7d >= 0.80 and terminal_frauds_30d >= 10
terminal_fraud_share_7d >= 0.50 and terminal_frauds_30d >= 3
customer_frauds_28d >= 2 and paid_to_mean_30d >= 3
customer_frauds_28d >= 1 and amount_minor >= 10000 and paid_to_mean_30d >= 2
payments_1h >= 6 and payments_1h < 9
payments_1h >= 9
payments_24h >= 20
paid_24h_minor > 100000 and paid_24h_minor > 15 * paid_mean_30d_minor
hour < 6 and amount_minor >= 10000 and paid_to_mean_30d >= 2.5
payments_to_payee_90d <= 1 and device_age_s < 3600 and amount_minor >= 20000
payments_to_payee_90d <= 1 and amount_minor >= 35000
device_age_s < 86400 and payments_to_payee_90d <= 1 and amount_minor >= 10000
device_customers_7d >= 4 and device_customers_7d < 8
device_customers_7d >= 8
payers_24h >= 20 and payments_to_payee_90d <= 1
payees_24h >= 8
since_last_payment_s > 800000 and amount_minor > 15000
hour < 6 and payments_to_payee_90d <= 1 and not (payments_30d >= 60)
customer_frauds_28d >= 1 and payments_to_payee_90d <= 1
fraud_score * amount_minor >= 20000
paid_24h_minor - amount_minor > 120000 or payments_24h - payments_1h > 22
""".strip().splitlines()

ROWS = 2_000
MANY_ROWS = 100_000
ROUNDS = 5


def policy() -> Policy:
    """The 30 rules as one policy."""
    return Policy("bench", 1, tuple(_rule(i, when) for i, when in enumerate(RULES)))


def _rule(i: int, when: str) -> Rule:
    code, says, says_zh = f"rule_{i}", f"Rule {i} holds.", f"规则{i}成立。"
    return Rule(code=code, when=when, verdict=Verdict.HOLD, weight=1, says=says, says_zh=says_zh)


def cases(rows: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Made-up cases, float64[rows, columns], always the same."""
    return np.random.default_rng(20).random((rows, len(COLUMNS))) * np.array(RANGES)


def rule_engine_hits() -> Callable[[dict[str, float]], int]:
    """The same rules by the library rule-engine."""
    rules = [(1 << i, rule_engine.Rule(when)) for i, when in enumerate(RULES)]

    def hits(case: dict[str, float]) -> int:
        return sum(bit for bit, rule in rules if rule.matches(case))

    return hits


def zen_hits() -> Callable[[dict[str, float]], int]:
    """The same rules as a decision table of zen-engine in which every row that holds is collected."""
    rows = [{"_id": str(i), "when": when, "bit": str(i)} for i, when in enumerate(RULES)]
    table = {
        "hitPolicy": "collect",
        "inputs": [{"id": "when", "name": "when", "type": "expression"}],
        "outputs": [{"id": "bit", "name": "bit", "field": "bit", "type": "expression"}],
        "rules": rows,
    }
    place = {"x": 0, "y": 0}
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode", "position": place},
        {"id": "table", "name": "rules", "type": "decisionTableNode", "position": place, "content": table},
        {"id": "out", "name": "out", "type": "outputNode", "position": place},
    ]
    edges = [
        {"id": "first", "sourceId": "in", "targetId": "table", "type": "edge"},
        {"id": "last", "sourceId": "table", "targetId": "out", "type": "edge"},
    ]
    decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))

    def hits(case: dict[str, float]) -> int:
        return sum(1 << int(found["bit"]) for found in decision.evaluate(case)["result"])

    return hits


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def fastest(works: Sequence[Callable[[], object]]) -> list[float]:
    """The fewest seconds of each piece of work over several rounds, in changing order."""
    order = list(range(len(works)))
    times = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        random.shuffle(order)
        for i in order:
            times[i] = min(times[i], timed(works[i]))
    return times


def run() -> list[dict[str, Any]]:
    """Measure cases decided per second (all 30 rules each) and check that every way finds the same hits."""
    compiled = compile_policy(policy(), COLUMNS)
    matrix, many = cases(ROWS), cases(MANY_ROWS)
    rows: list[list[float]] = matrix.tolist()
    named = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    by_engine, by_zen = rule_engine_hits(), zen_hits()
    expected = [compiled.row(row)[0] for row in rows]
    assert all(any(hits >> i & 1 for hits in expected) for i in range(len(RULES))), "a rule never hits"
    assert [by_engine(case) for case in named] == expected, "rule-engine finds other hits"
    assert [by_zen(case) for case in named] == expected, "zen-engine finds other hits"
    assert compiled.columns(matrix)[0].tolist() == expected, "the columns find other hits"
    row, columns = compiled.row, compiled.columns
    ours, in_columns, engine, zen_time = fastest(
        (
            lambda: [row(values) for values in rows],
            lambda: columns(many),
            lambda: [by_engine(case) for case in named],
            lambda: [by_zen(case) for case in named],
        )
    )
    per_row, per_column = ROWS / ours, MANY_ROWS / in_columns
    libraries = (("rule-engine", ROWS / engine), ("zen-engine", ROWS / zen_time))
    found = [_line("30 rules, one case per call", per_row, *library) for library in libraries]
    found += [_line("30 rules, whole columns", per_column, *library) for library in libraries]
    return [
        *found,
        _line("30 rules, whole columns against one case per call", per_column, "our row", per_row),
    ]


def _line(name: str, ours: float, baseline_name: str, baseline: float) -> dict[str, Any]:
    ratio = round(ours / baseline, 2)
    numbers = {"ours": round(ours), "baseline": round(baseline), "ratio": ratio}
    return {"name": name, "baseline_name": baseline_name, "unit": "cases/s", **numbers}


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
