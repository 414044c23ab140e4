"""Audiences, the day list and offer cards, as staff and customers use them in the browser."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import re
from collections.abc import Iterator

import pytest
from tests.channels.web.browser import Browser

from jingwei.channels.demo_knowing import live_a_little
from jingwei.channels.knowing.following import agreeing, knowing_of
from jingwei.channels.knowing.systems import happening
from jingwei.channels.knowing.told import INCOME, SENT, kind_of
from jingwei.channels.web.staff import audiences
from jingwei.channels.web.staff.audience_form import NotAForm, Row, choices, overlap, said, text_of
from jingwei.consent.uses import DataUse
from jingwei.domains.insight.happenings import Told
from jingwei.domains.offers.showing import Offering
from jingwei.domains.tags.audiences import Audience, AudienceExport
from jingwei.domains.tags.condition import read_condition
from jingwei.domains.tags.happenings import BY_KIND, Happening
from jingwei.kernel.clock import DAY, MINUTE, bank_day
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.stores.bound import BoundReader

KEYS = itertools.count()
MANAGER = "staff:customer_manager"


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("knowing") / "home")
    live_a_little(browser.home)
    live_a_little(browser.home)
    follow(browser)
    yield browser
    browser.close()


def follow(browser: Browser) -> None:
    while knowing_of(browser.desk).catch_up():
        pass


def press(browser: Browser, path: str, page: str, **fields: str):
    return browser.post(path, form_token=browser.token(page), key=f"k{next(KEYS)}", **fields)


def test_tags_follow_the_books_whatever_way_a_payment_went_through(street: Browser):
    knowing, today = knowing_of(street.desk), bank_day(street.clock.at)
    facts = knowing.facts_of("dana", ["card_baby_count_30d", "income_wage_sum_30d", "age_years"], today)
    assert facts == {
        "card_baby_count_30d": 7,
        "income_wage_sum_30d": 1_260_000,
        "age_years": facts["age_years"],
    }
    assert set(knowing.needs_of("dana", today)) == {"payday", "child"}
    names = ("card_baby_count_30d", "income_wage_sum_30d", "age_years")
    assert knowing.shelf.values(names, today, ["dana"]) == [("dana", *(facts[name] for name in names))]


def test_an_audience_looks_only_at_who_agrees(street: Browser):
    reader = street.desk.reader
    assert agreeing(reader, [DataClass.TRANSACTIONS], street.clock.at) == {"dana"}
    assert agreeing(reader, [DataClass.DEVICES], street.clock.at) == set()
    page = count(street, what0="income_all", how0="sum_30d", sign0=">=", value0="100.00")
    assert "1 customers" in page and "1 customers who agree" in page
    assert "D•••" in page and "Dana" not in page
    assert "Paid in, total in 30 days ≥ ¥100.00" in page
    uses = [one for one in reader.find(DataUse, "customer", "dana") if one.purpose == Purpose.MARKETING.value]
    assert any(one.why == "audience" and one.reader == MANAGER for one in uses)


def test_a_reader_that_asks_nobody_is_found_out(street: Browser, monkeypatch: pytest.MonkeyPatch):
    """The count names bob too, who never agreed; the planted error is a reader that asks nobody."""

    async def everybody(*_):
        return ["bob", "dana"], 2

    what = {"what0": "income_all", "how0": "sum_30d", "sign0": ">=", "value0": "100.00"}
    monkeypatch.setattr(audiences, "members", everybody)
    page = count(street, **what)
    assert "D•••" in page and "B••" not in page
    monkeypatch.setattr(BoundReader, "may", lambda *_: True)
    assert "B••" in count(street, **what)
    monkeypatch.undo()
    street.sign_in("customer:dana")
    assert "counting who an offer would suit" in street.get("/app/consents?lang=en").text


def test_the_address_of_before_leads_to_the_page(street: Browser):
    street.sign_in(MANAGER)
    moved = street.get("/desk/audience")
    assert (moved.status_code, moved.headers["location"]) == (308, "/desk/audiences")


def count(browser: Browser, **fields: str) -> str:
    browser.sign_in(MANAGER)
    return press(browser, "/desk/audiences/count", "/desk/audiences", join="and", **fields).text


def test_an_audience_is_saved_compared_and_taken_out_sealed(street: Browser):
    street.sign_in(MANAGER)
    condition = "card_baby_count_30d >= 2"
    assert (
        "told=audience_saved"
        in press(street, "/desk/audiences", "/desk/audiences", name="Parents", condition=condition).headers[
            "location"
        ]
    )
    again = press(street, "/desk/audiences", "/desk/audiences", name="Parents", condition=condition)
    assert (
        again.headers["location"].endswith("audience_same") or "audience_saved" in again.headers["location"]
    )
    kept = street.home.store.page(Audience)[0]
    page = count(street, what0="age_years", sign0=">=", value0="18", beside=kept.id)
    assert "1 in both, 0 only here, 0 only there, 1 in one or the other" in page
    told = press(street, "/desk/audiences/export", "/desk/audiences", audience=kept.id, why="letters")
    assert (
        told.headers["content-type"].startswith("text/csv")
        and "attachment" in told.headers["content-disposition"]
    )
    rows = list(csv.DictReader(io.StringIO(told.content.decode("utf-8-sig"))))
    assert [(row["customer"], row["card_baby_count_30d"]) for row in rows] == [("dana", "7")]
    export = street.home.store.page(AudienceExport)[0]
    assert export.digest == hashlib.sha256(told.content).hexdigest()
    assert (export.rows, export.by, export.why) == (1, MANAGER, "letters")
    assert export.withheld == len(knowing_of(street.desk).tags.people) - 1
    assert "letters" in street.get("/desk/audiences").text


def whole_days(page: str) -> bool:
    """Whether a page names days, and none was cut off in the middle of its mark-up."""
    named = re.findall(r'<span class="date">(\d{4}-\d\d-\d\d)</span>', page)
    return bool(named) and re.search(r"<span clas(?!s=)", page) is None


def test_others_of_the_staff_have_no_audiences(street: Browser):
    for who in ("staff:teller", "staff:reviewer", "staff:admin"):
        street.sign_in(who)
        assert street.get("/desk/audiences").status_code == 403
        assert street.get("/desk/day").status_code == 403


def test_the_day_list_tells_what_changed_and_notes_outcomes(street: Browser):
    street.sign_in(MANAGER)
    page = street.get("/desk/day").text
    assert "A child" in page and "Payday" in page and "Dana" not in page
    assert whole_days(page), "each says on which day"
    told = press(street, "/desk/day/offer", "/desk/day", customer="dana")
    assert told.headers["location"].endswith("told=offer_found")
    made = street.home.store.find(Offering, "customer", "dana")[-1]
    for _ in range(2):
        street.clock.advance(MINUTE)
        assert (
            "offer_noted"
            in press(street, "/desk/day/answer", "/desk/day", offering=made.id, answer="no_answer").headers[
                "location"
            ]
        )
    assert "called 2 times" in street.get("/desk/day").text
    strange = press(street, "/desk/day/answer", "/desk/day", offering="\0", answer="perhaps")
    assert strange.headers["location"] == "/desk/day?error=not_read"
    assert "please check what you filled in" in street.get(strange.headers["location"]).text
    none = press(street, "/desk/day/offer", "/desk/day", customer="bob")
    assert none.headers["location"].endswith("offer_none")


def test_a_customer_sees_why_and_says_no_and_elder_mode_shows_none(street: Browser):
    street.sign_in("customer:dana")
    page = street.get("/app").text
    assert "Why am I seeing this?" in page and "your accounts and payments" in page
    assert 'action="/app/consents/change"' in page and 'name="do" value="withdraw"' in page
    assert whole_days(page), "it says on which day it was chosen"
    offering = re.search(r"/app/offers/(O\d+)", page)[1]
    assert "Why you see this" in page and "Not interested" in page
    street.client.cookies.set("elder", "1")
    assert "/app/offers/" not in street.get("/app").text
    street.client.cookies.delete("elder")
    street.sign_in("customer:bob")
    assert "/app/offers/" not in street.get("/app").text
    assert press(street, f"/app/offers/{offering}", "/app", answer="taken").status_code == 404
    street.sign_in("customer:dana")
    told = press(street, f"/app/offers/{offering}", "/app", answer="not_interested")
    assert told.headers["location"] == "/app?told=offer_no"
    assert "/app/offers/" not in street.get("/app").text
    assert street.home.store.load(Offering, [offering])[0].state == "not_interested"


def test_who_takes_the_consent_back_is_gone_from_audiences_and_offers(street: Browser):
    street.sign_in("customer:dana")
    told = press(street, "/app/consents/change", "/app", purpose="marketing", do="withdraw")
    assert "told=consent_withdrawn" in told.headers["location"]
    assert "/app/offers/" not in street.get("/app").text
    assert "0 customers" in count(street, what0="age_years", sign0=">=", value0="0")
    street.sign_in(MANAGER)
    assert "A child" not in street.get("/desk/day").text


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (Row("card_all", "sum_30d", ">=", "1,234.50"), "card_all_sum_30d >= 123450"),
        (Row("page_mortgage", "count_7d", ">", "3"), "page_mortgage_count_7d > 3"),
        (Row("age_years", "count_7d", "<", "40"), "age_years < 40"),
        (Row("income_wage", "gap_days", ">=", "34"), "income_wage_gap_days >= 34"),
    ],
)
def test_a_row_becomes_a_condition_and_reads_back(row: Row, says: str):
    assert text_of([Row(), row], "and") == says
    assert said(read_condition(says)).en != says


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (Row(), "audiences.empty"),
        (Row("page_mortgage", "sum_30d", ">=", "1"), "audiences.no_measure"),
        (Row("sign_in_second", "count_30d", ">=", "1"), "audiences.no_measure"),
        (Row("card_health", "sum_30d", ">=", "1"), "audiences.no_measure"),
        (Row("card_all", "sum_30d", ">=", "many"), "audiences.no_value"),
        (Row("card_all", "sum_30d", ">=", "0.001"), "audiences.no_value"),
        (Row("card_all", "sum_30d", ">=", "nan"), "audiences.no_value"),
        (Row("card_all", "sum_30d", "or 1 ==", "1"), "audiences.no_value"),
    ],
)
def test_a_row_that_says_nothing_is_told_so(row: Row, code: str):
    with pytest.raises(NotAForm) as wrong:
        text_of([row], "and")
    assert wrong.value.code == code


def test_the_builder_offers_only_what_marketing_may_read():
    names = {value for _, parts in choices() for value, _ in parts}
    assert "age_years" in names and "page_mortgage" in names
    assert not {"sign_in_all", "card_health", "shop_medicine"} & names
    assert overlap({"a", "b"}, {"b", "c", "d"}) == {"both": 1, "first_only": 1, "second_only": 2, "either": 4}


def test_what_is_late_counts_but_opens_no_closed_day(street: Browser):
    knowing, today = knowing_of(street.desk), bank_day(street.clock.at)
    found = len(knowing.found)
    late = Happening("bob", street.clock.at - 9 * DAY, "income", "wage", 5, "test")
    knowing.count([late])
    assert len(knowing.found) == found
    assert knowing.tags.value("bob", "income_wage_sum_30d", today) == 5


@pytest.mark.parametrize(
    ("memo", "words", "kind"),
    [
        ("Rent 房租", SENT, "rent"),
        ("for my parents", SENT, "other"),
        ("十月电费", SENT, "bill"),
        ("Wages, Loom Studio 织机工作室工资", INCOME, "wage"),
        ("养老金", INCOME, "pension"),
        ("", INCOME, "other"),
    ],
)
def test_a_memo_tells_what_a_payment_is_for(memo: str, words: dict[str, tuple[str, ...]], kind: str):
    assert kind_of(memo, words) == kind


def test_what_source_systems_tell_counts_as_its_kind_and_the_books_are_not_counted_twice():
    def told(kind: str, category: str = "", minor: int = 0, value: int = 0, customer: str = "bob") -> Told:
        return Told(1, "s", customer, "x", 5, 5, kind, category, minor, "CNY", value, "", "")

    seen = [
        told("page_viewed", "mortgage"), told("fund_bought", "", -500), told("loan_instalment", "", -7, 3),
        told("power_used", "", 0, 900), told("card_payment", "", -5), told("deposit", "", 5),
        told("page_viewed", "funds", customer=""),
    ]  # fmt: skip
    kept = [one[2:5] for one in map(happening, seen) if one is not None]
    assert kept == [
        ("page", "mortgage", 0),
        ("fund", "buy", 500),
        ("loan", "late", 7),
        ("register", "power", 900),
    ]
    assert all(BY_KIND[kind] for kind, _, _ in kept)
