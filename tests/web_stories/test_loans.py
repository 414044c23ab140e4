"""Stories of borrowing, in Chromium: from the wish to the money and back, and a refusal that helps."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.web_stories.conftest import Served

from jingwei.channels.lending import asking
from jingwei.domains.credit.inputs import Bureau
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.open_account import OpenAccount
from jingwei.kernel.clock import DAY

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COUNT = itertools.count()
MOST_SECONDS = 15


class CleanBureau:
    """Reports nothing bad about anybody."""

    def report(self, customer: str, at: int) -> Bureau:
        return Bureau(source="clean", reported_at=at, debts=0, monthly_minor=0, late_marks=0, inquiries=0)


def stamp(served: Served, ago: int) -> dict[str, Any]:
    at = served.desk.home.clock.now() - ago * DAY
    return {"key": f"loan-story-{next(COUNT)}", "actor": "system:core", "at": at, "known_at": at}


@pytest.fixture(scope="module")
def known(served: Served) -> Iterator[None]:
    """Alice and carol have had wages in an older account for half a year: much, and little."""
    patch = pytest.MonkeyPatch()
    patch.setattr(asking, "BUREAU", CleanBureau())
    for who, minor in (("alice", 2_000_000), ("carol", 150_000)):
        account = f"{who}-old"
        served.do(OpenAccount(customer=who, account=account, product="current_cny", **stamp(served, 200)))
        for ago in range(175, 0, -30):
            money = {"amount_minor": minor, "currency": "CNY"}
            served.do(Deposit(account=account, **money, **stamp(served, ago)))
    yield
    patch.undo()


def phone(served: Served, chromium: Any, who: str, **more: Any) -> Any:
    """Somebody's phone, signed in."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="en-GB", **more)
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(f"{served.url}/sign-in")
    page.click(f'button[value="customer:{who}"]')
    page.wait_for_url("**/app")
    return page


class Watch:
    """The seconds of a story, without those that axe takes to look at a page."""

    def __init__(self) -> None:
        self.began, self.axe = time.perf_counter(), 0.0

    def seconds(self) -> float:
        return time.perf_counter() - self.began - self.axe


def hindrances(page: Any, watch: Watch | None = None) -> list[str]:
    """What axe finds on the page at hand."""
    from axe_playwright_python.sync_playwright import Axe

    began = time.perf_counter()
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}}).response["violations"]
    if watch is not None:
        watch.axe += time.perf_counter() - began
    return [f"{page.url} {one['id']}: {one['nodes'][0]['html'][:120]}" for one in found]


def test_from_the_wish_to_the_money_and_back(served: Served, chromium: Any, known: None) -> None:
    page = phone(served, chromium, "alice")
    page.set_default_timeout(30_000)
    watch = Watch()
    page.goto(f"{served.url}/app/loans")
    wrong = hindrances(page, watch)
    page.click('main a[href="/app/loans/apply"]')
    page.click('a[href="/app/loans/apply/personal_loan"]')
    page.wait_for_selector(".only-plain", state="hidden")
    page.fill("#amount", "24000")
    page.wait_for_selector("#cost >> text=24,000.00")
    page.check('input[name="months"][value="24"]', force=True)
    page.wait_for_selector("#cost >> text=24 times")
    page.check('input[name="agree"]')
    wrong += hindrances(page, watch)
    page.click("main .go button")
    assert page.inner_text("h1") == "Yes: this is your offer"
    wrong += hindrances(page, watch)
    page.check('input[name="read"]')
    page.click("text=Sign and get")
    assert "The money is in your account" in page.inner_text(".notice.good")
    assert watch.seconds() < MOST_SECONDS
    page.click("text=Repay early")
    page.fill("#amount", "4000")
    page.check('input[value="shorter"]')
    page.click("text=See what it does")
    assert re.search(r"24 → (1\d|2[0-3])\b", page.inner_text("section.card"))
    page.click("section.card .go button")
    assert "Paid" in page.inner_text(".notice.good")
    wrong += hindrances(page, watch)
    page.click("text=Repay early")
    page.check('input[value="all"]')
    page.click("text=See what it does")
    page.click("section.card .go button")
    assert "Repaid: you owe nothing" in page.inner_text("main")
    assert not wrong, wrong
    page.context.close()


def test_a_refusal_helps_and_what_it_advises_is_accepted(served: Served, chromium: Any, known: None) -> None:
    page = phone(served, chromium, "carol", java_script_enabled=False)
    page.goto(f"{served.url}/app/loans/apply/personal_loan")
    page.fill("#amount", "60000")
    page.select_option("#purpose", "wedding")
    page.check('input[name="agree"]')
    page.click("main .go button")
    assert page.inner_text("h1") == "Not this time"
    assert "Each of these was tried" in page.inner_text("main")
    page.click(".advice a.button >> nth=0")
    assert page.input_value("#amount") != "60000" or not page.is_checked('input[name="months"][value="12"]')
    page.click("main .go button")
    assert page.inner_text("h1") in ("Yes: this is your offer", "A person decides")
    page.context.close()


@pytest.mark.parametrize("looks", [("zh", "dark", "0", 390), ("en", "light", "1", 320)], ids=str)
def test_no_page_of_borrowing_hinders_anybody(
    served: Served, chromium: Any, known: None, looks: tuple[str, str, str, int]
) -> None:
    lang, theme, elder, wide = looks
    wrong: list[str] = []
    for who, paths in (
        ("customer:carol", ("/app/loans", "/app/loans/apply", "/app/loans/apply/home_loan", "first")),
        ("staff:reviewer", ("/desk/loans",)),
    ):
        context = chromium.new_context(viewport={"width": wide, "height": 800})
        page = context.new_page()
        page.goto(f"{served.url}/sign-in")
        page.click(f'button[value="{who}"]')
        page.goto(f"{served.url}/look?lang={lang}&theme={theme}&elder={elder}&back=/sign-in")
        for path in paths:
            if path == "first":
                page.goto(f"{served.url}/app/loans")
                page.click(".lines a >> nth=-1")
            else:
                page.goto(f"{served.url}{path}")
            wrong += hindrances(page)
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wrong.append(f"{page.url} is wider than {wide}")
        context.close()
    assert not wrong, wrong
