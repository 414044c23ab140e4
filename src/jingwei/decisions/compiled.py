"""A policy made ready for a given set of columns: one row at a time, whole batches, or SQL, all agreeing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jingwei.decisions.as_columns import run_columns
from jingwei.decisions.as_python import Row, compile_rows
from jingwei.decisions.as_sql import write_sql
from jingwei.decisions.decision import Decision, Reason, weigh
from jingwei.decisions.policy import Policy
from jingwei.decisions.program import lower

__all__ = ["CompiledPolicy", "Decision", "Reason", "compile_policy", "decide"]

FEW_ROWS = 128
"""Up to this many rows the row function is the quicker way (see the bench of rules)."""
MAX_REMEMBERED = 65_536


class CompiledPolicy:
    """A policy bound to columns. `row` is the compiled function itself:

    row(values) -> (hits, unknown): values is a list or tuple of one float per column, NaN for
    missing; bit i of each mask is policy.rules[i]. A row of another width raises ValueError.
    """

    def __init__(self, policy: Policy, columns: tuple[str, ...]) -> None:
        places = {name: place for place, name in enumerate(columns)}
        self.policy = policy
        self.column_names = columns
        self.expressions = policy.expressions(columns)
        self.programs = tuple(lower(expression.tree, places) for expression in self.expressions)
        self.row: Row = compile_rows(self.programs, len(columns))
        self._decided: dict[tuple[int, int], Decision] = {}

    def columns(self, cases: NDArray[np.float64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """(hits, unknown) as uint64[n] each for float64[n, k] cases, NaN for missing.

        The same as `row` on each row, and done that way for few rows, where it is quicker.
        Raises ValueError for any other shape or type.
        """
        if cases.ndim != 2 or cases.shape[1] != len(self.column_names) or cases.dtype != np.float64:
            wanted = f"float64[n, {len(self.column_names)}]"
            raise ValueError(f"cases must be {wanted}, not {cases.dtype}{list(cases.shape)}")
        if len(cases) > FEW_ROWS:
            return run_columns(self.programs, cases)
        pairs = np.array([self.row(values) for values in cases.tolist()], np.uint64).reshape(-1, 2)
        return pairs[:, 0].copy(), pairs[:, 1].copy()

    def sql(self, relation: str) -> str:
        """A DuckDB SELECT of seq, hits, unknown (UBIGINT) over a table or view with `seq` and the columns.

        Raises ValueError when `relation` is not a plain name.
        """
        return write_sql(self.programs, self.column_names, relation)

    def decide(self, hits: int, unknown: int) -> Decision:
        """The decision for these masks (see `weigh`); remembered, as few different pairs occur."""
        decision = self._decided.get((hits, unknown))
        if decision is None:
            decision = weigh(self.policy, hits, unknown)
            if len(self._decided) < MAX_REMEMBERED:
                self._decided[hits, unknown] = decision
        return decision


def compile_policy(policy: Policy, columns: Sequence[str]) -> CompiledPolicy:
    """Bind a policy to the names of the columns its rows will have, in order.

    Raises PolicyError naming rule and unknown column, ValueError when a column is named twice.
    """
    named = tuple(columns)
    if len(set(named)) != len(named):
        raise ValueError("a column is named twice")
    return CompiledPolicy(policy, named)


def decide(compiled: CompiledPolicy, hits: int, unknown: int) -> Decision:
    """The decision of a compiled policy for these masks."""
    return compiled.decide(hits, unknown)
