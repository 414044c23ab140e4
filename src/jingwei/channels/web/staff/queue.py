"""The queue: cases that wait for a person, in inboxes, filtered and sorted as the address says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from starlette.responses import RedirectResponse, Response

from jingwei.channels.web.pages import new_key
from jingwei.channels.web.staff.floor import LENDERS, home_of, may_work, sees, worker
from jingwei.channels.web.staff.masks import masked_name
from jingwei.channels.web.staff.pictures import columns
from jingwei.channels.web.staff.told import code_words, due, span
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.journeys.assign_case import AssignCase
from jingwei.kernel.clock import HOUR, day_start, local_text
from jingwei.kernel.money import currency
from jingwei.ledger.casework import FOUR_EYES_FROM, INBOXES, needs_two
from jingwei.ledger.work import Customer
from jingwei.stores.views import LONGEST_ASKED, View

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.channels.web.staff.board import Row
    from jingwei.channels.web.staff.floor import Floor
    from jingwei.stores.sessions import Session

PAGE = 50
TABS = ("open", *INBOXES, "asleep", "done")
SORTS: dict[str, Callable[[Row], Any]] = {
    "due": lambda row: row.case.due_at,
    "amount": lambda row: (-row.amount_minor, row.case.due_at),
    "newest": lambda row: -row.case.opened_at,
}
WHOS = ("", "me", "free", "others")
TRIES = 5


class Wanted(NamedTuple):
    """What the address asks for; amounts in whole units of the case's currency, `hours` the least age."""

    tab: str = "open"
    code: str = ""
    least: int = 0
    most: int = 0
    hours: int = 0
    who: str = ""
    late: int = 0
    sort: str = "due"
    page: int = 0

    def address(self, **changes: Any) -> str:
        """The address of this view, with some of it changed."""
        asked = self._replace(**({"page": 0} | changes))._asdict()
        usual = Wanted()._asdict()
        query = urlencode({name: value for name, value in asked.items() if value != usual[name]})
        return f"/desk?{query}" if query else "/desk"


def wanted(asked: Mapping[str, str]) -> Wanted:
    """Read a query; whatever cannot be read is left as usual."""
    tab, who = _chosen(asked, "tab", TABS), _chosen(asked, "who", WHOS)
    least, most, hours, late, page = (
        _number(asked, name) for name in ("least", "most", "hours", "late", "page")
    )
    sort = _chosen(asked, "sort", tuple(SORTS))
    return Wanted(tab, asked.get("code", "")[:64], least, most, hours, who, late, sort, page)


def _number(asked: Mapping[str, str], name: str) -> int:
    text = asked.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else 0


def _chosen(asked: Mapping[str, str], name: str, of: tuple[str, ...]) -> str:
    text = asked.get(name, "")
    return text if text in of else of[0]


def fits(row: Row, ask: Wanted, me: str, now: int) -> bool:
    """Whether a case belongs to this view."""
    unit = 10 ** currency(row.currency).places
    whose = {"me": row.work.assignee == me, "free": not row.work.assignee, "": True}
    return (
        in_tab(row, ask.tab, now)
        and ask.code in ("", row.case.code)
        and row.amount_minor >= ask.least * unit
        and (not ask.most or row.amount_minor <= ask.most * unit)
        and row.case.opened_at <= now - ask.hours * HOUR
        and whose.get(ask.who, row.work.assignee not in ("", me))
        and (not ask.late or row.late(now))
    )


def in_tab(row: Row, tab: str, now: int) -> bool:
    """Whether a case stands under this tab; what is put off stands under its own alone."""
    if tab == "done":
        return not row.open
    if not row.open or row.asleep(now) != (tab == "asleep"):
        return False
    return tab in ("open", "asleep") or row.work.inbox == tab


def view(rows: Iterable[Row], ask: Wanted, me: str, now: int) -> list[Row]:
    """The cases of a view in its order."""
    found = [row for row in rows if fits(row, ask, me, now)]
    if ask.tab == "done" and ask.sort == "due":
        return sorted(found, key=lambda row: -row.case.closed_at)
    return sorted(found, key=SORTS[ask.sort])


def shown(site: Site, visit: Visit, rows: list[Row], names: dict[str, str]) -> list[dict[str, Any]]:
    """Cases as the table shows them; customers' names are masked."""
    now = site.now()
    people = {
        one.id: one.name for one in site.desk.reader.load(Customer, [row.case.customer for row in rows])
    }
    return [
        {
            "row": row,
            "why": code_words(site, visit, row.policy, row.case.code),
            "customer": masked_name(people.get(row.case.customer, "")),
            "assignee": names.get(row.work.assignee, row.work.assignee),
            "due": due(visit, row, now),
            "late": row.late(now),
            "age": span(visit, now - row.case.opened_at),
            "two": needs_two(row.amount_minor, row.currency),
        }
        for row in rows
    ]


def add_queue(router: Router, floor: Floor) -> None:
    """Add /desk and /desk/next."""
    site = floor.site

    async def queue(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        if (home := home_of(session.roles)) != "/desk":
            asked = visit.request.url.query
            return RedirectResponse(f"{home}?{asked}" if asked else home, 303)
        return queue_page(floor, visit, session)

    async def following(visit: Visit) -> Response:
        session = worker(visit)
        await form_of(visit, session)
        for row in free_cases(floor, session)[:TRIES]:
            ask = AssignCase(
                **site.stamp(session, new_key()), case=row.case.id, to=session.actor, free_only=True
            )
            if row.work.assignee == session.actor or (await site.do(ask)).answer.refusal is None:
                return RedirectResponse(row.address, 303)
        return RedirectResponse("/desk?told=nothing_free", 303)

    async def keep(visit: Visit) -> Response:
        session = worker(visit)
        form = await form_of(visit, session)
        ask = wanted(dict(parse_qsl(str(form.get("asked", ""))[:LONGEST_ASKED])))
        query = ask.address().partition("?")[2]
        name = str(form.get("name", ""))
        if form.get("drop"):
            site.views.drop(session.actor, name)
            return RedirectResponse("/desk?told=view_dropped", 303)
        if not site.views.save(session.actor, View(name, query), site.now()):
            return RedirectResponse(f"/desk?{query}&error=view_name", 303)
        return RedirectResponse(f"/desk?{query}&told=view_kept", 303)

    site.add(router, "/desk", queue)
    site.add(router, "/desk/views", keep, "POST")
    site.add(router, "/desk/next", following, "POST")


def free_cases(floor: Floor, session: Session) -> list[Row]:
    """Cases this person could take next: their own and free ones, the one due first on top.

    Not those that sleep, those they answered first, those others must answer, or payments of their own.
    """
    now = floor.site.now()
    rows = (
        row
        for row in floor.board.open_rows()
        if may_work(session, row)
        and not row.asleep(now)
        and row.not_for != session.actor
        and row.work.assignee in ("", session.actor)
        and row.work.proposed_by != session.actor
        and session.who not in (row.case.customer, row.payer, row.payee)
    )
    return sorted(rows, key=lambda row: row.case.due_at)


def queue_page(floor: Floor, visit: Visit, session: Session) -> Response:
    """The page of the queue as the address asks for it."""
    site, board, ask = floor.site, floor.board, wanted(visit.request.query_params)
    now, rows, mine = site.now(), board.rows(), sees(session)
    waiting = [row for row in board.open_rows() if mine(row)]
    found = view(filter(mine, rows.values()) if ask.tab == "done" else waiting, ask, session.actor, now)
    part = found[ask.page * PAGE : (ask.page + 1) * PAGE]
    names = floor.colleagues(session, LENDERS)
    codes = {row.case.code: code_words(site, visit, row.policy, row.case.code) for row in waiting}
    counts = board.counts(now, waiting) | {"done": 0}
    figures = board.figures(now, waiting, mine)
    picture = [
        (local_text(day_start(one.day), "%m-%d"), one.median_h, visit.say("span.h", n=one.median_h))
        for one in figures.days
    ]
    return site.page(
        visit,
        "desk/queue.html",
        {
            "ask": ask,
            "tabs": TABS,
            "counts": counts,
            "found": len(found),
            "more": len(found) > (ask.page + 1) * PAGE,
            "cases": shown(site, visit, part, names),
            "codes": codes,
            "colleagues": names,
            "figures": figures,
            "picture": columns(picture, visit.say("figures.took")),
            "threshold": FOUR_EYES_FROM,
            "kept": site.views.of(session.actor),
            "asked": ask.address().partition("?")[2],
            "local": local_text,
            "day_start": day_start,
        },
    )
