"""Stories of signing in, in a real browser: enrolling, password and code, a passkey; in both languages."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jingwei.channels.signon import codes, enrol
from jingwei.channels.signon.people import SignOn
from jingwei.kernel.clock import SystemClock
from jingwei.stores.identities import Person

PASSWORD = "correct horse battery"
SHOTS = os.environ.get("JINGWEI_SHOTS", "")
WORDS = {
    "en": {
        "passkey": "Sign in with a passkey",
        "enter": "Sign in",
        "kept": "I have kept them",
        "home": "My money",
    },
    "zh": {"passkey": "使用通行密钥登录", "enter": "登录", "kept": "我已保存", "home": "我的账户"},
}


class Somebody:
    """An invited person at a phone's screen."""

    def __init__(self, served: Any, page: Any, lang: str, theme: str = "light") -> None:
        self.url = f"http://localhost:{served.port}"
        self.page, self.lang = page, lang
        self.signon = SignOn(served._path, SystemClock(), self.url)
        self.actor = "customer:alice" if lang == "en" else "customer:bob"
        self.login = f"{self.actor.partition(':')[2]}"
        self.secret = b""

    def close(self) -> None:
        self.signon.close()

    def goto(self, path: str) -> None:
        """Open a page."""
        self.page.goto(f"{self.url}{path}")

    def shot(self, name: str) -> None:
        """Keep a picture, when asked for."""
        if SHOTS:
            self.page.screenshot(path=str(Path(SHOTS) / f"{name}-{self.lang}.png"), full_page=True)

    def enrol(self) -> None:
        """Set password and one-time codes with an invitation."""
        self.signon.identities.add(Person(self.actor, self.login, self.login.title(), ("customer",)))
        code = enrol.invite(self.signon, "system:core", self.actor)
        self.goto(f"/enrol?login={self.login}")
        self.page.fill("#code", code)
        self.shot("enrol")
        self.page.click("main button")
        key = self.page.inner_text("code.key").replace(" ", "")
        self.secret = base64.b32decode(key + "=" * (-len(key) % 8))
        self.page.fill("#password", PASSWORD)
        self.page.fill("#code", self.code())
        self.shot("enrol-second")
        self.page.click("main button")
        assert self.page.locator("ul.recovery li").count() == codes.RECOVERY
        self.shot("recovery")
        self.page.click(f"text={WORDS[self.lang]['kept']}")

    def code(self) -> str:
        """A one-time code that was not used: of the next step when this one was."""
        now = self.signon.clock.now()
        row = self.signon.identities._db.execute("SELECT last_step FROM totp WHERE actor = ?", (self.actor,))
        used = (row.fetchone() or (0,))[0]
        return codes.code_at(self.secret, max(now // codes.STEP, used + 1))

    def sign_out(self) -> None:
        """Sign out at the top of the page."""
        self.page.click('form[action="/sign-out"] button')
        self.page.wait_for_url("**/sign-in?told=signed_out")


@pytest.fixture(params=["en", "zh"])
def somebody(request: pytest.FixtureRequest, served: Any, chromium: Any) -> Iterator[Somebody]:
    """Somebody invited, whose browser speaks this language."""
    locale = {"en": "en-GB", "zh": "zh-CN"}[request.param]
    context = chromium.new_context(locale=locale, viewport={"width": 390, "height": 844})
    one = Somebody(served, context.new_page(), request.param)
    yield one
    one.close()
    context.close()


def axe(page: Any) -> list[str]:
    """What axe finds against WCAG A and AA."""
    found = (
        pytest.importorskip("axe_playwright_python.sync_playwright")
        .Axe()
        .run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    )
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found.response["violations"]]


def test_enrolling_password_and_code_and_a_passkey(somebody: Somebody):
    page = somebody.page
    somebody.enrol()
    assert page.inner_text("h1") == WORDS[somebody.lang]["home"]
    somebody.sign_out()
    # password and one-time code
    somebody.goto("/sign-in")
    somebody.shot("sign-in")
    assert axe(page) == []
    page.fill("#login", somebody.login)
    page.fill("#password", PASSWORD)
    page.fill("#code", somebody.code())
    page.click('form[action="/sign-in"] button')
    assert page.inner_text("h1") == WORDS[somebody.lang]["home"]
    # a passkey, made and used by the browser itself
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    virtual = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
    }
    virtual |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": virtual})
    somebody.goto("/app/security")
    page.click('[data-passkey="add"]')
    page.wait_for_url("**/app/security?told=passkey_added")
    somebody.shot("security")
    assert axe(page) == []
    somebody.sign_out()
    page.click(f"text={WORDS[somebody.lang]['passkey']}")
    page.wait_for_url("**/app")
    assert page.inner_text("h1") == WORDS[somebody.lang]["home"]
    # an old session proves itself again with the passkey, on a page of its own
    somebody.goto("/app/prove?next=/app/security")
    somebody.shot("prove")
    assert axe(page) == []
    page.click('[data-passkey="sign"]')
    page.wait_for_url("**/app/security")


def test_pages_read_well_in_the_dark_for_elders_and_on_small_screens(somebody: Somebody):
    page = somebody.page
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for look in ("theme=dark&elder=0", "theme=light&elder=1"):
            somebody.goto(f"/look?{look}&back=/sign-in")
            for path in ("/sign-in", "/enrol"):
                somebody.goto(path)
                assert axe(page) == [], (path, width, look)
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert wide <= 0, (path, width, look)
    somebody.shot("sign-in-elder")


def test_without_script_one_signs_in_too(served: Any, chromium: Any):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"http://localhost:{served.port}/sign-in")
    assert not page.is_visible('[data-passkey="enter"]')
    page.click("text=Alice 爱丽丝")
    assert re.search("/app$", page.url)
    context.close()
