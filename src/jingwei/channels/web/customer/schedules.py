"""Scheduled payments: what is planned, planning one more, and calling one off."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse, Response

from jingwei.channels.web.customer.names import Match
from jingwei.channels.web.customer.people import Named, own_accounts, payees
from jingwei.channels.web.customer.transfer import device_of, key_of, read, status_of, typed_in
from jingwei.channels.web.pages import worded
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.journeys.schedule_payment import CancelSchedule, SchedulePayment
from jingwei.journeys.shape import every
from jingwei.kernel.clock import bank_day, local_text
from jingwei.kernel.command import CommandError, checked
from jingwei.kernel.ids import seq_of
from jingwei.ledger.planned import FIRST, Schedule

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.stores.sessions import Session

EVERY = ("once", "weekly", "monthly")


def add_schedules(router: Router, site: Site) -> None:
    """Add /app/schedules and its two forms."""

    async def show(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        typed = {"to": visit.request.query_params.get("to", "")[:64]}
        return page(site, visit, session, typed)

    async def add(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        form = await form_of(visit, session)
        typed = typed_in(form) | {"key": key_of(form)}
        typed |= {name: str(form.get(name, "")).strip()[:20] for name in ("every", "first", "until")}
        command, wrong = planned(site, visit, session, typed)
        if command is None:
            return page(site, visit, session, typed, wrong)
        answer = (await site.do(command)).answer
        if answer.refusal is not None:
            says = worded(answer.refusal.words(), visit.lang)
            return page(site, visit, session, typed, {}, says)
        return RedirectResponse("/app/schedules?told=scheduled", 303)

    async def cancel(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        form = await form_of(visit, session)
        named = str(form.get("schedule", ""))
        if seq_of(named) is None:
            return RedirectResponse("/app/schedules", 303)
        stamp = site.stamp(session, key_of(form))
        answer = (await site.do(CancelSchedule(**stamp, schedule=named))).answer
        if answer.refusal is not None:
            says = worded(answer.refusal.words(), visit.lang)
            return page(site, visit, session, {}, {}, says)
        return RedirectResponse("/app/schedules?told=schedule_cancelled", 303)

    site.add(router, "/app/schedules", show)
    site.add(router, "/app/schedules", add, "POST")
    site.add(router, "/app/schedules/cancel", cancel, "POST")


def planned(
    site: Site, visit: Visit, session: Session, typed: dict[str, str]
) -> tuple[SchedulePayment | None, dict[str, str]]:
    """The command that the form asks for, or None and what is wrong with it, by field."""
    asked = read(site, visit, session, typed)
    wrong = dict(asked.wrong)
    first, until = day_of(typed["first"]), day_of(typed["until"])
    if first is None:
        wrong["first"] = "pay.error.day"
    if typed["until"] and until is None:
        wrong["until"] = "pay.error.day"
    if asked.payee.match is not Match.SAME and "to" not in wrong:
        wrong["name"] = f"pay.name.{asked.payee.match}"
    if wrong or asked.payer is None or first is None or typed["every"] not in EVERY:
        return None, wrong or {"first": "pay.error.day"}
    command = SchedulePayment(
        **site.stamp(session, typed["key"]),
        customer=session.who,
        payer=asked.payer.account.id,
        payee=asked.payee.account,
        amount_minor=asked.amount_minor,
        currency=asked.currency,
        every=typed["every"],  # type: ignore[arg-type]
        first_day=first,
        until_day=until,
        memo=asked.memo,
        device=device_of(visit, session),
    )
    try:
        return checked(command), {}
    except CommandError:
        return None, {"first": "pay.error.day"}


def page(
    site: Site,
    visit: Visit,
    session: Session,
    typed: dict[str, str],
    wrong: dict[str, str] | None = None,
    failed: str = "",
) -> Response:
    """The planned payments, and the form for one more."""
    mine = every(site.desk.reader, Schedule, "customer", session.who)
    named = Named(site, visit, session.who)
    today = local_text(site.now(), "%Y-%m-%d")
    values: dict[str, Any] = {
        "planned": [told(one, named) for one in mine if one.status == "active"],
        "over": [told(one, named) for one in mine[-20:] if one.status != "active" and one.last_payment],
        "own": own_accounts(site, session.who), "known": payees(site, session.who), "typed": typed,
        "wrong": wrong or {}, "failed": failed, "every": EVERY, "today": today,
    }  # fmt: skip
    return site.page(visit, "app/schedules.html", values, status_of(wrong or {}) if wrong or failed else 200)


def told(one: Schedule, named: Named) -> dict[str, Any]:
    """A schedule as the page shows it."""
    return {"one": one, "payee": named(one.payee), "next": day_text(one.next_day)}


def day_of(text: str) -> int | None:
    """The bank day written YYYY-MM-DD, or None."""
    try:
        day = (date.fromisoformat(text) - FIRST).days
    except ValueError:
        return None
    return day if 0 <= day <= bank_day(2**53) else None


def day_text(day: int) -> str:
    """A bank day as YYYY-MM-DD."""
    return (FIRST + timedelta(days=day)).isoformat()
