"""The compiled run over a batch: takes each event through step.py and writes the columns of the matrix."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jingwei.features.definition import DAY_ZERO_WEEKDAY, LATENESS, Kind
from jingwei.features.exact import Words, compiled, deviation, double
from jingwei.features.program import (
    AMOUNT,
    AT,
    CLOCK,
    COLUMN_WORDS,
    COLUMNS,
    COLUMNS_AT,
    COUNTS_AT,
    ENTITIES,
    FIELD,
    HEAD,
    HEADER,
    ID_COLUMN,
    KIND,
    KINDS,
    LAST_AMOUNT,
    LAST_AT,
    MARK_WORDS,
    MARKS,
    MARKS_AT,
    NEVER,
    NEWEST,
    PAYMENT_WIDTH,
    PAYMENTS_AT,
    PRELUDE,
    REF_AT,
    REPORT_HEAD,
    REPORT_RING,
    REPORTS_AT,
    RING,
    ROW_WIDTH,
    ROWS_AT,
    SEEN,
    SIZE_OF,
    STACK,
    STEP_WORDS,
    STEPS,
    STEPS_AT,
    STOPPED_ENTITY,
    STOPPED_PART,
    STOPPED_ROW,
    STORE,
    STREAM_CLOCK,
    SWEPT,
    TAILS,
    TAINT,
    USED,
)
from jingwei.features.step import begin, forget, pay, report, room_to_count
from jingwei.features.terms import OPERATIONS
from jingwei.kernel.clock import BANK_OFFSET, DAY, HOUR

Matrix = NDArray[np.float64]

COUNT = KINDS.index(Kind.COUNT)
SUM = KINDS.index(Kind.SUM)
MEAN = KINDS.index(Kind.MEAN)
MAX = KINDS.index(Kind.MAX)
MIN = KINDS.index(Kind.MIN)
DEVIATION = KINDS.index(Kind.DEVIATION)
DISTINCT = KINDS.index(Kind.DISTINCT)
LAST = KINDS.index(Kind.LAST)
TIME_SINCE = KINDS.index(Kind.TIME_SINCE)
AGE = KINDS.index(Kind.AGE)
SHARE = KINDS.index(Kind.SHARE)
FRAUD_COUNT = KINDS.index(Kind.FRAUD_COUNT)

INPUT = OPERATIONS.index("input")
CONSTANT = OPERATIONS.index("constant")
PLUS = OPERATIONS.index("+")
MINUS = OPERATIONS.index("-")
TIMES = OPERATIONS.index("*")
RATIO = OPERATIONS.index("ratio")
LARGER = OPERATIONS.index("larger")
SMALLER = OPERATIONS.index("smaller")
CHOOSE = OPERATIONS.index("choose")
LESS = OPERATIONS.index("<")
AT_MOST = OPERATIONS.index("<=")
MORE = OPERATIONS.index(">")


@compiled
def run(m: Words, numbers: Matrix, events: Words, out: Matrix) -> bool:
    """Advance over a batch (rows of kind, at, ref_at, amount, room for S, ids) and write its features; True
    when all is done.

    One entity after the other over the whole batch, for they do not depend on each other. A row is either
    wholly done or not begun: False when a part of the memory is full; enlarge the one that is named there and
    run again.
    """
    clock = m[STREAM_CLOCK]
    for one in range(events.shape[0]):
        if events[one, KIND] == 0:
            clock = max(clock, events[one, AT])
        events[one, NEWEST] = clock
    first = m[STOPPED_ROW]
    if first == 0 and m[STOPPED_ENTITY] == 0:
        for one in range(events.shape[0]):
            for column in range(out.shape[1]):
                out[one, column] = np.nan
    for entity in range(m[STOPPED_ENTITY], m[ENTITIES]):
        e = PRELUDE + HEADER * entity
        reached = advance(m, e, numbers, events, out, first)
        if reached < events.shape[0]:
            m[STOPPED_ENTITY] = entity
            m[STOPPED_ROW] = reached
            m[STOPPED_PART] = full_part(m, e, events[reached, KIND])
            return False
        first = 0
    for one in range(events.shape[0]):
        if events[one, KIND] == 0:
            derive(m, numbers, events, out, one)
    m[STREAM_CLOCK] = clock
    m[STOPPED_ENTITY] = 0
    m[STOPPED_ROW] = 0
    m[STOPPED_PART] = 0
    return True


@compiled
def full_part(m: Words, e: int, kind: int) -> int:
    """Which part of the entity's memory stopped the run."""
    if kind != 0:
        return REPORTS_AT
    return PAYMENTS_AT if room_to_count(m, e) else COUNTS_AT


@compiled
def advance(m: Words, e: int, numbers: Matrix, events: Words, out: Matrix, first: int) -> int:
    """One entity over the batch from row `first`; the row that was reached, the batch's length when all is
    done.
    """
    ids = m[e + ID_COLUMN]
    for one in range(first, events.shape[0]):
        who = events[one, ids]
        if who == 0:
            continue
        row = m[e + ROWS_AT] + who * m[e + ROW_WIDTH]
        if m[row + USED] == 0:
            begin(m, e, row)
        m[row + SEEN] = events[one, NEWEST]
        if events[one, KIND] != 0:
            if not report(m, e, row, events[one, REF_AT]):
                return one
            continue
        m[row + CLOCK] = max(m[row + CLOCK], events[one, AT], events[one, NEWEST] - LATENESS)
        if not room_to_count(m, e) or not pay(m, e, who, row, events, one):
            return one
        write(m, e, row, numbers, out, one)
    return int(events.shape[0])


@compiled
def write(m: Words, e: int, row: int, numbers: Matrix, out: Matrix, one: int) -> None:
    """Write an entity's columns for one payment."""
    start = m[e + COLUMNS_AT]
    for at in range(start, start + m[e + COLUMNS] * COLUMN_WORDS, COLUMN_WORDS):
        operation, column = m[at], m[at + 1]
        if operation >= FRAUD_COUNT:
            out[one, column] = delayed(m, e, row, at, numbers[column])
        elif operation in (LAST, TIME_SINCE):
            limit = m[row + CLOCK] - m[m[e + MARKS_AT] + m[at + 2] * MARK_WORDS]
            if m[row + LAST_AT] <= limit:
                out[one, column] = numbers[column]
            elif operation == LAST:
                out[one, column] = float(m[row + LAST_AMOUNT])
            else:
                out[one, column] = float(m[row + CLOCK] - m[row + LAST_AT]) / 1e6
        else:
            out[one, column] = aggregate(m, e, row, at, numbers[column])


@compiled
def aggregate(m: Words, e: int, row: int, at: int, empty: float) -> float:
    """The value of an aggregate over the payments inside a mark; `at` is the column's address."""
    operation, slot = m[at], row + m[at + 4]
    n = m[row + HEAD] - m[row + TAILS + m[at + 2]]
    if operation == COUNT:
        return float(n)
    if operation == DISTINCT:
        return float(m[slot])
    if operation == SUM:
        return double(np.uint64(m[slot]), np.uint64(m[slot + 1]))
    if n == 0 or (n == 1 and operation == DEVIATION):
        return empty
    if operation == MEAN:
        return double(np.uint64(m[slot]), np.uint64(m[slot + 1])) / float(n)
    if operation == SHARE:
        return float(m[slot]) / float(n)
    if operation == DEVIATION:
        return deviation(m, slot, row + m[at + 5], n)
    return extreme(m, e, row, at, n)


@compiled
def extreme(m: Words, e: int, row: int, at: int, n: int) -> float:
    """Age, largest or smallest amount of the n >= 1 payments inside a mark; looks through them if it is not
    known.
    """
    mask, head, width = m[row + RING + 1] - 1, m[row + HEAD], m[e + PAYMENT_WIDTH]
    first = m[e + PAYMENTS_AT] + m[row + RING] * width
    oldest = first + ((head - n) & mask) * width
    if m[at] == AGE:
        return float(m[row + CLOCK] - m[oldest]) / 1e6
    slot = row + m[at + 4]
    if m[slot + 1] == 1:
        best = m[oldest + 1]
        for place in range(head - n + 1, head):
            amount = m[first + (place & mask) * width + 1]
            best = max(best, amount) if m[at] == MAX else min(best, amount)
        m[slot] = best
        m[slot + 1] = 0
    return float(m[slot])


@compiled
def delayed(m: Words, e: int, row: int, at: int, empty: float) -> float:
    """Reports, or reports over payments, between two marks."""
    tails = row + TAILS + m[e + MARKS]
    reports = float(m[tails + m[at + 3]] - m[tails + m[at + 2]])
    if m[at] == FRAUD_COUNT:
        return reports
    payments = m[row + TAILS + m[at + 5]] - m[row + TAILS + m[at + 4]]
    return reports / float(payments) if payments > 0 else empty


@compiled
def derive(m: Words, numbers: Matrix, events: Words, out: Matrix, one: int) -> None:
    """Compute the derived features of one payment by their recorded steps, on a stack at the end of
    `numbers`.
    """
    bottom = numbers.size - STACK
    top = bottom
    tainted = False
    start = m[STEPS_AT]
    for at in range(start, start + m[STEPS] * STEP_WORDS, STEP_WORDS):
        operation, operand = m[at], m[at + 1]
        if operation == STORE:
            top = bottom
            out[one, operand] = np.nan if tainted else numbers[bottom]
            tainted = False
        elif operation == TAINT:
            tainted |= np.isnan(out[one, operand])
        elif operation == INPUT:
            numbers[top] = out[one, operand]
            top += 1
        elif operation == CONSTANT:
            numbers[top] = numbers[out.shape[1] + operand]
            top += 1
        elif operation == FIELD:
            numbers[top] = field(operand, events[one, AT], events[one, AMOUNT])
            top += 1
        else:
            top = operate(operation, numbers, top)


@compiled
def field(number: int, at: int, amount: int) -> float:
    """A payment's own field, by its place in OWN_FIELDS."""
    if number == 0:
        return float(amount)
    if number == 1:
        return float((at + BANK_OFFSET) // HOUR % 24)
    return float(((at + BANK_OFFSET) // DAY + DAY_ZERO_WEEKDAY) % 7)


@compiled
def operate(operation: int, numbers: Matrix, top: int) -> int:
    """Replace the operation's operands at the top of the stack by its result; the new height of the stack."""
    if operation in (RATIO, CHOOSE):
        a, b, c = numbers[top - 3], numbers[top - 2], numbers[top - 1]
        if operation == RATIO:
            numbers[top - 3] = a / b if b != 0.0 else c
        else:
            numbers[top - 3] = b if a != 0.0 else c
        return top - 2
    numbers[top - 2] = of_two(operation, numbers[top - 2], numbers[top - 1])
    return top - 1


@compiled
def of_two(operation: int, a: float, b: float) -> float:
    """An operation on two numbers; comparisons give 1 or 0."""
    if operation == PLUS:
        return a + b
    if operation == MINUS:
        return a - b
    if operation == TIMES:
        return a * b
    if operation == LARGER:
        return a if a > b else b
    if operation == SMALLER:
        return a if a < b else b
    return 1.0 if compares(operation, a, b) else 0.0


@compiled
def compares(operation: int, a: float, b: float) -> bool:
    """Whether a comparison holds."""
    if operation == LESS:
        return a < b
    if operation == AT_MOST:
        return a <= b
    return a > b if operation == MORE else a >= b


@compiled
def sweep(m: Words, entity: int, horizon: int, found: Words) -> int:
    """Forget entity values last seen at or before the horizon, among as many rows as `found` has places.

    Writes their numbers there and returns how many.
    """
    e = PRELUDE + HEADER * entity
    n = 0
    size = m[e + ROWS_AT + SIZE_OF]
    who = m[e + SWEPT]
    for _ in range(min(found.size, size)):
        who = who + 1 if who + 1 < size else 0
        row = m[e + ROWS_AT] + who * m[e + ROW_WIDTH]
        if m[row + USED] == 1 and m[row + SEEN] <= horizon and newest_report(m, e, row) <= horizon:
            forget(m, e, who, row)
            found[n] = who
            n += 1
    m[e + SWEPT] = who
    return n


@compiled
def newest_report(m: Words, e: int, row: int) -> int:
    """The latest payment that a report still kept speaks of."""
    head = m[row + REPORT_HEAD]
    if head == m[row + TAILS + m[e + MARKS]] or m[row + REPORT_RING + 1] == 0:
        return NEVER
    place = m[row + REPORT_RING] + ((head - 1) & (m[row + REPORT_RING + 1] - 1))
    return int(m[m[e + REPORTS_AT] + place])
