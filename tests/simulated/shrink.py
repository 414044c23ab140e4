"""Cuts a failing run down: fewer faults, fewer orders, fewer days, as long as it fails the same way."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace
from tests.simulated.plan import Plan
from tests.simulated.run import Result, simulate

MOST_RUNS = 400
SIMPLER = (
    ("days", 1), ("long_log", False), ("liveness", False), ("clients", 1), ("clients", 2), ("crowd", False),
    ("pauses", False), ("write_us", 300),
)  # fmt: skip
"""What makes a plan simpler, each tried when the plan has more of it."""


def shrink(failing: Result, most_runs: int = MOST_RUNS) -> Result:
    """The smallest run found that breaks the same rule. Raises ValueError for a run that breaks none."""
    if not failing.broken:
        raise ValueError("this run breaks nothing, so there is nothing to cut down")
    return _Shrinking(failing, most_runs).go()


class _Shrinking:
    """The best run so far, and how many more may be tried."""

    def __init__(self, failing: Result, most_runs: int) -> None:
        self.best = failing
        self._left = most_runs

    def go(self) -> Result:
        """Cut in turn until a whole turn cuts nothing."""
        before = None
        while before is not self.best and self._left > 0:
            before = self.best
            self._cut(self.best.fired, self._with_faults)
            self._cut(self._heads(), self._with_orders)
            self._cut(self.best.orders, self._with_orders)
            self._simplify()
            self._renumber()
        return self.best

    def _heads(self) -> list[str]:
        return sorted({order.split(".")[0] for order in self.best.orders})

    def _try(self, plan: Plan) -> bool:
        """Whether this plan fails the same way; then it is the best so far."""
        if self._left <= 0:
            return False
        self._left -= 1
        result = simulate(plan)
        if result.broken != self.best.broken:
            return False
        self.best = result
        return True

    def _with_faults(self, kept: Sequence[str], cut: Sequence[str]) -> Plan:
        return replace(self.best.plan, only=frozenset(kept))

    def _with_orders(self, kept: Sequence[str], cut: Sequence[str]) -> Plan:
        return replace(self.best.plan, without=self.best.plan.without | set(cut))

    def _cut(self, things: Sequence[str], plan: Callable[[Sequence[str], Sequence[str]], Plan]) -> None:
        """Leave out ever smaller parts (delta debugging, Zeller and Hildebrandt 2002, complements only)."""
        kept, size = list(things), len(things)
        while size and kept:
            at = 0
            while at < len(kept):
                rest = kept[:at] + kept[at + size :]
                if self._try(plan(rest, kept[at : at + size])):
                    kept = rest
                else:
                    at += size
            size = size // 2 if size > 1 else 0

    def _renumber(self) -> None:
        """Let faults that count occasions (the 24th read of balances) happen at the first ones."""
        for fault in self.best.fired:
            what, _, number = fault.rpartition(" ")
            others = set(self.best.fired) - {fault}
            for earlier in ("1", "2", "3"):
                if number.isdigit() and int(number) > int(earlier):
                    plan = replace(self.best.plan, only=frozenset(others | {f"{what} {earlier}"}))
                    if self._try(plan):
                        break

    def _simplify(self) -> None:
        for name, value in SIMPLER:
            if getattr(self.best.plan, name) > value:
                self._try(replace(self.best.plan, **{name: value}))
