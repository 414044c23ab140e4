"""The audit page: the log searched, a record proved, the whole log checked, heads compared."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import RedirectResponse, Response

from jingwei.audit.heads import SignedHead, signed_by
from jingwei.audit.merkle import TreeError
from jingwei.audit.paths import Tree, consistent
from jingwei.channels.problems import Problem
from jingwei.channels.web.pages import GUARD
from jingwei.channels.web.staff.oversight.jobs import Job, Tell
from jingwei.channels.web.staff.oversight.room import LOG, WATCH, asked, whole
from jingwei.channels.web.staff.oversight.searching import Search, day_of, search
from jingwei.channels.web.visit import form_of
from jingwei.journeys.table import BY_COMMAND
from jingwei.keeping.verifying import trusted_keys
from jingwei.kernel.ids import seq_of

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.staff.oversight.room import Room
    from jingwei.channels.web.visit import Visit

MOST_HEADS = 50


def add_audit(router: Router, room: Room) -> None:
    """Add /desk/audit, the check, consistency of heads, and proofs."""
    site = room.site

    async def show(visit: Visit) -> Response:
        room.enter(visit, *LOG)
        wanted = search_of(visit)
        direct = seq_of(wanted.text) if wanted.text else None
        if direct is not None and wanted.text[:1] in "DHCSAP" and room.desk.reader.record(direct):
            return RedirectResponse(f"/desk/decisions/D{wanted.text[1:]}", 303)
        found = await asyncio.to_thread(_searched, room, wanted) if asked_anything(visit) else None
        heads = heads_of(room)
        values = {
            "wanted": wanted, "found": found,
            "kinds": sorted(str(kind.__struct_config__.tag) for kind in BY_COMMAND),
            "heads": heads[:MOST_HEADS], "more_heads": len(heads) > MOST_HEADS,
            "size": room.desk.reader.size(), "job": room.jobs.newest("verify"),
            "day_from": asked(visit, "since"), "day_until": asked(visit, "until"),
        }  # fmt: skip
        return site.page(visit, "desk/audit.html", values)

    async def verify(visit: Visit) -> Response:
        session = room.enter(visit, *LOG)
        form = await form_of(visit, session)
        job = start_check(room, session.actor, form.get("books") == "1")
        to = f"/desk/jobs/{job.id}" if job else "/desk/audit?error=one_at_a_time"
        return RedirectResponse(to, 303)

    async def consistency(visit: Visit) -> Response:
        room.enter(visit, *LOG)
        told = consistency_told(room, whole(asked(visit, "old"), -1), whole(asked(visit, "new"), -1))
        if asked(visit, "file") == "1":
            headers = GUARD | {"content-disposition": 'attachment; filename="consistency.json"'}
            return Response(msgspec.json.encode(told), 200, headers, "application/json")
        return site.page(visit, "desk/consistency.html", {"proved": told})

    async def proof(visit: Visit) -> Response:
        room.enter(visit, *WATCH)
        decision = visit.request.path_params["decision"]
        found = room.desk.home.proof(decision) if decision[:1] == "D" else None
        if found is None:
            raise Problem("decision_not_found")
        headers = GUARD | {"content-disposition": f'attachment; filename="{decision}.proof.json"'}
        return Response(found, 200, headers, "application/json")

    site.add(router, "/desk/audit", show)
    site.add(router, "/desk/audit/verify", verify, "POST")
    site.add(router, "/desk/audit/consistency", consistency)
    site.add(router, "/desk/decisions/{decision}/proof", proof)


def asked_anything(visit: Visit) -> bool:
    """Whether the visit searches for something."""
    return "kind" in visit.request.query_params


def search_of(visit: Visit) -> Search:
    """What the address asks for."""
    return Search(
        text=asked(visit, "text").strip(),
        kind=asked(visit, "kind"),
        start=day_of(asked(visit, "since"), 0),
        end=day_of(asked(visit, "until"), 1),
        before=whole(asked(visit, "before"), 2**53),
    )


def _searched(room: Room, wanted: Search) -> Any:
    reader = room.desk.home.store.reader()
    try:
        return search(reader, wanted)
    finally:
        reader.close()


def heads_of(room: Room) -> list[tuple[SignedHead, bool]]:
    """The signed heads kept as anchors and whether each signature is true, newest first."""
    home = room.desk.home
    heads, keys = home.anchors.read()[0], trusted_keys(home.path)
    last = home.head()
    if last is not None and last not in heads:
        heads.append(last)
    return [(head, any(signed_by(head, key) for key in keys)) for head in heads[: -MOST_HEADS - 2 : -1]]


def start_check(room: Room, actor: str, books: bool) -> Job | None:
    """Begin to check the whole log against its tiles, heads and anchors (and the books)."""
    from jingwei.home import trust, verify_home

    home = room.desk.home
    told = trust(home.path)._replace(books=books)

    def work(tell: Tell) -> Any:
        return verify_home(home.path, home.store_url, told, tell)

    return room.jobs.start(Job("verify", "log", actor, room.site.now()), work)


def consistency_told(room: Room, old: int, new: int) -> dict[str, Any]:
    """The proof that the log under the later of two kept heads continues the one under the earlier.

    Raises Problem `not_found` when no kept head has that size.
    """
    from jingwei.home import stored_tiles

    heads = {head.size: head for head, _ in heads_of(room)}
    if old not in heads or new not in heads:
        raise Problem("not_found")
    first, later = sorted((heads[old], heads[new]), key=lambda head: head.size)
    try:
        path = Tree(room.desk.reader.size(), stored_tiles(room.desk.reader)).consistency(
            first.size, later.size
        )
    except TreeError:
        path = []
    holds = consistent(first.size, first.root_bytes, later.size, later.root_bytes, path)
    return {
        "type": "jingwei consistency proof v1",
        "old": msgspec.to_builtins(first),
        "new": msgspec.to_builtins(later),
        "path": [step.hex() for step in path],
        "holds": holds,
    }
