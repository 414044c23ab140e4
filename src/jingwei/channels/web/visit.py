"""A visit: who looks at a page, in which language, size and light; and the guard of every form."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, NamedTuple

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from jingwei.channels.problems import Problem
from jingwei.channels.rest.pages import language
from jingwei.channels.roles import may
from jingwei.channels.web.phrases import LANGUAGES, say

if TYPE_CHECKING:
    from starlette.datastructures import FormData

    from jingwei.stores.sessions import Session, Sessions

COOKIE = "jingwei_session"
MOST_FIELDS = 60
MOST_BYTES = 65_536


class Turned(Exception):
    """The visit goes elsewhere: a response takes the page's place."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class Visit(NamedTuple):
    """One request for a page. `session` is None for a stranger; `elder` asks for large type."""

    request: Request
    session: Session | None
    lang: str
    elder: bool
    theme: str

    def say(self, key: str, **values: object) -> str:
        """The sentence in the visit's language."""
        return say(self.lang, key, **values)

    @property
    def tag(self) -> str:
        """The HTML language tag."""
        return LANGUAGES[self.lang]

    @property
    def path(self) -> str:
        """Where the visit is, without what was asked."""
        return str(self.request.url.path)


def visit_of(request: Request, sessions: Sessions, now: int) -> Visit:
    """The visit behind a request."""
    secret = request.cookies.get(COOKIE, "")
    session = sessions.find(secret, now) if secret else None
    kept = request.cookies.get("lang", "")
    lang = kept if kept in LANGUAGES and "lang" not in request.query_params else language(request)
    theme = request.cookies.get("theme", "")
    elder = request.cookies.get("elder") == "1"
    return Visit(request, session, lang, elder, theme if theme in ("light", "dark") else "")


def signed_in(visit: Visit, *, inside: bool, roles: tuple[str, ...] = ()) -> Session:
    """The session of a customer (or, `inside`, of staff); raises Turned towards the sign-in page.

    With `roles`, raises Problem `not_allowed` for a session that has none of them.
    """
    session = visit.session
    if session is None or session.inside != inside:
        to = visit.request.url.path
        raise Turned(RedirectResponse(f"/sign-in?next={to}", 303))
    if roles and not may(session.roles, roles):
        raise Problem("not_allowed")
    return session


def admit(visit: Visit, roles: tuple[str, ...]) -> None:
    """Let only sessions with one of these roles pass: strangers to the sign-in page, others not at all."""
    inside = visit.path.startswith("/desk")
    signed_in(visit, inside=inside, roles=roles)


def same_site(visit: Visit) -> None:
    """Raises Problem `not_allowed` for a form that another site had the browser send.

    Browsers say where a request comes from: Sec-Fetch-Site, and Origin with every POST.
    """
    request = visit.request
    if request.method in ("GET", "HEAD"):
        return
    fetched = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin", "")
    here = request.headers.get("host", "")
    if fetched not in ("same-origin", "none") or (origin and origin.partition("://")[2] != here):
        raise Problem("not_allowed")


async def form_of(visit: Visit, session: Session) -> FormData:
    """The fields of a posted form; raises Turned when it does not carry the session's own token."""
    form = await visit.request.form(max_fields=MOST_FIELDS, max_files=0)
    token = form.get("form_token", "")
    if not (isinstance(token, str) and hmac.compare_digest(token.encode(), session.form_token.encode())):
        raise Turned(RedirectResponse(f"{visit.path}?error=form_old", 303))
    return form
