"""Who is linked to a payment: other customers of its device and payee, of the last 30 days."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jingwei.channels.web.staff.pictures import Node, graph

if TYPE_CHECKING:
    from markupsafe import Markup

    from jingwei.channels.web.staff.board import Row
    from jingwei.channels.web.staff.trail import Trail
    from jingwei.channels.web.visit import Visit

MOST_THINGS, MOST_PEOPLE = 5, 6
CROWD = 12
"""What more customers share says nothing about any of them: a shop, the gas bill."""


class Link(NamedTuple):
    """A device or payee with the customers who share it, and how many more do."""

    kind: str
    name: str
    people: tuple[tuple[str, int], ...]
    more: int


class Links(NamedTuple):
    """The picture, and the same in words."""

    picture: Markup
    links: tuple[Link, ...]


def links(trail: Trail, visit: Visit, row: Row, now: int) -> Links:
    """The customer, the devices used and payees paid last, and who else used or paid them."""
    found = [_link(trail, kind, name, row.case.customer, now) for kind, name in _things(trail, row)]
    me = visit.say("links.customer", who=row.case.customer)
    nodes = [Node(0, me, "node self")]
    edges: list[tuple[int, int, str]] = []
    others: dict[str, int] = {}
    for link in found:
        this = len(nodes)
        nodes.append(Node(1, visit.say(f"links.{link.kind}", name=link.name), f"node {link.kind}"))
        edges.append((0, this, "edge strong" if link.name in (row.payee,) else "edge"))
        for who, _ in link.people:
            if who not in others and len(others) < MOST_PEOPLE:
                others[who] = len(nodes)
                nodes.append(Node(2, visit.say("links.customer", who=who), "node other"))
            if who in others:
                edges.append((this, others[who], "edge"))
        if link.more:
            edges.append((this, len(nodes), "edge"))
            nodes.append(Node(2, visit.say("links.more", n=link.more), "node many"))
    return Links(graph(nodes, edges, visit.say("case.links")), tuple(found))


def _things(trail: Trail, row: Row) -> list[tuple[str, str]]:
    """The payee of this payment, then the devices and payees of the customer's last deeds."""
    things = {("payee", row.payee): None}
    for deed in trail.deeds(row.case.customer):
        if deed.device:
            things[("device", deed.device)] = None
        if deed.to:
            things[("payee", deed.to)] = None
    devices = [one for one in things if one[0] == "device"][:2]
    payees = [one for one in things if one[0] == "payee"][: MOST_THINGS - len(devices)]
    return [*payees, *devices]


def _link(trail: Trail, kind: str, name: str, me: str, now: int) -> Link:
    users = [(who, use.times) for who, use in trail.users(kind, name, now).items() if who != me]
    few = users if len(users) <= 3 else [] if len(users) > CROWD else users[:3]
    return Link(kind, name, tuple(few), len(users) - len(few))
