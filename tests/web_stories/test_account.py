"""Stories of one's own affairs, told in a browser: taps counted, proofs checked in the page, axe at rest."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from jingwei.journeys.change_card import ChangeCard
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.issue_card import IssueCard
from jingwei.journeys.move_pot import MovePot
from jingwei.journeys.open_pot import OpenPot
from jingwei.journeys.pay import Pay
from jingwei.journeys.use_data import UseData
from jingwei.kernel.clock import DAY, SystemClock
from jingwei.kernel.purpose import Purpose

CLOCK = SystemClock()
ALICE = "customer:alice"
PAGES = ("statement", "statement?q=tea&way=out", "cards", "pots", "consents", "my-data")


def do(served: Any, kind: Any, actor: str, **fields: Any) -> Any:
    at = CLOCK.now()
    stamp = {"key": secrets.token_hex(8), "actor": actor, "at": at, "known_at": at}
    return served.do(kind(**fields, **stamp)).answer


@pytest.fixture(scope="module")
def life(served: Any) -> dict[str, str]:
    """Alice has a card, two pots, entries and uses of her data."""
    pot = do(served, OpenPot, ALICE, account="alice", name="Sea 海边", goal_minor=500_000).made
    do(served, OpenPot, ALICE, account="alice", name="Rainy day")
    do(served, MovePot, ALICE, pot=pot, direction="in", amount_minor=180_000)
    card = do(served, IssueCard, ALICE, account="alice", label="Everyday").made
    do(served, ChangeCard, ALICE, card=card, payment_minor=50_000, day_minor=200_000, round_up=pot)
    do(served, IssueCard, ALICE, account="alice", label="Once", one_time=True)
    for n in range(60):
        money = {"amount_minor": 100 + n, "currency": "CNY", "memo": f"tea {n}" if n % 7 else "茶"}
        do(served, Deposit, "staff:teller", account="alice", **money)
    do(served, UseData, "staff:teller", customers=("alice",), purpose=Purpose.SERVICE, why="you called us")
    money = {"amount_minor": 4_321, "currency": "CNY", "device": "phone"}
    paid = do(served, Pay, ALICE, customer="alice", payer="alice", payee="bob", memo="rent", **money)
    return {"card": card, "pot": pot, "paid": paid.id}


@pytest.fixture
def page(served: Any, chromium: Any, life: dict[str, str]) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 390, "height": 800}, locale="en")
    one = context.new_page()
    one.set_default_timeout(10_000)
    sign_in(one, served.url)
    yield one
    context.close()


def sign_in(page: Any, url: str) -> None:
    page.goto(f"{url}/sign-in")
    page.locator(
        "form:has(input[value='customer:alice']) button, button[value='customer:alice']"
    ).first.click()
    page.wait_for_url("**/app")


def test_a_card_is_frozen_with_two_taps(page: Any) -> None:
    page.get_by_role("link", name="Cards").click()
    page.get_by_role("button", name="Freeze the card").last.click()
    assert "The card is frozen" in page.get_by_role("status").inner_text()
    page.get_by_role("button", name="Unfreeze the card").first.click()
    assert "pays again" in page.get_by_role("status").inner_text()


def test_taking_back_a_consent_takes_as_many_taps_as_giving_it(page: Any) -> None:
    taps = {}
    for name, said in (("Allow: Offers", "Allowed."), ("Stop: Offers", "Stopped.")):
        page.goto(page.url.partition("/app")[0] + "/app")
        count = 0
        page.locator("summary", has_text="More").click()
        page.get_by_role("link", name="My data").click()
        count += 2
        page.get_by_role("button", name=name).click()
        count += 1
        assert said in page.locator(".notice[role=status]").inner_text()
        taps[said] = count
    assert taps["Stopped."] <= taps["Allowed."] == 3


def test_the_customer_watches_uses_live(page: Any, served: Any) -> None:
    page.goto(f"{served.url}/app/consents")
    assert "while you look" not in page.inner_text("#service")
    why = {"purpose": Purpose.SERVICE, "why": "while you look"}
    do(served, UseData, "staff:reviewer", customers=("alice",), **why)
    page.locator("#service", has_text="while you look").wait_for()


def test_a_payment_is_found_with_at_most_four_actions(page: Any) -> None:
    page.get_by_role("link", name="Statement").click()
    page.get_by_label("Search").fill("43.21")
    page.get_by_role("button", name="Show").click()
    assert page.locator(".statement li:not(.day)").count() == 1 and "rent" in page.inner_text(".statement")


def test_a_payment_of_three_months_ago_is_found_with_at_most_four_actions(page: Any, served: Any) -> None:
    at = CLOCK.now() - 92 * DAY
    stamp = {"key": secrets.token_hex(8), "actor": "system:core", "at": at, "known_at": at}
    money = {"amount_minor": 77_123, "currency": "CNY", "source": "clearing", "memo": "refund"}
    served.do(Deposit(account="alice", **money, **stamp))
    actions = 0
    page.get_by_role("link", name="Statement").click()
    actions += 1
    page.get_by_label("Search").fill("771.23")
    actions += 1
    page.get_by_role("button", name="Show").click()
    actions += 1
    assert actions <= 4
    assert page.locator(".statement li:not(.day)").count() == 1 and "refund" in page.inner_text(".statement")


def test_a_proof_is_checked_in_the_page_and_a_changed_digit_shows(page: Any, served: Any, life: Any) -> None:
    page.goto(f"{served.url}/app/proof/{life['paid']}")
    page.wait_for_selector("#check[data-result=whole]")
    assert "Proved." in page.inner_text("#verdict")
    assert page.locator("#steps li.good").count() == 2 and page.locator("#steps li.bad").count() == 0
    page.get_by_role("button", name="Change one digit").click()
    page.wait_for_selector("#check[data-result=broken]")
    assert page.locator("#steps li.bad").count() == 1
    page.get_by_role("button", name="Put it back").click()
    page.wait_for_selector("#check[data-result=whole]")


def answer(proof: dict[str, Any], route: Any) -> None:
    """Give the page this proof in place of the bank's."""
    route.fulfill(json=proof)


def test_a_false_signature_or_path_is_seen(page: Any, served: Any, life: Any) -> None:
    """What the bank might do: another root, another signature, another key, another place."""
    url = f"{served.url}/app/proof/{life['paid']}"
    true = page.request.get(f"{url}/file").json()
    flip = lambda text: text[:-1] + ("0" if text[-1] != "0" else "1")  # noqa: E731
    lies: list[dict[str, Any]] = [
        {"head": true["head"] | {"signature": flip(true["head"]["signature"])}},
        {"head": true["head"] | {"root": flip(true["head"]["root"])}},
        {"head": true["head"] | {"at": true["head"]["at"] + 1}},
        {"head": true["head"] | {"size": true["head"]["size"] * 2}},
        {"public_key": flip(true["public_key"])},
        {"index": true["index"] - 1},
        {"path": true["path"][:-1]},
        {"path": [flip(true["path"][0]), *true["path"][1:]]},
        {"record": true["record"].replace("4321", "4322")},
    ]
    for lie in lies:
        page.route("**/file", partial(answer, true | lie))
        page.goto(url)
        page.wait_for_selector("#check[data-result]")
        assert page.get_attribute("#check", "data-result") == "broken", lie
        page.unroute("**/file")


LOOKS = [(lang, light, elder, width) for lang in ("en", "zh") for light in ("light", "dark")
         for elder in (0, 1) for width in (320, 768, 1280)]  # fmt: skip
FIRST = ("zh", "dark", 1, 320)


@pytest.mark.parametrize(
    "look",
    [FIRST, *(pytest.param(one, marks=pytest.mark.soak) for one in LOOKS if one != FIRST)],
    ids=lambda one: "-".join(map(str, one)),
)
def test_no_page_has_an_axe_violation_or_scrolls_sideways(
    page: Any, served: Any, life: Any, look: Any
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    lang, light, elder, width = look
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{served.url}/look?lang={lang}&theme={light}&elder={elder}")
    found = {}
    for path in (*PAGES, f"proof/{life['paid']}"):
        page.goto(f"{served.url}/app/{path}")
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        if path.startswith("proof"):
            page.wait_for_selector("#check[data-result]")
        result = axe.run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
        bad = [(one["id"], one["nodes"][0]["html"][:90]) for one in result.response["violations"]]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            bad.append(("sideways", path))
        if bad:
            found[path] = bad
    assert found == {}
