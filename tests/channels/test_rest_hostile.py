"""Hostile and broken requests: each ends with a clear problem, none with 500, none writes anything."""

from __future__ import annotations

import ast
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.channels.counter import Talk

from jingwei.channels import problems
from jingwei.kernel.refusal import REFUSALS

GOOD: dict[str, Any] = {
    "payer": "alice",
    "payee": "bob",
    "amount": "1.00",
    "currency": "CNY",
    "device": "phone",
}


def body(**changed: Any) -> bytes:
    """The good request with some fields changed; None leaves one out."""
    fields = GOOD | changed
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


BODIES: dict[str, tuple[bytes, int, str]] = {
    "empty": (b"", 400, "body_not_json"),
    "spaces": (b"  \n", 400, "body_not_json"),
    "not json": (b"pay bob 1.00", 400, "body_not_json"),
    "cut off": (body()[:-1], 400, "body_not_json"),
    "two values": (body() + body(), 400, "body_not_json"),
    "a comment": (b"/* */" + body(), 400, "body_not_json"),
    "byte order mark": (b"\xef\xbb\xbf" + body(), 400, "body_not_json"),
    "utf-16": (body().decode().encode("utf-16"), 400, "body_not_json"),
    "broken utf-8": (body(payee="x").replace(b'"x"', b'"\xff\xfe"'), 400, "body_not_json"),
    "overlong utf-8": (body(payee="x").replace(b'"x"', b'"\xc0\xaf"'), 400, "body_not_json"),
    "lone surrogate": (body(payee="x").replace(b'"x"', b'"\\ud800"'), 400, "body_not_json"),
    "NaN": (body(amount="x").replace(b'"x"', b"NaN"), 400, "body_not_json"),
    "Infinity": (body(amount="x").replace(b'"x"', b"-Infinity"), 400, "body_not_json"),
    "a list": (b"[" + body() + b"]", 422, "field_not_valid"),
    "null": (b"null", 422, "field_not_valid"),
    "a number": (b"1", 422, "field_not_valid"),
    "a text": (b'"pay"', 422, "field_not_valid"),
    "nested deeply": (b"[" * 30_000 + b"]" * 30_000, 422, "field_not_valid"),
    "nested in a field": (
        body(memo="x").replace(b'"x"', b"[" * 30_000 + b"]" * 30_000),
        422,
        "field_not_valid",
    ),
    "nested in an unknown field": (
        body(y="x").replace(b'"x"', b'{"a":' * 9_000 + b"1" + b"}" * 9_000),
        422,
        "field_not_valid",
    ),
    "unknown field": (body(priority="high"), 422, "field_not_valid"),
    "someone else's actor": (body(actor="staff:reviewer"), 422, "field_not_valid"),
    "its own score": (body(score=0.0), 422, "field_not_valid"),
    "minor units": (body(amount_minor=100), 422, "field_not_valid"),
    "no payer": (body(payer=None), 422, "field_not_valid"),
    "no payee": (body(payee=None), 422, "field_not_valid"),
    "no amount": (body(amount=None), 422, "field_not_valid"),
    "no currency": (body(currency=None), 422, "field_not_valid"),
    "null payer": (body(payer="x").replace(b'"x"', b"null"), 422, "field_not_valid"),
    "unknown type": (body(type="wire"), 422, "field_not_valid"),
    "type of a number": (body(type=1), 422, "field_not_valid"),
    "card without terminal": (body(type="card", payee=None), 422, "field_not_valid"),
    "amount as a number": (body(amount=1.0), 422, "field_not_valid"),
    "amount as a whole number": (body(amount=1), 422, "field_not_valid"),
    "amount as a list": (body(amount=["1.00"]), 422, "field_not_valid"),
    "amount as true": (body(amount=True), 422, "field_not_valid"),
    "huge number": (body(amount="x").replace(b'"x"', b"9" * 5000), 422, "field_not_valid"),
    "huge exponent": (body(amount="x").replace(b'"x"', b"1e999999"), 422, "field_not_valid"),
    "empty amount": (body(amount=""), 422, "amount_not_valid"),
    "zero": (body(amount="0"), 422, "amount_not_valid"),
    "zero with places": (body(amount="0.00"), 422, "amount_not_valid"),
    "minus zero": (body(amount="-0"), 422, "amount_not_valid"),
    "negative": (body(amount="-1.00"), 422, "amount_not_valid"),
    "plus sign": (body(amount="+1.00"), 422, "amount_not_valid"),
    "comma": (body(amount="1,00"), 422, "amount_not_valid"),
    "thousands": (body(amount="1,000.00"), 422, "amount_not_valid"),
    "exponent": (body(amount="1e3"), 422, "amount_not_valid"),
    "hexadecimal": (body(amount="0x10"), 422, "amount_not_valid"),
    "underscore": (body(amount="1_000"), 422, "amount_not_valid"),
    "amount NaN": (body(amount="NaN"), 422, "amount_not_valid"),
    "amount inf": (body(amount="inf"), 422, "amount_not_valid"),
    "leading space": (body(amount=" 1.00"), 422, "amount_not_valid"),
    "line end": (body(amount="1.00\n"), 422, "amount_not_valid"),
    "no whole part": (body(amount=".50"), 422, "amount_not_valid"),
    "no places": (body(amount="1."), 422, "amount_not_valid"),
    "two points": (body(amount="1.0.0"), 422, "amount_not_valid"),
    "too many places": (body(amount="1.001"), 422, "amount_not_valid"),
    "places of another currency": (body(amount="1.5", currency="JPY"), 422, "amount_not_valid"),
    "too large": (body(amount="99999999999999.00"), 422, "amount_not_valid"),
    "very long amount": (body(amount="1" * 33), 422, "field_not_valid"),
    "full-width digits": (body(amount="１２.００"), 422, "amount_not_valid"),
    "arabic digits": (body(amount="١٢.٠٠"), 422, "amount_not_valid"),
    "superscript": (body(amount="1²"), 422, "amount_not_valid"),
    "NUL in amount": (body(amount="1\x00"), 422, "amount_not_valid"),
    "template": (body(amount="{amount.__class__}"), 422, "amount_not_valid"),
    "unknown currency": (body(currency="XXX"), 422, "field_not_valid"),
    "small letters": (body(currency="cny"), 422, "field_not_valid"),
    "currency and more": (body(currency="CNY\n"), 422, "field_not_valid"),
    "empty payer": (body(payer=""), 422, "field_not_valid"),
    "long payer": (body(payer="a" * 65), 422, "field_not_valid"),
    "NUL in payer": (body(payer="alice\x00"), 422, "field_not_valid"),
    "line end in payer": (body(payer="alice\n"), 422, "field_not_valid"),
    "path in payer": (body(payer="../alice"), 422, "field_not_valid"),
    "sql in payer": (body(payer="alice' OR '1'='1"), 422, "field_not_valid"),
    "chinese payer": (body(payer="爱丽丝"), 422, "field_not_valid"),
    "look-alike letter": (body(payer="аlice"), 422, "field_not_valid"),
    "right to left": (body(memo="\u202ecod.exe"), 422, "field_not_valid"),
    "control character": (body(memo="\x1b[31mred"), 422, "field_not_valid"),
    "NUL in memo": (body(memo="a\x00b"), 422, "field_not_valid"),
    "long memo": (body(memo="好" * 501), 422, "field_not_valid"),
    "capture as text": (
        body(type="card", payee=None, terminal="T", device=None, capture="no"),
        422,
        "field_not_valid",
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_body_is_a_clear_problem_and_writes_nothing(town: Talk, name: str):
    content, status, code = BODIES[name]
    before = town.counter.home.store.size()
    told = town.send("/v1/payments", content)
    assert (told.status_code, told.json()["code"]) == (status, code), told.text
    assert told.headers["content-type"] == "application/problem+json"
    problem = told.json()
    assert problem["status"] == status and problem["type"] == f"/v1/problems/{code}"
    assert problem["zh"] != problem["en"] and problem["detail"] and problem["title"]
    assert town.counter.home.store.size() == before


@pytest.mark.parametrize("name", BODIES)
def test_a_problem_is_chinese_in_chinese(town: Talk, name: str):
    """Nothing of the English explanation is left in the Chinese one."""
    told = town.send("/v1/payments", BODIES[name][0]).json()["zh"]
    for word in ("Expected", "got", "missing", "malformed", "must", "write", "is not", "has"):
        assert word not in told.split("“")[0], told


def test_there_are_enough_hostile_bodies():
    assert len(BODIES) >= 60


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        (body(amount="x"), "/amount"),
        (body(payee=5), "/payee"),
        (body(extra=1), "/extra"),
        (body(payer=None), "/payer"),
    ],
)
def test_a_problem_points_at_its_field(town: Talk, content: bytes, pointer: str):
    assert town.send("/v1/payments", content).json()["pointer"] == pointer


def test_repeated_fields_mean_the_last_one(town: Talk):
    told = town.send("/v1/payments", body().replace(b'"amount"', b'"amount": "9.99", "amount"'))
    assert told.json()["amount"] == "1.00"


HEADERS: dict[str, tuple[dict[str, str], int, str]] = {
    "no key": ({"Idempotency-Key": ""}, 400, "key_missing"),
    "key of 256": ({"Idempotency-Key": "k" * 256}, 400, "key_not_valid"),
    "key with a space": ({"Idempotency-Key": "a b"}, 400, "key_not_valid"),
    "key with a tab": ({"Idempotency-Key": "a\tb"}, 400, "key_not_valid"),
    "no token": ({"Authorization": ""}, 401, "not_identified"),
    "wrong token": ({"Authorization": "Bearer jw_wrong"}, 401, "not_identified"),
    "empty token": ({"Authorization": "Bearer "}, 401, "not_identified"),
    "basic": ({"Authorization": "Basic YWxpY2U6eA=="}, 401, "not_identified"),
    "form": ({"Content-Type": "application/x-www-form-urlencoded"}, 415, "body_not_json_type"),
    "text": ({"Content-Type": "text/plain"}, 415, "body_not_json_type"),
    "nearly json": ({"Content-Type": "application/jsonp"}, 415, "body_not_json_type"),
    "latin-1": ({"Content-Type": "application/json; charset=latin-1"}, 415, "body_not_json_type"),
    "gzip": ({"Content-Encoding": "gzip"}, 415, "body_encoded"),
    "length too large": ({"Content-Length": "999999999999"}, 413, "body_too_large"),
    "length of letters": ({"Content-Length": "many"}, 400, "request_not_valid"),
}


@pytest.mark.parametrize("path", ["/v1/payments", "/v1/deposits"])
@pytest.mark.parametrize("name", HEADERS)
def test_a_hostile_header_is_a_clear_problem(town: Talk, name: str, path: str):
    headers, status, code = HEADERS[name]
    told = town.send(path, body(), **headers)
    assert (told.status_code, told.json()["code"]) == (status, code)
    assert (status == 401) == ("www-authenticate" in told.headers)


def test_a_good_request_passes_with_unusual_but_right_headers(town: Talk):
    for headers in ({"Content-Type": 'Application/JSON; charset="UTF-8"'}, {"Idempotency-Key": "k" * 255}):
        assert town.send("/v1/payments", body(), **headers).status_code == 201


@pytest.mark.parametrize("path", ["/v1/payments", "/v1/deposits"])
def test_a_body_above_64_kib_is_refused(town: Talk, path: str):
    told = town.send(path, body(memo="x" * 70_000))
    assert (told.status_code, told.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("path", ["/v1/payments", "/v1/deposits"])
def test_a_body_without_a_length_is_cut_off_at_64_kib(town: Talk, path: str):
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 10_000

    told = town.ask("POST", path, headers=town.counter.head("system:core"), content=endless())
    assert (told.status_code, told.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/payments", 405),
        ("DELETE", "/v1/accounts/alice", 405),
        ("PUT", "/v1/payments", 405),
        ("GET", "/v1/accounts/%00", 404),
        ("GET", "/v1/accounts/..%2f..%2fetc", 404),
        ("GET", "/v1/accounts/" + "a" * 300, 404),
        ("GET", "/v1/accounts/%F0%9F%92%A9", 404),
        ("GET", "/v1/accounts/alice%27--", 404),
        ("GET", "/v1/accounts/bank:cash:XXX", 404),
        ("GET", "/v1/decisions/D1", 404),
        ("GET", "/v1/decisions/H00000000001", 404),
        ("GET", "/v1/decisions/D-0000000001", 404),
        ("GET", "/v1/decisions/D%EF%BC%91%EF%BC%910000000001", 404),
        ("GET", "/v1/cases/nothing", 404),
        ("GET", "/v1/cases?status=all", 422),
        ("GET", "/v1/accounts?limit=0", 422),
        ("GET", "/v1/accounts?limit=-1", 422),
        ("GET", "/v1/accounts?limit=501", 422),
        ("GET", "/v1/accounts?limit=1e3", 422),
        ("GET", "/v1/accounts?limit=%EF%BC%91", 422),
        ("GET", "/v1/accounts?after=%00", 422),
        ("POST", "/v1/step-ups/..%2f1", 404),
        ("POST", "/v1/holds/%00/release", 404),
    ],
)
def test_a_hostile_address_is_a_clear_problem(town: Talk, method: str, path: str, status: int):
    who = "system:core" if "release" in path else "customer:alice" if "step-ups" in path else "staff:reviewer"
    told = town.ask(
        method, path, headers=town.counter.head(who), content=b"{}" if method == "POST" else None
    )
    assert told.status_code == status, told.text
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json()["zh"] and told.json()["en"]


def test_a_formula_or_a_tag_in_a_memo_is_kept_as_text(town: Talk):
    for memo in (
        "=cmd|' /C calc'!A0",
        "<script>alert(1)</script>",
        "{{7*7}}",
        "%s%n",
        "'; DROP TABLE lines;--",
    ):
        told = town.pay(memo=memo)
        assert told.status_code == 201
        leaf = town.counter.home.store.record(int(told.json()["id"][1:]))
        assert leaf is not None and json.loads(leaf)["command"]["memo"] == memo


def test_every_problem_raised_is_worded():
    """Each code given to Problem(...) anywhere in the channels has its status and words."""
    folder = Path(problems.__file__).parent
    raised = {
        node.args[0].value
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Problem"
        if node.args and isinstance(node.args[0], ast.Constant)
    }
    assert len(raised) > 10
    assert raised <= {*problems.PROBLEMS, *REFUSALS}
    for code, (status, words) in problems.PROBLEMS.items():
        assert 400 <= status < 600 and any("\u4e00" <= letter <= "\u9fff" for letter in words.zh), code
    for code in problems.NOT_FOUND | problems.FORBIDDEN | problems.CONFLICT:
        assert code in REFUSALS or code in problems.PROBLEMS, f"{code} is refused nowhere"
