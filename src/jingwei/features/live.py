"""Features of events as they arrive: exact, compiled, in memory bounded by what the windows hold."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from jingwei.features.catalogue import check_list, digest
from jingwei.features.columns import run, sweep
from jingwei.features.definition import LATENESS, Definition
from jingwei.features.events import EventColumns, Happened, check, check_numbers, part
from jingwei.features.memory import enlarge, header_of, start
from jingwei.features.program import (
    AMOUNT,
    AT,
    FIRST_ID,
    KIND,
    REF_AT,
    ROWS_AT,
    SIZE_OF,
    STOPPED_ENTITY,
    STOPPED_PART,
    STREAM_CLOCK,
    build,
)

FORMAT: Final = 1
SLICE: Final = 16_384
"""Largest number of events taken through the compiled run at once."""
SWEEP_EVERY: Final = 4_096
MOST_IDS: Final = 2**27


class SnapshotMismatch(ValueError):
    """A snapshot that these definitions cannot continue from."""


class Names(dict[Any, int]):
    """Gives every name of an entity a small number, and numbers of forgotten names again."""

    def __init__(self) -> None:
        super().__init__()
        self.by_id: list[Any] = [None]
        self.unused: list[int] = []

    def __missing__(self, name: Any) -> int:
        """The number of a name not seen before; nothing ("" or 0) has number 0."""
        if not name:
            return 0
        if self.unused:
            number = self.unused.pop()
            self.by_id[number] = name
        else:
            number = len(self.by_id)
            if number >= MOST_IDS:
                raise OverflowError("more than 134 million values of one entity inside its windows")
            self.by_id.append(name)
        self[name] = number
        return number

    def forget(self, number: int) -> None:
        """Make the number free for another name."""
        del self[self.by_id[number]]
        self.by_id[number] = None
        self.unused.append(number)


class Snapshot(msgspec.Struct, array_like=True):
    """What a snapshot holds: the flat memory, and the names."""

    format: int
    digest: str
    since_sweep: int
    memory: bytes
    names: list[list[Any]]
    unused: list[list[int]]


class LiveFeatures:
    """The definitions' features, advanced event by event or in batches with the same result."""

    def __init__(self, definitions: Sequence[Definition]) -> None:
        check_list(definitions)
        self.definitions = tuple(definitions)
        self.digest = digest(definitions)
        self._program = build(definitions)
        self.columns = self._program.names
        """Names of the matrix's columns."""
        self._memory = start(self._program.words)
        self._names = [Names() for _ in self._program.entities]
        self._since_sweep = 0
        self._halfway = False
        self._arrange()

    def advance(self, events: EventColumns) -> NDArray[np.float64]:
        """Features float64[n, k] of n events in arrival order, C-contiguous; the rows of fraud reports are
        all NaN.

        Raises ValueError (and changes nothing) for events that are not well formed.
        """
        check(events)
        n = len(events.kind)
        out = np.empty((n, len(self.columns)))
        for first in range(0, n, SLICE):
            last = min(first + SLICE, n)
            self._advance(events if n <= SLICE else part(events, first, last), out[first:last])
        return out

    def advance_each(self, happened: Sequence[Happened], out: NDArray[np.float64]) -> None:
        """`advance` for few events that come one by one, at most SLICE; writes their features into `out`.

        Measured: half the time of columns for one event, the same from some hundreds on.
        """
        self._run(self._each_row(happened), out)

    def _each_row(self, happened: Sequence[Happened]) -> NDArray[np.int64]:
        words: list[int] = []
        take, singles, pairs = self._take, self._singles, self._pairs
        fields = [take(one) for one in happened]
        for kind, at, ref_at, amount, *_ in fields:
            check_numbers(kind, at, ref_at, amount)
        for kind, at, ref_at, amount, *who in fields:
            row = [kind, at, ref_at, amount, *self._blank]
            for (_, column, names), name in zip(singles, who, strict=True):
                if name:
                    row[column] = names[name]
            for first, second, column, names in pairs:
                if row[first] and row[second]:
                    row[column] = names[row[first] << 32 | row[second]]
            words += row
        return np.array(words, np.int64).reshape(len(fields), -1)

    def _advance(self, events: EventColumns, out: NDArray[np.float64]) -> None:
        self._run(self._rows(events), out)

    def _run(self, rows: NDArray[np.int64], out: NDArray[np.float64]) -> None:
        if self._halfway:
            raise RuntimeError(
                "memory ran out inside an earlier batch: restore a snapshot and go on from there"
            )
        self._halfway = True
        for entity, names in enumerate(self._names):
            while len(names.by_id) > self._room[entity]:
                self._memory = enlarge(self._memory, entity, ROWS_AT)
                self._room[entity] *= 2
        while not run(self._memory, self._program.numbers, rows, out):
            stopped, full = int(self._memory[STOPPED_ENTITY]), int(self._memory[STOPPED_PART])
            self._memory = enlarge(self._memory, stopped, full)
        self._halfway = False
        self._since_sweep += len(rows)
        if self._since_sweep >= SWEEP_EVERY:
            self.forget()

    def _rows(self, events: EventColumns) -> NDArray[np.int64]:
        """The events as whole numbers, names replaced by ids."""
        n = len(events.kind)
        rows = np.zeros((n, FIRST_ID + len(self._names)), np.int64)
        rows[:, KIND] = events.kind
        rows[:, AT] = events.at
        rows[:, REF_AT] = events.ref_at
        rows[:, AMOUNT] = events.amount_minor
        for entity, column, names in self._singles:
            values = events.entities.get(entity)
            if values is not None:
                rows[:, column] = (
                    names[values[0]] if n == 1 else np.fromiter(map(names.__getitem__, values), np.int64, n)
                )
        for first, second, column, names in self._pairs:
            one, other = rows[:, first], rows[:, second]
            pairs = np.where((one > 0) & (other > 0), one << 32 | other, 0).tolist()
            rows[:, column] = (
                names[pairs[0]] if n == 1 else np.fromiter(map(names.__getitem__, pairs), np.int64, n)
            )
        return rows

    def _arrange(self) -> None:
        """Note where the ids of single entities and of pairs go in the rows, and how many rows each has."""
        places = {key: FIRST_ID + place for place, key in enumerate(self._program.entities)}
        named = list(zip(places, self._names, strict=True))
        self._singles = [(key[0], places[key], names) for key, names in named if len(key) == 1]
        self._pairs = [
            (places[key[:1]], places[key[1:]], places[key], names) for key, names in named if len(key) == 2
        ]
        self._take = attrgetter("kind", "at", "ref_at", "amount_minor", *(one for one, _, _ in self._singles))
        self._blank = [0] * (FIRST_ID - AMOUNT - 1 + len(named))
        self._room = [
            int(self._memory[header_of(entity) + ROWS_AT + SIZE_OF]) for entity in range(len(named))
        ]

    def forget(self) -> None:
        """Forget entity values whose windows are empty for good; looks at two for each event since the last
        time.
        """
        horizon = int(self._memory[STREAM_CLOCK]) - LATENESS - self._program.longest
        for entity, names in enumerate(self._names):
            found = np.empty(min(2 * self._since_sweep, len(names.by_id)), np.int64)
            for number in found[: sweep(self._memory, entity, horizon, found)].tolist():
                names.forget(number)
        self._since_sweep = 0

    def memory_bytes(self) -> int:
        """Bytes of the state, names aside."""
        return self._memory.nbytes

    def snapshot(self) -> bytes:
        """Everything needed to continue after a restart, for the same definitions."""
        return self.frozen()()

    def frozen(self) -> Callable[[], bytes]:
        """What makes the snapshot of this moment, later and on any thread, while the features go on.

        Copying the state takes a twentieth of the time of packing and hashing it.
        """
        state = (
            FORMAT,
            self.digest,
            self._since_sweep,
            self._memory.copy().data.cast("B"),
            [list(names.by_id) for names in self._names],
            [list(names.unused) for names in self._names],
        )

        def pack() -> bytes:
            held = msgspec.msgpack.encode(state)
            return hashlib.sha256(held).digest() + held

        return pack

    def restore(self, snapshot: bytes) -> None:
        """Continue from a snapshot. Raises SnapshotMismatch when it is damaged or of other definitions."""
        if hashlib.sha256(snapshot[32:]).digest() != snapshot[:32]:
            raise SnapshotMismatch("the snapshot is damaged or not one of features")
        try:
            held = msgspec.msgpack.decode(snapshot[32:], type=Snapshot)
        except msgspec.DecodeError as error:
            raise SnapshotMismatch(f"the snapshot has another format: {error}") from error
        if held.format != FORMAT:
            raise SnapshotMismatch(f"the snapshot has format {held.format}, this program reads {FORMAT}")
        if held.digest != self.digest:
            raise SnapshotMismatch(
                f"the snapshot is of other definitions ({held.digest[:12]}) than these ({self.digest[:12]}): "
                "features are rebuilt by replaying the events"
            )
        self._since_sweep = held.since_sweep
        self._memory = np.frombuffer(held.memory, np.int64).copy()
        self._names = []
        for by_id, unused in zip(held.names, held.unused, strict=True):
            names = Names()
            names.by_id, names.unused = by_id, unused
            names.update({name: number for number, name in enumerate(by_id) if name is not None})
            self._names.append(names)
        self._halfway = False
        self._arrange()
