"""The desk behind every route but the hot one: identifies, reads, has commands done, words the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from jingwei.bank import Reply
from jingwei.channels.identity import Caller, Tokens, caller_of
from jingwei.channels.problems import MEDIA_TYPE, Problem, body_of, not_stored, refusal_body
from jingwei.channels.rest.joined import Joined
from jingwei.channels.rest.reading import decode, identify, key_of, open_envelope, read_body
from jingwei.channels.words import Sentences, result_words
from jingwei.journeys.shape import Answer, Sealed
from jingwei.journeys.table import BY_COMMAND, unseal
from jingwei.kernel.clock import iso
from jingwei.kernel.command import Command, CommandError, checked
from jingwei.kernel.ids import seq_of
from jingwei.kernel.money import format_minor
from jingwei.ledger.accounts import Movement
from jingwei.stores.store import Reader, StoreError

if TYPE_CHECKING:
    from jingwei.home import Home

RETRY = {"retry-after": "1"}


class MovementTold(msgspec.Struct, frozen=True):
    """Money that moved."""

    payer: str
    payee: str
    amount: str
    amount_minor: int
    currency: str
    kind: str


class OrderTold(msgspec.Struct, frozen=True):
    """What a request came to. `made` is the id of what it created, `about` the decision it continues."""

    id: str
    result: str
    zh: str
    en: str
    at: str
    made: str
    about: str
    hold: str
    case: str
    challenge: str
    movements: tuple[MovementTold, ...]


class Stamp(msgspec.Struct, frozen=True):
    """What a channel adds to every command: its key, who asks, and when."""

    key: str
    caller: Caller
    at: int

    def of(self, kind: type[Command], /, **fields: Any) -> Any:
        """The command of this kind, stamped."""
        return kind(key=self.key, actor=self.caller.actor, at=self.at, known_at=self.at, **fields)


Make = Callable[[Any, Stamp], Command]


class Writing:
    """How far a made-up past is written into the books of a bank that is open already."""

    done = 0
    total = 0

    @property
    def percent(self) -> int:
        """0 to 99: what comes last takes its time too."""
        return min(100 * self.done // self.total, 99) if self.total else 0


class Desk:
    """Everything a route needs; one for each running server."""

    def __init__(
        self, home: Home, tokens: Tokens, joined: Joined, reader: Reader, sentences: Sentences
    ) -> None:
        self.home = home
        self.tokens = tokens
        self.joined = joined
        self.reader = reader
        self.sentences = sentences
        self.knowing: Any = None
        """What follows the books for tags and needs, once somebody asks (channels/knowing)."""

        self.writing: Writing | None = None
        """The past of the made-up city on its way into the books, while it is."""

    def caller(self, request: Request, *roles: str) -> Caller:
        """Who asks. Raises Problem when unknown, or when none of these roles (given none, every role may)."""
        caller = self._identified(request, request.headers.get("authorization", "").encode("latin-1"))
        if roles and caller.role not in roles:
            raise Problem("not_allowed")
        return caller

    async def write(
        self, request: Request, kind: type[Command], decoder: msgspec.json.Decoder[Any], make: Make
    ) -> Response:
        """Have one command done and tell what it came to. Raises Problem.

        A body holds less than its command asks for (a day that no calendar of ours reaches): what could not
        be read again from the log is refused here and never recorded.
        """
        envelope = open_envelope(request.scope["headers"])
        caller = self._identified(request, envelope.token)
        if caller.role not in BY_COMMAND[kind].roles:
            raise Problem("not_allowed")
        key = key_of(envelope)
        ask = decode(decoder, await read_body(request.receive))
        try:
            command = checked(make(ask, Stamp(key, caller, self.home.clock.now())))
            reply = await self.joined.ask(command)
        except CommandError as wrong:
            raise Problem("field_not_valid", f"/{wrong.where}", why=wrong.says) from None
        except StoreError as error:
            raise not_stored(error) from None
        return self._told(command, reply)

    def _identified(self, request: Request, authorization: bytes) -> Caller:
        return identify(self.tokens, authorization, request.method, request.scope["route"].path)

    def _told(self, command: Command, reply: Reply) -> Response:
        answer = reply.answer
        headers = {"idempotent-replayed": "true"} if reply.replayed else {}
        if answer.refusal is not None:
            status, body = refusal_body(answer.refusal, answer.id)
            return Response(body, status, headers, MEDIA_TYPE)
        at = self.joined.made_at(reply.seq) if reply.replayed else command.at
        body = msgspec.json.encode(order_told(answer, at))
        return Response(body, 201 if answer.made else 200, headers, "application/json")

    def record(self, decision: str) -> Sealed:
        """The record a decision id names. Raises Problem `decision_not_found`."""
        seq = seq_of(decision) if decision[:1] == "D" else None
        leaf = self.reader.record(seq) if seq is not None else None
        if leaf is None:
            raise Problem("decision_not_found")
        return unseal(leaf)

    def may_see(self, caller: Caller, sealed: Sealed) -> bool:
        """Whether a decision is the caller's to see: staff see all, customers what they asked for or own."""
        if caller.inside or caller.actor == sealed.command.actor:
            return True
        if getattr(sealed.command, "customer", "") == caller.id:
            return caller_of(sealed.command.actor).inside
        about = sealed.answer.about
        return bool(about) and getattr(self.record(about).command, "customer", "") == caller.id


def order_told(answer: Answer, at: int) -> OrderTold:
    """An answer in words."""
    words = result_words(answer)
    return OrderTold(
        answer.id,
        answer.result,
        words.zh,
        words.en,
        iso(at),
        answer.made,
        answer.about,
        answer.hold,
        answer.case,
        answer.challenge,
        tuple(map(movement_told, answer.movements)),
    )


def movement_told(movement: Movement) -> MovementTold:
    """A movement with its amount in digits."""
    return MovementTold(
        movement.payer,
        movement.payee,
        format_minor(movement.amount_minor, movement.currency),
        movement.amount_minor,
        movement.currency,
        movement.kind,
    )


def problem_response(problem: Problem) -> Response:
    """The problem+json response of a request that is not taken."""
    status = problem.kind.status
    headers = RETRY if status == 503 else {"www-authenticate": "Bearer"} if status == 401 else {}
    return Response(body_of(problem), status, headers, MEDIA_TYPE)
