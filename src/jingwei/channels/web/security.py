"""One's own security: passkeys, one-time codes, password, recovery codes, devices and sessions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response

from jingwei.channels.problems import Problem
from jingwei.channels.signon import enrol
from jingwei.channels.signon.people import Refused
from jingwei.channels.web.enrolment import recovery_page, side, totp_shown
from jingwei.channels.web.proving import What, ask_proof, need_fresh, proved
from jingwei.channels.web.sign_in import _NEXT, refused_text, text
from jingwei.channels.web.visit import Visit, form_of, signed_in

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.stores.identities import Person
    from jingwei.stores.sessions import Session

AGAIN = "prove again"


class Own:
    """The pages of one person's security, the same for customers and staff."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.signon = site.signon

    def session(self, visit: Visit) -> Session:
        """The session at hand."""
        return signed_in(visit, inside=side(visit) == "desk")

    def person(self, session: Session) -> Person:
        """The person of a session. Raises Problem for somebody made up, who has no credentials."""
        found = self.signon.identities.person(session.actor)
        if found is None:
            raise Problem("not_allowed")
        return found

    def page(self, visit: Visit, refused: Refused | None = None) -> Response:
        """The page with everything on it."""
        session = self.session(visit)
        factors, now = self.signon.identities.factors, self.site.now()
        person = self.signon.identities.person(session.actor)
        adding = self.signon.challenge_to_add(person, session.sid) if person else None
        values = {
            "person": person,
            "side": side(visit),
            "passkeys": factors.passkeys(session.actor),
            "adding": adding,
            "left": factors.recovery_left(session.actor),
            "devices": factors.devices(session.actor),
            "living": self.site.sessions.living(session.actor, now),
            "wrong": refused_text(visit, refused) if refused else "",
        }
        return self.site.page(visit, "security.html", values, 422 if refused else 200)

    async def settled(self, visit: Visit, told: str) -> Response:
        """Back to the page, after what changed is sealed."""
        await self.signon.settle(self.site.desk.joined.ask)
        return RedirectResponse(f"/{side(visit)}/security?told={told}", 303)

    # -- what can be done ------------------------------------------------------------------------

    async def add_passkey(self, visit: Visit, session: Session, form: FormData) -> Response:
        """Keep a passkey the browser made."""
        need_fresh(self.site, visit, session)
        self.person(session)
        label, answer = text(form, "label"), text(form, "passkey")
        try:
            enrol.add_passkey(self.signon, text(form, "challenge"), session.sid, answer, label)
        except Refused as refused:
            return self.page(visit, refused)
        return await self.settled(visit, "passkey_added")

    async def remove_passkey(self, visit: Visit, session: Session, form: FormData) -> Response:
        """Forget a passkey."""
        need_fresh(self.site, visit, session)
        if not enrol.remove_passkey(self.signon, session.actor, text(form, "name")):
            raise Problem("not_found")
        return await self.settled(visit, "passkey_removed")

    async def recovery(self, visit: Visit, session: Session, form: FormData) -> Response:
        """New recovery codes, shown once."""
        need_fresh(self.site, visit, session)
        self.person(session)
        made = enrol.new_recovery(self.signon, session.actor)
        await self.signon.settle(self.site.desk.joined.ask)
        return recovery_page(self.site, visit, made)

    async def password(self, visit: Visit, session: Session, form: FormData) -> Response:
        """Another password; every other session and every token is over."""
        need_fresh(self.site, visit, session)
        try:
            await enrol.change_password(self.signon, self.person(session), text(form, "password"))
        except Refused as refused:
            return self.page(visit, refused)
        self.site.sessions.end_all(session.actor, but=session.sid)
        return await self.settled(visit, "password_changed")

    async def offer_totp(self, visit: Visit, session: Session, form: FormData) -> Response:
        """The QR code of a new secret for one-time codes."""
        need_fresh(self.site, visit, session)
        self.person(session)
        issued, secret = enrol.offer_totp(self.signon, session.actor, session.sid)
        return self._totp_page(visit, issued.id, secret)

    async def take_totp(self, visit: Visit, session: Session, form: FormData) -> Response:
        """Use the new secret from now on."""
        need_fresh(self.site, visit, session)
        person = self.person(session)
        try:
            issued, secret = enrol.offered(self.signon, text(form, "offer"), person.actor, session.sid)
        except Refused as refused:
            return self.page(visit, refused)
        try:
            enrol.take_totp(self.signon, issued, secret, text(form, "code"))
        except Refused as refused:
            return self._totp_page(visit, issued.id, secret, refused)
        self.site.sessions.end_all(session.actor, but=session.sid)
        return await self.settled(visit, "totp_changed")

    def _totp_page(self, visit: Visit, offer: str, secret: bytes, refused: Refused | None = None) -> Response:
        person = self.person(self.session(visit))
        shown = totp_shown(secret, person.login)
        wrong = refused_text(visit, refused) if refused else ""
        values = {"offer": offer, "side": side(visit), "wrong": wrong, **shown}
        return self.site.page(visit, "totp.html", values, 422 if refused else 200)

    async def end(self, visit: Visit, session: Session, form: FormData) -> Response:
        """End one of one's own sessions."""
        if not self.site.sessions.end_named(session.actor, text(form, "sid")):
            raise Problem("not_found")
        return await self.settled(visit, "session_ended")

    async def end_others(self, visit: Visit, session: Session, form: FormData) -> Response:
        """End every session but this one."""
        self.site.sessions.end_all(session.actor, but=session.sid)
        return await self.settled(visit, "sessions_ended")

    async def forget(self, visit: Visit, session: Session, form: FormData) -> Response:
        """Treat a device as new from now on."""
        self.signon.identities.factors.forget_device(session.actor, text(form, "name"))
        return await self.settled(visit, "device_forgotten")

    # -- proving again ---------------------------------------------------------------------------

    async def prove(self, visit: Visit) -> Response:
        """Ask for a new proof before something sensitive."""
        return self._prove_page(visit)

    async def proven(self, visit: Visit) -> Response:
        """Take the proof and go on."""
        session = self.session(visit)
        form = await form_of(visit, session)
        try:
            await proved(self.site, visit, form, What(AGAIN, session.sid))
        except Refused as refused:
            return self._prove_page(visit, refused)
        wanted = visit.request.query_params.get("next", "")
        home = f"/{side(visit)}/security"
        back = wanted if _NEXT.fullmatch(wanted) and wanted.startswith(f"/{side(visit)}/") else home
        return RedirectResponse(home if "/security/" in back else back, 303)

    def _prove_page(self, visit: Visit, refused: Refused | None = None) -> Response:
        session = self.session(visit)
        asking = ask_proof(self.site, session, What(AGAIN, session.sid))
        values = {
            "asking": asking,
            "side": side(visit),
            "next": visit.request.query_params.get("next", ""),
            "wrong": refused_text(visit, refused) if refused else "",
        }
        return self.site.page(visit, "prove.html", values, 200 if refused is None else 422)


Act = Callable[[Visit, "Session", "FormData"], Awaitable[Response]]


def add_security(router: Router, site: Site) -> None:
    """Add /app/security, /desk/security and what can be done there."""
    own = Own(site)
    acts: dict[str, Act] = {
        "passkey": own.add_passkey,
        "passkey-remove": own.remove_passkey,
        "recovery": own.recovery,
        "password": own.password,
        "codes": own.offer_totp,
        "codes-new": own.take_totp,
        "end": own.end,
        "end-others": own.end_others,
        "device": own.forget,
    }

    async def page(visit: Visit) -> Response:
        return own.page(visit)

    def posting(act: Act) -> Callable[[Visit], Awaitable[Response]]:
        async def post(visit: Visit) -> Response:
            session = own.session(visit)
            return await act(visit, session, await form_of(visit, session))

        return post

    for where in ("app", "desk"):
        site.add(router, f"/{where}/security", page)
        site.add(router, f"/{where}/prove", own.prove)
        site.add(router, f"/{where}/prove", own.proven, "POST")
        for name, act in acts.items():
            site.add(router, f"/{where}/security/{name}", posting(act), "POST")
