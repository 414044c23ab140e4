"""A rule changed in a real browser: tried on history, approved by another, judging, rolled back; axe."""

from __future__ import annotations

from typing import Any

import pytest

from jingwei.journeys.pay import Pay
from jingwei.kernel.clock import SystemClock

PAGES = {
    "staff:reviewer": (
        "/desk/rules",
        "/desk/rules/outgoing_transfer/edit",
        "/desk/models",
        "/desk/decisions",
        "/desk/board",
    ),
    "staff:auditor": ("/desk/audit?kind=&text=", "/desk/decisions/D00000000001"),
}
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RULE = """
[[rules]]
code = "story_rule"
when = "4_200 <= amount_minor < 4_300"
verdict = "refuse"
weight = 96
says = "Nobody pays 42 now."
says_zh = "目前不受理42元的付款。"
"""


@pytest.fixture
def page(chromium: Any) -> Any:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    yield context.new_page()
    context.close()


def sign_in(page: Any, served: Any, actor: str) -> None:
    page.context.clear_cookies()
    page.goto(f"{served.url}/sign-in?lang=en")
    page.click(f'button[value="{actor}"]')
    page.wait_for_url("**/desk**")


def pay(served: Any, key: str) -> Any:
    at = SystemClock().now()
    ask = Pay(
        key=key, actor="customer:alice", at=at, known_at=at, customer="alice", payer="alice", payee="carol",
        amount_minor=4_200, currency="CNY", device="story-phone",
    )  # fmt: skip
    return served.do(ask).answer


def test_change_a_rule_see_its_backtest_approve_it_and_roll_back(page: Any, served: Any) -> None:
    pay(served, "rules-story-1")
    sign_in(page, served, "staff:model_owner")
    page.click("text=Rules >> nth=0")
    page.click("a[href='/desk/rules/outgoing_transfer/edit']")
    page.fill("#text", page.input_value("#text") + RULE)
    page.click("button[value=backtest]")
    page.wait_for_selector("text=came out exactly as recorded", timeout=30_000)
    assert page.locator("td code", has_text="story_rule").count() >= 1
    page.goto(f"{served.url}/desk/rules/outgoing_transfer/edit")
    page.fill("#text", page.input_value("#text") + RULE)
    page.fill("#why", "a story")
    page.click("button[value=propose]")
    draft = page.url.partition("?")[0]
    assert page.locator("text=Somebody else must approve it").count() == 1

    sign_in(page, served, "staff:reviewer")
    page.goto(draft)
    page.click("text=Approve and publish")
    page.wait_for_selector("text=payments are judged by it from now on")
    paid = pay(served, "rules-story-2")
    assert (paid.result, "story_rule" in paid.reasons) == ("refused", True)

    page.goto(f"{served.url}/desk/rules")
    back = page.locator("details", has=page.locator("#to-outgoing_transfer"))
    back.locator("summary").click()
    page.fill("#why-outgoing_transfer", "the story ends")
    back.locator("button").click()
    page.wait_for_selector("text=The earlier rules judge again")
    assert "story_rule" not in pay(served, "rules-story-3").reasons


def test_a_decision_reaches_the_screen_within_two_seconds(page: Any, served: Any) -> None:
    sign_in(page, served, "staff:reviewer")
    page.goto(f"{served.url}/desk/decisions")
    page.wait_for_selector("#pause:not([hidden])")
    page.wait_for_timeout(300)
    answer = pay(served, "rules-story-live")
    page.wait_for_selector(f"a[href='/desk/decisions/{answer.id}']", timeout=5_000)
    page.wait_for_selector("#took[data-p95]")
    assert int(page.get_attribute("#took", "data-p95")) < 2_000


@pytest.mark.parametrize("actor", PAGES)
def test_axe_finds_nothing(page: Any, served: Any, actor: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    sign_in(page, served, actor)
    looks = ((320, "zh", "dark"), (768, "en", "dark"), (1280, "en", "light"))
    for width, lang, theme in looks:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{served.url}/look?theme={theme}&lang={lang}&back=/desk")
        for path in PAGES[actor]:
            page.goto(f"{served.url}{path}")
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            found = axe.run(page, options={"runOnly": LEVELS})
            broken = [(one["id"], one["nodes"][0]["html"][:160]) for one in found.response["violations"]]
            assert not broken, (path, width, lang, theme, broken)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, (path, width, lang, wide)
