"""Commands on source systems: check a mapping, bring a file in, see what came in, compare it with the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from jingwei.channels.cli.asking import Json, bank_at, books_of, setting
from jingwei.channels.cli.mistakes import Mistake, no_device, seen
from jingwei.channels.cli.shown import Progress, progress, result, table

if TYPE_CHECKING:
    from jingwei.channels.sources.importing import Report
    from jingwei.channels.sources.shipped import Named
    from jingwei.stores.insight import Insight

MappingName = Annotated[
    str, typer.Argument(metavar="MAPPING", help="A TOML file, or a shipped mapping: city, city/cards.")
]
Place = Annotated[
    str, typer.Argument(metavar="FILE", help="The file, the folder of a set, or a postgresql:// address.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    source = typer.Typer(help="Source systems: what they tell of customers comes in.", no_args_is_help=True)
    source.command("check")(check)
    source.command("import")(bring_in)
    source.command("list")(list_imports)
    source.command("mappings")(list_mappings)
    source.command("verify")(verify)
    app.add_typer(source, name="source")


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong with a mapping or a source becomes a mistake with its fix."""
    from jingwei.channels.sources.raw import SourceError
    from jingwei.domains.insight.mapping import MappingError

    try:
        yield
    except (MappingError, SourceError) as error:
        raise Mistake(str(error), error.fix) from None


@contextmanager
def shelf_at(home: Path) -> Iterator[Insight]:
    """The insight shelf of a home, made when there is none. Raises StoreError."""
    from jingwei.kernel.durable import make_folder
    from jingwei.stores.insight import Insight, insight_path

    make_folder(home)
    shelf = Insight(insight_path(home))
    try:
        yield shelf
    finally:
        shelf.close()


def _pairs(mapping: str, place: str) -> list[tuple[Named, str]]:
    """Each mapping with its file: the one named, or its usual file in the folder named."""
    from jingwei.channels.sources.shipped import mappings_named

    found = mappings_named(mapping)
    folder = Path(place)
    if "://" not in place:
        no_device(folder, "a source's file")
    if "://" not in place and folder.is_dir():
        return [(one, str(folder / one.mapping.read.file)) for one in found]
    if len(found) > 1:
        fix = f"name the folder with its files, or one mapping such as {found[0].name}"
        raise Mistake(f"{mapping} is a set of {len(found)} mappings, {place} is one file", fix)
    return [(found[0], place)]


def _sum(reports: list[Report]) -> dict[str, Any]:
    names = ("rows", "taken", "known", "profiles", "rejected", "strangers")
    totals = {name: sum(getattr(one, name) for one in reports) for name in names}
    seconds = round(sum(one.seconds for one in reports), 3)
    rate = round(totals["rows"] / seconds) if seconds else 0
    return {**totals, "seconds": seconds, "rows_per_second": rate, "files": msgspec.to_builtins(reports)}


def _show(reports: list[Report]) -> None:
    rows = [(r.source, r.file, r.rows, r.taken, r.known, r.rejected, r.sealed or "-") for r in reports]
    table(("source", "file", "rows>", "taken>", "known>", "rejected>", "record"), rows, "Nothing was read.")
    for report in reports:
        for fault in report.faults[:10]:
            where = f"line {fault.first_line}" + (f", column {fault.column}" if fault.column else "")
            print(seen(f"{report.file}: {where}: {fault.en} ({fault.count} times) -> {fault.fix}"))
        if report.rejected_file:
            print(f"The rows that were not taken: {seen(report.rejected_file)}")


def check(mapping: MappingName, place: Place, as_json: Json = False) -> None:
    """Check a mapping against a file: read it, its header and 1,000 rows; nothing is kept."""
    from jingwei.channels.sources.importing import Bound, try_source
    from jingwei.kernel.clock import SystemClock

    bound = Bound(lambda kind, keys: {key: key for key in keys}, lambda number: "", SystemClock().now())
    with _told(), progress("check") as tell:
        reports = [try_source(one.mapping, where, bound, tell=tell) for one, where in _pairs(mapping, place)]
    result(_sum(reports), as_json, lambda: _show(reports))


def bring_in(
    context: typer.Context,
    mapping: MappingName,
    place: Place,
    dry_run: Annotated[bool, typer.Option(help="Read everything and keep nothing.")] = False,
    resume: Annotated[bool, typer.Option(help="Go on with an import that was stopped.")] = False,
    as_json: Json = False,
) -> None:
    """Bring a source system in, also while the bank runs; asked again it takes nothing twice.

    What is rejected is kept apart. A running bank seals the import, and finds out whose new records are.
    """
    with _told():
        pairs = _pairs(mapping, place)
        reports = _tried(context, pairs) if dry_run else _brought(context, pairs, resume)
    result(_sum(reports), as_json, lambda: _show(reports))


def _tried(context: typer.Context, pairs: list[tuple[Named, str]]) -> list[Report]:
    from jingwei.channels.sources.at_home import whose
    from jingwei.channels.sources.importing import Bound, try_source
    from jingwei.kernel.clock import SystemClock

    with books_of(context) as reader, progress("dry run") as tell:
        bound = Bound(lambda kind, keys: whose(reader, kind, keys), lambda number: "", SystemClock().now())
        return [try_source(one.mapping, where, bound, most=0, tell=tell) for one, where in pairs]


def _brought(context: typer.Context, pairs: list[tuple[Named, str]], resume: bool) -> list[Report]:
    from jingwei.channels.sources.at_home import at_hand, import_at_home
    from jingwei.stores.store import InUse

    def bring(one: Named, where: str, tell: Progress) -> Report:
        return import_at_home(at_hand(home), shelf, one.mapping, where, resume=resume, tell=tell)

    try:
        with bank_at(context) as home, shelf_at(home.path) as shelf:
            return _each(pairs, bring)
    except InUse:
        return _brought_beside(context, pairs, resume)


def _each(pairs: list[tuple[Named, str]], bring: Callable[[Named, str, Progress], Report]) -> list[Report]:
    """One file after the other, each with its bar."""
    reports = []
    for one, where in pairs:
        with progress(one.mapping.source) as tell:
            reports.append(bring(one, where, tell))
    return reports


def _brought_beside(context: typer.Context, pairs: list[tuple[Named, str]], resume: bool) -> list[Report]:
    """Bring in beside the process that has the bank, which seals what came in."""
    from jingwei.channels.sources.at_home import bring_in as brought
    from jingwei.channels.sources.running import from_outside, wait_until_sealed

    def bring(named: Named, where: str, tell: Progress) -> Report:
        one, report = brought(hand, shelf, named.mapping, where, resume=resume, tell=tell)
        report.sealed = wait_until_sealed(shelf, one.id)
        return report

    path = setting(context).home
    typer.echo("The bank is running; it will seal what comes in.", err=True)
    with books_of(context) as reader, shelf_at(path) as shelf:
        hand = from_outside(path, reader)
        return _each(pairs, bring)


def list_imports(
    context: typer.Context,
    source: Annotated[str, typer.Option(help="Only this source.")] = "",
    as_json: Json = False,
) -> None:
    """List what came in, and what was stopped on its way."""
    with shelf_at(setting(context).home) as shelf:
        found = shelf.imports(source)
    rows = [
        (one.source, one.file, one.position, one.taken, one.rejected, _state(one.done_at, one.sealed), one.id)
        for one in found
    ]

    def show() -> None:
        columns = ("source", "file", "rows>", "taken>", "rejected>", "state", "import")
        table(columns, rows, "Nothing came in yet; see `jingwei source mappings`.")

    result({"imports": found}, as_json, show)


def _state(done_at: int, sealed: str) -> str:
    return sealed or ("not sealed: import again" if done_at else "stopped: import with --resume")


def list_mappings(as_json: Json = False) -> None:
    """List the mappings that come with the bank, with what each reads."""
    from jingwei.channels.sources.shipped import shipped
    from jingwei.domains.insight.mapping import known_words

    told = [{"name": one.name, **known_words(one.mapping)} for one in shipped()]

    def show() -> None:
        rows = [
            (one["name"], one["file"], one["subject"], ", ".join(one["kinds"] or one["profile"]))
            for one in told
        ]
        table(("mapping", "usual file", "rows name a", "tells"), rows, "No mapping comes with this bank.")

    result({"mappings": told}, as_json, show)


def verify(context: typer.Context, as_json: Json = False) -> None:
    """Compare everything on the insight shelf with what was sealed when it came in."""
    from jingwei.keeping.verifying_shelf import verify_shelf

    with books_of(context) as reader, shelf_at(setting(context).home) as shelf, progress("verify") as tell:
        told = verify_shelf(shelf, reader, tell)
    result(told, as_json)
    if not told.whole:
        raise typer.Exit(1)
