"""Applying: choose what for in plain words, then one form that says at once what it would cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import RedirectResponse, Response

from jingwei.channels.lending.asking import application
from jingwei.channels.lending.companies import is_company
from jingwei.channels.problems import Problem
from jingwei.channels.web.customer.loans.sources import set_switches, switches
from jingwei.channels.web.customer.people import account_name, own_accounts
from jingwei.channels.web.customer.transfer import key_of
from jingwei.channels.web.lending.pictures import instalments
from jingwei.channels.web.lending.told import cost, lendable, prices_for, rows_of
from jingwei.channels.web.pages import new_key, worded
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.consent.consents import Consent, consent_id
from jingwei.consent.grounds import DATA_NAMES, REGISTER
from jingwei.domains.credit.applying import not_in_product
from jingwei.domains.credit.company_inputs import DATA
from jingwei.domains.credit.offer import percent
from jingwei.journeys.give_consent import GiveConsent
from jingwei.kernel.command import CommandError, checked
from jingwei.kernel.money import MoneyError, currency, format_minor, parse_minor
from jingwei.kernel.purpose import Purpose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.domains.credit.product import LoanProduct
    from jingwei.stores.sessions import Session

PURPOSES = ("home", "appliances", "travel", "education", "medical", "wedding", "business", "other")
"""What money without a scene can be for."""

FOR_COMPANIES = ("stock", "wages", "rent", "equipment", "season", "other")
"""What a company's working capital can be for."""

USUAL = 10_000
"""The amount a form begins with, in whole units, as far as the product lends it."""

FIELDS = ("amount", "months", "purpose", "account", "person", "agree", "key")


class Typed(NamedTuple):
    """A form as read; `wrong` says in words what cannot be taken, by field."""

    amount_minor: int
    months: int
    text: dict[str, str]
    wrong: dict[str, str]


def add_applying(router: Router, site: Site) -> None:
    """Add /app/loans/apply, its form, and the cost of what is typed."""

    async def choose(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        company = is_company(site.desk.reader, session.who)
        return site.page(
            visit, "app/loans/choose.html", {"products": lendable(company), "company": company}
        )

    async def begin(visit: Visit) -> Response:
        session, product = signed_in(visit, inside=False), product_at(visit)
        if (product.borrower == "company") != is_company(site.desk.reader, session.who):
            return RedirectResponse("/app/loans/apply", 303)  # what is for others is not offered here
        typed = read(visit, product, usual(product) | asked_for(visit.request.query_params))
        return page(site, visit, session, product, typed)

    async def costs(visit: Visit) -> Response:
        product = product_at(visit)
        typed = read(visit, product, usual(product) | asked_for(visit.request.query_params))
        return site.page(visit, "app/loans/cost.html", shown_cost(site, visit, product, typed))

    async def send(visit: Visit) -> Response:
        session, product = signed_in(visit, inside=False), product_at(visit)
        form = await form_of(visit, session)
        text = {name: str(form.get(name, "")).strip()[:200] for name in FIELDS}
        text["sources"] = " ".join(str(one) for one in form.getlist("source") if str(one) in DATA)
        typed = read(visit, product, text)
        if str(form.get("do", "")) == "cost":
            return page(site, visit, session, product, typed)
        if not agreed(site, session.who) and not text["agree"]:
            typed.wrong["agree"] = visit.say("loans.agree_needed")
        if typed.wrong:
            return page(site, visit, session, product, typed, 422)
        return await sent(site, visit, session, product, typed._replace(text=text | {"key": key_of(form)}))

    site.add(router, "/app/loans/apply", choose)
    site.add(router, "/app/loans/apply/{product}", begin)
    site.add(router, "/app/loans/apply/{product}", send, "POST")
    site.add(router, "/app/loans/cost/{product}", costs)


def product_at(visit: Visit) -> LoanProduct:
    """The product the address names. Raises Problem."""
    code = visit.request.path_params["product"].partition("@")[0]
    found = next((one for one in (*lendable(), *lendable(True)) if one.code == code), None)
    if found is None:
        raise Problem("not_found")
    return found


def usual(product: LoanProduct) -> dict[str, str]:
    """What a form begins with."""
    unit: int = 10 ** currency(product.currency).places
    amount = min(max(USUAL * unit, product.least_minor), product.prices[-1].most_minor)
    months = 12 if 12 in product.terms else product.terms[len(product.terms) // 2]
    return {"amount": plain(amount, product.currency), "months": str(months), "purpose": product.scene}


def asked_for(query: Mapping[str, str]) -> dict[str, str]:
    """What an address fills the form with."""
    return {name: query[name][:100] for name in ("amount", "months", "purpose", "account") if query.get(name)}


def plain(minor: int, code: str) -> str:
    """An amount as one types it: without zeros behind the point."""
    return format_minor(minor, code).removesuffix(".00")


def read(visit: Visit, product: LoanProduct, text: dict[str, str]) -> Typed:
    """Read amount and term against the product."""
    wrong: dict[str, str] = {}
    try:
        minor = parse_minor(text["amount"].replace(",", "").replace("，", ""), product.currency)
    except MoneyError:
        minor, wrong["amount"] = 0, visit.say("loans.error.amount")
    months = int(text["months"]) if text["months"] in map(str, product.terms) else 0
    if not months:
        wrong["months"] = visit.say("loans.error.months")
    elif "amount" not in wrong and (refusal := not_in_product(product, minor, months)):
        wrong["amount"] = worded(refusal.words(), visit.lang)
    return Typed(minor, months, text, wrong)


def agreed(site: Site, who: str) -> bool:
    """Whether the customer lets the bank look at what a loan is worked out from."""
    names = [consent_id(who, Purpose.CREDIT, data) for data in REGISTER[Purpose.CREDIT].data]
    held = [one for one in site.desk.reader.load(Consent, names) if one.holds(site.now())]
    return len(held) == len(names)


def shown_cost(site: Site, visit: Visit, product: LoanProduct, typed: Typed) -> dict[str, Any]:
    """What the amount and term cost at the best and at the dearest rate they are lent at."""
    prices = prices_for(product, typed.amount_minor) if not typed.wrong else None
    if prices is None:
        return {"costs": None, "product": product}
    best, dear = (
        cost(product, typed.amount_minor, typed.months, price.rate_ppm, site.now()) for price in prices
    )
    rows = rows_of(dear[0].plan)
    return {
        "product": product,
        "costs": {
            "best": best[0], "dear": dear[0], "one": best[0] == dear[0],
            "best_says": worded(best[1], visit.lang), "dear_says": worded(dear[1], visit.lang),
            "rows": rows, "percent": percent,
            "picture": instalments(rows, product.currency, visit.say("loans.chart")),
            "person": typed.amount_minor >= product.person_from_minor,
        },
    }  # fmt: skip


def page(
    site: Site, visit: Visit, session: Session, product: LoanProduct, typed: Typed, status: int = 200
) -> Response:
    """The form with what was typed, what is wrong with it, and what it costs."""
    accounts = [one for one in own_accounts(site, session.who) if one.account.currency == product.currency]
    data = [worded(DATA_NAMES[one], visit.lang) for one in REGISTER[Purpose.CREDIT].data]
    ticked = typed.text["sources"].split() if "sources" in typed.text else None
    company = product.borrower == "company"
    values = {
        "product": product,
        "typed": typed.text,
        "wrong": typed.wrong,
        "months": typed.months,
        "accounts": [(one.account.id, account_name(site, visit, one.account)) for one in accounts],
        "purposes": FOR_COMPANIES if company else () if product.scene else PURPOSES,
        "switches": switches(site, visit, session.who, ticked) if company else [],
        "agreed": agreed(site, session.who),
        "data": ("、" if visit.lang == "zh" else ", ").join(data),
        "key": new_key(),
    }
    return site.page(visit, "app/loans/apply.html", values | shown_cost(site, visit, product, typed), status)


async def sent(site: Site, visit: Visit, session: Session, product: LoanProduct, typed: Typed) -> Response:
    """Give the consent that was ticked, ask for the loan, and go to the answer."""
    text, who = typed.text, session.who
    if not agreed(site, who):
        stamp = site.stamp(session, f"{text['key']}:agree")
        given = await site.do(GiveConsent(customer=who, purpose=Purpose.CREDIT, **stamp))
        if given.answer.refusal is not None:
            typed.wrong["agree"] = worded(given.answer.refusal.words(), visit.lang)
            return page(site, visit, session, product, typed, 422)
    if product.borrower == "company" and is_company(site.desk.reader, who):
        refusal = await set_switches(site, session, text["key"], text.get("sources", "").split())
        if refusal is not None:
            typed.wrong["form"] = worded(refusal.words(), visit.lang)
            return page(site, visit, session, product, typed, 422)
    try:
        command = checked(
            application(
                site.desk.reader,
                site.stamp(session, text["key"]),
                site.desk.home.registry,
                lambda: site.desk.home.insight,
                customer=who,
                product=product.id,
                account=text["account"],
                amount_minor=typed.amount_minor,
                months=typed.months,
                purpose=product.scene or text["purpose"],
                person=bool(text["person"]),
            )  # fmt: skip
        )
    except CommandError:
        typed.wrong["form"] = visit.say("loans.error.form")
        return page(site, visit, session, product, typed, 422)
    answer = (await site.do(command)).answer
    if answer.refusal is not None:
        typed.wrong["form"] = worded(answer.refusal.words(), visit.lang)
        return page(site, visit, session, product, typed, 422)
    return RedirectResponse(f"/app/loans/applications/{answer.made}", 303)
