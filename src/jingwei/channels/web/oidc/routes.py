"""The provider's addresses under /oidc: discovery, keys, authorize, token, userinfo, revoke, end-session."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus, urlencode, urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from jingwei.channels.web.oidc.asked import Unasked, Wish, redirect_of, wish_of
from jingwei.channels.web.oidc.provider import IDENTITY, REQUEST_LIFE, Provider
from jingwei.channels.web.pages import GUARD
from jingwei.channels.web.visit import COOKIE, Visit, form_of
from jingwei.kernel.refusal import Words

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site

NO_STORE = {"cache-control": "no-store", "pragma": "no-cache", "x-content-type-options": "nosniff"}
MOST_FIELDS = 20
Program = Callable[[Request], Awaitable[Response]]


def add_routes(router: Router, site: Site, provider: Provider) -> None:
    """Add them all."""
    add_pages(router, site, provider)
    add_programs(router, provider)


def told(body: Any, status: int = 200, **headers: str) -> Response:
    """A JSON answer that nobody keeps."""
    content = msgspec.json.encode(body)
    return Response(content, status, NO_STORE | headers, "application/json")


def back(wish_redirect: str, **values: str) -> RedirectResponse:
    """Back to the program, with values in the query."""
    glue = "&" if urlsplit(wish_redirect).query else "?"
    headers = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
    return RedirectResponse(f"{wish_redirect}{glue}{urlencode(values)}", 303, headers=headers)


class Pages:
    """What people see: the question whether to go on, and signing out."""

    def __init__(self, site: Site, provider: Provider) -> None:
        self.site = site
        self.provider = provider

    async def authorize(self, visit: Visit) -> Response:
        """Take a request for a code, or say why not; then ask its person."""
        asked, provider = single(visit.request), self.provider
        client = self.site.signon.identities.client(asked.get("client_id", ""))
        try:
            redirect = redirect_of(client, asked)
        except Unasked as unasked:
            return self.site.wrong(visit, Words(unasked.says, "该应用的请求无效，请联系应用提供方。"), 400)
        state = {"state": asked["state"]} if asked.get("state") else {}
        assert client is not None
        try:
            wish = wish_of(client, redirect, asked)
        except Unasked as unasked:
            told = {"error": unasked.code, "error_description": unasked.says}
            return back(redirect, iss=provider.issuer, **told, **state)
        if wish.prompt == "none":
            error = "login_required" if visit.session is None else "interaction_required"
            return back(redirect, error=error, iss=provider.issuer, **state)
        return RedirectResponse(f"/oidc/go/{provider.remember(wish)}", 303)

    async def asks(self, visit: Visit) -> Response:
        """Ask whether the program may act for whoever signed in; strangers sign in first."""
        request_id = visit.request.path_params["request"]
        wish = self.provider.wished(request_id)
        if wish is None:
            return self.site.wrong(visit, OVER, 400)
        if self.stranger(visit, wish):
            return self.sign_in(visit)
        client = self.site.signon.identities.client(wish.client)
        name = client.name if client else ""
        values = {"client": name, "scopes": wish.scope.split(), "wish": request_id}
        page = self.site.page(visit, "oidc.html", values)
        page.headers["content-security-policy"] = guard_to(wish.redirect)
        return page

    def stranger(self, visit: Visit, wish: Wish) -> bool:
        """Whether somebody must sign in before they can say yes: nobody did, or not since it was asked."""
        session = visit.session
        since = begun(self.site, visit.request.path_params["request"]) if wish.prompt == "login" else 0
        return session is None or session.strong_at < since

    def sign_in(self, visit: Visit) -> Response:
        """To the sign-in page and back to the question."""
        self.site.sessions.end(visit.request.cookies.get(COOKIE, ""))
        return RedirectResponse(f"/sign-in?next=/oidc/go/{visit.request.path_params['request']}", 303)

    async def answered(self, visit: Visit) -> Response:
        """Give the code, once, or say that its person does not want to."""
        request_id, provider = visit.request.path_params["request"], self.provider
        wish = provider.wished(request_id)
        if wish is None or visit.session is None:
            return self.site.wrong(visit, OVER, 400)
        if self.stranger(visit, wish):
            return self.sign_in(visit)
        form = await form_of(visit, visit.session)
        shared = {"state": wish.state, "iss": provider.issuer}
        if form.get("answer") != "yes":
            self.site.signon.identities.once.use(request_id, "authorize", self.site.now())
            return back(wish.redirect, error="access_denied", **shared)
        code = provider.grant(request_id, wish, visit.session)
        return self.site.wrong(visit, OVER, 400) if code is None else back(wish.redirect, code=code, **shared)

    async def leaving(self, visit: Visit) -> Response:
        """Ask whether to sign out everywhere."""
        onward = leave_to(self.site, self.provider, single(visit.request))
        if visit.session is None:
            return RedirectResponse(onward or "/sign-in?told=signed_out", 303)
        page = self.site.page(visit, "oidc_leave.html")
        page.headers["content-security-policy"] = guard_to(onward)
        return page

    async def left(self, visit: Visit) -> Response:
        """Sign out; every token that hangs on the session is over."""
        onward = leave_to(self.site, self.provider, single(visit.request))
        if visit.session is not None:
            await form_of(visit, visit.session)
            self.site.sessions.end(visit.request.cookies.get(COOKIE, ""))
        response = RedirectResponse(onward or "/sign-in?told=signed_out", 303)
        response.delete_cookie(COOKIE)
        return response


def add_pages(router: Router, site: Site, provider: Provider) -> None:
    """Add what people see."""
    pages = Pages(site, provider)
    site.add(router, "/oidc/authorize", pages.authorize)
    site.add(router, "/oidc/go/{request}", pages.asks)
    site.add(router, "/oidc/go/{request}", pages.answered, "POST")
    site.add(router, "/oidc/end-session", pages.leaving)
    site.add(router, "/oidc/end-session", pages.left, "POST")


OVER = Words(
    "This sign-on took too long or was answered already. Go back to the program and begin again.",
    "登录请求已超时或已处理。请返回应用重新开始。",
)


def begun(site: Site, request_id: str) -> int:
    """When a kept request began."""
    found = site.signon.identities.once.find(request_id, "authorize")
    return found.ends_at - REQUEST_LIFE if found else 0


def guard_to(redirect: str) -> str:
    """The content security policy of a page whose form ends at the program's address."""
    parts = urlsplit(redirect)
    to = f" {parts.scheme}://{parts.netloc}" if parts.netloc else f" {parts.scheme}:" if parts.scheme else ""
    return GUARD["content-security-policy"].replace("form-action 'self'", f"form-action 'self'{to}")


def leave_to(site: Site, provider: Provider, asked: dict[str, str]) -> str:
    """Where to go after signing out: only to an address registered by the client the id token is for."""
    claims = provider.keys.read(asked.get("id_token_hint", ""), IDENTITY) or {}
    client = site.signon.identities.client(str(claims.get("aud", "")))
    wanted = asked.get("post_logout_redirect_uri", "")
    if client is None or wanted not in client.redirects:
        return ""
    state = f"?{urlencode({'state': asked['state'][:512]})}" if asked.get("state") else ""
    return wanted + state


def single(request: Request) -> dict[str, str]:
    """What is asked in the query; a name that stands twice counts as empty (RFC 6749, 3.1)."""
    pairs = request.query_params.multi_items()
    names = [name for name, _ in pairs]
    return {name: value if names.count(name) == 1 else "" for name, value in pairs}


# -- programs ------------------------------------------------------------------------------------


class Programs:
    """What programs call."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    async def discovery(self, request: Request) -> Response:
        """What there is and where (OpenID Connect Discovery 1.0)."""
        return told(self.provider.described())

    async def keys(self, request: Request) -> Response:
        """The public keys tokens are checked with."""
        return told(self.provider.keys.published())

    async def token(self, request: Request) -> Response:
        """Tokens for a code or a refresh token."""
        asked = await form_fields(request)
        client = self.provider.client(asked, basic_of(request), address_of(request))
        kind = asked.get("grant_type")
        if kind == "authorization_code":
            return told(self.provider.by_code(client, asked))
        if kind == "refresh_token":
            return told(self.provider.by_refresh(client, asked))
        raise Unasked("unsupported_grant_type", "grant_type must be authorization_code or refresh_token")

    async def revoke(self, request: Request) -> Response:
        """Take back a token (RFC 7009)."""
        asked = await form_fields(request)
        client = self.provider.client(asked, basic_of(request), address_of(request))
        self.provider.revoke(client, asked.get("token", ""))
        return told({})

    async def userinfo(self, request: Request) -> Response:
        """Whose access token this is."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        claims = self.provider.claims(text.strip()) if scheme.lower() == "bearer" else None
        scopes = str(claims["scope"]).split() if claims else []
        if claims is None or "openid" not in scopes:
            head = {"www-authenticate": 'Bearer error="invalid_token"'}
            return told({"error": "invalid_token"}, 401, **head)
        site = self.provider.site
        session = site.sessions.named(str(claims["sid"]), site.now())
        known = session is not None and "profile" in scopes
        more = {"name": session.name, "roles": list(session.roles)} if session and known else {}
        return told({"sub": claims["sub"], **more})


def add_programs(router: Router, provider: Provider) -> None:
    """Add what programs call."""
    programs = Programs(provider)
    for path, handler, methods in (
        ("/oidc/.well-known/openid-configuration", programs.discovery, ["GET"]),
        ("/oidc/jwks", programs.keys, ["GET"]),
        ("/oidc/token", programs.token, ["POST"]),
        ("/oidc/revoke", programs.revoke, ["POST"]),
        ("/oidc/userinfo", programs.userinfo, ["GET", "POST"]),
    ):
        router.add_route(path, safely(handler), methods, include_in_schema=False)


def safely(handler: Program) -> Program:
    """A program's address: what is not taken is answered as OAuth says (RFC 6749, 5.2)."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except Unasked as unasked:
            status = 401 if unasked.code == "invalid_client" else 400
            headers = {"www-authenticate": 'Basic realm="jingwei"'} if status == 401 else {}
            return told({"error": unasked.code, "error_description": unasked.says}, status, **headers)

    return answer


async def form_fields(request: Request) -> dict[str, str]:
    """The fields of a posted form, each at most once. Raises Unasked."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Unasked("invalid_request", "send application/x-www-form-urlencoded")
    form = await request.form(max_fields=MOST_FIELDS, max_files=0)
    pairs = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    if len({name for name, _ in pairs}) < len(pairs):
        raise Unasked("invalid_request", "a parameter stands twice")
    return dict(pairs)


def address_of(request: Request) -> str:
    """The address a program asks from, as the server sees it (a proxy in front must be told to it)."""
    return request.client.host if request.client else ""


def basic_of(request: Request) -> tuple[str, str] | None:
    """Client id and secret of HTTP Basic (RFC 6749, 2.3.1), or None. Raises Unasked."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Unasked("invalid_client", "no such client, or its secret is wrong") from None
    if not colon:
        raise Unasked("invalid_client", "no such client, or its secret is wrong")
    return unquote_plus(name), unquote_plus(secret)
