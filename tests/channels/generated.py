"""Requests made from the OpenAPI document by schemathesis, with real ids put in, sent and judged."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Any

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi import checks
from tests.channels.answers import faults
from tests.channels.seeded import GOOD, Good, Seeded

from jingwei.channels.rest.callers import callers

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.positive_data_acceptance,
    checks.missing_required_header,
    checks.unsupported_method,
    checks.allow_header_conformance,
]
"""Every check of one answer; those that ask again or over many steps are run over the wire."""

SETTING = {
    "checks": {
        "positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "409", "413", "422"]},
        "negative_data_rejection": {
            "expected-statuses": ["400", "401", "403", "404", "405", "409", "413", "415", "422"]
        },
        "missing_required_header": {"expected-statuses": ["400", "401", "403", "404", "415", "422"]},
    }
}
WHO = {"customer": "customer:n1", "staff": "staff:teller", "system": "system:core"}


class Generated:
    """Cases for a seeded bank: sent, judged and counted."""

    def __init__(self, bank: Seeded, number: int) -> None:
        self.bank = bank
        self.draw = random.Random(number)
        self.schema = _read(bank.talk.get("/openapi.json", "").text)
        self.counts: Counter[str] = Counter()
        self.bad: list[str] = []
        self._number = number

    def operations(self) -> Iterator[tuple[str, Any]]:
        """Every operation with its name, such as "POST /v1/payments"."""
        for found in self.schema.get_all_operations():
            operation = found.ok()
            yield f"{operation.method.upper()} {operation.path}", operation

    def ask(self, name: str, operation: Any, count: int) -> None:
        """Send `count` cases of an operation: three that fit the document for each two that do not."""
        sent = self._some(name, operation, GenerationMode.NEGATIVE, count * 2 // 5)
        while sent < count:
            sent += self._some(name, operation, GenerationMode.POSITIVE, count - sent)

    def _some(self, name: str, operation: Any, mode: GenerationMode, most: int) -> int:
        done = 0
        if most < 1:
            return 0

        def one(case: Any) -> None:
            nonlocal done
            if done < most:
                done += 1
                self.send(name, case, mode is GenerationMode.POSITIVE)

        self._number += 1
        try:
            each(one, _strategy(operation, mode), most, self._number)
        except Unsatisfiable:
            return 0
        return done

    def send(self, name: str, case: Any, fits: bool) -> None:
        """Send one case, with real ids in it when it fits the document, and judge the answer."""
        good = self.bank.good(name)
        who, lang = self._asker(name, good.who), self.draw.choice(("zh", "en"))
        if fits:
            self._put_in(case, good)
        head = self.bank.talk.counter.head(who)
        if fits or self.draw.random() < 0.7:
            case.headers = {**(case.headers or {}), "Idempotency-Key": head["Idempotency-Key"]}
        case.headers = {**(case.headers or {}), "Accept-Language": lang}
        if who:
            case.headers["Authorization"] = head["Authorization"]
        request = wired(case)
        told = self.bank.talk.sent(request)
        self._count(name, told.status_code)
        if told.status_code < 300:
            self.bank.used(name)
        text = f"{request.url} {dict(request.headers)} {request.content.decode('utf-8', 'replace')}"
        wrong = faults(told, text, who, lang) + self._unlike(case, told)
        if who == "" and callers(*name.split()) and told.status_code < 400:
            wrong.append(f"nobody was told {told.status_code}")
        self.bad += [f"{name}: {one} (asked by {who or 'nobody'}: {text[:600]})" for one in wrong]

    def _asker(self, name: str, good: str) -> str:
        """Mostly who may; at times another, or nobody."""
        chance = self.draw.random()
        if chance < 0.85:
            return good
        roles = callers(*name.split()) or ()
        return "" if chance > 0.96 or not roles else WHO[self.draw.choice(sorted({*roles, "customer"}))]

    def _put_in(self, case: Any, good: Good) -> None:
        """Let the case name what is there: in the address always, in query and body mostly."""
        share = self.draw.choice((1.0, 1.0, 0.8, 0.5))
        kept = {field for field in (*good.query, *(good.body or {})) if self.draw.random() <= share}
        if good.blanks:
            case.path_parameters = {**(case.path_parameters or {}), **good.blanks}
        case.query = {**(case.query or {}), **{k: v for k, v in good.query.items() if k in kept}}
        if good.body is not None and isinstance(case.body, dict):
            own = {k: v for k, v in case.body.items() if k in good.body or "type" not in good.body}
            if share == 1.0 and "type" not in good.body:
                own.pop("type", None)
                own.pop("terminal", None)
                own.pop("capture", None)
            case.body = {**own, **{k: v for k, v in good.body.items() if k in kept}}

    def _unlike(self, case: Any, told: httpx.Response) -> list[str]:
        """What the answer promises otherwise than the document says."""
        try:
            case.validate_response(told, checks=CHECKS)
        except FailureGroup as group:
            return [f"{type(one).__name__}: {one}"[:600] for one in group.exceptions]
        except Failure as one:
            return [f"{type(one).__name__}: {one}"[:600]]
        return []

    def _count(self, name: str, status: int) -> None:
        self.counts[f"sent {name}"] += 1
        self.counts[f"{'accepted' if status < 300 else status} {name}"] += 1

    def never_accepted(self) -> list[str]:
        """The operations of which no case was accepted: they were not really tested."""
        return [name for name in GOOD if not self.counts[f"accepted {name}"]]


@lru_cache(maxsize=2)
def _read(document: str) -> Any:
    """The document as schemathesis reads it; the same for every bank of a process."""
    config = SchemathesisConfig.from_dict(SETTING)
    return schemathesis.openapi.from_dict(json.loads(document), config=config)


@cache
def _strategy(operation: Any, mode: GenerationMode) -> Any:
    """What draws cases of an operation: half of the time of a short run goes into making it."""
    return operation.as_strategy(generation_mode=mode)


def each(one: Callable[[Any], None], strategy: Any, most: int, number: int) -> None:
    """Call `one` with at most `most` drawn values."""
    quiet = list(HealthCheck)

    @seed(number)
    @settings(
        max_examples=most, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=quiet
    )
    @given(strategy)
    def ask(case: Any) -> None:
        one(case)

    ask()


def wired(case: Any) -> httpx.Request:
    """The request as it goes over the wire."""
    parts = case.as_transport_kwargs(base_url="http://bank")
    known = {name: value for name, value in parts.items() if name in REQUEST}
    made = requests.Request(**known).prepare()
    body = made.body.encode() if isinstance(made.body, str) else made.body or b""
    head = [(_bytes(name), _bytes(value)) for name, value in made.headers.items()]
    return httpx.Request(made.method or "GET", made.url or "", headers=head, content=body)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1", "replace")


REQUEST = ("method", "url", "headers", "files", "data", "params", "auth", "cookies", "json")
