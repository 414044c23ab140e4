"""Who may call each operation: the writing ones from the journeys' own roles, the reading ones from here."""

from __future__ import annotations

from functools import cache

from jingwei.channels.rest.orders import ORDERS
from jingwei.channels.rest.payments import PATH
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.pay import Pay
from jingwei.journeys.run_day_end import RunDayEnd
from jingwei.journeys.table import BY_COMMAND

EVERYBODY: tuple[str, ...] = ("customer", "staff", "system")
INSIDE: tuple[str, ...] = ("staff", "system")
CUSTOMERS: tuple[str, ...] = ("customer",)
NO_TOKEN: tuple[str, ...] = ()
READING = {
    "/v1/accounts": EVERYBODY,
    "/v1/accounts/{account}": EVERYBODY,
    "/v1/accounts/{account}/statement": EVERYBODY,
    "/v1/cases": INSIDE,
    "/v1/cases/{case}": INSIDE,
    "/v1/step-ups/{challenge}": EVERYBODY,
    "/v1/appeals/{appeal}": EVERYBODY,
    "/v1/ties": CUSTOMERS,
    "/v1/ties/{tie}/accounts": CUSTOMERS,
    "/v1/policies": INSIDE,
    "/v1/problems": NO_TOKEN,
    "/v1/problems/{code}": NO_TOKEN,
    "/v1/decisions/{decision}": EVERYBODY,
    "/v1/decisions/{decision}/proof": EVERYBODY,
    "/v1/audit/head": NO_TOKEN,
    "/health": NO_TOKEN,
    "/ready": NO_TOKEN,
    "/metrics": NO_TOKEN,
}
NARROWER = {"/v1/customers": INSIDE}
"""Where the route itself takes fewer than its journey does."""


@cache
def writing() -> dict[str, tuple[str, ...]]:
    """The roles of every writing route, by path."""
    pay = BY_COMMAND[Pay].roles
    cards = BY_COMMAND[AuthoriseCardPayment].roles
    roles = {PATH: tuple(role for role in EVERYBODY if role in pay or role in cards)}
    roles["/v1/day-ends"] = BY_COMMAND[RunDayEnd].roles
    roles |= {f"/v1{order.path}": BY_COMMAND[order.command].roles for order in ORDERS}
    return roles | NARROWER


def callers(method: str, path: str) -> tuple[str, ...] | None:
    """The roles that may call this operation; empty when no token is needed, None when it is not known."""
    table = READING if method.upper() == "GET" else writing()
    return table.get(path)
