"""Turns a list of definitions into tables of whole numbers that the compiled step reads.

For every entity: its *marks* (distinct lengths of time looked back from T, longest first), the *sums* that
must be kept up to date whenever a payment enters or leaves a mark, and the *columns* to write. All of it
stands in one int64 array; the places of the parts stand in the entity's header.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from jingwei.features.definition import DELAYED, OWN_FIELDS, Definition, Derived, Feature, Kind, entities_of
from jingwei.features.terms import OPERATIONS, Term, read

# What is kept for a mark (operation, slot, first parameter, second parameter).
SUM_OF: Final = 0
SQUARES_OF: Final = 1
SHARE_OF: Final = 2
DISTINCT_OF: Final = 3
MAX_OF: Final = 4
MIN_OF: Final = 5
SLOTS: Final = {SUM_OF: 2, SQUARES_OF: 2, SHARE_OF: 1, DISTINCT_OF: 2, MAX_OF: 2, MIN_OF: 2}
"""How many words of an entity's row each of them takes."""

KINDS: Final = tuple(Kind)
"""A column's operation is the place of its Kind in this tuple."""
AMOUNT_OVER: Final = -1
"""Marks a share's condition as an amount; else the two parameters are hours."""

# Words of an entity's row before its tails. A ring is three words: first row in its arena, size, head.
CLOCK: Final = 0
SEEN: Final = 1
USED: Final = 2
RING: Final = 3
HEAD: Final = 5
REPORT_RING: Final = 6
REPORT_HEAD: Final = 8
LAST_AT: Final = 9
LAST_AMOUNT: Final = 10
TAILS: Final = 11

# Words of an entity's header.
MARKS_AT: Final = 0
MARKS: Final = 1
REPORT_MARKS_AT: Final = 2
REPORT_MARKS: Final = 3
SUMS_AT: Final = 4
SUMS: Final = 5
COLUMNS_AT: Final = 6
COLUMNS: Final = 7
ROW_WIDTH: Final = 8
PAYMENT_WIDTH: Final = 9
ID_COLUMN: Final = 10
VALUES_AT: Final = 11
ROWS_AT: Final = 12
PAYMENTS_AT: Final = 15
REPORTS_AT: Final = 18
COUNTS_AT: Final = 21
PARTS: Final = (ROWS_AT, PAYMENTS_AT, REPORTS_AT, COUNTS_AT)
SIZE_OF: Final = 1
USED_OF: Final = 2
"""A part of the memory is three words: where it starts, its size in rows, how many of them are used."""
PAYMENTS_FREE: Final = 24
REPORTS_FREE: Final = 64
"""Free rings of each size: first row + 1 of the first one, 0 for none."""
SWEPT: Final = 104
HEADER: Final = 105

# Words before the headers.
ENTITIES: Final = 0
STEPS_AT: Final = 1
STEPS: Final = 2
FIXED: Final = 3
"""How many words the program has; the parts follow them in the memory."""
STOPPED_ENTITY: Final = 4
STOPPED_ROW: Final = 5
STOPPED_PART: Final = 6
STREAM_CLOCK: Final = 7
PRELUDE: Final = 8

NEVER: Final = -(2**61)
FOREVER: Final = 2**61

# Columns of the whole numbers of a batch; the entities' ids follow.
KIND: Final = 0
AT: Final = 1
REF_AT: Final = 2
AMOUNT: Final = 3
NEWEST: Final = 4
"""S of the definition: written by the run itself."""
FIRST_ID: Final = 5

MARK_WORDS: Final = 3
"""Length of time, first of its sums, one past its last."""
SUM_WORDS: Final = 4
COLUMN_WORDS: Final = 6
"""Operation, column of the matrix, mark, second mark, first slot, second slot."""
STEP_WORDS: Final = 2
"""Operation, operand."""


@dataclass
class Table:
    """What one entity needs, while the definitions are gathered."""

    entities: tuple[str, ...]
    features: list[tuple[int, Feature]] = field(default_factory=list)

    def counted(self) -> list[str]:
        """Entities whose values are stored with each payment, for distinct."""
        return sorted(
            {feature.value.of for _, feature in self.features if feature.value.kind == Kind.DISTINCT}
        )

    def marks(self) -> list[int]:
        """Lengths of time kept over payments, longest first."""
        marks = set()
        for _, feature in self.features:
            if feature.value.kind == Kind.FRAUD_SHARE:
                marks |= {feature.value.delay + feature.over, feature.value.delay}
            elif feature.value.kind != Kind.FRAUD_COUNT:
                marks.add(feature.over)
        return sorted(marks, reverse=True)

    def report_marks(self) -> list[int]:
        """Lengths of time kept over reports, longest first."""
        marks = set()
        for _, feature in self.features:
            if feature.value.kind in DELAYED:
                marks |= {feature.value.delay + feature.over, feature.value.delay}
        return sorted(marks, reverse=True)


@dataclass(frozen=True)
class Program:
    """The definitions as numbers.

    entities: single ones first, then pairs. words: prelude, headers, then what the headers and the prelude
    point to. numbers: the value of each column when there is nothing to tell, the derived features'
    constants, their stack. longest: the longest time looked back, in microseconds.
    """

    entities: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]
    words: NDArray[np.int64]
    numbers: NDArray[np.float64]
    longest: int


def build(definitions: Sequence[Definition]) -> Program:
    """The program of a checked list of definitions."""
    tables = _tables(definitions)
    places = {table.entities: place for place, table in enumerate(tables)}
    words = [0] * (PRELUDE + HEADER * len(tables))
    for place, table in enumerate(tables):
        start = PRELUDE + HEADER * place
        header = _lay_out(table, places, words)
        header[ID_COLUMN] = FIRST_ID + place
        words[start : start + HEADER] = header
    steps, constants = _derived(definitions)
    words[ENTITIES], words[STEPS_AT], words[STEPS], words[STREAM_CLOCK] = (
        len(tables),
        len(words),
        len(steps),
        NEVER,
    )
    words += [word for step in steps for word in step]
    words[FIXED] = len(words)
    empties = [one.empty if isinstance(one, Feature) else 0.0 for one in definitions]
    return Program(
        tuple(table.entities for table in tables),
        tuple(one.name for one in definitions),
        np.array(words, np.int64),
        np.array(empties + constants + [0.0] * STACK, np.float64),
        max([0, *(length for table in tables for length in table.marks() + table.report_marks())]),
    )


def _tables(definitions: Sequence[Definition]) -> list[Table]:
    features = [(place, one) for place, one in enumerate(definitions) if isinstance(one, Feature)]
    keys = {entities_of(feature.by) for _, feature in features}
    singles = {name for key in keys for name in key}
    singles |= {feature.value.of for _, feature in features if feature.value.kind == Kind.DISTINCT}
    ordered = [(name,) for name in sorted(singles)] + sorted(key for key in keys if len(key) > 1)
    return [Table(key, [one for one in features if entities_of(one[1].by) == key]) for key in ordered]


def _lay_out(table: Table, places: dict[tuple[str, ...], int], words: list[int]) -> list[int]:
    """Append the entity's marks, sums and columns to the words; return its header."""
    header = [0] * HEADER
    marks, report_marks, counted = table.marks(), table.report_marks(), table.counted()
    first_slot = TAILS + len(marks) + len(report_marks)
    sums, slots, width = _sums(table, marks, counted, first_slot)
    header[PAYMENT_WIDTH] = 2 + len(counted)
    header[VALUES_AT] = len(words)
    words += [FIRST_ID + places[(name,)] for name in counted]
    header[MARKS_AT], header[MARKS] = len(words), len(marks)
    for mark in range(len(marks)):
        mine = [place for place, one in enumerate(sums) if one[0] == mark]
        words += [marks[mark], mine[0] if mine else 0, mine[-1] + 1 if mine else 0]
    header[REPORT_MARKS_AT], header[REPORT_MARKS] = len(words), len(report_marks)
    for mark in report_marks:
        words += [mark, 0, 0]
    header[SUMS_AT], header[SUMS] = len(words), len(sums)
    for one in sums:
        words += one[1:]
    columns = [_column(place, feature, marks, report_marks, slots) for place, feature in table.features]
    header[COLUMNS_AT], header[COLUMNS] = len(words), len(columns)
    for column in columns:
        words += column
    header[ROW_WIDTH] = width
    return header


Need = tuple[int, int, int, int]
"""Mark, operation, first parameter, second parameter: what a feature needs to be kept."""


def _needs(feature: Feature, marks: list[int], counted: list[str]) -> list[Need]:
    """Sums that the feature reads, in the order in which its column names their slots."""
    kind = feature.value.kind
    if kind in DELAYED:
        return []
    mark = marks.index(feature.over)
    if kind == Kind.DISTINCT:
        return [(mark, DISTINCT_OF, 2 + counted.index(feature.value.of), 0)]
    condition = feature.value.condition
    if kind == Kind.SHARE and condition is not None:
        if condition.kind == "amount_over":
            return [(mark, SHARE_OF, AMOUNT_OVER, condition.first)]
        return [(mark, SHARE_OF, condition.first, condition.last)]
    operations = {
        Kind.SUM: [SUM_OF],
        Kind.MEAN: [SUM_OF],
        Kind.DEVIATION: [SUM_OF, SQUARES_OF],
        Kind.MAX: [MAX_OF],
        Kind.MIN: [MIN_OF],
    }
    return [(mark, operation, 0, 0) for operation in operations.get(kind, [])]


def _sums(
    table: Table, marks: list[int], counted: list[str], first_slot: int
) -> tuple[list[list[int]], dict[str, list[int]], int]:
    """The sums to keep (mark, operation, slot, parameters), the slots each feature reads, the row's width."""
    needs = {feature.name: _needs(feature, marks, counted) for _, feature in table.features}
    slot_of: dict[Need, int] = {}
    slot = first_slot
    sums = []
    for need in sorted({need for each in needs.values() for need in each}):
        slot_of[need] = slot
        sums.append([need[0], need[1], slot, need[2], need[3]])
        slot += SLOTS[need[1]]
    return sums, {name: [slot_of[need] for need in each] for name, each in needs.items()}, slot


def _column(
    place: int, feature: Feature, marks: list[int], report_marks: list[int], slots: dict[str, list[int]]
) -> list[int]:
    operation = KINDS.index(feature.value.kind)
    if feature.value.kind in DELAYED:
        lengths = feature.value.delay + feature.over, feature.value.delay
        ends = [report_marks.index(length) for length in lengths]
        if feature.value.kind == Kind.FRAUD_SHARE:
            return [operation, place, *ends, *(marks.index(length) for length in lengths)]
        return [operation, place, *ends, 0, 0]
    mine = [*slots[feature.name], 0, 0][:2]
    return [operation, place, marks.index(feature.over), 0, *mine]


# Operations of the derived features' steps beyond those of terms.OPERATIONS.
FIELD: Final = len(OPERATIONS)
TAINT: Final = len(OPERATIONS) + 1
STORE: Final = len(OPERATIONS) + 2
STACK: Final = 64
"""Most numbers a derived feature's steps may hold at once."""


def _derived(definitions: Sequence[Definition]) -> tuple[list[tuple[int, int]], list[float]]:
    """Derived features as steps of a stack machine, (operation, operand) each, and their constants."""
    steps: list[tuple[int, int]] = []
    constants: list[float] = []
    columns: dict[str, int] = {}
    for place, one in enumerate(definitions):
        if isinstance(one, Derived):
            inputs = [
                (0, columns[name]) if name in columns else (FIELD, OWN_FIELDS.index(name)) for name in one.of
            ]
            formula = read(one.value, len(one.of))
            if _depth(formula) > STACK:
                raise ValueError(f"{one.name}: its formula is too deep")
            _postfix(formula, inputs, steps, constants)
            steps += [(TAINT, operand) for operation, operand in inputs if operation == 0]
            steps.append((STORE, place))
        columns[one.name] = place
    return steps, constants


def _depth(formula: Term) -> int:
    """How many numbers the formula's steps hold at once."""
    return max([1, *(place + _depth(part) for place, part in enumerate(formula.over))])


def _postfix(
    formula: Term, inputs: list[tuple[int, int]], steps: list[tuple[int, int]], constants: list[float]
) -> None:
    if formula.operation == "input":
        steps.append(inputs[int(formula.value)])
    elif formula.operation == "constant":
        steps.append((OPERATIONS.index("constant"), len(constants)))
        constants.append(formula.value)
    else:
        for part in formula.over:
            _postfix(part, inputs, steps, constants)
        steps.append((OPERATIONS.index(formula.operation), 0))
