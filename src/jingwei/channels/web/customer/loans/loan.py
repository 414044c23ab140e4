"""One loan: its schedule and what is due, repaying early with a preview, giving it back, its entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from starlette.responses import RedirectResponse, Response

from jingwei.channels.web.customer.loans.applying import plain
from jingwei.channels.web.customer.loans.mine import own
from jingwei.channels.web.customer.people import Named
from jingwei.channels.web.customer.transfer import key_of
from jingwei.channels.web.lending.entries import entries
from jingwei.channels.web.lending.pictures import instalments
from jingwei.channels.web.lending.told import Change, Standing, name_of, preview, standing
from jingwei.channels.web.pages import worded
from jingwei.channels.web.saved import font
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.domains.credit.loan_changes import How
from jingwei.domains.credit.loans import RUNNING, WRITTEN_OFF, Loan
from jingwei.domains.credit.offer import percent
from jingwei.journeys.repay_loan import CancelLoan, RepayLoan
from jingwei.kernel.clock import bank_day, day_start
from jingwei.kernel.money import MoneyError, parse_minor
from jingwei.kernel.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.stores.sessions import Session

MISSING = "loan_not_found"
HOWS: tuple[How, ...] = get_args(How)


def add_loan(router: Router, site: Site) -> None:
    """Add /app/loans/{loan}, repaying it, and giving it back."""

    def found(visit: Visit) -> tuple[Session, Loan]:
        session = signed_in(visit, inside=False)
        return session, own(site, session, Loan, visit.request.path_params["loan"], MISSING)

    async def show(visit: Visit) -> Response:
        _, loan = found(visit)
        return page(site, visit, loan)

    async def ask(visit: Visit) -> Response:
        _, loan = found(visit)
        return repay_page(site, visit, loan, visit.request.query_params)

    async def repay(visit: Visit) -> Response:
        session, loan = found(visit)
        form = await form_of(visit, session)
        fields = {name: str(form.get(name, "")).strip()[:40] for name in ("how", "amount", "total", "key")}
        return await repaid(site, visit, session, loan, fields | {"key": key_of(form)})

    async def cancel(visit: Visit) -> Response:
        session, loan = found(visit)
        stamp = site.stamp(session, key_of(await form_of(visit, session)))
        refusal = (await site.do(CancelLoan(customer=session.who, loan=loan.id, **stamp))).answer.refusal
        if refusal is not None:
            return page(site, visit, loan, worded(refusal.words(), visit.lang))
        return RedirectResponse(f"/app/loans/{loan.id}?told=loan_given_back", 303)

    site.add(router, "/app/loans/{loan}", show)
    site.add(router, "/app/loans/{loan}/repay", ask)
    site.add(router, "/app/loans/{loan}/repay", repay, "POST")
    site.add(router, "/app/loans/{loan}/cancel", cancel, "POST")


def page(site: Site, visit: Visit, loan: Loan, wrong: str = "") -> Response:
    """The loan as it stands now."""
    shown = standing(loan, site.now())
    values: dict[str, Any] = {
        "loan": shown.loan,
        "shown": shown,
        "product": shown.product,
        "wrong": wrong,
        "name": name_of(visit, loan.product),
        "percent": percent,
        "account": Named(site, visit, loan.customer)(loan.account),
        "picture": instalments(shown.rows, loan.currency, visit.say("loans.chart")),
        "back_until": back_until(loan, shown, site.now()),
        "entries": entries(site, loan),
        "pdf": font() is not None,
    }
    return site.page(visit, "app/loans/loan.html", values, 422 if wrong else 200)


def back_until(loan: Loan, shown: Standing, now: int) -> int:
    """The last moment in which the loan can be given back free of charge; 0 when it cannot any more."""
    days = shown.product.cooling_off_days
    last = bank_day(loan.signed_at) + days
    untouched = loan.principal_minor == loan.amount_minor and not loan.interest_paid_minor
    if loan.status != RUNNING or not days or not untouched or loan.due_minor or bank_day(now) > last:
        return 0
    return day_start(last + 1) - 1


def read(loan: Loan, shown: Standing, asked: Mapping[str, str]) -> tuple[How, int | None]:
    """How and how much is to be paid; None when the amount cannot be read."""
    usual: How = "due" if shown.owed_minor else "shorter"
    how = next((one for one in HOWS if one == asked.get("how")), usual)
    if how == "all":
        return how, shown.all_minor
    if how == "due":
        return how, shown.owed_minor
    try:
        minor = parse_minor(asked.get("amount", "").replace(",", "").replace("，", ""), loan.currency)
    except MoneyError:
        return how, None
    return how, minor if minor > 0 else None


def repay_page(
    site: Site, visit: Visit, loan: Loan, asked: Mapping[str, str], wrong: str = "", status: int = 200
) -> Response:
    """How to repay, and what it would do."""
    now = site.now()
    shown = standing(loan, now)
    how, minor = read(loan, shown, asked)
    change: Change | None = None
    if asked.get("how") and loan.status == RUNNING:
        if minor is None:
            wrong = wrong or visit.say("loans.error.amount")
        else:
            tried = preview(loan, minor, how, now)
            change = None if isinstance(tried, Refusal) else tried
            if isinstance(tried, Refusal):
                wrong = wrong or worded(tried.words(), visit.lang)
    values = {
        "loan": shown.loan, "shown": shown, "name": name_of(visit, loan.product), "how": how,
        "amount": asked.get("amount", ""), "change": change, "total": minor or 0, "wrong": wrong,
        "account": Named(site, visit, loan.customer)(loan.account), "plain": plain,
        "written_off": loan.status == WRITTEN_OFF,
    }  # fmt: skip
    return site.page(visit, "app/loans/repay.html", values, 422 if wrong and status == 200 else status)


async def repaid(site: Site, visit: Visit, session: Session, loan: Loan, fields: dict[str, str]) -> Response:
    """Pay what the preview showed; when it is another amount by now, show the preview again."""
    shown = standing(loan, site.now())
    how, minor = read(loan, shown, fields)
    if minor is None:
        return repay_page(site, visit, loan, fields, visit.say("loans.error.amount"), 422)
    if fields["total"] != str(minor):
        return repay_page(site, visit, loan, fields, visit.say("loans.error.changed"), 422)
    command = RepayLoan(
        **site.stamp(session, fields["key"]), customer=session.who, loan=loan.id, amount_minor=minor, how=how
    )
    refusal = (await site.do(command)).answer.refusal
    if refusal is not None:
        return repay_page(site, visit, loan, fields, worded(refusal.words(), visit.lang), 422)
    return RedirectResponse(f"/app/loans/{loan.id}?told=loan_paid", 303)
