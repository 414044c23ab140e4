"""What every page has, whose large print it is, and counts that come from one reading."""

from __future__ import annotations

import re

import pytest
from tests.channels.web.browser import Browser
from tests.channels.web.desk_floor import Floor

from jingwei.channels.web.staff.board import Board
from jingwei.ledger.family import Preference


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    one = Browser(tmp_path_factory.mktemp("eyes") / "home")
    yield one
    one.close()


@pytest.fixture
def floor(tmp_path):
    one = Floor(tmp_path / "home")
    yield one
    one.close()


@pytest.mark.parametrize(("actor", "path"), [
    ("customer:alice", "/app"), ("customer:alice", "/app/loans"), ("customer:alice", "/app/loans/apply"),
    ("staff:reviewer", "/desk"), ("staff:reviewer", "/desk/board"),
])  # fmt: skip
def test_every_page_has_its_picture_in_the_tab(browser, actor, path):
    page = browser.sign_in(actor).get(path).text
    icon = re.search(r'<link rel="icon" href="([^"]*)"', page)[1]
    assert icon.startswith("data:image/svg+xml"), icon


def send(browser, path, **fields):
    return browser.post(path, form_token=browser.token("/app/settings"), key="k", **fields)


def test_large_print_of_one_person_is_not_the_next_persons(browser):
    browser.sign_in("customer:grace")
    send(browser, "/app/elder", on="1", back="/app")
    assert browser.home.store.load(Preference, ["grace"])[0].elder == 1
    for who, large in (("customer:alice", False), ("customer:grace", True), ("staff:reviewer", False)):
        assert browser.post("/sign-in/demo", actor=who).status_code == 303, "the same browser, not signed out"
        page = browser.get("/desk" if who.startswith("staff") else "/app").text
        assert ("data-elder" in page) == large, who


def test_large_print_chosen_for_the_device_stays_whoever_signs_in(browser):
    browser.sign_in("customer:alice")
    browser.get("/look", params={"elder": "1", "back": "/app"})
    browser.post("/sign-in/demo", actor="customer:dana")
    assert "data-elder" in browser.get("/app").text


def test_counts_and_rows_of_the_queue_come_from_one_reading(floor, monkeypatch):
    for amount in (200_000, 210_000, 220_000):
        floor.held(amount)
    every, looks = Board.open_rows, []

    def growing(board):
        """One case more each time somebody looks, as while people pay."""
        looks.append(1)
        return every(board)[: len(looks)]

    monkeypatch.setattr(Board, "open_rows", growing)
    floor.sign_in("staff:reviewer")
    page = floor.get("/desk").text
    counted = re.search(r'data-count="open">(\d+)<', page)[1]
    waiting = re.search(r"<dd>(\d+)</dd>", page)[1]
    assert {counted, waiting, str(page.count("<tr data-row"))} == {"1"} and len(looks) == 1
