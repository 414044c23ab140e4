"""The program: the options before the command, the commands, and how mistakes end."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from jingwei.channels.cli import (
    backups,
    books,
    checkup,
    city,
    evidence,
    identity,
    learning,
    loans,
    people,
    running,
    simulating,
    soak,
    sources,
    versions,
)
from jingwei.channels.cli.asking import Json, Setting
from jingwei.channels.cli.mistakes import told

app = typer.Typer(
    name="jingwei",
    help="Jingwei 经纬: an open intelligent bank. Every payment becomes an explained decision, "
    "a booked movement of money and a sealed record.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: jingwei serve",
)


@app.callback()
def options(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="Where the bank lives; JINGWEI_HOME, else ~/.jingwei.")
    ] = None,
    store: Annotated[str, typer.Option(help="A PostgreSQL database for the books: postgresql://...")] = "",
) -> None:
    """Read the options before the command."""
    chosen = home or Path(os.environ.get("JINGWEI_HOME") or Path.home() / ".jingwei")
    context.obj = Setting(chosen.expanduser(), store or os.environ.get("JINGWEI_STORE", ""))


@app.command()
def version(as_json: Json = False) -> None:
    """Print the version."""
    from jingwei.channels.cli.shown import result
    from jingwei.channels.release import release

    result({"jingwei": release(), "python": sys.version.split()[0]}, as_json)


running.add_to(app)
checkup.add_to(app)
learning.add_to(app)
books.add_to(app)
evidence.add_to(app)
backups.add_to(app)
versions.add_to(app)
city.add_to(app)
soak.add_to(app)
simulating.add_to(app)
people.add_to(app)
sources.add_to(app)
identity.add_to(app)
loans.add_to(app)


def main() -> None:
    """Run the command line; mistakes end with a sentence and an exit code, never a traceback."""
    with told("--json" in sys.argv):
        app()
