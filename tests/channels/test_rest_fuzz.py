"""Generated requests from the OpenAPI document: whatever fits it or not, no request ends in 500."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.channels.counter import Talk

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NEARLY: dict[str, st.SearchStrategy[Any]] = {
    "amount": st.decimals(0, 10**14, places=2).map(str) | st.text(max_size=12),
    "currency": st.sampled_from(["CNY", "JPY", "KWD", "XXX"]),
    "confirm": st.booleans(),
    "release": st.booleans(),
    "day": st.dates().map(str) | st.text(max_size=10),
    "direction": st.sampled_from(["in", "out", "both", ""]),
    "rate": st.floats(0, 10, allow_nan=False).map(lambda rate: f"{rate:.4f}"),
    "type": st.sampled_from(["transfer", "card", "wire"]),
}
IDS = st.sampled_from(
    ["alice", "bob", "nobody", "bank:cash:CNY", "D00000000005", "H00000000005", "S00000000009"]
)


def properties(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The fields of a body, of all its kinds together."""
    if "$ref" in schema:
        return properties(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    found = dict(schema.get("properties", {}))
    for part in schema.get("anyOf", []):
        found |= properties(document, part)
    return found


def routes(document: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    found = []
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            content = route.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            found.append((method.upper(), path, sorted(properties(document, schema))))
    return found


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_no_generated_request_ends_in_500(town: Talk, data: st.DataObject):
    every = routes(town.get("/openapi.json").json())
    method, path, fields = data.draw(st.sampled_from(every))
    for blank in ("some_id", "account", "case", "challenge", "decision", "code"):
        path = path.replace(f"{{{blank}}}", data.draw(IDS))
    chosen = {name: data.draw(NEARLY.get(name, IDS) | ANY) for name in fields if data.draw(st.integers(0, 9))}
    who = data.draw(st.sampled_from(["customer:alice", "staff:teller", "staff:reviewer", "system:core"]))
    content = json.dumps(chosen).encode() if method == "POST" else None
    told = town.ask(method, path, headers=town.counter.head(who), content=content)
    assert told.status_code < 500, (method, path, chosen, told.text)
    if told.status_code >= 400:
        assert told.headers["content-type"] == "application/problem+json"
        assert told.json()["zh"] and told.json()["en"]


@pytest.mark.soak
@settings(
    max_examples=20_000, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_no_generated_request_ends_in_500_for_long(town: Talk, data: st.DataObject):
    test_no_generated_request_ends_in_500.hypothesis.inner_test(town, data)  # type: ignore[attr-defined]
