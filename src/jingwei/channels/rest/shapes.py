"""Reading the OpenAPI document's schemas: types and limits in words, and an example of every request."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from html import escape
from typing import Any, NamedTuple

from jingwei.channels.demo import STAFF
from jingwei.channels.rest.sheet import Asked
from jingwei.channels.rest.spoken_lending import SAMPLES_LENDING
from jingwei.channels.rest.spoken_staff import SAMPLES_STAFF
from jingwei.channels.rest.spoken_work import SAMPLES_WORK
from jingwei.channels.roles import may, operation

Schema = dict[str, Any]

TYPES = {
    "string": ("text", "文本"),
    "integer": ("whole number", "整数"),
    "number": ("number", "数字"),
    "boolean": ("true or false", "true或false"),
    "object": ("object", "对象"),
    "null": ("null", "null"),
}
ID = "[A-Za-z0-9][A-Za-z0-9_.:@-]"
PATTERNS = (
    (
        re.escape(ID),
        "letters, digits and _ . : @ -, a letter or digit first",
        "字母、数字与_ . : @ -，以字母或数字开头",
    ),
    (re.escape("[A-Za-z0-9_.:@-]*"), "letters, digits and _ . : @ -", "字母、数字与_ . : @ -"),
    (re.escape("[^\\x00"), "no control characters", "不含控制字符"),
    (re.escape("[\\x21-\\x7e]"), "visible ASCII", "可见ASCII字符"),
    (re.escape("[0-9]{4}-[0-9]{2}-[0-9]{2}"), "a day: YYYY-MM-DD", "日期：YYYY-MM-DD"),
    (
        re.escape("[0-9]{1,16}(\\.[0-9]{1,3})?"),
        "decimal, at most its currency's places",
        "十进制，小数位不超过该币种",
    ),
    (re.escape("[0-9]{1,6}(\\.[0-9]{1,9})?"), "decimal, at most 9 places", "十进制，至多9位小数"),
)
"""Patterns in words: what a pattern holds, how it reads in English and in Chinese."""

ONE_LINE = 60
"""Characters of a body that still stand on one line of an example."""

ONE_OF = re.compile(r"\^\(([A-Za-z|_]+)\)\$")
SAMPLES: dict[str, Any] = {
    "NoteAsk.text": "the customer calls back at noon",
    "payer": "alice",
    "payee": "bob",
    "terminal": "T1",
    "currency": "CNY",
    "device": "alice-phone",
    "account": "alice",
    "customer": "dora",
    "name": "Dora 朵拉",
    "product": "current_cny",
    "direction": "both",
    "confirm": True,
    "release": True,
    "day": "2026-11-20",
    "payment": "D00000000012",
    "text": 'name = "card_payment"\nversion = 2\n…',
    "AccountAsk.product": "savings_cny",
    "CustomerAsk.account": "dora",
    "CustomerAsk.opening": "100.00",
    "ExchangeAsk.payee": "alice-usd",
    "LimitsAsk.payment": "5000.00",
    "LimitsAsk.day": "20000.00",
    "LimitsAsk.month": "100000.00",
    "WhyAsk.reason": "asked by the merchant",
    "StepUpAsk.payee": "carol",
    "StepUpAsk.amount": "8000.00",
    "ReviewAsk.comment": "called the customer",
    "FreezeAsk.reason": "phone lost",
    "purpose": "marketing",
    "ShowingAsk.purpose": "complaint",
    "customers": ["alice"],
    "OfferAsk.customer": "alice",
    "CardAsk.label": "Phone 手机",
    "CardTermsAsk.payment": "500.00",
    "CardTermsAsk.day": "2000.00",
    "PotAsk.name": "Holiday 旅行",
    "PotAsk.goal": "5000.00",
    "PotMoveAsk.direction": "in",
    "PotMoveAsk.amount": "50.00",
    "PayeeAsk.account": "bob",
    "PayeeAsk.name": "Bob 鲍勃",
    "every": "monthly",
    "first": "2027-01-15",
    "decision": "D00000000012",
    "AppealAsk.text": "This was my own payment, to my landlord.",
    "words": "We called you and you confirmed it.",
    "kind": "helper",
    "CustomerAsk.kind": "person",
    "whose": "alice",
    "keeper": "bob",
    "LookAfterAsk.account": "bob",
    "LookAfterAsk.payment": "50.00",
    "LookAfterAsk.day": "100.00",
    "month": "500.00",
    "overturn": True,
} | SAMPLES_STAFF | SAMPLES_LENDING | SAMPLES_WORK
"""Values of examples, by field or by type and field."""

OPTIONAL = ("device", "account", "opening", "reason", "comment")
"""Fields an example shows although they may be left out, where there is a sample of them."""

PLACES = (
    ("/accounts/", "alice"),
    ("/holds/", "H00000000012"),
    ("/step-ups/", "S00000000012"),
    ("/cases/", "C00000000012"),
    ("/decisions/", "D00000000012"),
    ("/problems/", "not_allowed"),
    ("/cards/", "K00000000012"),
    ("/pots/", "A00000000012"),
    ("/pending-payments/", "U00000000012"),
    ("/schedules/", "R00000000012"),
    ("/appeals/", "P00000000012"),
    ("/call-backs/", "C00000000012"),
    ("/ties/", "T00000000012"),
    ("/loan-applications/", "Q00000000012"),
    ("/loans/", "L00000000012"),
    ("/pay-later/", "Y00000000012"),
    ("/early-warnings/", "D00000000012"),
    ("/policies/", "outgoing_transfer"),
)
"""What stands in an address for its blank."""


class Field(NamedTuple):
    """One field of an object: its name, schema and whether it must be there."""

    name: str
    schema: Schema
    required: bool


def fields(schema: Schema) -> Iterator[Field]:
    """The fields of an object's schema."""
    required = schema.get("required", ())
    for name, one in schema.get("properties", {}).items():
        yield Field(name, one, name in required)


def named(schema: Schema) -> Iterator[str]:
    """Names of the types a schema refers to directly: itself, its choices or its items."""
    if "$ref" in schema:
        yield schema["$ref"].rpartition("/")[2]
    for inner in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())):
        yield from named(inner)


def kind(asked: Asked, schema: Schema) -> str:
    """The type in words, as HTML; a named type links to where it is told."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#type-{name}">{name}</a>'
    if "anyOf" in schema:
        return asked.say(" or ", "或").join(kind(asked, one) for one in schema["anyOf"])
    if "enum" in schema:
        return choices(asked, schema["enum"])
    if found := ONE_OF.fullmatch(schema.get("pattern", "")):
        return choices(asked, found[1].split("|"))
    if schema.get("type") == "array":
        return f"{asked.say('list of ', '列表：')}{kind(asked, schema.get('items', {}))}"
    en, zh = TYPES.get(schema.get("type", ""), ("anything", "任意"))
    return asked.say(en, zh)


def choices(asked: Asked, values: list[Any]) -> str:
    """Allowed values, as HTML."""
    shown = " ".join(f"<code>{escape(str(value))}</code>" for value in values)
    return shown if len(values) == 1 else f"{asked.say('one of ', '取值：')}{shown}"


def limits(asked: Asked, schema: Schema) -> str:
    """The limits in words, as HTML; "" without any."""
    told = [escape(one) for one in (_length(asked, schema), _range(schema)) if one]
    pattern = schema.get("pattern", "")
    if pattern and not ONE_OF.fullmatch(pattern):
        told.append(_pattern(asked, pattern))
    for inner in schema.get("anyOf", ()):
        told += [one for one in [limits(asked, inner)] if one]
    if "default" in schema and schema["default"] not in ("", {}):
        default = escape(json.dumps(schema["default"], ensure_ascii=False))
        told.append(f"{asked.say('default ', '默认')}<code>{default}</code>")
    told += [
        f"{asked.say('such as ', '例如')}<code>{escape(str(one))}</code>"
        for one in schema.get("examples", ())
    ]
    return asked.say("; ", "；").join(told)


def _length(asked: Asked, schema: Schema) -> str:
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if most is None:
        return ""
    en = f"{least} to {most:,} characters" if least else f"at most {most:,} characters"
    zh = f"{least}至{most:,}个字符" if least else f"至多{most:,}个字符"
    return zh if asked.lang == "zh" else en


def _range(schema: Schema) -> str:
    signs = (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"))
    return ", ".join(f"{sign} {schema[name]:,}" for name, sign in signs if name in schema)


def _pattern(asked: Asked, pattern: str) -> str:
    for holds, en, zh in PATTERNS:
        if re.search(holds, pattern):
            return asked.say(en, zh)
    return f"{asked.say('like', '形如')} <code>{escape(pattern)}</code>"


def sample(type_name: str, schema: Schema) -> dict[str, Any]:
    """An example of a request body: every required field, and a few that show what it can do."""
    body = {}
    for one in fields(schema):
        own = f"{type_name}.{one.name}"
        if one.required or own in SAMPLES or (one.name in OPTIONAL and one.name in SAMPLES):
            body[one.name] = SAMPLES[own] if own in SAMPLES else _value(one)
    return body


def _value(field: Field) -> Any:
    given = (*field.schema.get("enum", ())[:1], *field.schema.get("examples", ()))
    if field.name in SAMPLES:
        return SAMPLES[field.name]
    return given[0] if given else field.schema.get("default", "")


def address(path: str) -> str:
    """The path with its blank filled by an example."""
    value = next((sample for place, sample in PLACES if place in path), "1")
    return re.sub(r"\{\w+\}", value, path)


def actor(method: str, path: str, roles: tuple[str, ...]) -> str:
    """Who asks in an example: the customer where one may, else the staff whose work it is, else the bank."""
    if "customer" in roles:
        return "customer:alice"
    allowed = operation(method, path)
    staff = (one.actor for one in STAFF if may(one.roles, allowed))
    return next(staff, "system:core")


def written(body: dict[str, Any]) -> str:
    """A body as JSON: on one line when it is short, else a field on each line, below `-d`."""
    line = json.dumps(body, ensure_ascii=False)
    return (
        line
        if len(line) <= ONE_LINE
        else json.dumps(body, ensure_ascii=False, indent=2).replace("\n", "\n  ")
    )


def curl(origin: str, call: tuple[str, str], who: str, body: dict[str, Any] | None) -> str:
    """A ready command for a (method, path); `who` is the actor whose token is taken, "" for none."""
    method, path = call
    lines = [f"TOKEN=$(jingwei tokens --show {who})"] if who else []
    parts = [f"curl -s {origin}{address(path)}"]
    if who:
        parts.append('-H "Authorization: Bearer $TOKEN"')
    if method == "post":
        slug = path.rpartition("}/")[2].removeprefix("/v1/").replace("/", "-").replace("{some_id}", "1")
        if path != "/v1/day-ends":
            parts.append(f'-H "Idempotency-Key: try-{slug}-1"')
        parts.append('-H "Content-Type: application/json"')
        parts.append(f"-d {shlex.quote(written(body or {}))}")
    return "\n".join([*lines, " \\\n  ".join(parts)])
