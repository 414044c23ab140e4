"""The consent centre: each purpose in plain words, one tap to allow, one to stop, and every use of data."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import RedirectResponse, Response

from jingwei.channels.rest.views import standings, walk
from jingwei.channels.web.customer.loans.sources import switches
from jingwei.channels.web.pages import worded
from jingwei.channels.web.phrases import phrases, say
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.consent.consents import Consent, consent_id
from jingwei.consent.grounds import ASKED, DATA_NAMES, REGISTER, Register
from jingwei.consent.uses import DataUse
from jingwei.journeys.give_consent import GiveConsent
from jingwei.journeys.shape import every
from jingwei.journeys.withdraw_consent import WithdrawConsent
from jingwei.kernel.clock import DAY, bank_day
from jingwei.kernel.ids import seq_of
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.ledger.work import Case, Challenge
from jingwei.stores.store import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.routing import Router

    from jingwei.channels.web.pages import Site

LATELY = 30 * DAY
SHOWN = 5
READ = 50
READERS = ("staff", "customer")
JUDGED = ("payment", "card", "authorisation")


class Used(NamedTuple):
    """Uses of one bank day: who read, what in words, how often, when last (microseconds UTC), why."""

    reader: str
    data: str
    times: int
    day: int
    last_at: int
    why: str = ""


class Shown(NamedTuple):
    """One purpose as the page shows it."""

    purpose: Purpose
    entry: Register
    data: str
    given: bool
    part: str
    since: int
    until: int
    ended: int
    uses: list[Used]


def add_consents(router: Router, site: Site) -> None:
    """Add /app/consents, to give and to withdraw."""

    async def show(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        now = site.now()
        shown = [shown_purpose(site.desk.reader, session.who, one, now, visit.lang) for one in REGISTER]
        asked = [one for one in shown if one.purpose in ASKED]
        always = [one for one in shown if one.purpose not in ASKED]
        apart = switches(site, visit, session.who)
        return site.page(visit, "app/consents.html", {"asked": asked, "always": always, "apart": apart})

    async def change(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        form = await form_of(visit, session)
        giving = form.get("do") == "give"
        try:
            purpose = Purpose(str(form.get("purpose", "")))
        except ValueError:
            return RedirectResponse("/app/consents?error=consent", 303)
        named = str(form.get("data", ""))
        data = tuple(one for one in REGISTER[purpose].apart if one == named)
        if named and not data:
            return RedirectResponse("/app/consents?error=consent", 303)
        stamp = site.stamp(session, str(form.get("key", "")))
        kind = GiveConsent if giving else WithdrawConsent
        reply = await site.do(kind(customer=session.who, purpose=purpose, data=data, **stamp))
        if reply.answer.refusal is not None:
            return RedirectResponse("/app/consents?error=consent", 303)
        told = ("source" if named else "consent") + ("_given" if giving else "_withdrawn")
        return RedirectResponse(f"/app/consents?told={told}#{purpose.value}", 303)

    site.add(router, "/app/consents", show)
    site.add(router, "/app/consents/change", change, "POST")


def shown_purpose(reader: Reader, who: str, purpose: Purpose, now: int, lang: str) -> Shown:
    """One purpose with what the customer said on it and who used it lately."""
    entry = REGISTER[purpose]
    kept = reader.load(Consent, [consent_id(who, purpose, data) for data in entry.data])
    held = [one for one in kept if one.holds(now)]
    given = bool(held) and len(held) == len(entry.data)
    part = "" if given or not held else named((one.data for one in held), lang)
    since = min((one.given_at for one in held), default=0)
    until = min((one.until for one in held if one.until), default=0)
    ended = max((one.withdrawn_at for one in kept), default=0)
    uses = used_lately(reader, who, purpose, now, lang)
    if purpose is Purpose.RISK:
        uses = sorted([*uses, *checked(reader, who, lang)], key=lambda one: -one.last_at)
    data = named((one.value for one in entry.data), lang)
    return Shown(purpose, entry, data, given, part, since, until, ended, uses[:SHOWN])


def named(data: Iterable[str], lang: str) -> str:
    """Kinds of data in words."""
    return ("、" if lang == "zh" else ", ").join(worded(DATA_NAMES[DataClass(one)], lang) for one in data)


def used_lately(reader: Reader, who: str, purpose: Purpose, now: int, lang: str) -> list[Used]:
    """The counted uses of the last days, newest first."""
    after = f"{who}~{bank_day(now - LATELY):06d}"
    found = every(reader, DataUse, "customer", who, after)
    uses = [
        Used(
            reader_kind(one.reader),
            named(one.data.split(","), lang),
            one.times,
            one.day,
            one.last_at,
            why_of(one.why, lang),
        )
        for one in found
        if one.purpose == purpose.value
    ]
    return sorted(uses, key=lambda one: -one.last_at)


def why_of(why: str, lang: str) -> str:
    """The reason somebody gave, as given; those that the bank's own programs give are worded."""
    return say(lang, f"use.{why}") if f"use.{why}" in phrases() else why


def reader_kind(reader: str) -> str:
    """Who read, as the page words it: staff, the customer by asking for something, else a program."""
    kind = reader.partition(":")[0]
    return kind if kind in READERS else "system"


def checked(reader: Reader, who: str, lang: str) -> list[Used]:
    """How many of the customer's payments were judged on each of the last days, from the books themselves."""
    at: dict[int, int] = {}
    for standing in standings(reader, who, "", 50):
        for entry in walk(reader, standing.balance, "", READ)[0]:
            if entry.kind in JUDGED and entry.amount_minor < 0:
                at[entry.line >> 16] = entry.at
    for case in every(reader, Case, "customer", who)[-READ:]:
        at[seq_of(case.about) or 0] = case.opened_at
    for challenge in every(reader, Challenge, "customer", who)[-READ:]:
        at[seq_of(challenge.about) or 0] = challenge.asked_at
    days: dict[int, list[int]] = {}
    for moment in at.values():
        days.setdefault(bank_day(moment), []).append(moment)
    data = named((one.value for one in REGISTER[Purpose.RISK].data), lang)
    return [Used("checks", data, len(all_), day, max(all_)) for day, all_ in days.items()]
