"""An offer: its schedule, its whole cost, its yearly rate, one sentence, and the terms that are signed."""

from __future__ import annotations

import hashlib

import msgspec

from jingwei.domains.credit.product import LoanProduct
from jingwei.domains.credit.rates import effective_ppm
from jingwei.domains.credit.schedule import Instalment, Terms, due_days, schedule
from jingwei.kernel.clock import bank_day
from jingwei.kernel.money import format_minor
from jingwei.kernel.refusal import Words


class Offer(msgspec.Struct, frozen=True):
    """What a loan would cost: minor units, rates in millionths a year."""

    plan: tuple[Instalment, ...]
    rate_ppm: int
    effective_ppm: int
    interest_minor: int
    fee_minor: int
    total_minor: int


class Contract(msgspec.Struct, frozen=True):
    """The terms that are signed. Instalment n is due n months after the day of paying out (the last day of a
    shorter month); `payments` are (months after paying out, principal, interest, fee) in minor units."""

    application: str
    customer: str
    account: str
    product: str
    kind: str
    amount_minor: int
    currency: str
    rate_ppm: int
    effective_ppm: int
    payments: tuple[tuple[int, int, int, int], ...]
    total_minor: int
    penalty_percent: int
    grace_days: int
    early_basis_points: int
    cooling_off_days: int


def offer_of(product: LoanProduct, amount_minor: int, months: int, rate_ppm: int, at: int) -> Offer:
    """The offer for a loan paid out at this moment."""
    day = bank_day(at)
    days = due_days(day, months)
    fee = amount_minor * product.fee_basis_points // 10_000
    plan = schedule(Terms(product.kind, amount_minor, rate_ppm, days, day, day, fee))
    by_day = {one.day: one.amount for one in plan}
    interest = sum(one.interest for one in plan)
    yearly = effective_ppm(amount_minor, [by_day.get(due, 0) for due in days])
    return Offer(plan, rate_ppm, yearly, interest, fee, amount_minor + interest + fee)


def contract_of(product: LoanProduct, offer: Offer, months: int, named: tuple[str, str, str]) -> Contract:
    """The terms of an offer; `named` are application, customer and account."""
    amount = sum(one.principal for one in offer.plan)
    skipped = months - len(offer.plan)
    payments = tuple(
        (skipped + n, one.principal, one.interest, one.fee) for n, one in enumerate(offer.plan, start=1)
    )
    return Contract(
        *named, product.id, product.kind, amount, product.currency, offer.rate_ppm, offer.effective_ppm,
        payments, offer.total_minor, product.penalty_percent, product.grace_days, product.early_basis_points,
        product.cooling_off_days,
    )  # fmt: skip


def terms_sha256(contract: Contract) -> str:
    """The digest of the terms: SHA-256 of their JSON, fields in the order of `Contract`."""
    return hashlib.sha256(msgspec.json.encode(contract)).hexdigest()


def percent(ppm: int) -> str:
    """A rate in millionths as people write it, cut to hundredths of a percent: 74425 is "7.44"."""
    hundredths = (ppm + 50) // 100
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def in_one_sentence(offer: Offer, amount_minor: int, currency: str) -> Words:
    """What is lent, what comes back, at which yearly rate, in one sentence of each language."""
    first, last, times = offer.plan[0], offer.plan[-1], len(offer.plan)
    lent, total = format_minor(amount_minor, currency), format_minor(offer.total_minor, currency)
    cost = format_minor(offer.total_minor - amount_minor, currency)
    yearly = percent(offer.effective_ppm)
    begins, ends = format_minor(first.amount, currency), format_minor(last.amount, currency)
    if times == 1:
        how = Words(f"once, {ends}", f"到期一次归还{ends}")
    elif abs(first.amount - last.amount) <= times:
        how = Words(f"{times} times about {begins}", f"分{times}期，每期约{begins}")
    else:
        how = Words(f"{times} times, from {begins} to {ends}", f"分{times}期，首期{begins}，末期{ends}")
    return Words(
        f"You borrow {lent} {currency} and repay {total} in all ({how.en}): it costs {cost},"
        f" which is {yearly} % a year.",
        f"借款{lent} {currency}，共还{total}（{how.zh}），总成本{cost}，年化利率{yearly}%（复利）。",
    )
