"""One's own pages: consents, statement, cards, pots, data and proofs, as a customer uses them."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from tests.channels.web.browser import Browser

import verify_proof
from jingwei.channels.web.history import Row, Wanted, chosen, sums
from jingwei.channels.web.saved import Paper, as_csv, font, safe
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.pay import Pay
from jingwei.journeys.preview_offer import PreviewOffer
from jingwei.journeys.use_data import UseData
from jingwei.kernel.clock import MINUTE
from jingwei.kernel.purpose import Purpose
from jingwei.ledger.accounts import Balance
from jingwei.ledger.cards import Card
from jingwei.ledger.pots import Pot

MONEY = {"currency": "CNY"}


class Desk:
    """The browser with commands of others beside it."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.store = browser.home.store
        self._asked = 0

    def do(self, kind, actor, **fields):
        self._asked += 1
        self.browser.clock.advance(13 * MINUTE)
        self.browser.get("/app")  # so that the session does not end meanwhile
        at = self.browser.clock.at
        command = kind(key=f"d{self._asked}", actor=actor, at=at, known_at=at, **fields)
        return self.browser.home.bank.do([command])[0]

    def card_pays(self, card: str, minor: int, **more):
        fields = {"customer": "alice", "payer": "alice", "terminal": "Tea-House", "card": card} | MONEY | more
        return self.do(AuthoriseCardPayment, "system:cards", amount_minor=minor, **fields).answer

    def send(self, path: str, **fields):
        """Press a button of a page: with the token and a fresh key."""
        page = re.sub(r"/(change|freeze|new|move|delete|read)$", "", path)
        token = self.browser.token(page)
        self._asked += 1
        return self.browser.post(path, form_token=token, **({"key": f"w{self._asked}"} | fields))

    def booked(self, account: str) -> int:
        return self.store.load(Balance, [account])[0].booked_minor


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    one = Browser(tmp_path_factory.mktemp("account") / "home")
    yield one
    assert one.home.verify().sound
    one.close()


@pytest.fixture
def desk(browser) -> Desk:
    browser.sign_in("customer:alice")
    one = Desk(browser)
    one._asked = browser.home.store.size() * 100
    return one


PAGES = ("/app/statement", "/app/cards", "/app/pots", "/app/consents", "/app/my-data")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("who", ["alice", "mallory"])
def test_every_page_opens_in_both_languages_also_with_nothing_on_it(browser, lang, who):
    browser.sign_in(f"customer:{who}")
    for path in PAGES:
        page = browser.get(path, params={"lang": lang})
        assert page.status_code == 200, path
        assert "<h1>" in page.text and "{" not in re.sub(r"<script.*?</script>", "", page.text), path


def test_strangers_and_staff_stay_out(browser):
    for actor in ("", "staff:teller"):
        browser.fresh()
        if actor:
            browser.sign_in(actor)
        for path in (*PAGES, "/app/statement.csv", "/app/statement.pdf", "/app/my-data.json"):
            assert browser.get(path).status_code == 303, path
        assert browser.get("/app/proof/D00000000001").status_code == 303


def test_a_consent_is_given_and_withdrawn_with_one_tap_each_and_holds_at_once(desk):
    look = lambda: desk.do(PreviewOffer, "staff:teller", customer="alice", account="alice").answer  # noqa: E731
    assert look().refusal.code == "consent_missing"
    page = desk.browser.get("/app/consents").text
    assert page.count('value="give"') == 3 and page.count('value="withdraw"') == 0
    gave = desk.send("/app/consents/change", purpose="marketing", do="give")
    assert gave.headers["location"] == "/app/consents?told=consent_given#marketing"
    assert look().result == "done"
    page = desk.browser.get("/app/consents?lang=en").text
    assert page.count('value="withdraw"') == 1 and "A member of staff" in page and "Once on" in page
    desk.send("/app/consents/change", purpose="marketing", do="withdraw")
    assert look().refusal.code == "consent_missing"
    assert "Stopped on" in desk.browser.get("/app/consents?lang=en").text
    for forged in ("risk", "", "x" * 99):
        answer = desk.send("/app/consents/change", purpose=forged, do="give")
        assert answer.headers["location"].endswith("error=consent")


def test_uses_by_service_are_shown_with_their_reason(desk):
    desk.do(UseData, "staff:teller", customers=("alice",), purpose=Purpose.SERVICE, why="you called us")
    page = desk.browser.get("/app/consents?lang=en").text
    assert "you called us" in page
    desk.do(
        Pay,
        "customer:alice",
        customer="alice",
        payer="alice",
        payee="bob",
        amount_minor=100,
        device="p",
        **MONEY,
    )
    assert "Payments the bank checked for you" in desk.browser.get("/app/consents?lang=en").text


def test_a_card_is_frozen_with_one_tap_and_does_not_pay_until_it_is_free(desk):
    made = desk.send("/app/cards/new", account="alice", label="=HYPERLINK()", do="card")
    assert made.headers["location"] == "/app/cards?told=card_made"
    card = desk.store.find(Card, "customer", "alice")[-1]
    assert desk.card_pays(card.id, 1000).result == "allowed"
    assert desk.send("/app/cards/freeze", card=card.id, do="freeze").status_code == 303
    assert desk.card_pays(card.id, 1000).refusal.code == "card_frozen"
    assert desk.card_pays("", 1000).result == "allowed"
    desk.send("/app/cards/freeze", card=card.id, do="unfreeze")
    assert desk.card_pays(card.id, 1000).result == "allowed"
    assert "=HYPERLINK()" in desk.browser.get("/app/cards").text


def test_limits_of_a_card_hold_and_a_one_time_card_pays_once(desk):
    desk.send("/app/cards/new", account="alice", do="one_time")
    once = desk.store.find(Card, "customer", "alice")[-1].id
    desk.send("/app/cards/new", account="alice", do="card")
    card = desk.store.find(Card, "customer", "alice")[-1].id
    assert [desk.card_pays(once, 500).result, desk.card_pays(once, 500).refusal.code] == [
        "allowed",
        "card_used",
    ]
    terms = {"card": card, "code": "CNY", "payment_minor": "20.00", "day_minor": "30.00", "do": "save"}
    assert desk.send("/app/cards/change", **terms).status_code == 303
    assert desk.card_pays(card, 2001).refusal.code == "above_card_limit"
    assert desk.card_pays(card, 2000).result == "allowed"
    assert desk.card_pays(card, 1001).refusal.code == "above_card_day_limit"
    assert desk.card_pays(card, 1000).result == "allowed"
    wrong = desk.send("/app/cards/change", **(terms | {"day_minor": "1.00"}))
    assert wrong.status_code == 422 and 'role="alert"' in wrong.text
    assert desk.send("/app/cards/change", **(terms | {"payment_minor": "many"})).status_code == 422
    desk.send("/app/cards/change", **(terms | {"do": "close"}))
    assert desk.card_pays(card, 1).refusal.code == "card_closed"
    assert desk.card_pays("K99999999999", 1).refusal.code == "card_not_found"


def test_nobody_touches_a_foreign_card_or_pot(desk):
    desk.send("/app/cards/new", account="alice", do="card")
    desk.send("/app/pots/new", account="alice", name="Mine", code="CNY")
    card, pot = desk.store.find(Card, "customer", "alice")[-1], desk.store.find(Pot, "customer", "alice")[-1]
    desk.browser.sign_in("customer:bob")
    for path, fields in (
        ("/app/cards/freeze", {"card": card.id, "do": "freeze"}),
        ("/app/cards/change", {"card": card.id, "code": "CNY", "do": "close"}),
        ("/app/cards/new", {"account": "alice", "do": "card"}),
        ("/app/pots/move", {"pot": pot.id, "do": "close"}),
        ("/app/pots/new", {"account": "alice", "name": "x", "code": "CNY"}),
    ):
        assert desk.send(path, **fields).status_code == 422, path
    assert desk.store.load(Card, [card.id]) == [card] and desk.store.load(Pot, [pot.id]) == [pot]
    assert desk.browser.get("/app/statement", params={"account": "alice"}).status_code == 404


def test_a_pot_is_filled_shown_rounded_up_into_and_emptied(desk):
    desk.send("/app/pots/new", account="alice", name="Sea 海", goal="100.00", code="CNY")
    pot = desk.store.find(Pot, "customer", "alice")[-1].id
    before = desk.booked("alice")
    desk.send("/app/pots/move", pot=pot, amount="25.00", code="CNY", do="in")
    assert (desk.booked(pot), desk.booked("alice")) == (2500, before - 2500)
    page = desk.browser.get("/app/pots").text
    assert 'class="fill" width="75"' in page and "25 %" in page
    desk.send("/app/cards/new", account="alice", do="card")
    card = desk.store.find(Card, "customer", "alice")[-1].id
    desk.send("/app/cards/change", card=card, code="CNY", round_up=pot, do="save")
    answer = desk.card_pays(card, 1230)
    assert [move.kind for move in answer.movements] == ["card", "round_up"] and desk.booked(pot) == 2570
    assert [move.kind for move in desk.card_pays(card, 1200).movements] == ["card"]
    assert desk.send("/app/pots/move", pot=pot, amount="99.00", code="CNY", do="out").status_code == 422
    assert desk.send("/app/pots/move", pot=pot, amount="x", code="CNY", do="out").status_code == 422
    desk.send("/app/pots/move", pot=pot, code="CNY", do="close")
    assert desk.booked(pot) == 0 and desk.booked("alice") == before - 1230 - 1200
    assert [move.kind for move in desk.card_pays(card, 1230).movements] == ["card"], (
        "a closed pot takes nothing"
    )
    assert "Sea" not in desk.browser.get("/app/pots").text


def test_a_payment_goes_through_when_only_the_rounding_cannot(desk):
    """Carol has 10.30 on a new account's card; 10.30 leaves nothing for the rest of 0.70."""
    desk.browser.sign_in("customer:mallory")
    desk.do(Deposit, "system:core", account="mallory", amount_minor=1030, **MONEY)
    desk.send("/app/pots/new", account="mallory", name="p", code="CNY")
    pot = desk.store.find(Pot, "customer", "mallory")[-1].id
    desk.send("/app/cards/new", account="mallory", do="card")
    card = desk.store.find(Card, "customer", "mallory")[-1].id
    desk.send("/app/cards/change", card=card, code="CNY", round_up=pot, do="save")
    answer = desk.card_pays(card, 1030, customer="mallory", payer="mallory")
    assert [move.kind for move in answer.movements] == ["card"] and desk.booked("mallory") == 0


def test_the_statement_finds_by_name_note_amount_day_way_and_kind(desk):
    desk.do(Deposit, "staff:teller", account="alice", amount_minor=123456, memo="rent 房租", **MONEY)
    pay = {"customer": "alice", "payer": "alice", "payee": "bob", "amount_minor": 5, "device": "p"} | MONEY
    desk.do(Pay, "customer:alice", **pay)
    find = lambda **asked: desk.browser.get("/app/statement", params={"lang": "en"} | asked).text  # noqa: E731
    count = lambda text: int(re.search(r"(\d+) of \d+ entries", text)[1])  # noqa: E731
    everything = count(find())
    assert count(find(q="房租")) == 1 and "rent 房租" in find(q="rent")
    assert count(find(q="1,234.56")) == count(find(q="1234.56")) == 1
    assert 0 < count(find(q="bob")) < everything
    assert count(find(way="in")) + count(find(way="out")) == everything
    assert count(find(least="1234.56", most="1234.56")) == 1
    assert count(find(kind="card")) + count(find(kind="payment")) < everything
    assert count(find(**{"from": "2000-01-01", "to": "2001-01-01"})) == 0
    assert "Bob" in find() and ">bob<" not in find(), "a person's name, not an id"
    for wrong in ({"from": "yesterday"}, {"least": "a lot"}):
        page = desk.browser.get("/app/statement", params=wrong)
        assert page.status_code == 422 and 'role="alert"' in page.text


def test_the_csv_is_the_ledger_and_runs_no_formula(desk):
    pay = {"customer": "alice", "payer": "alice", "payee": "bob", "amount_minor": 7, "device": "p"} | MONEY
    assert desk.do(Pay, "customer:alice", memo='=cmd|"/c calc"!A1', **pay).answer.result == "allowed"
    answer = desk.browser.get("/app/statement.csv", params={"lang": "zh"})
    assert (
        answer.content.startswith(b"\xef\xbb\xbf") and "attachment" in answer.headers["content-disposition"]
    )
    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert head[0] == "时间" and all(not cell.startswith(("=", "@")) for row in rows for cell in row)
    assert any(cell.startswith("'=cmd") for row in rows for cell in row)
    total = sum(round(float(row[4]) * 100) for row in rows)
    assert total == desk.booked("alice") == round(float(rows[-1][5]) * 100)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "＝1", "\r=1", "\n=1"])
def test_no_cell_begins_like_a_formula(text):
    assert safe(text).startswith("'")
    row = Row(1 << 16, 0, "payment", "bob", text, text, -5, 10)
    table = as_csv(Paper("t", "o", "a", "CNY", [row], None, None, 0), "en").decode("utf-8-sig")
    cells = list(csv.reader(io.StringIO(table, newline="")))[1]
    assert cells[1] == cells[2] == f"'{text}"


def test_the_pdf_is_one_with_chinese_letters(desk):
    if font() is None:
        pytest.skip("no font with Chinese letters on this machine (fonts-noto-cjk)")
    desk.browser.clock.advance(123_457)  # no clock stands at a whole second
    answer = desk.browser.get("/app/statement.pdf", params={"lang": "zh"})
    assert answer.content.startswith(b"%PDF-") and answer.headers["content-type"] == "application/pdf"


def test_everything_about_me_and_nothing_about_others_is_in_the_file(desk):
    pay = {"customer": "alice", "payer": "alice", "payee": "bob", "amount_minor": 9} | MONEY
    assert desk.do(Pay, "customer:alice", device="her-phone", **pay).answer.result == "allowed"
    found = json.loads(desk.browser.get("/app/my-data.json").content)
    assert found["customer"]["id"] == "alice" and found["entries"] and found["decisions"]
    total = sum(one["amount_minor"] for one in found["entries"] if one["account"] == "alice")
    assert total == desk.booked("alice")
    desk.browser.sign_in("customer:bob")
    bobs = desk.browser.get("/app/my-data.json").text
    assert "her-phone" not in bobs, "what alice asked is hers"
    assert '"amount_minor": 9' in bobs and '"payer_after' not in bobs


def test_deleting_ends_consents_and_says_what_stays(desk):
    desk.send("/app/consents/change", purpose="credit", do="give")
    refused = desk.send("/app/my-data/delete")
    assert refused.headers["location"].endswith("error=not_sure")
    done = desk.send("/app/my-data/delete", sure="yes")
    assert done.headers["location"].endswith("told=erased")
    page = desk.browser.get("/app/my-data?lang=en").text
    assert "Article 34" in page and "You asked on" in page
    assert 'value="withdraw"' not in desk.browser.get("/app/consents").text


def test_a_proof_is_ones_own_and_holds(desk, tmp_path):
    pay = {"customer": "alice", "payer": "alice", "payee": "bob", "amount_minor": 11, "device": "p"} | MONEY
    number = desk.do(Pay, "customer:alice", **pay).answer.id
    page = desk.browser.get(f"/app/proof/{number}")
    assert page.status_code == 200 and "tools/verify_proof.py" in page.text
    file = tmp_path / "p.json"
    file.write_bytes(desk.browser.get(f"/app/proof/{number}/file").content)
    assert verify_proof.main([str(file)]) == 0
    assert f"/app/proof/{number}" in desk.browser.get("/app/statement").text
    desk.browser.sign_in("customer:bob")
    assert f"/app/proof/{number}" not in desk.browser.get("/app/statement").text, "no link that leads nowhere"
    desk.browser.sign_in("customer:carol")
    for missing in (number, "D99999999999", "x"):
        assert desk.browser.get(f"/app/proof/{missing}").status_code == 404
        assert desk.browser.get(f"/app/proof/{missing}/file").status_code == 404


def test_a_form_whose_key_or_id_cannot_be_read_back_is_not_recorded(desk):
    size = desk.store.size()
    for fields in ({"card": "no id at all"}, {"card": "K1", "key": "bad\x01key"}):
        assert desk.send("/app/cards/freeze", do="freeze", **fields).status_code == 422
    assert desk.store.size() == size


def test_filters_agree_with_plain_arithmetic():
    rows = [
        Row(i << 16, i * 86_400_000_000, "card", "bank:cash:CNY", "n", "", i if i % 2 else -i, 0)
        for i in range(1, 9)
    ]
    assert [row.amount_minor for row in chosen(rows, Wanted(way="in"), "CNY", "en")] == [1, 3, 5, 7]
    assert sums(rows) == (16, 20)
    assert len(chosen(rows, Wanted(least_minor=3, most_minor=5), "CNY", "en")) == 3
