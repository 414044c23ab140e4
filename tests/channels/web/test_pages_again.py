"""Pages that name things as they are: what a customer wrote stays as written, and days read as sentences."""

from __future__ import annotations

from tests.channels.counter import START

from jingwei.channels.web.days import day_name
from jingwei.channels.web.phrases import phrases, say
from jingwei.channels.web.staff.oversight.decisions import fields_told
from jingwei.domains.offers.experiment import people_needed
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.note_case import NoteCase
from jingwei.journeys.offer_rules import catalogue

STAMP = {"key": "k", "actor": "system:core", "at": START, "known_at": START}


def test_what_somebody_wrote_is_not_translated_on_the_page_of_its_record():
    wrote = NoteCase(case="C00000000001", text="yes", **STAMP)
    assert dict(fields_told(wrote, "zh"))["text"] == "yes"
    paid = {"customer": "alice", "payer": "alice", "terminal": "t1", "amount_minor": 100, "currency": "CNY"}
    card = AuthoriseCardPayment(capture=True, **paid, **STAMP)
    assert [dict(fields_told(card, lang))["capture"] for lang in ("zh", "en")] == ["是", "yes"]


def test_the_day_of_a_bill_reads_as_a_sentence_in_large_print():
    bill = {"name": "Car loan: instalment", "amount": "¥10.00"}
    today = say("en", "elder.bill", day=day_name(START, START, "en"), **bill)
    assert today == "Today: ¥10.00 will be taken for Car loan: instalment."
    assert say("zh", "elder.bill", day=day_name(START, START, "zh"), **bill).endswith("：今天将扣款¥10.00。")


def test_the_page_of_offers_says_the_share_that_the_rules_hold_back():
    share = catalogue().control_percent
    needed = people_needed(catalogue().experiment, share)
    assert abs(100 * needed[1] / sum(needed) - share) < 0.1
    for lang in ("en", "zh"):
        assert f"{share + 10}%" in say(lang, "offers.lead", percent=share + 10).replace(" %", "%")
    assert "people still have time" not in phrases()["offers.waiting"].en, "1 person is not people"
