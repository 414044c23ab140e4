"""/desk/quality: how good the data of every source is, down to the rows that were not taken."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from jingwei.channels.problems import Problem
from jingwei.channels.web.staff.knowing.named import source_name
from jingwei.channels.web.staff.oversight.charts import Column, columns
from jingwei.channels.web.visit import signed_in
from jingwei.domains.insight.faults import told
from jingwei.domains.insight.quality import CLASHES, Clash, SourceQuality, clashes
from jingwei.kernel.clock import local_text
from jingwei.ledger.work import Customer

if TYPE_CHECKING:
    from markupsafe import Markup
    from starlette.responses import Response
    from starlette.routing import Router

    from jingwei.channels.web.staff.floor import Floor
    from jingwei.channels.web.visit import Visit

ROWS, CLASHES_SHOWN, TREND = 50, 200, 24


def add_quality(router: Router, floor: Floor) -> None:
    """Add the page, the page of an import, and the page of a field two systems disagree on."""
    site = floor.site

    async def page(visit: Visit) -> Response:
        signed_in(visit, inside=True)
        shelf = site.desk.home.insight
        sources = shelf.quality.sources()
        found = contradictions(floor)
        counts = Counter(one.field for one in found)
        values: dict[str, Any] = {
            "sources": sources, "source_of": source_name(visit.lang),
            "old": {one.source for one in sources if one.old(site.now())},
            "clashes": [(field, counts[field]) for field in CLASHES if counts[field]],
            "trends": {one.source: trend(visit, one) for one in sources}, "waiting": shelf.people.waiting(),
        }  # fmt: skip
        return site.page(visit, "desk/quality.html", values)

    async def one_import(visit: Visit) -> Response:
        signed_in(visit, inside=True)
        shelf = site.desk.home.insight
        one = shelf.imported(visit.request.path_params["import_id"][:64])
        if one is None:
            raise Problem("not_found")
        after = visit.request.query_params.get("after", "")
        start = int(after) if after.isascii() and after.isdigit() and len(after) < 16 else 0
        rows = shelf.rejected(one.id, after=start, limit=ROWS)
        worded = [(row, *told(row.code, row.found)) for row in rows]
        values = {
            "one": one, "rows": worded, "fields": shelf.quality.fields_of(one.id),
            "next": rows[-1].line if len(rows) == ROWS else 0, "source_of": source_name(visit.lang),
        }  # fmt: skip
        return site.page(visit, "desk/quality_import.html", values)

    async def one_field(visit: Visit) -> Response:
        signed_in(visit, inside=True)
        field = visit.request.path_params["field"]
        if field not in CLASHES:
            raise Problem("not_found")
        found = [one for one in contradictions(floor) if one.field == field][:CLASHES_SHOWN]
        values = {"field": field, "found": found, "source_of": source_name(visit.lang)}
        return site.page(visit, "desk/quality_field.html", values)

    site.add(router, "/desk/quality", page)
    site.add(router, "/desk/quality/imports/{import_id}", one_import)
    site.add(router, "/desk/quality/fields/{field}", one_field)


def contradictions(floor: Floor) -> list[Clash]:
    """Every field in which systems contradict each other about a customer; the bank's own books count."""
    reader = floor.site.desk.reader
    twice = list(floor.site.desk.home.insight.quality.told_twice())
    own = {one.id: one for one in reader.load(Customer, [customer for customer, _ in twice])}
    found = []
    for customer, said in twice:
        ours = own.get(customer)
        whole = [("bank", {"name": ours.name, "born": ours.born}), *said] if ours else said
        found += clashes(customer, whole)
    return found


def trend(visit: Visit, one: SourceQuality) -> Markup:
    """The share of rows not taken, import by import; each column leads to the import."""
    english = visit.lang != "zh"
    points = []
    for figures in one.imports[-TREND:]:
        wrong = round((1 - figures.valid) * 10_000)
        day = local_text(figures.done_at, "%m-%d") if figures.done_at else "…"
        says = f"{figures.file}: {wrong / 100:.2f} %"
        points.append(Column(day, says, (("refused", wrong),), f"/desk/quality/imports/{figures.id}"))
    title = f"{one.source}: rows not taken" if english else f"{one.source}：未接收的行"
    most = max((point.total for point in points), default=0)
    return columns(title, points, f"{most / 100:.2f} %")
