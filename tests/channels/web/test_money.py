"""The money pages without a screen: name check, preview, undo, step-up, the unknown outcome, schedules."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from tests.channels.web.browser import Browser

from jingwei.channels.streams.planned_work import Agenda, turn
from jingwei.channels.web.customer.names import Match, compare, masked
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.open_pot import OpenPot
from jingwei.kernel.clock import DAY, SECOND, bank_day
from jingwei.ledger.planned import FIRST
from jingwei.stores.store import StoreError

EN = {"accept-language": "en"}


@pytest.fixture
def browser(tmp_path):
    one = Browser(tmp_path / "home")
    one.client.headers["accept-language"] = "en"
    yield one
    one.close()


@pytest.fixture
def alice(browser):
    return browser.sign_in("customer:alice")


def fields(page: Any) -> dict[str, str]:
    """The fields of the form in the page's main part; of radio buttons the checked one."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", page.text[page.text.index("<main") :]):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and ("radio" not in tag or "checked" in tag):
            found.setdefault(name[1], value[1])
    return found


def preview(who: Browser, to: str = "bob", name: str = "Bob", amount: str = "12.50", **more: str) -> Any:
    asked = {"form_token": who.token(), "to": to, "name": name, "amount": amount} | more
    return who.post("/app/pay/check", **asked)


def send(who: Browser, page: Any, **more: str) -> Any:
    return who.post("/app/pay/send", **(fields(page) | more))


def pay(who: Browser, to: str = "bob", name: str = "Bob", amount: str = "12.50", **more: str) -> str:
    """Pay and return the address that tells the outcome."""
    answer = send(who, preview(who, to, name, amount), **more)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def money(who: Browser, account: str) -> tuple[int, int]:
    balance = who.home.bank._overlay.standing(account).balance
    return balance.booked_minor, balance.held_minor


def tick(who: Browser) -> int:
    """One turn of the worker, which keeps its agenda from turn to turn."""
    agenda = who.__dict__.setdefault("agenda", Agenda())
    return who._runner.run(turn(who.desk, agenda))


@pytest.mark.parametrize(
    ("given", "real", "match"),
    [
        ("张小明", "张小明", Match.SAME),
        ("張小明", "张小明", Match.SAME),
        ("劉德華", "刘德华", Match.SAME),
        ("張 小 明", "张小明", Match.SAME),
        ("阿卜杜拉·买买提", "阿卜杜拉买买提", Match.SAME),
        ("bob", "Bob 鲍勃", Match.SAME),
        ("鮑勃", "Bob 鲍勃", Match.SAME),
        ("  BOB  ", "Bob 鲍勃", Match.SAME),
        ("José Muñoz", "Jose Munoz", Match.SAME),
        ("Ming Zhang", "Zhang Ming", Match.CLOSE),
        ("Jonathan Smyth", "Jonathan Smith", Match.CLOSE),
        ("张晓明", "张小明", Match.CLOSE),
        ("王明", "张明", Match.OTHER),
        ("李四", "张三", Match.OTHER),
        ("Bo", "Bob", Match.OTHER),
        ("", "张三", Match.OTHER),
        ("张", "张三", Match.OTHER),
    ],
)
def test_names_are_compared_whatever_the_script_and_the_spaces(given, real, match):
    assert compare(given, real) is match


def test_a_strangers_name_is_never_shown_in_full():
    assert (masked("张小明"), masked("Bob 鲍勃"), masked("")) == ("**明", "B*** *勃", "***")


def test_each_outcome_of_the_name_check(alice):
    assert "the name matches" in preview(alice, name="鮑勃").text
    close = preview(alice, to="carol", name="Carolx").text
    assert "almost right" in close and "C***" in close and "Carol 卡" not in close
    other = preview(alice, to="carol", name="Dora").text
    assert "does not match" in other and "卡萝" not in other and "C***" not in other
    none = preview(alice, to="nobody", name="Dora")
    assert none.status_code == 422 and "no such account" in none.text
    for bank in ("bank:fees:CNY", "../x", "a" * 200, ""):
        assert preview(alice, to=bank).status_code == 422


def test_names_cannot_be_tried_by_the_dozen(alice):
    told = [preview(alice, name=f"Name {n}").status_code for n in range(21)]
    assert told[:20] == [200] * 20 and told[20] == 429
    alice.clock.advance(600 * SECOND + 1)
    assert preview(alice).status_code == 200


def test_the_preview_shows_exactly_what_runs(alice):
    page = preview(alice, amount="1,234.5", memo="rent <b>")
    assert "¥1,234.50" in page.text and "rent &lt;b&gt;" in page.text
    before = money(alice, "alice")[0]
    place = send(alice, page, undo_s="15").headers["location"]
    alice.clock.advance(15 * SECOND)
    assert tick(alice) == 1
    assert before - money(alice, "alice")[0] == 123_450
    assert "<h1>Sent</h1>" in alice.get(place).text


def test_a_fee_that_changed_after_the_preview_is_shown_first(alice):
    page = preview(alice)
    again = send(alice, page, fee="100")
    assert again.status_code == 200 and "Is everything right?" in again.text
    assert money(alice, "alice") == (100_000_000, 0)


def test_a_new_payee_is_proposed_half_an_hour_and_can_be_paid_at_once(alice):
    assert fields(preview(alice))["undo_s"] == "1800"
    pay(alice, undo_s="15")
    alice.clock.advance(DAY)
    alice.sign_in("customer:alice")
    assert fields(preview(alice))["undo_s"] == "15"
    alice.get("/look", params={"elder": "1"})
    assert fields(preview(alice))["undo_s"] == "60", "longer in elder mode"
    assert 'value="1800"' in preview(alice).text, "and a cooler head is one tap away"


def test_a_payment_never_starts_from_a_pot(alice):
    now = alice.clock.now()
    stamp = {"key": "pot", "actor": "customer:alice", "at": now, "known_at": now}
    made = alice.home.bank.do([OpenPot(account="alice", name="Sea", **stamp)])[0].answer.made
    assert made < "alice", "the pot stands before the account in every list"
    assert fields(preview(alice))["payer"] == "alice"
    assert made not in alice.get("/app/pay").text and made not in alice.get("/app/receive").text


def test_sending_the_form_twice_pays_once(alice):
    page = preview(alice)
    first, second = send(alice, page), send(alice, page)
    assert first.headers["location"] == second.headers["location"]
    assert money(alice, "alice") == (100_000_000, 1_250)
    assert send(alice, page, amount="13.00").status_code == 409


def test_undo_works_without_script_and_once(alice):
    place = pay(alice)
    page = alice.get(place)
    assert "Undo" in page.text and "On its way" in page.text
    form = {"form_token": alice.token(), "key": "web:0123456789abc"}
    assert alice.post(f"{place}/undo", **form).status_code == 303
    assert money(alice, "alice") == (100_000_000, 0)
    assert "Undone" in alice.get(place).text
    again = alice.post(f"{place}/undo", **form | {"key": "web:0123456789abd"})
    assert again.status_code == 422 and "no longer waits" in again.text


def test_the_window_is_over_at_its_end(alice):
    place = pay(alice, undo_s="15")
    alice.clock.advance(15 * SECOND)
    late = alice.post(f"{place}/undo", form_token=alice.token(), key="web:0123456789abc")
    assert late.status_code == 422 and "is over" in late.text
    assert tick(alice) == 1 and money(alice, "bob")[0] == 5_001_250


def test_the_reason_stands_before_the_confirmation_and_binds_payee_and_amount(alice):
    place = pay(alice, amount="6000.00")
    assert place.startswith("/app/step-up/")
    page = alice.get(place)
    assert "the amount is 5,000.00 or more" in page.text and "Stop and ask family" in page.text
    assert page.text.index("Why we ask") < page.text.index('value="yes"')
    form = fields(page)
    for wrong in ({"payee": "carol"}, {"amount_minor": "600001"}, {"currency": "USD"}, {"answer": "maybe"}):
        assert alice.post(place, **(form | {"answer": "yes"} | wrong)).status_code == 422
    assert money(alice, "bob") == (5_000_000, 0)
    assert alice.post(place, **form, answer="yes").headers["location"].endswith("told=confirmed")
    alice.clock.advance(1_800 * SECOND)
    tick(alice)
    assert money(alice, "bob")[0] == 5_600_000


@pytest.mark.parametrize("answer", ["no", "family"])
def test_stopping_gives_the_money_back(alice, answer):
    place = pay(alice, amount="6000.00")
    told = alice.post(place, **fields(alice.get(place)), answer=answer).headers["location"]
    assert "Stopped" in alice.get(told).text
    assert money(alice, "alice") == (100_000_000, 0)


def test_a_held_payment_says_what_happens_next_and_until_when(alice):
    page = alice.get(pay(alice, amount="60000.00")).text
    assert "A person looks at it" in page and "You hear from us by" in page and "50,000.00" in page


def test_a_foreign_payment_or_step_up_looks_like_a_missing_one(browser):
    browser.sign_in("customer:alice")
    paid, asked = pay(browser), pay(browser, to="carol", name="Carol", amount="6000.00")
    browser.sign_in("customer:mallory")
    missing = ("/app/payment/D99999999999", "/app/step-up/S99999999999")
    for real, none in zip((paid, asked), missing, strict=True):
        assert browser.get(real).status_code == browser.get(none).status_code == 404
        number = re.compile(r"D\d{11}|S\d{11}|web:[\w-]+")
        assert number.sub("", browser.get(real).text) == number.sub("", browser.get(none).text)
    undo = browser.post(f"{paid}/undo", form_token=browser.token(), key="web:0123456789abc")
    assert undo.status_code == 404 and money(browser, "alice")[1] > 0


def test_an_unknown_outcome_is_asked_again_and_paid_once(alice, monkeypatch):
    page = preview(alice)
    ask = alice.desk.joined.ask

    async def done_but_untold(command):
        await ask(command)
        raise StoreError("planted: the line broke after the write")

    monkeypatch.setattr(alice.desk.joined, "ask", done_but_untold)
    unknown = send(alice, page)
    assert unknown.status_code == 503 and "We are checking" in unknown.text
    monkeypatch.undo()
    told = alice.post("/app/pay/send", **fields(unknown))
    assert told.status_code == 303 and money(alice, "alice") == (100_000_000, 1_250)


def test_a_scan_fills_the_form_and_nothing_else(alice):
    page = alice.get("/app/receive", params={"amount": "88.00", "memo": "lunch"}).text
    link = re.search(r'<a href="(http://bank\.test/app/pay\?[^"]+)"', page)[1].replace("&amp;", "&")
    assert "<svg" in page and "to=alice" in link
    alice.sign_in("customer:bob")
    form = alice.get(link.removeprefix("http://bank.test")).text
    assert 'value="88.00"' in form and 'value="alice"' in form and "Alice" not in form
    assert alice.get("/app/receive", params={"amount": "-1"}).status_code == 422


def test_a_schedule_is_made_paid_and_cancelled_in_the_app(alice):
    pay(alice, undo_s="15")
    first = (FIRST + timedelta(days=bank_day(alice.clock.at) + 1)).isoformat()
    ask = {"form_token": alice.token(), "key": "web:schedule-12345", "to": "bob", "amount": "100"}
    made = alice.post("/app/schedules", **ask, every="weekly", first=first)
    assert made.headers["location"].endswith("told=scheduled")
    front = alice.get("/app").text
    assert "Coming for certain" in front and "Tomorrow" in front
    alice.clock.advance(DAY)
    alice.sign_in("customer:alice")
    assert tick(alice) >= 1
    tick(alice)
    assert money(alice, "bob")[0] == 5_000_000 + 1_250 + 10_000
    page = alice.get("/app/schedules")
    cancel = {name: fields(page)[name] for name in ("form_token", "key", "schedule")}
    assert alice.post("/app/schedules/cancel", **cancel).headers["location"].endswith("schedule_cancelled")
    assert "Nothing is scheduled" in alice.get("/app/schedules").text


def test_left_to_spend_names_and_own_accounts_on_the_front_page(alice):
    at = alice.clock.at
    own = OpenAccount(
        key="own", actor="customer:alice", at=at, known_at=at, customer="alice", product="savings_cny",
        account="alice-savings", opening_minor=10_000_000, source="alice",
    )  # fmt: skip
    assert alice.home.bank.do([own])[0].answer.result == "done"
    front = alice.get("/app").text
    assert "¥1,000,000.00" in front and "between your accounts" in front and "Savings" in front
    alice.sign_in("customer:mallory")
    assert "Nothing has happened" in alice.get("/app").text


@pytest.mark.parametrize("path", ["/app", "/app/pay", "/app/receive", "/app/schedules"])
def test_every_page_speaks_chinese(alice, path):
    page = alice.get(path, params={"lang": "zh"}, headers={"accept-language": "zh"}).text
    assert 'lang="zh-CN"' in page and "{" not in re.sub(r"<svg.*?</svg>", "", page, flags=re.S)


def test_forms_without_their_token_do_nothing(alice):
    page = preview(alice)
    for path in ("/app/pay/check", "/app/pay/send", "/app/schedules", "/app/schedules/cancel"):
        told = alice.post(path, **(fields(page) | {"form_token": "forged"}))
        assert told.status_code == 303 and "form_old" in told.headers["location"]
    assert money(alice, "alice") == (100_000_000, 0)
