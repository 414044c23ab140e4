"""Left to spend with loans: instalments and pay-later bills are off it to the cent, and told as coming."""

from __future__ import annotations

import re

import pytest
from tests.channels.web.lending_floor import Lender, clean

from jingwei.channels.lending.asking import pay_later_offer
from jingwei.channels.web.customer.coming import month_end
from jingwei.domains.credit.loans import Loan, PayLaterLine
from jingwei.domains.credit.schedule import unpack
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.freeze import FreezeAccount
from jingwei.journeys.pay_later import AnswerPayLater, DrawPayLater, line_text
from jingwei.kernel.clock import DAY, bank_day


@pytest.fixture
def bank(tmp_path, monkeypatch):
    clean(monkeypatch)
    one = Lender(tmp_path / "home")
    while month_end(bank_day(one.clock.at)) - bank_day(one.clock.at) != 15:
        one.clock.advance(DAY)
    yield one
    one.close()


def yuan(minor: int) -> str:
    return f"{'-' if minor < 0 else ''}¥{abs(minor) / 100:,.2f}"


def front(bank: Lender, who: str, lang: str = "en") -> tuple[str, str, list[str]]:
    """The first page: what is left, its sentence, and what comes, as plain text."""
    bank.sign_in(f"customer:{who}")
    text = bank.get(f"/app?lang={lang}").text.replace("−", "-")
    card = re.search(r'class="card hero">.*?<p class="big">(.*?)</p>\s*<p class="soft">(.*?)</p>', text, re.S)
    soon = re.search(r'<ul class="lines">(.*?)</ul>', text, re.S)
    rows = re.findall(r"<li>(.*?)</li>", soon[1], re.S) if soon else []
    plain = [re.sub(r"<[^>]+>", " ", row).split() for row in rows]
    return re.sub(r"<[^>]+>", "", card[1]), card[2], [" ".join(row) for row in plain]


def elder(bank: Lender, who: str) -> str:
    """The first page in elder mode."""
    bank.sign_in(f"customer:{who}")
    bank.client.cookies.set("elder", "1")
    text = bank.get("/app?lang=en").text
    bank.client.cookies.delete("elder")
    assert "data-elder" in text
    return re.sub(r'<span class="money[^>]*>|</span>', "", text)


def entries(page: str) -> list[str]:
    """Where the tabs lead."""
    return re.findall(r'href="([^"]+)"', re.search(r'<nav class="tabs".*?</nav>', page, re.S)[0])


def until_due_this_month(bank: Lender, loan: Loan) -> int:
    """Go to a day of the month in which the first instalment falls due; returns that day."""
    due = unpack(loan.plan)[0].day
    while month_end(bank_day(bank.clock.at)) <= due:
        bank.close_days(1)
    assert bank_day(bank.clock.at) < due
    return due


def test_an_instalment_of_this_month_is_off_what_is_left_and_is_what_is_taken(bank):
    loan = bank.lend("alice", "12000", 12)
    before = bank.booked("alice")
    left, says, _ = front(bank, "alice")
    if month_end(bank_day(bank.clock.at)) <= unpack(loan.plan)[0].day:
        assert left == yuan(before) and "No payments" in says, "next month's instalment is not this month's"
    due = until_due_this_month(bank, loan)
    first = unpack(bank.kept(Loan, loan.id).plan)[0].amount
    left, says, rows = front(bank, "alice")
    assert left == yuan(before - first)
    assert says == "What is yours, less 1 payments and instalments that are certain this month."
    assert len(rows) == 1 and rows[0].startswith("Personal loan: instalment")
    assert rows[0].endswith(yuan(-first)), rows
    left, says, rows = front(bank, "alice", "zh")
    assert left == yuan(before - first) and says == "您的资金减去本月确定要付的1笔款项（含应还贷款）。"
    assert len(rows) == 1 and "分期还款" in rows[0] and rows[0].endswith(yuan(-first))
    promised = before - first
    while bank_day(bank.clock.at) <= due:
        bank.close_days(1)
    assert bank.booked("alice") == promised, "what was promised is what is there"
    left, says, _ = front(bank, "alice")
    assert left == yuan(promised) and "No payments" in says


def test_what_is_due_and_not_paid_is_off_it_at_once(bank):
    loan = bank.lend("bob", "3000", 3)
    due = until_due_this_month(bank, loan)
    stopped = FreezeAccount(account="bob", direction="out", reason="a test", **bank.stamp("system:core"))
    assert bank.do(stopped).refusal is None
    while bank_day(bank.clock.at) <= due:
        bank.close_days(1)
    late = bank.kept(Loan, loan.id)
    assert late.late_since == due
    left, _, rows = front(bank, "bob")
    first = unpack(late.plan)[0].left
    assert left == yuan(bank.booked("bob") - first)
    assert "Due now" in rows[0] and rows[0].endswith(yuan(-first))
    page = elder(bank, "bob")
    assert f"{yuan(first)} is due now" in page and 'class="button plain" href="/app/loans"' in page
    assert entries(page) == ["/app", "/app/loans", "/app/family", "/app/settings"], "few; loans are one"
    assert 'class="button plain" href="/app/loans"' not in elder(bank, "carol"), "nobody is talked into one"


def test_a_pay_later_bill_is_off_what_is_left(bank):
    bank.apply("alice", "5000")
    for _ in range(6):
        bank.clock.advance(DAY)
        money = {"amount_minor": 12_000, "currency": "CNY", "terminal": "book-shop"}
        bought = AuthoriseCardPayment(
            customer="alice", payer="alice", device="d", **money, **bank.stamp("system:core")
        )
        purchase = bank.do(bought)
        assert purchase.result == "allowed"
    offer = pay_later_offer(bank.home.store, "alice", "alice", bank.clock.at, "offer")
    line = bank.kept(PayLaterLine, bank.do(offer).made)
    me = "customer:alice"
    yes = AnswerPayLater(line=line.id, accept=True, proof=f"test {line_text(line)}", **bank.stamp(me))
    assert bank.do(yes).refusal is None
    drawn = bank.do(DrawPayLater(line=line.id, purchase=purchase.id, months=3, **bank.stamp(me)))
    loan = bank.kept(Loan, drawn.made)
    until_due_this_month(bank, loan)
    first = unpack(bank.kept(Loan, loan.id).plan)[0].amount
    there = bank.home.bank._overlay.standing("alice").balance
    left, _, rows = front(bank, "alice")
    assert left == yuan(there.booked_minor - there.held_minor - first)
    assert rows[0].startswith("Pay later: bill") and rows[0].endswith(yuan(-first)), rows
    assert "先享后付" in front(bank, "alice", "zh")[2][0] or "账单" in front(bank, "alice", "zh")[2][0]
