"""The compiled step: payments enter and leave the windows of their entity, in arrival order.

`m` is the memory, `e` the address of the entity's header in it, `row` that of the entity value's row, `who`
its number. A payment is an address too: its words are `at`, the amount and the numbers of the entities that
are counted.
"""

from __future__ import annotations

import numpy as np

from jingwei.features.exact import Words, add, compiled, product, subtract
from jingwei.features.memory import count_down, count_up, cut, give_back
from jingwei.features.program import (
    AMOUNT,
    AMOUNT_OVER,
    AT,
    CLOCK,
    COUNTS_AT,
    DISTINCT_OF,
    FOREVER,
    HEAD,
    LAST_AMOUNT,
    LAST_AT,
    MARK_WORDS,
    MARKS,
    MARKS_AT,
    MAX_OF,
    MIN_OF,
    NEVER,
    PAYMENT_WIDTH,
    PAYMENTS_AT,
    PAYMENTS_FREE,
    REPORT_HEAD,
    REPORT_MARKS,
    REPORT_MARKS_AT,
    REPORT_RING,
    REPORTS_AT,
    REPORTS_FREE,
    RING,
    ROW_WIDTH,
    SHARE_OF,
    SIZE_OF,
    SQUARES_OF,
    SUM_OF,
    SUM_WORDS,
    SUMS,
    SUMS_AT,
    TAILS,
    USED,
    USED_OF,
    VALUES_AT,
)
from jingwei.kernel.clock import BANK_OFFSET, HOUR

NONE_YET = 2**62
"""A smallest amount before there is any."""
SMALLEST_RING = 4
LONG_WINDOW = 64
SHORT_WINDOW = 16
"""Payments in a window from which different values are kept counted, and below which they no longer are."""


@compiled
def begin(m: Words, e: int, row: int) -> None:
    """Make a row ready for an entity value seen for the first time."""
    m[row + USED] = 1
    m[row + CLOCK] = NEVER
    at = m[e + SUMS_AT]
    for one in range(m[e + SUMS]):
        if m[at + one * SUM_WORDS] == MIN_OF:
            m[row + m[at + one * SUM_WORDS + 1]] = NONE_YET


@compiled
def satisfies(first: int, last: int, at: int, amount: int) -> int:
    """1 when a payment satisfies a share's condition (two parameters, see program.py), else 0."""
    if first == AMOUNT_OVER:
        return 1 if amount > last else 0
    hour = (at + BANK_OFFSET) // HOUR % 24
    if first <= last:
        return 1 if first <= hour and hour < last else 0
    return 1 if hour >= first or hour < last else 0


@compiled
def occurs(m: Words, e: int, row: int, mark: int, word: int, value: int) -> int:
    """How many payments inside a mark have this value in a word of theirs, up to 2."""
    tail, head = m[row + TAILS + (mark - m[e + MARKS_AT]) // MARK_WORDS], m[row + HEAD]
    width, mask = m[e + PAYMENT_WIDTH], m[row + RING + 1] - 1
    first = m[e + PAYMENTS_AT] + m[row + RING] * width + word
    found = 0
    for place in range(tail, head):
        if m[first + (place & mask) * width] == value:
            found += 1
            if found == 2:
                break
    return found


@compiled
def count_all(m: Words, e: int, row: int, mark: int, name: int, more: bool) -> None:
    """Put the values of all payments inside a mark into the table of counts, or take them out."""
    word = m[m[e + SUMS_AT] + (name & 255) * SUM_WORDS + 2]
    width, mask = m[e + PAYMENT_WIDTH], m[row + RING + 1] - 1
    first = m[e + PAYMENTS_AT] + m[row + RING] * width + word
    for place in range(m[row + TAILS + (mark - m[e + MARKS_AT]) // MARK_WORDS], m[row + HEAD]):
        value = m[first + (place & mask) * width]
        if value > 0 and more:
            count_up(m, e, name | value << 8)
        elif value > 0:
            count_down(m, e, name | value << 8)


@compiled
def one_more(m: Words, e: int, row: int, mark: int, name: int, value: int) -> int:
    """1 when a value that enters a mark is new there, else 0.

    name: whose and which distinct number. A short window is looked through; a long one is kept in the table
    of counts from LONG_WINDOW payments on until fewer than SHORT_WINDOW are left.
    """
    at = m[e + SUMS_AT] + (name & 255) * SUM_WORDS
    counted = row + m[at + 1] + 1
    if m[counted] == 1:
        return 1 if value > 0 and count_up(m, e, name | value << 8) == 1 else 0
    if m[row + HEAD] - m[row + TAILS + (mark - m[e + MARKS_AT]) // MARK_WORDS] >= LONG_WINDOW:
        m[counted] = 1
        count_all(m, e, row, mark, name, True)
    return 1 if value > 0 and occurs(m, e, row, mark, m[at + 2], value) == 1 else 0


@compiled
def one_less(m: Words, e: int, row: int, mark: int, name: int, value: int) -> int:
    """1 when a value that left a mark occurs there no more, else 0."""
    at = m[e + SUMS_AT] + (name & 255) * SUM_WORDS
    counted = row + m[at + 1] + 1
    if m[counted] == 0:
        return 1 if value > 0 and occurs(m, e, row, mark, m[at + 2], value) == 0 else 0
    gone = 1 if value > 0 and count_down(m, e, name | value << 8) == 0 else 0
    if m[row + HEAD] - m[row + TAILS + (mark - m[e + MARKS_AT]) // MARK_WORDS] < SHORT_WINDOW:
        m[counted] = 0
        count_all(m, e, row, mark, name, False)
    return gone


@compiled
def enter(m: Words, e: int, who: int, row: int, mark: int, payment: int) -> None:
    """Add a payment to all that is kept for a mark (its address)."""
    amount = m[payment + 1]
    for one in range(m[mark + 1], m[mark + 2]):
        at = m[e + SUMS_AT] + one * SUM_WORDS
        operation, slot = m[at], row + m[at + 1]
        if operation == SUM_OF:
            add(m, slot, np.uint64(0), np.uint64(amount))
        elif operation == SQUARES_OF:
            high, low = product(np.uint64(amount), np.uint64(amount))
            add(m, slot, high, low)
        elif operation == DISTINCT_OF:
            m[slot] += one_more(m, e, row, mark, who << 36 | one, m[payment + m[at + 2]])
        elif operation == SHARE_OF:
            m[slot] += satisfies(m[at + 2], m[at + 3], m[payment], amount)
        elif amount == m[slot] or (amount > m[slot]) == (operation == MAX_OF):
            m[slot] = amount
            m[slot + 1] = 0


@compiled
def leave(m: Words, e: int, who: int, row: int, mark: int, payment: int) -> None:
    """Take a payment out of all that is kept for a mark; a largest or smallest amount that left is marked
    unknown.
    """
    amount = m[payment + 1]
    for one in range(m[mark + 1], m[mark + 2]):
        at = m[e + SUMS_AT] + one * SUM_WORDS
        operation, slot = m[at], row + m[at + 1]
        if operation == SUM_OF:
            subtract(m, slot, np.uint64(0), np.uint64(amount))
        elif operation == SQUARES_OF:
            high, low = product(np.uint64(amount), np.uint64(amount))
            subtract(m, slot, high, low)
        elif operation == DISTINCT_OF:
            m[slot] -= one_less(m, e, row, mark, who << 36 | one, m[payment + m[at + 2]])
        elif operation == SHARE_OF:
            m[slot] -= satisfies(m[at + 2], m[at + 3], m[payment], amount)
        elif amount == m[slot]:
            m[slot + 1] = 1


@compiled
def expire(m: Words, e: int, who: int, row: int, clock: int) -> None:
    """Let everything leave that is not after clock - mark, payments and reports."""
    head, width, mark = m[row + HEAD], m[e + PAYMENT_WIDTH], m[e + MARKS_AT]
    first, mask = m[e + PAYMENTS_AT] + m[row + RING] * width, m[row + RING + 1] - 1
    for tail_at in range(row + TAILS, row + TAILS + m[e + MARKS]):
        limit = clock - m[mark]
        tail = m[tail_at]
        while tail < head:
            payment = first + (tail & mask) * width
            if m[payment] > limit:
                break
            tail += 1
            m[tail_at] = tail
            leave(m, e, who, row, mark, payment)
        mark += MARK_WORDS
    expire_reports(m, e, row, clock)


@compiled
def expire_reports(m: Words, e: int, row: int, clock: int) -> None:
    """Let the reports leave whose payments are not after clock - mark."""
    head, mark = m[row + REPORT_HEAD], m[e + REPORT_MARKS_AT]
    first, mask = m[e + REPORTS_AT] + m[row + REPORT_RING], m[row + REPORT_RING + 1] - 1
    tails = row + TAILS + m[e + MARKS]
    for tail_at in range(tails, tails + m[e + REPORT_MARKS]):
        tail = m[tail_at]
        while tail < head and m[first + (tail & mask)] <= clock - m[mark]:
            tail += 1
        m[tail_at] = tail
        mark += MARK_WORDS


@compiled
def wanted_size(size: int, held: int) -> int:
    """The size a ring should have to take one more row."""
    if held == size:
        return max(SMALLEST_RING, 2 * size)
    if size > 2 * SMALLEST_RING and 8 * held < size:
        return size // 2
    return size


@compiled
def make_room(m: Words, part: int, free: int, width: int, ring: int, tail: int) -> bool:
    """See that the ring has a free place, growing or shrinking it; False when the arena is full.

    part, free: addresses of the arena and its free lists; ring: address of the ring; tail: its oldest row.
    """
    size, head = m[ring + 1], m[ring + 2]
    wanted = wanted_size(size, head - tail)
    if wanted == size:
        return True
    first = cut(m, part, free, width, wanted)
    if first < 0:
        return bool(wanted < size)
    arena = m[part]
    for place in range(tail, head):
        new, old = first + (place & (wanted - 1)), m[ring] + (place & (size - 1))
        for word in range(width):
            m[arena + new * width + word] = m[arena + old * width + word]
    if size > 0:
        give_back(m, part, free, width, ring)
    m[ring] = first
    m[ring + 1] = wanted
    return True


@compiled
def open_place(m: Words, part: int, width: int, ring: int, tail: int, at: int) -> int:
    """Free the place in a ring for a row at this moment, after its equals; return its address."""
    first, mask = m[part] + m[ring] * width, m[ring + 1] - 1
    place = m[ring + 2]
    while place > tail and m[first + ((place - 1) & mask) * width] > at:
        for word in range(width):
            m[first + (place & mask) * width + word] = m[first + ((place - 1) & mask) * width + word]
        place -= 1
    m[ring + 2] += 1
    return int(first + (place & mask) * width)


@compiled
def insert(m: Words, e: int, who: int, row: int, events: Words, one: int) -> None:
    """Store a payment and let it enter the marks that it is not too late for. Room has been made."""
    at, clock, mark = events[one, AT], m[row + CLOCK], m[e + MARKS_AT]
    if at <= clock - m[mark]:
        return
    payment = open_place(m, e + PAYMENTS_AT, m[e + PAYMENT_WIDTH], row + RING, m[row + TAILS], at)
    m[payment] = at
    m[payment + 1] = events[one, AMOUNT]
    for value in range(m[e + PAYMENT_WIDTH] - 2):
        m[payment + 2 + value] = events[one, m[m[e + VALUES_AT] + value]]
    for tail_at in range(row + TAILS, row + TAILS + m[e + MARKS]):
        if at > clock - m[mark]:
            enter(m, e, who, row, mark, payment)
        else:
            m[tail_at] += 1
        mark += MARK_WORDS


@compiled
def remember_last(m: Words, e: int, row: int) -> None:
    """Note the newest payment before the one that is about to be stored."""
    m[row + LAST_AT] = NEVER
    head = m[row + HEAD]
    if head > m[row + TAILS]:
        place = m[row + RING] + ((head - 1) & (m[row + RING + 1] - 1))
        payment = m[e + PAYMENTS_AT] + place * m[e + PAYMENT_WIDTH]
        m[row + LAST_AT] = m[payment]
        m[row + LAST_AMOUNT] = m[payment + 1]


@compiled
def pay(m: Words, e: int, who: int, row: int, events: Words, one: int) -> bool:
    """Take a payment into its windows; False, with nothing stored, when there is no room."""
    expire(m, e, who, row, m[row + CLOCK])
    if m[e + MARKS] == 0:
        return True
    part, free, width = e + PAYMENTS_AT, e + PAYMENTS_FREE, m[e + PAYMENT_WIDTH]
    if not make_room(m, part, free, width, row + RING, m[row + TAILS]):
        return False
    remember_last(m, e, row)
    insert(m, e, who, row, events, one)
    return True


@compiled
def report(m: Words, e: int, row: int, ref_at: int) -> bool:
    """Keep a fraud report while its payment may be inside a window; False when there is no room."""
    mark, tails = m[e + REPORT_MARKS_AT], row + TAILS + m[e + MARKS]
    if m[e + REPORT_MARKS] == 0 or ref_at <= m[row + CLOCK] - m[mark]:
        return True
    if not make_room(m, e + REPORTS_AT, e + REPORTS_FREE, 1, row + REPORT_RING, m[tails]):
        return False
    m[open_place(m, e + REPORTS_AT, 1, row + REPORT_RING, m[tails], ref_at)] = ref_at
    return True


@compiled
def room_to_count(m: Words, e: int) -> bool:
    """Whether the table of counts stays at most half full with one more payment."""
    more = m[e + COUNTS_AT + USED_OF] + m[e + SUMS] * LONG_WINDOW
    return bool(m[e + PAYMENT_WIDTH] == 2 or 2 * more <= m[e + COUNTS_AT + SIZE_OF])


@compiled
def forget(m: Words, e: int, who: int, row: int) -> None:
    """Let everything leave, give the rings back and clear the row."""
    expire(m, e, who, row, FOREVER)
    if m[row + RING + 1] > 0:
        give_back(m, e + PAYMENTS_AT, e + PAYMENTS_FREE, m[e + PAYMENT_WIDTH], row + RING)
    if m[row + REPORT_RING + 1] > 0:
        give_back(m, e + REPORTS_AT, e + REPORTS_FREE, 1, row + REPORT_RING)
    for word in range(m[e + ROW_WIDTH]):
        m[row + word] = 0
