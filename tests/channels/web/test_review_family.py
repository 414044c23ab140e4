"""A customer learns no stranger's name by asking for a family tie."""

from __future__ import annotations

import re

import pytest
from tests.channels.web.browser import Browser
from tests.channels.web.test_family_pages import send, told


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    one = Browser(tmp_path_factory.mktemp("review_family") / "home")
    yield one
    one.close()


def test_the_name_of_who_was_only_asked_is_not_told_before_they_say_yes(browser):
    browser.sign_in("customer:alice")
    assert send(browser, "/app/family", what="my_helper", other="mallory").status_code == 303
    asked = browser.get("/app/family?lang=en")
    assert "mallory" in told(asked) and "马洛里" not in told(asked)
    page = browser.sign_in("customer:mallory").get("/app/family?lang=en")
    assert "爱丽丝" in told(page), "who is asked reads who asks"
    tie = re.search(r"/app/family/(T\d+)/answer", page.text)[1]
    assert send(browser, f"/app/family/{tie}/answer", no="1").status_code == 303
    over = browser.sign_in("customer:alice").get("/app/family?lang=en")
    assert "mallory" in told(over) and "马洛里" not in told(over), "turned down, and still a stranger"
    assert send(browser, "/app/family", what="my_helper", other="mallory").status_code == 303
    page = browser.sign_in("customer:mallory").get("/app/family?lang=en")
    tie = re.search(r"/app/family/(T\d+)/answer", page.text)[1]
    assert send(browser, f"/app/family/{tie}/answer", yes="1").status_code == 303
    assert "马洛里" in told(browser.sign_in("customer:alice").get("/app/family?lang=en"))
