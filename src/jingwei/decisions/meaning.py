"""What a condition means, computed by walking its tree: the yardstick the three compilers must match.

A condition is *unknown* (None) when any column it reads is missing, not a number or infinite, or
when any calculation in it does not come out as a finite number (division by zero, overflow).
All parts are looked at, so an unknown is never hidden by the other side of `and` or `or`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping

from jingwei.decisions.tree import (
    Arithmetic,
    Comparison,
    Condition,
    Either,
    Every,
    Name,
    Not,
    Number,
    Numeric,
    Tree,
    children,
)

COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
CALCULATE: dict[str, Callable[..., float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "neg": operator.neg,
    "abs": abs,
    "min": min,
    "max": max,
}
Values = Mapping[str, float]


def evaluate(condition: Condition, values: Values) -> bool | None:
    """Whether the condition holds for these values, or None when that is unknown."""
    return holds(condition, values) if _known(condition, values) else None


def number(tree: Numeric, values: Values) -> float | None:
    """The value of a number, column or calculation, or None when it is unknown."""
    match tree:
        case Number(value=value):
            return value
        case Name(name=name):
            return _finite(float(values[name]))
    args = [number(arg, values) for arg in tree.args]
    if any(arg is None for arg in args) or (tree.op == "/" and args[1] == 0.0):
        return None
    return _finite(CALCULATE[tree.op](*args))


def holds(condition: Condition, values: Values) -> bool:
    """Whether a condition whose numbers are all known holds."""
    match condition:
        case Every(parts=parts):
            return all(holds(part, values) for part in parts)
        case Either(parts=parts):
            return any(holds(part, values) for part in parts)
        case Not(part=part):
            return not holds(part, values)
        case Comparison():
            return all(COMPARE[op](a, b) for op, a, b in _pairs(condition, values))


def _pairs(condition: Comparison, values: Values) -> list[tuple[str, float, float]]:
    numbers = [number(operand, values) for operand in (condition.first, *(o for _, o in condition.rest))]
    known = [value for value in numbers if value is not None]
    assert len(known) == len(numbers), "an unknown number was compared"
    return [(op, known[i], known[i + 1]) for i, (op, _) in enumerate(condition.rest)]


def _known(tree: Tree, values: Values) -> bool:
    if isinstance(tree, Number | Name | Arithmetic):
        return number(tree, values) is not None
    return all(_known(child, values) for child in children(tree))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
