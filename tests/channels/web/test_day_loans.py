"""Loans on the customer manager's day: late, short of money soon, warned about; and none that is well."""

from __future__ import annotations

import re

import pytest
from tests.channels.web.lending_floor import Lender, clean
from tests.channels.web.test_left_to_spend import CALM

from jingwei.channels.web.staff.day_loans import uncovered
from jingwei.consent.uses import DataUse
from jingwei.domains.credit.loans import Loan
from jingwei.domains.credit.schedule import unpack
from jingwei.journeys.pay import Pay
from jingwei.journeys.publish_policy import PublishPolicy
from jingwei.journeys.warn_early import WarnEarly
from jingwei.kernel.clock import DAY, bank_day

MANAGER = "staff:customer_manager"


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        clean(patch)
        one = Lender(tmp_path_factory.mktemp("day-loans") / "home")
        one.do(PublishPolicy(text=CALM, **one.stamp("staff:lin")))
        one.loans = {who: one.lend(who, "3000", 3) for who in ("alice", "bob")}
        yield one
    one.close()


def rows(bank) -> dict[str, str]:
    """The loans of the day as plain text, by loan."""
    bank.sign_in(MANAGER)
    page = bank.get("/desk/day").text
    found = re.findall(r"<tr data-row[^>]*>(.*?)</tr>", page, re.S)
    told = {}
    for row in found:
        if loan := re.search(r"/desk/loans/(L\d+)", row):
            told[loan[1]] = " ".join(re.sub(r"<[^>]+>", " ", row).split())
    return told


def empty(bank, who: str, leave: int) -> None:
    """Pay everything but so much away."""
    minor = bank.booked(who) - leave
    paid = Pay(
        customer=who, payer=who, payee="mallory", amount_minor=minor, currency="CNY", device="d",
        **bank.stamp(f"customer:{who}"),
    )  # fmt: skip
    assert bank.do(paid).result == "allowed"


def test_only_loans_that_need_somebody_stand_there_with_reason_and_link(bank):
    assert rows(bank) == {}
    assert "No loan is late" in bank.get("/desk/day").text
    bob, alice = bank.loans["bob"], bank.loans["alice"]
    first = unpack(bob.plan)[0]
    empty(bank, "bob", leave=10_000)
    bank.clock.advance((first.day - bank_day(bank.clock.at) - 7) * DAY)
    assert rows(bank) == {}, "a week and a day ahead is not soon"
    bank.clock.advance(DAY)
    told = rows(bank)
    assert set(told) == {bob.id}, "alice has enough"
    lacks = first.amount - 10_000
    assert f"the account lacks ¥{lacks / 100:,.2f}" in told[bob.id], told
    assert f"¥{first.amount / 100:,.2f} falls due from" in told[bob.id]
    assert "b•" in told[bob.id].lower() and "Bob" not in told[bob.id], "the name is masked"
    zh = bank.get("/desk/day?lang=zh").text
    assert f"账户尚缺¥{lacks / 100:,.2f}" in re.sub(r"<[^>]+>", "", zh)
    used = bank.home.store.find(DataUse, "customer", "bob", limit=50)
    assert any(one.reader == MANAGER and one.purpose == "service" for one in used), "the look is on record"
    warn = WarnEarly(
        loan=alice.id, chance_ppm=420_000, signals="", proposal="extension", due_day=first.day,
        instalment_minor=first.amount, by="a test", **bank.stamp("system:lending"),
    )  # fmt: skip
    assert bank.do(warn).refusal is None
    told = rows(bank)
    assert set(told) == {bob.id, alice.id}
    assert "42 in 100 miss the next payment" in told[alice.id] and "lacks" not in told[alice.id]
    assert 'href="/desk/warnings"' in bank.get("/desk/day").text
    bank.close_days(first.day - bank_day(bank.clock.at) + 3)
    told = rows(bank)
    assert "3 days late" in told[bob.id], told[bob.id]
    assert next(iter(told)) == bob.id, "who is late stands first"
    bank.sign_in("staff:teller")
    assert bank.get("/desk/day").status_code == 403


class Owes:
    """A bill as the sum needs it."""

    def __init__(self, loan: str, account: str, amount_minor: int) -> None:
        self.loan = Loan(loan, "c", "", "", "", account, "CNY", 1, 1, "running", 0, "", "", 1, "", 0)
        self.amount_minor = amount_minor


def test_what_falls_due_first_is_covered_first_whichever_loan_it_is_of():
    owed = [Owes("L1", "a", 60), Owes("L2", "a", 50), Owes("L1", "a", 60), Owes("L3", "b", 10)]
    found = uncovered(owed, {"a": 100})
    told = {loan: (amount, short) for loan, (_, amount, short) in found.items()}
    assert told == {"L2": (50, 10), "L1": (120, 60)}, "an account nobody may look at is not judged"
    assert uncovered(owed, {"a": 170, "b": 10}) == {}
