"""The long run of every row: python -m tests.soak [--minutes M] [--rows R1,...] [--state FILE] [--page]."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from tests.soak.page import write
from tests.soak.row import Row
from tests.soak.running import Runner, State, Step, chosen, every_row, sound

ROOT = Path(__file__).resolve().parents[2]


class Shown(Protocol):
    """Shows a step."""

    def __call__(self, step: Step) -> None: ...


def main(arguments: Sequence[str]) -> int:
    """Run, keep, write the page; 1 when anything went wrong or a control was not caught."""
    asked = _parser().parse_args(arguments)
    rows = every_row()
    try:
        mine = chosen(rows, asked.rows.split(","))
    except ValueError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    state = State.read(asked.state)
    if asked.command is not None:
        state.command = json.loads(asked.command.read_text("utf-8").splitlines()[-1])
        state.keep(asked.state)
    if asked.note is not None:
        state.note = asked.note
        state.keep(asked.state)
    if asked.earlier is not None:
        state.earlier = State.read(asked.earlier).rows
        state.keep(asked.state)
    if not asked.page:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that servers it started end with it
        work_in_memory()
        seed = secrets.randbits(31) if asked.seed is None else asked.seed
        print(f"seed {seed}, state {asked.state}", file=sys.stderr)
        runner = Runner(mine, state, asked.state, seed, time.monotonic)
        try:
            with showing(mine, state) as show:
                for step in runner.steps(asked.minutes * 60):
                    show(step)
        except KeyboardInterrupt:
            print("stopped; what is done is kept", file=sys.stderr)
    write(rows, state, asked.docs)
    return 0 if sound(mine, state) else 1


def work_in_memory() -> None:
    """Put every row's files, and those of the processes they start, into memory where there is some.

    A disk shared with other work makes a kill ten times slower and proves no more: what SIGKILL leaves is in
    the kernel's memory either way, and what a disk loses is simulated.
    """
    memory = Path("/dev/shm")
    if "TMPDIR" not in os.environ and memory.is_dir() and os.access(memory, os.W_OK):
        os.environ["TMPDIR"] = tempfile.tempdir = str(memory)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="for how long")
    parser.add_argument("--rows", default="", help="only these, separated by commas: R1 or 'R1 sqlite'")
    parser.add_argument("--state", type=Path, default=ROOT / ".soak.json", help="what earlier runs came to")
    parser.add_argument("--seed", type=int, default=None, help="by default a new one")
    parser.add_argument("--page", action="store_true", help="only write the page")
    parser.add_argument("--command", type=Path, help="what `jingwei soak --json` answered, for the page")
    parser.add_argument("--earlier", type=Path, help="the state of a run of older code, told beside")
    parser.add_argument("--note", help="what a reader of the figures must know; said on the page")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page goes")
    return parser


@contextmanager
def showing(rows: Sequence[Row], state: State) -> Iterator[Shown]:
    """A bar for each row in a terminal, a line for each chunk elsewhere."""
    if not sys.stderr.isatty():
        yield _line
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("{task.fields[now]}"),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks = {
            row.id: bars.add_task(row.id, total=row.target, completed=state.of(row).trials, now="")
            for row in rows
        }

        def show(step: Step) -> None:
            now = _now(step)
            bars.update(tasks[step.row.id], completed=step.progress.trials, now=now)

        yield show


def _now(step: Step) -> str:
    wrong = f" WRONG {step.progress.bad}" if step.progress.bad else ""
    return f"{'' if step.doing == 'done' else step.doing}{wrong}{step.progress.missing}"


def _line(step: Step) -> None:
    if step.doing == "done":
        done = step.progress
        told = (
            f"{step.row.id}: {done.trials} of {step.row.target}, {done.seconds:.0f} s, control {done.control}"
        )
        print(told + _now(step), file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
