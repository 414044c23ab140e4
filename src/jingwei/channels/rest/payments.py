"""The hot endpoint: POST /v1/payments, plain ASGI; waiting payments are decided and booked as one batch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Literal, NamedTuple

import msgspec
from starlette.types import Receive, Scope
from starlette.types import Send as ASGISend

from jingwei.bank import Reply
from jingwei.channels.identity import Caller, Tokens
from jingwei.channels.problems import (
    DECIDED,
    MEDIA_TYPE,
    Problem,
    body_of,
    not_stored,
    refusal_body,
    status_of,
)
from jingwei.channels.rest.counting import Counted
from jingwei.channels.rest.joined import Joined
from jingwei.channels.rest.reading import (
    MOST_BYTES,
    Decimal,
    Envelope,
    Headers,
    PlainText,
    amount,
    decode,
    identify,
    key_of,
    open_envelope,
    read_body,
)
from jingwei.channels.words import Sentences, Why, result_words
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.pay import Pay, UndoSeconds
from jingwei.journeys.shape import Answer
from jingwei.kernel.clock import SECOND, Clock, iso
from jingwei.kernel.command import CurrencyCode, Id, OptionalId
from jingwei.kernel.money import format_minor
from jingwei.stores.store import Reader, StoreError

PATH = "/v1/payments"
PROBLEM = MEDIA_TYPE.encode()
Payment = Pay | AuthoriseCardPayment


class Transfer(msgspec.Struct, frozen=True, tag="transfer", tag_field="type", forbid_unknown_fields=True):
    """Send money from `payer` to another account of the bank."""

    payer: Id
    payee: Id
    amount: Decimal
    currency: CurrencyCode
    device: OptionalId = ""
    place: OptionalId = ""
    memo: PlainText = ""
    undo_s: UndoSeconds | None = None


class CardPayment(msgspec.Struct, frozen=True, tag="card", tag_field="type", forbid_unknown_fields=True):
    """Pay at `terminal` with the card of account `payer`; with `capture` false the amount is only held."""

    payer: Id
    terminal: Id
    amount: Decimal
    currency: CurrencyCode
    capture: bool = True
    device: OptionalId = ""
    place: OptionalId = ""
    card: OptionalId = ""


class Said(msgspec.Struct, frozen=True):
    """A refusal as told inside an answer."""

    code: str
    zh: str
    en: str


class PaymentTold(msgspec.Struct, frozen=True):
    """What became of a payment: `result` is allowed, stepped_up, held or refused.

    A stepped-up payment is answered at /v1/step-ups/{challenge}, one that waits is undone at
    /v1/pending-payments/{pending}/undo; `score` is shown to staff alone.
    """

    id: str
    type: Literal["transfer", "card"]
    result: str
    zh: str
    en: str
    reasons: tuple[Why, ...]
    refusal: Said | None
    payer: str
    payee: str
    amount: str
    amount_minor: int
    currency: str
    at: str
    hold: str
    case: str
    challenge: str
    pending: str
    policy: str
    model: str | msgspec.UnsetType = msgspec.UNSET
    score: float | None | msgspec.UnsetType = msgspec.UNSET


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    """A whole second in ISO 8601 without its zone: many payments share one."""
    return iso(seconds * SECOND)[:19]


def told(command: Payment, answer: Answer, at: int, reasons: tuple[Why, ...], inside: bool) -> PaymentTold:
    """A payment's answer in words; `at` is when it was first asked, `inside` whether staff read it."""
    words, refusal = result_words(answer), answer.refusal
    card = isinstance(command, AuthoriseCardPayment)
    return PaymentTold(
        answer.id,
        "card" if card else "transfer",
        answer.result,
        words.zh,
        words.en,
        reasons,
        Said(refusal.code, words.zh, words.en) if refusal is not None else None,
        command.payer,
        command.terminal if isinstance(command, AuthoriseCardPayment) else command.payee,
        format_minor(command.amount_minor, command.currency),
        command.amount_minor,
        command.currency,
        f"{_second(at // SECOND)}.{at % SECOND:06d}Z",
        answer.hold,
        answer.case,
        answer.challenge,
        answer.made,
        answer.policy,
        answer.model if inside else msgspec.UNSET,
        answer.score if inside else msgspec.UNSET,
    )


_TYPED = msgspec.json.Decoder(Transfer | CardPayment)
_TRANSFER = msgspec.json.Decoder(Transfer)
_ENCODE = msgspec.json.Encoder().encode


def refused(problem: Problem) -> Answered:
    """The answer to a request that is not taken."""
    return Answered(problem.kind.status, body_of(problem))


def failed(error: Exception) -> Answered:
    """The answer when nothing was written: the store failed, or the command met a bug."""
    return refused(error if isinstance(error, Problem) else not_stored(error))


class Asked(NamedTuple):
    """A payment that was read: who asks, and the command it makes."""

    caller: Caller
    command: Payment


class Answered(NamedTuple):
    """What is sent back: status, body, whether the key was answered before."""

    status: int
    body: bytes
    replayed: bool = False

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers that tell the body's kind and how to go on."""
        kind = b"application/json" if self.status == DECIDED else PROBLEM
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(self.body))]
        if self.replayed:
            headers.append((b"idempotent-replayed", b"true"))
        if self.status == 503:
            headers.append((b"retry-after", b"1"))
        elif self.status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        return headers

    @property
    def head(self) -> bytes:
        """The same headers as lines."""
        if self.status == DECIDED and not self.replayed:
            return b"content-type: application/json\r\ncontent-length: %d\r\n" % len(self.body)
        return b"".join([b"%s: %s\r\n" % header for header in self.headers])


Send = Callable[[Answered], None]


class Lookup(NamedTuple):
    """What payments look up: whose account it is, and the words of policies."""

    owner_of: Callable[[str], str | None]
    reader: Reader


class Payments:
    """Decides payments. One instance serves all connections of the event loop it runs on."""

    def __init__(self, joined: Joined, tokens: Tokens, clock: Clock, look: Lookup, counted: Counted) -> None:
        self._joined = joined
        self._tokens = tokens
        self._clock = clock
        self._owner_of = look.owner_of
        self._counted = counted
        self.sentences = Sentences(look.reader)

    async def __call__(self, scope: Scope, receive: Receive, send: ASGISend) -> None:
        """Answer one request. A payment that was decided answers 201, whatever was decided."""
        try:
            open_envelope(scope["headers"])
            body = await read_body(receive)
        except Problem as problem:
            answered = refused(problem)
            self._counted.answered(0.0, answered.status)
        else:
            future: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
            self.take(scope["headers"], body, lambda told: None if future.done() else future.set_result(told))
            answered = await future
        await send({"type": "http.response.start", "status": answered.status, "headers": answered.headers})
        await send({"type": "http.response.body", "body": answered.body})

    def take(self, headers: Headers, body: bytes, send: Send) -> None:
        """Read a whole request and have it decided; `send` is called, now or later, on the loop."""
        self._take(lambda: open_envelope(headers), body, send)

    def take_plain(self, envelope: Envelope, body: bytes, send: Send) -> None:
        """`take` with the headers read already."""
        self._take(lambda: envelope, body, send)

    def _take(self, envelope: Callable[[], Envelope], body: bytes, send: Send) -> None:
        began = time.perf_counter()
        try:
            asked = self._read(envelope(), body)
        except Problem as problem:
            self._finish(refused(problem), began, send)
        except StoreError as error:
            self._finish(failed(error), began, send)
        else:
            self._joined.put(asked.command, lambda reply: self._told(asked, reply, began, send))

    def _told(self, asked: Asked, reply: Reply | Exception, began: float, send: Send) -> None:
        """Word the reply. A key that seems used for another request is tried again as it was first asked."""
        if isinstance(reply, Exception):
            self._finish(failed(reply), began, send)
            return
        caller, command = asked
        if reply.seq < 0 and command.customer != caller.id:
            again = Asked(caller, msgspec.structs.replace(command, customer=caller.id))
            self._joined.put(again.command, lambda reply: self._told(again, reply, began, send))
            return
        answered = None
        try:
            answered = self._worded(command, reply, caller)
        finally:
            self._finish(answered or failed(Problem("bug")), began, send)

    def _finish(self, answered: Answered, began: float, send: Send) -> None:
        self._counted.answered(time.perf_counter() - began, answered.status)
        send(answered)

    def _read(self, envelope: Envelope, body: bytes) -> Asked:
        caller = identify(self._tokens, envelope.token, "POST", PATH)
        key = key_of(envelope)
        if len(body) > MOST_BYTES:
            raise Problem("body_too_large", most=str(MOST_BYTES))
        ask = decode(_TYPED if b'"type"' in body else _TRANSFER, body)
        return Asked(caller, self._command(ask, caller, key))

    def _worded(self, command: Payment, reply: Reply, caller: Caller) -> Answered:
        """The answer to a reply; the same bytes every time the same record is told."""
        answer = reply.answer
        refusal = answer.refusal
        if refusal is not None and (reply.seq < 0 or status_of(refusal.code) in (403, 404)):
            self._counted.decided("not_taken")
            return Answered(*refusal_body(refusal, answer.id), reply.replayed)
        self._counted.decided(answer.result)
        at = self._joined.made_at(reply.seq) if reply.replayed else command.at
        body = _ENCODE(told(command, answer, at, self.sentences.reasons(answer), caller.inside))
        return Answered(DECIDED, body, reply.replayed)

    def _command(self, ask: Transfer | CardPayment, caller: Caller, key: str) -> Payment:
        """The command a request makes. The customer follows from who asks, or from the payer's owner.

        A customer pays as themselves; where staff name an account that is not there yet, the payment is
        asked for in their own name, which the journey answers with `account_not_found`.
        """
        now, minor = self._clock.now(), amount(ask.amount, ask.currency)
        customer = (self._owner_of(ask.payer) or caller.id) if caller.inside else caller.id
        if isinstance(ask, Transfer):
            return Pay(
                key=key,
                actor=caller.actor,
                at=now,
                known_at=now,
                customer=customer,
                payer=ask.payer,
                payee=ask.payee,
                amount_minor=minor,
                currency=ask.currency,
                device=ask.device,
                place=ask.place,
                memo=ask.memo,
                undo_s=0 if ask.undo_s is None and caller.inside else ask.undo_s,
            )
        return AuthoriseCardPayment(
            key=key,
            actor=caller.actor,
            at=now,
            known_at=now,
            customer=customer,
            payer=ask.payer,
            terminal=ask.terminal,
            amount_minor=minor,
            currency=ask.currency,
            capture=ask.capture,
            device=ask.device,
            place=ask.place,
            card=ask.card,
        )
