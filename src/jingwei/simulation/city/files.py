"""The city as files: one Parquet file for each source system, and the truth in a folder of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec
import numpy as np
import numpy.typing as npt

from jingwei.simulation.city.draws import Columns, Draws
from jingwei.simulation.city.people import SEGMENTS, names
from jingwei.simulation.city.world import LISTS, City

TRUTH: Final = "-truth"
"""The truth lies beside the folder of the systems, never in it: the bank is given the one, not the other."""

_COLUMN: Final = {
    "person": "format('p{{:06d}}', {0})",
    "payee": "CASE WHEN {0} < 0 THEN format('city-{{}}', (getvariable('biller'))[-{0}::INT]) "
    "ELSE format('p{{:06d}}', {0}) END",
    "shop": "format('shop-{{}}', {0})",
    "at": "make_timestamp({0})",
    "page": "(getvariable('page'))[{0}::INT + 1]",
    "topic": "(getvariable('topic'))[{0}::INT + 1]",
    "thing": "(getvariable('thing'))[{0}::INT + 1]",
}


class NotEmpty(ValueError):
    """The folder holds something already."""


def truth_folder(folder: Path) -> Path:
    """Where the truth of the systems in `folder` lies."""
    return folder.with_name(folder.name + TRUTH)


def write(city: City, folder: Path) -> dict[str, int]:
    """Write all systems into `folder` and the truth beside it; return the rows of each file.

    Raises NotEmpty when either folder holds files already.
    """
    truth = truth_folder(folder)
    for one in (folder, truth):
        if one.exists() and any(one.iterdir()):
            raise NotEmpty(f"{one} is not empty; name another folder, or remove it")
        one.mkdir(parents=True, exist_ok=True)
    written = {}
    with duckdb.connect() as duck:
        for name, words in LISTS.items():
            duck.execute(f"SET VARIABLE {name} = {_list(words)}")
        for name, rows in {"customers": _customers(city), "shops": _shops(city), **city.systems}.items():
            written[name] = _file(duck, rows, folder / f"{name}.parquet")
        for name, rows in city.truth.items():
            _file(duck, rows, truth / f"{name}.parquet")
    about = {
        "simulated": True,
        "seed": city.seed,
        "people": city.people.size,
        "first_day": city.first.isoformat(),
        "days": city.days,
        "rows": written,
    }
    (folder / "about.json").write_bytes(msgspec.json.format(msgspec.json.encode(about), indent=2) + b"\n")
    return written


def _list(words: tuple[str, ...]) -> str:
    return "[" + ", ".join(f"'{word}'" for word in words) + "]"


def _file(duck: duckdb.DuckDBPyConnection, rows: Columns, path: Path) -> int:
    """Write columns as Parquet, numbers of people and shops as ids; return how many rows there are."""
    columns = {name: _plain(column) for name, column in rows.items() if name != "at_s"}
    duck.register("rows", columns)
    parts = (f"""{_COLUMN.get(name, "{0}").format(f'"{name}"')} AS "{name}" """ for name in columns)
    duck.execute(f"COPY (SELECT {', '.join(parts)} FROM rows) TO '{str(path).replace(chr(39), chr(39) * 2)}'")
    duck.unregister("rows")
    return len(next(iter(columns.values())))


def _plain(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Texts as DuckDB reads them."""
    return column.astype(object) if column.dtype.kind == "U" else column


def _customers(city: City) -> Columns:
    people = city.people
    return {
        "person": np.arange(people.size),
        "name": np.array(names(Draws(city.seed), people.size)),
        "segment": np.array([one.code for one in SEGMENTS])[people.trade],
        "born": city.first.year - people.age,
        "woman": people.woman,
        "household": people.household,
        "home": people.home,
        "employer": people.employer,
    }


def _shops(city: City) -> Columns:
    shops = city.shops
    kinds = np.array(LISTS["category"])
    return {"shop": np.arange(shops.size), "category": kinds[shops.category], "place": shops.place}
