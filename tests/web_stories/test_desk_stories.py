"""Stories of the desk: answers by keyboard, drafts, news, a proof checked in the page; axe finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import msgspec
import pytest

from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.pay import Pay
from jingwei.journeys.review_case import ReviewCase
from jingwei.ledger.work import Case

MOST_PRESSES = 5
WIDTHS = (320, 768, 1280)
LOOKS = tuple(product(("en", "zh"), ("light", "dark")))


class Office:
    """The served bank with cases to order, and reviewers' pages."""

    def __init__(self, served: Any, chromium: Any) -> None:
        self.served, self.chromium = served, chromium
        self._paid = 0
        self._open: list[Any] = []

    def do(self, kind: Any, actor: str, **fields: Any) -> Any:
        self._paid += 1
        at = self.served.desk.home.clock.now()
        key = f"desk-story-{at}-{self._paid}"
        return self.served.do(kind(key=key, actor=actor, at=at, known_at=at, **fields)).answer

    def held(self, amount: int = 2_000_000) -> str:
        """A large payment of somebody of this story alone, to somebody new from a new device, waits.

        Of nobody else: whoever pays so is asked about her next payment, too, and other stories pay.
        """
        payer = f"olga_{self._paid}"
        self.do(
            OpenAccount, "system:core", customer=payer, account=payer, product="current_cny", name="Olga",
            opening_minor=100_000_000,
        )  # fmt: skip
        money = {"customer": payer, "payer": payer, "amount_minor": amount, "currency": "CNY"}
        answer = self.do(Pay, f"customer:{payer}", payee="mallory", device=f"new-{self._paid}", **money)
        assert answer.case, answer
        return str(answer.case)

    def case(self, case: str) -> Case:
        reader = self.served.desk.home.store.reader()
        try:
            found: Case = reader.load(Case, [case])[0]
            return found
        finally:
            reader.close()

    def page(self, actor: str = "staff:reviewer", width: int = 1280, look: tuple[str, str] = LOOKS[0]) -> Any:
        context = self.chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=look[1])
        context.add_cookies([{"name": "lang", "value": look[0], "url": self.served.url}])
        page = context.new_page()
        page.set_default_timeout(8_000)
        page.goto(f"{self.served.url}/sign-in")
        page.locator(f'button[value="{actor}"], form:has(input[value="{actor}"]) button').first.click()
        page.wait_for_url("**/desk")
        self._open.append(context)
        return page

    def close(self) -> None:
        for context in self._open:
            context.close()


@pytest.fixture
def office(served: Any, chromium: Any) -> Iterator[Office]:
    one = Office(served, chromium)
    yield one
    one.close()


def test_a_false_alert_is_closed_with_few_keys(office: Office) -> None:
    office.held()
    page = office.page()
    pressed = 0
    for key, then in (("n", "**/desk/cases/*"), ("r", ""), ("Enter", "**/desk?told=case_release")):
        if then == "**/desk/cases/*":
            page.keyboard.press(key)
            page.wait_for_url(then)
            case = page.url.rsplit("/", 1)[1]
        else:
            page.keyboard.press(key)
            if then:
                page.wait_for_url(then)
        pressed += 1
    assert pressed <= MOST_PRESSES
    closed = office.case(case)
    assert (closed.status, closed.closed_by) == ("released", "staff:reviewer")


def test_rows_are_walked_and_chosen_by_key(office: Office) -> None:
    office.held()
    office.held()
    page = office.page()
    for key in "jjkxjx":
        page.keyboard.press(key)
    assert page.locator("input[name=case]:checked").count() == 2
    assert page.locator("#chosen").inner_text() == "2"
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/cases/*")
    page.keyboard.press("e")
    assert page.evaluate("document.activeElement.id") == "escalate-why"
    page.keyboard.type("nrfaes")
    assert page.locator("#escalate-why").input_value() == "nrfaes", "keys are text while one types"


def test_single_keys_can_be_switched_off(office: Office) -> None:
    case = office.held()
    page = office.page()
    page.goto(f"{office.served.url}/desk/cases/{case}")
    page.keyboard.press("?")
    page.locator("#keys-on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    assert not page.locator("#act-release").evaluate("it => it.open")
    page.reload()
    page.keyboard.press("r")
    assert not page.locator("#act-release").evaluate("it => it.open"), "it stays off"
    page.keyboard.press("Control+k")
    page.keyboard.type("refu")
    page.keyboard.press("Enter")
    assert page.locator("#act-refuse").evaluate("it => it.open"), "the palette works on"


def test_a_draft_outlives_the_page_and_news_come_by_themselves(office: Office) -> None:
    case = office.held()
    page = office.page()
    page.goto(f"{office.served.url}/desk/cases/{case}")
    page.keyboard.press("f")
    page.locator("#refuse-comment").fill("he does not know the payee")
    page.reload()
    page.keyboard.press("f")
    assert page.locator("#refuse-comment").input_value() == "he does not know the payee"
    page.wait_for_timeout(700)
    office.do(ReviewCase, "staff:senior", case=case, release=False)
    page.wait_for_selector("#changed:not([hidden])", timeout=4_000)
    page.locator("#act-refuse form button").click()
    told = page.locator(".notice.bad").inner_text()
    assert "Already answered by Senior reviewer" in told
    assert page.locator("#refuse-comment").count() == 0


def test_a_new_case_is_counted_without_asking(office: Office) -> None:
    office.held()
    page = office.page()
    page.wait_for_timeout(700)
    before = int(page.locator('[data-count="new"]').inner_text())
    case = office.held()
    page.get_by_text(f"New {before + 1}", exact=True).wait_for(timeout=4_000)
    page.wait_for_selector(f'input[value="{case}"]', state="attached", timeout=4_000)


def test_a_proof_is_checked_in_the_page_and_a_changed_record_is_seen(office: Office) -> None:
    case = office.held()
    page = office.page()
    page.goto(f"{office.served.url}/desk/cases/{case}")
    page.locator("#check-proof").click()
    page.wait_for_selector("#proof.good")

    def forge(route: Any) -> None:
        answer = route.fetch()
        proof = msgspec.json.decode(answer.body())
        proof["record"] = proof["record"].replace("2000000", "2000001")
        route.fulfill(response=answer, body=msgspec.json.encode(proof))

    page.route("**/proof", forge)
    page.locator("#check-proof").click()
    page.wait_for_selector("#proof.bad")


def faults(page: Any) -> list[str]:
    """What axe finds against WCAG A and AA (2.2), and a page wider than its window."""
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": tags}}).response["violations"]
    says = [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return says + ([f"{wide} px too wide"] if wide > 0 else [])


def paths(office: Office) -> list[str]:
    case = office.held(6_000_000)
    return ["/desk", "/desk?tab=done", f"/desk/cases/{case}", "/desk/customers?q=a", "/desk/customers/alice"]


def look_at(office: Office, width: int, look: tuple[str, str], asked: list[str]) -> list[str]:
    """What is wrong with these pages, and with the dialogs over the last of them."""
    page, wrong = office.page(width=width, look=look), []
    for path in asked:
        page.goto(office.served.url + path)
        wrong += [f"{path} {width} {look}: {one}" for one in faults(page)]
    page.keyboard.press("?")
    wrong += [f"help {width} {look}: {one}" for one in faults(page)]
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    return wrong + [f"palette {width} {look}: {one}" for one in faults(page)]


def test_axe_finds_nothing(office: Office) -> None:
    asked = paths(office)
    assert look_at(office, 320, ("en", "light"), asked[:3]) == []
    assert look_at(office, 1280, ("zh", "dark"), asked[2:]) == []


@pytest.mark.soak
def test_axe_finds_nothing_in_any_look(office: Office) -> None:
    asked = paths(office)
    assert [
        one for width, look in product(WIDTHS, LOOKS) for one in look_at(office, width, look, asked)
    ] == []
