"""What every page has, whose large print it is, and counts that come from one reading."""

from __future__ import annotations

import re
from html import unescape

import pytest
from tests.channels.web.browser import Browser
from tests.channels.web.desk_floor import Floor

from jingwei.channels.web.customer.people import family
from jingwei.channels.web.staff.board import Board
from jingwei.channels.web.visit import COOKIE
from jingwei.journeys.open_account import OpenAccount
from jingwei.ledger.family import Preference
from jingwei.stores.sessions import Session


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


def test_those_who_look_after_each_other_know_each_other_by_name(browser):
    site = browser.desk.tokens._listeners[0].__self__.site
    assert family(site, "carol") == {"erin", "grace"} and family(site, "erin") == {"carol"}
    assert family(site, "alice") == set()
    browser.sign_in("customer:carol")
    asked = {"to": "erin", "name": "Erin 小艾", "amount": "20", "every": "weekly", "first": "2026-12-01"}
    browser.post("/app/schedules", form_token=browser.token(), key="s", **asked)
    page = browser.get("/app/schedules").text
    assert "Erin 小艾" in page and "E***" not in page


def sent(browser, path, came_from, **fields):
    """Send a form as a browser does that shows the page it is on."""
    told = browser.client.post(path, data=fields, headers={"referer": f"http://bank.test{came_from}"})
    return browser._runner.run(told)


def test_a_session_that_ended_in_a_form_leads_back_to_the_form(browser):
    form = "/app/pay?to=river_tea&amount=12"
    asked = {"to": "river_tea", "amount": "12"}
    told = sent(browser.fresh(), "/app/pay/check", form, **asked)
    assert told.status_code == 303 and "told=session_over" in told.headers["location"]
    page = browser.get(told.headers["location"])
    assert "You were signed out meanwhile" in page.text
    onward = re.search(r'action="(/sign-in/demo[^"]*)"', page.text)[1]
    back = browser.post(unescape(onward), actor="customer:alice")
    assert back.headers["location"] == form
    old = sent(browser, "/app/pay/check", form, form_token="of another session", **asked)
    assert old.headers["location"] == f"{form}&error=form_old"
    assert "too old to be sent safely" in browser.get(old.headers["location"]).text
    told = "/app/consents?told=consent_given&lang=en"
    old = sent(browser, "/app/consents/change", told, form_token="of another session")
    assert old.headers["location"] == "/app/consents?lang=en&error=form_old", "told before, not now"


@pytest.mark.parametrize("came_from", ["//evil.example/x", "/\\evil.example", "https://evil.example/app"])
def test_a_form_leads_back_to_pages_of_ours_only(browser, came_from):
    told = sent(browser.sign_in("customer:alice"), "/app/pay/check", came_from, form_token="old")
    assert re.match(r"/[^/\\]", told.headers["location"]), told.headers["location"]
    told = sent(browser.fresh(), "/app/pay/check", came_from)
    demo = told.headers["location"].replace("/sign-in?", "/sign-in/demo?")
    onward = browser.post(demo, actor="customer:alice")
    assert re.match(r"/app($|[/?])", onward.headers["location"]), onward.headers["location"]


def test_an_address_that_only_takes_a_form_leads_to_the_page_above(browser):
    browser.sign_in("customer:alice")
    above = {"/app/pay/check": "/app/pay", "/app/elder": "/app", "/sign-in/demo": "/sign-in"}
    for path, lands in above.items():
        told = browser.get(path, headers={"accept": "text/html"})
        assert (told.status_code, told.headers["location"]) == (303, lands)
    assert browser.get("/app/pay/check", headers={"accept": "application/json"}).status_code == 405


def test_no_page_of_the_app_falls_for_somebody_without_an_account_or_with_a_long_name(browser):
    site, start = browser.desk.tokens._listeners[0].__self__.site, browser.clock.now()
    long = "阿卜杜勒拉赫曼·本·穆罕默德·Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"
    for code in ("cny", "jpy", "kwd"):
        stamp = {"key": f"long-{code}", "actor": "system:core", "at": start, "known_at": start}
        fields = {"customer": "long", "product": f"current_{code}", "account": f"long-{code}", "name": long}
        opened = OpenAccount(**stamp, **fields, opening_minor=99_999_999_999_912)
        assert browser.home.bank.do([opened])[0].answer.result == "done"
    pages = [path for method, path in site.guards if method == "GET" and path.startswith("/app")]
    plain = sorted({path for path in pages if "{" not in path} - {"/app/events"})
    for who in ("nobody", "long"):
        session = Session(f"customer:{who}", who, ("customer",), start, start, "t" * 24, means=("demo",))
        browser.fresh().client.cookies.set(COOKIE, site.sessions.begin(session))
        for path in plain:
            page = browser.get(path)
            assert page.status_code == 200 or page.headers["location"] == "/app/statement", (who, path)
        front = browser.get("/app").text
        if who == "nobody":
            assert "no account with us" in front
        else:
            for amount in ("¥999,999,999,999.12", "JP¥99,999,999,999,912", "99,999,999,999.912 KWD"):
                assert f'<span class="money long" translate="no">{amount}</span>' in front, amount
