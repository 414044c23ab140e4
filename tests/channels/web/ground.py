"""A bank with people who really sign in: enrolled customers and staff, a passkey, and two programs."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from tests.channels.web.authenticator import Authenticator
from tests.channels.web.browser import Browser

from jingwei.channels.signon import codes, enrol
from jingwei.channels.signon.passwords import hashed
from jingwei.channels.signon.people import SignOn
from jingwei.channels.web.app import ORIGIN
from jingwei.channels.web.oidc.provider import Provider
from jingwei.channels.web.pages import Site
from jingwei.channels.web.sign_in import BEFORE, before_token
from jingwei.channels.web.visit import COOKIE
from jingwei.stores.identities import Client, Person

PASSWORD = "correct horse battery"
REDIRECT, SECRET = "https://shop.example/back", "a secret of the server"
SCOPES = ("openid", "profile", "bank.read", "bank.pay")
PEOPLE = (
    ("customer:alice", "alice", ("customer",)),
    ("customer:bob", "bob", ("customer",)),
    ("customer:carol", "carol", ("child",)),
    ("staff:teller", "tilda", ("teller",)),
    ("staff:reviewer", "rita", ("risk_reviewer",)),
    ("staff:admin", "ada", ("admin",)),
)


class Ground(Browser):
    """The browser of a bank with real people. `jar` keeps what a visitor has; `as_new` forgets it."""

    digest = hashed(PASSWORD)

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.signon = SignOn(self.home.path, self.clock, ORIGIN)
        self.ids = self.signon.identities
        self.secrets: dict[str, bytes] = {}
        self.spare: dict[str, list[str]] = {}
        for actor, login, roles in PEOPLE:
            self.enrolled(actor, login, roles)
        for client_id, secret in (("shop", ""), ("server", SECRET)):
            mark = self.ids.vault.mark(secret, f"client:{client_id}") if secret else b""
            self.ids.keep_client(Client(client_id, client_id.title(), (REDIRECT,), SCOPES, mark))
        self.key = Authenticator(ORIGIN, "localhost")

    def enrolled(self, actor: str, login: str, roles: tuple[str, ...]) -> None:
        """Somebody with password, one-time codes and recovery codes."""
        self.ids.add(Person(actor, login, login.title(), roles))
        self.secrets[login] = codes.new_secret()
        self.ids.set_password(actor, self.digest)
        self.ids.factors.set_totp(actor, self.secrets[login], self.clock.now())
        self.spare[login] = enrol.new_recovery(self.signon, actor)

    @property
    def site(self) -> Site:
        """The running site, found through the application's routes."""
        return self.provider.site

    @property
    def provider(self) -> Provider:
        """The running OpenID provider."""
        listener: Any = self.front.payments._tokens._listeners[0]
        found: Provider = listener.__self__
        return found

    def close(self) -> None:
        self.signon.close()
        super().close()

    # -- signing in ---------------------------------------------------------------------------

    def later(self, seconds: int = 31) -> None:
        """Let time pass: the next one-time code is another."""
        self.clock.advance(seconds * 1_000_000)

    def code(self, login: str = "alice", steps: int = 0) -> str:
        """The one-time code of now, or of so many steps from now."""
        return codes.code_at(self.secrets[login], self.clock.now() // codes.STEP + steps)

    def before(self) -> str:
        """The token of the sign-in page's forms."""
        kept = self.client.cookies.get(BEFORE)
        if kept is None:
            self.get("/enrol")
        return before_token(self.site, self.client.cookies[BEFORE])

    def token(self, path: str = "/app") -> str:
        """The form token of the session at hand."""
        session = self.site.sessions.find(self.client.cookies.get(COOKIE, ""), self.clock.now())
        return session.form_token if session else ""

    def enter(self, login: str = "alice", password: str = PASSWORD, code: str = "", **more: Any):
        """Send the sign-in form; the code is the right one unless given."""
        given = code or self.code(login if login in self.secrets else "alice")
        return self.post("/sign-in", before=self.before(), login=login, password=password, code=given, **more)

    def signed_in(self, login: str = "alice") -> Ground:
        """Sign in anew, with a fresh code and no waits left."""
        self.fresh()
        self.ids._db.execute("DELETE FROM tries")
        self.later()
        answer = self.enter(login)
        assert answer.status_code == 303, answer.text
        return self

    def calm(self) -> None:
        """Forget wrong tries: each attack begins on quiet ground."""
        for table in ("tries", "passkeys"):
            self.ids._db.execute(f"DELETE FROM {table}")

    @property
    def side(self) -> str:
        return "/app" if self.get("/app").status_code == 200 else "/desk"

    def form(self, path: str, **fields: Any) -> httpx.Response:
        """Post with the session's own token."""
        where = path.partition("?")[0]
        return self.post(
            path, form_token=self.token("/desk" if where.startswith("/desk") else "/app"), **fields
        )

    def add_passkey(self) -> httpx.Response:
        """Add the authenticator's passkey to whoever is signed in."""
        page = self.get("/app/security").text
        found = re.search(r'name="challenge" value="([^"]+)"', page)[1]
        answer = self.key.make(options_in(page, "add"))
        return self.form("/app/security/passkey", challenge=found, passkey=answer, label="Software")

    def challenge(self) -> tuple[str, str]:
        """(id, options) for signing in with a passkey."""
        told = self.post("/sign-in/challenge").json()
        return told["id"], told["options"]

    def by_passkey(self, **forged: Any) -> httpx.Response:
        """Sign in with the passkey."""
        issued, options = self.challenge()
        answer = self.key.sign(options, **forged)
        return self.post("/sign-in/passkey", before=self.before(), challenge=issued, passkey=answer)

    def is_in(self) -> bool:
        """Whether this browser is signed in as a customer."""
        return self.get("/app").status_code == 200

    # -- programs -----------------------------------------------------------------------------

    def wish(self, **changed: str) -> dict[str, str]:
        """An authorization request, and its verifier in `self.verifier`."""
        self.verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=")
        asked = {
            "response_type": "code",
            "client_id": "shop",
            "redirect_uri": REDIRECT,
            "scope": " ".join(SCOPES),
            "state": "some-state",
            "nonce": "some-nonce",
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        } | changed
        return {name: value for name, value in asked.items() if value}

    def asked(self, **changed: str) -> httpx.Response:
        """Send the authorization request."""
        return self.get("/oidc/authorize", params=self.wish(**changed))

    def granted(self, **changed: str) -> dict[str, str]:
        """What the program is answered when its person says yes."""
        asking = self.asked(**changed).headers["location"]
        answer = self.form(asking, answer="yes")
        return queried(answer)

    def token_for(self, code: str, **changed: str) -> httpx.Response:
        """Ask for tokens with a code."""
        fields = {
            "grant_type": "authorization_code",
            "client_id": "shop",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": self.verifier,
        } | changed
        return self.post("/oidc/token", **fields)

    def tokens(self, **changed: str) -> dict[str, Any]:
        """Good tokens of whoever is signed in."""
        told = self.token_for(self.granted(**changed)["code"])
        assert told.status_code == 200, told.text
        return told.json()

    def rest(self, token: str, path: str = "/v1/accounts", **asked: Any) -> httpx.Response:
        """Ask REST with a token."""
        head = {"authorization": f"Bearer {token}", "idempotency-key": secrets.token_hex(8)}
        if asked:
            return self._runner.run(self.client.post(path, json=asked, headers=head))
        return self.get(path, headers=head)


def options_in(page: str, kind: str) -> str:
    """The options of a passkey button in a page."""
    found = re.search(rf'data-passkey="{kind}" data-options="([^"]+)"', page)[1]
    return found.replace("&#34;", '"').replace("&amp;", "&")


def queried(answer: httpx.Response) -> dict[str, str]:
    """The query of the address a browser is sent to."""
    query = parse_qs(urlsplit(answer.headers.get("location", "")).query)
    return {name: values[0] for name, values in query.items()}
