"""Attacks by or on programs: beyond their scope, with guessed secrets, disabled, with odd requests."""

from __future__ import annotations

import httpx
from tests.channels.web.attack import attack, attacks_in
from tests.channels.web.attacks_tokens import keeps_out
from tests.channels.web.ground import REDIRECT, SECRET, Ground, queried


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


@attack("client", "hundreds of secrets for one program: after five even the right one waits at that address")
def client_guessed(ground: Ground) -> bool:
    code = ground.signed_in().granted(client_id="server")["code"]
    for i in range(20):
        ground.token_for(code, client_id="server", client_secret=f"guess {i}")
    return ground.token_for(code, client_id="server", client_secret=SECRET).status_code == 401


@attack("client", "wrong secrets sent from elsewhere to shut a program out")
def client_shut_out(ground: Ground) -> bool:
    code = ground.signed_in().granted(client_id="server")["code"]
    stranger = httpx.ASGITransport(ground.front, client=("203.0.113.9", 4711))
    home, ground.client._transport = ground.client._transport, stranger
    for i in range(30):
        ground.token_for(code, client_id="server", client_secret=f"guess {i}")
    there = ground.token_for(code, client_id="server", client_secret=SECRET).status_code
    ground.client._transport = home
    here = ground.token_for(code, client_id="server", client_secret=SECRET).status_code
    return (there, here) == (401, 200)


@attack("client", "a disabled program goes on with its tokens, or asks for new ones")
def disabled_client(ground: Ground) -> bool:
    told = ground.signed_in().tokens()
    client = ground.ids.client("shop")
    assert client is not None
    ground.ids.keep_client(client._replace(disabled_at=1))
    held = keeps_out(ground, told["access_token"]) and ground.asked().status_code == 400
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
