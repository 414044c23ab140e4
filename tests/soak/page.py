"""The page about reliability, made from what the long runs came to: every figure beside what it proves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from tests.soak.row import Row
from tests.soak.running import Progress, State, machine

from jingwei.simulation.soak import bound

HEAD = """# Reliability

What was done to the bank on purpose, how often, and what went wrong. `make soak` generates this page; its
figures also stand in `docs/reliability.json`. Machine: {machine}, shared with other work; files of the
rows lie in memory, where a sync costs nothing: what a disk makes of a sync is simulated, not tried on one.

- A row counts only with its **control**: the same check on a bank with a planted error, which it must catch.
- Zero failures in N trials do not prove zero. By the rule of three the true rate lies **below 3/N** with 95 %
  confidence, if the trials are independent and alike; the bound stands beside every zero.
- **SIGKILL is not a power cut.** A killed process leaves what it wrote in the kernel's memory, and the kernel
  still writes it out. What a power cut leaves on a disk is tried by rows of its own, on simulated sectors.
"""

MOST_COUNTS = 40
"""More counts than these are told by kind."""

NOT_COVERED = """## What is not covered

- A real power cut on real disks, and disks that say a sync is done when it is not.
- Crashes of the kernel, and memory or processors that compute wrongly.
- More than one machine: networks that lose, delay or repeat messages, a message bus, a cache.
- Faults that come together; each row breaks one thing at a time.
- Anything that needs longer than the seconds shown: leaks over weeks, tables of many years.

## Do it again

    make soak MINUTES=60                      all rows, taking turns; goes on where the last run stopped
    python -m tests.soak --rows R1,R8         only these
    python -m tests.soak --page               only this page, from the state kept
    jingwei soak --rounds 200                 the first row by itself, on any machine the bank is installed on

A failing chunk is kept with its seed; the same seed asks the same commands again.
"""


def figures(rows: Sequence[Row], state: State) -> dict[str, Any]:
    """Everything the page says, as plain data."""
    told = [_row(row, state.of(row), state.earlier.get(row.id)) for row in rows]
    return {"machine": machine(), "rows": told, "command": state.command, "note": state.note}


def _row(row: Row, progress: Progress, before: Progress | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": row.id,
        "says": row.says,
        "target": row.target,
        "control_says": row.control_says,
        "proves": bound(progress.trials, progress.bad) if progress.trials else "nothing yet",
    }
    rounded = {"seconds": round(progress.seconds, 1), "control_seconds": round(progress.control_seconds, 1)}
    return told | msgspec.to_builtins(progress) | rounded | {"earlier": _earlier(before)}


def _earlier(before: Progress | None) -> str:
    if before is None or not before.trials:
        return ""
    return f"{before.trials:,} trials, of which {before.bad or 'none'} went wrong"


def page(told: dict[str, Any]) -> str:
    """The page in Markdown."""
    lines = [HEAD.format(machine=told["machine"])]
    lines += [f"{told['note']}\n"] if told["note"] else []
    lines += ["| row | trials | of | went wrong | proves | control |", "|---|---:|---:|---:|---|---|"]
    for row in told["rows"]:
        wrong = row["bad"] if row["trials"] or row["bad"] else "-"
        cells = (row["id"], f"{row['trials']:,}", f"{row['target']:,}", wrong, _proof(row), _control(row))
        lines.append(f"| {' | '.join(map(str, cells))} |")
    lines += ["", *_command(told["command"])]
    for row in told["rows"]:
        lines += ["", *_section(row)]
    return "\n".join([*lines, "", NOT_COVERED])


def _proof(row: dict[str, Any]) -> str:
    if row["trials"] and not row["bad"]:
        return f"< 3/{row['trials']:,} = {min(1, 3 / row['trials']):.2g}"
    return "a failure" if row["bad"] else "nothing yet"


def _control(row: dict[str, Any]) -> str:
    return {True: "caught", False: "**NOT CAUGHT**", None: "not run"}[row["control"]]


def _by_kind(counts: dict[str, int]) -> dict[str, int]:
    """Counts whose names begin with the same word, added up; every one of them stands in the JSON."""
    summed: dict[str, int] = {}
    for name, count in counts.items():
        kind = name.split()[0]
        summed[kind] = summed.get(kind, 0) + count
    return summed


def _command(told: dict[str, Any]) -> list[str]:
    """What `jingwei soak` answered, the first row by itself with the figures that count."""
    if not told:
        return []
    zeros = ", ".join(f"{name} {told[name]:,}" for name in ("lost", "doubled", "unbalanced", "unsealed"))
    return [
        f"`jingwei soak --rounds {told['rounds']} --json` came to: {zeros}, with {told['acknowledged']:,} "
        f"commands acknowledged and {told['retried']:,} asked again ({told['below']})."
    ]


def _time(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds >= 1 else "less than 1 s"


def _section(row: dict[str, Any]) -> list[str]:
    lines = [f"## {row['id']}", "", row["says"], "", f"- Control ({row['control_says']}): {_control(row)}."]
    if row["missing"]:
        lines.append(f"- Cannot run here: {row['missing']}")
    if row["trials"]:
        lines.append(f"- {row['trials']:,} trials in {_time(row['seconds'])}, the last on {row['last']}.")
    if row["counts"]:
        counts = row["counts"] if len(row["counts"]) <= MOST_COUNTS else _by_kind(row["counts"])
        counted = "; ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))
        lines.append(f"- Counted: {counted}.")
    if row["earlier"]:
        lines.append(f"- Not counted here, as the bank has changed since: {row['earlier']}.")
    for failing in row["failing"]:
        lines.append(f"- **Failing**: seed {failing['seed']}, {failing['trials']} trials:")
        lines += [f"  - {' '.join(says.split())[:300]}" for says in failing["says"]]
    return lines


def write(rows: Sequence[Row], state: State, folder: Path) -> None:
    """Write reliability.json and reliability.md into the folder."""
    told = figures(rows, state)
    body = msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n"
    (folder / "reliability.json").write_bytes(body)
    (folder / "reliability.md").write_text(page(told), "utf-8")
