"""The frame of the web pages: who gets in, what is escaped, what a forged form does, both languages."""

from __future__ import annotations

import re
from string import Formatter

import pytest
from tests.channels.web.browser import Browser

from jingwei.channels.demo import PEOPLE
from jingwei.channels.web.pages import money
from jingwei.channels.web.phrases import phrases


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    one = Browser(tmp_path_factory.mktemp("web") / "home")
    yield one
    one.close()


@pytest.fixture
def alice(browser):
    return browser.sign_in("customer:alice")


def test_a_stranger_is_sent_to_sign_in(browser):
    for path in ("/app", "/desk"):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={path}")


def test_a_customer_sees_the_own_account_and_never_the_desk(alice):
    page = alice.get("/app")
    assert "1,000,000.00" in page.text and page.headers["cache-control"] == "no-store"
    assert "&lt;span" not in page.text
    assert alice.get("/desk").headers["location"].startswith("/sign-in")


def test_staff_see_the_queue_and_no_app(browser):
    browser.fresh()
    assert browser.post("/sign-in/demo", actor="staff:reviewer").headers["location"] == "/desk"
    assert browser.get("/desk").status_code == 200
    assert browser.get("/app").headers["location"].startswith("/sign-in")


def test_nobody_signs_in_as_who_is_not_made_up(browser):
    browser.fresh()
    for actor in ("system:core", "customer:eve", "staff:", ""):
        answer = browser.post("/sign-in/demo", actor=actor)
        assert "jingwei_session" not in answer.headers.get("set-cookie", "")


def test_a_forged_form_does_nothing(alice):
    for forged in ("", "wrong"):
        alice.post("/sign-out", form_token=forged)
        assert alice.get("/app").status_code == 200
    alice.post("/sign-out", form_token=alice.token())
    assert alice.get("/app").status_code == 303


def test_after_signing_in_one_goes_only_to_pages_of_ours(browser):
    for to, lands in (("/app", "/app"), ("//evil.example", "/app"), ("/desk", "/app"), ("/app/../x", "/app")):
        browser.fresh()
        answer = browser.post("/sign-in/demo", params={"next": to}, actor=PEOPLE[0].actor)
        assert answer.headers["location"] == lands


def test_language_light_and_size_are_kept(alice):
    assert 'lang="en"' in alice.get("/app", headers={"accept-language": "en"}).text
    alice.get("/look", params={"lang": "zh", "elder": "1", "theme": "dark"})
    page = alice.get("/app").text
    assert '<html lang="zh-CN" data-theme="dark" data-elder>' in page and "我的账户" in page


def test_every_sentence_has_both_languages_and_the_same_blanks():
    blanks = lambda text: {name for _, name, _, _ in Formatter().parse(text) if name}  # noqa: E731
    for key, words in phrases().items():
        assert words.en.strip() and words.zh.strip(), key
        assert blanks(words.en) == blanks(words.zh), key
        assert re.search(r"[\u4e00-\u9fff]", words.zh) or key.startswith(("language.", "mark.")), key


def test_a_static_file_is_one_of_ours(browser):
    assert browser.get("/static/jingwei.css").status_code == 200
    for name in ("..%2fapp.py", "nothing.css", ".hidden"):
        assert browser.get(f"/static/{name}").status_code == 404


def test_money_is_grouped_and_signed():
    assert "−¥1,234.50" in money(-123450, "CNY")
    assert "+JP¥5,000" in money(5000, "JPY", plus=True), "yen are not taken for yuan"
    assert "1.234 KWD" in money(1234, "KWD")
