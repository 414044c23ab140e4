"""Stories of sending money, in Chromium: four taps, undo, a warning before the confirmation, news at once."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.web_stories.conftest import Served

from jingwei.journeys.deposit import Deposit
from jingwei.journeys.keep_payee import KeepPayee
from jingwei.journeys.pay import Pay

PAGES = ("/app", "/app/pay", "/app/pay?to=bob", "/app/receive?amount=88", "/app/schedules")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COUNT = itertools.count()


def stamp(served: Served, actor: str) -> dict[str, Any]:
    at = served.desk.home.clock.now()
    return {"key": f"story-{next(COUNT)}", "actor": actor, "at": at, "known_at": at}


@pytest.fixture
def phone(served: Served, chromium: Any) -> Iterator[Any]:
    """Alice's phone, in English, signed in; what another story chose for her (large print) is taken back."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(f"{served.url}/sign-in")
    page.click('button[value="customer:alice"]')
    page.wait_for_url("**/app")
    page.goto(f"{served.url}/look?elder=0&back=/app")
    yield page
    context.close()


@pytest.fixture
def knows_bob(served: Served) -> None:
    """Alice has kept bob as a payee since the day before yesterday."""
    old = stamp(served, "customer:alice")
    old["at"] = old["known_at"] = old["at"] - 2 * 86_400_000_000
    assert served.do(KeepPayee(customer="alice", account="bob", name="Bob", **old)).answer.result == "done"


def test_a_known_payee_is_paid_with_four_taps_and_undone_with_one(phone: Any, knows_bob: None) -> None:
    taps = 0

    def tap(what: str) -> None:
        nonlocal taps
        taps += 1
        phone.click(what)

    tap('.doings a[href="/app/pay"]')
    tap('.people a[href="/app/pay?to=bob"]')
    phone.wait_for_function("document.activeElement.id === 'amount'")
    phone.keyboard.type("12.50")
    tap("main .go button")
    assert "¥12.50" in phone.inner_text("main dl") and "Bob" in phone.inner_text("main dl")
    tap("main .go button")
    assert taps == 4
    assert phone.inner_text("h1") == "On its way"
    assert "(0:1" in phone.inner_text("[data-until]")
    phone.click(".waits button")
    assert phone.inner_text("h1") == "Undone"


def test_all_of_it_works_without_script(served: Served, chromium: Any, knows_bob: None) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{served.url}/sign-in")
    page.click('button[value="customer:alice"]')
    page.goto(f"{served.url}/app/pay?to=bob&amount=3")
    page.click("main .go button")
    page.click("main .go button")
    assert page.inner_text("h1") == "等待汇出"
    page.click(".waits button")
    assert page.inner_text("h1") == "已撤回"
    context.close()


def test_a_scam_is_stopped_by_the_reason_before_the_confirmation(phone: Any, served: Served) -> None:
    phone.goto(f"{served.url}/app/pay?to=carol&name=Carol&amount=6000")
    phone.click("main .go button")
    phone.click("main .go button")
    assert phone.inner_text("h1") == "Stop for a moment"
    warning = phone.inner_text("section.notice")
    assert "less than a day ago" in warning and "police" in warning
    first = phone.inner_text("form .go button >> nth=0")
    assert first == "Stop and ask family first"
    phone.click(f"text={first}")
    assert "Stopped" in phone.inner_text(".notice.good")
    assert phone.inner_text("h1") == "Stopped by you"


def test_a_step_up_is_confirmed_for_exactly_what_is_shown(phone: Any, served: Served) -> None:
    phone.goto(f"{served.url}/app/pay?to=carol&name=Carol&amount=5000.01")
    phone.click("main .go button")
    phone.click("main .go button")
    assert "¥5,000.01" in phone.inner_text('button[value="yes"]')
    phone.click('button[value="yes"]')
    assert phone.inner_text("h1") == "On its way"


def test_money_that_comes_in_is_told_at_once(phone: Any, served: Served) -> None:
    phone.goto(f"{served.url}/app")
    phone.wait_for_timeout(500)
    slowest = 0.0
    for n in range(5):
        money = {"amount_minor": 100 + n, "currency": "CNY"}
        began = time.perf_counter()
        served.do(Deposit(account="alice", **money, **stamp(served, "system:core")))
        phone.wait_for_selector(f"[data-live]:has-text('¥1.0{n}')")
        slowest = max(slowest, time.perf_counter() - began)
    assert slowest < 2.0
    balance = phone.inner_text('[data-account="alice"] [data-booked]')
    booked = served.desk.home.bank._overlay.standing("alice").balance.booked_minor
    assert balance == f"¥{booked / 100:,.2f}"


def test_nobody_is_told_of_other_peoples_money(phone: Any, served: Served) -> None:
    phone.goto(f"{served.url}/app")
    phone.wait_for_timeout(500)
    pay = {"customer": "bob", "payer": "bob", "payee": "carol", "amount_minor": 7, "currency": "CNY"}
    served.do(Pay(**pay, device="bob-phone", **stamp(served, "customer:bob")))
    phone.wait_for_timeout(1_000)
    assert phone.query_selector("[data-live]:visible") is None


SHORT = [("en", "light", "0", (320, 1280)), ("zh", "dark", "1", (320,))]
GRID = [(*one, (320, 768, 1280)) for one in itertools.product(("en", "zh"), ("light", "dark"), ("0", "1"))]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "looks", [*SHORT, *(pytest.param(one, marks=pytest.mark.soak) for one in GRID)], ids=str
)
def test_no_page_hinders_anybody(phone: Any, served: Served, looks: Any) -> None:
    lang, theme, elder, widths = looks
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    phone.goto(f"{served.url}/look?lang={lang}&elder={elder}&theme={theme}")
    for path in PAGES:
        phone.goto(served.url + path)
        for width in widths:
            phone.set_viewport_size({"width": width, "height": 900})
            found = axe.run(phone, options={"runOnly": RULES})
            assert not found.violations_count, f"{path} at {width}: {found.generate_report()}"
            assert not phone.evaluate("document.documentElement.scrollWidth > innerWidth"), (path, width)
