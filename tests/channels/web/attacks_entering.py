"""Attacks on getting in: guessing, replaying, enumerating, passkeys of somebody else, invitations."""

from __future__ import annotations

import asyncio
import re
import statistics
import time

from cryptography.hazmat.primitives.asymmetric import ec
from tests.channels.web.attack import attack, attacks_in
from tests.channels.web.authenticator import UP, UV, Authenticator, encoded
from tests.channels.web.ground import PASSWORD, Ground

from jingwei.channels.signon import enrol
from jingwei.channels.web.app import ORIGIN


def _stays_out(ground: Ground, **tried: str) -> bool:
    ground.fresh()
    ground.later()
    return ground.enter(**tried).status_code in (422, 429) and not ground.is_in()


def _with_passkey(ground: Ground) -> Ground:
    ground.signed_in()
    ground.key = Authenticator(ORIGIN, "localhost")
    assert "passkey_added" in ground.add_passkey().headers["location"]
    return ground.fresh()


@attack("guessing", "forty passwords for one name: after five wrong ones even the right one waits")
def password_guessing(ground: Ground) -> bool:
    ground.fresh()
    checked = sum(ground.enter(password=f"guess {i}").status_code == 422 for i in range(40))
    return checked == 5 and ground.enter().status_code == 429


@attack("guessing", "forty one-time codes with the right password")
def code_guessing(ground: Ground) -> bool:
    ground.fresh()
    checked = sum(ground.enter(code=f"{i:06d}").status_code == 422 for i in range(40))
    return checked <= 5 and not ground.is_in()


@attack("guessing", "one password for thirty names from one address")
def password_spraying(ground: Ground) -> bool:
    ground.fresh()
    checked = sum(ground.enter(f"user{i}", password="Summer2026!").status_code == 422 for i in range(30))
    return checked <= 20


@attack("guessing", "thirty guesses at the same moment")
def guessing_at_once(ground: Ground) -> bool:
    before = ground.fresh().before()

    async def all_at_once():
        fields = {"before": before, "login": "alice", "code": "000000"}
        tries = (ground.client.post("/sign-in", data=fields | {"password": f"p{i}"}) for i in range(30))
        return await asyncio.gather(*tries)

    return sum(one.status_code == 422 for one in ground._runner.run(all_at_once())) <= 5


@attack("guessing", "recovery codes, one after the other")
def recovery_guessing(ground: Ground) -> bool:
    ground.fresh()
    return sum(ground.enter(code=f"AAAA-AAAA-{i:04d}").status_code == 422 for i in range(20)) == 5


@attack("guessing", "invitation codes, one after the other")
def invitation_guessing(ground: Ground) -> bool:
    before = ground.fresh().before()
    tries = [ground.post("/enrol", before=before, login="bob", code=f"AAAA-{i:04d}-AAAA") for i in range(20)]
    return sum(one.status_code == 422 for one in tries) == 5 and tries[-1].status_code == 429


@attack("guessing", "waiting out a lock does not give five tries again")
def waits_do_not_reset(ground: Ground) -> bool:
    ground.fresh()
    for _ in range(5):
        ground.enter(password="wrong")
    ground.later(31)
    return [ground.enter(password="wrong").status_code for _ in range(2)] == [422, 429]


@attack("guessing", "another spelling of the name gives no new tries")
def spelling_gives_no_tries(ground: Ground) -> bool:
    ground.fresh()
    for name in ("alice", "ALICE", " alice", "Alice ", "aLiCe"):
        ground.enter(name, password="wrong")
    return ground.enter().status_code == 429


@attack("guessing", "a forwarded address in a header gives no new tries")
def forwarded_address(ground: Ground) -> bool:
    before = ground.fresh().before()

    def told(i: int) -> int:
        fields = {"before": before, "login": f"user{i}", "password": "x", "code": "1"}
        head = {"x-forwarded-for": f"10.0.0.{i}", "forwarded": f"for=10.0.0.{i}"}
        return ground._runner.run(ground.client.post("/sign-in", data=fields, headers=head)).status_code

    return sum(told(i) == 422 for i in range(30)) == 20


@attack("guessing", "a device cookie of one's own making does not open another count")
def made_up_device(ground: Ground) -> bool:
    ground.fresh()
    codes = []
    for i in range(8):
        ground.client.cookies.set("jingwei_device", f"device-of-my-own-{i:08d}")
        codes.append(ground.enter(password="wrong").status_code)
    return codes == [422] * 5 + [429] * 3


@attack("enumeration", "an unknown name and a wrong password are answered in the same words")
def same_words(ground: Ground) -> bool:
    plain = lambda name: re.sub(r'value="[^"]*"', "", ground.fresh().enter(name, password="wrong").text)  # noqa: E731
    return plain("alice") == plain("nobody") == plain("bob")


@attack("enumeration", "an unknown name takes as long as a known one")
def same_time(ground: Ground) -> bool:
    before = ground.fresh().before()
    took: dict[str, list[float]] = {"alice": [], "stranger": []}
    for i in range(16):
        ground.calm()
        name = ("alice", "stranger")[i % 2]
        began = time.perf_counter()
        ground.post("/sign-in", before=before, login=name, password="wrong", code="123456")
        took[name].append(time.perf_counter() - began)
    known, unknown = (statistics.median(times) for times in took.values())
    return abs(known - unknown) < 0.5 * max(known, unknown)


@attack("enumeration", "a locked name and a locked unknown name are answered in the same words")
def same_lock(ground: Ground) -> bool:
    told = []
    for name in ("bob", "stranger"):
        ground.fresh()
        ground.calm()
        for _ in range(6):
            answer = ground.enter(name, password="wrong")
        told.append((answer.status_code, re.sub(r'value="[^"]*"', "", answer.text)))
    return told[0] == told[1] and told[0][0] == 429


@attack("enumeration", "an invitation for an unknown name is refused like a wrong code")
def same_invitation(ground: Ground) -> bool:
    before = ground.fresh().before()
    told = [ground.post("/enrol", before=before, login=name, code="AAAA") for name in ("alice", "stranger")]
    blank = [re.sub(r'value="[^"]*"', "", one.text) for one in told]
    return blank[0] == blank[1] and told[0].status_code == told[1].status_code == 422


@attack("enumeration", "asking for a passkey challenge tells no names and no passkeys")
def challenge_tells_nothing(ground: Ground) -> bool:
    _, options = _with_passkey(ground).challenge()
    return '"allowCredentials": []' in options or "allowCredentials" not in options


@attack("replay", "a one-time code used a second time")
def code_replayed(ground: Ground) -> bool:
    ground.signed_in()
    ground.fresh()
    return ground.enter(code=ground.code()).status_code == 422


@attack("replay", "the code of the step before one already used")
def older_code(ground: Ground) -> bool:
    ground.signed_in()
    ground.fresh()
    return ground.enter(code=ground.code(steps=-1)).status_code == 422


@attack("replay", "a code two steps old or two steps ahead")
def far_code(ground: Ground) -> bool:
    return all(_stays_out(ground, code=ground.code(steps=steps)) for steps in (-4, 4))


@attack("replay", "one code at four places at the same moment signs in one")
def code_raced(ground: Ground) -> bool:
    ground.fresh()
    ground.later()
    fields = {"before": ground.before(), "login": "alice", "password": PASSWORD, "code": ground.code()}

    async def race():
        return await asyncio.gather(*(ground.client.post("/sign-in", data=fields) for _ in range(4)))

    return sum(one.status_code == 303 for one in ground._runner.run(race())) == 1


@attack("replay", "a recovery code used a second time")
def recovery_replayed(ground: Ground) -> bool:
    spare = ground.spare["bob"].pop()
    assert ground.fresh().enter("bob", code=spare).status_code == 303
    return ground.fresh().enter("bob", code=spare).status_code == 422


@attack("replay", "somebody else's recovery code")
def foreign_recovery(ground: Ground) -> bool:
    return _stays_out(ground, code=ground.spare["bob"][0])


@attack("replay", "somebody else's one-time code")
def foreign_code(ground: Ground) -> bool:
    ground.fresh()
    ground.later()
    return ground.enter(code=ground.code("bob")).status_code == 422


@attack("replay", "a passkey's answer sent a second time")
def passkey_replayed(ground: Ground) -> bool:
    issued, options = _with_passkey(ground).challenge()
    fields = {"before": ground.before(), "challenge": issued, "passkey": ground.key.sign(options)}
    first = ground.post("/sign-in/passkey", **fields).status_code
    ground.client.cookies.delete("jingwei_session")
    return first == 303 and ground.post("/sign-in/passkey", **fields).status_code == 422


@attack("replay", "a passkey's answer under another challenge")
def passkey_other_challenge(ground: Ground) -> bool:
    _, first = _with_passkey(ground).challenge()
    second, _ = ground.challenge()
    fields = {"before": ground.before(), "challenge": second, "passkey": ground.key.sign(first)}
    return ground.post("/sign-in/passkey", **fields).status_code == 422


@attack("replay", "a passkey's answer after five minutes")
def passkey_late(ground: Ground) -> bool:
    issued, options = _with_passkey(ground).challenge()
    ground.later(301)
    fields = {"before": ground.before(), "challenge": issued, "passkey": ground.key.sign(options)}
    return ground.post("/sign-in/passkey", **fields).status_code == 422


@attack("passkey", "a cloned passkey: the counter does not grow")
def passkey_cloned(ground: Ground) -> bool:
    _with_passkey(ground)
    assert ground.by_passkey(count=50).status_code == 303
    ground.fresh()
    return ground.by_passkey(count=50).status_code == 422 and ground.by_passkey(count=9).status_code == 422


@attack("passkey", "signed at a page that only looks like the bank's (another origin)")
def passkey_phished(ground: Ground) -> bool:
    return _with_passkey(ground).by_passkey(origin="https://jingwei.evil.example").status_code == 422


@attack("passkey", "signed for another party")
def passkey_other_party(ground: Ground) -> bool:
    return _with_passkey(ground).by_passkey(rp_id="evil.example").status_code == 422


@attack("passkey", "signed with another key under this passkey's id")
def passkey_other_key(ground: Ground) -> bool:
    other = ec.generate_private_key(ec.SECP256R1())
    return _with_passkey(ground).by_passkey(key=other).status_code == 422


@attack("passkey", "signed without the person being verified (no PIN, no finger), or without being there")
def passkey_unverified(ground: Ground) -> bool:
    _with_passkey(ground)
    return all(ground.by_passkey(flags=flags).status_code == 422 for flags in (UP, UV, 0))


@attack("passkey", "an answer of making a passkey sent as one of signing")
def passkey_wrong_kind(ground: Ground) -> bool:
    return _with_passkey(ground).by_passkey(type="webauthn.create").status_code == 422


@attack("passkey", "garbage, a huge answer, an empty one")
def passkey_garbage(ground: Ground) -> bool:
    issued, _ = _with_passkey(ground).challenge()
    told = []
    for answer in ("", "{", "[]", '{"rawId": 5}', '{"rawId":"AA","id":"AA"}', "x" * 60_000):
        fields = {"before": ground.before(), "challenge": issued, "passkey": answer}
        told.append(ground.post("/sign-in/passkey", **fields).status_code)
    return set(told) <= {422, 429}


@attack("passkey", "a passkey added with a challenge of another session")
def passkey_into_another(ground: Ground) -> bool:
    ground.signed_in("bob")
    page = ground.get("/app/security").text
    issued = re.search(r'name="challenge" value="([^"]+)"', page)[1]
    found = ground.ids.once.find(issued, "passkey_add")
    options = f'{{"challenge": "{encoded(found.body)}"}}'
    ground.signed_in()
    made = Authenticator(ORIGIN, "localhost").make(options)
    answer = ground.form("/app/security/passkey", challenge=issued, passkey=made)
    return answer.status_code == 422 and not ground.ids.factors.passkeys("customer:bob")


@attack("passkey", "somebody else's passkey registered again under one's own name")
def passkey_taken_over(ground: Ground) -> bool:
    _with_passkey(ground)
    ground.signed_in("bob")
    return ground.add_passkey().status_code == 422


@attack("passkey", "a passkey removed that is somebody else's")
def foreign_passkey_removed(ground: Ground) -> bool:
    _with_passkey(ground)
    name = ground.ids.factors.passkeys("customer:alice")[-1].name
    ground.signed_in("bob")
    told = ground.form("/app/security/passkey-remove", name=name).status_code
    return told == 404 and any(one.name == name for one in ground.ids.factors.passkeys("customer:alice"))


@attack("invitation", "an invitation used a second time, or after three days, or after a newer one")
def invitation_reused(ground: Ground) -> bool:
    ground.enrolled("customer:erin", "erin", ("customer",))
    old = enrol.invite(ground.signon, "system:core", "customer:erin")
    new = enrol.invite(ground.signon, "system:core", "customer:erin")
    before = ground.fresh().before()
    first = ground.post("/enrol", before=before, login="erin", code=old).status_code
    ground.clock.advance(4 * 86_400_000_000)
    return first == 422 and ground.post("/enrol", before=before, login="erin", code=new).status_code == 422


@attack("invitation", "the old password, code and passkey after a reset")
def after_reset(ground: Ground) -> bool:
    ground.enrolled("customer:fred", "fred", ("customer",))
    enrol.invite(ground.signon, "system:core", "customer:fred")
    return _stays_out(ground, login="fred") and _stays_out(ground, login="fred", code=ground.spare["fred"][0])


@attack("disabled", "a disabled person with the right password, code and passkey")
def disabled_person(ground: Ground) -> bool:
    _with_passkey(ground)
    ground.ids.set_disabled("customer:alice", 1)
    held = _stays_out(ground) and ground.by_passkey().status_code == 422
    ground.ids.set_disabled("customer:alice", 0)
    return held


@attack("injection", "SQL, wildcards, NUL, very long names and turned letters as a name")
def hostile_names(ground: Ground) -> bool:
    names = (
        "alice' OR '1'='1",
        "alice'--",
        "%",
        "_lice",
        "alice\x00",
        "a" * 5000,
        "\u202ealice",
        "ａｌｉｃｅ",
    )
    told = []
    for name in names:
        ground.calm()
        told.append(_stays_out(ground, login=name))
    return all(told)


@attack("injection", "a password of a megabyte does not keep the bank busy")
def huge_password(ground: Ground) -> bool:
    began = time.perf_counter()
    ground.fresh().enter(password="x" * 1_000_000)
    return time.perf_counter() - began < 2 and not ground.is_in()


ATTACKS = attacks_in(globals())
