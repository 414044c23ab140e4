"""A policy compiled three ways (Python row, NumPy columns, SQL) means what its tree means, on any values."""

from __future__ import annotations

import math
from collections.abc import Iterator

import duckdb
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from jingwei.decisions.as_columns import run_columns
from jingwei.decisions.compiled import FEW_ROWS, CompiledPolicy, compile_policy
from jingwei.decisions.expression import ExpressionError, parse
from jingwei.decisions.meaning import evaluate
from jingwei.decisions.policy import Policy, PolicyError, Rule, Verdict
from jingwei.decisions.tree import text

COLUMNS = ("a", "b", "unread", "c", "d")
NAMES = ("a", "b", "c", "d")
NAN, INF = math.nan, math.inf
ODD = (0.0, -0.0, NAN, INF, -INF, 1e308, -1e308, 5e-324, 1e-308, 2.0**53, 1e15)
EVEN = (0.0, 1.0, 2.0, 3.0, -1.0, 0.5, 0.1, 0.2, 0.3, 22000.0)

numbers = st.sampled_from(("0", "1", "2", "3", "0.5", "0.1", "0.3", "22_000", "1e15", "1e-300", "0.90"))
leaves = st.one_of(st.sampled_from(NAMES), numbers)


def _arithmetic(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})")
    many = st.tuples(st.sampled_from(("min", "max")), st.lists(inner, min_size=2, max_size=4))
    return st.one_of(
        two,
        many.map(lambda t: f"{t[0]}({', '.join(t[1])})"),
        inner.map(lambda t: f"abs({t})"),
        inner.map(lambda t: f"-{t}"),
    )


numeric = st.recursive(leaves, _arithmetic, max_leaves=6)
signs = st.sampled_from(("<", "<=", ">", ">=", "==", "!="))
links = st.lists(st.tuples(signs, numeric), min_size=1, max_size=3)
comparisons = st.tuples(numeric, links).map(lambda t: t[0] + "".join(f" {op} {right}" for op, right in t[1]))


def _logic(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    joined = st.tuples(st.sampled_from((" and ", " or ")), st.lists(inner, min_size=2, max_size=3))
    return st.one_of(joined.map(lambda t: f"({t[0].join(t[1])})"), inner.map(lambda t: f"not ({t})"))


conditions = st.recursive(comparisons, _logic, max_leaves=4)
values = st.one_of(st.sampled_from(EVEN), st.sampled_from(EVEN), st.sampled_from(ODD), st.floats())
rows = st.lists(st.tuples(*[values] * len(COLUMNS)), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    columns = ", ".join(f'"{name}" DOUBLE' for name in COLUMNS)
    connection.execute(f"CREATE TABLE cases (seq BIGINT, {columns})")
    yield connection
    connection.close()


def policy_of(*whens: str) -> CompiledPolicy:
    rules = tuple(rule_of(i, when) for i, when in enumerate(whens))
    return compile_policy(Policy("made up", 1, rules), COLUMNS)


def rule_of(i: int, when: str) -> Rule:
    code, says, says_zh = f"rule_{i}", f"Sentence {i}.", f"第{i}句。"
    return Rule(code=code, when=when, verdict=Verdict.HOLD, weight=1, says=says, says_zh=says_zh)


def readable(whens: list[str]) -> list[str]:
    """The conditions that a policy may hold: not too deep, reading a column, each only once."""
    found = {}
    for when in whens:
        try:
            found[text(parse(when, COLUMNS).tree)] = when
        except ExpressionError as error:
            assert any(word in str(error) for word in ("no column", "deeper", "by zero", "more than")), error
    return list(found.values())


def by_tree(compiled: CompiledPolicy, case: tuple[float, ...]) -> tuple[int, int]:
    named = dict(zip(COLUMNS, case, strict=True))
    answers = [evaluate(expression.tree, named) for expression in compiled.expressions]
    hits = sum(1 << i for i, answer in enumerate(answers) if answer is True)
    return hits, sum(1 << i for i, answer in enumerate(answers) if answer is None)


def by_sql(compiled: CompiledPolicy, cases: list[tuple[float, ...]], database) -> list[tuple[int, int]]:
    database.execute("DELETE FROM cases")
    marks = ", ".join("unnest(?::DOUBLE[])" for _ in COLUMNS)
    columns = [list(column) for column in zip(*cases, strict=True)]
    seqs = list(range(len(cases)))
    database.execute(f"INSERT INTO cases SELECT unnest(?::BIGINT[]), {marks}", [seqs, *columns])
    found = database.execute(f"SELECT * FROM ({compiled.sql('cases')}) ORDER BY seq").fetchall()
    assert [seq for seq, _, _ in found] == seqs
    return [(hits, unknown) for _, hits, unknown in found]


def agree(compiled: CompiledPolicy, cases: list[tuple[float, ...]], database) -> list[tuple[int, int]]:
    """Check that all ways give the same for these cases, and return it."""
    expected = [by_tree(compiled, case) for case in cases]
    matrix = np.array(cases, np.float64)
    assert [compiled.row(case) for case in cases] == expected
    assert [compiled.row(list(case)) for case in cases] == expected
    for way in (compiled.columns, lambda m: run_columns(compiled.programs, m)):
        hits, unknown = way(matrix)
        assert hits.dtype == unknown.dtype == np.uint64
        assert list(zip(hits.tolist(), unknown.tolist(), strict=True)) == expected
    assert by_sql(compiled, cases, database) == expected
    return expected


slow = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@slow
@given(st.lists(conditions, min_size=1, max_size=4), rows)
def test_all_ways_agree_with_the_tree(database, whens, cases):
    whens = readable(whens)
    assume(whens)
    agree(policy_of(*whens), cases, database)


EDGES = """
a / b > 1            | 4 0     unknown | 4 -0.0  unknown | 0 0      unknown | 4 2      yes
a / b > 1            | 4 5e-324 unknown | 1e308 0.5 unknown | -4 -2 yes | 4 4 no
a + b > 0            | 1e308 1e308 unknown | inf 1 unknown | -inf inf unknown | 1e308 -1e308 no
a * b < 1            | 1e308 10 unknown | 1e-308 1e-308 yes | nan 0 unknown | 0 inf unknown
a < b                | 1 nan unknown | nan nan unknown | 1 2 yes | 2 2 no
not a < b            | 1 nan unknown | 1 2 no | 2 2 yes | inf 1 unknown
a > 0 or b > 0       | 1 nan unknown | nan 1 unknown | 0 1 yes | 0 0 no
a > 0 and b > 0      | 0 nan unknown | nan 0 unknown | 1 1 yes | 1 0 no
a == b               | 0 -0.0 yes | 0.1 0.30000000000000004 no | inf inf unknown | nan nan unknown
a + 0.2 == b         | 0.1 0.30000000000000004 yes | 0.1 0.3 no | 0.3 0.5 yes | nan 1 unknown
1 <= a < b           | 1 2 yes | 0.9999999999999999 2 no | 2 2 no | 1 nan unknown
min(a, b) > 0        | 1 nan unknown | nan 1 unknown | 1 2 yes | 0 2 no
max(a, b) > 0        | 1 nan unknown | inf 0 unknown | 0 1 yes | -0.0 0 no
abs(a) >= b          | -3 3 yes | -3 3.0000000000000004 no | nan 1 unknown | -inf 1 unknown
1 / (a - b) > 0      | 1 1 unknown | 2 1 yes | 1 2 no | 5e-324 0 unknown
a / b - a / b == 0   | 1 3 yes | 1 0 unknown | 0 1 yes | 1 inf unknown
b > 0 and 1 < 0 / a  | 0 1 unknown | 1 1 no | 1 0 no | -0.0 0 unknown
"""


@pytest.mark.parametrize("line", EDGES.strip().splitlines())
def test_edges_of_arithmetic_are_the_same_in_all_ways(database, line):
    when, *cases = [part.strip() for part in line.split("|")]
    compiled = policy_of(when)
    filled = [(float(a), float(b), NAN, 7.0, 7.0) for a, b, _ in map(str.split, cases)]
    answers = {"yes": (1, 0), "no": (0, 0), "unknown": (0, 1)}
    assert agree(compiled, filled, database) == [answers[case.split()[2]] for case in cases]


def test_sixty_four_rules_use_all_bits_and_a_sixty_fifth_is_refused(database):
    compiled = policy_of(*(f"a >= {i}" for i in range(64)))
    everything = 2**64 - 1
    cases = [(63.0, 0.0, 0.0, 0.0, 0.0), (62.0, 0.0, 0.0, 0.0, 0.0), (NAN, 0.0, 0.0, 0.0, 0.0)]
    assert agree(compiled, cases, database) == [(everything, 0), (everything >> 1, 0), (0, everything)]
    with pytest.raises(PolicyError, match="65 rules"):
        policy_of(*(f"a >= {i}" for i in range(65)))


@pytest.mark.parametrize("count", (1, 7, 8, 9, 33))
def test_any_number_of_rules_keeps_its_bits(database, count):
    compiled = policy_of(*(f"a >= {i}" for i in range(count)))
    agree(compiled, [(float(i) - 0.5, 0.0, 0.0, 0.0, 0.0) for i in range(count + 1)], database)


@pytest.mark.parametrize("rows", (0, 1, FEW_ROWS, FEW_ROWS + 1, 4096, 4097, 9000))
def test_batches_of_any_size_agree_with_rows(rows):
    random = np.random.default_rng(rows)
    cases = random.choice(np.array([*EVEN, *ODD]), (rows, len(COLUMNS)))
    compiled = policy_of("a > b", "a / c > 1", "max(a, d) * 2 <= b or c == 1", "not 0 < d < 3")
    hits, unknown = compiled.columns(cases)
    expected = [compiled.row(case) for case in cases.tolist()]
    assert list(zip(hits.tolist(), unknown.tolist(), strict=True)) == expected


def test_columns_laid_out_in_any_way_give_the_same():
    cases = np.random.default_rng(5).choice(np.array(EVEN), (500, len(COLUMNS)))
    compiled = policy_of("a > b", "a - c > 1")
    expected = compiled.columns(cases)[0].tolist()
    assert compiled.columns(np.asfortranarray(cases))[0].tolist() == expected
    wide = np.repeat(cases, 2, axis=0)
    assert compiled.columns(wide[::2])[0].tolist() == expected


def test_an_unread_column_may_be_missing():
    compiled = policy_of("a > b")
    assert compiled.row((2.0, 1.0, NAN, NAN, NAN)) == (1, 0)


def test_only_the_rules_that_read_the_missing_value_are_unknown(database):
    compiled = policy_of("a > 0", "b > 0", "a > 0 and b > 0", "c > 0")
    assert agree(compiled, [(NAN, 1.0, 1.0, 1.0, 1.0)], database) == [(0b1010, 0b0101)]


def test_rows_and_cases_of_another_width_are_refused():
    compiled = policy_of("a > 0")
    for values in ((1.0,) * 4, (1.0,) * 6):
        with pytest.raises(ValueError, match="unpack"):
            compiled.row(values)
    for cases in (np.zeros((3, 4)), np.zeros(5), np.zeros((3, 5), np.float32), np.zeros((3, 5), np.int64)):
        with pytest.raises(ValueError, match=r"cases must be float64\[n, 5\]"):
            compiled.columns(cases)


def test_sql_reads_null_as_missing_and_whole_numbers_as_numbers(database):
    compiled = policy_of("a > b", "a - b > 3")
    database.execute("CREATE OR REPLACE TABLE other (seq INT, a BIGINT, b DECIMAL(10, 2), c INT, d INT)")
    database.execute("INSERT INTO other VALUES (1, 5, 1.5, 0, 0), (2, NULL, 1.5, 0, 0), (3, 5, 5, 0, 0)")
    found = database.execute(f"{compiled.sql('other')} ORDER BY seq").fetchall()
    assert found == [(1, 3, 0), (2, 0, 3), (3, 0, 0)]


def test_sql_does_not_depend_on_how_the_database_divides(database):
    compiled = policy_of("a / b > 1", "a * b > 1")
    database.execute("SET ieee_floating_point_ops = false")
    try:
        cases = [(a, b, 0.0, 0.0, 0.0) for a, b in ((1.0, 0.0), (1e308, 1e308), (4.0, 2.0))]
        assert agree(compiled, cases, database) == [(0, 1), (0, 2), (3, 0)]
    finally:
        database.execute("SET ieee_floating_point_ops = true")


NOT_RELATIONS = (
    "cases; DROP TABLE cases",
    "(SELECT 1)",
    'ca"ses',
    "",
    "a.b.c.d",
    "cases -- x",
    "cases\n",
    "ｃ",
)


@pytest.mark.parametrize("relation", NOT_RELATIONS)
def test_sql_takes_only_plain_names_of_relations(relation):
    with pytest.raises(ValueError, match="plain name"):
        policy_of("a > 0").sql(relation)


def test_deep_calculations_make_short_sql():
    compiled = policy_of("a * b + c / d > 0", "a" + " * b" * 17 + " > 1")
    assert len(compiled.sql("cases")) < 6_000
