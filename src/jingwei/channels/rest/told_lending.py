"""What the reading routes of lending answer: products, applications with their reasons, loans, lines."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from jingwei.channels.rest.payments import Said
from jingwei.channels.rest.told_company import CompanyTold, company_told
from jingwei.domains.credit.advice import Advice
from jingwei.domains.credit.deciding import POLICY
from jingwei.domains.credit.letter import Letter, letter, sentences_of
from jingwei.domains.credit.loan_changes import all_owed, up_to
from jingwei.domains.credit.loan_life import owed_now
from jingwei.domains.credit.loans import RUNNING, Loan, LoanApplication, PayLaterLine
from jingwei.domains.credit.offer import Offer, in_one_sentence, percent
from jingwei.domains.credit.product import LoanProduct
from jingwei.domains.credit.products import shipped
from jingwei.domains.credit.schedule import FIRST, Instalment, unpack
from jingwei.kernel.clock import bank_day, iso
from jingwei.kernel.money import format_minor
from jingwei.kernel.refusal import Words


class Worded(msgspec.Struct, frozen=True):
    """A sentence in both languages."""

    zh: str
    en: str


class PriceTold(msgspec.Struct, frozen=True):
    """What a risk grade pays a year and can borrow at most."""

    grade: str
    rate_percent: str
    most: str


class LoanProductTold(msgspec.Struct, frozen=True):
    """A loan product: what can be lent, for how long, and what each grade pays."""

    id: str
    kind: str
    borrower: str
    scene: str
    name: Worded
    says: Worded
    currency: str
    least: str
    most: str
    terms: list[int]
    prices: list[PriceTold]
    cooling_off_days: int
    grace_days: int
    penalty_percent: int
    early_basis_points: int


class InstalmentTold(msgspec.Struct, frozen=True):
    """What is due on one day, and what of it is paid. `state` is "ahead", "due", "paid" or "early"."""

    day: str
    principal: str
    interest: str
    fee: str
    amount: str
    left: str
    state: str


class ScorePart(msgspec.Struct, frozen=True):
    """One line of the score: how many points it gave and what it is about."""

    name: str
    points: int
    zh: str
    en: str


class LoanLetter(msgspec.Struct, frozen=True):
    """A refusal explained: reasons of policy and of score apart, what would help, the law, how to appeal."""

    policy: list[Said]
    score: list[ScorePart]
    advice: list[Worded]
    law: Worded
    appeal: Worded


class LoanApplicationTold(msgspec.Struct, frozen=True):
    """An application: what was asked, what was decided and why, and the offer if there is one."""

    # `score` and the base of the score add up to `points`; `letter` stands only with a refusal; `schedule` is
    # as if paid out on the day of the offer; `advice_changes` are what stands behind the letter's advice.
    id: str
    decision: str
    customer: str
    product: str
    account: str
    amount: str
    amount_minor: int
    currency: str
    months: int
    purpose: str
    status: str
    asked_at: str
    points: int
    grade: str
    score_by: str
    score: list[ScorePart]
    policy: list[Said]
    limit: str
    bureau: str
    company: CompanyTold | None
    rate_percent: str
    effective_percent: str
    instalment: str
    interest: str
    fee: str
    total: str
    sentence: Worded | None
    schedule: list[InstalmentTold]
    terms_sha256: str
    expires_at: str
    case: str
    decided_by: str
    words: str
    loan: str
    letter: LoanLetter | None
    advice_changes: list[Advice]


class LoanTold(msgspec.Struct, frozen=True):
    """A loan as it stands now: what is lent, due and late, and what would repay all of it."""

    id: str
    application: str
    customer: str
    product: str
    kind: str
    account: str
    currency: str
    amount: str
    rate_percent: str
    status: str
    signed_at: str
    terms_sha256: str
    contract_sha256: str
    principal: str
    due: str
    penalty: str
    owed_now: str
    all_owed: str
    next_day: str
    next_amount: str
    late_days: int
    bucket: str
    written_off: str
    recovered: str
    interest_paid: str
    purchase: str
    line: str
    proposed: str
    schedule: list[InstalmentTold]


class PayLaterTold(msgspec.Struct, frozen=True):
    """A pay-later line: its limit, what is drawn, and what is left."""

    id: str
    customer: str
    account: str
    currency: str
    status: str
    limit: str
    drawn: str
    left: str
    rate_percent: str
    grade: str
    terms: list[int]
    offered_at: str


def worded(words: Words) -> Worded:
    """Words as an answer tells them."""
    return Worded(words.zh, words.en)


def product_told(one: LoanProduct) -> LoanProductTold:
    """A product with its amounts and rates written out."""
    code = one.currency
    prices = [
        PriceTold(price.grade, percent(price.rate_ppm), format_minor(price.most_minor, code))
        for price in one.prices
    ]
    return LoanProductTold(
        id=one.id,
        kind=one.kind,
        borrower=one.borrower,
        scene=one.scene,
        name=worded(one.name),
        says=worded(one.says),
        currency=code,
        least=format_minor(one.least_minor, code),
        most=format_minor(one.most_minor, code),
        terms=list(one.terms),
        prices=prices,
        cooling_off_days=one.cooling_off_days,
        grace_days=one.grace_days,
        penalty_percent=one.penalty_percent,
        early_basis_points=one.early_basis_points,
    )


def schedule_told(plan: tuple[Instalment, ...], code: str) -> list[InstalmentTold]:
    """A schedule with its days and amounts written out."""
    return [
        InstalmentTold(
            day=day_text(one.day),
            principal=format_minor(one.principal, code),
            interest=format_minor(one.interest, code),
            fee=format_minor(one.fee, code),
            amount=format_minor(one.amount, code),
            left=format_minor(one.left, code),
            state=state_of(one),
        )
        for one in plan
    ]


def state_of(one: Instalment) -> str:
    """Where an instalment stands."""
    if one.early:
        return "early"
    return "ahead" if not one.closed else "due" if one.left else "paid"


def day_text(day: int) -> str:
    """A bank day as an ISO date, "" for none."""
    return (FIRST + timedelta(days=day)).isoformat() if day else ""


def letter_told(found: Letter) -> LoanLetter:
    """A letter as an answer tells it."""
    return LoanLetter(
        [Said(code, words.zh, words.en) for code, words in found.policy],
        [ScorePart(name, -short, words.zh, words.en) for name, short, words in found.score],
        [worded(words) for words in found.advice],
        worded(found.law),
        worded(found.appeal),
    )


def parts_of(application: LoanApplication) -> list[ScorePart]:
    """The contributions of its score."""
    found = msgspec.json.decode(application.contributions or "[]", type=list[tuple[str, int]])
    plain, sentences = Words("", ""), sentences_of(application)
    return [
        ScorePart(name, points, sentences.get(name, plain).zh, sentences.get(name, plain).en)
        for name, points in found
    ]


def policy_of(application: LoanApplication) -> list[Said]:
    """The policy's reasons in words."""
    codes = [code for code in application.policy_reasons.split(",") if code in POLICY]
    return [Said(code, POLICY[code].zh, POLICY[code].en) for code in codes]


def sentence_of(one: LoanApplication) -> Words | None:
    """The offer in one sentence; None without one."""
    if not one.plan:
        return None
    offer = Offer(
        unpack(one.plan), one.rate_ppm, one.effective_ppm, one.interest_minor, one.fee_minor, one.total_minor
    )
    return in_one_sentence(offer, one.amount_minor, one.currency)


def application_told(one: LoanApplication) -> LoanApplicationTold:
    """An application with everything written out."""
    code, sentence = one.currency, sentence_of(one)
    return LoanApplicationTold(
        id=one.id,
        decision=one.decision,
        customer=one.customer,
        product=one.product,
        account=one.account,
        amount=format_minor(one.amount_minor, code),
        amount_minor=one.amount_minor,
        currency=code,
        months=one.months,
        purpose=one.purpose,
        status=one.status,
        asked_at=iso(one.asked_at),
        points=one.points,
        grade=one.grade,
        score_by=one.score_by,
        score=parts_of(one),
        policy=policy_of(one),
        limit=format_minor(one.limit_minor, code),
        bureau=msgspec.json.decode(one.inputs)["bureau"]["source"] if one.inputs else "",
        company=company_told(one),
        rate_percent=percent(one.rate_ppm),
        effective_percent=percent(one.effective_ppm),
        instalment=format_minor(one.instalment_minor, code),
        interest=format_minor(one.interest_minor, code),
        fee=format_minor(one.fee_minor, code),
        total=format_minor(one.total_minor, code),
        sentence=worded(sentence) if sentence else None,
        schedule=schedule_told(unpack(one.plan), code) if one.plan else [],
        terms_sha256=one.terms_sha256,
        expires_at=iso(one.expires_at) if one.expires_at else "",
        case=one.case_number,
        decided_by=one.decided_by,
        words=one.words,
        loan=one.loan,
        letter=letter_told(letter(one)) if one.status == "refused" else None,
        advice_changes=msgspec.json.decode(one.advice or "[]", type=list[Advice]),
    )


def loan_told(one: Loan, now: int) -> LoanTold:
    """A loan as it stands at this moment, today's due included."""
    product, code, day = shipped().find(one.product), one.currency, bank_day(now)
    running = product is not None and one.status == RUNNING
    shown, whole = one, one.written_off_minor - one.recovered_minor
    if running and product is not None:
        shown, whole = up_to(one, product, now).loan, all_owed(one, product, now)
    ahead = next((row for row in unpack(shown.plan) if not row.closed), None) if running else None
    return LoanTold(
        id=one.id,
        application=one.application,
        customer=one.customer,
        product=one.product,
        kind=one.kind,
        account=one.account,
        currency=code,
        amount=format_minor(one.amount_minor, code),
        rate_percent=percent(one.rate_ppm),
        status=one.status,
        signed_at=iso(one.signed_at),
        terms_sha256=one.terms_sha256,
        contract_sha256=one.contract_sha256,
        principal=format_minor(shown.principal_minor, code),
        due=format_minor(shown.due_minor, code),
        penalty=format_minor(shown.penalty_minor, code),
        owed_now=format_minor(owed_now(shown) if running else 0, code),
        all_owed=format_minor(whole, code),
        next_day=day_text(ahead.day) if ahead else "",
        next_amount=format_minor(ahead.amount if ahead else 0, code),
        late_days=shown.late_days(day),
        bucket=shown.bucket(day),
        written_off=format_minor(one.written_off_minor, code),
        recovered=format_minor(one.recovered_minor, code),
        interest_paid=format_minor(one.interest_paid_minor, code),
        purchase=one.purchase,
        line=one.line,
        proposed=one.proposed,
        schedule=schedule_told(unpack(shown.plan), code),
    )


def line_told(one: PayLaterLine, loans: list[Loan]) -> PayLaterTold:
    """A line with what is drawn on it."""
    drawn = sum(loan.principal_minor for loan in loans if loan.line == one.id)
    product, code = shipped().find(one.product), one.currency
    return PayLaterTold(
        id=one.id,
        customer=one.customer,
        account=one.account,
        currency=code,
        status=one.status,
        limit=format_minor(one.limit_minor, code),
        drawn=format_minor(drawn, code),
        left=format_minor(max(one.limit_minor - drawn, 0), code),
        rate_percent=percent(one.rate_ppm),
        grade=one.grade,
        terms=list(product.terms) if product else [],
        offered_at=iso(one.offered_at),
    )
