"""Attacks on sessions, forms, redirects, headers, roles and files, once somebody is signed in or tricked."""

from __future__ import annotations

import re
from typing import Any

from tests.channels.web.attack import attack, attacks_in
from tests.channels.web.attacks_proving import session_of
from tests.channels.web.authenticator import Authenticator
from tests.channels.web.ground import Ground

from jingwei.channels.web.app import ORIGIN
from jingwei.channels.web.visit import COOKIE
from jingwei.kernel.clock import MINUTE


@attack("session", "a session planted before signing in (fixation)")
def fixation(ground: Ground) -> bool:
    ground.signed_in("bob")
    planted = ground.client.cookies[COOKIE]
    ground.form("/sign-out")
    ground.fresh()
    ground.client.cookies.set(COOKIE, planted)
    ground.later()
    given = ground.enter().headers.get_list("set-cookie")
    ground.fresh()
    ground.client.cookies.set(COOKIE, planted)
    return any(COOKIE in one for one in given) and planted not in str(given) and not ground.is_in()


@attack("session", "a made-up, empty, huge or hostile session secret")
def made_up_session(ground: Ground) -> bool:
    told = []
    for secret in ("", "A" * 43, "x" * 5000, "' OR 1=1 --", "../../etc/passwd"):
        ground.fresh()
        ground.client.cookies.set(COOKIE, secret)
        told.append(not ground.is_in())
    return all(told)


@attack("session", "the cookie after signing out")
def after_sign_out(ground: Ground) -> bool:
    ground.signed_in()
    secret = ground.client.cookies[COOKIE]
    ground.form("/sign-out")
    ground.client.cookies.set(COOKIE, secret)
    return not ground.is_in()


@attack("session", "the cookie after half an hour without use, and after a day of use")
def old_sessions(ground: Ground) -> bool:
    ground.signed_in()
    ground.clock.advance(31 * MINUTE)
    idle = not ground.is_in()
    ground.signed_in()
    for _ in range(60):
        ground.clock.advance(25 * MINUTE)
        ground.get("/app")
    return idle and not ground.is_in()


@attack("session", "the session's public name used as its secret")
def name_is_no_secret(ground: Ground) -> bool:
    ground.signed_in()
    sid = session_of(ground).sid
    ground.fresh()
    ground.client.cookies.set(COOKIE, sid)
    return not ground.is_in()


@attack("session", "somebody else's session ended by its name")
def ending_others(ground: Ground) -> bool:
    ground.signed_in()
    sid = session_of(ground).sid
    cookie = ground.client.cookies[COOKIE]
    ground.signed_in("bob")
    told = ground.form("/app/security/end", sid=sid).status_code
    ground.fresh()
    ground.client.cookies.set(COOKIE, cookie)
    return told == 404 and ground.is_in()


@attack("session", "cookies without HttpOnly or SameSite, or without Secure over https")
def cookie_flags(ground: Ground) -> bool:
    ground.fresh()
    plain = ground.enter().headers.get_list("set-cookie")
    ground.fresh()
    ground.later()
    ground.client.base_url = "https://bank.test"
    ground.client.cookies.clear()
    secure = ground.enter().headers.get_list("set-cookie")
    ground.client.base_url = "http://bank.test"
    both = [one.lower() for one in plain + secure]
    flagged = all("httponly" in one and "samesite=lax" in one for one in both)
    return flagged and len(secure) >= 2 and all("secure" in one.lower() for one in secure)


@attack("session", "the session's secret in an address, a page or the file of sessions")
def secret_leaks(ground: Ground) -> bool:
    ground.signed_in()
    secret = ground.client.cookies[COOKIE]
    page = ground.get("/app/security").text
    files = b"".join(path.read_bytes() for path in ground.home.path.glob("*.db*"))
    return secret not in page and secret.encode() not in files


@attack("session", "a proof page's answer cached by the browser or a proxy")
def cached_pages(ground: Ground) -> bool:
    ground.signed_in()
    pages = [ground.get(path) for path in ("/app", "/app/security", "/app/prove", "/app/drafts")]
    return all(one.headers["cache-control"] == "no-store" for one in pages)


@attack("forged form", "every form of a session sent without its token, or with another session's")
def forms_without_token(ground: Ground) -> bool:
    ground.signed_in("bob")
    foreign = ground.token()
    ground.signed_in()
    held = []
    for method, path in ground.site.guards:
        if method == "POST" and path.startswith("/app/") and "{" not in path:
            for token in ("", foreign):
                told = ground.post(path, form_token=token)
                held.append(told.status_code == 303 and "error=form_old" in told.headers["location"])
    return len(held) > 10 and all(held)


@attack("forged form", "the sign-in form sent from elsewhere (login forgery): no token of this browser")
def login_forged(ground: Ground) -> bool:
    foreign = ground.fresh().before()
    ground.fresh()
    fields = {"login": "alice", "password": "x", "code": "1"}
    told = [ground.post("/sign-in", before=token, **fields) for token in ("", foreign, "é")]
    return all("error=form_old" in one.headers.get("location", "") for one in told)


@attack("forged form", "a form another site had the browser send (Origin, Sec-Fetch-Site)")
def cross_site(ground: Ground) -> bool:
    ground.signed_in()
    token = ground.token()
    told = []
    for head in (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://bank.test.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        sending = ground.client.post("/sign-out", data={"form_token": token}, headers=head)
        told.append(ground._runner.run(sending).status_code)
    return told == [403] * 5 and ground.is_in()


@attack("forged form", "something done by following a link (GET)")
def by_link(ground: Ground) -> bool:
    ground.signed_in()
    paths = ("/app/security/end-others", "/app/security/recovery", "/sign-out", "/app/drafts/drop")
    return all(ground.get(path).status_code in (404, 405) for path in paths) and ground.is_in()


@attack("redirect", "sent on to another site after signing in")
def open_redirect(ground: Ground) -> bool:
    lands = []
    hostile = (
        "//evil.example", "https://evil.example", "/\\evil.example", "/app/../../evil", "javascript:alert(1)",
        "/app//evil.example", "/%2f%2fevil.example", "/app\r\nSet-Cookie: a=b", "/oidc/go/../../x", "/desk",
    )  # fmt: skip
    for to in hostile:
        ground.fresh()
        ground.later()
        ground.calm()
        lands.append(ground.enter(params={"next": to}).headers["location"])
    return set(lands) == {"/app"}


@attack("redirect", "sent on to another site by the look of pages, or after a proof")
def other_redirects(ground: Ground) -> bool:
    ground.signed_in()
    looks = [ground.get("/look", params={"back": to}) for to in ("//evil.example", "https://evil.example")]
    asking = ground.get("/app/prove", params={"next": "//evil.example"}).text
    proof = re.search(r'name="proof" value="([^"]+)"', asking)[1]
    ground.later()
    done = ground.form("/app/prove?next=//evil.example", proof=proof, proof_code=ground.code())
    return (
        all(one.headers["location"] == "/app" for one in looks)
        and done.headers["location"] == "/app/security"
    )


@attack("headers", "a line break or another header smuggled in through a name, a label or a language")
def header_injection(ground: Ground) -> bool:
    evil = "x\r\nSet-Cookie: stolen=1"
    told = [
        ground.fresh().enter(evil, password="x"),
        ground.get("/look", params={"theme": evil, "lang": evil, "back": evil}),
        ground.get("/enrol", params={"login": evil}),
        ground.get("/oidc/authorize", params={"client_id": evil, "redirect_uri": evil}),
    ]
    return all("stolen" not in str(one.headers) and one.status_code < 500 for one in told)


@attack("headers", "a false Host header changes an address the bank gives out")
def host_header(ground: Ground) -> bool:
    head = {"host": "evil.example", "x-forwarded-host": "evil.example"}
    ground.signed_in()
    paths = ("/sign-in", "/enrol", "/app", "/app/security", "/oidc/.well-known/openid-configuration")
    told = [ground.get(path, headers=head) for path in paths]
    return all("evil.example" not in one.text + str(one.headers) for one in told)


@attack("headers", "the sign-in, security and proof pages inside another site's frame")
def clickjacking(ground: Ground) -> bool:
    ground.signed_in()
    pages = [ground.get(path) for path in ("/enrol", "/app", "/app/security", "/app/prove")]
    policy = "frame-ancestors 'none'"
    framed = [policy in one.headers["content-security-policy"] for one in pages]
    return all(framed) and all(one.headers["x-frame-options"] == "DENY" for one in pages)


@attack("headers", "a script or form target planted through a name, a device or a passkey's label")
def planted_script(ground: Ground) -> bool:
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    ground.signed_in()
    agent = {"user-agent": f"Firefox/1 {evil}"}
    ground.client.headers.update(agent)
    ground.signed_in()
    ground.client.headers.pop("user-agent")
    ground.key = Authenticator(ORIGIN, "localhost")
    page = ground.get("/app/security").text
    issued = re.search(r'name="challenge" value="([^"]+)"', page)[1]
    options = re.search(r'data-options="([^"]+)"', page)[1].replace("&#34;", '"')
    ground.form("/app/security/passkey", challenge=issued, passkey=ground.key.make(options), label=evil)
    shown = ground.get("/app/security").text + ground.fresh().enter(evil).text
    return "<script>alert" not in shown and "<img src=x" not in shown


@attack("roles", "a customer, child or teller on pages of others")
def foreign_pages(ground: Ground) -> bool:
    told = []
    for login, paths in (
        ("alice", ("/desk", "/desk/counter", "/desk/security")),
        ("carol", ("/desk", "/desk/counter")),
        ("tilda", ("/app", "/app/security", "/app/drafts")),
    ):
        ground.signed_in(login)
        told += [ground.get(path).headers.get("location", "").startswith("/sign-in") for path in paths]
    ground.signed_in("rita")
    return all(told) and ground.get("/desk/counter").status_code == 403


@attack("roles", "a teller's payment form sent by a reviewer and by an administrator")
def foreign_command(ground: Ground) -> bool:
    told = []
    for login in ("rita", "ada"):
        ground.signed_in(login)
        fields = {"payer": "alice", "payee": "bob", "amount": "1.00", "currency": "CNY"}
        told.append(ground.form("/desk/counter/pay", customer="customer:alice", **fields).status_code)
    return told == [403, 403]


@attack("roles", "a role taken away goes on in a session that is open")
def role_taken(ground: Ground) -> bool:
    ground.signed_in("tilda")
    token = ground.token("/desk")
    ground.ids.set_roles("staff:teller", ("auditor",))
    fields = {"payer": "alice", "payee": "bob", "amount": "1.00", "currency": "CNY", "key": "k-role-taken"}
    told = ground.post("/desk/counter/pay", form_token=token, customer="customer:alice", **fields)
    ground.ids.set_roles("staff:teller", ("teller",))
    return told.status_code == 403


@attack("roles", "one gives oneself a role through the record of changes")
def own_role(ground: Ground) -> bool:
    from jingwei.journeys.change_credential import ChangeCredential

    def asked(actor: str, person: str, what: Any) -> str:
        at = ground.clock.now()
        fields = {"key": f"x:{actor}:{person}:{what}", "actor": actor, "at": at, "known_at": at}
        answer = ground.home.bank.do(
            [ChangeCredential(person=person, what=what, change="changed", **fields)]
        )[0]
        return answer.answer.refusal.code if answer.answer.refusal else ""

    return (
        asked("staff:admin", "staff:admin", "roles") == "own_work"
        and asked("customer:bob", "customer:alice", "password") == "not_allowed"
        and asked("customer:bob", "customer:bob", "roles") == "own_work"
    )


@attack("drafts", "a teller guesses the six digits of a form")
def draft_guessed(ground: Ground) -> bool:
    ground.site.drafts.save("customer:alice", "payment", {"amount": "1"}, ground.clock.now())
    ground.site.drafts.code("customer:alice", "payment", ground.clock.now())
    ground.signed_in("tilda")
    token = ground.token("/desk")
    told = [ground.post("/desk/counter", form_token=token, code=f"{i:06d}").status_code for i in range(30)]
    return 200 not in told and len(told) == 30


@attack("drafts", "a form's code after ten minutes; somebody else's draft")
def draft_late(ground: Ground) -> bool:
    ground.site.drafts.save("customer:alice", "payment", {"amount": "77.00"}, ground.clock.now())
    code = ground.site.drafts.code("customer:alice", "payment", ground.clock.now())
    ground.later(601)
    ground.signed_in("bob")
    foreign = "77.00" not in ground.get("/app/drafts").text
    taken = ground.form("/app/drafts/code", kind="payment").status_code
    ground.signed_in("tilda")
    late = ground.form("/desk/counter", code=code).status_code
    return foreign and taken == 404 and late == 422


@attack("storage", "the sealed secret of one person moved to another in the file")
def moved_secret(ground: Ground) -> bool:
    db = ground.ids._db
    sealed = db.execute("SELECT sealed FROM totp WHERE actor = 'customer:bob'").fetchone()[0]
    was = db.execute("SELECT sealed FROM totp WHERE actor = 'customer:alice'").fetchone()[0]
    db.execute("UPDATE totp SET sealed = ? WHERE actor = 'customer:alice'", (sealed,))
    ground.later()
    ground.fresh()
    told = ground.enter(code=ground.code("bob")).status_code
    db.execute("UPDATE totp SET sealed = ? WHERE actor = 'customer:alice'", (was,))
    return told in (422, 503) and not ground.is_in()


@attack("storage", "files of secrets that others on the machine can read")
def file_modes(ground: Ground) -> bool:
    home = ground.home.path
    files = [*home.glob("identities.db"), *home.glob("sessions.db"), *home.glob("grants.db")]
    files += [*home.glob("keys/*.key"), *home.glob("keys/tokens/*.pem")]
    return len(files) >= 5 and all(not one.stat().st_mode & 0o077 for one in files)


ATTACKS = attacks_in(globals())
