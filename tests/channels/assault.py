"""Every hostile input in every field of every operation: refused whole, or kept exactly as sent."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlencode

import httpx
import msgspec
from tests.channels.answers import faults
from tests.channels.hostile import INPUTS, Input
from tests.channels.seeded import Good, Seeded, address

from jingwei.journeys.table import unseal
from jingwei.kernel.money import parse_minor

HEADERS = (
    "authorization",
    "idempotency-key",
    "content-type",
    "content-length",
    "content-encoding",
    "accept-language",
    "host",
    "x-forwarded-for",
    "cookie",
)
BOOKS = ("accounts", "balances", "cases", "challenges", "customers", "holds", "lines", "notes", "policies")
MONEY = {"amount", "opening", "payment", "day", "month", "overdraft"}


class Field(NamedTuple):
    """One place of one operation: where ("blank", "query", "header", "body") and its name."""

    operation: str
    where: str
    name: str


def fields(document: dict[str, Any]) -> list[Field]:
    """Every field of every operation of the OpenAPI document, and the headers of each."""
    found = []
    for path, methods in document["paths"].items():
        for method, says in methods.items():
            name = f"{method.upper()} {path}"
            places = {"path": "blank", "query": "query"}
            for one in says.get("parameters", ()):
                if one["in"] in places:
                    found.append(Field(name, places[one["in"]], one["name"]))
            found += [Field(name, "header", header) for header in HEADERS]
            found += [Field(name, "body", one) for one in sorted(_body(document, says))]
    return found


def _body(document: dict[str, Any], says: dict[str, Any]) -> set[str]:
    schema = says.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    names = [one["$ref"].rpartition("/")[2] for one in (schema, *schema.get("anyOf", ())) if "$ref" in one]
    parts = document["components"]["schemas"]
    return {field for name in names for field in parts[name]["properties"]}


class Heard(logging.Handler):
    """Keeps what was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one message as it would be written."""
        self.lines.append(record.getMessage())


class Assault:
    """Hostile requests to a seeded bank: sent straight to the application, judged and counted."""

    def __init__(self, bank: Seeded, number: int) -> None:
        self.bank = bank
        self.draw = random.Random(number)
        self.fields = fields(bank.talk.get("/openapi.json", "").json())
        self.counts: Counter[str] = Counter()
        self.bad: list[str] = []
        self.heard = Heard()
        file = bank.talk.counter.home.path / "bank.db"
        self._books = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        self._seen: tuple[int, tuple[int, str]] = (-1, (0, ""))
        logging.getLogger("jingwei").addHandler(self.heard)

    def close(self) -> None:
        """Stop listening to the log."""
        logging.getLogger("jingwei").removeHandler(self.heard)
        self._books.close()

    def pairs(self, count: int) -> Iterator[tuple[Field, Input]]:
        """So many different (field, input), drawn so that fields and inputs all have their turn."""
        places = list(self.fields)
        inputs = list(INPUTS)
        self.draw.shuffle(places)
        self.draw.shuffle(inputs)
        for n in range(count):
            shift = n // len(places)
            yield places[n % len(places)], inputs[(n + shift * 7) % len(inputs)]

    def send(self, field: Field, hostile: Input) -> None:
        """Send the good request with one field replaced and judge what became of it."""
        good, lang = self.bank.good(field.operation), self.draw.choice(("zh", "en"))
        before = self._state()
        head = self.bank.talk.counter.head(good.who) | {"Accept-Language": lang, "Host": "bank"}
        scope, content = request(field, hostile, good, head)
        told = self._asked(scope, content)
        sent = f"{unquote(scope['raw_path'].decode('latin-1'))} {content.decode('utf-8', 'replace')}"
        sent += f" {hostile.text!r} {json.dumps(hostile.text)} {hostile.text} {hostile.raw!r}"
        if field.name == "accept-language":
            lang = "en" if told.status_code < 400 else self._lang(told)
        wrong = faults(told, sent, good.who, lang) + self._kept(field, hostile, good, told, before)
        wrong += [f"a log line was forged: {line!r}" for line in self.heard.lines if not line.isprintable()]
        self.heard.lines.clear()
        self.counts[field.operation.split()[0] + f" {told.status_code}"] += 1
        self.counts["accepted" if told.status_code < 300 else "refused"] += 1
        self.bad += [f"{field} {hostile.name}: {one} ({told.text[:200]})" for one in wrong]
        if told.status_code < 300:
            self.bank.used(field.operation)

    def _lang(self, told: httpx.Response) -> str:
        body = told.json()
        return "zh" if body["detail"] == body["zh"] else "en"

    def _asked(self, scope: dict[str, Any], content: bytes) -> httpx.Response:
        return self.bank.talk.run(lambda: spoken(self.bank.talk.counter.app, scope, content))

    def _state(self) -> tuple[int, str]:
        """How many records there are, and a digest of everything the books hold."""
        (version,) = self._books.execute("PRAGMA data_version").fetchone()
        if version == self._seen[0]:
            return self._seen[1]
        digest = hashlib.sha256()
        for table in BOOKS:
            for row in self._books.execute(f"SELECT * FROM {table}"):
                digest.update(repr(row).encode("utf-8", "surrogatepass"))
        self._seen = (version, (self.bank.talk.counter.home.store.size(), digest.hexdigest()))
        return self._seen[1]

    def _kept(
        self, field: Field, hostile: Input, good: Good, told: httpx.Response, before: tuple[int, str]
    ) -> list[str]:
        """What was written that should not, or otherwise than sent."""
        size, books = self._state()
        if told.status_code >= 400:
            late = told.json().get("code") == "challenge_expired"  # gives the held money back
            wrong = ["a refusal changed the books"] if books != before[1] and not late else []
            sealed = bool(told.json().get("decision"))
            return wrong + ([] if sealed == (size > before[0]) else ["a refusal was half written"])
        wrong = []
        for seq in range(before[0], size):
            leaf = self.bank.talk.counter.home.store.record(seq)
            assert leaf is not None
            try:
                command = unseal(leaf).command
            except msgspec.ValidationError as error:
                return [f"record {seq} cannot be read again: {error}"]
            wrong += self._differs(field, hostile, command)
        if size > before[0] + 1 and field.operation != "POST /v1/day-ends":
            wrong.append("one request made several records")
        return wrong

    def _differs(self, field: Field, hostile: Input, command: Any) -> list[str]:
        """Whether an accepted text is kept otherwise than sent; money and rates are kept as numbers."""
        if field.operation == "POST /v1/day-ends":
            return []  # the day is its own key; it is read as a date
        if field.name == "idempotency-key" and hostile.text is not None:
            return [] if command.key == hostile.text else ["another key was kept"]
        if field.where != "body" or hostile.text is None:
            return []
        kept = getattr(command, field.name, None)
        minor = getattr(command, f"{field.name}_minor", None)
        if field.name in MONEY and minor is not None:
            code = getattr(command, "currency", "CNY")
            return [] if parse_minor(hostile.text, code) == minor else ["another amount was kept"]
        if kept is None or kept == hostile.text:
            return []
        return [f"{kept!r} was kept for {hostile.text!r}"]


def request(field: Field, hostile: Input, good: Good, head: dict[str, str]) -> tuple[dict[str, Any], bytes]:
    """The ASGI scope and body of the good request with one field replaced by the hostile input."""
    method, path = field.operation.split()
    value = hostile.text.encode("utf-8", "surrogatepass") if hostile.text is not None else hostile.raw
    blanks = {name: quote(one, safe="") for name, one in good.blanks.items()}
    query = dict(good.query)
    if field.where == "blank":
        blanks[field.name] = quote(value, safe="")
    elif field.where == "query":
        query[field.name] = value
    body = dict(good.body) if good.body is not None else None
    content = b"" if body is None else _content(body, field, hostile)
    headers = [(name.lower().encode(), one.encode()) for name, one in head.items()]
    if field.where == "header":
        headers = [pair for pair in headers if pair[0] != field.name.encode()]
        headers.append((field.name.encode(), value))
    raw = address(path, blanks).encode()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": unquote(raw.decode("latin-1")),
        "raw_path": raw,
        "root_path": "",
        "scheme": "http",
        "query_string": urlencode(query).encode(),
        "headers": headers,
        "server": ("bank", 80),
        "client": ("127.0.0.1", 1),
    }
    return scope, content


def _content(body: dict[str, Any], field: Field, hostile: Input) -> bytes:
    if field.where != "body":
        return json.dumps(body).encode()
    mark = "\x01here\x01"
    if field.name == "terminal":
        body = {name: one for name, one in body.items() if name != "payee"} | {"type": "card"}
    written = json.dumps(body | {field.name: mark}).encode()
    value = json.dumps(hostile.text).encode() if hostile.text is not None else hostile.raw
    return written.replace(json.dumps(mark).encode(), value)


async def spoken(app: Callable[..., Any], scope: dict[str, Any], content: bytes) -> httpx.Response:
    """The application's answer to one request."""
    waiting = [{"type": "http.request", "body": content, "more_body": False}]
    told: dict[str, Any] = {"body": b""}

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.sleep(0)
            return {"type": "http.disconnect"}
        return waiting.pop()

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            told["status"], told["headers"] = message["status"], message["headers"]
        else:
            told["body"] += message.get("body", b"")

    try:
        await app(scope, receive, send)
    except Exception as bug:
        if "status" not in told:
            told |= {"status": 599, "headers": [], "body": repr(bug).encode()}
    return httpx.Response(told["status"], headers=told["headers"], content=told["body"])
