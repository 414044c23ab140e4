"""Commands on who may sign in: people with their roles, and programs that may ask for tokens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jingwei.channels.cli.asking import Json, setting
from jingwei.channels.cli.mistakes import USAGE, Mistake
from jingwei.channels.cli.shown import result, table

if TYPE_CHECKING:
    from jingwei.channels.signon.people import SignOn
    from jingwei.stores.identities import Person

BY = "system:core"
Name = Annotated[str, typer.Argument(help="The login name.")]
Roles = Annotated[
    list[str] | None, typer.Option("--role", help="What the person may do; give it once for each.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    people = typer.Typer(help="Who may sign in, and as what.", no_args_is_help=True)
    people.command("add")(add_person)
    people.command("list")(list_people)
    people.command("role")(set_roles)
    people.command("reset")(reset)
    people.command("disable")(disable)
    people.command("enable")(enable)
    clients = typer.Typer(help="Programs that sign people in through the bank.", no_args_is_help=True)
    clients.command("add")(add_client)
    clients.command("list")(list_clients)
    clients.command("disable")(disable_client)
    clients.command("rotate")(rotate)
    for name, group in (("people", people), ("clients", clients)):
        app.add_typer(group, name=name)


@contextmanager
def signing_on(context: typer.Context) -> Iterator[SignOn]:
    """The identities of the home; what changed is sealed here, or by the running bank."""
    from jingwei.channels.signon.people import SignOn
    from jingwei.kernel.clock import SystemClock

    home = setting(context).home
    home.mkdir(parents=True, exist_ok=True)
    signon = SignOn(home, SystemClock(), "http://localhost")
    try:
        yield signon
        if signon.identities.owed():
            _seal(context, signon)
    finally:
        signon.close()


def _seal(context: typer.Context, signon: SignOn) -> None:
    """Seal the changes, unless the bank is running: it looks for them every two seconds."""
    from jingwei.home import open_home
    from jingwei.stores.store import StoreError

    chosen = setting(context)
    try:
        home = open_home(chosen.home, store_url=chosen.store_url)
    except StoreError:
        typer.echo("The running bank seals this change in a moment.", err=True)
        return
    try:
        for number, command in signon.identities.owed():
            home.bank.do([command])
            signon.identities.paid(number)
    finally:
        home.close()


def _checked(roles: list[str] | None, actor: str) -> tuple[str, ...]:
    from jingwei.channels.roles import CUSTOMERS, STAFF

    fine = STAFF if actor.startswith("staff:") else CUSTOMERS
    given = tuple(dict.fromkeys(roles or ()))
    wrong = [role for role in given if role not in fine]
    if wrong or not given:
        what = f"{wrong[0]!r} is no role of {actor}" if wrong else "no role was given"
        raise Mistake(what, f"give one or more of: --role {' --role '.join(fine)}", code=USAGE)
    return given


def _person(signon: SignOn, name: str) -> Person:
    found = signon.identities.by_login(name.strip().casefold())
    if found is None:
        raise Mistake(f"nobody signs in as {name!r}", "see everybody with: jingwei people list", code=USAGE)
    return found


def _invitation(signon: SignOn, person: Person) -> dict[str, str]:
    from jingwei.channels.signon.enrol import invite

    code = invite(signon, BY, person.actor)
    origin = os.environ.get("JINGWEI_ORIGIN") or "http://localhost:8000"
    link = f"{origin.rstrip('/')}/enrol?login={person.login}"
    return {"actor": person.actor, "login": person.login, "code": code, "link": link}


def _show_invitation(told: dict[str, str]) -> None:
    print(f"{told['actor']} may enrol once within three days:")
    print(f"  open  {told['link']}")
    print(f"  name  {told['login']}")
    print(f"  code  {told['code']}")


def add_person(
    context: typer.Context,
    name: Name,
    role: Roles = None,
    actor: Annotated[str, typer.Option(help="As the books name them; by default from role and name.")] = "",
    shown: Annotated[str, typer.Option("--name", help="How the pages call them.")] = "",
    as_json: Json = False,
) -> None:
    """Let somebody sign in: prints the address and the one-time code with which they enrol."""
    from jingwei.channels.roles import CUSTOMERS
    from jingwei.channels.signon.people import login_of
    from jingwei.stores.identities import Person

    try:
        login = login_of(name)
    except ValueError as error:
        raise Mistake(f"{name!r} is no login name", f"write {error}", code=USAGE) from None
    kind = "customer" if set(role or ()) <= set(CUSTOMERS) else "staff"
    who = actor or f"{kind}:{login}"
    roles = _checked(role, who)
    with signing_on(context) as signon:
        person = Person(who, login, shown or name, roles, since=signon.clock.now())
        with signon.identities.together():
            if not signon.identities.add(person):
                fix = "see everybody with: jingwei people list; a new code comes from: jingwei people reset"
                raise Mistake(f"{login!r} or {who!r} is there already", fix, code=USAGE)
            signon.owe(BY, who, "person", "added", login)
            signon.owe(BY, who, "roles", "changed", ",".join(roles))
        told = _invitation(signon, person)
    result(told, as_json, lambda: _show_invitation(told))


def list_people(context: typer.Context, as_json: Json = False) -> None:
    """List who may sign in, with roles and ways to sign in."""
    with signing_on(context) as signon:
        factors = signon.identities.factors
        told: list[dict[str, Any]] = [
            {
                "login": one.login,
                "actor": one.actor,
                "roles": list(one.roles),
                "state": "disabled" if one.disabled_at else "enrolled" if one.enrolled else "invited",
                "passkeys": len(factors.passkeys(one.actor)),
                "recovery_codes": factors.recovery_left(one.actor),
            }
            for one in signon.identities.people()
        ]

    def show() -> None:
        rows = [[", ".join(v) if isinstance(v, list) else v for v in one.values()] for one in told]
        names = ("login", "actor", "roles", "state", "passkeys>", "recovery codes>")
        table(names, rows, "Nobody can sign in yet; add somebody with: jingwei people add NAME --role ROLE")

    result({"people": told}, as_json, show)


def set_roles(context: typer.Context, name: Name, role: Roles = None, as_json: Json = False) -> None:
    """Give somebody exactly these roles; their sessions end."""
    with signing_on(context) as signon:
        person = _person(signon, name)
        roles = _checked(role, person.actor)
        with signon.identities.together():
            signon.identities.set_roles(person.actor, roles)
            signon.owe(BY, person.actor, "roles", "changed", ",".join(roles))
        ended = _end_sessions(context, person.actor)
    result({"actor": person.actor, "roles": list(roles), "sessions_ended": ended}, as_json)


def reset(context: typer.Context, name: Name, as_json: Json = False) -> None:
    """Forget somebody's password, codes and passkeys and print a new enrolment code; sessions end."""
    with signing_on(context) as signon:
        person = _person(signon, name)
        told = _invitation(signon, person)
        _end_sessions(context, person.actor)
    result(told, as_json, lambda: _show_invitation(told))


def disable(context: typer.Context, name: Name, as_json: Json = False) -> None:
    """Let somebody in no more; their sessions and tokens end."""
    _switch(context, name, as_json, on=False)


def enable(context: typer.Context, name: Name, as_json: Json = False) -> None:
    """Let somebody in again."""
    _switch(context, name, as_json, on=True)


def _switch(context: typer.Context, name: str, as_json: bool, *, on: bool) -> None:
    with signing_on(context) as signon:
        person = _person(signon, name)
        with signon.identities.together():
            signon.identities.set_disabled(person.actor, 0 if on else signon.clock.now())
            signon.owe(BY, person.actor, "person", "enabled" if on else "disabled")
        ended = 0 if on else _end_sessions(context, person.actor)
    result({"actor": person.actor, "enabled": on, "sessions_ended": ended}, as_json)


def _end_sessions(context: typer.Context, actor: str) -> int:
    from jingwei.channels.web.app import SESSIONS
    from jingwei.stores.sessions import Sessions

    sessions = Sessions(setting(context).home / SESSIONS)
    try:
        return sessions.end_all(actor)
    finally:
        sessions.close()


def add_client(
    context: typer.Context,
    client: Annotated[str, typer.Argument(help="The client's id.")],
    redirect: Annotated[list[str], typer.Option(help="An address it is answered at; give it once for each.")],
    scope: Annotated[list[str] | None, typer.Option(help="A scope it may ask for.")] = None,
    name: Annotated[str, typer.Option(help="How people see it.")] = "",
    secret: Annotated[bool, typer.Option(help="Make a secret for it (a program on a server).")] = False,
) -> None:
    """Register a program; with --secret its secret is printed, this once."""
    import secrets

    from jingwei.channels.roles import SCOPES
    from jingwei.stores.identities import Client

    scopes = tuple(dict.fromkeys(("openid", *(scope or ("profile", "bank.read")))))
    unknown = [one for one in scopes if one not in SCOPES]
    if unknown:
        raise Mistake(f"{unknown[0]!r} is no scope", f"there are: {', '.join(SCOPES)}", code=USAGE)
    for one in redirect:
        _check_redirect(one)
    made = secrets.token_urlsafe(32) if secret else ""
    with signing_on(context) as signon:
        mark = signon.identities.vault.mark(made, f"client:{client}") if made else b""
        with signon.identities.together():
            signon.identities.keep_client(Client(client, name or client, tuple(redirect), scopes, mark))
            signon.owe(BY, f"client:{client}", "client", "added", " ".join(redirect))
    result({"client": client, "redirects": redirect, "scopes": list(scopes), "secret": made}, as_json=False)


def _check_redirect(text: str) -> None:
    """An https address, or http on this machine, without a fragment."""
    from urllib.parse import urlsplit

    parts = urlsplit(text)
    here = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not ((parts.scheme == "https" or here) and parts.hostname) or "#" in text or "*" in text:
        fix = "write an https:// address (http:// on localhost) without # and *"
        raise Mistake(f"{text!r} is no address to answer to", fix, code=USAGE)


def list_clients(context: typer.Context, as_json: Json = False) -> None:
    """List the registered programs."""
    with signing_on(context) as signon:
        told = [
            {
                "client": one.id,
                "name": one.name,
                "redirects": list(one.redirects),
                "scopes": list(one.scopes),
                "state": "disabled" if one.disabled_at else "secret" if one.secret else "public",
            }
            for one in signon.identities.clients()
        ]

    def show() -> None:
        rows = [[", ".join(v) if isinstance(v, list) else v for v in one.values()] for one in told]
        names = ("client", "name", "redirects", "scopes", "state")
        table(names, rows, "No program is registered; add one with: jingwei clients add ID --redirect URL")

    result({"clients": told}, as_json, show)


def disable_client(
    context: typer.Context,
    client: Annotated[str, typer.Argument(help="The client's id.")],
    as_json: Json = False,
) -> None:
    """Take a program's tokens and let it ask for no more."""
    with signing_on(context) as signon:
        found = signon.identities.client(client)
        if found is None:
            fix = "see all with: jingwei clients list"
            raise Mistake(f"there is no client {client!r}", fix, code=USAGE)
        with signon.identities.together():
            signon.identities.keep_client(found._replace(disabled_at=signon.clock.now()))
            signon.owe(BY, f"client:{client}", "client", "disabled")
    result({"client": client, "enabled": False}, as_json)


def rotate(context: typer.Context, as_json: Json = False) -> None:
    """Make a new key for signing tokens; the one before it still counts for tokens it signed."""
    from jingwei.channels.web.oidc.keys import TokenKeys
    from jingwei.channels.web.oidc.provider import KEYS
    from jingwei.kernel.clock import SystemClock

    folder: Path = setting(context).home / "keys" / KEYS
    made = TokenKeys(folder).rotate(SystemClock().now())
    result({"key": made}, as_json)
