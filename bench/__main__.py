"""Run every measurement and print one table of ratios: python -m bench [NAME ...] [--json FILE]

A measurement is a file of this folder with `run() -> list[Ratio]` (or of dictionaries with the same fields
and `ratio`). One that cannot run is told with its reason, and the run ends with exit code 1.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import os
import pkgutil
import platform
import sys
import time
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.ratio import Ratio

COLUMNS = ("measured", "ours", "baseline", "", "unit", "times", "aim", "reached", "note")
FIELDS = ("name", "ours", "baseline_name", "baseline", "unit", "ratio", "aim", "reached", "note")


def measurements(wanted: Iterable[str]) -> list[str]:
    """Names of the files with measurements; all of them when none is asked for."""
    here = str(Path(__file__).parent)
    names = [found.name for found in pkgutil.iter_modules([here]) if found.name not in ("__main__", "ratio")]
    unknown = sorted(set(wanted) - set(names))
    if unknown:
        raise SystemExit(f"no measurement {', '.join(unknown)}; there are: {', '.join(names)}")
    return [name for name in names if not wanted or name in set(wanted)]


def line(measured: Ratio | Mapping[str, Any], source: str) -> dict[str, Any]:
    """One line of the table as plain fields."""
    own = measured if isinstance(measured, Mapping) else measured._asdict() | {"ratio": measured.ratio}
    fields = dict(own)
    ratio, aim = fields.get("ratio"), fields.get("aim")
    fields["reached"] = None if ratio is None or aim is None else bool(ratio >= aim)
    return {"source": source} | fields


def measure(name: str, told: Console) -> tuple[list[dict[str, Any]], str]:
    """The lines of one measurement and, if it failed, why."""
    started = time.perf_counter()
    told.print(f"measuring {name} ...", end=" ")
    try:
        module = importlib.import_module(f"bench.{name}")
        run = getattr(module, "run", None)
        lines = [line(one, name) for one in run()] if run else []
    except Exception as wrong:  # one measurement that fails must not hide the others; it is told and counts
        told.print(f"failed: {wrong}")
        traceback.print_exc()
        return [], f"{type(wrong).__name__}: {wrong}"
    told.print(f"{time.perf_counter() - started:.0f} s" if run else "nothing to run")
    return lines, ""


def shown(value: object) -> str:
    """A number with three digits that matter, anything else as it is."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int | float) or not math.isfinite(value):
        return "" if value is None else str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(lines: list[dict[str, Any]]) -> Table:
    """The table of all lines."""
    drawn = Table(*COLUMNS, title="Jingwei against its baselines, same machine, same run")
    for fields in lines:
        drawn.add_row(*(shown(fields.get(field)) for field in FIELDS))
    return drawn


def main() -> int:
    """Measure, print, write; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure paths against baselines.")
    parser.add_argument("names", nargs="*", help="which measurements; all, if none is named")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    told, lines, failed = Console(width=max(150, Console().width)), [], {}
    for name in measurements(options.names):
        some, why = measure(name, told)
        lines += some
        if why:
            failed[name] = why
    told.print(table(lines))
    machine = {"machine": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()}
    result = {"machine": machine, "load": os.getloadavg(), "ratios": lines, "failed": failed}
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")
    for name, why in failed.items():
        told.print(f"{name} failed: {why}")
    return 1 if failed or not lines else 0


if __name__ == "__main__":
    sys.exit(main())
