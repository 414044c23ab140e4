"""Derived numbers as plain functions: the few operations they may use, and how they are read once into a
formula.

A derived feature is written as an ordinary Python function over numbers, using `+ - *`, comparisons and the
four functions `ratio`, `larger`, `smaller` and `choose`. Replay calls it with floats. For the live and the
SQL execution it is called once with `Term`s, which record what it does; the recording is then compiled or
printed. Each operation is one IEEE 754 double operation, so every execution gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

Number = Any
"""A float in replay, a Term while the function is being read."""

Function = Callable[..., Any]

OPERATIONS: Final = (
    "input",
    "constant",
    "+",
    "-",
    "*",
    "ratio",
    "larger",
    "smaller",
    "choose",
    "<",
    "<=",
    ">",
    ">=",
)


@dataclass(frozen=True, eq=False)
class Term:
    """One recorded operation over other terms; `value` is the constant or the number of the input."""

    operation: str
    over: tuple[Term, ...] = ()
    value: float = 0.0

    def __add__(self, other: Number) -> Term:
        return Term("+", (self, term(other)))

    def __radd__(self, other: Number) -> Term:
        return Term("+", (term(other), self))

    def __sub__(self, other: Number) -> Term:
        return Term("-", (self, term(other)))

    def __rsub__(self, other: Number) -> Term:
        return Term("-", (term(other), self))

    def __mul__(self, other: Number) -> Term:
        return Term("*", (self, term(other)))

    def __rmul__(self, other: Number) -> Term:
        return Term("*", (term(other), self))

    def __lt__(self, other: Number) -> Term:
        return Term("<", (self, term(other)))

    def __le__(self, other: Number) -> Term:
        return Term("<=", (self, term(other)))

    def __gt__(self, other: Number) -> Term:
        return Term(">", (self, term(other)))

    def __ge__(self, other: Number) -> Term:
        return Term(">=", (self, term(other)))

    def __bool__(self) -> bool:
        raise TypeError(
            "a derived feature cannot branch with `if`, `and` or `or`: use choose(condition, a, b)"
        )

    def __truediv__(self, other: Number) -> Term:
        raise TypeError(
            "a derived feature divides with ratio(a, b, otherwise), which says what happens at zero"
        )

    __rtruediv__ = __truediv__


def term(value: Number) -> Term:
    """The term itself, or a plain number as a constant term."""
    return value if isinstance(value, Term) else Term("constant", value=float(value))


def _any_term(*values: Number) -> bool:
    return any(isinstance(value, Term) for value in values)


def ratio(a: Number, b: Number, otherwise: Number) -> Number:
    """a / b, or `otherwise` where b is zero."""
    if _any_term(a, b, otherwise):
        return Term("ratio", (term(a), term(b), term(otherwise)))
    return a / b if b != 0.0 else otherwise


def larger(a: Number, b: Number) -> Number:
    """a where a > b, else b."""
    if _any_term(a, b):
        return Term("larger", (term(a), term(b)))
    return a if a > b else b


def smaller(a: Number, b: Number) -> Number:
    """a where a < b, else b."""
    if _any_term(a, b):
        return Term("smaller", (term(a), term(b)))
    return a if a < b else b


def choose(condition: Number, a: Number, b: Number) -> Number:
    """a where the condition (a comparison) holds, else b."""
    if _any_term(condition, a, b):
        return Term("choose", (term(condition), term(a), term(b)))
    return a if condition else b


def read(function: Function, inputs: int) -> Term:
    """Call a derived feature's function once with terms and return what it does.

    Raises TypeError when it does something else than the operations above.
    """
    return term(function(*(Term("input", value=float(place)) for place in range(inputs))))


def text(formula: Term) -> str:
    """The formula as unambiguous text, for the digest of the definitions."""
    if formula.operation in ("input", "constant"):
        return f"{formula.operation}({float(formula.value).hex()})"
    return f"{formula.operation}({','.join(text(part) for part in formula.over)})"
