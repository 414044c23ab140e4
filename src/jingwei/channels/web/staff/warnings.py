"""Early warnings for the customer manager: who may miss the next instalment, why, and what to offer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from jingwei.channels.lending.warning import said
from jingwei.channels.problems import Problem
from jingwei.channels.web.staff.masks import masked_name
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.domains.credit.loans import Loan
from jingwei.domains.credit.product_file import LONGEST
from jingwei.domains.credit.schedule import unpack
from jingwei.domains.credit.warnings import PROPOSALS, EarlyWarning, months_for
from jingwei.journeys.change_loan import RestructureLoan
from jingwei.journeys.shape import every
from jingwei.journeys.warn_early import AnswerWarning
from jingwei.kernel.command import CommandError, checked
from jingwei.ledger.work import Customer

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.stores.sessions import Session

EPOCH = date(1970, 1, 1)
ANSWERED = 10


def add_warnings(router: Router, site: Site) -> None:
    """Add /desk/warnings."""

    async def show(visit: Visit) -> Response:
        signed_in(visit, inside=True)
        return site.page(visit, "desk/warnings.html", page(site, visit))

    async def answer(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        return RedirectResponse(f"/desk/warnings?{await answered(site, visit, session)}", 303)

    site.add(router, "/desk/warnings", show)
    site.add(router, "/desk/warnings", answer, "POST")


def page(site: Site, visit: Visit) -> dict[str, Any]:
    """What the page shows: open warnings, the likeliest first, the newest answers, and what was measured."""
    reader = site.desk.reader
    waiting = sorted(every(reader, EarlyWarning, "status", "open"), key=lambda one: -one.chance_ppm)
    done = every(reader, EarlyWarning, "status", "answered")
    newest = sorted(done, key=lambda one: -one.answered_at)[:ANSWERED]
    return {
        "rows": [_row(site, visit, one) for one in waiting],
        "answered": [(_name(site, one), one) for one in newest],
        "measured": measured(),
        "days_chart": days_chart(lambda name: visit.say(f"warnings.way.{name}")),
    }


def _row(site: Site, visit: Visit, one: EarlyWarning) -> dict[str, Any]:
    loan = next(iter(site.desk.reader.load(Loan, [one.loan])), None)
    if loan is None:
        raise Problem("warning_not_found")
    left = sum(part.left > 0 for part in unpack(loan.plan))
    return {
        "warning": one,
        "name": _name(site, one),
        "loan": loan,
        "left": left,
        "due_on": (EPOCH + timedelta(days=one.due_day)).isoformat(),
        "percent": round(one.chance_ppm / 10_000),
        "reasons": [said(seen, visit.lang) for seen in one.signals.split(",") if seen],
        "months": {offer: min(months_for(offer, left), LONGEST) for offer in PROPOSALS},
    }


def _name(site: Site, one: EarlyWarning) -> str:
    found = next(iter(site.desk.reader.load(Customer, [one.customer])), None)
    return masked_name(found.name if found else one.customer)


async def answered(site: Site, visit: Visit, session: Session) -> str:
    """Answer a warning as the form says, and change the loan where the customer agreed; what to tell.

    The loan is changed only for an answer that can be read: else it would be changed again with the next.
    """
    form = await form_of(visit, session)
    number, key, outcome = (str(form.get(name, ""))[:200] for name in ("warning", "key", "outcome"))
    found = next(iter(site.desk.reader.load(EarlyWarning, [number])), None)
    if found is None:
        return "error=warning_gone"
    try:
        words = str(form.get("words", ""))
        ask: Any = AnswerWarning(warning=number, outcome=outcome, words=words, **site.stamp(session, key))  # type: ignore[arg-type]
        command = checked(ask)
    except CommandError:
        return "error=not_read"
    agreed = found.status == "open" and outcome in PROPOSALS and form.get("agreed") == "1"
    if agreed and (told := await change(site, session, found, (outcome, key))):
        return told
    refused = (await site.do(command)).answer.refusal is not None
    return "error=warning_gone" if refused else "told=warning_answered"


async def change(site: Site, session: Session, found: EarlyWarning, how: tuple[str, str]) -> str:
    """Spread what the loan owes over more months; "" when that is done, else what to tell."""
    outcome, key = how
    row = next(iter(site.desk.reader.load(Loan, [found.loan])), None)
    if row is None:
        return "error=warning_gone"
    left = sum(part.left > 0 for part in unpack(row.plan))
    months = min(months_for(outcome, left), LONGEST)
    stamp = site.stamp(session, f"{key}:loan")
    ask = RestructureLoan(loan=found.loan, months=months, why=f"early warning {found.id}", **stamp)
    answer = (await site.do(ask)).answer
    if answer.refusal is not None:
        return "error=warning_loan"
    return "told=warning_second" if answer.result == "proposed" else ""


@cache
def measured() -> dict[str, Any]:
    """What was measured on simulated cities, as shipped (`jingwei evaluate warning --seeds 8`)."""
    told: dict[str, Any] = msgspec.json.decode(
        (files("jingwei.channels.web") / "measured_warning.json").read_bytes()
    )
    return told


STEP, WIDE, LABEL = 44, 260, 14


def days_chart(words: Callable[[str], str]) -> Markup:
    """Mean days of warning of each way as level bars, each under its name; `words` words a way."""
    ways = measured()["ways"]
    most = max(way["days"] for way in ways.values())
    rows = Markup("").join(
        Markup(
            '<text x="0" y="{}">{}</text><rect class="part" x="0" y="{}" width="{}" height="16"/>'
            '<text x="{}" y="{}">{}</text>'
        ).format(
            place * STEP + LABEL,
            words(name),
            place * STEP + LABEL + 6,
            round(WIDE * way["days"] / most),
            round(WIDE * way["days"] / most) + 6,
            place * STEP + LABEL + 19,
            f"{way['days']:.1f}",
        )
        for place, (name, way) in enumerate(ways.items())
    )
    size = len(ways) * STEP
    return Markup(
        '<svg class="chart" aria-hidden="true" width="{0}" height="{1}" viewBox="0 0 {0} {1}">{2}</svg>'
    ).format(WIDE + 40, size, rows)
