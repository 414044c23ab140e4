"""Without a mouse: every stop of Tab is seen and not covered; the app is used by keys alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

MOST_STOPS = 90
SEEN = """() => {
  const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
  const beside = at.nextElementSibling ? getComputedStyle(at.nextElementSibling) : style;
  const ring = (one) => one.outlineStyle !== "none" && parseFloat(one.outlineWidth) >= 2;
  const x = Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1);
  const y = Math.min(Math.max(box.top + box.height / 2, 0), innerHeight - 1);
  const top = document.elementFromPoint(x, y);
  return { name: at.tagName + " " + (at.getAttribute("href") || at.id || at.textContent.trim().slice(0, 30)),
           ring: ring(style) || ring(beside), body: at === document.body,
           covered: !top || !(at.contains(top) || top.contains(at) || top.closest("label")?.contains(at)) };
}"""


@pytest.fixture
def person(served: Any, chromium: Any) -> Iterator[Any]:
    """Opens the page of somebody, signed in, in a window of this width."""
    open_: list[Any] = []

    def one(actor: str, address: str, width: int = 1280) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 800}, locale="en-GB")
        told = context.request.post(f"{served.url}/sign-in/demo", form={"actor": actor}, max_redirects=0)
        assert told.status == 303
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto(served.url + address)
        open_.append(context)
        return page

    yield one
    for context in open_:
        context.close()


def stops(page: Any) -> list[dict[str, Any]]:
    """Every stop of Tab on a page, from its first to where it leaves the page."""
    found: list[dict[str, Any]] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        seen = page.evaluate(SEEN)
        if seen["body"]:
            break
        found.append(seen)
    return found


def tab_to(page: Any, what: str) -> None:
    """Press Tab until this has the focus; every stop on the way can be seen."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        assert page.evaluate(SEEN)["ring"], page.evaluate(SEEN)
        if page.evaluate("what => document.activeElement.matches(what)", what):
            return
    raise AssertionError(f"Tab never reaches {what}")


def enter(page: Any) -> None:
    """Press Enter on what has the focus, and wait for the page it leads to."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.parametrize(
    ("actor", "address", "width"),
    [
        ("customer:alice", "/app", 390),
        ("customer:alice", "/app/cards", 1280),
        ("customer:alice", "/app/consents", 390),
        ("staff:reviewer", "/desk", 1280),
        ("staff:auditor", "/desk/board", 1280),
        ("staff:model_owner", "/desk/rules", 1280),
    ],
)
def test_every_stop_is_seen_and_not_covered(person: Any, actor: str, address: str, width: int) -> None:
    found = stops(person(actor, address, width))
    assert len(found) > 5
    assert [one["name"] for one in found if not one["ring"]] == []
    assert [one["name"] for one in found if one["covered"]] == []


@pytest.mark.parametrize(("actor", "address"), [("customer:alice", "/app/pay"), ("staff:reviewer", "/desk")])
def test_the_first_stop_skips_to_the_page_itself(person: Any, actor: str, address: str) -> None:
    page = person(actor, address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0, "it is seen now"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('main').contains(document.activeElement)")


def test_money_is_sent_and_taken_back_by_keys_alone(person: Any) -> None:
    page = person("customer:dana", "/app", 390)
    tab_to(page, '.doings a[href="/app/pay"]')
    enter(page)
    tab_to(page, "#to")
    page.keyboard.type("alice")
    page.keyboard.press("Tab")
    page.keyboard.type("Alice")
    page.keyboard.press("Tab")
    page.keyboard.type("7.70")
    enter(page)
    assert "¥7.70" in page.inner_text("main dl")
    tab_to(page, "main .go button")
    enter(page)
    assert page.inner_text("h1") == "On its way"
    tab_to(page, ".waits button")
    enter(page)
    assert page.inner_text("h1") == "Undone"


def test_the_menu_opens_and_closes_by_keys(person: Any) -> None:
    page = person("customer:alice", "/app", 390)
    tab_to(page, ".tabs .more > summary")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.more') !== null"), "its links come next"
    page.keyboard.press("Escape")
    assert not page.locator(".tabs .more").evaluate("it => it.open")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


@pytest.mark.parametrize("address", ["/desk", "/desk/rules", "/desk/customers?q=a"])
def test_help_and_palette_answer_on_every_page_of_the_desk(person: Any, address: str) -> None:
    page = person("staff:senior", address)
    page.keyboard.press("?")
    assert page.locator("#help").evaluate("it => it.open")
    page.keyboard.press("Escape")
    assert not page.locator("#help").evaluate("it => it.open")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.id") == "palette-ask"
    page.keyboard.type("dashboard")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/desk/board")
