"""Commands that keep a bank safe: backup, and restore to any record or moment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from jingwei.channels.cli.asking import Json, setting
from jingwei.channels.cli.mistakes import USAGE, Mistake, moment_of, seen
from jingwei.channels.cli.shown import progress, result

if TYPE_CHECKING:
    from jingwei.keeping.folder import ShelfSums

Folder = Annotated[Path, typer.Argument(help="The backup's folder.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(backup)
    app.command()(restore)


def backup(
    context: typer.Context,
    to: Folder,
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Also the signing key and the tokens; keep it locked away.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Back up the bank, also while it serves; a second backup into the same folder adds what is new."""
    from jingwei.channels.release import release
    from jingwei.home import source_of
    from jingwei.keeping.backup import back_up
    from jingwei.kernel.clock import SystemClock

    chosen = setting(context)
    source = source_of(chosen.home, chosen.store_url, release())
    with progress("records") as tell:
        made = back_up(source, to, SystemClock().now(), keys=with_keys, tell=tell)
    point = made.point
    told: dict[str, Any] = {
        "folder": str(to),
        "records": point.size,
        "new_records": made.new_records,
        "root": point.root,
        "bytes_written": made.bytes,
        "keys": with_keys,
        "sums": msgspec.to_builtins(point.sums),
        "shelf": msgspec.to_builtins(made.shelf),
    }

    def show() -> None:
        print(f"{point.size} records backed up to {seen(to)} ({made.new_records} new), root {point.root}.")
        _show_sums(told["sums"])
        _show_shelf(made.shelf)
        if not with_keys:
            print("The signing key and the tokens are not in it; --with-keys adds them.")

    result(told, as_json, show)


def _show_sums(sums: list[dict[str, Any]]) -> None:
    for one in sums:
        print(f"  {one['currency']}: booked {one['booked_minor']}, held {one['held_minor']} (minor units)")


def _show_shelf(shelf: ShelfSums | None) -> None:
    if shelf is not None:
        print(f"  insight shelf: {shelf.rows['imports']} imports, {shelf.rows['happenings']} happenings")
        for currency, minor in shelf.amounts_minor.items():
            print(f"    {currency or 'without a currency'}: {minor} (minor units, all happenings together)")


def restore(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="FROM", help="The backup's folder.")],
    home: Annotated[Path | None, typer.Option(help="The new home; must be new or empty.")] = None,
    at: Annotated[str, typer.Option(help="All that was known by then, like 2026-11-21T18:00:00.")] = "",
    size: Annotated[int | None, typer.Option(help="As it stood after so many records.", min=0)] = None,
    as_json: Json = False,
) -> None:
    """Restore a bank from a backup into a new home, as it stands there or at an earlier record or moment."""
    if at and size is not None:
        raise Mistake("--at and --size both say up to where", "give one of the two", code=USAGE)
    from jingwei.home import wanted_at
    from jingwei.keeping import restore as restoring

    chosen = setting(context)
    moment = moment_of(at, "--at") if at else None
    wanted = wanted_at((home or chosen.home).expanduser(), chosen.store_url, size, moment)
    with progress("records") as tell:
        done = restoring.restore(source, wanted, tell)
    told = {"home": str(wanted.home), **msgspec.to_builtins(done)}

    def show() -> None:
        print(f"{done.size} records restored to {seen(wanted.home)} in {done.seconds} s, root {done.root}.")
        print(f"  {done.loaded} loaded, {done.redone} done again; {done.heads} signed heads compared.")
        _show_sums(told["sums"])
        if done.expected:
            print("  These are the sums that were backed up.")
        if done.shelf:
            _show_shelf(done.shelf.sums)
            print(f"    as backed up and as sealed; {done.shelf.unsealed} imports wait to be sealed.")
        if done.anchored_to > done.size:
            print(f"  Heads over {done.anchored_to} records were anchored: this restore is shorter.")
        if not done.keys:
            print("  The signing key was not in the backup; the bank makes a new one when it opens.")

    result(told, as_json, show)
