"""What would turn a refusal: the smallest realistic changes, each found by deciding again with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import msgspec
from msgspec.structs import replace

from jingwei.domains.credit import company_advice
from jingwei.domains.credit.deciding import HARD, Asked, Decided, company_of, decide
from jingwei.domains.credit.inputs import CreditInputs
from jingwei.kernel.money import currency, format_minor
from jingwei.kernel.refusal import Words

Case = tuple[Asked, CreditInputs]
MOST_ADVICE = 3


class Change(msgspec.Struct, frozen=True):
    """One thing a person can change: `code` of WORDS and the value to bring it to (minor units, counts)."""

    code: str
    value: int


class Advice(msgspec.Struct, frozen=True):
    """Changes which together turn the refusal, and what the answer would then be ("offer" or "person")."""

    changes: tuple[Change, ...]
    leads_to: str


WORDS: dict[str, Words] = {
    "lower_amount": Words("ask for {value} instead", "改为申请{value}"),
    "longer_term": Words("repay over {value} months", "期限改为{value}个月"),
    "fewer_debts": Words("repay loans elsewhere until {value} are left", "还清其他贷款，仅余{value}笔"),
    "income_months": Words(
        "let income come into the account in {value} of six months", "半年内有{value}个月收入入账"
    ),
    "balance_days": Words(
        "keep 100 or more in the account on {value} of 90 days", "90天内有{value}天账户余额不低于100"
    ),
    "overdrawn_days": Words("do not overdraw the account for 90 days", "90天内账户不透支"),
    "refused": Words("see that no payment fails for want of money", "确保没有付款因余额不足而失败"),
    "inquiries": Words("let three months pass without asking other lenders", "三个月内不向其他机构申请贷款"),
} | company_advice.WORDS
AMOUNTS = frozenset({"lower_amount"}) | company_advice.AMOUNTS


def advise(asked: Asked, inputs: CreditInputs) -> tuple[Advice, ...]:
    """Up to three ways to another answer, single changes before pairs; none when nothing realistic helps.

    Every way was verified: `decide` with the changes made does not refuse. Policy reasons that only time or
    somebody else can change (age, a company) have no advice.
    """
    before = decide(asked, inputs)
    if before.result != "refuse" or any(code in HARD for code in before.policy):
        return ()
    found = list(_single(asked, inputs))
    if not found:
        found = list(_pairs(asked, inputs))
    return tuple(found[:MOST_ADVICE])


def changed(case: Case, change: Change) -> Case:
    """The case as it would be with this change made."""
    asked, inputs = case
    return CHANGES[change.code](asked, inputs, change.value)


def _asked(name: str) -> Callable[[Asked, CreditInputs, int], Case]:
    return lambda asked, inputs, value: (replace(asked, **{name: value}), inputs)


def _behaviour(name: str) -> Callable[[Asked, CreditInputs, int], Case]:
    return lambda asked, inputs, value: (
        asked,
        replace(inputs, behaviour=replace(inputs.behaviour, **{name: value})),
    )


def _debts(asked: Asked, inputs: CreditInputs, left: int) -> Case:
    before = inputs.bureau
    monthly = -(-before.monthly_minor * left // max(before.debts, 1))
    return asked, replace(inputs, bureau=replace(before, debts=left, monthly_minor=monthly))


def _inquiries(asked: Asked, inputs: CreditInputs, value: int) -> Case:
    return asked, replace(inputs, bureau=replace(inputs.bureau, inquiries=value))


CHANGES: dict[str, Callable[[Asked, CreditInputs, int], Case]] = {
    "lower_amount": _asked("amount_minor"),
    "longer_term": _asked("months"),
    "fewer_debts": _debts,
    "income_months": _behaviour("income_months"),
    "balance_days": _behaviour("balance_days"),
    "overdrawn_days": _behaviour("overdrawn_days"),
    "refused": _behaviour("refused"),
    "inquiries": _inquiries,
} | company_advice.CHANGES


def ladders(asked: Asked, inputs: CreditInputs) -> dict[str, list[int]]:
    """For each change the values it can be brought to, the smallest change first."""
    if company_of(asked, inputs) is not None:
        return company_advice.ladders(asked, inputs)
    seen, bureau = inputs.behaviour, inputs.bureau
    return {
        "longer_term": [months for months in asked.product.terms if months > asked.months],
        "fewer_debts": list(range(bureau.debts - 1, -1, -1)),
        "income_months": [months for months in (2, 4, 6) if months > seen.income_months],
        "balance_days": [days for days in (15, 45, 75) if days > seen.balance_days],
        "overdrawn_days": [0] if seen.overdrawn_days else [],
        "refused": [0] if seen.refused else [],
        "inquiries": [0] if bureau.inquiries else [],
    }


def lower_amount(case: Case) -> Change | None:
    """The largest smaller amount that is not refused, in whole hundreds; None when there is none."""
    asked, inputs = case
    after = decide(asked, inputs)
    hundred: int = 100 * 10 ** currency(asked.product.currency).places
    amount = min(after.limit_minor, asked.amount_minor - 1) // hundred * hundred
    if amount < asked.product.least_minor or not _turned(decide(replace(asked, amount_minor=amount), inputs)):
        return None
    return Change("lower_amount", amount)


def _turned(decided: Decided) -> bool:
    return decided.result != "refuse"


def _first(case: Case, code: str, values: list[int]) -> Change | None:
    """The smallest of these changes that turns the refusal by itself."""
    tries = (Change(code, value) for value in values)
    return next((one for one in tries if _turned(decide(*changed(case, one)))), None)


def _single(asked: Asked, inputs: CreditInputs) -> Iterator[Advice]:
    case = (asked, inputs)
    singles = [lower_amount(case)]
    singles += [_first(case, code, values) for code, values in ladders(asked, inputs).items()]
    for change in singles:
        if change is not None:
            yield Advice((change,), decide(*changed(case, change)).result)


def _pairs(asked: Asked, inputs: CreditInputs) -> Iterator[Advice]:
    """Two changes together; the second may also be a lower amount."""
    case = (asked, inputs)
    rungs = ladders(asked, inputs)
    for first in rungs:
        for value in rungs[first]:
            one = Change(first, value)
            with_one = changed(case, one)
            if (less := lower_amount(with_one)) is not None:
                yield Advice((one, less), decide(*changed(with_one, less)).result)
                break
    for first, second in combinations(rungs, 2):
        for value in rungs[first]:
            one = Change(first, value)
            if (two := _first(changed(case, one), second, rungs[second])) is not None:
                yield Advice((one, two), decide(*changed(changed(case, one), two)).result)
                break


def told(advice: Advice, currency_code: str) -> Words:
    """An advice as one phrase in both languages."""
    parts = [_phrase(change, currency_code) for change in advice.changes]
    return Words(" and ".join(part.en for part in parts), "，并".join(part.zh for part in parts))


def _phrase(change: Change, code: str) -> Words:
    value = str(change.value)
    if change.code in AMOUNTS:
        value = f"{format_minor(change.value, code)} {code}"
    return WORDS[change.code].told({"value": value})
