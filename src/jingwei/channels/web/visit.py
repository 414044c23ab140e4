"""A visit: who looks at a page, in which language, size and light; and the guard of every form."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

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
LONGEST_FROM = 300
"""Letters of the address of a page that one is sent back to."""


class Turned(Exception):
    """The visit goes elsewhere: a response takes the page's place."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class Visit(NamedTuple):
    """One request for a page. `session` is None for a stranger; `elder` asks for large type.

    `secure` says that browsers reach the bank over https, if through a proxy: cookies are marked so.
    `size` is how much larger than that ("", "large", "largest"); `aloud` offers to read the page aloud.
    """

    request: Request
    session: Session | None
    lang: str
    elder: bool
    theme: str
    secure: bool = False
    size: str = ""
    aloud: bool = False

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
    size = request.cookies.get("size", "")
    aloud = elder or request.cookies.get("aloud") == "1"
    return Visit(
        request, session, lang, elder, theme if theme in ("light", "dark") else "", False,
        size if size in ("large", "largest") else "", aloud,
    )  # fmt: skip


def signed_in(visit: Visit, *, inside: bool, roles: tuple[str, ...] = ()) -> Session:
    """The session of a customer (or, `inside`, of staff); raises Turned towards the sign-in page.

    With `roles`, raises Problem `not_allowed` for a session that has none of them.
    """
    session = visit.session
    if session is None or session.inside != inside:
        told = "" if visit.request.method == "GET" else "&told=session_over"
        to = came_from(visit) if told else visit.path
        raise Turned(RedirectResponse(f"/sign-in?next={quote(to)}{told}", 303))
    if roles and not may(session.roles, roles):
        raise Problem("not_allowed")
    return session


def came_from(visit: Visit) -> str:
    """The page of ours that a form was sent from, with its question; where it was sent to if unknown.

    Without what it told of something done or refused before: that is not so of what was sent now.
    """
    request = visit.request
    host, slash, rest = request.headers.get("referer", "").partition("://")[2].partition("/")
    known = slash and host == request.headers.get("host", "") and len(rest) <= LONGEST_FROM
    if not known:
        return visit.path
    page, _, asked = rest.lstrip("/").partition("?")
    left = [pair for pair in parse_qsl(asked, keep_blank_values=True) if pair[0] not in ("told", "error")]
    return f"/{page}?{urlencode(left)}" if left else f"/{page}"


def admit(visit: Visit, roles: tuple[str, ...]) -> None:
    """Let only sessions with one of these roles pass: strangers to the sign-in page, others not at all."""
    inside = visit.path.startswith("/desk")
    signed_in(visit, inside=inside, roles=roles)


def same_site(visit: Visit, origin_here: str) -> None:
    """Raises Problem `not_allowed` for a form that another site had the browser send.

    Browsers say where a request comes from: Sec-Fetch-Site, and Origin with every POST. `origin_here` is how
    browsers reach the bank, also through a proxy that changes the Host header.
    """
    request = visit.request
    if request.method in ("GET", "HEAD"):
        return
    fetched = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin", "")
    here = request.headers.get("host", "")
    foreign = origin and origin != origin_here and origin.partition("://")[2] != here
    if fetched not in ("same-origin", "none") or foreign:
        raise Problem("not_allowed")


async def form_of(visit: Visit, session: Session) -> FormData:
    """The fields of a posted form; raises Turned when it does not carry the session's own token."""
    form = await visit.request.form(max_fields=MOST_FIELDS, max_files=0)
    token = form.get("form_token", "")
    if not (isinstance(token, str) and hmac.compare_digest(token.encode(), session.form_token.encode())):
        to, _, asked = came_from(visit).partition("?")
        raise Turned(RedirectResponse(f"{to}?{asked}{'&' if asked else ''}error=form_old", 303))
    return form
