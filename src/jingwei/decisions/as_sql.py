"""Writes programs as one DuckDB query: seq, hits and unknown for every row of a relation."""

from __future__ import annotations

import re
from collections.abc import Sequence

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

_RELATION = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*){0,2}", re.ASCII)
_EQUAL = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "==": "=", "!=": "<>"}


def write_sql(programs: Sequence[Program], columns: Sequence[str], relation: str) -> str:
    """Return a SELECT of seq, hits (UBIGINT), unknown (UBIGINT), bit i standing for programs[i].

    `relation` is the plain name of a table or view (at most catalog.schema.table) with a column
    `seq` and the columns read; NULL and NaN are both missing. Calculations are done in stages, one
    subquery each, so the text stays short however deep they nest. Raises ValueError for a
    relation that is not a plain name.
    """
    if not _RELATION.fullmatch(relation):
        raise ValueError(f"{relation[:60]!r} is not the plain name of a table or view")
    table = ".".join(f'"{part}"' for part in relation.split("."))
    read = sorted({index for program in programs for index in program.reads})
    values = [f"{_finite(f'CAST({_quoted(columns[i])} AS DOUBLE)')} AS v{i}" for i in read]
    query = f"SELECT seq, {', '.join(values)} FROM {table}"
    for stage in _stages(programs):
        raw = ", ".join(f"{_step(step, rule)} AS r{rule}_{i}" for rule, i, step in stage)
        safe = ", ".join(f"{_finite(f'r{rule}_{i}')} AS t{rule}_{i}" for rule, i, _ in stage)
        query = f"SELECT *, {safe}\nFROM (SELECT *, {raw}\nFROM ({query}))"
    hits, unknown = [], []
    for rule, program in enumerate(programs):
        known = _known(program, rule)
        hits.append(f"CASE WHEN {known} AND {_check(program.check, rule)} {_bit(rule)}")
        unknown.append(f"CASE WHEN NOT ({known}) {_bit(rule)}")
    return f"SELECT seq,\n{_sum(hits)} AS hits,\n{_sum(unknown)} AS unknown\nFROM ({query})"


def _sum(bits: list[str]) -> str:
    return "\n + ".join(bits)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _finite(value: str) -> str:
    return f"CASE WHEN isfinite({value}) THEN {value} END"


def _bit(rule: int) -> str:
    return f"THEN {1 << rule}::UBIGINT ELSE 0::UBIGINT END"


def _known(program: Program, rule: int) -> str:
    needs = [f"v{index}" for index in program.reads] + [f"t{rule}_{i}" for i in range(len(program.steps))]
    return " AND ".join(f"{need} IS NOT NULL" for need in needs)


def _stages(programs: Sequence[Program]) -> list[list[tuple[int, int, Step]]]:
    """Calculations grouped so that each group needs only columns and results of earlier groups."""
    stages: list[list[tuple[int, int, Step]]] = []
    for rule, program in enumerate(programs):
        depths: list[int] = []
        for i, step in enumerate(program.steps):
            depth = max((depths[arg.step] + 1 for arg in step.args if isinstance(arg, Result)), default=0)
            depths.append(depth)
            stages.extend([] for _ in range(depth + 1 - len(stages)))
            stages[depth].append((rule, i, step))
    return stages


def _step(step: Step, rule: int) -> str:
    args = [_operand(arg, rule) for arg in step.args]
    match step.op:
        case "neg":
            return f"-({args[0]})"
        case "abs":
            return f"abs({args[0]})"
        case "min" | "max":
            sign = "<=" if step.op == "min" else ">="
            return f"CASE WHEN {args[0]} {sign} {args[1]} THEN {args[0]} ELSE {args[1]} END"
        case "/":
            return f"{args[0]} / CASE WHEN {args[1]} <> 0 THEN {args[1]} END"
        case _:
            return f"{args[0]} {step.op} {args[1]}"


def _check(check: Check, rule: int) -> str:
    match check:
        case Test(op=op, left=left, right=right):
            return f"({_operand(left, rule)} {_EQUAL[op]} {_operand(right, rule)})"
        case AllOf(parts=parts):
            return "(" + " AND ".join(_check(part, rule) for part in parts) + ")"
        case AnyOf(parts=parts):
            return "(" + " OR ".join(_check(part, rule) for part in parts) + ")"
        case NoneOf(part=part):
            return f"(NOT {_check(part, rule)})"


def _operand(operand: Operand, rule: int) -> str:
    match operand:
        case Column(index=index):
            return f"v{index}"
        case Constant(value=value):
            return f"CAST('{value!r}' AS DOUBLE)"
        case Result(step=step):
            return f"t{rule}_{step}"
