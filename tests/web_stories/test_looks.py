"""A part of the grid, drawn by lot: some pages, each in one look at one width. The whole is a long run."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from tests.web_stories.axe_grid import Grid, drawn
from tests.web_stories.grid_bank import GridBank
from tests.web_stories.grid_pages import NOT_PAGES, View, views
from tests.web_stories.grid_told import Done, count, paper, stamp

PAGES = 16


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Any:
    one = GridBank(tmp_path_factory.mktemp("looks") / "home")
    yield one
    one.close()


@pytest.mark.timeout(900)
def test_pages_drawn_by_lot_hinder_nobody(bank: GridBank, chromium: Any) -> None:
    """Every page of the routes is in the lot; what is found is told with the seed that draws it again."""
    pytest.importorskip("axe_playwright_python", reason="axe is not installed")
    pages = views(bank)
    routes = {path for method, path in bank.served.site.guards if method == "GET"}
    assert routes - {view.route for view in pages} == set(NOT_PAGES)
    grid, seed = Grid(bank, chromium), random.randrange(1_000_000)
    drawn(grid, pages, PAGES, seed)
    assert grid.found == [], f"drawn again with --draw {PAGES} --seed {seed}"
    assert grid.looked == PAGES


def test_the_grid_sees_what_is_wrong(bank: GridBank, chromium: Any) -> None:
    """A button without a name, a line too wide and small letters are found: the grid can fail."""
    pytest.importorskip("axe_playwright_python", reason="axe is not installed")
    grid = Grid(bank, chromium)
    view = next(one for one in views(bank) if one.name == "/app/settings")

    def broken(page: Any, reached: GridBank) -> None:
        view.reach(page, reached)
        page.evaluate(
            """() => { const one = document.querySelector("main");
            one.insertAdjacentHTML("beforeend", "<button></button><p id=w>wide</p>");
            document.getElementById("w").style.width = "3000px";
            document.querySelector("h1").style.fontSize = "9px"; }"""
        )

    context = grid.context(view.actor, ("en", "0", "light"))
    grid.look_at(context.new_page(), view._replace(reach=broken), ("en", "0", "light"), [320])
    context.close()
    assert {one["kind"] for one in grid.found} >= {"axe", "sideways", "figures"}


def test_a_run_goes_on_where_it_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done stays done, a line cut short counts as not done, and a changed page starts over."""
    part, look = tmp_path / "looks.part0.jsonl", ("en", "0", "light")
    home, pay = (View(name, name, "customer:alice", lambda *_: None) for name in ("/app", "/app/pay"))
    told: list[str] = []
    stamp(part, anew=False)
    done = Done(part, "worker 1", 2, told.append)
    assert not done.has(home, look)
    done.add(home, look, 3, [{"kind": "axe", "says": "button-name"}], 0.5)
    with part.open("a", encoding="utf-8") as file:
        file.write('{"page": "/app/pay", "act')

    stamp(part, anew=False)
    again = Done(part, "worker 1", 2, told.append)
    assert again.has(home, look) and not again.has(pay, look)
    again.add(pay, look, 3, [], 0.5)
    assert told[-1].startswith("worker 1: 2/2 pages in a look, 0 found")
    counted = count([part])
    assert (counted["looked_at"], counted["pages"], counted["violations"]["axe"]) == (6, 2, 1)
    assert "6 views, 1 violations" in paper(counted)

    monkeypatch.setattr("tests.web_stories.grid_told.print_of", lambda: "other pages")
    stamp(part, anew=False)
    assert not Done(part, "worker 1", 2, told.append).has(home, look)
