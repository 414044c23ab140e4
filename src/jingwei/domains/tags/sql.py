"""The same tags as SQL (DuckDB), generated from the declarations, over a plain table of happenings.

The tables read: `events` (customer, "at", kind, category, amount_minor) and `people` (customer, born as
yyyymmdd or 0, joined as a day, company as 0 or 1). A column may be computed by a view; nothing else is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from jingwei.domains.tags.declared import MEASURES, TAGS, WINDOWS, Sort, Tag
from jingwei.domains.tags.happenings import ALL, BY_SERIES, KINDS, OTHER, Kind
from jingwei.domains.tags.live import written
from jingwei.kernel.clock import BANK_OFFSET, DAY

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*){0,2}", re.ASCII)
_OPEN = tuple(kind.code for kind in KINDS if any(category == OTHER for category, _ in kind.categories))


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _checked(*relations: str) -> None:
    for relation in relations:
        if not _PLAIN.fullmatch(relation):
            raise ValueError(f"{relation[:60]!r} is not the plain name of a table or view")


def counted(events: str, until: int, some: Sequence[Kind] = KINDS) -> str:
    """A SELECT of customer, series, day, amount_minor: each happening once for each series it counts in.

    Only those of `some` kinds.
    """
    _checked(events)
    kinds = _listed(kind.code for kind in some)
    known = _listed(f"{kind.code}_{category}" for kind in some for category, _ in kind.categories)
    name = (
        f"CASE WHEN kind || '_' || category IN ({known}) THEN kind || '_' || category "
        f"WHEN kind IN ({_listed(_OPEN)}) THEN kind || '_{OTHER}' END"
    )
    moved = f'("at" + {BANK_OFFSET})'
    day = f"CAST(({moved} - (({moved} % {DAY} + {DAY}) % {DAY})) // {DAY} AS BIGINT)"
    columns = f"customer, {day} AS day, kind, category, amount_minor"
    source = f"SELECT {columns} FROM {events} WHERE kind IN ({kinds})"
    return (
        f"SELECT customer, kind || '_{ALL}' AS series, day, amount_minor\n"
        f"FROM ({source}) WHERE day <= {until}\n"
        f"UNION ALL SELECT customer, series, day, amount_minor\n"
        f"FROM (SELECT *, {name} AS series FROM ({source}) WHERE day <= {until}) WHERE series IS NOT NULL"
    )


def spans(events: str, today: int, tags: Sequence[Tag] = ()) -> str:
    """A SELECT of customer, series and one column for each measure and window, such as `sum_30d`.

    Given `tags`, only what these need is computed. `gap` is the days since the last.
    """
    kinds = (
        tuple({BY_SERIES[tag.series].kind.code: BY_SERIES[tag.series].kind for tag in tags}.values()) or KINDS
    )
    some = f"WHERE series IN ({_listed(sorted({tag.series for tag in tags}))})" if tags else ""
    daily = (
        "SELECT customer, series, day, count(*) AS n, sum(amount_minor) AS s, max(amount_minor) AS m\n"
        f"FROM ({counted(events, today, kinds)}) {some} GROUP BY customer, series, day"
    )
    wanted = {(tag.measure, tag.window) for tag in tags if tag.window}
    every = [(measure.code, window) for window in WINDOWS for measure in MEASURES]
    parts = [f"{today} - max(day) AS gap"]
    parts += [_span(*one, today) for one in every if not tags or one in wanted]
    return f"SELECT customer, series,\n{', '.join(parts)}\nFROM ({daily}) GROUP BY customer, series"


def _span(measure: str, window: int, today: int) -> str:
    now = f"FILTER (WHERE day > {today - window})"
    before = f"FILTER (WHERE day > {today - 2 * window} AND day <= {today - window})"
    name = f"{measure}_{window}d"
    match measure:
        case "count":
            return f"coalesce(sum(n) {now}, 0) AS {name}"
        case "days":
            return f"count(*) {now} AS {name}"
        case "sum":
            return f"coalesce(sum(s) {now}, 0) AS {name}"
        case "most":
            return f"coalesce(max(m) {now}, 0) AS {name}"
    money = _listed(series for series, one in BY_SERIES.items() if one.kind.money)
    return (
        f"CASE WHEN series IN ({money}) THEN coalesce(sum(s) {now}, 0) - coalesce(sum(s) {before}, 0)\n"
        f"ELSE coalesce(sum(n) {now}, 0) - coalesce(sum(n) {before}, 0) END AS {name}"
    )


def all_tags(events: str, today: int) -> str:
    """A SELECT of customer, tag, value (BIGINT): every dynamic tag of every customer and series with any.

    What does not stand there is 0, or has no value when it is a gap.
    """
    columns = [f"{measure.code}_{w}d" for w in WINDOWS for measure in MEASURES]
    money = _listed(name for name, one in BY_SERIES.items() if one.kind.money)
    money_only = _listed(m.code for m in MEASURES if m.money_only)
    return (
        "SELECT customer, series || '_' || replace(measure, 'gap', 'gap_days') AS tag,\n"
        "CAST(value AS BIGINT) AS value FROM (UNPIVOT (SELECT customer, series, CAST(gap AS HUGEINT) AS gap, "
        + ", ".join(f"CAST({column} AS HUGEINT) AS {column}" for column in columns)
        + f"\nFROM ({spans(events, today)})) ON gap, {', '.join(columns)} INTO NAME measure VALUE value)\n"
        f"WHERE series IN ({money}) OR split_part(measure, '_', 1) NOT IN ({money_only})"
    )


def write_sql(names: Sequence[str], events: str, people: str, today: int, kept: str = "") -> str:
    """A SELECT of customer and one column for each named tag: one row for each of `people`.

    `kept` is the table (customer, tag, value) of tiers and model tags, needed when one is named. Raises
    KeyError for a tag that is not declared, ValueError for a relation that is not a plain name.
    """
    tags = [TAGS[name] for name in names]
    _checked(people, *([kept] if kept else []))
    dynamic = [tag for tag in tags if tag.series]
    with_, joins = [], []
    if dynamic:
        columns = ", ".join(f"{_dynamic(tag)} AS {tag.name}" for tag in dynamic)
        with_.append(
            f"spans AS ({spans(events, today, dynamic)}),\n"
            f"wide AS (SELECT customer, {columns} FROM spans GROUP BY customer)"
        )
        joins.append("LEFT JOIN wide USING (customer)")
    batch = [tag for tag in tags if tag.sort in (Sort.TIER, Sort.MODEL)]
    if batch:
        if not kept:
            raise ValueError("tiers and model tags are kept in a table; name it")
        columns = ", ".join(f"max(value) FILTER (WHERE tag = '{tag.name}') AS {tag.name}" for tag in batch)
        with_.append(f"learned AS (SELECT customer, {columns} FROM {kept} GROUP BY customer)")
        joins.append("LEFT JOIN learned USING (customer)")
    told = "".join(f", {_told(tag, today)} AS {tag.name}" for tag in tags)
    start = f"WITH {', '.join(with_)}\n" if with_ else ""
    return f"{start}SELECT people.customer{told}\nFROM {people} AS people {' '.join(joins)}"


def _dynamic(tag: Tag) -> str:
    column = "gap" if tag.measure == "gap" else f"{tag.measure}_{tag.window}d"
    return f"max({column}) FILTER (WHERE series = '{tag.series}')"


def _told(tag: Tag, today: int) -> str:
    match tag.sort, tag.name:
        case Sort.STATIC, "age_years":
            return f"CAST(CASE WHEN born > 0 THEN ({written(today)} - born) // 10000 END AS BIGINT)"
        case Sort.STATIC, "customer_days":
            return f"CAST({today} - joined AS BIGINT)"
        case Sort.STATIC, _:
            return "CAST(company AS BIGINT)"
        case Sort.DYNAMIC, _ if tag.measure != "gap":
            return f"CAST(coalesce({tag.name}, 0) AS BIGINT)"
    return f"CAST({tag.name} AS BIGINT)"
