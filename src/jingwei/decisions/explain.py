"""Tells why, for one case: each reason's sentence in zh and en, and the values its rule read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import msgspec

from jingwei.decisions.compiled import CompiledPolicy
from jingwei.decisions.decision import MISSING_SAYS, MISSING_SAYS_ZH, Decision, Reason
from jingwei.decisions.meaning import Values, evaluate, holds, number
from jingwei.decisions.policy import INPUT_MISSING
from jingwei.decisions.tree import Comparison, Condition, Every, Name, Not, Number, Numeric, text

MILLION = 1_000_000


class Explained(msgspec.Struct, frozen=True):
    """A reason in full. `because` has what held, e.g. "fraud_score 0.93 >= 0.90"; `read` the values read
    (None where missing)."""

    code: str
    verdict: str
    says: str
    says_zh: str
    law: str
    because: tuple[str, ...]
    read: dict[str, float | None]


def explain(compiled: CompiledPolicy, values: Sequence[float], decision: Decision) -> tuple[Explained, ...]:
    """Explain each reason of a decision made from this row, in the same order.

    Raises KeyError for a reason that is not of this policy, ValueError for a row of another width.
    """
    named = dict(zip(compiled.column_names, values, strict=True))
    return tuple(_explained(compiled, named, reason) for reason in decision.reasons)


def _explained(compiled: CompiledPolicy, values: Values, reason: Reason) -> Explained:
    if reason.code == INPUT_MISSING:
        return _missing(compiled, values, reason)
    rule = compiled.policy.rule(reason.code)
    expression = compiled.expressions[compiled.policy.rules.index(rule)]
    because = tuple(_because(expression.tree, values))
    read = {name: values[name] for name in expression.reads}
    return Explained(rule.code, reason.verdict.code, rule.says, rule.says_zh, rule.law, because, _shown(read))


def _missing(compiled: CompiledPolicy, values: Values, reason: Reason) -> Explained:
    because: list[str] = []
    read: dict[str, float] = {}
    for rule, expression in zip(compiled.policy.rules, compiled.expressions, strict=True):
        if evaluate(expression.tree, values) is None:
            absent = {name: values[name] for name in expression.reads if not math.isfinite(values[name])}
            read |= absent
            why = f"{', '.join(absent)} missing" if absent else "its calculation has no result"
            because.append(f"{rule.code} could not be decided: {why}")
    verdict = reason.verdict.code
    return Explained(INPUT_MISSING, verdict, MISSING_SAYS, MISSING_SAYS_ZH, "", tuple(because), _shown(read))


def _shown(read: dict[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in read.items()}


def _because(condition: Condition, values: Values) -> Iterator[str]:
    """Each comparison that makes the condition hold, with the values that were compared."""
    match condition:
        case Comparison(first=first, rest=rest):
            others = (f"{op} {_operand(other, values)}" for op, other in rest)
            yield " ".join([_operand(first, values), *others])
        case Not(part=part):
            yield from _because_not(part, values)
        case Every(parts=parts):
            for part in parts:
                yield from _because(part, values)
        case _:
            for part in condition.parts:
                if holds(part, values):
                    yield from _because(part, values)


def _because_not(condition: Condition, values: Values) -> Iterator[str]:
    """Each comparison that makes the condition fail."""
    match condition:
        case Comparison():
            yield f"not {' '.join(_because(condition, values))}"
        case Not(part=part):
            yield from _because(part, values)
        case _:
            for part in condition.parts:
                if not holds(part, values):
                    yield from _because_not(part, values)


def _operand(tree: Numeric, values: Values) -> str:
    if isinstance(tree, Number):
        return tree.text
    shown = _figure(number(tree, values))
    return f"{tree.name} {shown}" if isinstance(tree, Name) else f"({text(tree)} = {shown})"


def _figure(value: float | None) -> str:
    """A number short enough to read: six digits below a million, else to the hundredth."""
    if value is None:
        return "unknown"
    return f"{value:.6g}" if abs(value) < MILLION else f"{value:.2f}".rstrip("0").rstrip(".")
