"""Going back after a payment, and pressing its button twice, with the app's worker in between."""

from __future__ import annotations

from typing import Any

from tests.web_stories.conftest import Served

from jingwei.ledger.planned import PendingPayment

NEXT = "main form button:not([type=button])"


def test_back_after_paying_shows_the_form_and_pays_nothing_twice(served: Served, chromium: Any) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(f"{served.url}/sign-in")
    page.click('button[value="customer:alice"]')
    page.wait_for_url("**/app")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.goto(f"{served.url}/app/pay?to=bob&amount=3.21")
    page.fill("#name", "Bob 鲍勃")
    page.click(NEXT)
    page.wait_for_url("**/app/pay/check")
    page.evaluate(f"() => {{ const one = document.querySelector('{NEXT}'); one.click(); one.click(); }}")
    page.wait_for_url("**/app/payment/**")
    page.go_back(wait_until="load")
    page.wait_for_selector("#amount")
    assert page.input_value("#amount") == "3.21", "the form as it was filled"
    page.go_forward(wait_until="load")
    page.wait_for_url("**/app/payment/**")
    held = served.desk.reader.find(PendingPayment, "customer", "alice", limit=100)
    assert sum(one.amount_minor == 321 for one in held) <= 1
    found = page.goto(f"{served.url}/app/statement?q=3.21").status
    assert found == 200
    context.close()
