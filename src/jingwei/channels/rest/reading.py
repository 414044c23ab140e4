"""Reading requests: who asks, the idempotency key, and a body of exactly the right kind, or a Problem."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, NamedTuple, TypeVar

import msgspec
from starlette.types import Receive

from jingwei.channels.identity import Caller, Tokens
from jingwei.channels.problems import Problem
from jingwei.channels.roles import in_scope, may, operation
from jingwei.kernel.money import MoneyError, parse_minor

MOST_BYTES = 65_536
FIRST = date(1970, 1, 1)
_KEY = re.compile(rb"[\x21-\x7e]{1,255}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,63}", re.ASCII)
_CHOICE = re.compile(r"A\(([A-Za-z_]+(?:\|[A-Za-z_]+)+)\)\\*Z")
_WHERE = re.compile(r" - at `\$(.*)`$")
_PLAIN = rb"application/json"

Headers = Iterable[tuple[bytes, bytes]]
T = TypeVar("T")

PlainText = Annotated[
    str,
    msgspec.Meta(max_length=500, pattern=r"\A[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]*\Z"),
]
"""Free text without control characters and without marks that turn the direction of writing."""

Decimal = Annotated[
    str,
    msgspec.Meta(
        max_length=32,
        description="A decimal number as text, with at most the places of its currency: 12.30",
        examples=["12.30"],
        extra_json_schema={"pattern": r"^[0-9]{1,16}(\.[0-9]{1,3})?$"},
    ),
]
"""An amount. The document shows the pattern; reading it against its currency says what is wrong in words."""


class Envelope(NamedTuple):
    """The headers every writing request needs, read in one pass."""

    token: bytes
    key: bytes
    length: int


def open_envelope(headers: Headers) -> Envelope:
    """Read the headers of a request with a body. Raises Problem for what cannot be taken."""
    token, keys, length = b"", [], -1
    for name, value in headers:
        if name == b"authorization":
            token = value
        elif name == b"idempotency-key":
            keys.append(value)
        elif name == b"content-type":
            _check_type(value)
        elif name == b"content-length":
            length = _length(value)
        elif name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise Problem("body_encoded", found=_shown(value))
    return Envelope(token, _one_key(keys), length)


def _one_key(keys: list[bytes]) -> bytes:
    if not keys:
        return b""
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        raise Problem("key_not_valid")
    return keys[0]


def _check_type(value: bytes) -> None:
    if value == _PLAIN:
        return
    kind, _, rest = value.partition(b";")
    charset = rest.strip().lower().replace(b'"', b"")
    if kind.strip().lower() != _PLAIN or charset not in (b"", b"charset=utf-8"):
        raise Problem("body_not_json_type", found=_shown(value))


def _length(value: bytes) -> int:
    if not value.isdigit():
        raise Problem("request_not_valid", why="Content-Length is not a number")
    if len(value) > 9 or int(value) > MOST_BYTES:
        raise Problem("body_too_large", most=str(MOST_BYTES))
    return int(value)


def _shown(value: bytes) -> str:
    return value[:60].decode("ascii", "replace") or "nothing"


def identify(tokens: Tokens, authorization: bytes, method: str, path: str) -> Caller:
    """Return who asks. Raises Problem `not_identified`, or `not_allowed` for what none of their roles may.

    Every route learns here who asks, so here is the one place where roles are checked (channels/roles.py);
    `path` is the route's, as the document writes it.
    """
    scheme, _, token = authorization.partition(b" ")
    caller = tokens.caller(token.strip()) if scheme.lower() == b"bearer" else None
    if caller is None:
        raise Problem("not_identified")
    in_reach = not caller.signed_on or in_scope(caller.scopes, method, path)
    if not in_reach or not may(caller.roles, operation(method, path)):
        raise Problem("not_allowed")
    return caller


def key_of(envelope: Envelope) -> str:
    """The idempotency key. Raises Problem when there is none."""
    if not envelope.key:
        raise Problem("key_missing")
    return envelope.key.decode("ascii")


async def read_body(receive: Receive) -> bytes:
    """Return the whole body. Raises Problem `body_too_large` as soon as it is."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False):
        if len(body) > MOST_BYTES:
            break
        message = await receive()
        body += message.get("body", b"")
    if len(body) > MOST_BYTES:
        raise Problem("body_too_large", most=str(MOST_BYTES))
    if message["type"] == "http.disconnect":
        raise Problem("request_not_valid", why="the connection was closed in the middle of the body")
    return body


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """Read a body as exactly one kind of request. Raises Problem naming the field that is wrong."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _field_problem(str(error)) from None
    except msgspec.DecodeError as error:
        raise Problem("body_not_json", why=str(error)) from None
    except UnicodeDecodeError:
        raise Problem("body_not_json", why="it is not UTF-8 text") from None
    except RecursionError:
        raise Problem("body_not_json", why="it is nested too deeply") from None


def _field_problem(says: str) -> Problem:
    found = _WHERE.search(says)
    why = says[: found.start()] if found else says
    where = found[1].replace("[", ".").replace("]", "").replace(".", "/") if found else ""
    if not where and "unknown field `" in why or "missing required field `" in why:
        where = "/" + why.rpartition(" `")[2].rstrip("`")
    return Problem("field_not_valid", where, why=_plain(why))


_FORMS = (
    ("[0-9]{4}-[0-9]{2}-[0-9]{2}", "write a day like 2026-11-20"),
    ("[0-9T:.Z+-]", "write a moment like 2026-11-20T12:00:00Z"),
    ("[0-9]{1,6}", "write a number like 7.1234, with at most 6 digits before the point and 9 after it"),
    ("[0-9a-f]{64}", "write 64 of the characters 0-9 a-f"),
)
"""What is in a pattern, and what to write instead, in words."""


def _plain(why: str) -> str:
    """Name the pattern of a field in words, so that people need not read a regular expression."""
    if "matching regex" not in why:
        return why
    if choice := _CHOICE.search(why):
        return f"must be one of {', '.join(choice[1].split('|'))}"
    for part, says in _FORMS:
        if part in why:
            return says
    if "A-Za-z0-9" in why:
        return "write 1 to 64 of the characters A-Z a-z 0-9 _ . : @ -, beginning with a letter or digit"
    if "x00" in why:
        return "the text has control characters; write it without them"
    return why


def amount(text: str, currency: str, where: str = "/amount", *, least: int = 1) -> int:
    """Minor units (at least `least`, 0 or 1) of an amount in a request. Raises Problem `amount_not_valid`."""
    try:
        minor = parse_minor(text, currency)
    except MoneyError as error:
        raise Problem("amount_not_valid", where, why=str(error)) from None
    if minor < least:
        why = "the amount must be above zero" if least else "the amount must not be below zero"
        raise Problem("amount_not_valid", where, why=why)
    return minor


def some_id(text: str) -> str:
    """An id from the address line. Raises Problem `not_found` for what cannot be one."""
    if not _ID.fullmatch(text):
        raise Problem("not_found")
    return text


def day_number(text: str, where: str = "/day") -> int:
    """The number of a bank day written YYYY-MM-DD. Raises Problem when there is no such day."""
    try:
        number = (date.fromisoformat(text) - FIRST).days
    except ValueError:
        number = -1
    if number < 0:
        raise Problem(
            "field_not_valid", where, why="there is no such day; write it like 2026-11-20, from 1970 on"
        )
    return number
