"""The made-up city: one seed is one city, the truth is apart, and its life fits what it says of itself."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from datetime import date

import duckdb
import numpy as np
import pytest

from jingwei.simulation.city.crime import KINDS
from jingwei.simulation.city.files import NotEmpty, truth_folder, write
from jingwei.simulation.city.people import SEGMENTS
from jingwei.simulation.city.world import live_through

PEOPLE, DAYS = 600, 45


@pytest.fixture(scope="module")
def city():
    return live_through(PEOPLE, DAYS, 11, date(2026, 1, 20))


def digest(city):
    found = hashlib.sha256()
    for name, rows in sorted({**city.systems, **city.truth}.items()):
        for column, values in sorted(rows.items()):
            found.update(f"{name}.{column}".encode() + np.ascontiguousarray(values).tobytes())
    return found.hexdigest()


def test_one_seed_is_one_city_and_another_seed_another(city):
    assert digest(live_through(PEOPLE, DAYS, 11, date(2026, 1, 20))) == digest(city)
    assert digest(live_through(PEOPLE, DAYS, 12, date(2026, 1, 20))) != digest(city)


def test_a_seed_is_the_same_city_in_another_process(city):
    program = (
        "from tests.simulation.test_city import *;"
        "print(digest(live_through(PEOPLE, DAYS, 11, date(2026, 1, 20))))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == digest(city)


def test_there_are_twelve_source_systems_and_each_has_rows_in_time(city):
    own = ("reports_", "book_", "bureau_")
    systems = {name: rows for name, rows in city.systems.items() if not name.startswith(own)}
    assert len(systems) == 12
    first, last = city.systems["registers"]["at"].min(), 0
    for name, rows in systems.items():
        assert len(rows["at"]) > 20, name
        assert (np.diff(rows["at"]) >= 0).all(), name
        last = max(last, int(rows["at"][-1]))
    assert last - int(first) <= DAYS * 86_400_000_000


def test_no_system_tells_what_is_hidden(city):
    columns = {column for rows in city.systems.values() for column in rows}
    assert not columns & {"crime", "kind_of_crime", "cause", "mule", "ring", "truth"}
    assert not {"scam", "pass_on"} & set(city.systems["payments"]["why"].tolist())


def test_every_crime_of_the_truth_is_a_row_of_a_system(city):
    kinds = set()
    for name in ("cards", "payments", "deposits"):
        rows = city.truth[f"crimes_{name}"]
        assert rows["row"].max(initial=-1) < len(city.systems[name]["at"])
        kinds |= set(rows["kind"].tolist())
    assert kinds <= set(KINDS)
    assert {"persuaded", "mule", "collusion"} <= kinds


def test_reports_come_late_not_always_and_sometimes_wrongly():
    city = live_through(4_000, 60, 3)
    told = city.systems["reports_cards"]
    assert (told["at"] > city.systems["cards"]["at"][told["row"]]).all()
    crimes = city.truth["crimes_cards"]
    leaked = crimes["row"][crimes["kind"] == "leak"]
    share = np.isin(leaked, told["row"]).mean()
    assert 0.75 < share < 0.97
    wrong = ~np.isin(told["row"], crimes["row"])
    assert 0 < wrong.sum() < 0.001 * len(city.systems["cards"]["at"])


def test_people_spend_below_what_they_earn(city):
    spent = np.bincount(city.systems["cards"]["person"], city.systems["cards"]["amount_minor"], PEOPLE)
    month = spent * 30 / DAYS
    for number, segment in enumerate(SEGMENTS):
        here = city.people.trade == number
        ratio = np.median(month[here] / city.people.income_minor[here])
        assert 0.2 < ratio < 1.1, (segment.code, ratio)


def test_the_spring_festival_shows(city):
    gifts = city.systems["payments"]["why"] == "gift"
    days = (city.systems["payments"]["at_s"][gifts] // 86_400).astype(int)
    new_year = (date(2026, 2, 17) - city.first).days
    assert gifts.sum() > 100 and (np.abs(days - new_year) <= 6).all()


def test_the_truth_is_written_beside_the_systems_never_among_them(city, tmp_path):
    folder = tmp_path / "city"
    rows = write(city, folder)
    truth = truth_folder(folder)
    assert truth.parent == folder.parent and truth != folder
    names = {path.stem for path in folder.glob("*.parquet")}
    assert not {name for name in names if "crime" in name or "cause" in name or "mule" in name}
    assert {path.stem for path in truth.glob("*.parquet")} == set(city.truth)
    asked = f"SELECT count(*) FROM '{folder}/cards.parquet' WHERE shop LIKE 'shop-%'"
    ((count,),) = duckdb.sql(asked).fetchall()
    assert count == rows["cards"] == len(city.systems["cards"]["at"])
    with pytest.raises(NotEmpty):
        write(city, folder)


@pytest.mark.parametrize(("people", "days"), [(3, 10), (10, 0), (10**9, 10), (100, 10**6)])
def test_a_city_out_of_bounds_is_refused_in_words(people, days):
    with pytest.raises(ValueError, match="a city has"):
        live_through(people, days, 1)


def test_the_city_shares_no_code_with_what_judges_it():
    import ast
    from pathlib import Path

    import jingwei.simulation.city as room

    for file in Path(room.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("jingwei."):
                top = node.module.split(".")[1]
                assert top in ("simulation", "journeys", "kernel", "bank"), (file.name, node.module)
