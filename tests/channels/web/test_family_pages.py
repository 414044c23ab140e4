"""Pages of decisions, family, settings and elder mode, without a screen."""

from __future__ import annotations

import json
import re
import struct
import zlib
from importlib.resources import files
from itertools import count

import pytest
from tests.channels.web.browser import Browser

import draw_icons
from jingwei.channels.web.installed import SIZES
from jingwei.channels.web.phrases import phrases
from jingwei.decisions.policy import parse_policy
from jingwei.domains.fraud.policy import policy_text
from jingwei.journeys.keep_payee import KeepPayee
from jingwei.journeys.pay import Pay
from jingwei.kernel.clock import DAY, MINUTE
from jingwei.ledger.accounts import Balance
from jingwei.ledger.family import ELDER_UNDO_S, Preference
from jingwei.ledger.work import Case


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    one = Browser(tmp_path_factory.mktemp("pages") / "home")
    yield one
    one.close()


@pytest.fixture
def browser(shared):
    """One bank for all; each test begins two days after the one before."""
    shared.clock.advance(2 * DAY)
    return shared


KEYS = count()


def pay(browser, who, payee, minor, device="phone"):
    """A payment asked for on another channel; its answer."""
    browser.clock.advance(MINUTE)
    now, actor = browser.clock.now(), f"customer:{who}"
    asked = {"customer": who, "payer": who, "payee": payee, "amount_minor": minor, "currency": "CNY"}
    command = Pay(key=f"k{now}", actor=actor, at=now, known_at=now, device=device, **asked)
    return browser.home.bank.do([command])[0].answer


def send(browser, path, page="/app", **fields):
    return browser.post(path, form_token=browser.token(page), key=f"t{next(KEYS)}", **fields)


def told(page):
    """The text of a page, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def tie_of(browser, whose):
    page = browser.get("/app/family")
    return next(
        number
        for number in dict.fromkeys(re.findall(r'href="/app/family/(T\d+)"', page.text))
        if whose in browser.get(f"/app/family/{number}").text
    )


# ---- Decisions and appeals


def test_a_refused_payment_says_why_what_to_change_and_the_law(browser):
    answer = pay(browser, "alice", "mallory", 25_000_000, device="new")
    assert answer.result == "refused" and answer.reasons[0] == "takeover_pattern"
    page = browser.sign_in("customer:alice").get(
        f"/app/decision/{answer.id}", headers={"accept-language": "en"}
    )
    text = told(page)
    assert "No money left your account." in text and "¥250,000.00" in text
    first, second = (text.index(part) for part in ("how stolen accounts are emptied", "50,000.00 or more"))
    assert first < second, "the heaviest reason first"
    assert "Law against Telecom and Online Fraud, Article 18" in text
    assert "Pay from the phone you usually use." in text
    for code in (*answer.reasons, "payment_refused", "takeover"):
        assert code not in page.text
    browser.get("/look", params={"lang": "zh"})
    assert "请使用您常用的手机付款" in browser.get(f"/app/decision/{answer.id}").text


def test_every_rule_and_common_refusal_says_what_to_change():
    rules = [rule.code for name in ("outgoing_transfer",) for rule in parse_policy(policy_text(name)).rules]
    missing = [code for code in rules if f"change.{code}" not in phrases()]
    assert not missing


def test_an_appeal_from_the_page_to_the_answer(browser):
    answer = pay(browser, "alice", "carol", 25_000_000, device="new")
    path = f"/app/decision/{answer.id}"
    browser.sign_in("customer:alice")
    empty = send(browser, f"{path}/appeal", text="  ")
    assert empty.status_code == 422 and "in a few words" in empty.text
    assert send(browser, f"{path}/appeal", text="<b>mine</b>").headers["location"] == f"{path}?told=appealed"
    page = browser.get(path)
    for says in ("&lt;b&gt;mine&lt;/b&gt;", "You will have an answer by", "2026-11-09 23:59"):
        assert says in page.text, says
    assert send(browser, f"{path}/appeal", text="again").status_code == 422
    browser.clock.advance(4 * DAY)
    browser.sign_in("customer:alice")
    assert "late" in told(browser.get(path))
    browser.sign_in("staff:reviewer")
    people = browser.get("/desk/people")
    assert "late" in told(people) and f"/desk/appeal/P{answer.id[1:]}" in people.text
    desk = f"/desk/appeal/P{answer.id[1:]}"
    assert "mine" in browser.get(desk).text
    assert send(browser, desk, "/desk", words="").status_code == 422
    send(browser, desk, "/desk", words="We called you.", overturn="1")
    assert "We called you." in browser.sign_in("customer:alice").get(path).text


def test_a_foreign_decision_and_a_missing_one_look_alike(browser):
    answer = pay(browser, "alice", "grace", 25_000_000, device="new")
    browser.sign_in("customer:bob")
    foreign, missing = browser.get(f"/app/decision/{answer.id}"), browser.get("/app/decision/D00000099999")
    assert foreign.status_code == missing.status_code == 404
    assert send(browser, f"/app/decision/{answer.id}/appeal", text="x").status_code == 404
    assert not [case for case in browser.home.store.find(Case, "about", answer.id) if case.code == "appeal"]


def test_a_held_payment_says_until_when_and_offers_no_appeal(browser):
    answer = pay(browser, "alice", "erin", 6_000_000)
    assert answer.result == "held"
    page = browser.sign_in("customer:alice").get(f"/app/decision/{answer.id}")
    assert "You will have an answer by" in page.text and "<textarea" not in page.text


# ---- Family


def test_a_guardian_sees_the_childs_payments_limits_and_answers(browser):
    browser.sign_in("customer:carol")
    tie = tie_of(browser, "Erin")
    before = browser.home.store.load(Balance, ["erin"])[0].booked_minor
    pay(browser, "erin", "bob", 1_000)
    assert "−¥10.00" in browser.get(f"/app/family/{tie}/live").text
    limits = {"account": "erin", "payment": "20", "day": "60", "month": "200"}
    assert send(browser, f"/app/family/{tie}/limits", **limits).headers["location"].endswith("limits_set")
    answer = pay(browser, "erin", "bob", 3_000)
    assert answer.result == "stepped_up"
    live = browser.get(f"/app/family/{tie}/live").text
    assert "¥30.00" in live and answer.challenge in live
    shown = {"challenge": answer.challenge, "payee": "bob", "amount_minor": "3000", "currency": "CNY"}
    asked = f"/app/step-up/{answer.challenge}"
    form = browser.get(asked, headers={"accept-language": "en"})
    page = told(form)
    assert "Erin 小艾 wants to pay" in page and "Let Erin 小艾 pay ¥30.00 to" in page
    assert "ask family" not in page and "It is mine" not in page
    wrong = send(browser, asked, answer="yes", **(shown | {"amount_minor": "1"}))
    assert wrong.status_code == 422
    shown["proof"] = re.search(r'name="proof" value="([^"]+)"', wrong.text)[1]
    done = send(browser, asked, answer="yes", proof_demo="1", **shown)
    assert done.status_code == 303 and done.headers["location"].endswith("child_paid"), told(done)
    assert browser.get(asked).headers["location"] == "/app/family", "answered already"
    assert browser.home.store.load(Balance, ["erin"])[0].booked_minor == before - 4_000
    assert "waits" not in told(browser.sign_in("customer:erin").get(f"/app/decision/{answer.id}"))


def test_amounts_that_cannot_be_read_come_back_as_typed(browser):
    browser.sign_in("customer:carol")
    tie = tie_of(browser, "Erin")
    page = send(browser, f"/app/family/{tie}/limits", account="erin", payment="ten", day="1", month="")
    assert page.status_code == 422 and 'value="ten"' in page.text
    order = send(browser, f"/app/family/{tie}/limits", account="erin", payment="9", day="1", month="")
    assert order.status_code == 422 and "longer time" in order.text
    assert send(browser, f"/app/family/{tie}/limits", account="bob", payment="9").status_code == 404


def test_nobody_looks_through_a_tie_of_others(browser):
    tie = tie_of(browser.sign_in("customer:carol"), "Grace")
    for who in ("bob", "grace", "erin"):
        browser.sign_in(f"customer:{who}")
        assert browser.get(f"/app/family/{tie}").status_code == 404
        assert send(browser, f"/app/family/{tie}/limits", account="grace", payment="1").status_code == 404


def test_a_view_ends_at_once_with_its_tie(browser):
    browser.sign_in("customer:carol")
    tie = tie_of(browser, "Grace")
    page = browser.get(f"/app/family/{tie}")
    assert page.status_code == 200 and "limits" not in page.text.lower().replace("/limits", "")
    browser.sign_in("customer:grace")
    assert send(browser, f"/app/family/{tie}/answer", no="1").status_code == 303
    browser.sign_in("customer:carol")
    for path in (f"/app/family/{tie}", f"/app/family/{tie}/live"):
        assert browser.get(path).status_code == 404


def test_a_tie_is_offered_and_accepted_in_the_app(browser):
    browser.sign_in("customer:alice")
    assert send(browser, "/app/family", what="my_helper", other="nobody").status_code == 422
    assert send(browser, "/app/family", what="my_child", other="bob").status_code == 422
    assert send(browser, "/app/family", what="my_helper", other="Bob ").status_code == 303
    page = browser.sign_in("customer:bob").get("/app/family")
    tie = re.search(r"/app/family/(T\d+)/answer", page.text)[1]
    assert send(browser, f"/app/family/{tie}/answer", yes="1").headers["location"].endswith("tie_active")
    assert "1,000,000.00" in browser.get(f"/app/family/{tie}").text


# ---- Elder mode, settings, a person


def test_elder_mode_is_kept_turns_the_wait_on_and_comes_back_on_the_next_device(browser):
    browser.sign_in("customer:grace")
    assert 'action="/app/elder"' in browser.get("/app").text, "its entrance is on the first page"
    send(browser, "/app/elder", on="1", back="/app")
    kept = browser.home.store.load(Preference, ["grace"])[0]
    assert (kept.elder, kept.undo_s) == (1, ELDER_UNDO_S)
    page = browser.sign_in("customer:grace").get("/app")
    assert "data-elder" in page.text and "You can spend" in page.text
    assert "60 seconds" in page.text and 'action="/app/person"' in page.text
    send(browser, "/app/elder", on="0", back="//evil.example")
    assert "data-elder" not in browser.get("/app").text


def test_one_tap_asks_for_a_person_once(browser):
    browser.sign_in("customer:grace")
    for _ in range(2):
        assert send(browser, "/app/person").headers["location"] == "/app/person?told=person_asked"
    cases = [case for case in browser.home.store.find(Case, "customer", "grace") if case.code == "call_back"]
    assert len(cases) == 1 and "calls you by" in browser.get("/app/person").text
    browser.sign_in("staff:teller")
    assert (
        send(browser, "/desk/people", "/desk", case=cases[0].id).headers["location"].endswith("told=called")
    )
    assert (
        send(browser, "/desk/people", "/desk", case=cases[0].id).headers["location"].endswith("call_closed")
    )


def test_the_telephone_is_shown_as_configured(tmp_path, monkeypatch):
    for number, shown in (("400 820 0000", 'href="tel:4008200000"'), ("<script>", ""), ("", "")):
        monkeypatch.setenv("JINGWEI_TELEPHONE", number)
        browser = Browser(tmp_path / f"home{len(number)}")
        page = browser.sign_in("customer:grace").get("/app/person").text
        assert shown in page and ("tel:" in page) == bool(shown)
        browser.close()


def test_how_long_payments_wait_is_one_of_what_is_offered(browser):
    browser.sign_in("customer:alice")
    assert "told=settings_kept" in send(browser, "/app/settings", undo_s="30").headers["location"]
    for wrong in ("31", "-1", "x", ""):
        assert "error=" in send(browser, "/app/settings", undo_s=wrong).headers["location"]
    assert browser.home.store.load(Preference, ["alice"])[0].undo_s == 30
    known = {"to": "grace", "name": "Grace 葛奶奶", "amount": "3"}
    now = browser.clock.now()
    keep = {"key": "keep", "actor": "customer:alice", "at": now, "known_at": now}
    browser.home.bank.do([KeepPayee(customer="alice", account="grace", name="Grace 葛奶奶", **keep)])
    browser.clock.advance(2 * DAY)
    browser.sign_in("customer:alice").get("/look", params={"lang": "en"})
    for seconds, says in (("30", "In 30 seconds"), ("0", "At once, as you have set it")):
        send(browser, "/app/settings", undo_s=seconds)
        check = browser.post("/app/pay/check", form_token=browser.token("/app"), **known)
        assert f'name="undo_s" value="{seconds}"' in check.text and says in check.text


def test_forms_without_their_token_do_nothing(browser):
    tie = tie_of(browser.sign_in("customer:carol"), "Erin")
    for path in (
        f"/app/family/{tie}/limits", f"/app/family/{tie}/payment", f"/app/family/{tie}/answer", "/app/family",
        "/app/person", "/app/settings", "/app/elder",
    ):  # fmt: skip
        size = browser.home.store.size()
        assert "error=form_old" in browser.post(path, form_token="forged").headers["location"], path
        assert browser.home.store.size() == size


# ---- Installable


def test_the_manifest_names_pictures_that_are_there(browser):
    manifest = json.loads(browser.get("/manifest.webmanifest").text)
    assert manifest["start_url"] == "/app" and manifest["display"] == "standalone"
    for icon in manifest["icons"]:
        found = browser.get(icon["src"])
        wide, high = struct.unpack(">II", found.content[16:24])
        assert icon["sizes"] == f"{wide}x{high}" and found.headers["content-type"] == "image/png"


def test_an_icon_is_a_whole_picture_with_both_colours():
    body = (files("jingwei.channels.web") / "static" / f"icon-{SIZES[0]}.png").read_bytes()
    assert body == draw_icons.png(SIZES[0]), "run tools/draw_icons.py"
    assert zlib.crc32(body[12:29]) == struct.unpack(">I", body[29:33])[0]
    length = struct.unpack(">I", body[33:37])[0]
    rows = zlib.decompress(body[41 : 41 + length])
    assert len(rows) == SIZES[0] * (1 + 3 * SIZES[0])
    assert b"\x0d\x4a\x63" in rows and b"\xff\xff\xff" in rows


def test_the_worker_keeps_no_personal_page(browser):
    worker = browser.get("/worker.js").text
    shell = json.loads(re.search(r"const SHELL = (\[.*?\]);", worker)[1])
    assert shell and all(not path.startswith(("/app", "/desk", "/v1")) for path in shell)
    browser.sign_in("customer:alice")
    page = browser.get("/offline").text
    assert "Alice" not in page and "form_token" not in page and "is being checked" in page
