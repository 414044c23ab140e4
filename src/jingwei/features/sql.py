"""Features as one DuckDB query over a relation of events, with the same bits as live and replay.

The relation has seq (unique, arrival order), kind, at, ref_at, amount_minor (whole numbers as in events.py)
and a column for each entity (NULL or '' where there is none; a column left out is missing everywhere). When
payments arrived in the order of their `at`, windows are runs of rows and sums are differences of running
sums; else every payment is joined with those before it, which is slower but knows no order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import duckdb

from jingwei.features.definition import (
    DAY_ZERO_WEEKDAY,
    DELAYED,
    Condition,
    Definition,
    Derived,
    Feature,
    Kind,
    entities_of,
)
from jingwei.features.sql_windows import Key, joined, ordered, reports
from jingwei.features.terms import Term, read
from jingwei.kernel.clock import BANK_OFFSET, DAY, HOUR

TWO_64 = "18446744073709551616::HUGEINT"
TWO_63 = "9223372036854775808::HUGEINT"


def compute(
    connection: duckdb.DuckDBPyConnection, definitions: Sequence[Definition], relation: str
) -> duckdb.DuckDBPyRelation:
    """All features of every payment as a relation: seq, then one DOUBLE column for each feature, ordered by
    seq.

    `relation` is SQL written by a programmer (a table's name, a read_parquet call); never text from outside.
    """
    present = [str(column[0]) for column in connection.sql(f"DESCRIBE SELECT * FROM {relation}").fetchall()]
    return connection.sql(
        features_sql(definitions, relation, present, arrived_in_order(connection, relation))
    )


def arrived_in_order(connection: duckdb.DuckDBPyConnection, relation: str) -> bool:
    """Whether no payment is older than one that arrived before it."""
    late = connection.sql(
        f'SELECT 1 FROM (SELECT "at" AS moment, lag("at") OVER (ORDER BY seq) AS previous FROM {relation}'
        " WHERE kind = 0) WHERE moment < previous LIMIT 1"
    )
    return not late.fetchall()


def features_sql(
    definitions: Sequence[Definition], relation: str, present: Collection[str], in_order: bool
) -> str:
    """The query. present: the relation's columns; in_order: whether its payments arrived in the order of
    `at`.
    """
    keys: dict[tuple[str, ...], list[Feature]] = {}
    for one in definitions:
        if isinstance(one, Feature):
            keys.setdefault(entities_of(one.by), []).append(one)
    entities = {name for key in keys for name in key}
    entities |= {
        one.value.of for features in keys.values() for one in features if one.value.kind == Kind.DISTINCT
    }
    parts = [_events(relation, sorted(entities), present)]
    for key, features in keys.items():
        needs = Key("_".join(key), key, tuple(features))
        parts.append(ordered(needs) if in_order else joined(needs))
        if any(one.value.kind in DELAYED for one in features):
            parts.append(reports(needs))
    return "WITH " + ",\n".join(parts) + "\n" + _result(definitions, keys)


def _events(relation: str, entities: Sequence[str], present: Collection[str]) -> str:
    columns = [
        f'nullif(CAST("{name}" AS VARCHAR), \'\') AS "{name}"'
        if name in present
        else f'NULL::VARCHAR AS "{name}"'
        for name in entities
    ]
    whole = ", ".join(
        ["seq", "kind", '"at" AS moment', "ref_at", "CAST(amount_minor AS BIGINT) AS amount", *columns]
    )
    hour = f"((moment + {BANK_OFFSET}) % {DAY} + {DAY}) % {DAY} // {HOUR}"
    day = f"(moment + {BANK_OFFSET} - ((moment + {BANK_OFFSET}) % {DAY} + {DAY}) % {DAY}) // {DAY}"
    return (
        f"event AS (SELECT {whole} FROM {relation}),\n"
        f"payment AS (SELECT *, {hour} AS hour, (({day} + {DAY_ZERO_WEEKDAY}) % 7 + 7) % 7 AS weekday"
        " FROM event WHERE kind = 0)"
    )


def _result(definitions: Sequence[Definition], keys: dict[tuple[str, ...], list[Feature]]) -> str:
    """Nested selects: the windowed features, then one level for every derived feature."""
    windowed = [one for one in definitions if isinstance(one, Feature)]
    columns = ["p.seq", "p.amount AS own_amount_minor", "p.hour AS own_hour", "p.weekday AS own_weekday"]
    columns += [f'{_value(one)} AS "{one.name}"' for one in windowed]
    joins = ""
    for key, features in keys.items():
        name = "_".join(key)
        joins += f"\nLEFT JOIN windows_{name} ON windows_{name}.seq = p.seq"
        if any(one.value.kind in DELAYED for one in features):
            joins += f"\nLEFT JOIN reports_{name} ON reports_{name}.seq = p.seq"
    query = f"SELECT {', '.join(columns)} FROM payment p{joins}"
    known = {one.name for one in windowed}
    for one in definitions:
        if isinstance(one, Derived):
            query = f'SELECT *, {_derived(one, known)} AS "{one.name}" FROM ({query})'
            known.add(one.name)
    final = [f'coalesce("{one.name}", CAST(\'NaN\' AS DOUBLE)) AS "{one.name}"' for one in definitions]
    return f"SELECT {', '.join(['seq', *final])} FROM ({query}) ORDER BY seq"


def number(value: float) -> str:
    """A double as SQL, to the last bit."""
    return f"CAST('{float(value)!r}' AS DOUBLE)"


def double(whole: str) -> str:
    """A whole number (HUGEINT) as a double, by the formula of definition.py."""
    return (
        f"(CASE WHEN {whole} < {TWO_63} THEN CAST(CAST({whole} AS BIGINT) AS DOUBLE)"
        f" ELSE CAST(CAST({whole} // {TWO_64} AS BIGINT) AS DOUBLE) * {number(2.0**64)}"
        f" + CAST(CAST({whole} % {TWO_64} AS UBIGINT) AS DOUBLE) END)"
    )


def _value(feature: Feature) -> str:
    """The feature from its window's row; NULL where the payment has no such entity."""
    rows = f"windows_{'_'.join(entities_of(feature.by))}"
    kind = feature.value.kind
    if kind in DELAYED:
        value = _delayed(feature, rows)
    elif kind in (Kind.LAST, Kind.TIME_SINCE):
        inside = f"{rows}.last_at > {rows}.clock - {feature.over}"
        value = (
            f"{rows}.last_amount::DOUBLE" if kind == Kind.LAST else _seconds(f"{rows}.clock - {rows}.last_at")
        )
        value = f"CASE WHEN {inside} THEN {value} ELSE {number(feature.empty)} END"
    else:
        value = _aggregate(feature, rows)
    return f"CASE WHEN {rows}.seq IS NULL THEN NULL ELSE {value} END"


def _seconds(microseconds: str) -> str:
    return f"CAST({microseconds} AS DOUBLE) / {number(1e6)}"


def _aggregate(feature: Feature, rows: str) -> str:
    """An aggregate from the columns that sql_windows.py names."""
    kind, over = feature.value.kind, feature.over
    n = f"{rows}.n_{over}"
    as_n = f"CAST({n} AS DOUBLE)"
    values = {
        Kind.COUNT: as_n,
        Kind.SUM: double(f"{rows}.sum_{over}"),
        Kind.DISTINCT: f"CAST({rows}.distinct_{over}_{feature.value.of} AS DOUBLE)",
        Kind.MEAN: f"{double(f'{rows}.sum_{over}')} / {as_n}",
        Kind.MAX: f"CAST({rows}.max_{over} AS DOUBLE)",
        Kind.MIN: f"CAST({rows}.min_{over} AS DOUBLE)",
        Kind.AGE: _seconds(f"{rows}.clock - {rows}.first_{over}"),
        Kind.DEVIATION: _deviation(rows, over),
    }
    if kind in (Kind.COUNT, Kind.SUM, Kind.DISTINCT):
        return values[kind]
    if kind == Kind.SHARE:
        value = f"CAST({rows}.share_{over}_{tag(feature.value.condition)} AS DOUBLE) / {as_n}"
    else:
        value = values[kind]
    least = 2 if kind == Kind.DEVIATION else 1
    return f"CASE WHEN {n} < {least} THEN {number(feature.empty)} ELSE {value} END"


def tag(condition: Condition | None) -> str:
    """A condition as part of a column's name."""
    assert condition is not None, "share has a condition"
    return f"{condition.kind}_{condition.first}_{condition.last}"


def _deviation(rows: str, over: int) -> str:
    n, total = f"{rows}.n_{over}", f"{rows}.sum_{over}"
    q, r = f"({total} // {n})", f"({total} % {n})"
    v = f"({rows}.squares_{over} - {q} * ({total} + {r}))"
    rest = f"(CAST(CAST({r} AS BIGINT) AS DOUBLE) / CAST({n} AS DOUBLE))"
    variance = f"({double(v)} / CAST({n} AS DOUBLE) - {rest} * {rest})"
    return f"CASE WHEN {variance} > {number(0.0)} THEN sqrt({variance}) ELSE {number(0.0)} END"


def _delayed(feature: Feature, rows: str) -> str:
    name = f"{feature.value.delay}_{feature.over}"
    reported = f"CAST(coalesce(reports_{rows.removeprefix('windows_')}.reports_{name}, 0) AS DOUBLE)"
    if feature.value.kind == Kind.FRAUD_COUNT:
        return reported
    paid = f"{rows}.paid_{name}"
    return f"CASE WHEN {paid} = 0 THEN {number(feature.empty)} ELSE {reported} / CAST({paid} AS DOUBLE) END"


def _derived(feature: Derived, known: Collection[str]) -> str:
    """A derived feature: NULL when any input is."""
    inputs = [f'"{name}"' if name in known else f"CAST(own_{name} AS DOUBLE)" for name in feature.of]
    missing = " OR ".join(f"{one} IS NULL" for one in inputs)
    return f"CASE WHEN {missing} THEN NULL ELSE {_formula(read(feature.value, len(inputs)), inputs)} END"


def _formula(formula: Term, inputs: Sequence[str]) -> str:
    if formula.operation == "input":
        return inputs[int(formula.value)]
    if formula.operation == "constant":
        return number(formula.value)
    parts = [_formula(part, inputs) for part in formula.over]
    patterns = {
        "ratio": "(CASE WHEN {1} <> CAST('0.0' AS DOUBLE) THEN {0} / {1} ELSE {2} END)",
        "larger": "(CASE WHEN {0} > {1} THEN {0} ELSE {1} END)",
        "smaller": "(CASE WHEN {0} < {1} THEN {0} ELSE {1} END)",
        "choose": "(CASE WHEN {0} THEN {1} ELSE {2} END)",
    }
    return patterns.get(formula.operation, f"({{0}} {formula.operation} {{1}})").format(*parts)
