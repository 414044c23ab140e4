"""Compiles programs into one Python function per policy: a row of numbers in, two bit masks out.

The function is built as a Python syntax tree out of our own programs only: local names made here,
whole numbers for bits, floats from the rules. No text of anybody's is evaluated. It comes in two
forms that give the same answer: a quick one for rows in which every number is finite, and a
careful one for all others. In source form the quick one reads like this:

    def row(values):
        v0, v1, v2 = values
        total = v0 + v1 + v2
        if total - total != 0.0:
            return careful(values)
        hits = 0
        unknown = 0
        if v0 >= 0.9:
            hits += 1
        try:
            t0 = v1 / v2
            if t0 - t0 == 0.0:
                if t0 > 5.0:
                    hits += 2
            else:
                unknown += 2
        except ZeroDivisionError:
            unknown += 2
        return (hits, unknown)
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from types import CodeType, FunctionType
from typing import cast

from jingwei.decisions.program import (
    AllOf,
    AnyOf,
    Check,
    Column,
    Constant,
    NoneOf,
    Operand,
    Program,
    Result,
    Step,
    Test,
)

Row = Callable[[Sequence[float]], tuple[int, int]]

_COMPARE: dict[str, type[ast.cmpop]] = {
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
    "==": ast.Eq,
    "!=": ast.NotEq,
}
_BINARY: dict[str, type[ast.operator]] = {"+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div}


def compile_rows(programs: Sequence[Program], width: int) -> Row:
    """Return a function of one row (a list or tuple of `width` floats, NaN for missing) that gives
    (hits, unknown), bit i standing for programs[i]. A row of another width raises ValueError."""
    careful = _function(_careful(programs, width), {})
    return _function(_quick(programs, width), {"careful": careful})


_ERRORS = {"ZeroDivisionError": ZeroDivisionError}


def _function(body: list[ast.stmt], world: dict[str, object]) -> Row:
    arguments = ast.arguments(
        posonlyargs=[ast.arg("values")], args=[], kwonlyargs=[], kw_defaults=[], defaults=[]
    )
    define = ast.FunctionDef("row", arguments, body, [])
    module = compile(ast.fix_missing_locations(ast.Module([define], [])), "<policy>", "exec")
    code = next(constant for constant in module.co_consts if isinstance(constant, CodeType))
    return cast(Row, FunctionType(code, {"__builtins__": _ERRORS} | world, "row"))


def _quick(programs: Sequence[Program], width: int) -> list[ast.stmt]:
    first, *others = _read(programs)
    everything: ast.expr = _column(first)
    for index in others:
        everything = ast.BinOp(everything, ast.Add(), _column(index))
    total = _name("total")
    call = ast.Call(_name("careful"), [_name("values")], [])
    return [
        _unpack(width),
        _assign("total", everything),
        ast.If(_compare(_sub(total, total), "!=", _float(0.0)), [ast.Return(call)], []),
        *_zero("hits", "unknown"),
        *(statement for bit, program in enumerate(programs) for statement in _rule(program, bit)),
        _answer(),
    ]


def _careful(programs: Sequence[Program], width: int) -> list[ast.stmt]:
    place = {index: bit for bit, index in enumerate(_read(programs))}
    body: list[ast.stmt] = [_unpack(width), *_zero("hits", "unknown", "missing")]
    for index, bit in place.items():
        value = _column(index)
        body.append(ast.If(_compare(_sub(value, value), "!=", _float(0.0)), [_add_bit("missing", bit)], []))
    for bit, program in enumerate(programs):
        needs = ast.Constant(sum(1 << place[index] for index in program.reads))
        test = ast.BinOp(_name("missing"), ast.BitAnd(), needs)
        body.append(ast.If(test, [_add_bit("unknown", bit)], _rule(program, bit)))
    return [*body, _answer()]


def _read(programs: Sequence[Program]) -> list[int]:
    """Every column any rule reads, in order; never empty, as every rule reads one."""
    return sorted({index for program in programs for index in program.reads})


def _rule(program: Program, bit: int) -> list[ast.stmt]:
    """Statements that add this rule's bit to `hits` or `unknown`, all columns read being finite."""
    hit: ast.stmt = ast.If(_check(program.check), [_add_bit("hits", bit)], [])
    if not program.steps:
        return [hit]
    body: list[ast.stmt] = [_assign(f"t{i}", _step(step)) for i, step in enumerate(program.steps)]
    drift = _sub(_name("t0"), _name("t0"))
    for i in range(1, len(program.steps)):
        drift = ast.BinOp(drift, ast.Add(), _sub(_name(f"t{i}"), _name(f"t{i}")))
    body.append(ast.If(_compare(drift, "==", _float(0.0)), [hit], [_add_bit("unknown", bit)]))
    if all(step.op != "/" for step in program.steps):
        return body
    divided = ast.ExceptHandler(_name("ZeroDivisionError"), None, [_add_bit("unknown", bit)])
    return [ast.Try(body, [divided], [], [])]


def _step(step: Step) -> ast.expr:
    args = [_operand(arg) for arg in step.args]
    match step.op:
        case "neg":
            return ast.UnaryOp(ast.USub(), args[0])
        case "abs":
            minus = ast.UnaryOp(ast.USub(), args[0])
            return ast.IfExp(_compare(args[0], ">=", _float(0.0)), args[0], minus)
        case "min":
            return ast.IfExp(_compare(args[0], "<=", args[1]), args[0], args[1])
        case "max":
            return ast.IfExp(_compare(args[0], ">=", args[1]), args[0], args[1])
        case _:
            return ast.BinOp(args[0], _BINARY[step.op](), args[1])


def _check(check: Check) -> ast.expr:
    match check:
        case Test(op=op, left=left, right=right):
            return _compare(_operand(left), op, _operand(right))
        case AllOf(parts=parts):
            return ast.BoolOp(ast.And(), [_check(part) for part in parts])
        case AnyOf(parts=parts):
            return ast.BoolOp(ast.Or(), [_check(part) for part in parts])
        case NoneOf(part=part):
            return ast.UnaryOp(ast.Not(), _check(part))


def _operand(operand: Operand) -> ast.expr:
    match operand:
        case Column(index=index):
            return _column(index)
        case Constant(value=value):
            return _float(value)
        case Result(step=step):
            return _name(f"t{step}")


def _column(index: int) -> ast.Name:
    return _name(f"v{index}")


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _float(value: float) -> ast.Constant:
    return ast.Constant(float(value))


def _compare(left: ast.expr, op: str, right: ast.expr) -> ast.expr:
    return ast.Compare(left, [_COMPARE[op]()], [right])


def _sub(left: ast.expr, right: ast.expr) -> ast.expr:
    return ast.BinOp(left, ast.Sub(), right)


def _assign(name: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], value)


def _zero(*variables: str) -> list[ast.stmt]:
    return [_assign(variable, ast.Constant(0)) for variable in variables]


def _add_bit(variable: str, bit: int) -> ast.stmt:
    return ast.AugAssign(ast.Name(variable, ast.Store()), ast.Add(), ast.Constant(1 << bit))


def _unpack(width: int) -> ast.stmt:
    targets: list[ast.expr] = [ast.Name(f"v{i}", ast.Store()) for i in range(width)]
    return ast.Assign([ast.Tuple(targets, ast.Store())], _name("values"))


def _answer() -> ast.stmt:
    return ast.Return(ast.Tuple([_name("hits"), _name("unknown")], ast.Load()))
