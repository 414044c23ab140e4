"""Reads a rule's condition (`fraud_score >= 0.90 and customer_count_1h > 5`) into our own tree, strictly.

The language: numbers, column names, + - * /, min max abs, < <= > >= == != (also chained, as in
`0.5 <= fraud_score < 0.9`), and, or, not, parentheses. Nothing else. The text is first cut into
known words and signs (anything else is refused there), then parsed with Python's own grammar,
then every node is checked against a list and copied into our tree. Text is never evaluated.
"""

from __future__ import annotations

import ast
import difflib
import keyword
import math
import re
from collections.abc import Sequence

import msgspec

from jingwei.decisions.tree import (
    Arithmetic,
    Comparison,
    Condition,
    Either,
    Every,
    Name,
    Not,
    Number,
    Numeric,
    names,
)

MAX_LENGTH = 1_000
MAX_NODES = 150
MAX_DEPTH = 20
MAX_NUMBER = 1e15
MAX_NAME_LENGTH = 64
FUNCTIONS = {"abs": (1, 1), "min": (2, 8), "max": (2, 8)}
"""Functions a rule may use, each with the fewest and most numbers it takes."""

ALLOWED = "allowed: column names, numbers, + - * /, < <= > >= == !=, and, or, not, min, max, abs, ( )"
_WORD = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)|(?P<number>[0-9][0-9_]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<other>\*\*|//|<<|>>|<>)|(?P<sign><=|>=|==|!=|[-+*/<>(),])",
    re.ASCII,
)
_ARITHMETIC: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARISON: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


class ExpressionError(ValueError):
    """A condition that cannot be read: what is wrong, and where (`line` and `column` count from 1)."""

    def __init__(self, problem: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"line {line}, column {column}: {problem}")
        self.problem, self.line, self.column = problem, line, column


class Expression(msgspec.Struct, frozen=True):
    """A condition that was read: its text, its tree, and the columns it reads in reading order."""

    text: str
    tree: Condition
    reads: tuple[str, ...]


def parse(text: str, known: Sequence[str] | None = None) -> Expression:
    """Read a condition; with `known`, refuse names that are not among these columns.

    Raises ExpressionError with line, column, what is wrong and what would be accepted.
    """
    if not isinstance(text, str):
        raise ExpressionError(f"a condition is text, not {type(text).__name__}")
    return _Reader(text, known).read()


def nearest(name: str, known: Sequence[str]) -> str:
    """A hint for an unknown name: the closest known one, or some that exist."""
    close = difflib.get_close_matches(name[:MAX_NAME_LENGTH], known, 1, 0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known: {', '.join(sorted(known)[:12])}{', ...' if len(known) > 12 else ''}"


class _Reader:
    """One reading of one text; holds it so that errors can name the place."""

    def __init__(self, text: str, known: Sequence[str] | None) -> None:
        self.text = text
        self.known = known
        self.nodes = 0
        self.start = 0

    def read(self) -> Expression:
        self._check_words()
        flat = re.sub(r"[ \t\r\n]", " ", self.text)
        self.start = len(flat) - len(flat.lstrip())
        try:
            body = ast.parse(flat.strip(), "rule", mode="eval").body
        except SyntaxError as error:
            offset = (error.offset or 1) - 1 + self.start
            raise self._error(f"this does not read as a condition ({error.msg}); {ALLOWED}", offset) from None
        except (RecursionError, MemoryError):
            raise self._error("nested too deeply; write two rules", self.start) from None
        tree = self._condition(body, 1)
        reads = names(tree)
        if not reads:
            raise self._error("the condition reads no column, so it is the same for everyone", self.start)
        return Expression(self.text, tree, reads)

    # --- where ---

    def _error(self, problem: str, offset: int) -> ExpressionError:
        before = self.text[: max(0, offset)]
        line = before.count("\n") + 1
        return ExpressionError(problem, line, len(before) - (before.rfind("\n") + 1) + 1)

    def _at(self, node: ast.expr, problem: str) -> ExpressionError:
        return self._error(problem, node.col_offset + self.start)

    def _written(self, node: ast.expr) -> str:
        return self.text[self.start :][node.col_offset : node.end_col_offset]

    # --- words and signs ---

    def _check_words(self) -> None:
        if not self.text.strip():
            raise ExpressionError(f"the condition is empty; {ALLOWED}")
        if len(self.text) > MAX_LENGTH:
            raise ExpressionError(f"the condition has {len(self.text)} characters; at most {MAX_LENGTH}")
        offset, depth, before = 0, 0, ""
        while offset < len(self.text):
            found = _TOKEN.match(self.text, offset)
            if found is None or found["other"]:
                sign = found[0] if found else self.text[offset]
                raise self._error(f"{sign!a} cannot be used; {ALLOWED}", offset)
            kind, token = found.lastgroup or "", found[0]
            if kind == "word":
                self._check_word(token, offset, before)
            depth += (token == "(") - (token == ")")
            if depth > MAX_DEPTH:
                raise self._error(f"nested deeper than {MAX_DEPTH} parentheses", offset)
            offset, before = found.end(), kind

    def _check_word(self, word: str, offset: int, before: str) -> None:
        if before == "number":
            raise self._error(f"a number runs into {word[:20]!r}; write plain numbers such as 0.90", offset)
        if word in ("and", "or", "not"):
            return
        if keyword.iskeyword(word):
            raise self._error(f"{word!r} cannot be used; {ALLOWED}", offset)
        if not _WORD.fullmatch(word) or len(word) > MAX_NAME_LENGTH:
            problem = f"{word[:MAX_NAME_LENGTH]!r} is not a name: lower-case letters, digits and _, "
            raise self._error(problem + f"a letter first, at most {MAX_NAME_LENGTH}", offset)

    # --- nodes ---

    def _enter(self, node: ast.expr, depth: int) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self._at(node, f"more than {MAX_NODES} parts; write two rules")
        if depth > MAX_DEPTH:
            raise self._at(node, f"nested deeper than {MAX_DEPTH}; write two rules")

    def _condition(self, node: ast.expr, depth: int) -> Condition:
        self._enter(node, depth)
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = tuple(self._condition(value, depth + 1) for value in values)
                return Every(parts) if isinstance(op, ast.And) else Either(parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Not(self._condition(operand, depth + 1))
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self._comparison(left, ops, others, depth)
        hint = "compare it with something, as in 'amount_minor > 0'"
        raise self._at(node, f"{self._written(node)[:40]!r} is not a yes or no; {hint}")

    def _comparison(
        self, left: ast.expr, ops: list[ast.cmpop], others: list[ast.expr], depth: int
    ) -> Comparison:
        first = self._numeric(left, depth + 1)
        rest = []
        for op, other in zip(ops, others, strict=True):
            sign = _COMPARISON.get(type(op))
            if sign is None:
                raise self._at(other, f"this comparison cannot be used; {ALLOWED}")
            rest.append((sign, self._numeric(other, depth + 1)))
        return Comparison(first, tuple(rest))

    def _numeric(self, node: ast.expr, depth: int) -> Numeric:
        self._enter(node, depth)
        match node:
            case ast.Constant(value=value):
                return self._number(node, value)
            case ast.Name(id=name):
                return self._name(node, name)
            case ast.BinOp(left=left, op=op, right=right):
                return self._calculation(node, left, op, right, depth)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return _negative(self._numeric(operand, depth + 1))
            case ast.Call():
                return self._call(node, depth)
            case ast.BoolOp() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
                raise self._at(node, "a yes or no stands where a number is needed; join them with and, or")
        raise self._at(node, f"{self._written(node)[:40]!r} cannot be used; {ALLOWED}")

    def _number(self, node: ast.Constant, value: object) -> Number:
        if type(value) not in (int, float):
            raise self._at(node, f"only numbers can be written out; {ALLOWED}")
        assert isinstance(value, int | float)
        if not abs(value) <= MAX_NUMBER:
            raise self._at(node, f"this number is larger than {MAX_NUMBER:.0e}")
        return Number(float(value), self._written(node))

    def _name(self, node: ast.Name, name: str) -> Name:
        if name in FUNCTIONS:
            usage = "abs(a)" if name == "abs" else f"{name}(a, b)"
            raise self._at(node, f"{name} is a function; write {usage}")
        if self.known is not None and name not in self.known:
            raise self._at(node, f"unknown name {name!r}; {nearest(name, self.known)}")
        return Name(name)

    def _calculation(
        self, node: ast.BinOp, left: ast.expr, op: ast.operator, right: ast.expr, depth: int
    ) -> Arithmetic:
        sign = _ARITHMETIC.get(type(op))
        if sign is None:
            raise self._at(node, f"this calculation cannot be used; {ALLOWED}")
        args = (self._numeric(left, depth + 1), self._numeric(right, depth + 1))
        if sign == "/" and isinstance(args[1], Number) and args[1].value == 0.0:
            raise self._at(right, "division by zero")
        return Arithmetic(sign, args)

    def _call(self, node: ast.Call, depth: int) -> Arithmetic:
        name = self._written(node.func)
        if not isinstance(node.func, ast.Name) or name not in FUNCTIONS:
            functions = ", ".join(FUNCTIONS)
            raise self._at(node, f"{name[:40]!r} cannot be called; the functions are {functions}")
        fewest, most = FUNCTIONS[name]
        if node.keywords or not fewest <= len(node.args) <= most:
            takes = "1 number" if most == 1 else f"{fewest} to {most} numbers"
            raise self._at(node, f"{name} takes {takes}, not {len(node.args)}")
        return Arithmetic(name, tuple(self._numeric(arg, depth + 1) for arg in node.args))


def _negative(operand: Numeric) -> Numeric:
    if isinstance(operand, Number) and math.copysign(1.0, operand.value) > 0:
        return Number(-operand.value, f"-{operand.text}")
    return Arithmetic("neg", (operand,))
