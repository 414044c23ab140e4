"""The matrix of roles, routes and owners: made from the interface's document and the pages' own table."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.channels.test_rest_roles import MATRIX, MONEY
from tests.channels.web.ground import Ground

from jingwei.channels.demo import STAFF
from jingwei.channels.rest.callers import NO_TOKEN
from jingwei.channels.roles import ROLES, SYSTEM, operation
from jingwei.journeys.open_account import OpenAccount
from jingwei.stores.identities import Person
from jingwei.stores.sessions import Session

CUSTOMERS = {"customer": "bob", "guardian": "gina", "child": "chad"}
WHO = {role: f"customer:{name}" for role, name in CUSTOMERS.items()}
WHO |= {one.roles[0]: one.actor for one in STAFF if len(one.roles) == 1} | {SYSTEM: "system:core"}
OTHER = "alice"
"""Whose things are foreign to every customer here."""


class Cell(NamedTuple):
    """One cell: a role, a route, and whose the thing is it is used on."""

    role: str
    method: str
    path: str
    owner: str


class Matrix:
    """A bank with somebody of every role, each with things of their own where they can have any."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.tokens = ground.site.desk.tokens
        at = ground.clock.now()
        for role, name in CUSTOMERS.items():
            if role != "customer":
                fields = {"key": f"m:{name}", "actor": "system:core", "at": at, "known_at": at}
                product = {"product": "current_cny", "account": name, "opening_minor": 1_000_000}
                opened = OpenAccount(customer=name, name=name, **product, **fields)
                assert ground.home.bank.do([opened])[0].answer.refusal is None
                ground.ids.add(Person(f"customer:{name}", name, name, (role,)))
        self.tokens.grant(*WHO.values(), f"customer:{OTHER}")
        self.things = {name: self._things(name) for name in (*CUSTOMERS.values(), OTHER)}
        self.things["missing"] = {
            "account": "nobody",
            "decision": "D00000999999",
            "challenge": "S00000999999",
        }

    def _things(self, name: str) -> dict[str, str]:
        """This person's account, a decision about it and a step-up that waits."""
        self.ground.later(86_400)
        pay = {"payer": name, "payee": "carol", "amount": "6000.00", "currency": "CNY", "device": "new"}
        told = self.ask(f"customer:{name}", "POST", "/v1/payments", pay).json()
        assert told["challenge"], "the payment of each must wait for a step-up"
        return {"account": name, "decision": told["id"], "challenge": told["challenge"]}

    def ask(self, actor: str, method: str, path: str, body: Any = None) -> Any:
        """Ask REST as this actor; "" is a stranger."""
        head = {"idempotency-key": secrets.token_hex(8)}
        if actor:
            head["authorization"] = f"Bearer {self.tokens.by_actor[actor]}"
        more = {} if body is None else {"json": body}
        asking = self.ground.client.request(method, path, headers=head, **more)
        return self.ground._runner.run(asking)

    def operations(self) -> list[tuple[str, str]]:
        """Every (method, path) of the document."""
        paths = self.ground.get("/openapi.json").json()["paths"]
        return [(method.upper(), path) for path, methods in paths.items() for method in methods]

    def told(self, cell: Cell) -> Any:
        """The answer to one cell."""
        own = CUSTOMERS.get(cell.role, "bob")
        whose = {"own": own, "foreign": OTHER, "missing": "missing"}[cell.owner]
        body = MATRIX[(cell.method, cell.path)][1]
        if body and "payer" in body:
            body = body | {"payer": self.things[whose]["account"], "payee": "carol"} | MONEY
        return self.ask(WHO[cell.role], cell.method, self.address(cell.path, whose), body)

    def address(self, path: str, whose: str) -> str:
        """The path with its blank filled by this person's thing."""
        things = self.things[whose]
        kind = "account" if "/accounts/" in path else "decision" if "/decisions/" in path else "challenge"
        return re.sub(r"\{\w+\}", things[kind] if "{" in path else "", path).replace("{code}", "bug")

    def wrong_cells(self) -> Iterator[str]:
        """Every cell that lets in who may not, keeps out who may, or tells foreign from missing."""
        for method, path in self.operations():
            if path in NO_TOKEN:
                continue
            if self.ask("", method, self.address(path, "bob")).status_code != 401:
                yield f"a stranger at {method} {path}"
            for role in WHO:
                told = self.told(Cell(role, method, path, "own")).status_code
                allowed = role in operation(method, path)
                if (told == 403) == allowed or told in (401, 500):
                    yield f"{role} at {method} {path}: {told}"
                if allowed and role in CUSTOMERS and owned(path):
                    yield from self._alike(role, method, path)

    def _alike(self, role: str, method: str, path: str) -> Iterator[str]:
        """Whether a foreign thing and a missing one are answered alike."""
        foreign, missing = (self.told(Cell(role, method, path, owner)) for owner in ("foreign", "missing"))
        first, second = ({**one.json(), "decision": ""} for one in (foreign, missing))
        if foreign.status_code not in (403, 404) or (foreign.status_code, first) != (
            missing.status_code,
            second,
        ):
            told = f"{foreign.status_code} {missing.status_code}"
            yield f"{role} tells foreign from missing at {method} {path}: {told}"

    def count(self) -> int:
        """How many cells are looked at."""
        asked = [one for one in self.operations() if one[1] not in NO_TOKEN]
        owners = sum(
            2
            for method, path in asked
            if owned(path)
            for role in CUSTOMERS
            if role in operation(method, path)
        )
        return len(asked) * (len(WHO) + 1) + owners

    # -- pages --------------------------------------------------------------------------------

    def wrong_pages(self) -> Iterator[str]:
        """Every page and posted form that lets in who may not, or keeps out who may."""
        for (method, path), roles in self.ground.site.guards.items():
            if not roles:
                continue
            address = re.sub(r"\{\w+\}", "none", path)
            for role in ("", *ROLES):
                if path in STREAMS and role in roles:
                    continue
                status, to = self._visited(method, address, role)
                turned = status == 403 or (status == 303 and to.startswith("/sign-in"))
                if status == 500 or turned == (role in roles):
                    yield f"{role or 'a stranger'} at {method} {path}: {status} {to}"

    def _visited(self, method: str, path: str, role: str) -> tuple[int, str]:
        self.ground.fresh()
        if role:
            now = self.ground.clock.now()
            session = Session(WHO[role], role, (role,), now, now, "token")
            self.ground.client.cookies.set("jingwei_session", self.ground.site.sessions.begin(session))
        told = self.ground.get(path) if method == "GET" else self.ground.post(path, form_token="wrong")
        return told.status_code, told.headers.get("location", "")


STREAMS = ("/app/events", "/desk/live")
"""Pages that never end for those who may open them; that others are kept out is looked at."""


def owned(path: str) -> bool:
    """Whether what a route is used on belongs to somebody."""
    return path == "/v1/payments" or any(
        one in path for one in ("/accounts/{", "/decisions/{", "/step-ups/{")
    )
