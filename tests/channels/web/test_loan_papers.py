"""Papers of loans: the same record gives the same bytes, and what is printed is what was signed."""

from __future__ import annotations

import asyncio
import hashlib

import pytest
from tests.channels.web.lending_floor import Lender, clean

from jingwei.channels.web.customer.loans import answer
from jingwei.channels.web.lending import papers
from jingwei.channels.web.saved import font
from jingwei.domains.credit.loans import Loan, LoanApplication
from jingwei.kernel.clock import bank_day, day_start

needs_font = pytest.mark.skipif(font() is None, reason="papers need a font with Chinese letters")


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    one = Lender(tmp_path_factory.mktemp("papers") / "home")
    yield one
    one.close()


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    clean(monkeypatch)


def words(paper: papers.Paper) -> str:
    """Everything a paper says."""
    told = [paper.title, paper.about, paper.foot]
    for part in paper.parts:
        told += [part.title, *part.lines, *(" ".join(pair) for pair in part.pairs)]
        told += [" ".join(row) for row in (part.heads, *part.rows)]
    return "\n".join(told)


def test_a_contract_says_the_terms_in_both_languages_and_the_digest_that_is_signed(bank):
    found = bank.apply("alice", "20000", 6)
    said = words(papers.contract(bank.home.store, found))
    for one in ("贷款合同 / Loan contract", "20000.00 CNY", "Alice 爱丽丝", "第六百七十七条"):
        assert one in said, one
    assert found.terms_sha256 in said
    for row in papers.rows_of(papers.unpack(found.plan)):
        assert row.day in said and f"{row.amount / 100:.2f}" in said
    assert said.count("2026-") + said.count("2027-") >= 6
    assert hashlib.sha256(papers.terms_json(found)).hexdigest() == found.terms_sha256


@needs_font
def test_the_same_record_gives_the_same_bytes_and_their_digest_is_in_the_evidence(bank):
    loan = bank.lend("alice", "15000")
    path = f"/app/loans/applications/{loan.application}/contract.pdf"
    first = bank.get(path)
    assert first.headers["content-type"] == "application/pdf" and first.content.startswith(b"%PDF-")
    papers._KEPT.clear()
    bank.clock.advance(3_600_000_000)
    bank.sign_in("customer:alice")
    again = bank.get(path).content
    assert again == first.content, "set anew an hour later"
    digest = hashlib.sha256(again).hexdigest()
    assert digest == loan.contract_sha256 == bank.desk.record(f"D{loan.id[1:]}").command.contract_sha256


def test_a_refusal_letter_stands_in_each_language(bank):
    found = bank.apply("carol", "70000")
    for lang, said in (("en", ("We cannot lend this now", "article 24")), ("zh", ("未能通过", "第二十四条"))):
        told = words(papers.refusal(bank.home.store, found, lang))
        assert all(one in told for one in said), told
        assert ("We cannot" in told) == (lang == "en")
    for lang in ("en", "zh") if font() else ():
        bank.get("/look", params={"lang": lang})
        paper = bank.get(f"/app/loans/applications/{found.id}/letter.pdf")
        assert paper.content.startswith(b"%PDF-")
    bank.get("/look", params={"lang": "en"})
    assert bank.get(f"/app/loans/applications/{found.id}/contract.pdf").status_code == 404, "nothing to sign"


def test_a_payoff_letter_names_what_repays_today_and_later_that_nothing_is_owed(bank):
    loan = bank.lend("bob", "9000")
    bank.close_days(20)
    now = bank.kept(Loan, loan.id)
    today = day_start(bank_day(bank.clock.at))
    said = words(papers.payoff(bank.home.store, now, "en", today))
    bank.sign_in("customer:bob")
    page = bank.get(f"/app/loans/{loan.id}/repay?how=all").text
    total = int(page.partition('name="total" value="')[2].partition('"')[0])
    assert f"{total / 100:.2f} CNY" in said
    bank.form(f"/app/loans/{loan.id}/repay", f"/app/loans/{loan.id}/repay?how=all")
    over = bank.kept(Loan, loan.id)
    said = words(papers.payoff(bank.home.store, over, "zh", day_start(over.ended_at)))
    assert over.status == "repaid" and "已全部结清" in said
    if font():
        assert bank.get(f"/app/loans/{loan.id}/payoff.pdf").content.startswith(b"%PDF-")


def test_without_a_font_the_page_says_so_and_signing_still_works(bank, monkeypatch):
    monkeypatch.setattr("jingwei.channels.web.customer.loans.paper.font", lambda: None)
    monkeypatch.setattr(papers, "font", lambda: None)
    loan = bank.lend("alice", "3000")
    assert loan.contract_sha256 == "" and len(loan.terms_sha256) == 64
    answer = bank.get(f"/app/loans/applications/{loan.application}/contract.pdf")
    assert answer.headers["location"].endswith("?error=not_printed")
    assert bank.kept(LoanApplication, loan.application).status == "signed"


@needs_font
def test_a_contract_is_set_while_its_offer_is_read_and_only_once(bank, monkeypatch):
    papers._KEPT.clear()
    set_anew = []
    setting = papers.as_pdf
    monkeypatch.setattr(papers, "as_pdf", lambda paper: (set_anew.append(paper.about), setting(paper))[1])
    offer = bank.apply("alice", "13000")

    async def read_and_signed():
        papers.foresee(bank.home.store, offer)
        papers.foresee(bank.home.store, offer)
        return await asyncio.gather(*(papers.contract_digest(bank.home.store, offer) for _ in range(3)))

    digests = asyncio.run(read_and_signed())
    assert len(set_anew) == 1 and len(set(digests)) == 1 and len(digests[0]) == 64
    assert not papers._SETTING


@needs_font
def test_the_page_of_an_offer_begins_to_set_its_contract(bank, monkeypatch):
    asked = []
    monkeypatch.setattr(answer, "foresee", lambda reader, one: asked.append(one.id))
    offer = bank.apply("alice", "14000")
    bank.get(f"/app/loans/applications/{offer.id}")
    assert offer.id in asked
