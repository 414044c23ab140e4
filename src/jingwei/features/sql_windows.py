"""The windows of one entity in SQL: what they hold for every payment, from ordered rows or from a join.

Both ways give the same columns: seq, clock (T), last_at and last_amount of the payment before, and for every
window w that needs them n_w, sum_w, squares_w, max_w, min_w, first_w, distinct_w_entity, share_w_condition;
paid_d_w are the payments between delay d and d + w.
"""

from __future__ import annotations

from typing import NamedTuple

from jingwei.features.definition import DELAYED, LATENESS, Condition, Feature, Kind

SUMMED = {Kind.SUM: ("sum",), Kind.MEAN: ("sum",), Kind.DEVIATION: ("sum", "squares")}
TERMS = {"sum": "amount", "squares": "CAST(amount AS HUGEINT) * CAST(amount AS HUGEINT)"}


class Key(NamedTuple):
    """An entity (or a pair), its name in SQL and its features."""

    name: str
    entities: tuple[str, ...]
    features: tuple[Feature, ...]

    def who(self, table: str = "") -> str:
        """The partition: the entities' columns."""
        return ", ".join(f'{table}"{entity}"' for entity in self.entities)

    def present(self) -> str:
        """That the payment has the entity."""
        return " AND ".join(f'"{entity}" IS NOT NULL' for entity in self.entities)

    def same(self) -> str:
        """That two rows, a and b, are of the same entity value."""
        return " AND ".join(f'a."{entity}" = b."{entity}"' for entity in self.entities)

    def lengths(self) -> list[int]:
        """Windows that are not delayed."""
        return sorted({one.over for one in self.features if one.value.kind not in DELAYED})

    def delayed(self) -> list[tuple[int, int]]:
        """Delay and window of the delayed features."""
        return sorted({(one.value.delay, one.over) for one in self.features if one.value.kind in DELAYED})

    def ends(self) -> list[int]:
        """Every length of time looked back at which payments are counted."""
        paid = {(one.value.delay, one.over) for one in self.features if one.value.kind == Kind.FRAUD_SHARE}
        return sorted(
            {delay + over for delay, over in paid} | {delay for delay, _ in paid} | set(self.lengths())
        )

    def longest(self) -> int:
        """The longest time looked back."""
        return max([*self.lengths(), *(delay + over for delay, over in self.delayed())])


def condition_sql(condition: Condition, table: str = "") -> str:
    """The condition of a share as 1 or 0."""
    if condition.kind == "amount_over":
        test = f"{table}amount > {condition.first}"
    else:
        joint = "AND" if condition.first <= condition.last else "OR"
        test = f"({table}hour >= {condition.first} {joint} {table}hour < {condition.last})"
    return f"CASE WHEN {test} THEN 1 ELSE 0 END"


def added(key: Key) -> list[tuple[str, int, str]]:
    """What is summed: the column's name without window, the window, the term."""
    found = set()
    for one in key.features:
        for name in SUMMED.get(one.value.kind, ()):
            found.add((name, one.over, TERMS[name]))
        condition = one.value.condition
        if one.value.kind == Kind.SHARE and condition is not None:
            name = f"share_{condition.kind}_{condition.first}_{condition.last}"
            found.add((name, one.over, condition_sql(condition)))
    return sorted(found)


def column(name: str, over: int) -> str:
    """The column's name: sum_w, squares_w, share_w_condition."""
    first, _, rest = name.partition("_")
    return f"{first}_{over}" + (f"_{rest}" if rest else "")


def ordered(key: Key) -> str:
    """windows_<key> for payments that arrived in the order of `at`: T is the payment's own `at`."""
    by_row = f"PARTITION BY {key.who()} ORDER BY seq"
    by_time = f"PARTITION BY {key.who()} ORDER BY moment"
    numbered = ["*", "moment AS clock", f"row_number() OVER ({by_row}) AS place"]
    for end in key.ends():
        if end > 0:
            numbered.append(
                f"count(*) OVER ({by_time} RANGE BETWEEN UNBOUNDED PRECEDING AND {end} PRECEDING)"
                f" AS old_{end}"
            )
        else:
            numbered.append(f"row_number() OVER ({by_row}) AS old_0")
    running = sorted({(name, term) for name, _, term in added(key)})
    for name, term in running:
        numbered.append(
            f"CAST(sum({term}) OVER ({by_row} ROWS UNBOUNDED PRECEDING) AS HUGEINT) AS running_{name}"
        )
    held = [
        "seq",
        "clock",
        f"lag(moment) OVER ({by_row}) AS last_at",
        f"lag(amount) OVER ({by_row}) AS last_amount",
    ]
    held += [f"place - old_{over} AS n_{over}" for over in key.lengths()]
    for name, over, _ in added(key):
        held.append(
            f"running_{name} - lag(running_{name}, place - old_{over}, 0::HUGEINT) OVER ({by_row})"
            f" AS {column(name, over)}"
        )
    held += [_over_rows(one, by_row) for one in _framed(key)]
    held += [f"old_{delay} - old_{delay + over} AS paid_{delay}_{over}" for delay, over in _paid(key)]
    return (
        f"numbered_{key.name} AS (SELECT {', '.join(numbered)} FROM payment WHERE {key.present()}),\n"
        f"windows_{key.name} AS (SELECT {', '.join(held)} FROM numbered_{key.name})"
    )


def _paid(key: Key) -> list[tuple[int, int]]:
    return sorted({(one.value.delay, one.over) for one in key.features if one.value.kind == Kind.FRAUD_SHARE})


def _framed(key: Key) -> list[tuple[Kind, int, str]]:
    """What must look at the rows of the window: kind, window and counted entity."""
    kinds = (Kind.MAX, Kind.MIN, Kind.DISTINCT, Kind.AGE)
    return sorted(
        {(one.value.kind, one.over, one.value.of) for one in key.features if one.value.kind in kinds}
    )


def _over_rows(framed: tuple[Kind, int, str], by_row: str) -> str:
    kind, over, of = framed
    frame = f"OVER ({by_row} ROWS BETWEEN place - old_{over} - 1 PRECEDING AND CURRENT ROW)"
    if kind == Kind.DISTINCT:
        return f'count(DISTINCT "{of}") {frame} AS distinct_{over}_{of}'
    if kind == Kind.AGE:
        return f"lag(moment, place - old_{over} - 1) OVER ({by_row}) AS first_{over}"
    return f"{kind.value}(amount) {frame} AS {kind.value}_{over}"


def joined(key: Key) -> str:
    """windows_<key> for payments in any order: every payment a with the payments b up to it."""
    clock = (
        f"greatest(max(moment) OVER (PARTITION BY {key.who()} ORDER BY seq ROWS UNBOUNDED PRECEDING),"
        f" newest - {LATENESS})"
    )
    held = ["a.seq", "any_value(a.clock) AS clock"]
    before = "FILTER (WHERE b.seq < a.seq)"
    held.append(f"max(b.moment) {before} AS last_at")
    held.append(
        f"(max({{'moment': b.moment, 'seq': b.seq, 'amount': b.amount}}) {before}).amount AS last_amount"
    )
    held += [f"count(b.seq) {_inside(over)} AS n_{over}" for over in key.lengths()]
    for name, over, term in added(key):
        total = term.replace("amount", "b.amount").replace("hour", "b.hour")
        held.append(f"CAST(coalesce(sum({total}) {_inside(over)}, 0) AS HUGEINT) AS {column(name, over)}")
    for kind, over, of in _framed(key):
        if kind == Kind.DISTINCT:
            held.append(f'count(DISTINCT b."{of}") {_inside(over)} AS distinct_{over}_{of}')
        elif kind == Kind.AGE:
            held.append(f"min(b.moment) {_inside(over)} AS first_{over}")
        else:
            held.append(f"{kind.value}(b.amount) {_inside(over)} AS {kind.value}_{over}")
    for delay, over in _paid(key):
        between = f"FILTER (WHERE b.moment > a.clock - {delay + over} AND b.moment <= a.clock - {delay})"
        held.append(f"count(b.seq) {between} AS paid_{delay}_{over}")
    return (
        f"numbered_{key.name} AS (SELECT *, {clock} AS clock FROM"
        f" (SELECT *, max(moment) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) AS newest FROM payment)"
        f" WHERE {key.present()}),\n"
        f"windows_{key.name} AS (SELECT {', '.join(held)}"
        f" FROM numbered_{key.name} a LEFT JOIN numbered_{key.name} b"
        f" ON {key.same()} AND b.seq <= a.seq AND b.moment > a.clock - {key.longest()} GROUP BY a.seq)"
    )


def _inside(over: int) -> str:
    return f"FILTER (WHERE b.moment > a.clock - {over})"


def reports(key: Key) -> str:
    """reports_<key>: how many reports of the delayed windows had arrived before each payment."""
    counted = [
        f"count(*) FILTER (WHERE b.ref_at > a.clock - {delay + over} AND b.ref_at <= a.clock - {delay})"
        f" AS reports_{delay}_{over}"
        for delay, over in key.delayed()
    ]
    return (
        f"reports_{key.name} AS (SELECT a.seq, {', '.join(counted)} FROM numbered_{key.name} a"
        f" JOIN (SELECT * FROM event WHERE kind = 1) b ON {key.same()} AND b.seq < a.seq"
        f" AND b.ref_at <= a.clock AND b.ref_at > a.clock - {key.longest()} GROUP BY a.seq)"
    )
