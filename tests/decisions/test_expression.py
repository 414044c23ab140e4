"""The language of rules: what it reads, what it refuses, and how it says so."""

from __future__ import annotations

import time

import pytest

from jingwei.decisions.expression import MAX_DEPTH, MAX_LENGTH, ExpressionError, parse
from jingwei.decisions.meaning import evaluate
from jingwei.decisions.tree import text

COLUMNS = ("fraud_score", "amount_minor", "payments_1h", "hour", "mean", "missing")
NAN = float("nan")
VALUES = dict(zip(COLUMNS, (0.9, 22000.0, 5.0, 3.0, 0.0, NAN), strict=True))

HOLDS = """
fraud_score >= 0.90                                   = yes
fraud_score > 0.90                                    = no
fraud_score <= 0.9                                    = yes
fraud_score < 0.9                                     = no
amount_minor == 22_000                                = yes
amount_minor != 22000                                 = no
amount_minor >= 22000.0 and payments_1h > 5           = no
amount_minor >= 22000 and payments_1h >= 5            = yes
fraud_score > 0.95 or payments_1h > 4                 = yes
not payments_1h > 4                                   = no
not (payments_1h > 5 or hour >= 6)                    = yes
0.5 <= fraud_score < 0.91                             = yes
0.5 <= fraud_score < 0.9                              = no
0 < hour < payments_1h < amount_minor                 = yes
0 < hour < payments_1h < 5                            = no
amount_minor > 4 * payments_1h * 1_000 + 1999         = yes
amount_minor > 4 * payments_1h * 1_000 + 2000         = no
amount_minor - 1 - 1 == 21998                         = yes
amount_minor / payments_1h / 2 == 2200                = yes
amount_minor > (2 + 3) * 4400 - 0.5                   = yes
-hour == -3                                           = yes
--hour == 3                                           = yes
max(hour, payments_1h, 4) == 5                        = yes
min(hour, payments_1h, 4) == 3                        = yes
abs(hour - payments_1h) == 2                          = yes
2.2e4 <= amount_minor <= 2.2e4                        = yes
not not hour == 3                                     = yes
hour == 3 or hour == 4 and payments_1h == 9           = yes
(hour == 3 or hour == 4) and payments_1h == 9         = no
amount_minor / mean > 1                               = unknown
amount_minor / mean > 1 or hour == 3                  = unknown
mean / mean == 1                                      = unknown
missing > 0                                           = unknown
missing != missing                                    = unknown
not missing > 0                                       = unknown
hour == 3 or missing > 0                              = unknown
hour == 4 and missing > 0                             = unknown
"""


@pytest.mark.parametrize("line", HOLDS.strip().splitlines())
def test_a_condition_means_what_it_says(line):
    written, _, expected = line.rpartition(" = ")
    expression = parse(written.strip(), COLUMNS)
    assert evaluate(expression.tree, VALUES) == {"yes": True, "no": False, "unknown": None}[expected.strip()]


@pytest.mark.parametrize("line", HOLDS.strip().splitlines())
def test_writing_a_condition_out_and_reading_it_again_changes_nothing(line):
    tree = parse(line.rpartition(" = ")[0].strip()).tree
    assert parse(text(tree)).tree == tree


def test_a_calculation_that_overflows_is_unknown():
    large = "*".join(["1e15"] * 7)
    assert evaluate(parse(f"hour * ({large}) * ({large}) > 0").tree, VALUES) is True
    assert evaluate(parse(f"hour * ({large}) * ({large}) * ({large}) > 0").tree, VALUES) is None
    assert evaluate(parse(f"1 / (hour * ({large}) * ({large}) * ({large})) < 1").tree, VALUES) is None


REFUSED = {
    # reaching into Python
    "hour.__class__ > 0": "'.'",
    "().__class__ > 0": "'.'",
    "__import__ > 0": "not a name",
    "__import__('os').system('id')": "not a name",
    "_hour > 1": "not a name",
    "Hour > 1": "not a name",
    "exec(hour)": "not a yes or no",
    "exec(hour) > 0": "cannot be called",
    "eval(hour) > 0": "cannot be called",
    "open(hour) > 0": "cannot be called",
    "print(hour) > 0": "cannot be called",
    "hour(1) > 0": "cannot be called",
    "globals() > 0": "cannot be called",
    "getattr(hour, mean) > 0": "cannot be called",
    "max(hour)(mean) > 0": "cannot be called",
    "max(hour, mean)(mean) > 0": "cannot be called",
    "(hour)(mean) > 0": "cannot be called",
    "1(hour) > 0": "cannot be called",
    "max(*hour) > 0": "max takes",
    "max(*hour, 1) > 0": "'*hour' cannot",
    "max(hour, key=mean) > 0": "'='",
    "max(**hour) > 0": "'**'",
    "max() > hour": "max takes",
    "abs(hour, mean) > 0": "abs takes",
    "abs > hour": "abs is a function",
    "min(hour, max) > 0": "max is a function",
    "max(hour, mean, 1, 2, 3, 4, 5, 6, 7) > 0": "2 to 8",
    "lambda: hour": "'lambda'",
    "(lambda hour: hour) > 0": "'lambda'",
    "[hour for hour in hour] > 0": "'['",
    "(hour for hour in hour) > 0": "'for'",
    "{hour} > 0": "'{'",
    "{hour: 1} > 0": "'{'",
    "[hour] > 0": "'['",
    "hour[0] > 0": "'['",
    "f'{hour}' > 0": '"\'"',
    "'text' == hour": '"\'"',
    '"text" == hour': "'\"'",
    "b'x' == hour": '"\'"',
    "(hour := 3) > 0": "':'",
    "hour = 3": "'='",
    "hour > 3; hour": "';'",
    "hour > 3 # note": "'#'",
    "hour if hour > 3 else mean": "'if'",
    "hour > 3 if hour else mean": "'if'",
    "await hour": "'await'",
    "yield hour": "'yield'",
    "hour in (1, 2)": "'in'",
    "hour is 3": "'is'",
    "hour is not mean": "'is'",
    "hour not in mean": "'in'",
    "None > hour": "'None'",
    "True": "'True'",
    "hour > False": "'False'",
    "import os": "'import'",
    "del hour": "'del'",
    "hour > ...": "'.'",
    "hour > Ellipsis": "not a name",
    # operators that are not part of the language
    "hour ** 2 > 1": "'**'",
    "9 ** 9 ** 9 ** 9 > hour": "'**'",
    "hour // 2 > 1": "'//'",
    "hour % 2 == 1": "'%'",
    "hour @ mean > 1": "'@'",
    "hour & 1 > 0": "'&'",
    "hour | 1 > 0": "'|'",
    "hour ^ 1 > 0": "'^'",
    "~hour > 0": "'~'",
    "hour << 40 > 0": "'<<'",
    "hour >> 1 > 0": "'>>'",
    "hour <> 3": "'<>'",
    "hour && mean": "'&'",
    "!hour": "'!'",
    "+hour > 0": "'+hour' cannot",
    # numbers
    "hour > 1e400": "larger than",
    "hour > 1e16": "larger than",
    "hour > " + "9" * 400: "larger than",
    "hour > -1e16": "larger than",
    "hour > 1j": "runs into",
    "hour > 0x10": "runs into",
    "hour > 0b1": "runs into",
    "hour > 0o7": "runs into",
    "hour > 007": "does not read",
    "hour > 1__0": "does not read",
    "hour > 1_": "does not read",
    "hour > .5": "'.'",
    "hour > 5.": "'.'",
    "hour > 1.2.3": "'.'",
    "hour > 1e": "runs into",
    "hour > 3and mean > 1": "runs into",
    "hour > inf": "unknown name 'inf'",
    "hour > nan": "unknown name 'nan'",
    "hour / 0 > 1": "division by zero",
    "hour / 0.0 > 1": "division by zero",
    "hour / -0 > 1": "division by zero",
    # text that is not ASCII, or hides something
    "hour > ٣": "'\\u0663'",
    "hour > ３": "'\\uff13'",
    "ｈour > 3": "'\\uff48'",
    "hоur > 3": "'\\u043e'",
    "小时 > 3": "'\\u5c0f'",
    "hour\u00a0> 3": "'\\xa0'",
    "hour\u200b > 3": "'\\u200b'",
    "hour > 3\u202e": "'\\u202e'",
    "hour > 3\x00": "'\\x00'",
    "\x00": "'\\x00'",
    "hour\x0c> 3": "'\\x0c'",
    "hour > 3 \\\n": "'\\\\'",
    "\ud800 > 3": "'\\ud800'",
    "hour ≥ 3": "'\\u2265'",
    "hour > 3 😀": "'\\U0001f600'",
    # grammar
    "": "empty",
    "  \n ": "empty",
    "hour": "not a yes or no",
    "hour and mean": "not a yes or no",
    "not hour": "not a yes or no",
    "hour + 1": "not a yes or no",
    "3": "not a yes or no",
    "1 < 2": "reads no column",
    "(hour > 1) + 1 > 0": "yes or no stands where a number",
    "(hour > 1) == (mean > 1)": "yes or no stands where a number",
    "max(hour > 1, 2) > 0": "yes or no stands where a number",
    "abs(not hour > 1) > 0": "yes or no stands where a number",
    "-(hour > 1) > 0": "yes or no stands where a number",
    "hour >": "does not read",
    "> hour": "does not read",
    "hour > > 3": "does not read",
    "hour mean > 3": "does not read",
    "(hour > 3": "does not read",
    "hour > 3)": "does not read",
    "hour > 3) or (hour < 2": "does not read",
    "hour > 3 and": "does not read",
    "hour, mean": "not a yes or no",
    "(hour, mean) > 3": "'(hour, mean)' cannot",
    "() > hour": "'()' cannot",
    "horu > 3": "did you mean 'hour'",
    # size
    "(" * 21 + "hour" + ")" * 21 + " > 1": "nested deeper",
    "(" * 480 + "hour > 1" + ")" * 480: "nested deeper",
    "not " * 240 + "hour > 1": "nested deeper",
    "-" * 900 + "hour > 1": "nested deeper",
    "-" * 900 + "hour": "not a yes or no",
    "hour" + " + 1" * 200: "not a yes or no",
    "hour" + " + 1" * 60 + " > 1": "nested deeper",
    "max(hour, " * 21 + "1" + ")" * 21 + " > 1": "nested deeper",
    " or ".join(f"hour == {i}" for i in range(60)): "more than",
    "hour > 1" + " " * MAX_LENGTH: "characters",
    "hour > " + "1" * 100_000: "characters",
    "a" * 65 + " > 1": "not a name",
}


@pytest.mark.parametrize("written", REFUSED, ids=range(len(REFUSED)))
def test_anything_else_is_refused_with_its_place_and_quickly(written):
    started = time.perf_counter()
    with pytest.raises(ExpressionError) as refused:
        parse(written, COLUMNS)
    assert time.perf_counter() - started < 0.25
    assert REFUSED[written] in str(refused.value)
    assert str(refused.value).startswith(f"line {refused.value.line}, column {refused.value.column}: ")
    assert 1 <= refused.value.column <= len(written) + 2


def test_there_are_enough_hostile_texts():
    assert len(REFUSED) >= 130


def test_no_python_object_is_a_condition():
    for thing in (None, 3, b"hour > 1", ["hour > 1"]):
        with pytest.raises(ExpressionError, match="a condition is text"):
            parse(thing)


PLACES = {
    "hour > 3 and horu > 1": (1, 14),
    "hour > 3\n  and horu > 1": (2, 7),
    "hour > 3\nand mean > $": (2, 12),
    "\n\n  hour >= 2 and\n exec(hour) > 1": (4, 2),
    "hour > 3 and mean": (1, 14),
}


@pytest.mark.parametrize(("written", "place"), PLACES.items())
def test_errors_name_line_and_column(written, place):
    with pytest.raises(ExpressionError) as refused:
        parse(written, COLUMNS)
    assert (refused.value.line, refused.value.column) == place


def test_a_name_is_unknown_only_against_known_columns():
    assert parse("horu > 3").reads == ("horu",)
    with pytest.raises(ExpressionError, match="known: amount_minor, fraud_score"):
        parse("zzzzzz > 3", COLUMNS)


def test_a_condition_may_run_over_lines_and_knows_what_it_reads():
    expression = parse("  hour >= 0\n  and\tmean < hour * 2\r\n  and fraud_score > 0.5 ", COLUMNS)
    assert expression.reads == ("hour", "mean", "fraud_score")


def test_nesting_up_to_the_limit_is_read():
    assert parse("(" * MAX_DEPTH + "hour > 1" + ")" * MAX_DEPTH).reads == ("hour",)
    assert parse("hour" + " + 1" * (MAX_DEPTH - 2) + " > 1").reads == ("hour",)
    with pytest.raises(ExpressionError, match="nested deeper"):
        parse("hour" + " + 1" * (MAX_DEPTH - 1) + " > 1")


def test_a_text_of_the_greatest_length_is_read():
    assert parse("hour > 1" + " " * (MAX_LENGTH - 8))
