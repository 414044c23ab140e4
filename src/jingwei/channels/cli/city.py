"""The commands on the simulated city: make one as files, and the demo bank it lives in."""

from __future__ import annotations

import shutil
import time
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from jingwei.channels.cli.asking import Json, setting
from jingwei.channels.cli.mistakes import Mistake
from jingwei.channels.cli.shown import progress, result


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(city)
    app.command()(demo)


def city(
    people: Annotated[int, typer.Option(help="How many people live there.")] = 5_000,
    days: Annotated[int, typer.Option(help="How many days they live.")] = 90,
    seed: Annotated[int, typer.Option(help="One seed is one city.", min=0)] = 1,
    begin: Annotated[str, typer.Option(help="The first day, as 2026-01-31.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="A new folder for the files; the truth goes beside it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Let a made-up city live and write what 12 source systems record of it; the truth is kept apart."""
    from jingwei.simulation.city.files import NotEmpty, truth_folder, write
    from jingwei.simulation.city.world import live_through

    try:
        first = date.fromisoformat(begin) if begin else None
    except ValueError:
        raise Mistake(f"{begin!r} is not a day", "write it as 2026-01-31") from None
    began = time.perf_counter()
    with progress("the city lives") as told:
        try:
            made = live_through(people, days, seed, first, told)
            lived = time.perf_counter() - began
            rows = (
                write(made, out) if out is not None else {n: len(r["at"]) for n, r in made.systems.items()}
            )
        except NotEmpty as error:
            raise Mistake(str(error), "name a folder that is new or empty") from None
        except ValueError as error:
            raise Mistake(str(error), "choose other numbers") from None
    told_of = {
        "simulated": True,
        "people": people,
        "days": days,
        "seed": seed,
        "first_day": made.first.isoformat(),
        "events": made.events,
        "seconds": round(lived, 2),
        "seconds_with_files": round(time.perf_counter() - began, 2),
        "rows": rows,
        "folder": str(out) if out else None,
        "truth": str(truth_folder(out)) if out else None,
    }
    result(told_of, as_json)


def demo(
    context: typer.Context,
    reset: Annotated[bool, typer.Option(help="Remove the demo bank; a new start makes a new one.")] = False,
    as_json: Json = False,
) -> None:
    """Say which made-up city lives in this bank, or remove the whole demo bank."""
    from jingwei.home import anchor_folder
    from jingwei.simulation.city.town import NOTE, Plan

    home = setting(context).home
    if setting(context).store_url:
        raise Mistake("a demo bank lives in its home, not in a database", "leave out --store")
    kept = _kept(home, NOTE)
    if not kept:
        fix = "the next `jingwei serve` with a new --home makes one"
        raise Mistake(f"the bank in {home} has no made-up city", fix)
    plan = msgspec.json.decode(kept, type=Plan)
    if reset:
        for folder in (home, anchor_folder(home)):
            shutil.rmtree(folder, ignore_errors=True)
    about = {"people": plan.people, "seed": plan.seed, "home": str(home), "removed": reset}
    result({"simulated": True, **about}, as_json)


def _kept(home: Path, name: str) -> str | None:
    """A note of the books, read while nobody else writes them. Raises StoreError when somebody does."""
    if not (home / "bank.db").exists():
        return None
    from jingwei.stores.sqlite import SqliteStore

    store = SqliteStore(home / "bank.db")
    try:
        return store.note(name)
    finally:
        store.close()
