"""Signing on: who somebody is, by password and code or by passkey, with growing waits for wrong tries."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

from jingwei.channels.signon import codes
from jingwei.channels.signon.passkeys import NotProved, Party, named
from jingwei.channels.signon.passwords import Passwords, outdated
from jingwei.journeys.change_credential import ChangeCredential
from jingwei.kernel.clock import DAY, MINUTE, Clock
from jingwei.kernel.command import checked
from jingwei.stores.identities import Identities, Person
from jingwei.stores.once import FREE, Issued
from jingwei.stores.vault import VaultError

LOG = logging.getLogger("jingwei.signon")

ADDRESS_FREE = 20
"""Wrong tries of one address before it waits: many people can share one."""

CHALLENGE_LIFE = 5 * MINUTE
INVITE_LIFE = 3 * DAY
LOGIN = re.compile(r"[a-z][a-z0-9_.-]{1,31}")
NOBODY = "nobody:nobody"


class Refused(Exception):
    """Somebody was not let in. `code` is a key of a sentence; `wait` how long to wait (microseconds)."""

    def __init__(self, code: str, wait: int = 0) -> None:
        super().__init__(code)
        self.code, self.wait = code, wait


class Tried(NamedTuple):
    """A try to sign in: what was typed, from which address, and the browser's device secret."""

    login: str
    password: str
    code: str
    address: str
    device: str


class Challenged(NamedTuple):
    """What a browser is to sign: the id under which it was issued, and the options as JSON."""

    id: str
    options: str


class SignOn:
    """The bank's one sign-on. One for each running server, on its event loop."""

    def __init__(self, home: Path, clock: Clock, origin: str) -> None:
        """`origin` is how browsers reach the bank. Raises VaultError."""
        self.identities = Identities(home)
        self.clock = clock
        self.party = Party(origin)
        self.passwords = Passwords()
        self._nobody = codes.new_secret()

    # -- password and code -----------------------------------------------------------------------

    async def enter(self, tried: Tried) -> tuple[Person, tuple[str, ...]]:
        """Who signed in, and by which means. The same refusal in the same time for every kind of wrong."""
        now, ids = self.clock.now(), self.identities
        login = tried.login.strip().casefold()[:64]
        person = ids.by_login(login)
        subjects = self.subjects(person, login, tried)
        self.admit(subjects, now)
        right = await self.passwords.right(person.password if person else "", tried.password)
        actor = person.actor if person else NOBODY
        with ids.together():
            means = self._second(actor, tried.code, now, right)
            if person is None or means is None or person.disabled_at:
                wrong = True
            else:
                wrong = False
                self.forgive(subjects)
                if means == "recovery":
                    self.owe(person.actor, person.actor, "recovery_code", "used")
        if wrong or person is None or means is None:
            raise Refused("sign_in_wrong")
        if outdated(person.password):
            ids.hash_anew(person.actor, person.password, await self.passwords.hashed(tried.password))
        return person, ("password", means)

    def subjects(self, person: Person | None, login: str, tried: Tried) -> tuple[str, str]:
        """Whose tries are counted: the name's, or the known device's own; and the address's."""
        mark = self.identities.vault.mark
        device = mark(tried.device, "device").hex()[:32]
        known = person is not None and self.identities.factors.knows_device(person.actor, tried.device)
        name = mark(login, "login").hex()[:32]
        return (f"device:{name}:{device}" if known else f"name:{name}", f"address:{tried.address}")

    def admit(self, subjects: tuple[str, str], now: int) -> None:
        """Count a try before it is checked. Raises Refused `too_many_tries` while one of them waits."""
        tries = self.identities.tries
        wait = max(tries.wait(subjects[0], now, FREE), tries.wait(subjects[1], now, ADDRESS_FREE))
        if wait:
            raise Refused("too_many_tries", wait)
        with self.identities.together():
            for subject in subjects:
                tries.count(subject, now)

    def forgive(self, subjects: tuple[str, str]) -> None:
        """Take back the counted try of somebody who was right."""
        self.identities.tries.clear(subjects[0])
        self.identities.tries.uncount(subjects[1])

    def _second(self, actor: str, code: str, now: int, right: bool) -> str | None:
        """Which second factor the code is, used up if the first one was `right`; None when it is none."""
        text, factors = codes.plain(code), self.identities.factors
        step = codes.step_of(self._secret(actor) or self._nobody, text, now)
        if not right:
            return None
        if step is not None:
            return "totp" if factors.use_step(actor, step) else None
        return "recovery" if factors.use_recovery(actor, text, now) else None

    def _secret(self, actor: str) -> bytes | None:
        """The secret of somebody's one-time codes; None too when the file was tampered with."""
        try:
            return self.identities.factors.totp(actor)
        except VaultError:
            LOG.exception("the one-time codes of %s cannot be read", actor)
            return None

    def second(self, actor: str, code: str) -> bool:
        """Use up a one-time code of somebody signed in already; growing waits for wrong ones (Refused)."""
        now, subject = self.clock.now(), f"proof:{actor}"
        if wait := self.identities.tries.wait(subject, now):
            raise Refused("too_many_tries", wait)
        secret = self._secret(actor)
        with self.identities.together():
            self.identities.tries.count(subject, now)
            step = None if secret is None else codes.step_of(secret, codes.plain(code), now)
            right = step is not None and self.identities.factors.use_step(actor, step)
            if right:
                self.identities.tries.clear(subject)
        return right

    # -- passkeys --------------------------------------------------------------------------------

    def challenge_to_enter(self) -> Challenged:
        """What a browser signs to sign somebody in with any passkey of this bank."""
        return self._challenged("passkey_enter", "", "", [])

    def challenge_to_add(self, person: Person, sid: str) -> Challenged:
        """What a browser answers to make a passkey for somebody signed in."""
        issued = self.issue("passkey_add", person.actor, sid, secrets.token_bytes(32))
        known = self.identities.factors.passkeys(person.actor)
        return Challenged(issued.id, self.party.to_add(person, known, issued.body))

    def _challenged(self, kind: str, actor: str, sid: str, known: list[Any]) -> Challenged:
        issued = self.issue(kind, actor, sid, secrets.token_bytes(32))
        return Challenged(issued.id, self.party.to_sign(issued.body, known))

    def issue(self, kind: str, actor: str, sid: str, body: bytes, life: int = CHALLENGE_LIFE) -> Issued:
        """Issue something good once, to this person in this session."""
        now = self.clock.now()
        one = Issued(secrets.token_urlsafe(24), kind, actor, sid, body, now + life)
        self.identities.once.issue(one, now)
        return one

    def enter_by_passkey(self, issued_id: str, text: str, address: str) -> Person:
        """Who signed in with a passkey. Raises Refused."""
        now, ids = self.clock.now(), self.identities
        subject = f"address:{address}"
        if wait := ids.tries.wait(subject, now, ADDRESS_FREE):
            raise Refused("too_many_tries", wait)
        ids.tries.count(subject, now)
        issued = ids.once.find(issued_id, "passkey_enter")
        actor = self.signed(issued, text) if issued else ""
        person = ids.person(actor) if actor else None
        if person is None or person.disabled_at:
            raise Refused("passkey_wrong")
        ids.tries.uncount(subject)
        return person

    def signed(self, issued: Issued, text: str, challenge: bytes | None = None) -> str:
        """Whose passkey signed what was issued, used up by it; "" when nobody's did."""
        now, factors = self.clock.now(), self.identities.factors
        try:
            passkey = factors.passkey(named(text))
            if passkey is None or issued.actor not in ("", passkey.actor):
                return ""
            count = self.party.signed(text, challenge or issued.body, passkey)
        except NotProved:
            return ""
        with self.identities.together():
            fresh = self.identities.once.use(issued.id, issued.kind, now)
            done = fresh and factors.use_passkey(passkey.id, passkey.signs, count, now)
        return passkey.actor if done else ""

    # -- what changes ----------------------------------------------------------------------------

    def owe(self, by: str, person: str, what: str, change: str, label: str = "") -> None:
        """Note a change that the evidence must hold; within the transaction that makes it.

        Raises CommandError for what could not be read again once it is sealed.
        """
        now = self.clock.now()
        key = f"credential:{secrets.token_urlsafe(15)}"
        fields: dict[str, Any] = {"what": what, "change": change, "label": label[:200]}
        owed = ChangeCredential(key=key, actor=by, at=now, known_at=now, person=person, **fields)
        self.identities.owe(checked(owed))

    async def settle(self, do: Callable[[ChangeCredential], Awaitable[object]]) -> int:
        """Have every change that is not sealed yet sealed; returns how many were."""
        owed = self.identities.owed()
        for number, command in owed:
            await do(command)
            self.identities.paid(number)
        return len(owed)

    def close(self) -> None:
        """Close the file."""
        self.identities.close()


def login_of(text: str) -> str:
    """A login name as it is kept. Raises ValueError."""
    login = text.strip().casefold()
    if not LOGIN.fullmatch(login):
        raise ValueError("2 to 32 of the letters a-z, digits, _ . and -, beginning with a letter")
    return login
