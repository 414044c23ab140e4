"""Getting credentials: the first password, one-time codes, recovery codes and passkeys, and changing them."""

from __future__ import annotations

from typing import NamedTuple

from jingwei.channels.signon import codes
from jingwei.channels.signon.passkeys import NotProved
from jingwei.channels.signon.passwords import weakness
from jingwei.channels.signon.people import INVITE_LIFE, Refused, SignOn, Tried
from jingwei.kernel.clock import MINUTE
from jingwei.stores.factors import Passkey
from jingwei.stores.identities import Person
from jingwei.stores.once import Issued

ENROL_LIFE = 30 * MINUTE
MOST_PASSKEYS = 10


class Enrolling(NamedTuple):
    """Somebody who is about to set a password: the id of this enrolment and the one-time code's secret."""

    id: str
    person: Person
    secret: bytes


def invite(signon: SignOn, by: str, actor: str) -> str:
    """A code with which this person can enrol once, within three days. Everything earlier is forgotten."""
    ids, code = signon.identities, codes.new_code()
    with ids.together():
        ids.forget(actor)
        ids.once.drop("enrol", actor)
        ids.invite(actor, codes.plain(code), signon.clock.now() + INVITE_LIFE)
        signon.owe(by, actor, "person", "invited")
    return code


def begin(signon: SignOn, login: str, code: str, address: str) -> Enrolling:
    """Begin to enrol with an invitation. Raises Refused, for an unknown name as for a wrong code."""
    now, ids = signon.clock.now(), signon.identities
    person = ids.by_login(login.strip().casefold()[:64])
    subjects = signon.subjects(
        None, f"invite:{login.strip().casefold()[:64]}", Tried("", "", "", address, "")
    )
    signon.admit(subjects, now)
    if not ids.invited(person, codes.plain(code), now) or person is None or person.disabled_at:
        raise Refused("invite_wrong")
    signon.forgive(subjects)
    secret = codes.new_secret()
    body = ids.vault.seal(secret, f"enrol:{person.actor}")
    return Enrolling(signon.issue("enrol", person.actor, "", body, ENROL_LIFE).id, person, secret)


def enrolling(signon: SignOn, issued_id: str) -> Enrolling:
    """An enrolment that was begun. Raises Refused `enrol_over`."""
    issued = signon.identities.once.find(issued_id, "enrol")
    person = signon.identities.person(issued.actor) if issued else None
    over = issued is None or issued.used_at or signon.clock.now() > issued.ends_at
    if over or issued is None or person is None or not person.invite:
        raise Refused("enrol_over")
    return Enrolling(issued.id, person, signon.identities.vault.open(issued.body, f"enrol:{person.actor}"))


async def finish(signon: SignOn, one: Enrolling, password: str, code: str) -> list[str]:
    """Set password and one-time codes; returns the recovery codes, shown this once. Raises Refused."""
    if weak := weakness(password, one.person.login):
        raise Refused(weak)
    now, ids, actor = signon.clock.now(), signon.identities, one.person.actor
    subject = f"proof:{actor}"
    if wait := ids.tries.wait(subject, now):
        raise Refused("too_many_tries", wait)
    step = codes.step_of(one.secret, codes.plain(code), now)
    if step is None:
        ids.tries.count(subject, now)
        raise Refused("code_wrong")
    digest = await signon.passwords.hashed(password)
    with ids.together():
        if not ids.once.use(one.id, "enrol", now):
            raise Refused("enrol_over")
        ids.set_password(actor, digest)
        ids.factors.set_totp(actor, one.secret, now)
        ids.factors.use_step(actor, step)
        signon.owe(actor, actor, "password", "added")
        signon.owe(actor, actor, "totp", "added")
        ids.tries.clear(subject)
    return new_recovery(signon, actor)


def new_recovery(signon: SignOn, actor: str) -> list[str]:
    """New recovery codes in the place of all earlier ones, to be shown this once."""
    made = [codes.new_code() for _ in range(codes.RECOVERY)]
    with signon.identities.together():
        signon.identities.factors.set_recovery(actor, [codes.plain(one) for one in made])
        signon.owe(actor, actor, "recovery_codes", "changed")
    return made


async def change_password(signon: SignOn, person: Person, password: str) -> None:
    """Another password for somebody who proved who they are just now. Raises Refused."""
    if weak := weakness(password, person.login):
        raise Refused(weak)
    digest = await signon.passwords.hashed(password)
    with signon.identities.together():
        signon.identities.set_password(person.actor, digest)
        signon.owe(person.actor, person.actor, "password", "changed")


def offer_totp(signon: SignOn, actor: str, sid: str) -> tuple[Issued, bytes]:
    """A new secret for one-time codes, good once a code of it is typed."""
    secret = codes.new_secret()
    body = signon.identities.vault.seal(secret, f"offer:{actor}")
    return signon.issue("totp_offer", actor, sid, body, ENROL_LIFE), secret


def offered(signon: SignOn, issued_id: str, actor: str, sid: str) -> tuple[Issued, bytes]:
    """The secret that was offered to this session. Raises Refused `enrol_over`."""
    issued = signon.identities.once.find(issued_id, "totp_offer")
    if issued is None or (issued.actor, issued.sid) != (actor, sid):
        raise Refused("enrol_over")
    return issued, signon.identities.vault.open(issued.body, f"offer:{actor}")


def take_totp(signon: SignOn, issued: Issued, secret: bytes, code: str) -> None:
    """Use the offered secret from now on. Raises Refused when the code is not of it."""
    now, ids = signon.clock.now(), signon.identities
    step = codes.step_of(secret, codes.plain(code), now)
    if step is None:
        raise Refused("code_wrong")
    with ids.together():
        if not ids.once.use(issued.id, "totp_offer", now):
            raise Refused("enrol_over")
        ids.factors.set_totp(issued.actor, secret, now)
        ids.factors.use_step(issued.actor, step)
        signon.owe(issued.actor, issued.actor, "totp", "changed")


def add_passkey(signon: SignOn, issued_id: str, sid: str, text: str, label: str) -> Passkey:
    """Keep a passkey the browser made for this session's person. Raises Refused."""
    now, ids = signon.clock.now(), signon.identities
    issued = ids.once.find(issued_id, "passkey_add")
    if issued is None or issued.sid != sid or issued.sid == "":
        raise Refused("passkey_wrong")
    shown = label.strip()[:60] or "Passkey"
    try:
        made = signon.party.added(text, issued.body, Passkey(b"", issued.actor, b"", 0, shown, now))
    except NotProved:
        raise Refused("passkey_wrong") from None
    with ids.together():
        full = len(ids.factors.passkeys(issued.actor)) >= MOST_PASSKEYS
        if full or not ids.once.use(issued.id, "passkey_add", now) or not ids.factors.add_passkey(made):
            raise Refused("passkey_wrong")
        signon.owe(issued.actor, issued.actor, "passkey", "added", made.name)
    return made


def remove_passkey(signon: SignOn, actor: str, name: str) -> bool:
    """Forget one of somebody's own passkeys; False when there is none of this name."""
    with signon.identities.together():
        done = signon.identities.factors.remove_passkey(actor, name)
        if done:
            signon.owe(actor, actor, "passkey", "removed", name)
    return done
