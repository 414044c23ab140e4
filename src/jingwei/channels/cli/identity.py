"""Commands on who is who: link records of source systems to customers, see what waits, take a link back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from jingwei.channels.cli.asking import Json, bank_at, setting
from jingwei.channels.cli.mistakes import Mistake
from jingwei.channels.cli.shown import progress, result, table
from jingwei.channels.cli.sources import shelf_at

Source = Annotated[str, typer.Argument(help="The source system.")]
Subject = Annotated[str, typer.Argument(help="Its own key of the record.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    identity = typer.Typer(help="Whose the records of source systems are.", no_args_is_help=True)
    identity.command("resolve")(resolve)
    identity.command("doubts")(doubts)
    identity.command("part")(part)
    app.add_typer(identity, name="identity")


def resolve(context: typer.Context, as_json: Json = False) -> None:
    """Link the records that are surely a customer's; those in doubt wait for a person at /desk/identity.

    A running bank does it itself, beside its requests, when asked so.
    """
    from jingwei.channels.sources.at_home import at_hand
    from jingwei.channels.sources.who import resolve_at_home
    from jingwei.stores.store import InUse

    try:
        with bank_at(context) as home, shelf_at(home.path) as shelf, progress("who is who") as tell:
            told: Any = resolve_at_home(at_hand(home), shelf, tell)
    except InUse:
        told = _resolved_beside(setting(context).home)
    result(told, as_json)


def _resolved_beside(home: Path) -> dict[str, Any]:
    """Ask the process that has the bank for a round, and wait until it has ended. Raises Mistake."""
    from jingwei.channels.sources.running import wait_for_round
    from jingwei.kernel.clock import SystemClock

    typer.echo("The bank is running; it finds out who is who itself.", err=True)
    with shelf_at(home) as shelf, progress("who is who") as tell:
        asked = shelf.rounds.ask(SystemClock().now())
        ended = wait_for_round(shelf, asked.number, tell)
    if ended is None:
        raise Mistake(
            "the process that has the bank did not take the round up, or stopped in the middle",
            "it is done when `jingwei serve` runs; the bank's log says what went wrong",
        )
    return ended.told


def doubts(context: typer.Context, as_json: Json = False) -> None:
    """List the pairs a person must decide."""
    from jingwei.domains.insight.likeness import LEVELS

    with shelf_at(setting(context).home) as shelf:
        found = shelf.people.doubts(1_000)

    def show() -> None:
        rows = [
            (d.source, d.subject, d.customer, d.share_milli / 10, _levels(d.levels, tuple(LEVELS)))
            for d in found
        ]
        table(("source", "record", "customer", "% sure>", "speaks for and against"), rows, "No pair waits.")

    result({"doubts": [one._asdict() for one in found]}, as_json, show)


def _levels(levels: tuple[str, ...], fields: tuple[str, ...]) -> str:
    pairs = zip(fields, levels, strict=True)
    return ", ".join(f"{field} {level}" for field, level in pairs if level)


def part(
    context: typer.Context,
    source: Source,
    subject: Subject,
    reason: Annotated[str, typer.Option(help="Why; it is sealed.")],
    who: Annotated[str, typer.Option(help="Who says so.")] = "staff:customer_manager",
    as_json: Json = False,
) -> None:
    """Take a link back: the record is no longer that customer's, and no program links the two again."""
    from jingwei.channels.rest.desk import order_told
    from jingwei.journeys.link_identity import UnlinkIdentity
    from jingwei.kernel.command import checked

    with bank_at(context) as home, shelf_at(home.path) as shelf:
        now = home.clock.now()
        key = f"cli:part:{now}"
        ask = checked(
            UnlinkIdentity(
                key=key, actor=who, at=now, known_at=now, source=source, subject=subject, reason=reason
            )
        )
        answer = home.bank.do([ask])[0].answer
        if answer.refusal is not None:
            words = answer.refusal.words()
            raise Mistake(
                f"{source} {subject}: {words.zh} {words.en}", "see the customer's sources at the desk"
            )
        shelf.people.follow(home.store)
    result(order_told(answer, now), as_json)
