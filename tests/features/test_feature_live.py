"""The live state: survives a restart, stays small, refuses what is malformed and leaves nothing half done."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.features.feature_histories import START, columns, every_aggregate, histories, same_bits, seeded

from jingwei.features.definition import LATENESS
from jingwei.features.events import EventColumns, part
from jingwei.features.live import LiveFeatures, SnapshotMismatch
from jingwei.features.replay import Event
from jingwei.kernel.clock import DAY, HOUR, MINUTE

EVERY = every_aggregate()


@settings(max_examples=30)
@given(histories(largest=60), st.data())
def test_a_restart_changes_nothing(events, data):
    cut = data.draw(st.integers(0, len(events.kind)))
    whole = LiveFeatures(EVERY).advance(events)
    before = LiveFeatures(EVERY)
    before.advance(part(events, 0, cut))
    after = LiveFeatures(EVERY)
    after.advance(part(events, 0, 1))
    after.restore(before.snapshot())
    assert same_bits(after.advance(part(events, cut, len(events.kind))), whole[cut:])


def test_a_long_history_survives_many_restarts():
    events = seeded(9000, seed=2, keys=900)
    whole = LiveFeatures(EVERY).advance(events)
    live, rows = LiveFeatures(EVERY), []
    for first in range(0, 9000, 1500):
        rows.append(live.advance(part(events, first, first + 1500)))
        snapshot = live.snapshot()
        live = LiveFeatures(EVERY)
        live.restore(snapshot)
    assert same_bits(np.vstack(rows), whole)


def test_the_state_is_the_same_to_the_byte_however_its_events_were_batched():
    """Memory is enlarged on the way, in another order for each; until the first sweep nothing may tell."""
    events, one_by_one = seeded(1200, seed=3, keys=300), LiveFeatures(EVERY)
    smallest = one_by_one.memory_bytes()
    for end in range(40, 1201, 40):
        for n in range(end - 40, end):
            one_by_one.advance(part(events, n, n + 1))
        at_once = LiveFeatures(EVERY)
        at_once.advance(part(events, 0, end))
        assert at_once.snapshot() == one_by_one.snapshot(), f"after {end} events"
    assert one_by_one.memory_bytes() > smallest, "something was enlarged"


def test_a_snapshot_of_other_definitions_is_refused():
    with pytest.raises(SnapshotMismatch, match="other definitions"):
        LiveFeatures(EVERY[1:]).restore(LiveFeatures(EVERY).snapshot())


def test_a_damaged_snapshot_is_refused_and_nothing_changes():
    events = seeded(300, seed=4, keys=5)
    live = LiveFeatures(EVERY)
    live.advance(part(events, 0, 200))
    snapshot = live.snapshot()
    other = bytearray(snapshot)
    other[len(other) // 2] ^= 1
    for damaged in (b"", snapshot[:-1], bytes(other), b"\xff" * 100):
        with pytest.raises(SnapshotMismatch):
            live.restore(damaged)
    whole = LiveFeatures(EVERY).advance(events)
    assert same_bits(live.advance(part(events, 200, 300)), whole[200:])


def passing_customers(n: int, each: int) -> list[Event]:
    """Customers who make some payments within a day and never come back, one after the other."""
    events = []
    for seq in range(n * each):
        at = START + (seq // each) * HOUR + (seq % each) * MINUTE
        names = {"customer": f"c{seq // each}", "payee": f"p{seq // each}", "terminal": "t"}
        events.append(Event(seq, int(seq % 8 == 7), at, at - DAY * (seq % 8 == 7), 5, names))
    return events


def test_memory_follows_the_windows_and_not_the_past():
    events = columns(passing_customers(15_000, 4))
    live = LiveFeatures(every_aggregate())
    window_hours = (live._program.longest + LATENESS) // HOUR
    sizes, names = [], []
    for first in range(0, 60_000, 6_000):
        live.advance(part(events, first, first + 6_000))
        sizes.append(live.memory_bytes())
        names.append(max(len(one.by_id) for one in live._names))
    assert sizes[-1] == sizes[4], "the second half of the history needs no more memory than the first"
    assert window_hours <= names[-1] < 2.5 * window_hours < 15_000, (
        "numbers of customers who are gone are given again"
    )


def test_forgotten_customers_change_nothing():
    events = columns(passing_customers(6_000, 4))
    forgetful, keeping = LiveFeatures(EVERY), LiveFeatures(EVERY)
    keeping.forget = lambda: None
    a = [forgetful.advance(part(events, first, first + 500)) for first in range(0, 24_000, 500)]
    b = [keeping.advance(part(events, first, first + 500)) for first in range(0, 24_000, 500)]
    assert same_bits(np.vstack(a), np.vstack(b))
    assert len(forgetful._names[0]) < len(keeping._names[0]), "something was forgotten"


def test_a_busy_terminal_and_then_a_quiet_one_shrinks():
    busy = [Event(s, 0, START + s, START + s, 7, {"customer": "c", "terminal": "t"}) for s in range(20_000)]
    quiet = [
        Event(s, 0, START + (s + 1) * 100 * DAY, START, 9, {"customer": "c", "terminal": "t"})
        for s in range(16)
    ]
    live = LiveFeatures(EVERY)
    live.advance(columns(busy))
    size = live.memory_bytes()
    out = live.advance(columns(quiet))
    assert out[-1, live.columns.index("count_90d")] == 1 and out[-1, live.columns.index("max_90d")] == 9
    live.advance(columns([one._replace(at=one.at + 1700 * DAY) for one in busy]))
    assert live.memory_bytes() == size, "the second burst lives where the first one lived"


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [("kind", 2, "kind"), ("amount_minor", -1, "amount_minor"), ("amount_minor", 10**15 + 1, "amount_minor"),
     ("at", 2**60, "^at must"), ("at", -(2**60), "^at must"), ("ref_at", 2**60, "ref_at must")],
)  # fmt: skip
def test_malformed_events_are_refused_and_change_nothing(column, value, message):
    events = seeded(50, seed=6, keys=3)
    live = LiveFeatures(EVERY)
    live.advance(part(events, 0, 25))
    before = live.snapshot()
    getattr(events, column)[30] = value
    with pytest.raises(ValueError, match=message):
        live.advance(events)
    assert live.snapshot() == before


def test_a_malformed_single_event_is_refused():
    events = seeded(50, seed=6, keys=3)
    events.amount_minor[30] = -5
    with pytest.raises(ValueError, match="amount_minor must be from 0 to 1000000000000000, not -5"):
        LiveFeatures(EVERY).advance(part(events, 30, 31))


def test_memory_that_runs_out_halfway_is_told_until_a_snapshot_is_restored(monkeypatch):
    live = LiveFeatures(EVERY)
    snapshot = live.snapshot()
    events = seeded(3000, seed=7, keys=2000)

    def no_memory(*_):
        raise MemoryError

    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr("jingwei.features.live.enlarge", no_memory)
        live.advance(events)
    with pytest.raises(RuntimeError, match="restore a snapshot"):
        live.advance(events)
    live.restore(snapshot)
    assert same_bits(live.advance(events), LiveFeatures(EVERY).advance(events))


def test_columns_of_different_lengths_are_refused():
    events = seeded(5, seed=6, keys=3)
    with pytest.raises(ValueError, match="different lengths"):
        LiveFeatures(EVERY).advance(events._replace(amount_minor=events.amount_minor[:4]))


def test_an_empty_batch_is_no_event():
    live = LiveFeatures(EVERY)
    before = live.snapshot()
    assert live.advance(columns([])).shape == (0, len(EVERY))
    assert live.snapshot() == before


def test_a_report_of_a_payment_yet_to_come_is_not_forgotten():
    early = Event(0, 1, START, START + 300 * DAY, 0, {"terminal": "t"})
    others = [
        Event(s, 0, START + s * DAY // 15, START, 5, {"terminal": f"t{s % 7}", "customer": "c"})
        for s in range(1, 4500)
    ]
    last = Event(4500, 0, START + 301 * DAY, START, 5, {"terminal": "t"})
    live = LiveFeatures(EVERY)
    live.advance(columns([early, *others]))
    live.advance(columns(others[-1:] * 4100))
    assert live.advance(columns([last]))[0, live.columns.index("frauds_90d_0")] == 1


class One(NamedTuple):
    """One event by itself, with the names of the entities as attributes."""

    kind: int
    at: int
    ref_at: int
    amount_minor: int
    customer: str = ""
    payee: str = ""
    device: str = ""
    terminal: str = ""
    place: str = ""


def one_by_one(events: EventColumns) -> list[One]:
    numbers = zip(*(column.tolist() for column in events[:4]), strict=True)
    values = zip(*events.entities.values(), strict=True)
    names = [dict(zip(events.entities, each, strict=True)) for each in values]
    return [One(*row, **who) for row, who in zip(numbers, names or [{}] * len(events.kind), strict=True)]


@settings(max_examples=30)
@given(histories(largest=40), st.integers(1, 5))
def test_events_one_by_one_have_the_bits_of_columns(events, few):
    whole = LiveFeatures(EVERY).advance(events)
    live, ones = LiveFeatures(EVERY), one_by_one(events)
    rows = np.empty((len(ones), len(EVERY)))
    for first in range(0, len(ones), few):
        live.advance_each(ones[first : first + few], rows[first : first + few])
    assert same_bits(rows, whole)


def test_one_event_out_of_range_changes_nothing():
    live = LiveFeatures(EVERY)
    before, out = live.snapshot(), np.empty((2, len(EVERY)))
    good = One(0, START, START, 100, customer="ann")
    for bad in (good._replace(kind=2), good._replace(at=2**60), good._replace(amount_minor=-1)):
        with pytest.raises(ValueError, match="must be from"):
            live.advance_each([good, bad], out)
    assert live.snapshot() == before
