"""Forms that go on elsewhere: kept as drafts, taken up at the branch counter with a code of six digits.

Pages keep what was typed with `save_draft`, show it again with `load_draft`, drop it once it was sent, and
link to /app/drafts, where a draft gets its code. At /desk/counter a teller enters the code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse, Response

from jingwei.channels.problems import Problem
from jingwei.channels.rest.reading import amount
from jingwei.channels.signon.people import Refused
from jingwei.channels.web.phrases import phrases
from jingwei.channels.web.sign_in import refused_text, text
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.journeys.pay import Pay
from jingwei.kernel.command import CommandError, checked
from jingwei.ledger.accounts import Account
from jingwei.stores.drafts import Draft, DraftError

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.routing import Router

    from jingwei.bank import Reply
    from jingwei.channels.web.pages import Site
    from jingwei.stores.sessions import Session

KIND = re.compile(r"[a-z][a-z0-9_]{0,31}")
PAYMENT = ("payer", "payee", "amount", "currency", "memo")
"""The fields of a draft of kind "payment", which the counter can carry out."""


def save_draft(site: Site, session: Session, kind: str, fields: dict[str, str]) -> Draft:
    """Keep a begun form of this session's person. Raises DraftError when it is too large."""
    assert KIND.fullmatch(kind), "a kind is a short plain word"
    return site.drafts.save(session.actor, kind, fields, site.now())


def load_draft(site: Site, session: Session, kind: str) -> Draft | None:
    """The begun form of this kind, also from another device; None when there is none or it is too old."""
    return site.drafts.load(session.actor, kind, site.now())


def drop_draft(site: Site, session: Session, kind: str) -> None:
    """Forget a begun form, once it was sent."""
    site.drafts.drop(session.actor, kind)


def add_counter(router: Router, site: Site) -> None:
    """Add /app/drafts and /desk/counter."""

    async def drafts(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        return site.page(visit, "app/drafts.html", {"drafts": _shown(site, session), "code": "", "kind": ""})

    async def code(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        form = await form_of(visit, session)
        kind = text(form, "kind")
        try:
            digits = site.drafts.code(session.actor, kind, site.now())
        except DraftError:
            raise Problem("not_found") from None
        values = {"drafts": _shown(site, session), "code": digits, "kind": kind}
        return site.page(visit, "app/drafts.html", values)

    async def drop(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        form = await form_of(visit, session)
        drop_draft(site, session, text(form, "kind"))
        return RedirectResponse("/app/drafts?told=draft_dropped", 303)

    site.add(router, "/app/drafts", drafts)
    site.add(router, "/app/drafts/code", code, "POST")
    site.add(router, "/app/drafts/drop", drop, "POST")
    _add_desk(router, site)


def _add_desk(router: Router, site: Site) -> None:
    async def counter(visit: Visit) -> Response:
        return _counter_page(site, visit)

    async def take(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        form = await form_of(visit, session)
        try:
            draft = take_up(site, session, text(form, "code"))
        except Refused as refused:
            return _counter_page(site, visit, refused)
        values = {"draft": draft, "fields": _fields(draft), "wrong": ""}
        return site.page(visit, "desk/draft.html", values)

    async def pay(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        form = await form_of(visit, session)
        reply = await _pay(site, session, form)
        refusal = reply.answer.refusal
        if refusal is not None or reply.answer.result == "refused":
            fields = {name: text(form, name) for name in PAYMENT}
            draft = Draft("", text(form, "customer"), "payment", fields, site.now())
            words = refusal.words() if refusal else None
            wrong = (words.zh if visit.lang == "zh" else words.en) if words else visit.say("counter.refused")
            values = {"draft": draft, "fields": _fields(draft), "wrong": wrong}
            return site.page(visit, "desk/draft.html", values, 422)
        told = "counter_paid" if reply.answer.result == "allowed" else "counter_waits"
        return RedirectResponse(f"/desk/counter?told={told}", 303)

    site.add(router, "/desk/counter", counter)
    site.add(router, "/desk/counter", take, "POST")
    site.add(router, "/desk/counter/pay", pay, "POST", roles=("teller",))


def take_up(site: Site, session: Session, code: str) -> Draft:
    """The draft behind a code, the code used up; growing waits for wrong ones. Raises Refused."""
    tries, now = site.signon.identities.tries, site.now()
    subject = f"draft:{session.actor}"
    if wait := tries.wait(subject, now):
        raise Refused("too_many_tries", wait)
    tries.count(subject, now)
    draft = site.drafts.take(re.sub(r"\s", "", code[:12]), now)
    if draft is None:
        raise Refused("draft_code_wrong")
    tries.clear(subject)
    return draft


async def _pay(site: Site, session: Session, form: FormData) -> Reply:
    """Have the teller's payment for a customer done; the account must be that customer's."""
    currency = text(form, "currency")
    payer, customer = text(form, "payer"), text(form, "customer").partition(":")[2]
    owned = site.desk.reader.load(Account, [payer]) if payer else []
    if not owned or owned[0].owner != customer:
        raise Problem("not_found")
    minor = amount(text(form, "amount"), currency)
    fields: dict[str, Any] = {"payee": text(form, "payee"), "memo": text(form, "memo"), "currency": currency}
    stamp = site.stamp(session, text(form, "key"))
    try:
        command = checked(Pay(customer=customer, payer=payer, amount_minor=minor, **fields, **stamp))
    except CommandError as error:
        where, _, why = str(error).partition(": ")
        raise Problem("field_not_valid", f"/{where}", why=why) from None
    return await site.do(command)


def _counter_page(site: Site, visit: Visit, refused: Refused | None = None) -> Response:
    wrong = refused_text(visit, refused) if refused else ""
    return site.page(visit, "desk/counter.html", {"wrong": wrong}, 422 if refused else 200)


def _shown(site: Site, session: Session) -> list[tuple[Draft, list[tuple[str, str]]]]:
    return [(one, _fields(one)) for one in site.drafts.of(session.actor, site.now())]


def _fields(draft: Draft) -> list[tuple[str, str]]:
    """The filled fields that have a name people know: (key of its sentence, what was typed)."""
    named = ((f"field.{name}", typed) for name, typed in draft.fields.items() if typed)
    return [(key, typed) for key, typed in named if key in phrases()]
