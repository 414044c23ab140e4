"""A condition as a straight list of calculations and one comparison tree: what all three compilers read."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from jingwei.decisions.tree import (
    Comparison,
    Condition,
    Either,
    Every,
    Name,
    Not,
    Number,
    Numeric,
)


class Column(msgspec.Struct, frozen=True):
    """The value of the column with this number."""

    index: int


class Constant(msgspec.Struct, frozen=True):
    """A number written in the rule."""

    value: float


class Result(msgspec.Struct, frozen=True):
    """What step number `step` came out as."""

    step: int


Operand = Column | Constant | Result


class Step(msgspec.Struct, frozen=True):
    """One calculation of two operands (+ - * / min max) or one (neg abs)."""

    op: str
    args: tuple[Operand, ...]


class Test(msgspec.Struct, frozen=True):
    """One comparison of two operands."""

    op: str
    left: Operand
    right: Operand


class AllOf(msgspec.Struct, frozen=True):
    """All parts hold."""

    parts: tuple[Check, ...]


class AnyOf(msgspec.Struct, frozen=True):
    """At least one part holds."""

    parts: tuple[Check, ...]


class NoneOf(msgspec.Struct, frozen=True):
    """The part does not hold."""

    part: Check


Check = Test | AllOf | AnyOf | NoneOf


class Program(msgspec.Struct, frozen=True):
    """Columns read (numbers, sorted), calculations in order, then the check."""

    reads: tuple[int, ...]
    steps: tuple[Step, ...]
    check: Check


def lower(condition: Condition, columns: Mapping[str, int]) -> Program:
    """Turn a condition into a program over numbered columns. Equal calculations are done once.

    Raises KeyError for a name that is not among the columns (callers check names when reading).
    """
    writer = _Writer(columns)
    check = writer.check(condition)
    return Program(tuple(sorted(writer.reads)), tuple(writer.steps), check)


class _Writer:
    def __init__(self, columns: Mapping[str, int]) -> None:
        self.columns = columns
        self.reads: set[int] = set()
        self.steps: dict[Step, int] = {}

    def check(self, condition: Condition) -> Check:
        match condition:
            case Every(parts=parts):
                return AllOf(tuple(map(self.check, parts)))
            case Either(parts=parts):
                return AnyOf(tuple(map(self.check, parts)))
            case Not(part=part):
                return NoneOf(self.check(part))
            case Comparison(first=first, rest=rest):
                return self._tests(first, rest)

    def _tests(self, first: Numeric, rest: tuple[tuple[str, Numeric], ...]) -> Check:
        left, tests = self._operand(first), []
        for op, numeric in rest:
            right = self._operand(numeric)
            tests.append(Test(op, left, right))
            left = right
        return tests[0] if len(tests) == 1 else AllOf(tuple(tests))

    def _operand(self, tree: Numeric) -> Operand:
        match tree:
            case Number(value=value):
                return Constant(value)
            case Name(name=name):
                self.reads.add(self.columns[name])
                return Column(self.columns[name])
        args = [self._operand(arg) for arg in tree.args]
        while len(args) > 2:  # min and max of many: two at a time, from the left
            args[:2] = [self._step(tree.op, (args[0], args[1]))]
        return self._step(tree.op, tuple(args))

    def _step(self, op: str, args: tuple[Operand, ...]) -> Operand:
        return Result(self.steps.setdefault(Step(op, args), len(self.steps)))
