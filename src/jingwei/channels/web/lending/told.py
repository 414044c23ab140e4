"""Loans in words: schedules row by row, scores line by line, what is due, and what a change would do."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from jingwei.channels.web.pages import worded
from jingwei.channels.web.phrases import phrases
from jingwei.domains.credit.advice import Advice
from jingwei.domains.credit.deciding import POLICY
from jingwei.domains.credit.letter import sentences_of
from jingwei.domains.credit.loan_changes import How, all_owed, repay, up_to
from jingwei.domains.credit.loan_life import owed_now
from jingwei.domains.credit.loans import REPAID, RUNNING, Loan, LoanApplication
from jingwei.domains.credit.offer import Contract, Offer, contract_of, in_one_sentence, offer_of
from jingwei.domains.credit.products import shipped
from jingwei.domains.credit.schedule import FIRST, Instalment, unpack
from jingwei.domains.credit.trained_score import most_of
from jingwei.kernel.clock import bank_day
from jingwei.kernel.refusal import Refusal, Words
from jingwei.stores.store import StoreError

if TYPE_CHECKING:
    from jingwei.channels.web.visit import Visit
    from jingwei.domains.credit.product import LoanProduct, Price

NOTHING = Words("", "")
_AMOUNT = re.compile(r"\d{4,}(?=\.\d\d)")


class Row(NamedTuple):
    """One instalment as shown; amounts in minor units, `state` "ahead", "due", "paid" or "early"."""

    n: int
    day: str
    principal: int
    interest: int
    fee: int
    amount: int
    left: int
    state: str


class Part(NamedTuple):
    """One line of a score: what it is about, the points it gave, and the most it can give."""

    name: str
    says: Words
    points: int
    most: int


class Standing(NamedTuple):
    """A loan at this moment, what is due today included. `next` is the instalment that comes next."""

    loan: Loan
    product: LoanProduct
    rows: list[Row]
    owed_minor: int
    all_minor: int
    next: Row | None
    late_days: int
    bucket: str

    @property
    def paid_minor(self) -> int:
        """Principal that is repaid."""
        return self.loan.amount_minor - self.loan.principal_minor


class Change(NamedTuple):
    """What paying so much would do; `saved_minor` is interest that need not be paid any more."""

    paid_minor: int
    left_minor: int
    times_before: int
    times: int
    next_before: int
    next_minor: int
    end_day: str
    saved_minor: int
    over: bool


def day_text(day: int) -> str:
    """A bank day as an ISO date, "" for none."""
    return (FIRST + timedelta(days=day)).isoformat() if day else ""


def rows_of(plan: tuple[Instalment, ...]) -> list[Row]:
    """A schedule row by row; early repayments have no number, rows without money are left out."""
    rows, n = list[Row](), 0
    for one in plan:
        if not one.amount:
            continue
        n += not one.early
        number = 0 if one.early else n
        row = Row(number, day_text(one.day), one.principal, one.interest, one.fee, one.amount, one.left, "")
        rows.append(row._replace(state=state_of(one)))
    return rows


def state_of(one: Instalment) -> str:
    """Where an instalment stands."""
    if one.early:
        return "early"
    return "ahead" if not one.closed else "due" if one.left else "paid"


def product_of(product_id: str) -> LoanProduct:
    """The product of a loan. Raises StoreError when the bank does not know it any more."""
    found = shipped().find(product_id)
    if found is None:
        raise StoreError(f"the loan product {product_id} is not known")
    return found


def lendable(company: bool = False) -> list[LoanProduct]:
    """The newest version of every product that people, or companies, can apply for; without a scene first."""
    meant = "company" if company else "person"
    newest = {one.code: one for one in shipped().all() if one.kind != "revolving" and one.borrower == meant}
    return sorted(newest.values(), key=lambda one: (bool(one.scene), one.code != "personal_loan", one.code))


def prices_for(product: LoanProduct, amount_minor: int) -> tuple[Price, Price] | None:
    """The best and the dearest price at which so much is lent; None when nobody is lent so much."""
    fitting = [price for price in product.prices if price.most_minor >= amount_minor]
    return (fitting[0], fitting[-1]) if fitting else None


def cost(product: LoanProduct, amount_minor: int, months: int, rate_ppm: int, at: int) -> tuple[Offer, Words]:
    """What a loan would cost, with its one sentence."""
    made = offer_of(product, amount_minor, months, rate_ppm, at)
    return made, grouped(in_one_sentence(made, amount_minor, product.currency))


def grouped(words: Words) -> Words:
    """The same words with amounts in groups of three digits: 20000.00 is 20,000.00."""
    en, zh = (_AMOUNT.sub(lambda found: f"{int(found[0]):,}", text) for text in (words.en, words.zh))
    return Words(en, zh)


def offer_in(application: LoanApplication) -> Offer:
    """The offer that an application keeps."""
    one = application
    return Offer(
        unpack(one.plan), one.rate_ppm, one.effective_ppm, one.interest_minor, one.fee_minor, one.total_minor
    )


def sentence(application: LoanApplication) -> Words:
    """The offer in one sentence; nothing without one."""
    if not application.plan:
        return NOTHING
    return grouped(in_one_sentence(offer_in(application), application.amount_minor, application.currency))


def contract_in(application: LoanApplication) -> Contract:
    """The terms of the offer, whose digest the application keeps."""
    named = (application.id, application.customer, application.account)
    return contract_of(product_of(application.product), offer_in(application), application.months, named)


def terms_json(application: LoanApplication) -> bytes:
    """The very bytes whose SHA-256 is signed."""
    return msgspec.json.encode(contract_in(application))


def parts_of(application: LoanApplication) -> list[Part]:
    """The lines of its score, the weightiest first."""
    found = msgspec.json.decode(application.contributions or "[]", type=list[tuple[str, int]])
    says, by = sentences_of(application), application.score_by
    parts = [
        Part(line, says.get(line, Words(line, line)), points, most_of(by, line)) for line, points in found
    ]
    return sorted(parts, key=lambda part: -abs(part.points))


def policy_of(application: LoanApplication) -> list[Words]:
    """The policy's reasons in words."""
    return [POLICY[code] for code in application.policy_reasons.split(",") if code in POLICY]


def advice_of(application: LoanApplication) -> list[Advice]:
    """What would turn a refusal; each was tried."""
    return msgspec.json.decode(application.advice or "[]", type=list[Advice])


def purpose_text(visit: Visit, purpose: str) -> str:
    """What the money is for, in words."""
    key = f"loans.purpose.{purpose}"
    return visit.say(key) if key in phrases() else purpose


def name_of(visit: Visit, product_id: str) -> str:
    """A product's name."""
    found = shipped().find(product_id)
    return worded(found.name, visit.lang) if found else product_id


def standing(loan: Loan, now: int) -> Standing:
    """The loan as it stands at this moment."""
    product, day = product_of(loan.product), bank_day(now)
    if loan.status != RUNNING:
        left = loan.written_off_minor - loan.recovered_minor
        return Standing(loan, product, rows_of(unpack(loan.plan)), 0, left, None, 0, "")
    shown = up_to(loan, product, now).loan
    rows = rows_of(unpack(shown.plan))
    ahead = next((row for row in rows if row.state == "ahead"), None)
    owed, whole = owed_now(shown), all_owed(loan, product, now)
    return Standing(shown, product, rows, owed, whole, ahead, shown.late_days(day), shown.bucket(day))


def preview(loan: Loan, amount_minor: int, how: How, now: int) -> Change | Refusal:
    """What paying so much now would do, found by doing it on a copy."""
    before = standing(loan, now)
    moved = repay(loan, before.product, amount_minor, how, now)
    if isinstance(moved, Refusal):
        return moved
    after = moved.loan
    rows = rows_of(unpack(after.plan))
    ahead, then = _ahead(before.rows), _ahead(rows)
    saved = _to_pay(before.rows) - _to_pay(rows)
    return Change(
        moved.paid_minor, after.principal_minor, len(ahead), len(then), ahead[0].amount if ahead else 0,
        then[0].amount if then else 0, then[-1].day if then else "", max(saved, 0), after.status == REPAID,
    )  # fmt: skip


def _ahead(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.state == "ahead"]


def _to_pay(rows: list[Row]) -> int:
    """Interest and fees of what is ahead and of what was repaid early."""
    return sum(row.interest + row.fee for row in rows if row.state in ("ahead", "early"))
