"""The OpenAPI document: request and answer schemas come from the very types the bank reads and writes."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any

import msgspec

from jingwei.channels.problems import MEDIA_TYPE, Body

KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Your own key, new for every request: asking again with it returns the same bytes.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
}
REPLAYED = {
    "Idempotent-Replayed": {
        "description": "true when this key was answered before",
        "schema": {"type": "string"},
    }
}
METERED = "text/plain; version=0.0.4"
"""The kind of text Prometheus reads."""

REFS = "#/components/schemas/{name}"
_SCHEMAS: dict[str, Any] = {}
_REPLACED = {r"\A": "^", r"\Z": "$"}


def schema_of(kind: Any) -> dict[str, Any]:
    """The JSON schema of a type, its parts collected for the document."""
    return deepcopy(_made(kind))


@cache
def _made(kind: Any) -> dict[str, Any]:
    """The schema made once: every route tells the same problem under nine statuses, in every application."""
    (schema,), parts = msgspec.json.schema_components([kind], ref_template=REFS)
    told = dict(_plain(schema))
    _SCHEMAS.update({name: _plain(part) for name, part in parts.items()})
    if told.pop("discriminator", None) is not None:
        _let_out_tag(told["anyOf"][0]["$ref"].rpartition("/")[2])
    return told


def _let_out_tag(name: str) -> None:
    """A body whose kind is left out is of the first kind, so there the field need not be."""
    first = _SCHEMAS[name]
    first["required"] = [field for field in first["required"] if field != "type"]


def _plain(schema: Any) -> Any:
    """Patterns as OpenAPI readers write them: Python's \\A and \\Z are ^ and $ there."""
    if isinstance(schema, dict):
        return {key: _anchored(value) if key == "pattern" else _plain(value) for key, value in schema.items()}
    return [_plain(part) for part in schema] if isinstance(schema, list) else schema


def _anchored(pattern: Any) -> Any:
    if not isinstance(pattern, str):
        return _plain(pattern)
    for ours, theirs in _REPLACED.items():
        pattern = pattern.replace(ours, theirs)
    return pattern


def _problem(says: str) -> dict[str, Any]:
    return {"description": says, "content": {MEDIA_TYPE: {"schema": schema_of(Body)}}}


def _answer(kind: Any, says: str) -> dict[str, Any]:
    return {
        "description": says,
        "headers": REPLAYED,
        "content": {"application/json": {"schema": schema_of(kind)}},
    }


def takes(
    ask: Any, summary: str, tag: str, answer: Any = None, statuses: tuple[int, ...] = (200, 201)
) -> dict[str, Any]:
    """The route arguments of a writing route that reads `ask` and answers `answer` (by default OrderTold)."""
    from jingwei.channels.rest.desk import OrderTold

    responses: dict[Any, Any] = {
        status: _answer(answer or OrderTold, "Done" if status == 200 else "Made") for status in statuses
    }
    problems = {
        400: "The request cannot be read",
        401: "Who asks is not known",
        403: "Not yours to ask",
        404: "Not found",
        409: "It is no longer so",
        413: "Too large",
        415: "Not JSON",
        422: "A field, or the books, do not allow it",
        503: "The store failed; ask again with the same key",
    }
    responses |= {status: _problem(says) for status, says in problems.items()}
    body = {"required": True, "content": {"application/json": {"schema": schema_of(ask)}}}
    extra = {"requestBody": body, "parameters": [KEY], "security": [{"bearer": []}]}
    return {
        "summary": summary,
        "tags": [tag],
        "status_code": statuses[0],
        "responses": responses,
        "openapi_extra": extra,
    }


def tells(answer: Any, summary: str, tag: str, *, token: bool = True) -> dict[str, Any]:
    """The route arguments of a reading route that answers `answer`; some need no `token`."""
    responses: dict[Any, Any] = {200: _answer(answer, "Found")}
    problems = {
        400: "The request cannot be read",
        401: "Who asks is not known",
        403: "Not yours to see",
        404: "Not found",
        409: "Not yet",
        422: "A parameter is wrong",
        503: "The store failed",
    }
    responses |= {status: _problem(says) for status, says in problems.items()}
    return {
        "summary": summary,
        "tags": [tag],
        "responses": responses,
        "openapi_extra": {"security": [{"bearer": []}]} if token else {},
    }


def plain(answer: Any, summary: str, *statuses: int) -> dict[str, Any]:
    """The route arguments of a health route: `answer` with each of these statuses, and no token."""
    responses = {
        status: {"description": "Yes", "content": {"application/json": {"schema": schema_of(answer)}}}
        for status in statuses or (200,)
    }
    if 503 in responses:
        responses[503]["description"] = "Not now"
    return {"summary": summary, "tags": ["health"], "responses": responses}


def metered(summary: str) -> dict[str, Any]:
    """The route arguments of the page that Prometheus reads."""
    told = {"description": "Figures", "content": {METERED: {"schema": {"type": "string"}}}}
    return {"summary": summary, "tags": ["health"], "responses": {200: told}}


def document(made: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's document with our schemas and the bearer scheme, and without its own validation errors."""
    parts = made.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas |= _SCHEMAS
    parts["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    return made
