"""Making pages: templates filled for one visit, sent with headers that let nothing foreign run."""

from __future__ import annotations

import logging
import os
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from jingwei.channels.demo import made_up_roles
from jingwei.channels.problems import Problem
from jingwei.channels.release import release
from jingwei.channels.rest.sheet import ICON, WEAVE
from jingwei.channels.roles import may, may_ask
from jingwei.channels.roles import page as page_roles
from jingwei.channels.web.days import day_name
from jingwei.channels.web.phrases import phrases, say
from jingwei.channels.web.stacked import stacked
from jingwei.channels.web.visit import Turned, Visit, admit, same_site, visit_of
from jingwei.kernel.clock import local_text, parse_iso
from jingwei.kernel.command import CommandError, checked
from jingwei.kernel.money import currency, format_minor
from jingwei.kernel.refusal import Words
from jingwei.stores.store import StoreError

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.bank import Reply
    from jingwei.channels.rest.app import Task
    from jingwei.channels.rest.desk import Desk
    from jingwei.channels.signon.people import SignOn
    from jingwei.channels.web.name_checks import Checks
    from jingwei.kernel.command import Command
    from jingwei.stores.drafts import Drafts
    from jingwei.stores.sessions import Session, Sessions
    from jingwei.stores.views import Views

LOG = logging.getLogger("jingwei.web")
GUARD = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "strict-transport-security": "max-age=31536000",
}
SIGNS = {"CNY": "¥", "JPY": "JP¥", "USD": "$", "EUR": "€", "GBP": "£"}

LONG_MONEY = 14
"""Letters of an amount that is written smaller where amounts are large."""

_NUMBER = re.compile(r"[+0-9][0-9 \-]{2,24}")

Handler = Callable[[Visit], Awaitable[Response]]


class Site:
    """Everything a page needs: the desk (bank, reader, words), the sessions, the templates."""

    def __init__(self, desk: Desk, sessions: Sessions, signon: SignOn, demo: bool = False) -> None:
        """`demo` shows made-up people at the sign-in page, one press each."""
        self.desk = desk
        self.sessions = sessions
        self.signon = signon
        self.demo = demo
        self.telephone = telephone()
        self.tasks: list[Task] = []
        """What runs beside the pages."""
        self.drafts: Drafts
        self.views: Views
        self.checks: Checks
        self.guards: dict[tuple[str, str], tuple[str, ...]] = {}
        """Every page by method and address, with the roles that may open it; () for everybody."""

        self.templates = jinja2.Environment(
            loader=jinja2.PackageLoader("jingwei.channels.web"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.filters |= {"money": money, "when": when}
        self.templates.globals |= {"weave": Markup(WEAVE), "icon": ICON, "release": release()}

    def now(self) -> int:
        """The bank's time (microseconds UTC)."""
        return self.desk.home.clock.now()

    def page(
        self, visit: Visit, template: str, values: Mapping[str, Any] | None = None, status: int = 200
    ) -> HTMLResponse:
        """The filled template as a response."""
        session = visit.session
        here: dict[str, Any] = {
            "visit": visit,
            "session": session,
            "say": lambda key, **values: said(visit.lang, key, values),
            "words": lambda words: worded(words, visit.lang),
            "form_token": form_token(session),
            "new_key": new_key,
            "may_open": lambda path: session is not None and may(session.roles, page_roles(path)),
            "leads": lambda path, text, more="go": leads(session, path, text, more),
            "now": self.now(),
            "day_of": lambda at: day_name(at, self.now(), visit.lang),
            "day_named": lambda day: day_name(parse_iso(day), self.now(), visit.lang),
            "telephone": self.telephone,
            "known": phrases(),
            "writing": self.desk.writing.percent if self.desk.writing else None,
            "error": code_in(visit, "error"),
            "told": code_in(visit, "told"),
        }
        text = stacked(self.templates.get_template(template).render({**here, **(values or {})}))
        response = HTMLResponse(text, status, GUARD)
        if visit.request.query_params.get("lang") in ("en", "zh"):
            response.set_cookie("lang", visit.lang, max_age=31_536_000, samesite="lax", httponly=True)
        return response

    def add(
        self, router: Router, path: str, handler: Handler, *methods: str, roles: tuple[str, ...] = ()
    ) -> None:
        """Route a page: what goes wrong becomes a page that says what to do.

        Here, and nowhere else, it is decided who may open a page: those of `roles`, by default those whom
        channels/roles.py names for its address. Strangers go to the sign-in page.
        """
        open_to = self.guards_of(path, roles, methods or ("GET",))
        origin = self.signon.party.origin
        secure = origin.startswith("https://")

        async def answer(request: Request) -> Response:
            visit = visit_of(request, self.sessions, self.now())._replace(secure=secure)
            try:
                same_site(visit, origin)
                if open_to:
                    admit(visit, open_to)
                return await handler(visit)
            except Turned as turned:
                return turned.response
            except Problem as problem:
                words = problem.told
                return self.wrong(visit, words, problem.kind.status)
            except StoreError:
                LOG.exception("%s %s was not served", request.method, path)
                return self.wrong(visit, STORE, 503)

        router.add_route(path, answer, list(methods) or ["GET"], include_in_schema=False)

    def guards_of(self, path: str, roles: tuple[str, ...], methods: tuple[str, ...]) -> tuple[str, ...]:
        """The roles that may open a page; noted for whoever wants to see the whole table."""
        inside = path.startswith(("/app", "/desk"))
        open_to = tuple(role for role in page_roles(path) if not roles or role in roles) if inside else ()
        assert open_to or not inside, f"nobody may open {path}: see PAGES in channels/roles.py"
        self.guards |= {(method, path): open_to for method in methods}
        return open_to

    def roles_of(self, actor: str) -> tuple[str, ...]:
        """The fine roles of an actor: as kept for people, as made up in a demo."""
        person = self.signon.identities.person(actor)
        if person is not None:
            return () if person.disabled_at else person.roles
        return made_up_roles(actor)

    def wrong(self, visit: Visit, words: Words, status: int) -> HTMLResponse:
        """The page that says what went wrong."""
        return self.page(visit, "wrong.html", {"says": worded(words, visit.lang), "status": status}, status)

    def stamp(self, session: Session, key: str) -> dict[str, Any]:
        """The fields every command carries: its key, who asks, and when."""
        at = self.now()
        return {"key": key[:255] or new_key(), "actor": session.actor, "at": at, "known_at": at}

    async def do(self, command: Command) -> Reply:
        """Have a command done; the reply comes once it is durable. Raises StoreError.

        Raises Problem `not_allowed` when none of the actor's roles may ask for it (channels/roles.py), and
        `field_not_valid` when a field does not hold what its type says: a record that could not be read
        again is never written.
        """
        if not may_ask(self.roles_of(command.actor), type(command)):
            raise Problem("not_allowed")
        try:
            command = checked(command)
        except CommandError as wrong:
            raise Problem("field_not_valid", f"/{wrong.where}", why=wrong.says) from None
        return await self.desk.joined.ask(command)


def telephone() -> str:
    """The bank's telephone number from JINGWEI_TELEPHONE; "" when none can be dialled."""
    number = os.environ.get("JINGWEI_TELEPHONE", "").strip()
    return number if _NUMBER.fullmatch(number) else ""


STORE = Words(
    "The books cannot be written or read right now. Nothing was lost and nothing was done twice; "
    "try again in a minute.",
    "账务系统暂时无法读写。没有任何数据丢失，也没有重复办理；请一分钟后再试。",
)


def worded(words: Words, lang: str) -> str:
    """Words in this language."""
    return words.zh if lang == "zh" else words.en


def said(lang: str, key: str, values: Mapping[str, object]) -> Markup:
    """The sentence as HTML; values that are not HTML already are escaped."""
    return escape(say(lang, key)).format(**values)


def leads(session: Session | None, path: str, text: str, more: str = "go") -> Markup:
    """A link for whoever may open what it leads to, the mere text for others; `more` is its class."""
    if session is None or not may(session.roles, page_roles(path.partition("?")[0])):
        return escape(text)
    kind = Markup(' class="{}"').format(more) if more else ""
    return Markup('<a{} href="{}">{}</a>').format(kind, path, text)


def code_in(visit: Visit, kind: str) -> str:
    """The key of the sentence that ?error= or ?told= names, or "" when there is no such sentence."""
    key = f"{kind}.{visit.request.query_params.get(kind, '')}"
    return key if key in phrases() else ""


def form_token(session: Session | None) -> Markup:
    """The hidden field that every form of a session carries."""
    value = session.form_token if session else ""
    return Markup('<input type="hidden" name="form_token" value="{}">').format(value)


def new_key() -> str:
    """A fresh idempotency key; a form carries it, so that sending it twice does it once."""
    return f"web:{secrets.token_urlsafe(15)}"


def when(at: int, form: str = "%Y-%m-%d %H:%M") -> Markup:
    """A moment as people read it, its day in one unbroken piece."""
    return Markup('<span class="date">{}</span>').format(local_text(at, form))


def money(minor: int, code: str, plus: bool = False) -> Markup:
    """An amount as people read it: -¥1,234.50 as one unbroken piece; `plus` marks what came in."""
    sign = "−" if minor < 0 else "+" if plus and minor > 0 else ""
    digits = format_minor(abs(minor), code)
    whole, dot, part = digits.partition(".")
    grouped = f"{int(whole):,}{dot}{part}"
    unit = SIGNS.get(code)
    text = f"{sign}{unit}{grouped}" if unit else f"{sign}{grouped} {escape(currency(code).code)}"
    long = " long" if len(text) > LONG_MONEY else ""
    return Markup('<span class="money{}" translate="no">{}</span>').format(long, text)
