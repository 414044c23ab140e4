"""Every link a person sees leads somewhere: nobody is offered a page the bank refuses, and none breaks."""

from __future__ import annotations

import html
import re
from collections import Counter
from urllib.parse import urljoin, urlsplit

import pytest
from tests.channels.web.desk_floor import Floor

from jingwei.channels.demo import PEOPLE, STAFF

CUSTOMERS = tuple(one for one in PEOPLE if one.id in ("alice", "carol", "erin", "grace"))
MOST = 30
"""So many pages of each person are opened; of each kind of address the first two."""

HREF = re.compile(r'<a[^>]* href="([^"]+)"')
PART = re.compile(r"/(?:[A-Z]\d{6,}|[0-9a-f]{16,}[\w-]*|\w+~\w+)")
ELSEWHERE = ("/look", "/static", "/docs", "/openapi", "/v1", "/health", "/ready", "/metrics")


@pytest.fixture(scope="module")
def floor(tmp_path_factory):
    one = Floor(tmp_path_factory.mktemp("leads") / "home")
    for at in range(3):
        one.held(200_000 + at)
    yield one
    one.close()


def links(page: str, here: str) -> list[str]:
    """The addresses within the bank that a page leads to."""
    found = (urljoin(here, html.unescape(one).partition("#")[0]) for one in HREF.findall(page))
    return [one for one in found if one.startswith("/") and not one.startswith(ELSEWHERE)]


def kind_of(address: str) -> str:
    """Pages alike are one kind: numbers do not count, nor does what is asked for."""
    return PART.sub("/#", urlsplit(address).path)


def broken(floor: Floor, start: str) -> list[tuple[str, int]]:
    """What cannot be opened of all that is reached from a page."""
    todo, seen, kinds, wrong = [start], set(), Counter(), []
    while todo and len(seen) < MOST:
        at = todo.pop(0)
        if at in seen or kinds[kind_of(at)] >= 2:
            continue
        seen.add(at)
        kinds[kind_of(at)] += 1
        answer = floor.get(at)
        if answer.status_code not in (200, 303):
            wrong.append((at, answer.status_code))
        elif answer.headers.get("content-type", "").startswith("text/html"):
            todo += links(answer.text, at)
    assert len(seen) > 3, "the walk went nowhere"
    return wrong


@pytest.mark.parametrize("person", [*CUSTOMERS, *STAFF], ids=lambda one: one.actor)
def test_every_link_of_everybody_leads_somewhere(floor, person):
    floor.sign_in(person.actor)
    start = "/app" if person.actor.startswith("customer:") else "/desk"
    assert broken(floor, floor.get(start).headers.get("location", start)) == []


def test_a_browser_is_told_by_a_page_and_a_program_as_before(floor):
    floor.sign_in("customer:alice")
    for path in ("/app/no-such-page", "/nowhere"):
        seen = floor.get(path, headers={"accept": "text/html,*/*"})
        assert (seen.status_code, "text/html" in seen.headers["content-type"]) == (404, True)
        assert 'href="/app"' in seen.text
        assert floor.get(path).headers["content-type"].startswith("application/problem+json")
    seen = floor.get("/v1/nowhere", headers={"accept": "text/html"})
    assert seen.headers["content-type"].startswith("application/problem+json")


def test_a_mistake_of_ours_is_a_page_with_a_way_back(floor, monkeypatch):
    from jingwei.channels.web.customer import consents

    def falls(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(consents, "shown_purpose", falls)
    floor.sign_in("customer:alice")
    floor.client._transport.raise_app_exceptions = False
    try:
        seen = floor.get("/app/consents", headers={"accept": "text/html"})
    finally:
        floor.client._transport.raise_app_exceptions = True
    assert (seen.status_code, "A mistake of ours" in seen.text) == (500, True)
    assert 'href="/app"' in seen.text
