"""The welcome page and the reference: both languages, true examples, nothing injected, nothing foreign."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter as Count
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from tests.channels.counter import Counter, Talk

from jingwei.channels.demo import STAFF
from jingwei.channels.rest import asked as bodies
from jingwei.channels.rest import asked_lending as bodies_lending
from jingwei.channels.rest import orders_staff as bodies_staff
from jingwei.channels.rest import rules_work as bodies_rules
from jingwei.channels.rest import welcome as welcoming
from jingwei.channels.rest.callers import callers
from jingwei.channels.rest.payments import CardPayment, Transfer
from jingwei.channels.rest.reference import operations, reference, request_types, spoken
from jingwei.channels.rest.shapes import address, fields, sample
from jingwei.channels.rest.sheet import Asked, part
from jingwei.channels.rest.spoken import CHINESE, GROUPS, MEANINGS, MEANINGS_OF, meaning
from jingwei.channels.rest.welcome import DOORS, ONWARD, TRIES, Rules, State, command, welcome
from jingwei.channels.roles import operation
from jingwei.stores.store import StoreError

PAGES = ("/", "/docs")
ENGLISH, HAN = Asked("en", "http://bank:8000"), Asked("zh", "http://bank:8000")
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


class Read(HTMLParser):
    """Every tag with its attributes, and the text inside style, script and code."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, str] = {}
        self._in = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in = tag

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        self.inside[self._in] = self.inside.get(self._in, "") + data

    def every(self, name: str) -> list[str]:
        return [attrs[name] or "" for _, attrs in self.tags if name in attrs]


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    """A bank of its own: what the examples come to depends on what was paid before."""
    talk = Talk(Counter(tmp_path_factory.mktemp("pages")))
    yield talk
    talk.close()


@pytest.fixture(scope="module")
def document(bank: Talk) -> dict[str, Any]:
    return bank.ask("GET", "/openapi.json").json()


# ---- The three payments, first: the bank is still fresh


def test_the_three_payments_come_to_what_the_page_says(bank: Talk):
    page = bank.ask("GET", "/?lang=en").text
    for one in TRIES:
        told = bank.post("/v1/payments", one.body, "customer:alice", one.key).json()
        assert told["result"] == one.result
        assert f"Answer: {told['en']}" in page
        assert escape(command("http://bank", one)) in page


# ---- Languages


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    ("query", "accept", "tag"),
    [
        ("", "", "en"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("", "en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("", "fr,zh;q=0.3", "zh-CN"),
        ("", "zh;q=0,*", "en"),
        ("", "q=;;,zh;q=nan,,", "en"),
        ("?lang=zh", "en", "zh-CN"),
        ("?lang=en", "zh", "en"),
        ("?lang=fr", "zh", "zh-CN"),
    ],
)
def test_a_page_speaks_the_language_asked_for(bank: Talk, path: str, query: str, accept: str, tag: str):
    answer = bank.ask("GET", path + query, headers={"Accept-Language": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f'<html lang="{tag}">' in answer.text
    assert ("接口说明" in answer.text) == (tag == "zh-CN")


def test_everything_the_document_says_is_said_in_chinese(document: dict[str, Any]):
    said = {text for text in _said(document) if text}
    silent = {text for text in said if spoken(HAN, text) == spoken(ENGLISH, text)}
    assert len(said) > 100
    assert not silent, "translate these in channels/rest/spoken.py"
    assert {one.group for one in operations(document)} <= set(GROUPS)
    spare = set(CHINESE) - {spoken(ENGLISH, text) for text in said}
    assert not spare, "nobody says these any more: remove them from channels/rest/spoken.py"


def _said(document: dict[str, Any]) -> Iterator[str]:
    """Every text of the document that the page shows; a body is told by its operation."""
    for one in operations(document):
        yield from (one.says["summary"], one.says.get("description", ""))
        yield from (parameter.get("description", "") for parameter in one.says.get("parameters", ()))
        yield from (answer["description"] for answer in one.says["responses"].values())
    for name, schema in document["components"]["schemas"].items():
        if not name.endswith("Ask"):
            yield schema.get("description", "")
            yield from (field.get("description", "") for field in schema.get("properties", {}).values())


def test_every_request_field_is_told_in_both_languages(document: dict[str, Any]):
    schemas = document["components"]["schemas"]
    for one in operations(document):
        for name in request_types(one.says):
            for field in fields(schemas[name]):
                assert meaning("en", name, field.name), f"say what {name}.{field.name} is in spoken.py"
        for parameter in one.says.get("parameters", ()):
            assert parameter.get("description") or meaning("zh", "", parameter["name"]), parameter["name"]
    assert all(re.search("[\u4e00-\u9fff]", zh) and en.endswith(".") for en, zh in MEANINGS.values())


def test_no_part_of_the_reference_takes_away_what_another_says_of_a_field():
    assert meaning("en", "AccountAsk", "source") == "The account the opening amount comes from."
    assert "label for training" in meaning("en", "ReviewAsk", "outcome")
    assert "as long as the customer prefers" in meaning("en", "Transfer", "undo_s")
    said = Count(name for one in MEANINGS_OF for name in one)
    twice = [name for name, times in said.items() if times > 1]
    assert not twice, "two parts speak of these: name the request, as in WarningAnswerAsk.outcome"


# ---- The reference


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_operation_is_in_the_reference(bank: Talk, document: dict[str, Any], lang: str):
    page = bank.ask("GET", f"/docs?lang={lang}").text
    articles = dict(re.findall(r'<article class="op" id="([^"]+)"(.*?)</article>', page, re.S))
    found = operations(document)
    assert len(found) >= 31
    for one in found:
        told = articles[one.anchor]
        assert f">{one.method.upper()}</span>" in told and f"<code>{one.path}</code>" in told
        assert f"curl -s http://bank{address(one.path)}" in told
        assert f'href="#{one.anchor}"' in page
        for name in request_types(one.says):
            for field in document["components"]["schemas"][name]["properties"]:
                assert f"<code>{field}</code>" in told, (one.path, field)
        for status in one.says["responses"]:
            told_plainly = one.path == "/v1/payments" and status == "200"
            assert f"<code>{status}</code>" in told or told_plainly, (one.path, status)


def test_every_example_body_is_one_the_bank_reads(document: dict[str, Any]):
    kinds = vars(bodies) | vars(bodies_lending) | vars(bodies_rules) | vars(bodies_staff)
    kinds |= {"Transfer": Transfer, "CardPayment": CardPayment}
    examined = 0
    for one in operations(document):
        for name in request_types(one.says):
            body = sample(name, document["components"]["schemas"][name])
            msgspec.json.decode(msgspec.json.encode(body), type=kinds[name])
            examined += 1
    assert examined >= 17


def test_codes_are_told_without_blanks(bank: Talk):
    page = bank.ask("GET", "/docs?lang=zh").text
    assert '<tr id="code-product_not_found"><td><code>product_not_found</code></td><td>没有产品…。' in page
    assert page.count('<tr id="code-') == len(bank.get("/v1/problems").json())


WHO = {"customer": "customer:alice", "staff": "staff:teller", "system": "system:core"}


def staff_for(method: str, path: str) -> str:
    """Somebody of the staff whose work this is, else any."""
    allowed = operation(method, path)
    return next((one.actor for one in STAFF if set(one.roles) & set(allowed)), WHO["staff"])


def test_who_may_call_is_who_may_call(bank: Talk, document: dict[str, Any]):
    """Each operation is asked without a token and in each role; nobody else than the page says gets in."""
    schemas = document["components"]["schemas"]
    for one in operations(document):
        names = request_types(one.says)
        body = sample(names[0], schemas[names[0]]) if names else None
        may = callers(one.method, one.path)
        assert may is not None, f"say who may call {one.path} in callers.py"

        def status(who: str, call: Any = one, body: Any = body) -> int:
            more = {"json": body} if body is not None else {}
            head = bank.counter.head(who)
            return bank.ask(call.method, address(call.path), headers=head, **more).status_code

        assert (status("") == 401) == bool(may), one.path
        for role, named in WHO.items():
            actor = named if role != "staff" else staff_for(one.method, one.path)
            if may and role not in may:
                assert status(actor) == 403, (one.path, role)
            elif one.method == "get":
                assert status(actor) in (200, 404), (one.path, role)
            else:
                assert status(actor) not in (400, 401, 403, 415), (one.path, role)


def test_the_machine_document_stays_and_swagger_is_gone(bank: Talk, document: dict[str, Any]):
    assert bank.ask("GET", "/v1/openapi.json").json() == document
    assert not set(document["paths"]) & {"/", "/docs", "/v1/openapi.json"}
    for path in ("/redoc", "/docs/oauth2-redirect"):
        assert bank.ask("GET", path).status_code == 404


# ---- Nothing foreign, nothing injected


@pytest.mark.parametrize("page", ["/?lang=en", "/?lang=zh", "/docs?lang=en", "/docs?lang=zh"])
def test_a_page_needs_nothing_from_elsewhere_and_its_links_lead_somewhere(bank: Talk, page: str):
    read = Read(bank.ask("GET", page).text)
    links = read.every("href") + read.every("src")
    ids = read.every("id")
    assert len(links) > 10
    assert not [link for link in links if not link.startswith(("/", "#", "data:image/svg+xml,"))]
    assert not [link for link in links if link.startswith("//")]
    assert not [link for link in links if link.startswith("#") and link[1:] not in ids]
    assert not [name for name, times in Count(ids).items() if times > 1]
    assert not re.search(r"url\(|@import|https?:", part("page.css") + part("page.js"))
    assert not [name for _, attrs in read.tags for name in attrs if name.startswith("on") or name == "style"]
    for link in {link.partition("#")[0] for link in links if link.startswith("/")}:
        assert bank.ask("GET", link).status_code == 200, link


@pytest.mark.parametrize("path", PAGES)
def test_only_our_own_style_and_script_run(bank: Talk, path: str):
    answer = bank.ask("GET", path)
    read = Read(answer.text)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(read.inside[tag].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
        assert len([name for name, _ in read.tags if name == tag]) == 1


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    "host",
    [HOSTILE, "a'; touch x; '", "bank$(id)", "bank`id`", "bank evil", "bank:99999999", "bank/..", "[::1]x"],
)
def test_a_hostile_host_is_not_repeated(bank: Talk, path: str, host: str):
    page = bank.ask("GET", path, headers={"Host": host}).text
    assert host not in page and escape(host) not in page
    assert re.search(r"curl -s http://[a-z0-9.]+(:\d+)?/v1/payments ", page)


@pytest.mark.parametrize("host", ["127.0.0.1:8055", "localhost", "[::1]:8000", "bank.example:443"])
def test_examples_call_the_bank_as_it_was_reached(bank: Talk, host: str):
    page = bank.ask("GET", "/", headers={"Host": host}).text
    assert page.count(f"curl -s http://{host}/v1/payments ") == 3


def test_a_hostile_policy_or_fault_does_not_inject():
    rules = Rules(HOSTILE, 1, 1, HOSTILE, HOSTILE)
    state = State(1, HOSTILE, 0, 0, 0, (rules,))
    for page in (welcome(ENGLISH, state), welcome(HAN, None, HOSTILE)):
        assert "alert(" in page
        _unharmed(page)


def test_a_hostile_document_does_not_inject(document: dict[str, Any]):
    spoilt = msgspec.json.decode(msgspec.json.encode(document))
    operation = spoilt["paths"]["/v1/payments"]["post"]
    operation["summary"] = operation["description"] = operation["tags"][0] = HOSTILE
    operation["parameters"][0] |= {"name": HOSTILE, "schema": {"pattern": HOSTILE, "default": HOSTILE}}
    operation["responses"]["201"]["description"] = HOSTILE
    spoilt["paths"][f"/{HOSTILE}"] = spoilt["paths"].pop("/health")
    transfer = spoilt["components"]["schemas"]["Transfer"]
    transfer["description"] = HOSTILE
    transfer["properties"][HOSTILE] = {"enum": [HOSTILE], "examples": [HOSTILE], "description": HOSTILE}
    spoilt["info"]["version"] = HOSTILE
    for asked in (ENGLISH, HAN):
        page = reference(asked, spoilt)
        assert page.count("alert(") > 10
        _unharmed(page)


def _unharmed(page: str) -> None:
    read = Read(page)
    assert len([tag for tag, _ in read.tags if tag == "script"]) == 1
    assert not [tag for tag, _ in read.tags if tag == "img"]
    assert not [name for _, attrs in read.tags for name in attrs if name.startswith("on")]


# ---- What the welcome page tells


def test_the_page_tells_how_the_bank_stands_and_nothing_of_its_customers(bank: Talk):
    bank.post("/v1/customers", {"customer": "zhuang", "name": "Zhuang Zhou", "product": "current_cny"})
    head = bank.ask("GET", "/v1/audit/head").json()
    page = bank.ask("GET", "/?lang=en").text
    size, root = bank.counter.home.store.root()
    assert head["size"] == size == bank.counter.home.store.size()
    assert f"<dd>{size:,}</dd>" in page and f"{root.hex()[:16]}…" in page
    assert f"at {size:,} records</small>" in page
    for name in ("card_payment", "outgoing_transfer"):
        assert f"<code>{name}</code>" in page
    for slot in ("fraud", "scam"):
        digest = bank.counter.home.store.note(f"model:{slot}") or ""
        assert len(digest) == 64 and f"{slot} <code" in page and digest[:16] in page
    for told in (page, bank.ask("GET", "/docs").text):
        assert "zhuang" not in told.lower() and "爱丽丝" not in told
        assert not [token for token in bank.counter.tokens.by_actor.values() if token in told]
    bank.post("/v1/deposits", {"account": "zhuang", "amount": "1.00", "currency": "CNY"})
    assert f"at {size:,} records; 1 since</small>" in bank.ask("GET", "/?lang=en").text


def test_open_cases_are_counted(bank: Talk):
    class Cases:
        def find(
            self, kind: type, column: str, value: str, *, after: str = "", limit: int = 100
        ) -> list[int]:
            assert (kind.__name__, column, value) == ("Case", "status", "open")
            return [0] * min(limit, self.waiting)

        def note(self, name: str) -> None:
            return None

    class Desk:
        home, reader = bank.counter.home, Cases()

    for waiting, told in ((0, "<dd>0<"), (3, "<dd>3<"), (welcoming.MOST_CASES + 7, "<dd>500 or more<")):
        Cases.waiting = waiting
        assert told in welcome(ENGLISH, welcoming.state_of(Desk()))


def test_a_bank_that_cannot_read_its_books_says_so(bank: Talk, monkeypatch: pytest.MonkeyPatch):
    def broken() -> tuple[int, bytes]:
        raise StoreError("bank.db: gone", "the disk is gone")

    monkeypatch.setattr(bank.counter.home.store, "root", broken)
    answer = bank.ask("GET", "/")
    assert answer.status_code == 503
    assert "the disk is gone" in answer.text and "<h1>" in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_head_is_answered_like_get(bank: Talk, path: str):
    head, get = bank.ask("HEAD", path), bank.ask("GET", path)
    assert (head.status_code, head.text) == (200, "")
    assert head.headers["content-length"] == get.headers["content-length"]
    assert bank.ask("POST", path).status_code == 405


def test_every_door_has_its_place():
    assert {path for path, *_ in DOORS} >= {"/docs", "/health", "/metrics", "/v1/audit/head", "/openapi.json"}
    assert all(to.startswith("/docs#") for to, _ in ONWARD)
