"""Proving who one is, bound to what is done: a passkey or a one-time code for exactly this payee and amount.

A page that asks for a proof shows `asking = ask_proof(site, session, what)` with the macro of
`templates/proof.html`, and reads it in the form it posts: `proof = await proved(site, visit, form, what)`.
One proof is good for one action, in one session, for five minutes, and only for the `what` it was asked for.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import RedirectResponse

from jingwei.audit.heads import canonical
from jingwei.channels.signon.people import Refused
from jingwei.channels.web.visit import COOKIE, Turned
from jingwei.kernel.clock import MINUTE
from jingwei.kernel.money import format_minor

if TYPE_CHECKING:
    from starlette.datastructures import FormData

    from jingwei.channels.web.pages import Site
    from jingwei.channels.web.visit import Visit
    from jingwei.stores.once import Issued
    from jingwei.stores.sessions import Session

FRESH = 5 * MINUTE
"""A proof not older than this is good enough for a sensitive action that moves no money."""

KIND = "proof"


class What(msgspec.Struct, frozen=True):
    """What is signed: the kind of action, the id it is about, and for money the payee and the amount.

    `name` is the payee as the page shows it; it is signed too.
    """

    kind: str
    about: str
    payee: str = ""
    amount_minor: int = 0
    currency: str = ""
    name: str = ""

    @property
    def text(self) -> str:
        """What is signed, in one line, for the record."""
        if not self.currency:
            return f"{self.kind} {self.about}"
        amount = f"{format_minor(self.amount_minor, self.currency)} {self.currency}"
        return f"{self.kind} {self.about}: {amount} to {self.payee}"


class Asking(msgspec.Struct, frozen=True):
    """What a page needs to ask for a proof; `options` is for the browser's passkey call, "" without one."""

    id: str
    what: What
    options: str
    totp: bool
    demo: bool


class Proof(msgspec.Struct, frozen=True):
    """That somebody proved this action. `evidence` goes into the command (AnswerStepUp.proof)."""

    what: What
    means: str
    digest: str

    @property
    def evidence(self) -> str:
        """One line: by which means, the SHA-256 of what was signed, and its text."""
        return f"{self.means} sha256:{self.digest} {self.what.text}"[:500]


class _Signed(msgspec.Struct, frozen=True):
    """As issued: what is signed and the nonce that makes it one of a kind."""

    what: What
    nonce: str

    @property
    def digest(self) -> bytes:
        """What a passkey signs: SHA-256 of the canonical JSON of action, payee, amount, currency, nonce."""
        return hashlib.sha256(canonical(msgspec.to_builtins(self))).digest()


def fresh(site: Site, session: Session) -> bool:
    """Whether this session's person proved who they are within the last five minutes."""
    return site.now() - session.strong_at <= FRESH


def need_fresh(site: Site, visit: Visit, session: Session) -> None:
    """For sensitive pages that move no money. Raises Turned to the page that asks for a new proof."""
    if not fresh(site, session):
        side = "desk" if session.inside else "app"
        raise Turned(RedirectResponse(f"/{side}/prove?next={visit.path}", 303))


def ask_proof(site: Site, session: Session, what: What) -> Asking:
    """Ask this session's person for a proof of exactly this."""
    signon = site.signon
    factors = signon.identities.factors
    signed = _Signed(what, secrets.token_urlsafe(18))
    issued = signon.issue(KIND, session.actor, session.sid, msgspec.json.encode(signed), FRESH)
    passkeys, totp = factors.passkeys(session.actor), factors.has_totp(session.actor)
    options = signon.party.to_sign(signed.digest, passkeys) if passkeys else ""
    return Asking(issued.id, what, options, totp, site.demo and not totp and "demo" in session.means)


async def proved(site: Site, visit: Visit, form: FormData, what: What) -> Proof:
    """The proof in a posted form, used up. Raises Refused with the key of a sentence and what to wait.

    Codes: `proof_over` (too old, used, or of another session), `proof_other` (asked for another payee or
    amount), `proof_wrong` (wrong code or passkey), `too_many_tries`.
    """
    session = visit.session
    issued = site.signon.identities.once.find(_text(form, "proof"), KIND)
    if session is None or issued is None or (issued.actor, issued.sid) != (session.actor, session.sid):
        raise Refused("proof_over")
    if issued.used_at or site.now() > issued.ends_at:
        raise Refused("proof_over")
    signed = msgspec.json.decode(issued.body, type=_Signed)
    if signed.what != what:
        raise Refused("proof_other")
    means = _means(site, session, form, issued, signed)
    if not means:
        raise Refused("proof_wrong")
    strong = msgspec.structs.replace(session, strong_at=site.now())
    site.sessions.change(visit.request.cookies.get(COOKIE, ""), strong)
    return Proof(what, means, signed.digest.hex())


def _means(site: Site, session: Session, form: FormData, issued: Issued, signed: _Signed) -> str:
    """By which means this is proved, the proof used up; "" when it is not."""
    signon, answer = site.signon, _text(form, "passkey")
    if answer:
        subject = f"proof:{session.actor}"
        if wait := signon.identities.tries.wait(subject, site.now()):
            raise Refused("too_many_tries", wait)
        if hmac.compare_digest(signon.signed(issued, answer, signed.digest), session.actor):
            return "passkey"
        signon.identities.tries.count(subject, site.now())
        return ""
    once = signon.identities.once
    demo = site.demo and "demo" in session.means and not signon.identities.factors.has_totp(session.actor)
    if demo and _text(form, "proof_demo"):
        return "demo" if once.use(issued.id, KIND, site.now()) else ""
    if not signon.second(session.actor, _text(form, "proof_code")):
        return ""
    if not once.use(issued.id, KIND, site.now()):
        raise Refused("proof_over")
    return "totp"


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
