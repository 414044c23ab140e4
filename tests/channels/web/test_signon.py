"""Signing in for real: password and code, passkey, recovery, enrolment, sessions, tokens, drafts, proofs."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from argon2 import PasswordHasher
from tests.channels.web.attacks_proving import session_of, visit_at
from tests.channels.web.browser import Browser
from tests.channels.web.ground import PASSWORD, REDIRECT, SECRET, Ground, options_in

from jingwei.channels.signon import codes, enrol
from jingwei.channels.signon.passwords import Passwords
from jingwei.channels.web.proving import What, ask_proof, proved
from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.change_credential import ChangeCredential
from jingwei.journeys.pay import Pay
from jingwei.journeys.table import unseal
from jingwei.ledger.work import Challenge
from jingwei.stores.identities import Person
from jingwei.stores.vault import Vault, VaultError


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    one = Ground(tmp_path_factory.mktemp("signon") / "home")
    yield one
    one.close()


def changes(ground: Ground) -> list[tuple[str, str, str]]:
    """(person, what, change) of every sealed change of a credential."""
    store = ground.home.store
    sealed = [unseal(leaf).command for _, leaf in store.records(0, store.size())]
    return [(one.person, one.what, one.change) for one in sealed if isinstance(one, ChangeCredential)]


def test_codes_are_those_of_the_standard():
    secret = b"12345678901234567890"
    for at, code in ((59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")):
        assert codes.code_at(secret, at // 30) == code
        assert codes.step_of(secret, code, at * 1_000_000) == at // 30
    assert codes.step_of(secret, "287082", 59_000_000 + 61_000_000) is None


def test_password_and_code_sign_in_and_out(ground: Ground):
    assert ground.signed_in().is_in()
    assert "Alice" in ground.get("/app/security").text
    ground.form("/sign-out")
    assert not ground.is_in()


def test_a_recovery_code_signs_in_once_and_is_sealed(ground: Ground):
    spare = ground.spare["alice"][0]
    assert ground.fresh().enter(code=spare.lower().replace("-", " ")).status_code == 303
    assert ground.fresh().enter(code=spare).status_code == 422
    assert ("customer:alice", "recovery_code", "used") in changes(ground)


def test_a_passkey_is_added_and_signs_in(ground: Ground):
    ground.signed_in()
    assert "told=passkey_added" in ground.add_passkey().headers["location"]
    assert ("customer:alice", "passkey", "added") in changes(ground)
    ground.fresh()
    assert ground.by_passkey().status_code == 303
    assert ground.is_in()
    page = ground.get("/app/security").text
    name = re.search(r'passkey-remove">.*?name="name" value="([0-9a-f]+)"', page, re.S)[1]
    assert (
        "told=passkey_removed" in ground.form("/app/security/passkey-remove", name=name).headers["location"]
    )
    ground.fresh()
    assert ground.by_passkey().status_code == 422


def test_somebody_invited_enrols_once_and_gets_recovery_codes(ground: Ground):
    ground.ids.add(Person("customer:dora", "dora", "Dora", ("customer",)))
    code = enrol.invite(ground.signon, "system:core", "customer:dora")
    begun = ground.fresh().post("/enrol", before=ground.before(), login="dora", code=code)
    key = re.search(r'<code class="key">([^<]+)</code>', begun.text)[1]
    issued = re.search(r'name="enrol" value="([^"]+)"', begun.text)[1]
    assert "<svg" in begun.text and "style=" not in begun.text
    secret = codes.base64.b32decode(key.replace(" ", ""))
    fields = {"before": ground.before(), "enrol": issued, "code": codes.code_at(secret, 0)}
    right = codes.code_at(secret, ground.clock.now() // codes.STEP)
    for password, code_typed, says in (
        ("short", right, "too short"),
        ("1234567890", right, "easy to guess"),
        (PASSWORD, "000000" if right != "000000" else "111111", "not right"),
    ):
        told = ground.post("/enrol/finish", **fields | {"password": password, "code": code_typed})
        assert told.status_code == 422 and says in told.text
    done = ground.post("/enrol/finish", **fields | {"password": PASSWORD, "code": right})
    assert done.text.count("<li><code>") == codes.RECOVERY and ground.is_in()
    assert ground.fresh().post("/enrol", before=ground.before(), login="dora", code=code).status_code == 422
    sealed = changes(ground)
    assert ("customer:dora", "password", "added") in sealed and (
        "customer:dora",
        "person",
        "invited",
    ) in sealed


def test_nothing_secret_is_sealed_or_stored_in_plain(ground: Ground):
    store = ground.home.store
    records = b"".join(leaf for _, leaf in store.records(0, store.size()))
    files = b"".join(path.read_bytes() for path in ground.home.path.glob("identities.db*"))
    for login, secret in ground.secrets.items():
        assert secret not in files and PASSWORD.encode() not in files
        assert all(codes.plain(code).encode() not in files for code in ground.spare[login])
    assert PASSWORD.encode() not in records and b"argon2" not in records


def test_a_change_that_was_not_sealed_is_sealed_later(ground: Ground):
    with ground.ids.together():
        ground.signon.owe("system:core", "customer:bob", "roles", "changed", "customer")
    owed = ("customer:bob", "roles", "changed")
    before = changes(ground).count(owed)
    ground.signed_in("bob")
    assert changes(ground).count(owed) == before + 1
    assert ground.ids.owed() == []


def test_sessions_are_seen_and_ended(ground: Ground):
    ground.signed_in()
    first = dict(ground.client.cookies)
    ground.signed_in()
    page = ground.get("/app/security").text
    assert page.count('action="/app/security/end"') >= 1
    ground.form("/app/security/end-others")
    ground.client.cookies.update(first)
    assert not ground.fresh().is_in()


def test_a_new_password_ends_every_other_session(ground: Ground):
    ground.signed_in("bob")
    old = ground.client.cookies["jingwei_session"]
    ground.signed_in("bob")
    assert "password_changed" in ground.form("/app/security/password", password=PASSWORD).headers["location"]
    assert ground.is_in()
    ground.fresh()
    ground.client.cookies.set("jingwei_session", old)
    assert not ground.is_in()


def test_an_old_session_proves_again_before_something_sensitive(ground: Ground):
    ground.signed_in()
    ground.later(301)
    to = ground.form("/app/security/recovery").headers["location"]
    assert to.startswith("/app/prove")
    page = ground.get(to).text
    proof = re.search(r'name="proof" value="([^"]+)"', page)[1]
    assert ground.form(to, proof=proof, proof_code="123").status_code == 422
    page = ground.get(to).text
    proof = re.search(r'name="proof" value="([^"]+)"', page)[1]
    assert ground.form(to, proof=proof, proof_code=ground.code()).status_code == 303
    assert ground.form("/app/security/recovery").text.count("<li><code>") == codes.RECOVERY


def test_waits_grow_and_are_told_plainly(ground: Ground):
    ground.fresh()
    ground.calm()
    for _ in range(5):
        assert ground.enter(password="wrong").status_code == 422
    told = ground.enter()
    assert (told.status_code, told.headers["retry-after"]) == (429, "30")
    assert "30 seconds" in told.text
    ground.later(31)
    assert ground.enter(password="wrong").status_code == 422
    assert "60 seconds" in ground.enter().text
    ground.later(61)
    assert ground.enter().status_code == 303
    ground.calm()


def test_a_known_device_is_not_locked_out_by_strangers(ground: Ground):
    ground.signed_in("bob")
    device = ground.client.cookies["jingwei_device"]
    ground.fresh()
    for _ in range(6):
        ground.enter("bob", password="wrong")
    assert ground.enter("bob").status_code == 429
    ground.client.cookies.set("jingwei_device", device)
    ground.later()
    assert ground.enter("bob").status_code == 303
    ground.calm()


def test_a_password_changed_while_its_text_is_made_anew_stays_changed(ground: Ground, monkeypatch: Any):
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    ground.ids.set_password("customer:bob", old)
    ground.signed_in("bob")
    assert ground.ids.person("customer:bob").password != old, "an old text is replaced at the next sign-in"
    ground.ids.set_password("customer:bob", old)
    anew = ground.signon.passwords.hashed

    async def changed_meanwhile(_, password: str) -> str:
        ground.ids.set_password("customer:bob", "the text of another password")
        return await anew(password)

    monkeypatch.setattr(Passwords, "hashed", changed_meanwhile)
    ground.signed_in("bob")
    assert ground.ids.person("customer:bob").password == "the text of another password"
    ground.ids.set_password("customer:bob", ground.digest)
    ground.calm()


def test_old_wrong_tries_are_found_without_reading_all(ground: Ground):
    plan = ground.ids._db.execute("EXPLAIN QUERY PLAN DELETE FROM tries WHERE last_at < ?", (0,)).fetchall()
    assert "tries_last" in str(plan) and "SCAN" not in str(plan)


def test_a_program_gets_tokens_that_rest_accepts_within_their_scope(ground: Ground):
    ground.signed_in()
    told = ground.tokens(scope="openid bank.read")
    assert [one["id"] for one in ground.rest(told["access_token"]).json()["items"]] == ["alice"]
    pay = {"payer": "alice", "payee": "bob", "amount": "1.00", "currency": "CNY"}
    assert ground.rest(told["access_token"], "/v1/payments", **pay).status_code == 403
    paying = ground.tokens()["access_token"]
    assert ground.rest(paying, "/v1/payments", **pay).status_code == 201
    who = ground.get("/oidc/userinfo", headers={"authorization": f"Bearer {paying}"}).json()
    assert (who["sub"], who["name"]) == ("customer:alice", "Alice")
    ground.later(301)
    assert ground.rest(paying).status_code == 401


def test_refresh_tokens_rotate_and_end_with_the_session(ground: Ground):
    ground.signed_in()
    told = ground.tokens()
    ask = {"grant_type": "refresh_token", "client_id": "shop"}
    again = ground.post("/oidc/token", refresh_token=told["refresh_token"], **ask).json()
    assert ground.rest(again["access_token"]).status_code == 200
    ground.form("/sign-out")
    assert ground.rest(again["access_token"]).status_code == 401
    late = ground.post("/oidc/token", refresh_token=again["refresh_token"], **ask)
    assert (late.status_code, late.json()["error"]) == (400, "invalid_grant")


def test_a_server_program_proves_itself_and_keys_rotate(ground: Ground):
    ground.signed_in()
    code = ground.granted(client_id="server")["code"]
    told = ground.token_for(code, client_id="server", client_secret=SECRET).json()
    assert told["token_type"] == "Bearer"
    ground.later(1)
    ground.provider.keys.rotate(ground.clock.now())
    assert ground.rest(told["access_token"]).status_code == 200
    assert len(ground.get("/oidc/jwks").json()["keys"]) == 2
    ground.later(1)
    ground.provider.keys.rotate(ground.clock.now())
    assert ground.rest(told["access_token"]).status_code == 401


def test_discovery_names_addresses_that_are_there(ground: Ground):
    told = ground.get("/oidc/.well-known/openid-configuration").json()
    assert told["issuer"] == "http://localhost:8000/oidc"
    for name, value in told.items():
        if name.endswith(("_endpoint", "_uri")):
            path = value.removeprefix("http://localhost:8000")
            assert ground.get(path).status_code not in (404, 500), name


def test_signing_out_of_a_program_goes_only_where_it_was_registered(ground: Ground):
    ground.signed_in()
    hint = ground.tokens()["id_token"]
    for wanted, lands in ((REDIRECT, REDIRECT), ("https://evil.example/", "/sign-in?told=signed_out")):
        ground.signed_in()
        query = f"?id_token_hint={hint}&post_logout_redirect_uri={wanted}"
        assert ground.form(f"/oidc/end-session{query}").headers["location"] == lands
        assert not ground.is_in()


def test_a_form_begun_on_the_phone_goes_on_at_the_counter(ground: Ground):
    ground.signed_in()
    draft = {"payer": "alice", "payee": "bob", "amount": "12.34", "currency": "CNY", "memo": "rent"}
    ground.site.drafts.save("customer:alice", "payment", draft, ground.clock.now())
    assert "12.34" in ground.get("/app/drafts").text
    page = ground.form("/app/drafts/code", kind="payment").text
    code = re.search(r'big-code" translate="no">([0-9 ]+)<', page)[1]
    ground.signed_in("tilda")
    page = ground.form("/desk/counter", code=code).text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    assert fields["amount"] == "12.34" and fields["customer"] == "customer:alice"
    assert "told=counter_" in ground.post("/desk/counter/pay", **fields).headers["location"]
    assert ground.form("/desk/counter", code=code).status_code == 422
    ground.clock.advance(8 * 86_400_000_000)
    assert ground.site.drafts.of("customer:alice", ground.clock.now()) == []


def test_two_at_once_use_a_code_once(ground: Ground):
    ground.fresh()
    ground.calm()
    before, code = ground.before(), ground.code()

    async def both():
        fields = {"before": before, "login": "alice", "password": PASSWORD, "code": code}
        return await asyncio.gather(*(ground.client.post("/sign-in", data=fields) for _ in range(4)))

    answers = ground._runner.run(both())
    assert sorted(one.status_code for one in answers) == [303, 422, 422, 422]


@pytest.mark.parametrize("cipher", ["aes", "sm4"])
def test_the_vault_opens_only_what_it_sealed(tmp_path, cipher):
    vault = Vault(tmp_path / "vault.key", cipher)
    sealed = vault.seal(b"secret", "totp:a")
    assert (
        b"secret" not in sealed and Vault(tmp_path / "vault.key", "aes").open(sealed, "totp:a") == b"secret"
    )
    assert vault.mark("x", "a") in Vault(tmp_path / "vault.key", "aes").marks("x", "a")
    spoilt = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for wrong, about in ((sealed, "totp:b"), (spoilt, "totp:a"), (b"", "totp:a"), (sealed[:9], "totp:a")):
        with pytest.raises(VaultError):
            vault.open(wrong, about)
    (tmp_path / "vault.key").chmod(0o644)
    with pytest.raises(VaultError, match="chmod 600"):
        Vault(tmp_path / "vault.key", cipher)


def test_the_page_shows_passkey_options_without_style(ground: Ground):
    ground.signed_in()
    assert '"rpId"' not in options_in(ground.get("/app/security").text, "add")


def test_what_was_signed_stands_in_the_record_of_the_answer(ground: Ground):
    ground.signed_in()
    ground.later(86_400)
    ground.signed_in()
    at = ground.clock.now()
    pay = {
        "payer": "alice",
        "payee": "mallory",
        "amount_minor": 600_000,
        "currency": "CNY",
        "customer": "alice",
        "device": "phone",
    }
    stamp = {"actor": "customer:alice", "at": at, "known_at": at}
    asked = ground.home.bank.do([Pay(key="to-prove", **pay, **stamp)])[0].answer
    assert asked.challenge, asked
    challenge = ground.home.store.load(Challenge, [asked.challenge])[0]
    what = What("payment", challenge.id, challenge.payee, challenge.amount_minor, challenge.currency)
    asking = ask_proof(ground.site, session_of(ground), what)
    ground.later()
    form: Any = {"proof": asking.id, "proof_code": ground.code()}
    proof = ground._runner.run(proved(ground.site, visit_at(ground), form, what))
    shown = {"payee": what.payee, "amount_minor": what.amount_minor, "currency": what.currency}
    answer = AnswerStepUp(
        key="answer", challenge=challenge.id, confirm=True, proof=proof.evidence, **shown, **stamp
    )
    done = ground.home.bank.do([answer])[0]
    assert done.answer.result == "allowed"
    sealed = unseal(ground.home.store.record(done.seq)).command
    assert sealed.proof.startswith("totp sha256:") and sealed.proof.endswith("6000.00 CNY to mallory")


def test_behind_a_proxy_with_https_cookies_are_secure_and_forms_are_taken(tmp_path):
    browser = Browser(tmp_path / "home", "https://bank.example")
    head = {"origin": "https://bank.example", "sec-fetch-site": "same-origin"}
    sending = browser.client.post("/sign-in/demo", data={"actor": "customer:alice"}, headers=head)
    told = browser._runner.run(sending)
    assert told.status_code == 303 and "Secure" in told.headers["set-cookie"]
    browser.close()
