"""The reading routes of appeals and family ties; what a tie shows ends with the tie."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from jingwei.channels.problems import Problem
from jingwei.channels.rest.desk import Desk
from jingwei.channels.rest.paper import tells
from jingwei.channels.rest.told import AccountTold, EntryTold, account_told, entry_told
from jingwei.channels.rest.views import Limit, answer, standings, walk
from jingwei.journeys.shape import every
from jingwei.kernel.clock import iso
from jingwei.kernel.ids import seq_of
from jingwei.ledger.accounts import Standing
from jingwei.ledger.appeals import Appeal
from jingwei.ledger.family import Tie
from jingwei.ledger.statement import Entry
from jingwei.stores.store import Reader

MOST_TIES = 100
NEWEST = 20


class AppealTold(msgspec.Struct, frozen=True):
    """An appeal: against which decision, until when it is answered, and the answer."""

    id: str
    about: str
    status: str
    opened_at: str
    due_at: str
    answered_at: str
    words: str
    challenge: str


class TieTold(msgspec.Struct, frozen=True):
    """A tie between two customers and where it stands."""

    id: str
    kind: str
    whose: str
    keeper: str
    status: str
    waits_for: str
    offered_at: str
    since: str
    ended_at: str


class ShownTold(msgspec.Struct, frozen=True):
    """An account as a tie shows it, with its newest lines first."""

    account: AccountTold
    items: list[EntryTold]


def add_family(router: APIRouter, desk: Desk) -> None:
    """Add the routes that show appeals, ties, and what a tie shows."""

    @router.get("/appeals/{appeal}", **tells(AppealTold, "One appeal", "appeals"))
    async def appeal(appeal: str, request: Request) -> Response:
        """An appeal with its answer; its customer and staff see it."""
        caller = desk.caller(request)
        found = desk.reader.load(Appeal, [appeal]) if seq_of(appeal) is not None else []
        if not found or not (caller.inside or found[0].customer == caller.id):
            raise Problem("appeal_not_found")
        return answer(appeal_told(found[0]))

    @router.get("/ties", **tells(list[TieTold], "Family ties", "family"))
    async def ties(request: Request) -> Response:
        """One's own ties: those offered, those active, those ended."""
        caller = desk.caller(request)
        return answer([tie_told(tie) for tie in ties_of(desk.reader, caller.id)])

    @router.get("/ties/{tie}/accounts", **tells(list[ShownTold], "What a tie shows", "family"))
    async def shown(tie: str, request: Request, limit: Limit = NEWEST) -> Response:
        """The accounts that an active tie shows to its keeper, each with its newest lines."""
        through = tie_through(desk.reader, tie, desk.caller(request).id)
        return answer([_shown(standing, entries) for standing, entries in seen(desk.reader, through, limit)])


def ties_of(reader: Reader, who: str) -> list[Tie]:
    """Every tie of a customer, on either side, newest first."""
    found = [
        *every(reader, Tie, "whose", who),
        *every(reader, Tie, "keeper", who),
    ]
    return sorted(found, key=lambda tie: tie.id, reverse=True)


def tie_through(reader: Reader, tie: str, who: str) -> Tie:
    """The tie through which `who` may see somebody else's accounts now.

    The one door to what ties show: raises Problem `tie_not_found` for a foreign or missing tie, one not
    accepted yet and one that has ended, all alike.
    """
    found = reader.load(Tie, [tie]) if tie[:1] == "T" and seq_of(tie) is not None else []
    if not found or found[0].keeper != who or found[0].status != "active":
        raise Problem("tie_not_found")
    return found[0]


def seen(reader: Reader, tie: Tie, limit: int) -> list[tuple[Standing, list[Entry]]]:
    """The accounts a tie shows with their newest lines; take the tie from `tie_through`."""
    shown = standings(reader, tie.whose, "", MOST_TIES)
    return [(standing, walk(reader, standing.balance, "", limit)[0]) for standing in shown]


def _shown(standing: Standing, entries: list[Entry]) -> ShownTold:
    code = standing.account.currency
    return ShownTold(account_told(standing), [entry_told(entry, code) for entry in entries])


def appeal_told(appeal: Appeal) -> AppealTold:
    """An appeal with its moments written out."""
    answered = iso(appeal.answered_at) if appeal.answered_at else ""
    return AppealTold(
        appeal.id, appeal.about, appeal.status, iso(appeal.opened_at), iso(appeal.due_at), answered,
        appeal.words, appeal.challenge,
    )  # fmt: skip


def tie_told(tie: Tie) -> TieTold:
    """A tie with its moments written out."""
    since, ended = (iso(at) if at else "" for at in (tie.since, tie.ended_at))
    return TieTold(
        tie.id, tie.kind, tie.whose, tie.keeper, tie.status, tie.waits_for, iso(tie.offered_at), since, ended
    )
