"""Commands that run the bank: serve and tokens."""

from __future__ import annotations

import gc
import os
import socket
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from jingwei.channels.cli.asking import Json, bank_at, setting
from jingwei.channels.cli.mistakes import USAGE, Mistake, seen
from jingwei.channels.cli.shown import result

if TYPE_CHECKING:
    from jingwei.channels.identity import Tokens
    from jingwei.home import Home

NEW = 16
"""A bank with at most so many records holds its own policies and models, and nothing of anybody yet."""


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(serve)
    app.command()(tokens)


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
    demo: Annotated[bool, typer.Option(help="Take on demo customers with play money.")] = True,
    people: Annotated[int, typer.Option(help="Made-up people who live in the demo; 0 for none.")] = 3_000,
    apart: Annotated[
        bool,
        typer.Option(help="Write in a second process, so that the next batch is decided meanwhile."),
    ] = False,
) -> None:
    """Start the bank and its REST interface; Ctrl-C stops it."""
    _check_free(host, port)
    typer.echo(f"Opening the bank in {seen(setting(context).home)} ...", err=True)
    with bank_at(context, pipelined=apart) as home:
        _compile(home)
        from jingwei.channels.demo import PEOPLE, settle
        from jingwei.channels.demo_knowing import live_a_little
        from jingwei.channels.demo_life import lead_lives
        from jingwei.channels.identity import FILE, Tokens

        known = Tokens(home.path / FILE)
        if demo:
            lead_lives(home)
            for refusal in settle(home):
                typer.echo(f"Demo: {refusal.words().en}", err=True)
            live_a_little(home)
            known.grant(*(f"customer:{one.id}" for one in PEOPLE))
        home.bank.warm()
        _keep_still()
        from jingwei.channels.rest import create_app
        from jingwei.channels.rest.wire import server
        from jingwei.channels.sources.running import sealing_imports
        from jingwei.channels.streams.city_life import moving_in
        from jingwei.channels.streams.lending_work import lending
        from jingwei.channels.streams.planned_work import planned
        from jingwei.channels.streams.sealed_heads import heads
        from jingwei.channels.web.app import web

        reached = os.environ.get("JINGWEI_ORIGIN") or f"http://localhost:{port}"
        beside = [web(demo, reached), planned(), lending(), heads(), sealing_imports()]
        beside += [moving_in(people, typer.echo)] if demo else []
        front = create_app(home, known, beside)
        server(front, host, port, partial(_greet, host, port, known)).run()
    typer.echo("The bank is closed; everything is written.", err=True)


def _compile(home: Home) -> None:
    """Load what was compiled before the first command needs it; a new bank may have to compile it first."""
    from jingwei.channels.compiling import half_beside, warm

    if home.store.size() > NEW:
        warm(home)
        return
    typer.echo("A new bank: getting ready what it computes with ...", err=True)
    with half_beside():
        warm(home)


def _check_free(host: str, port: int) -> None:
    """Raise Mistake when nobody could listen there."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        fix = (
            f"stop the program that listens there, or choose another: jingwei serve --port {port % 65535 + 1}"
        )
        raise Mistake(f"cannot listen on {host}:{port}: {error.strerror}", fix, code=USAGE) from error


def _keep_still() -> None:
    """Leave what is in memory by now out of every later search for garbage, and search less often.

    With 50,000 accounts in memory one full search takes longer than a hundred payments.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _greet(host: str, port: int, known: Tokens) -> None:
    address = f"http://{host}:{port}"
    print(f"Jingwei 经纬 is open at {address}   (interface: {address}/docs, health: {address}/health)")
    print("Who may ask, with which token (jingwei tokens shows them again):")
    for actor, token in known.by_actor.items():
        print(f"  {actor:<18} {token}")
    print("Ctrl-C closes the bank.", flush=True)


def tokens(
    context: typer.Context,
    show: Annotated[str, typer.Option(metavar="ACTOR", help="Print only this actor's token.")] = "",
    grant: Annotated[str, typer.Option(metavar="ACTOR", help="Make a token for this actor.")] = "",
    as_json: Json = False,
) -> None:
    """Show who may ask and with which token, or make a token for one more actor."""
    from jingwei.channels.identity import FILE, Tokens
    from jingwei.kernel.durable import make_folder

    home = setting(context).home
    make_folder(home)
    known = Tokens(home / FILE)
    if grant:
        known.grant(_actor(grant))
    wanted = show or grant
    if wanted and wanted not in known.by_actor:
        fix = f"make one with: jingwei tokens --grant {wanted}; there are: {', '.join(known.by_actor)}"
        raise Mistake(f"{wanted} has no token", fix, code=USAGE)
    if wanted:
        result({wanted: known.by_actor[wanted]}, as_json, lambda: print(known.by_actor[wanted]))
    else:
        result(known.by_actor, as_json)


def _actor(text: str) -> str:
    from jingwei.kernel.ids import MAX_ID_LENGTH

    role, _, who = text.partition(":")
    plain = who.isascii() and who.replace("_", "").isalnum() and who[0] != "_" and len(text) <= MAX_ID_LENGTH
    if role not in ("customer", "staff", "system") or not plain:
        fix = (
            "write it as customer:NAME, staff:NAME or system:NAME, with letters, digits and _ "
            f"(not first), {MAX_ID_LENGTH} characters at most"
        )
        raise Mistake(f"{text!r} is not an actor", fix, code=USAGE)
    return text
