"""A part of the grid, drawn by lot: some pages, each in one look at one width. The whole is a long run."""

from __future__ import annotations

import random
from typing import Any

import pytest
from tests.web_stories.axe_grid import Grid, drawn
from tests.web_stories.grid_bank import GridBank
from tests.web_stories.grid_pages import NOT_PAGES, views

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
