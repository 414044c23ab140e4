"""The provider: who may have a code, which tokens come of it, and when they are over."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from jingwei.channels.identity import Caller, caller_of
from jingwei.channels.roles import SCOPES, scoped
from jingwei.channels.web.oidc.asked import Unasked, Wish, verifies
from jingwei.channels.web.oidc.keys import ALGORITHM, TokenKeys
from jingwei.kernel.clock import MINUTE, SECOND
from jingwei.stores.grants import Family, Grants
from jingwei.stores.identities import Client

if TYPE_CHECKING:
    from jingwei.channels.web.pages import Site
    from jingwei.stores.sessions import Session

ACCESS_LIFE = 5 * MINUTE
ACCESS, IDENTITY = "at+jwt", "JWT"
REQUEST_LIFE = 10 * MINUTE
FILE = "grants.db"
KEYS = "tokens"


class Provider:
    """Gives and takes back tokens. Every token hangs on the session its person signed on with."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.issuer = f"{site.signon.party.origin}/oidc"
        self.audience = f"{site.signon.party.origin}/v1"
        home = site.desk.home.path
        self.keys = TokenKeys(home / "keys" / KEYS)
        self.grants = Grants(home / FILE)

    # -- codes -----------------------------------------------------------------------------------

    def remember(self, wish: Wish) -> str:
        """Keep a request while its person signs in; returns its id."""
        return self.site.signon.issue("authorize", "", "", msgspec.json.encode(wish), REQUEST_LIFE).id

    def wished(self, request_id: str) -> Wish | None:
        """A kept request that is still good."""
        found = self.site.signon.identities.once.find(request_id, "authorize")
        over = found is None or found.used_at or self.site.now() > found.ends_at
        return None if over or found is None else msgspec.json.decode(found.body, type=Wish)

    def grant(self, request_id: str, wish: Wish, session: Session) -> str | None:
        """The code for a request, once; None when it was answered already."""
        now = self.site.now()
        if not self.site.signon.identities.once.use(request_id, "authorize", now):
            return None
        family = Family(
            secrets.token_hex(12), wish.client, session.actor, session.sid, wish.scope, wish.nonce, now
        )
        return self.grants.begin(family, wish.redirect, wish.challenge)

    # -- tokens ----------------------------------------------------------------------------------

    def client(self, asked: Mapping[str, str], basic: tuple[str, str] | None, address: str) -> Client:
        """The client that asks at the token endpoint from this address. Raises Unasked `invalid_client`.

        Wrong secrets are counted for each program and address together: client ids are no secret, and whoever
        knows one must not be able to shut its program out. The secrets are 256 random bits, which no number
        of addresses guesses.
        """
        client_id, secret = basic or (asked.get("client_id", ""), asked.get("client_secret", ""))
        ids, now = self.site.signon.identities, self.site.now()
        found, subject = ids.client(client_id), f"client:{client_id[:64]}@{address[:64]}"
        if found is None:
            raise Unasked("invalid_client", "no such client, or its secret is wrong")
        if found.secret:
            waits = ids.tries.wait(subject, now)
            marks = ids.vault.marks(secret, f"client:{found.id}")
            right = any(hmac.compare_digest(mark, found.secret) for mark in marks)
            if not right:
                ids.tries.count(subject, now)
            if waits or not right:
                raise Unasked("invalid_client", "no such client, or its secret is wrong")
            ids.tries.clear(subject)
        elif secret:
            raise Unasked("invalid_client", "no such client, or its secret is wrong")
        return found

    def by_code(self, client: Client, asked: Mapping[str, str]) -> dict[str, Any]:
        """Tokens for a code. Raises Unasked `invalid_grant`; a code tried twice ends what came of it."""
        text, now = asked.get("code", ""), self.site.now()
        code = self.grants.code(text)
        family = self.grants.family(code.family) if code else None
        if code is None or family is None or family.client != client.id:
            raise Unasked("invalid_grant", "the code is not good")
        if not self.grants.use_code(text, now):
            self.grants.end(family.id, now)
            raise Unasked("invalid_grant", "the code is not good")
        same = asked.get("redirect_uri", "") == code.redirect
        if now > code.ends_at or not same or not verifies(code.challenge, asked.get("code_verifier", "")):
            self.grants.end(family.id, now)
            raise Unasked("invalid_grant", "the code is not good")
        return self._tokens(family)

    def by_refresh(self, client: Client, asked: Mapping[str, str]) -> dict[str, Any]:
        """Tokens for a refresh token, which is used up; one used twice ends its whole family."""
        text, now = asked.get("refresh_token", ""), self.site.now()
        kept = self.grants.refresh_of(text)
        family = self.grants.family(kept[0]) if kept else None
        if kept is None or family is None or family.client != client.id:
            raise Unasked("invalid_grant", "the refresh token is not good")
        if not self.grants.use_refresh(text, now):
            self.grants.end(family.id, now)
            raise Unasked("invalid_grant", "the refresh token is not good")
        if now > kept[1]:
            raise Unasked("invalid_grant", "the refresh token is not good")
        wanted = asked.get("scope", family.scope).split()
        if not set(wanted) <= set(family.scope.split()):
            raise Unasked("invalid_scope", "a refreshed token never holds more than before")
        return self._tokens(family, " ".join(wanted))

    def _tokens(self, family: Family, scope: str = "") -> dict[str, Any]:
        now, scope = self.site.now(), scope or family.scope
        session = self.site.sessions.named(family.sid, now)
        person_roles = self.site.roles_of(family.actor)
        if session is None or session.actor != family.actor or not person_roles:
            self.grants.end(family.id, now)
            raise Unasked("invalid_grant", "its person is not signed in any more")
        seconds = now // SECOND
        shared = {
            "iss": self.issuer,
            "sub": family.actor,
            "iat": seconds,
            "exp": seconds + ACCESS_LIFE // SECOND,
            "sid": family.sid,
        }
        access = {"aud": self.audience, "client_id": family.client, "scope": scope, "grant": family.id}
        identity = {
            "aud": family.client,
            "azp": family.client,
            "nonce": family.nonce,
            "auth_time": session.strong_at // SECOND,
            "amr": list(session.means),
            "name": session.name,
        }
        access["jti"] = secrets.token_urlsafe(12)
        return {
            "access_token": self.keys.sign(shared | access, ACCESS),
            "token_type": "Bearer",
            "expires_in": ACCESS_LIFE // SECOND,
            "refresh_token": self.grants.refresh(family.id, now),
            "id_token": self.keys.sign(shared | identity, IDENTITY),
            "scope": scope,
        }

    def claims(self, token: str) -> dict[str, Any] | None:
        """The claims of an access token of ours that is good now: person, session, grant and client live."""
        found, now = self.keys.read(token, ACCESS), self.site.now()
        if found is None or found.get("iss") != self.issuer or found.get("aud") != self.audience:
            return None
        ends = found.get("exp")
        if not isinstance(ends, int) or now >= ends * SECOND:
            return None
        family = self.grants.family(str(found.get("grant")))
        if family is None or family.actor != found.get("sub") or family.sid != found.get("sid"):
            return None
        if self.site.signon.identities.client(family.client) is None:
            return None
        session = self.site.sessions.named(family.sid, now)
        return found if session is not None and session.actor == family.actor else None

    def caller(self, token: bytes) -> Caller | None:
        """Who asks with this access token over REST; None when it is not a good one."""
        if token.count(b".") != 2:
            return None
        found = self.claims(token.decode("ascii", "replace"))
        if found is None:
            return None
        scopes = tuple(str(found["scope"]).split())
        roles = scoped(self.site.roles_of(str(found["sub"])), scopes)
        return caller_of(str(found["sub"]))._replace(roles=roles, signed_on=True, scopes=scopes)

    def revoke(self, client: Client, token: str) -> None:
        """Take back a token of this client and all that hang with it; an unknown one is no error."""
        kept = self.grants.refresh_of(token)
        family_id = kept[0] if kept else str((self.keys.read(token, ACCESS) or {}).get("grant", ""))
        family = self.grants.family(family_id)
        if family is not None and family.client == client.id:
            self.grants.end(family.id, self.site.now())

    def described(self) -> dict[str, Any]:
        """The discovery document."""
        here = self.issuer
        return {
            "issuer": here,
            "authorization_endpoint": f"{here}/authorize",
            "token_endpoint": f"{here}/token",
            "userinfo_endpoint": f"{here}/userinfo",
            "revocation_endpoint": f"{here}/revoke",
            "end_session_endpoint": f"{here}/end-session",
            "jwks_uri": f"{here}/jwks",
            "scopes_supported": list(SCOPES),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": ["sub", "name", "auth_time", "amr", "nonce", "sid"],
            "authorization_response_iss_parameter_supported": True,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
        }

    def close(self) -> None:
        """Close the file."""
        self.grants.close()
