"""The long run: each row a little first, then the one soonest at its target; its state outlives the run."""

from __future__ import annotations

import importlib
import os
import random
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from tests.soak.row import NotHere, Row, Tally

from jingwei.kernel.clock import SystemClock, iso

FOLDER = Path(__file__).parent
MOST_SAID = 20
"""At most so many sentences of one failing chunk are kept."""

CHUNK_SECONDS = 45.0
"""A chunk takes about as long at most, so that little is lost when a run is stopped."""

EVERY_ROW_FIRST = 0.05
"""Every row does this part of its target before the rows soonest at theirs go on to it."""


class Failing(msgspec.Struct):
    """A chunk in which something went wrong: `run(seed, trials)` does it again."""

    seed: int
    trials: int
    says: list[str]


class Progress(msgspec.Struct):
    """How far a row has come. `control` is whether its planted error was caught (None: not tried yet).

    `seconds` is what the trials took, without the control's `control_seconds`; `bad` counts all that went
    wrong; `missing` says what this machine lacks for the row.
    """

    trials: int = 0
    bad: int = 0
    seconds: float = 0.0
    control_seconds: float = 0.0
    chunks: int = 0
    counts: dict[str, int] = {}
    failing: list[Failing] = []
    control: bool | None = None
    last: str = ""
    missing: str = ""


class State(msgspec.Struct):
    """What all runs came to so far, by row id."""

    rows: dict[str, Progress] = {}
    command: dict[str, Any] = {}
    """What `jingwei soak --json` answered last."""
    earlier: dict[str, Progress] = {}
    """What the rows had come to before the bank changed; told beside, never added."""
    note: str = ""
    """What a reader of the figures must know, such as what changed while they were made."""

    @classmethod
    def read(cls, path: Path) -> State:
        """The state kept at `path`; empty when there is none."""
        return msgspec.json.decode(path.read_bytes(), type=cls) if path.exists() else cls()

    def keep(self, path: Path) -> None:
        """Write the state, whole or not at all."""
        fresh = path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")
        fresh.replace(path)

    def of(self, row: Row) -> Progress:
        """How far this row has come."""
        return self.rows.setdefault(row.id, Progress())

    def share(self, row: Row) -> float:
        """Which part of its target this row has done."""
        return self.of(row).trials / row.target

    def seconds_missing(self, row: Row) -> float:
        """How long this row needs to its target, by its own pace so far."""
        done = self.of(row)
        return done.seconds / max(1, done.trials) * (row.target - done.trials)


class Step(NamedTuple):
    """What just happened, for whoever shows it: the row, how far it is, what is done next or was done."""

    row: Row
    progress: Progress
    doing: str


def every_row() -> list[Row]:
    """All rows of the files rows_*.py beside this one, in the order of their ids."""
    rows: list[Row] = []
    for file in sorted(FOLDER.glob("rows_*.py")):
        rows += importlib.import_module(f"tests.soak.{file.stem}").ROWS
    assert len({row.id for row in rows}) == len(rows), "two rows have the same id"
    return sorted(rows, key=lambda row: (int("".join(filter(str.isdigit, row.id.split()[0])) or 0), row.id))


def chosen(rows: Sequence[Row], wanted: Sequence[str]) -> list[Row]:
    """The rows whose id is, or begins with, one of these words; all of them when none is named."""
    names = [name.strip().casefold() for name in wanted if name.strip()]
    found = [row for row in rows if not names or any(_fits(row.id.casefold(), name) for name in names)]
    for name in names:
        if not any(_fits(row.id.casefold(), name) for row in rows):
            raise ValueError(f"there is no row {name}; known: {', '.join(row.id for row in rows)}")
    return found


def _fits(row: str, name: str) -> bool:
    return row == name or row.startswith(f"{name} ")


class Runner:
    """Runs rows until every target is met or the time is over."""

    def __init__(
        self, rows: Sequence[Row], state: State, path: Path, seed: int, clock: Callable[[], float]
    ) -> None:
        self._rows, self._state, self._path, self._seed, self._clock = rows, state, path, seed, clock
        self._aside: set[str] = set()

    def steps(self, seconds: float) -> Iterator[Step]:
        """Run for this long; each step is told before it begins and after it ended."""
        end = self._clock() + seconds
        while (left := end - self._clock()) > 0 and (row := self._next()) is not None:
            progress = self._state.of(row)
            if progress.control is None:
                yield Step(row, progress, "control")
                self._attempt(row, progress, self._control)
            elif trials := self._trials(row, progress, left):
                yield Step(row, progress, f"{trials} trials")
                self._attempt(row, progress, lambda row, p, n=trials: self._chunk(row, p, n))  # type: ignore[misc]
            else:
                self._aside.add(row.id)
                continue
            self._state.keep(self._path)
            yield Step(row, progress, "done")

    def _next(self) -> Row | None:
        """The row furthest behind while one has done next to nothing, else the one soonest at its target."""
        state = self._state
        open_rows = [row for row in self._rows if row.id not in self._aside and not self._met(row)]
        if behind := [row for row in open_rows if state.share(row) < EVERY_ROW_FIRST]:
            return min(behind, key=state.share)
        return min(open_rows, key=state.seconds_missing, default=None)

    def _met(self, row: Row) -> bool:
        progress = self._state.of(row)
        return progress.trials >= row.target and progress.control is not None

    def _trials(self, row: Row, progress: Progress, left: float) -> int:
        """How many trials to do next: no more than are missing, or fit into a chunk and the time left."""
        most = min(row.chunk, row.target - progress.trials)
        if not progress.trials or progress.seconds <= 0:
            return most
        pace = progress.trials / progress.seconds
        return min(most, max(1, int(CHUNK_SECONDS * pace)), int(left * pace))

    def _attempt(self, row: Row, progress: Progress, do: Callable[[Row, Progress], None]) -> None:
        """Do a step; a row that cannot run here is set aside, and one that breaks is failing, not the run."""
        began, trying = self._clock(), progress.control is None
        try:
            do(row, progress)
            progress.missing = ""
        except NotHere as lacking:
            progress.missing = str(lacking)
            self._aside.add(row.id)
        except Exception:
            if progress.control is None:
                progress.control = False
            self._fail(row, progress, Tally(0, (traceback.format_exc(limit=-3),)), self._next_seed(row))
        if trying:
            progress.control_seconds += self._clock() - began
        else:
            progress.seconds += self._clock() - began
        progress.last = iso(SystemClock().now())[:10]

    def _control(self, row: Row, progress: Progress) -> None:
        progress.control = bool(row.control(self._next_seed(row)))

    def _chunk(self, row: Row, progress: Progress, trials: int) -> None:
        seed = self._next_seed(row)
        tally = row.run(seed, trials)
        progress.chunks += 1
        progress.trials += tally.trials
        for name, count in tally.counts.items():
            progress.counts[name] = progress.counts.get(name, 0) + count
        if not tally.trials:
            tally = Tally(0, (*tally.bad, "the row did no trials"))
        if tally.bad:
            self._fail(row, progress, tally, seed)

    def _fail(self, row: Row, progress: Progress, tally: Tally, seed: int) -> None:
        progress.bad += len(tally.bad)
        progress.failing.append(Failing(seed, tally.trials, list(tally.bad[:MOST_SAID])))
        if not tally.trials:
            self._aside.add(row.id)

    def _next_seed(self, row: Row) -> int:
        """A seed no earlier chunk of this row had; for one that walks, how far it came."""
        done = self._state.of(row)
        if row.walks:
            return done.trials
        return random.Random(f"{self._seed}|{row.id}|{done.chunks}|{len(done.failing)}").getrandbits(31)


def sound(rows: Sequence[Row], state: State) -> bool:
    """Whether nothing went wrong and every control that was tried was caught."""
    return all(not p.bad and p.control is not False for p in map(state.of, rows))


def machine() -> str:
    """The machine in words."""
    return f"{os.cpu_count()} processor cores"
