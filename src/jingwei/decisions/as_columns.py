"""Runs programs over whole NumPy columns, for large batches and backtests."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from jingwei.decisions.program import (
    AllOf,
    AnyOf,
    Check,
    Column,
    Constant,
    NoneOf,
    Operand,
    Program,
    Step,
    Test,
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Bits = NDArray[np.uint64]
Columns = dict[int, Floats]
"""The columns read in a block of rows, by number."""

BLOCK = 4096
"""Rows worked on at a time, so that the columns of a block stay in the processor's cache."""

_COMPARE: dict[str, np.ufunc] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
_CALCULATE: dict[str, np.ufunc] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "neg": np.negative,
    "abs": np.absolute,
    "min": np.minimum,
    "max": np.maximum,
}


def run_columns(programs: Sequence[Program], cases: Floats) -> tuple[Bits, Bits]:
    """Return (hits, unknown) for float64[n, k] cases as uint64[n] each, bit i standing for programs[i]."""
    hits = np.zeros(len(cases), np.uint64)
    unknown = np.zeros(len(cases), np.uint64)
    read = sorted({index for program in programs for index in program.reads})
    with np.errstate(all="ignore"):
        for start in range(0, len(cases), BLOCK):
            block = slice(start, start + BLOCK)
            columns = {index: np.ascontiguousarray(cases[block, index]) for index in read}
            hits[block], unknown[block] = _block(programs, columns, len(cases[block]))
    return hits, unknown


def _block(programs: Sequence[Program], columns: Columns, rows: int) -> tuple[Bits, Bits]:
    missing = {index: known for index, values in columns.items() if not (known := np.isfinite(values)).all()}
    hit = np.zeros((-len(programs) // 8 * -8, rows), np.bool_)
    dark = np.zeros_like(hit)
    for i, program in enumerate(programs):
        results: list[Floats] = []
        certain: list[Bools] = [missing[index] for index in program.reads if index in missing]
        for step in program.steps:
            results.append(_step(step, columns, results, rows))
            certain.append(np.isfinite(results[-1]))
        answer = _check(program.check, columns, results)
        for known in certain:
            answer = answer & known
            dark[i] |= ~known
        hit[i] = answer
    return _packed(hit), _packed(dark)


def _packed(flags: Bools) -> Bits:
    """Bool[8 m, n] to uint64[n], row i of the flags becoming bit i."""
    octets = np.zeros((flags.shape[1], 8), np.uint8)
    if flags.any():
        octets[:, : flags.shape[0] // 8] = np.packbits(flags, axis=0, bitorder="little").T
    return octets.view("<u8").reshape(-1).astype(np.uint64, copy=False)


def _step(step: Step, columns: Columns, results: list[Floats], rows: int) -> Floats:
    made = _CALCULATE[step.op](*(_operand(arg, columns, results) for arg in step.args))
    return np.broadcast_to(np.asarray(made, np.float64), (rows,))


def _check(check: Check, columns: Columns, results: list[Floats]) -> Bools | np.bool_:
    match check:
        case Test(op=op, left=left, right=right):
            found: Bools = _COMPARE[op](_operand(left, columns, results), _operand(right, columns, results))
            return found
        case AllOf(parts=parts):
            return reduce(np.logical_and, (_check(part, columns, results) for part in parts))
        case AnyOf(parts=parts):
            return reduce(np.logical_or, (_check(part, columns, results) for part in parts))
        case NoneOf(part=part):
            return np.logical_not(_check(part, columns, results))


def _operand(operand: Operand, columns: Columns, results: list[Floats]) -> Floats | np.float64:
    match operand:
        case Column(index=index):
            return columns[index]
        case Constant(value=value):
            return np.float64(value)
        case _:
            return results[operand.step]
