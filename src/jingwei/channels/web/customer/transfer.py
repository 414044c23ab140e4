"""Sending money: whom and how much, a preview of exactly what will run, and the sending itself, once."""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import RedirectResponse, Response

from jingwei.channels.problems import Problem
from jingwei.channels.web.customer.names import Match
from jingwei.channels.web.customer.people import Found, account_name, find, own_accounts, payees
from jingwei.channels.web.name_checks import TooManyNames
from jingwei.channels.web.pages import new_key
from jingwei.channels.web.sign_in import device_of as device_secret
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.journeys.keep_payee import KeepPayee
from jingwei.journeys.pay import Pay
from jingwei.kernel.command import CommandError, checked
from jingwei.kernel.money import MoneyError, format_minor, parse_minor
from jingwei.ledger.family import ELDER_UNDO_S, USUAL_UNDO_S, Preference
from jingwei.ledger.fees import transfer_fee
from jingwei.stores.store import StoreError

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.routing import Router

    from jingwei.bank import Reply
    from jingwei.channels.web.pages import Site
    from jingwei.ledger.accounts import Standing
    from jingwei.stores.sessions import Session

HALF_HOUR_S, DAY_S = 1_800, 86_400
COOLER = (HALF_HOUR_S, DAY_S)
"""How long a payment can be made to wait beside the customer's own undo window (seconds), to think again."""

PATIENCE_S = 10.0
"""After this an answer that has not come is "unknown": the page asks again, with the same key."""

TOO_MANY = "pay.error.too_many"
_KEY = re.compile(r"web:[A-Za-z0-9_-]{10,60}", re.ASCII)
FIELDS = ("payer", "to", "name", "amount", "memo", "undo_s", "fee", "key")


class Asked(NamedTuple):
    """What was filled in, as read; `wrong` names the sentence of what cannot be taken, by field."""

    payer: Standing | None
    payee: Found
    amount_minor: int
    fee_minor: int
    memo: str
    undo_s: int
    key: str
    wrong: dict[str, str]

    @property
    def currency(self) -> str:
        """The currency of the account that pays."""
        return self.payer.account.currency if self.payer else "CNY"


def add_transfer(router: Router, site: Site) -> None:
    """Add /app/pay and its two steps."""
    async def begin(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        asked = visit.request.query_params
        typed = {name: asked.get(name, "")[:200] for name in ("to", "name", "amount", "memo")}
        return form(site, visit, session, typed)

    async def check(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        fields = typed_in(await form_of(visit, session))
        asked = read(site, visit, session, fields)
        if asked.wrong:
            return form(site, visit, session, fields, asked.wrong, status_of(asked.wrong))
        return preview(site, visit, session, fields, asked)

    async def send(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        fields = typed_in(await form_of(visit, session))
        asked = read(site, visit, session, fields)
        if asked.wrong or not _KEY.fullmatch(asked.key):
            wrong = asked.wrong or {"to": "error.form_old"}
            return form(site, visit, session, fields, wrong, status_of(wrong))
        if fields["fee"] != str(asked.fee_minor):
            return preview(site, visit, session, fields, asked)
        return await sent(site, visit, session, fields, asked)

    site.add(router, "/app/pay", begin)
    site.add(router, "/app/pay/check", check, "POST")
    site.add(router, "/app/pay/send", send, "POST")


def typed_in(form: FormData) -> dict[str, str]:
    """The form's fields as text; what is missing is empty."""
    texts = {name: str(form.get(name, "")).strip()[:500] for name in FIELDS}
    return {name: "".join(c for c in text if c.isprintable()) for name, text in texts.items()}


def key_of(form: FormData) -> str:
    """The form's idempotency key; one of our own making, else a fresh one."""
    key = str(form.get("key", ""))
    return key if _KEY.fullmatch(key) else new_key()


def form(
    site: Site,
    visit: Visit,
    session: Session,
    typed: dict[str, str],
    wrong: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    """The first step: whom and how much, with what was typed and what is wrong with it."""
    own = own_accounts(site, session.who)
    known = payees(site, session.who)
    to = typed.get("to", "")
    chosen = find(site, visit, session.who, to, "") if to else None
    sure = chosen if chosen and chosen.match is Match.SAME else None
    values: dict[str, Any] = {"own": own, "known": known, "typed": typed, "chosen": sure}
    values |= {"wrong": wrong or {}, "several": len(own) > 1}
    return site.page(visit, "app/pay.html", values, status)


def read(site: Site, visit: Visit, session: Session, fields: dict[str, str]) -> Asked:
    """Read the form: every field against the books and its currency."""
    wrong: dict[str, str] = {}
    own = own_accounts(site, session.who)
    payer = next((one for one in own if one.account.id == fields["payer"]), own[0] if own else None)
    try:
        payee = find(site, visit, session.who, fields["to"], fields["name"])
    except TooManyNames:
        unknown = Found(fields["to"], Match.NO_ACCOUNT, "", True, False)
        return Asked(None, unknown, 0, 0, "", 0, "", {"to": TOO_MANY})
    if payee.match is Match.NO_ACCOUNT:
        wrong["to"] = "pay.error.no_account"
    elif payee.match is Match.OTHER and not fields["name"]:
        wrong["name"] = "pay.error.name"
    if payer is None:
        return Asked(None, payee, 0, 0, "", 0, "", {"to": "app.none"})
    if payer.account.id == payee.account:
        wrong["to"] = "pay.error.same"
    minor = 0
    try:
        minor = parse_minor(fields["amount"].replace(",", "").replace("，", ""), payer.account.currency)
    except MoneyError:
        wrong["amount"] = "pay.error.amount"
    if minor <= 0:
        wrong["amount"] = "pay.error.amount"
    product = site.desk.home.products.find(payer.account.product)
    fee = transfer_fee(product, minor) if product and minor > 0 else 0
    asked, own_wait = fields["undo_s"], preferred_wait(site, visit, session.who)
    offered = map(str, (own_wait, *COOLER))
    undo_s = int(asked) if asked in offered else HALF_HOUR_S if payee.new and not payee.own else own_wait
    return Asked(payer, payee, minor, fee, fields["memo"], undo_s, fields["key"], wrong)


def status_of(wrong: dict[str, str]) -> int:
    """The status of a form that could not be taken."""
    return 429 if TOO_MANY in wrong.values() else 422


def preferred_wait(site: Site, visit: Visit, who: str) -> int:
    """How long this customer's payments wait: as set, else the usual time, longer in elder mode (seconds)."""
    said = next(iter(site.desk.reader.load(Preference, [who])), None)
    usual = ELDER_UNDO_S if visit.elder else USUAL_UNDO_S
    return usual if said is None else said.undo_s


def preview(site: Site, visit: Visit, session: Session, fields: dict[str, str], asked: Asked) -> Response:
    """The second step: exactly what will run, and how long it can be undone."""
    assert asked.payer is not None
    again = fields | {"undo_s": str(asked.undo_s), "fee": str(asked.fee_minor), "key": new_key()}
    again["payer"] = asked.payer.account.id
    again["amount"] = format_minor(asked.amount_minor, asked.currency)
    own_wait = preferred_wait(site, visit, session.who)
    offered = (own_wait, *(COOLER if asked.payee.new or visit.elder else ()))
    total = asked.amount_minor + asked.fee_minor
    values = {"asked": asked, "fields": again, "waits": offered, "total": total}
    values["payer"] = account_name(site, visit, asked.payer.account)
    return site.page(visit, "app/pay_check.html", values)


async def sent(site: Site, visit: Visit, session: Session, fields: dict[str, str], asked: Asked) -> Response:
    """Have the payment done and go to where it tells its outcome; unknown stays unknown, never twice."""
    assert asked.payer is not None
    try:
        command = checked(
            Pay(
                **site.stamp(session, asked.key),
                customer=session.who,
                payer=asked.payer.account.id,
                payee=asked.payee.account,
                amount_minor=asked.amount_minor,
                currency=asked.currency,
                device=device_of(visit, session),
                memo=asked.memo,
                undo_s=asked.undo_s,
            )
        )
    except CommandError:
        return form(site, visit, session, fields, {"amount": "pay.error.amount"}, 422)
    try:
        reply = await asyncio.wait_for(site.do(command), PATIENCE_S)
    except (StoreError, TimeoutError, Problem):
        return site.page(visit, "app/checking.html", {"fields": fields, "asked": asked}, 503)
    if reply.seq < 0:
        return form(site, visit, session, fields, {"to": "error.form_old"}, 409)
    await keep(site, session, asked)
    return RedirectResponse(onward(reply), 303)


def onward(reply: Reply) -> str:
    """Where the outcome of a payment is told."""
    answer = reply.answer
    return f"/app/step-up/{answer.challenge}" if answer.challenge else f"/app/payment/{answer.id}"


async def keep(site: Site, session: Session, asked: Asked) -> None:
    """Keep a payee whose name was checked, so that the next payment needs no typing."""
    payee = asked.payee
    if payee.own or not payee.name or payee.match is not Match.SAME:
        return
    stamp = site.stamp(session, f"{asked.key}:payee")
    try:
        await site.do(KeepPayee(**stamp, customer=session.who, account=payee.account, name=payee.name))
    except (StoreError, Problem):
        return  # the payment stands; the payee is kept next time


def device_of(visit: Visit, session: Session) -> str:
    """The device a payment is asked from: a mark made of the secret that signing in gave this browser."""
    secret = device_secret(visit)
    return f"web-{hashlib.sha256(secret.encode()).hexdigest()[:24]}" if secret else f"{session.who}-web"[:64]
