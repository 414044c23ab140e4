"""The command soak: a bank of its own is killed again and again, and held to all it promised."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from jingwei.channels.cli.asking import Json
from jingwei.channels.cli.mistakes import USAGE, Mistake
from jingwei.channels.cli.shown import fields, progress, result

SQLITE, PIPELINED, POSTGRESQL = "sqlite", "pipelined", "postgresql"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(soak)


def soak(
    rounds: Annotated[int, typer.Option(help="How often it is killed.", min=1, max=1_000_000)] = 200,
    engine: Annotated[
        str, typer.Option(help="sqlite, pipelined (a writer of its own) or postgresql (a server of its own).")
    ] = SQLITE,
    seed: Annotated[int, typer.Option(help="The same seed asks the same commands.", min=0)] = 1,
    keep: Annotated[
        Path | None, typer.Option(help="A new folder for the banks, kept; by default a temporary one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Kill a bank with SIGKILL at random moments and check all it promised; never touches your own books."""
    if engine not in (SQLITE, PIPELINED, POSTGRESQL):
        fix = f"write {SQLITE}, {PIPELINED} or {POSTGRESQL}"
        raise Mistake(f"--engine {engine!r} is not known", fix, code=USAGE)
    folder = _folder(keep)
    told = _rounds(folder, rounds, engine, seed)
    if keep is None and not told["bad"]:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        told["kept"] = str(folder)
    result(told, as_json, lambda: _show(told))
    if told["bad"]:
        raise typer.Exit(1)


def _folder(keep: Path | None) -> Path:
    """The folder of the soak's banks: new or empty, so that nobody's books are in it."""
    if keep is None:
        return Path(tempfile.mkdtemp(prefix="jingwei-soak-"))
    if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise Mistake(f"{keep} is there already", "name a new or an empty folder", code=USAGE)
    keep.mkdir(parents=True, exist_ok=True)
    return keep


def _rounds(folder: Path, rounds: int, engine: str, seed: int) -> dict[str, Any]:
    from jingwei.simulation import soak as simulated

    with simulated.engine(engine) as chosen, progress("soak") as tell:
        soaked = simulated.Soak(folder, seed, chosen)
        for done in range(rounds):
            tell(done, rounds)
            soaked.round()
    return simulated.summary(soaked.tally) | {"engine": engine, "seed": seed}


def _show(told: dict[str, Any]) -> None:
    fields({name: value for name, value in told.items() if name != "says"})
    for sentence in told["says"]:
        print(f"  {sentence}")
    print("SIGKILL ends the process; the machine's own memory stays. This is not a power cut.")
