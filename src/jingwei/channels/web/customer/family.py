"""The family pages: ties offered and answered, a child looked after, an elder's accounts seen by a helper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from starlette.responses import RedirectResponse, Response

from jingwei.channels.problems import Problem
from jingwei.channels.rest.family_views import seen, tie_through, ties_of
from jingwei.channels.rest.reading import amount
from jingwei.channels.web.customer.people import Named
from jingwei.channels.web.pages import worded
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.look_after import LookAfter
from jingwei.journeys.shape import every
from jingwei.journeys.ties import AcceptTie, EndTie, OfferTie
from jingwei.kernel.command import Command, CommandError, checked
from jingwei.kernel.money import format_minor
from jingwei.ledger.accounts import Account, Hold
from jingwei.ledger.family import GUARDIAN, Tie
from jingwei.ledger.work import Challenge, Customer

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.stores.sessions import Session

LINES = 12
SIDES: dict[str, tuple[Literal["guardian", "helper"], bool]] = {
    "my_child": ("guardian", False),
    "my_guardian": ("guardian", True),
    "my_helper": ("helper", True),
}
"""What the form offers: the kind of tie, and whether it is about the asker's own accounts."""


def add_family(router: Router, site: Site) -> None:
    """Add /app/family and what stands below it."""

    async def show(visit: Visit) -> Response:
        return page(site, visit, signed_in(visit, inside=False))

    async def offer(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        form = await form_of(visit, session)
        kind, about_me = SIDES.get(text(form, "what"), SIDES["my_helper"])
        other = text(form, "other").strip().lower()
        whose, keeper = (session.who, other) if about_me else (other, session.who)
        stamp = site.stamp(session, text(form, "key"))
        refusal = await done(site, visit, OfferTie(kind=kind, whose=whose, keeper=keeper, **stamp))
        if refusal:
            return page(site, visit, session, refusal=refusal, typed=other)
        return RedirectResponse("/app/family?told=tie_offered", 303)

    async def answer(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        form = await form_of(visit, session)
        kind = AcceptTie if text(form, "yes") else EndTie
        command = kind(tie=visit.request.path_params["tie"], **site.stamp(session, text(form, "key")))
        refusal = await done(site, visit, command)
        if refusal:
            return page(site, visit, session, refusal=refusal)
        return RedirectResponse(f"/app/family?told={'tie_active' if kind is AcceptTie else 'tie_ended'}", 303)

    site.add(router, "/app/family", show)
    site.add(router, "/app/family", offer, "POST")
    site.add(router, "/app/family/{tie}/answer", answer, "POST")
    add_tie(router, site)


def add_tie(router: Router, site: Site) -> None:
    """Add /app/family/<tie>: what an active tie shows, and what a guardian can do there."""

    async def show(visit: Visit) -> Response:
        return tie_page(site, visit, signed_in(visit, inside=False))

    async def live(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        tie = through(site, visit, session)
        return site.page(visit, "app/tie_live.html", shown(site, visit, tie, session))

    async def limits(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        tie, form = through(site, visit, session), await form_of(visit, session)
        try:
            command = looked_after(site, session, tie, form)
        except Problem as problem:
            if problem.code == "account_not_found":
                raise
            return tie_page(site, visit, session, visit.say("error.amount"), dict(form))
        refusal = await done(site, visit, command)
        if refusal:
            return tie_page(site, visit, session, refusal, dict(form))
        return RedirectResponse(f"/app/family/{tie.id}?told=limits_set", 303)

    async def payment(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        tie, form = through(site, visit, session), await form_of(visit, session)
        refusal = await done(site, visit, denied(site, session, form))
        if refusal:
            return tie_page(site, visit, session, refusal)
        return RedirectResponse(f"/app/family/{tie.id}?told=child_not_paid", 303)

    site.add(router, "/app/family/{tie}", show)
    site.add(router, "/app/family/{tie}/live", live)
    site.add(router, "/app/family/{tie}/limits", limits, "POST")
    site.add(router, "/app/family/{tie}/payment", payment, "POST")


def text(form: FormData, name: str) -> str:
    """A field of a form as text."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


async def done(site: Site, visit: Visit, command: Command) -> str:
    """Have the command done; return why it was not, in the visit's language, or ""."""
    try:
        answer = (await site.do(checked(command))).answer
    except CommandError:
        return visit.say("error.not_read")
    refusal = answer.refusal
    return worded(refusal.words(), visit.lang) if refusal is not None else ""


def through(site: Site, visit: Visit, session: Session) -> Tie:
    """The active tie of the address. Raises Problem when the session may not see through it now."""
    return tie_through(site.desk.reader, visit.request.path_params["tie"], session.who)


def names_of(site: Site, ties: list[Tie], me: str) -> dict[str, str]:
    """What the other sides of one's ties are called, by id: by name who said yes, or who asked.

    Whoever was only asked is called by the number that was typed: nobody learns a stranger's name by asking.
    """
    others = {tie.other(me) for tie in ties}
    told = {tie.other(me) for tie in ties if tie.since or tie.offered_by != me}
    return {who: who for who in others} | {
        one.id: one.name or one.id for one in site.desk.reader.load(Customer, sorted(told))
    }


def page(site: Site, visit: Visit, session: Session, refusal: str = "", typed: str = "") -> Response:
    """The list of ties and the form that offers one."""
    ties = ties_of(site.desk.reader, session.who)
    values = {
        "asked": [tie for tie in ties if tie.status == "offered"],
        "active": [tie for tie in ties if tie.status == "active"],
        "ended": [tie for tie in ties if tie.status == "ended"][:5],
        "names": names_of(site, ties, session.who),
        "refusal": refusal,
        "typed": typed,
    }
    return site.page(visit, "app/family.html", values, 422 if refusal else 200)


def shown(site: Site, visit: Visit, tie: Tie, session: Session) -> dict[str, Any]:
    """What the tie shows: accounts with lines, and payments that wait for the guardian."""
    reader = site.desk.reader
    asked = every(reader, Challenge, "customer", session.who) if tie.kind == GUARDIAN else []
    waiting = [one for one in asked if one.status == "open" and one.expires_at > site.now()]
    holds = {hold.id: hold.account for hold in reader.load(Hold, [one.hold for one in waiting])}
    accounts = seen(reader, tie, LINES)
    own = {standing.account.id for standing, _ in accounts}
    return {
        "tie": tie,
        "name": names_of(site, [tie], session.who)[tie.whose],
        "accounts": accounts,
        "waiting": [one for one in waiting if holds.get(one.hold) in own],
        "guardian": tie.kind == GUARDIAN,
        "named": Named(site, visit, session.who),
    }


def tie_page(
    site: Site, visit: Visit, session: Session, refusal: str = "", typed: dict[str, Any] | None = None
) -> Response:
    """The page of one tie."""
    tie = through(site, visit, session)
    values = shown(site, visit, tie, session) | {"refusal": refusal, "typed": typed or {}, "digits": digits}
    return site.page(visit, "app/tie.html", values, 422 if refusal else 200)


def digits(minor: int | None, currency: str) -> str:
    """An amount as it stands in a field; "" for none."""
    return "" if minor is None else format_minor(minor, currency)


def looked_after(site: Site, session: Session, tie: Tie, form: FormData) -> LookAfter:
    """The guardian's command in the account's currency; an empty field is no limit. Raises Problem."""
    account = next(iter(site.desk.reader.load(Account, [text(form, "account")[:64]])), None)
    if account is None or account.owner != tie.whose:
        raise Problem("account_not_found")
    minor: dict[str, Any] = {
        f"{name}_minor": amount(found, account.currency, f"/{name}", least=0)
        if (found := text(form, name).strip())
        else None
        for name in ("payment", "day", "month")
    }
    stamp = site.stamp(session, text(form, "key"))
    return LookAfter(tie=tie.id, account=account.id, frozen=bool(text(form, "frozen")), **minor, **stamp)


def denied(site: Site, session: Session, form: FormData) -> AnswerStepUp:
    """The guardian's no, bound to what the page showed; a yes is proved on the page of the step-up."""
    minor = text(form, "amount_minor")
    return AnswerStepUp(
        challenge=text(form, "challenge"),
        confirm=False,
        payee=text(form, "payee"),
        amount_minor=int(minor) if minor.isascii() and minor.isdigit() and len(minor) < 18 else 0,
        currency=text(form, "currency"),
        **site.stamp(session, text(form, "key")),
    )
