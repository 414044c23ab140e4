"""What every command shares: where the home is, whether to answer in JSON, and opening the bank."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

if TYPE_CHECKING:
    from jingwei.home import Home
    from jingwei.stores.store import Reader

Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object on the last line.")]


class Setting(NamedTuple):
    """The options before the command."""

    home: Path
    store_url: str


def setting(context: typer.Context) -> Setting:
    """The options given before the command."""
    found = context.find_root().obj
    assert isinstance(found, Setting)
    return found


@contextmanager
def bank_at(context: typer.Context, *, pipelined: bool = False) -> Iterator[Home]:
    """The bank of the home, open for writing; founded when the home is new. Raises StoreError.

    `pipelined` writes in a second process.
    """
    from jingwei.home import open_home

    chosen = setting(context)
    home = open_home(chosen.home, store_url=chosen.store_url, pipelined=pipelined)
    try:
        yield home
    finally:
        home.close()


@contextmanager
def books_of(context: typer.Context) -> Iterator[Reader]:
    """The books of the home, for reading only; also while the bank is running. Raises StoreError."""
    from jingwei.stores.opening import open_reader

    chosen = setting(context)
    reader = open_reader(chosen.store_url or str(chosen.home / "bank.db"))
    try:
        yield reader
    finally:
        reader.close()
