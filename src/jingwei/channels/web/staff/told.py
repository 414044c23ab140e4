"""How the desk says things: times left, quantities a rule read, reasons in words, who did what."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from jingwei.channels.web.pages import money, worded
from jingwei.channels.web.phrases import phrases
from jingwei.channels.web.staff.board import LOAN_POLICY
from jingwei.channels.web.staff.masks import masked_number
from jingwei.channels.words import MISSING
from jingwei.decisions.policy import INPUT_MISSING
from jingwei.domains.fraud.features import FRAUD
from jingwei.kernel.clock import DAY, HOUR, MINUTE
from jingwei.kernel.refusal import Words

if TYPE_CHECKING:
    from jingwei.channels.rest.told import ReasonTold
    from jingwei.channels.web.pages import Site
    from jingwei.channels.web.staff.board import Row
    from jingwei.channels.web.staff.trail import Deed
    from jingwei.channels.web.visit import Visit

SENTENCES = {feature.name: Words(feature.says, feature.says_zh) for feature in FRAUD}


def span(visit: Visit, microseconds: int) -> str:
    """A length of time in its largest unit: "3 h", "20 min", "2 d"."""
    for unit, size in (("d", 2 * DAY), ("h", HOUR), ("min", MINUTE)):
        if microseconds >= size:
            return visit.say(f"span.{unit}", n=microseconds // (DAY if unit == "d" else size))
    return visit.say("span.min", n=1)


def due(visit: Visit, row: Row, now: int) -> str:
    """How long is left for an answer, or by how much it is late."""
    left = row.case.due_at - now
    return visit.say("due.left" if left >= 0 else "due.late", time=span(visit, abs(left)))


def quantity(visit: Visit, name: str, value: float | None, currency: str) -> Markup | str:
    """A value that a rule read, with its unit."""
    if value is None or not math.isfinite(value):
        return visit.say("value.unknown")
    if name.endswith("_minor"):
        return money(round(value), currency)
    if name.endswith("_s"):
        return span(visit, round(value * 1_000_000))
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def sentence(visit: Visit, name: str) -> str:
    """What a quantity is, in words."""
    words = SENTENCES.get(name)
    if words is not None:
        return worded(words, visit.lang)
    return visit.say(f"feature.{name}") if f"feature.{name}" in phrases() else name


def other_side(visit: Visit, account: str, clear: bool = False) -> str:
    """The other account of a line: one of the bank's own in words, a customer's masked unless `clear`."""
    part = account.split(":")
    if part[0] == "bank" and f"chart.{part[1]}" in phrases():
        return visit.say(f"chart.{part[1]}")
    return account if clear else masked_number(account)


def deed_row(visit: Visit, deed: Deed, now: int) -> dict[str, Any]:
    """A deed as a timeline shows it."""
    known = f"deed.{deed.kind}"
    return {
        "deed": deed,
        "title": visit.say(known if known in phrases() else "deed.other"),
        "says": worded(deed.says, visit.lang),
        "ago": span(visit, max(now - deed.at, 0)),
    }


def reason_rows(visit: Visit, reason: ReasonTold, currency: str) -> list[tuple[str, Any]]:
    """What a rule read, each as (what it is, its value)."""
    return [
        (sentence(visit, name), quantity(visit, name, value, currency)) for name, value in reason.read.items()
    ]


def code_words(site: Site, visit: Visit, policy: str, code: str) -> str:
    """The sentence of a reason under the policy that gave it; the code itself when nobody worded it."""
    if policy == LOAN_POLICY:
        return visit.say(f"queue.{code}")
    if code == INPUT_MISSING:
        return MISSING.zh if visit.lang == "zh" else MISSING.en
    found = site.desk.sentences.policy(policy)
    rule = next((one for one in found.rules if one.code == code), None) if found else None
    if rule is None:
        return code
    return rule.says_zh if visit.lang == "zh" else rule.says
