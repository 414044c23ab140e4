"""Pay later: the line that is offered or open, opening it with a proof, and splitting a purchase."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import RedirectResponse, Response

from jingwei.channels.rest.views import walk
from jingwei.channels.signon.people import Refused
from jingwei.channels.web.customer.loans.mine import own, theirs
from jingwei.channels.web.customer.people import Named
from jingwei.channels.web.customer.transfer import key_of
from jingwei.channels.web.lending.told import cost, product_of
from jingwei.channels.web.pages import worded
from jingwei.channels.web.proving import What, ask_proof, proved
from jingwei.channels.web.sign_in import refused_text
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.domains.credit.loans import Loan, PayLaterLine
from jingwei.domains.credit.offer import percent
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.pay_later import SPLIT_TIME, AnswerPayLater, DrawPayLater
from jingwei.journeys.table import unseal
from jingwei.kernel.command import CommandError, checked
from jingwei.kernel.ids import decision_id, seq_of
from jingwei.kernel.refusal import Words
from jingwei.ledger.accounts import Balance
from jingwei.ledger.work import Reversal

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.stores.sessions import Session

MOST_LINES, MOST_SHOWN = 500, 10


class Purchase(NamedTuple):
    """A card purchase that can be split: `choices` are (months, the cost in one sentence)."""

    decision: str
    at: int
    shop: str
    amount_minor: int
    choices: list[tuple[int, Words]]


def add_line(router: Router, site: Site) -> None:
    """Add /app/loans/line/{line} with opening, closing and drawing."""

    def found(visit: Visit) -> tuple[Session, PayLaterLine]:
        session = signed_in(visit, inside=False)
        return session, own(site, session, PayLaterLine, visit.request.path_params["line"], "line_not_found")

    async def show(visit: Visit) -> Response:
        session, line = found(visit)
        return page(site, visit, session, line)

    async def answer(visit: Visit) -> Response:
        session, line = found(visit)
        form = await form_of(visit, session)
        accept = str(form.get("answer", "")) == "yes" or bool(form.get("passkey"))
        proof = ""
        if accept:
            try:
                proof = (await proved(site, visit, form, what(site, visit, line))).evidence
            except Refused as refused:
                return page(site, visit, session, line, refused_text(visit, refused))
        stamp = site.stamp(session, key_of(form))
        refusal = (
            await site.do(AnswerPayLater(line=line.id, accept=accept, proof=proof, **stamp))
        ).answer.refusal
        if refusal is not None:
            return page(site, visit, session, line, worded(refusal.words(), visit.lang))
        told = "line_opened" if accept else "line_closed"
        return RedirectResponse(f"/app/loans/line/{line.id}?told={told}", 303)

    async def draw(visit: Visit) -> Response:
        session, line = found(visit)
        form = await form_of(visit, session)
        try:
            command = drawing(site, session, line, form)
        except CommandError:
            return page(site, visit, session, line, visit.say("loans.error.form"))
        answer = (await site.do(command)).answer
        if answer.refusal is not None:
            return page(site, visit, session, line, worded(answer.refusal.words(), visit.lang))
        return RedirectResponse(f"/app/loans/{answer.made}?told=line_drawn", 303)

    site.add(router, "/app/loans/line/{line}", show)
    site.add(router, "/app/loans/line/{line}/answer", answer, "POST")
    site.add(router, "/app/loans/line/{line}/draw", draw, "POST")


def drawing(site: Site, session: Session, line: PayLaterLine, form: FormData) -> DrawPayLater:
    """The command that splits the purchase of a form. Raises CommandError."""
    months, purchase = str(form.get("months", "")), str(form.get("purchase", ""))
    count = int(months) if months.isascii() and months.isdecimal() and len(months) < 4 else 0
    stamp = site.stamp(session, key_of(form))
    return checked(DrawPayLater(**stamp, line=line.id, purchase=purchase, months=count))


def what(site: Site, visit: Visit, line: PayLaterLine) -> What:
    """What is proved by opening: this line, its limit, on this account."""
    name = Named(site, visit, line.customer)(line.account)
    return What("pay_later", line.id, line.account, line.limit_minor, line.currency, name)


def page(site: Site, visit: Visit, session: Session, line: PayLaterLine, wrong: str = "") -> Response:
    """The line, what is drawn on it, and what can be split."""
    loans = [one for one in theirs(site, Loan, session.who) if one.line == line.id]
    drawn = sum(one.principal_minor for one in loans)
    left = max(line.limit_minor - drawn, 0)
    values = {
        "line": line, "loans": loans, "drawn": drawn, "left": left, "wrong": wrong, "percent": percent,
        "purchases": purchases(site, line, loans, left) if line.status == "open" else [],
        "shops": {one.purchase: shop_of(site, one.purchase) for one in loans},
        "asking": ask_proof(site, session, what(site, visit, line)) if line.status == "offered" else None,
        "account": Named(site, visit, line.customer)(line.account),
    }  # fmt: skip
    return site.page(visit, "app/loans/line.html", values, 422 if wrong else 200)


def shop_of(site: Site, purchase: str) -> str:
    """Where the card payment of this decision was made."""
    leaf = site.desk.reader.record(seq_of(purchase) or 0)
    bought = unseal(leaf).command if leaf else None
    return bought.terminal if isinstance(bought, AuthoriseCardPayment) else ""


def purchases(site: Site, line: PayLaterLine, loans: list[Loan], left: int) -> list[Purchase]:
    """The card purchases of the last days that can still be split, newest first."""
    reader, now, product = site.desk.reader, site.now(), product_of(line.product)
    balance = next(iter(reader.load(Balance, [line.account])), None)
    split = {one.purchase for one in loans}
    found: list[Purchase] = []
    for entry in walk(reader, balance, "", MOST_LINES)[0] if balance else []:
        number = decision_id(entry.line >> 16)
        if entry.at < now - SPLIT_TIME or len(found) == MOST_SHOWN:
            break
        if entry.kind != "card" or number in split or not product.least_minor <= -entry.amount_minor <= left:
            continue
        leaf = reader.record(entry.line >> 16)
        bought = unseal(leaf).command if leaf else None
        if not isinstance(bought, AuthoriseCardPayment) or reader.load(Reversal, [number]):
            continue
        choices = [
            (months, cost(product, -entry.amount_minor, months, line.rate_ppm, now)[1])
            for months in product.terms
        ]
        found.append(Purchase(number, entry.at, bought.terminal, -entry.amount_minor, choices))
    return found
