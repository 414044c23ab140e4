"""Attacks on the OpenID provider and its tokens: codes, PKCE, refresh, signatures, redirects, mix-up."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey
from tests.channels.web.attack import attack, attacks_in
from tests.channels.web.ground import REDIRECT, SECRET, Ground, queried

REFRESH = {"grant_type": "refresh_token", "client_id": "shop"}


def _part(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def _sewn(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in parts)


def _read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    head, body, _ = token.split(".")
    return _part(head), _part(body)


def _signed(ground: Ground, typ: str = "at+jwt", **changed: Any) -> str:
    """A token our own key signs, with claims changed: what a bug in issuing would make."""
    _, claims = _read(ground.signed_in().tokens()["access_token"])
    return ground.provider.keys.sign(claims | changed, typ)


def _out(ground: Ground, token: str) -> bool:
    info = ground.get("/oidc/userinfo", headers={"authorization": f"Bearer {token}"}).status_code
    return ground.rest(token).status_code == 401 and info == 401


@attack("code", "a code caught on its way, without the verifier")
def code_caught(ground: Ground) -> bool:
    code = ground.signed_in().granted()["code"]
    told = ground.token_for(code, code_verifier="")
    return told.status_code == 400 and told.json()["error"] == "invalid_grant"


@attack("code", "a code caught on its way, with a verifier of one's own")
def code_other_verifier(ground: Ground) -> bool:
    code = ground.signed_in().granted()["code"]
    right = ground.verifier
    held = ground.token_for(code, code_verifier="x" * 43).status_code == 400
    return held and ground.token_for(code, code_verifier=right).status_code == 400


@attack("code", "a code used twice ends the tokens it gave")
def code_twice(ground: Ground) -> bool:
    code = ground.signed_in().granted()["code"]
    token = ground.token_for(code).json()["access_token"]
    return ground.token_for(code).status_code == 400 and _out(ground, token)


@attack("code", "a code after a minute")
def code_late(ground: Ground) -> bool:
    code = ground.signed_in().granted()["code"]
    ground.later(61)
    return ground.token_for(code).status_code == 400


@attack("code", "a code used by ten at the same moment gives tokens once at most")
def code_raced(ground: Ground) -> bool:
    code = ground.signed_in().granted()["code"]
    fields = {"grant_type": "authorization_code", "client_id": "shop", "code": code}
    fields |= {"redirect_uri": REDIRECT, "code_verifier": ground.verifier}

    async def race():
        return await asyncio.gather(*(ground.client.post("/oidc/token", data=fields) for _ in range(10)))

    return sum(one.status_code == 200 for one in ground._runner.run(race())) <= 1


@attack("code", "a code of one program used by another")
def code_of_other_client(ground: Ground) -> bool:
    code = ground.signed_in().granted()["code"]
    return ground.token_for(code, client_id="server", client_secret=SECRET).status_code == 400


@attack("code", "a code with another redirect address than it was asked with")
def code_other_redirect(ground: Ground) -> bool:
    code = ground.signed_in().granted()["code"]
    return ground.token_for(code, redirect_uri="https://shop.example/other").status_code == 400


@attack("code", "one answer to a request given twice")
def answered_twice(ground: Ground) -> bool:
    ground.signed_in()
    to = ground.asked().headers["location"]
    first, second = ground.form(to, answer="yes"), ground.form(to, answer="yes")
    return "code" in queried(first) and second.status_code == 400


@attack("code", "a code without its person pressing allow (a forged form, or a link)")
def code_forged(ground: Ground) -> bool:
    to = ground.signed_in().asked().headers["location"]
    forged = ground.post(to, answer="yes")
    linked = ground.get(to, params={"answer": "yes"})
    return "code" not in queried(forged) and linked.status_code == 200 and "code=" not in str(linked.headers)


@attack("PKCE", "PKCE left out, plain, or an S256 challenge that is none (downgrade)")
def pkce_downgrade(ground: Ground) -> bool:
    ground.signed_in()
    told = [
        ground.asked(code_challenge=""),
        ground.asked(code_challenge_method=""),
        ground.asked(code_challenge_method="plain"),
        ground.asked(code_challenge_method="s256"),
        ground.asked(code_challenge="short"),
    ]
    return all(queried(one).get("error") == "invalid_request" for one in told)


@attack("PKCE", "the challenge itself given as the verifier")
def challenge_as_verifier(ground: Ground) -> bool:
    ground.signed_in()
    code = ground.granted()["code"]
    digest = hashlib.sha256(ground.verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return ground.token_for(code, code_verifier=challenge).status_code == 400


@attack("redirect", "answers sent to an address that is nearly the registered one")
def near_redirects(ground: Ground) -> bool:
    ground.signed_in()
    near = (
        "https://shop.example/back/", "https://shop.example/back?x=1", "https://shop.example/Back",
        "https://shop.example/back/../evil", "https://shop.example.evil.example/back", "http://shop.example/back",
        "https://shop.example@evil.example/back", "https://shop.example/back#x", "javascript:alert(1)", " ",
    )  # fmt: skip
    told = [ground.asked(redirect_uri=one) for one in near]
    return all(one.status_code == 400 and "location" not in one.headers for one in told)


@attack("redirect", "two redirect addresses in one request")
def two_redirects(ground: Ground) -> bool:
    ground.signed_in()
    pairs = [*ground.wish().items(), ("redirect_uri", "https://evil.example/")]
    told = ground.get("/oidc/authorize", params=pairs)
    return told.status_code == 400 and "location" not in told.headers


@attack("redirect", "signing out sends on to an address nobody registered, or with a forged id token")
def leave_redirect(ground: Ground) -> bool:
    ground.signed_in()
    hint = ground.tokens()["id_token"]
    _, claims = _read(hint)
    forged = _sewn({"alg": "none"}, claims)
    lands = []
    for token, to in ((hint, "https://evil.example"), (forged, REDIRECT), ("", REDIRECT)):
        ground.signed_in()
        query = f"?id_token_hint={token}&post_logout_redirect_uri={to}"
        lands.append(ground.form(f"/oidc/end-session{query}").headers["location"])
    return set(lands) == {"/sign-in?told=signed_out"}


@attack("mix-up", "an answer that does not say which bank it comes from, or loses the state")
def mix_up(ground: Ground) -> bool:
    told = [ground.signed_in().granted(), queried(ground.asked(scope="bank.read"))]
    said = all(one.get("iss") == ground.provider.issuer and one.get("state") == "some-state" for one in told)
    return said and "error" in told[1]


@attack("mix-up", "a request without state or nonce, with tokens in the address, or as a request object")
def odd_requests(ground: Ground) -> bool:
    ground.signed_in()
    odd = (
        {"state": ""}, {"nonce": ""}, {"response_type": "token"}, {"response_type": "code id_token"},
        {"response_mode": "fragment"}, {"request": "a.b.c"}, {"request_uri": "https://evil.example/r"},
        {"prompt": "create"},
    )  # fmt: skip
    return all("error" in queried(ground.asked(**one)) for one in odd)


@attack("mix-up", "an id token's nonce is the request's own")
def nonce_kept(ground: Ground) -> bool:
    told = ground.signed_in().tokens(nonce="n-of-mine")
    _, claims = _read(told["id_token"])
    return claims["nonce"] == "n-of-mine" and claims["aud"] == "shop"


@attack("refresh", "a refresh token used twice ends the whole family")
def refresh_reused(ground: Ground) -> bool:
    first = ground.signed_in().tokens()
    second = ground.post("/oidc/token", refresh_token=first["refresh_token"], **REFRESH).json()
    again = ground.post("/oidc/token", refresh_token=first["refresh_token"], **REFRESH).status_code
    after = ground.post("/oidc/token", refresh_token=second["refresh_token"], **REFRESH).status_code
    return (again, after) == (400, 400) and _out(ground, second["access_token"])


@attack("refresh", "a refresh token of one program used by another, or asking for more")
def refresh_misused(ground: Ground) -> bool:
    token = ground.signed_in().tokens(scope="openid bank.read")["refresh_token"]
    other = {"grant_type": "refresh_token", "client_id": "server", "client_secret": SECRET}
    foreign = ground.post("/oidc/token", refresh_token=token, **other).status_code
    more = ground.post("/oidc/token", refresh_token=token, scope="openid bank.pay", **REFRESH).status_code
    return (foreign, more) == (400, 400)


@attack("refresh", "a refresh token after its person signed out, was disabled, or ended all sessions")
def refresh_after_end(ground: Ground) -> bool:
    token = ground.signed_in().tokens()["refresh_token"]
    ground.form("/sign-out")
    first = ground.post("/oidc/token", refresh_token=token, **REFRESH).status_code
    token = ground.signed_in().tokens()["refresh_token"]
    ground.ids.set_disabled("customer:alice", 1)
    second = ground.post("/oidc/token", refresh_token=token, **REFRESH).status_code
    ground.ids.set_disabled("customer:alice", 0)
    return (first, second) == (400, 400)


@attack("refresh", "a token taken back is used")
def revoked(ground: Ground) -> bool:
    told = ground.signed_in().tokens()
    ground.post("/oidc/revoke", client_id="shop", token=told["refresh_token"])
    again = ground.post("/oidc/token", refresh_token=told["refresh_token"], **REFRESH).status_code
    return again == 400 and _out(ground, told["access_token"])


@attack("refresh", "a program takes back the tokens of another")
def foreign_revoked(ground: Ground) -> bool:
    told = ground.signed_in().tokens()
    fields = {"client_id": "server", "client_secret": SECRET, "token": told["refresh_token"]}
    ground.post("/oidc/revoke", **fields)
    return ground.rest(told["access_token"]).status_code == 200


@attack("signature", "a token with algorithm none, in any spelling")
def alg_none(ground: Ground) -> bool:
    head, claims = _read(ground.signed_in().tokens()["access_token"])
    spelled = [head | {"alg": one} for one in ("none", "None", "NONE", "nOnE", "")]
    return all(_out(ground, _sewn(one, claims)) for one in spelled)


@attack("signature", "a token signed with our public key as a shared secret (HS256)")
def alg_confusion(ground: Ground) -> bool:
    head, claims = _read(ground.signed_in().tokens()["access_token"])
    public = ground.get("/oidc/jwks").json()["keys"][0]
    told = []
    pem = ECKey.import_key({k: public[k] for k in ("kty", "crv", "x", "y")}).as_pem(private=False)
    for secret in (json.dumps(public).encode(), public["x"].encode(), pem):
        unsigned = _sewn(head | {"alg": "HS256"}, claims).rpartition(".")[0]
        signature = hmac.new(secret, unsigned.encode(), hashlib.sha256).digest()
        told.append(_out(ground, _sewn(head | {"alg": "HS256"}, claims, signature)))
    return all(told)


@attack("signature", "a token signed with a key of one's own, also one that brings its key (jwk, jku, x5u)")
def own_key(ground: Ground) -> bool:
    head, claims = _read(ground.signed_in().tokens()["access_token"])
    key = ECKey.generate_key("P-256")
    public = key.as_dict(private=False)
    told = []
    for more in ({}, {"jwk": public}, {"jku": "https://evil.example/jwks"}, {"kid": "../../x"}, {"kid": ""}):
        try:
            token = jwt.encode(head | more, claims, key, algorithms=["ES256"])
        except ValueError:
            continue
        told.append(_out(ground, token))
    return len(told) >= 3 and all(told)


@attack("signature", "claims changed after signing, a signature cut off, or of zeros")
def changed_claims(ground: Ground) -> bool:
    token = ground.signed_in().tokens()["access_token"]
    head, claims = _read(token)
    richer = _sewn(head, claims | {"sub": "system:core"}).rpartition(".")[0]
    signature = token.rpartition(".")[2]
    empty = token.rpartition(".")[0]
    tokens = (f"{richer}.{signature}", f"{empty}.", _sewn(head, claims, bytes(64)), token[:-3])
    return all(_out(ground, one) for one in tokens)


@attack("claims", "a token for another audience, or for many")
def wrong_audience(ground: Ground) -> bool:
    own = f"{ground.site.signon.party.origin}/v1"
    return all(
        _out(ground, _signed(ground, aud=aud)) for aud in ("shop", "https://evil.example", [own, "x"], None)
    )


@attack("claims", "a token of another issuer")
def wrong_issuer(ground: Ground) -> bool:
    return all(_out(ground, _signed(ground, iss=iss)) for iss in ("https://evil.example", "", None))


@attack("claims", "a token that has ended, never ends, or ends in words")
def expired(ground: Ground) -> bool:
    token = ground.signed_in().tokens()["access_token"]
    ground.later(301)
    held = _out(ground, token)
    odd = (0, -1, None, "tomorrow", 1e400 if False else [])
    return held and all(_out(ground, _signed(ground, exp=exp)) for exp in odd)


@attack("claims", "an id token or a refresh token used as an access token")
def wrong_kind(ground: Ground) -> bool:
    told = ground.signed_in().tokens()
    return _out(ground, told["id_token"]) and _out(ground, told["refresh_token"])


@attack("claims", "a good token of one person with the grant of another")
def other_grant(ground: Ground) -> bool:
    _, bobs = _read(ground.signed_in("bob").tokens()["access_token"])
    return _out(ground, _signed(ground, grant=bobs["grant"])) and _out(
        ground, _signed(ground, sub="staff:admin")
    )


@attack("scope", "a token used beyond its scope, or beyond what its person may do")
def beyond_scope(ground: Ground) -> bool:
    token = ground.signed_in().tokens(scope="openid bank.read")["access_token"]
    money = {"amount": "1.00", "currency": "CNY"}
    pay = ground.rest(token, "/v1/payments", payer="alice", payee="bob", **money).status_code
    shut = ground.rest(token, "/v1/accounts/alice/closure", payee="bob").status_code
    cases = ground.rest(ground.tokens()["access_token"], "/v1/cases").status_code
    return (pay, shut, cases) == (403, 403, 403)


@attack("scope", "a scope the program was not registered for")
def unregistered_scope(ground: Ground) -> bool:
    ground.signed_in()
    told = [
        ground.asked(scope=f"openid {one}") for one in ("bank.work", "bank.manage", "admin", "bank.read\x00")
    ]
    return all(queried(one).get("error") == "invalid_scope" for one in told)


@attack("scope", "somebody else's account with a good token of one's own")
def foreign_account(ground: Ground) -> bool:
    token = ground.signed_in("bob").tokens()["access_token"]
    foreign, missing = (ground.rest(token, f"/v1/accounts/{name}") for name in ("alice", "nobody"))
    return foreign.status_code == missing.status_code == 404 and foreign.json() == missing.json()


@attack("scope", "a program confirms a step-up in its person's name")
def program_confirms(ground: Ground) -> bool:
    token = ground.signed_in().tokens()["access_token"]
    told = ground.rest(
        token, "/v1/step-ups/S00000000001", confirm=True, payee="bob", amount="1.00", currency="CNY"
    )
    return told.status_code == 403 and told.json()["code"] == "proof_needed"


@attack("client", "a program's secret guessed, left out, or sent for one that has none")
def client_secrets(ground: Ground) -> bool:
    code = ground.signed_in().granted(client_id="server")["code"]
    guesses = ("", "wrong", SECRET.upper(), "x" * 4000)
    told = [ground.token_for(code, client_id="server", client_secret=one).status_code for one in guesses]
    told.append(ground.token_for(code, client_id="shop", client_secret="anything").status_code)
    told.append(ground.token_for(code, client_id="nobody").status_code)
    return set(told) == {401}


@attack("client", "hundreds of secrets for one program: after five even the right one waits")
def client_guessed(ground: Ground) -> bool:
    code = ground.signed_in().granted(client_id="server")["code"]
    for i in range(20):
        ground.token_for(code, client_id="server", client_secret=f"guess {i}")
    return ground.token_for(code, client_id="server", client_secret=SECRET).status_code == 401


@attack("client", "a disabled program goes on with its tokens, or asks for new ones")
def disabled_client(ground: Ground) -> bool:
    told = ground.signed_in().tokens()
    client = ground.ids.client("shop")
    assert client is not None
    ground.ids.keep_client(client._replace(disabled_at=1))
    held = _out(ground, told["access_token"]) and ground.asked().status_code == 400
    ground.ids.keep_client(client)
    return held


@attack("client", "parameters twice, as JSON, or in the address of the token endpoint")
def odd_token_requests(ground: Ground) -> bool:
    code = ground.signed_in().granted()["code"]
    good = {"grant_type": "authorization_code", "client_id": "shop", "code": code}
    good |= {"redirect_uri": REDIRECT, "code_verifier": ground.verifier}
    asked = (
        ground.client.post("/oidc/token", json=good),
        ground.client.post("/oidc/token", params=good),
        ground.client.post("/oidc/token", data=good | {"client_id": ["shop", "server"]}),
        ground.client.post("/oidc/token", data=good | {"grant_type": "password"}),
        ground.client.get("/oidc/token", params=good),
    )
    return all(ground._runner.run(one).status_code in (400, 401, 405) for one in asked)


@attack("client", "garbage as a bearer token")
def garbage_tokens(ground: Ground) -> bool:
    odd = ("a.b.c", "..", "." * 500, "e30.e30.", "x" * 9000, "é.é.é", "[].[].[]")
    told = []
    for one in odd:
        head = {"authorization": b"Bearer " + one.encode()}
        told.append(ground.get("/v1/accounts", headers=head).status_code)
    return set(told) == {401}


ATTACKS = attacks_in(globals())
