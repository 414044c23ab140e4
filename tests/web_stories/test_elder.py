"""Elder mode in Chromium: every figure of the rules for elders' pages, read aloud, keys, a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.web_stories.conftest import Served

from jingwei.journeys.pay import Pay
from jingwei.ledger.work import Case

MEASURE = (Path(__file__).parent / "elder.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ELDER = {"text": 18, "line": 1.3, "contrast": 4.5, "contrastLarge": 3, "touch": 60, "paragraph": 1.3}
NORMAL = {"text": 12, "line": 1.2, "contrast": 4.5, "contrastLarge": 3, "touch": 44, "paragraph": 0}
LARGEST = 30
_count = 0


@pytest.fixture(scope="module")
def refused(served: Served) -> str:
    """A payment of carol's that was refused."""
    at = served.desk.home.clock.now()
    asked = {"customer": "carol", "payer": "carol", "payee": "mallory", "amount_minor": 90_000_000}
    command = Pay(
        key="elder-refused", actor="customer:carol", at=at, known_at=at, currency="CNY", device="p", **asked
    )
    return str(served.do(command).answer.id)


@pytest.fixture
def carol(served: Served, chromium: Any, request: Any) -> Iterator[Any]:
    """Carol's browser, signed in; she is a guardian and a helper."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(f"{served.url}/sign-in")
    page.click('button[value="customer:carol"]')
    page.wait_for_url("**/app")
    yield page
    context.close()


def pages(page: Any, url: str, refused: str) -> list[str]:
    """Every page of the app that stands in its navigation, and one of each other kind."""
    page.goto(f"{url}/app/family")
    ties = re.findall(r'href="(/app/family/T\d+)"', page.content())
    assert len(ties) == 2
    more = ["/app/settings", "/app/person", f"/app/decision/{refused}", "/offline"]
    return ["/app", "/app/family", *ties, *more]


def look(page: Any, url: str, **chosen: str) -> None:
    asked = "&".join(f"{name}={value}" for name, value in chosen.items())
    page.goto(f"{url}/look?{asked}&back=/app/settings")


FULL = [
    pytest.param((elder, width, lang, theme), marks=[pytest.mark.soak])
    for elder in ("1", "0")
    for width in (320, 768, 1280)
    for lang in ("zh", "en")
    for theme in ("light", "dark")
]
"""Every combination, for a long run; four of them stand in for it in every other."""


SHORT = [
    ("1", 320, "zh", "light"),
    ("1", 1280, "en", "dark"),
    ("0", 320, "en", "light"),
    ("0", 768, "zh", "dark"),
]


@pytest.mark.parametrize("shape", [*SHORT, *FULL], ids=lambda shape: "-".join(map(str, shape)))
def test_every_page_keeps_the_figures_and_axe_finds_nothing(
    carol: Any, served: Served, refused: str, shape: tuple[str, int, str, str]
):
    elder, width, lang, theme = shape
    carol.set_viewport_size({"width": width, "height": 900})
    look(carol, served.url, elder=elder, lang=lang, theme=theme, size="")
    wrong: list[str] = []
    for path in pages(carol, served.url, refused):
        carol.goto(served.url + path)
        wrong += [f"{path}: {one}" for one in faults(carol, ELDER if elder == "1" else NORMAL)]
    assert not wrong, "\n".join(wrong)


def faults(page: Any, least: dict[str, float]) -> list[str]:
    """What breaks the figures on this page, and what axe finds."""
    from axe_playwright_python.sync_playwright import Axe

    told = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    axe = [f"{one['id']} {one['nodes'][0]['html'][:120]}" for one in told.response["violations"]]
    return [*page.evaluate(MEASURE, least)["bad"], *axe]


def test_letters_can_be_made_thirty_high_from_the_settings_page(carol: Any, served: Served, refused: str):
    for elder in ("0", "1"):
        look(carol, served.url, elder=elder, lang="en", theme="light", size="")
        carol.click("text=Largest")
        for path in pages(carol, served.url, refused):
            carol.goto(served.url + path)
            found = carol.evaluate(MEASURE, ELDER if elder == "1" else NORMAL)
            body = carol.evaluate("parseFloat(getComputedStyle(document.querySelector('main')).fontSize)")
            assert body >= LARGEST and not found["bad"], (path, body, found["bad"])


SHEET = "(css) => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets = [s]; }"


def test_the_measure_finds_what_is_too_small(carol: Any, served: Served):
    """The measure itself can fail: each figure is broken once and found."""
    look(carol, served.url, elder="1", lang="en", theme="light", size="")
    for style, says in (
        ("main h1 { font-size: 17px !important }", "text of 17px"),
        ("main h2 { line-height: 1.2 !important }", "line spacing 1.20"),
        ("main p { color: #999 !important; font-size: 18px !important }", "contrast"),
        ("button { min-height: 50px !important; height: 50px !important }", "touch area"),
        ("main p { margin: 0 !important }", "paragraphs"),
    ):
        carol.goto(f"{served.url}/app/settings")
        carol.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<p>a</p><p>b</p>')")
        assert carol.evaluate(MEASURE, ELDER)["bad"] == []
        carol.evaluate(SHEET, style)
        assert any(says in one for one in carol.evaluate(MEASURE, ELDER)["bad"]), style


def test_large_print_is_one_tap_from_the_first_page_and_stays(carol: Any, served: Served):
    look(carol, served.url, elder="0", lang="zh", theme="light", size="")
    carol.goto(f"{served.url}/app")
    carol.click("text=长辈版")
    carol.wait_for_selector("html[data-elder]")
    assert carol.locator("main a, main button").count() <= 6, "few choices"
    assert carol.locator(".bar form[action='/app/person'] button").count() == 1
    carol.click("text=标准版")
    carol.wait_for_selector("html:not([data-elder])")


def test_one_tap_from_an_elder_page_asks_for_a_person(carol: Any, served: Served):
    look(carol, served.url, elder="1", lang="en", theme="light", size="")
    carol.goto(f"{served.url}/app/family")
    carol.click("text=Please call me")
    carol.wait_for_selector("text=Somebody of the bank calls you by")
    found = served.desk.reader.find(Case, "customer", "carol", limit=100)
    assert [case.code for case in found].count("call_back") == 1


SPOKEN = """() => {
  window.said = [];
  window.SpeechSynthesisUtterance = class extends EventTarget { constructor(t) { super(); this.text = t; } };
  const speech = {
    getVoices: () => VOICES, cancel: () => { window.cancelled = true; },
    speak: (one) => { window.said.push([one.text, one.lang]); }, addEventListener() {},
  };
  Object.defineProperty(window, "speechSynthesis", { value: speech });
}"""


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_page_is_read_aloud_in_order_and_stops(carol: Any, served: Served, lang: str):
    voices = '[{ lang: "en-GB", name: "e" }, { lang: "zh-CN", name: "z" }]'
    carol.add_init_script(f"({SPOKEN.replace('VOICES', voices)})()")
    look(carol, served.url, elder="1", lang=lang, theme="light", size="")
    carol.goto(f"{served.url}/app/settings")
    carol.click("[data-start]")
    carol.wait_for_selector("[data-stop]")
    said = carol.evaluate("window.said")
    assert said[0][0] == carol.inner_text("h1") and {tongue for _, tongue in said} == {
        "zh-CN" if lang == "zh" else "en"
    }
    texts = [text for text, _ in said]
    heads = [text.strip() for text in carol.locator("main h2").all_inner_texts()]
    assert [text for text in texts if text in heads] == heads, "every heading, in the page's order"
    carol.click("[data-stop]")
    assert carol.evaluate("window.cancelled") and carol.is_visible("[data-start]")


def test_a_browser_without_a_voice_says_so(carol: Any, served: Served):
    carol.add_init_script(f"({SPOKEN.replace('VOICES', '[]')})()")
    look(carol, served.url, elder="1", lang="en", theme="light", size="")
    carol.click("[data-start]")
    carol.wait_for_selector("text=has no voice for this language")
    assert carol.evaluate("window.said.length") == 0 and carol.is_visible("[data-start]")


def test_the_keypad_types_amounts_and_the_field_works_without_it(carol: Any, served: Served, refused: str):
    look(carol, served.url, elder="1", lang="en", theme="light", size="")
    ties = [path for path in pages(carol, served.url, refused) if "/T" in path]
    tie = next(path for path in ties if limits(carol, served, path))
    carol.goto(served.url + tie)
    field = carol.locator("input[name=payment]").first
    field.fill("")
    pad = carol.locator(".keypad").first
    for key in ("1", "2", ".", "5", "0", "9"):
        pad.get_by_role("button", name=key, exact=True).click()
    assert field.input_value() == "12.50", "two places at most"
    pad.get_by_role("button", name="Delete the last digit").click()
    assert field.input_value() == "12.5"
    pad.get_by_role("button", name="7", exact=True).focus()
    carol.keyboard.press("Enter")
    assert field.input_value() == "12.57" and carol.url.endswith(tie), "a key does not send the form"
    carol.locator("input[name=day]").first.focus()
    assert carol.locator("input[name=day] + .keypad").count() == 1, "the keys stand under the field in use"
    box = pad.get_by_role("button", name="1", exact=True).bounding_box()
    assert box["width"] >= 60 and box["height"] >= 60


def limits(page: Any, served: Served, path: str) -> bool:
    page.goto(served.url + path)
    return page.locator("input[name=payment]").count() > 0
