"""A company borrows on a phone, in Chromium: switches for its sources, the answer, the money."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.web_stories.conftest import Served
from tests.web_stories.test_loans import CleanBureau, hindrances, phone

from jingwei.channels.lending import asking
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.open_account import OpenAccount
from jingwei.kernel.clock import DAY

COUNT = itertools.count()
MOST_SECONDS = 15
WHO = "teahouse"


@pytest.fixture(scope="module")
def takings(served: Served) -> Iterator[None]:
    """The teahouse has had takings in an older account for more than a year."""
    patch = pytest.MonkeyPatch()
    patch.setattr(asking, "BUREAU", CleanBureau())

    def stamp(ago: int) -> dict[str, Any]:
        at = served.desk.home.clock.now() - ago * DAY
        return {"key": f"company-story-{next(COUNT)}", "actor": "system:core", "at": at, "known_at": at}

    served.do(OpenAccount(customer=WHO, account="tea-old", product="current_cny", **stamp(500)))
    for ago in range(360, 0, -30):
        served.do(Deposit(account="tea-old", amount_minor=2_000_000, currency="CNY", **stamp(ago)))
    yield
    patch.undo()


def test_a_company_borrows_on_a_phone_in_a_few_taps(served: Served, chromium: Any, takings: None) -> None:
    page = phone(served, chromium, WHO)
    began = time.perf_counter()
    page.goto(f"{served.url}/app/loans/apply")
    wrong = hindrances(page)
    assert page.locator('a[href="/app/loans/apply/personal_loan"]').count() == 0
    page.click('a[href="/app/loans/apply/shop_loan"]')
    page.fill("#amount", "20000")
    page.select_option("#account", "tea-old")
    switches = page.locator('input[name="source"]')
    assert switches.count() == 3 and not any(switches.nth(n).is_checked() for n in range(3))
    page.check('input[name="agree"]')
    page.check('input[name="source"][value="tax"]')
    page.check('input[name="source"][value="bureau"]')
    wrong += hindrances(page)
    page.click("main .go button")
    assert page.inner_text("h1") == "Yes: this is your offer", page.inner_text("main")
    page.click("text=What was read of your company")
    assert "not agreed to: counts as average" in page.inner_text(".sources")
    wrong += hindrances(page)
    page.check('input[name="read"]')
    page.click("text=Sign and get")
    assert "The money is in your account" in page.inner_text(".notice.good")
    assert time.perf_counter() - began < MOST_SECONDS
    page.goto(f"{served.url}/app/consents")
    page.click('button[aria-label="Stop reading tax records"]')
    assert page.locator('button[aria-label="Read tax records"]').count() == 1
    wrong += hindrances(page)
    assert not wrong, wrong
    page.context.close()
