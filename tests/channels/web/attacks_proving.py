"""Attacks on the proof that is bound to payee and amount: other payments, twice, raced, guessed, late."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.channels.web.attack import attack, attacks_in
from tests.channels.web.authenticator import Authenticator
from tests.channels.web.ground import Ground

from jingwei.channels.signon.people import Refused
from jingwei.channels.web.app import ORIGIN
from jingwei.channels.web.proving import What, ask_proof, proved
from jingwei.channels.web.visit import COOKIE, visit_of
from jingwei.stores.sessions import Session

PAYMENT = What("payment", "S00000000001", "bob", 12_30, "CNY", "Bob")


class Asked:
    """As much of a request as a visit needs."""

    def __init__(self, secret: str) -> None:
        self.cookies = {COOKIE: secret}
        self.query_params: dict[str, str] = {}
        self.headers: dict[str, str] = {}


def _visit(ground: Ground) -> Any:
    request: Any = Asked(ground.client.cookies.get(COOKIE, ""))
    return visit_of(request, ground.site.sessions, ground.clock.now())


def session_of(ground: Ground) -> Session:
    found: Session = _visit(ground).session
    return found


def _try(ground: Ground, what: What, **form: str) -> str:
    """Prove `what` with this form; the code of the refusal, or the means."""
    fields: Any = form
    try:
        return ground._runner.run(proved(ground.site, _visit(ground), fields, what)).means
    except Refused as refused:
        return refused.code


def _asking(ground: Ground, what: What = PAYMENT) -> Any:
    ground.ids._db.execute("DELETE FROM tries")
    ground.later()
    return ask_proof(ground.site, session_of(ground), what)


def _by_code(ground: Ground, asked: What, done: What) -> str:
    asking = _asking(ground, asked)
    return _try(ground, done, proof=asking.id, proof_code=ground.code())


@attack("step-up", "confirmed for one payee, carried out for another")
def other_payee(ground: Ground) -> bool:
    ground.signed_in()
    changed = What("payment", PAYMENT.about, "mallory", PAYMENT.amount_minor, "CNY", "Bob")
    return _by_code(ground, PAYMENT, changed) == "proof_other"


@attack("step-up", "confirmed for one amount, carried out for another, or in another currency")
def other_amount(ground: Ground) -> bool:
    ground.signed_in()
    more = What("payment", PAYMENT.about, "bob", 12_300_00, "CNY", "Bob")
    dollars = What("payment", PAYMENT.about, "bob", 12_30, "USD", "Bob")
    return {_by_code(ground, PAYMENT, one) for one in (more, dollars)} == {"proof_other"}


@attack("step-up", "confirmed for one payment, used for another like it")
def other_payment(ground: Ground) -> bool:
    ground.signed_in()
    again = What("payment", "S00000000002", "bob", 12_30, "CNY", "Bob")
    return _by_code(ground, PAYMENT, again) == "proof_other"


@attack("step-up", "a proof of being there used for a payment")
def weak_proof(ground: Ground) -> bool:
    ground.signed_in()
    return _by_code(ground, What("prove again", session_of(ground).sid), PAYMENT) == "proof_other"


@attack("step-up", "one proof used twice")
def proof_twice(ground: Ground) -> bool:
    ground.signed_in()
    asking = _asking(ground)
    first = _try(ground, PAYMENT, proof=asking.id, proof_code=ground.code())
    ground.later()
    return (first, _try(ground, PAYMENT, proof=asking.id, proof_code=ground.code())) == ("totp", "proof_over")


@attack("step-up", "one code for two proofs")
def code_for_two(ground: Ground) -> bool:
    ground.signed_in()
    first, second = _asking(ground), _asking(ground)
    code = ground.code()
    done = [_try(ground, PAYMENT, proof=one.id, proof_code=code) for one in (first, second)]
    return done == ["totp", "proof_wrong"]


@attack("step-up", "one proof used by ten requests at the same moment")
def proof_raced(ground: Ground) -> bool:
    ground.signed_in()
    asking = _asking(ground)
    fields: Any = {"proof": asking.id, "proof_code": ground.code()}

    async def one() -> str:
        try:
            return (await proved(ground.site, _visit(ground), fields, PAYMENT)).means
        except Refused as refused:
            return refused.code

    async def race() -> list[str]:
        return await asyncio.gather(*(one() for _ in range(10)))

    return ground._runner.run(race()).count("totp") == 1


@attack("step-up", "a proof asked for in another session of the same person")
def proof_of_othersession_of(ground: Ground) -> bool:
    ground.signed_in()
    asking = _asking(ground)
    ground.signed_in()
    ground.later()
    return _try(ground, PAYMENT, proof=asking.id, proof_code=ground.code()) == "proof_over"


@attack("step-up", "somebody else's proof")
def proof_of_other_person(ground: Ground) -> bool:
    ground.signed_in()
    asking = _asking(ground)
    ground.signed_in("bob")
    ground.later()
    return _try(ground, PAYMENT, proof=asking.id, proof_code=ground.code("bob")) == "proof_over"


@attack("step-up", "a proof after five minutes")
def proof_late(ground: Ground) -> bool:
    ground.signed_in()
    asking = _asking(ground)
    ground.later(301)
    return _try(ground, PAYMENT, proof=asking.id, proof_code=ground.code()) == "proof_over"


@attack("step-up", "a hundred codes for one proof")
def proof_guessed(ground: Ground) -> bool:
    ground.signed_in()
    asking = _asking(ground)
    told = [_try(ground, PAYMENT, proof=asking.id, proof_code=f"{i:06d}") for i in range(100)]
    return told.count("proof_wrong") <= 5 and "totp" not in told


@attack("step-up", "a made-up person's button in the session of a real one")
def demo_proof(ground: Ground) -> bool:
    ground.signed_in()
    asking = _asking(ground)
    return _try(ground, PAYMENT, proof=asking.id, proof_demo="1") == "proof_wrong"


def _signing(ground: Ground) -> Ground:
    ground.signed_in()
    ground.key = Authenticator(ORIGIN, "localhost")
    assert ground.add_passkey().status_code == 303
    return ground


@attack("step-up", "a passkey's signature for one payment given for another")
def passkey_other_payment(ground: Ground) -> bool:
    _signing(ground)
    small = _asking(ground)
    large = _asking(ground, What("payment", PAYMENT.about, "mallory", 99_999_00, "CNY", "Bob"))
    signature = ground.key.sign(small.options)
    told = _try(ground, large.what, proof=large.id, passkey=signature)
    return told == "proof_wrong" and _try(ground, PAYMENT, proof=small.id, passkey=signature) == "passkey"


@attack("step-up", "a sign-in's passkey answer given as a proof")
def passkey_of_sign_in(ground: Ground) -> bool:
    _signing(ground)
    _, options = ground.challenge()
    asking = _asking(ground)
    return _try(ground, PAYMENT, proof=asking.id, passkey=ground.key.sign(options)) == "proof_wrong"


@attack("step-up", "somebody else's passkey signs one's own proof")
def passkey_of_other(ground: Ground) -> bool:
    _signing(ground)
    ground.signed_in("bob")
    asking = _asking(ground)
    options = asking.options or '{"challenge": "AAAA"}'
    return _try(ground, PAYMENT, proof=asking.id, passkey=ground.key.sign(options)) == "proof_wrong"


ATTACKS = attacks_in(globals())
