"""The house rules that a linter does not know: each with its reason. Run: python tools/tidy.py [FILE ...]

`tests/test_tidy.py` runs them over the project and plants an error for each. Exceptions stand there.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import NamedTuple

FUNCTION_LINES = 50
FILE_LINES = 400
ARGUMENTS = 6
COMPLEXITY = 10

Function = ast.FunctionDef | ast.AsyncFunctionDef
COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp
BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case)
VAGUE = ("utils", "util", "helpers", "helper", "common", "manager", "base", "service", "misc", "stuff")
BROAD = ("Exception", "BaseException")
NOW = ("now", "utcnow", "today", "time", "time_ns")
UNSAFE = ("pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib")
COMMITTERS = ("self", "bank", "_bank", "store", "_store")
FLOATING = ("features", "learning", "models", "simulation/city")
FLOATS_ARE_FINE = tuple(f"src/jingwei/{room}/" for room in FLOATING)
TEXT_FILES = (".py", ".md", ".toml", ".txt", ".yml", ".yaml", ".json", ".html", ".css", ".js", ".sql", "")


class Finding(NamedTuple):
    """One breach: the file, the name it is about (function, class, import), the line and what is wrong."""

    path: str
    name: str
    line: int
    says: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.name}: {self.says}"


class Source:
    """One file of the project: its path from the root, its text and, for Python, its tree."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self.text = path, text

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed module; empty for other files."""
        return ast.parse(self.text if self.path.endswith(".py") else "")

    @cached_property
    def functions(self) -> list[Function]:
        """Every function and method, nested ones too."""
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    def around(self, line: int) -> str:
        """Name of the innermost function that holds a line, or "module"."""
        holding = [node for node in self.functions if node.lineno <= line <= (node.end_lineno or line)]
        return max(holding, key=lambda node: node.lineno).name if holding else "module"

    def finding(self, name: str, line: int, says: str) -> Finding:
        """A breach in this file."""
        return Finding(self.path, name, line, says)


class Rule(NamedTuple):
    """A house rule: its name, where it applies (path beginnings), its reason, and what finds breaches."""

    name: str
    places: tuple[str, ...]
    reason: str
    check: Callable[[Source], Iterator[Finding]]

    def findings(self, source: Source) -> list[Finding]:
        """Breaches in one file; none where the rule does not apply."""
        return list(self.check(source)) if source.path.startswith(self.places) else []


def function_lines(source: Source) -> Iterator[Finding]:
    """Functions longer than the limit, from `def` to the last line."""
    for node in source.functions:
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > FUNCTION_LINES:
            yield source.finding(node.name, node.lineno, f"{lines} lines, at most {FUNCTION_LINES}")


def file_lines(source: Source) -> Iterator[Finding]:
    """Python files longer than the limit."""
    lines = source.text.count("\n")
    if source.path.endswith(".py") and lines > FILE_LINES:
        yield source.finding("file", lines, f"{lines} lines, at most {FILE_LINES}")


def arguments(source: Source) -> Iterator[Finding]:
    """Functions with too many arguments, `self` and `cls` aside."""
    for node in source.functions:
        names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        count = len([name for name in names if name not in ("self", "cls")])
        if count > ARGUMENTS:
            yield source.finding(node.name, node.lineno, f"{count} arguments, at most {ARGUMENTS}")


def complexity(source: Source) -> Iterator[Finding]:
    """Functions with too many ways through: one, and one more for each branch, loop, handler and case."""
    for node in source.functions:
        ways = 1 + sum(isinstance(inner, BRANCHES) for inner in ast.walk(node))
        if ways > COMPLEXITY:
            yield source.finding(node.name, node.lineno, f"complexity {ways}, at most {COMPLEXITY}")


def first_line(source: Source) -> Iterator[Finding]:
    """Python files that do not open with a docstring saying what they are for."""
    body = source.tree.body
    opens = source.text.removeprefix("#!/usr/bin/env python3\n").startswith('"""')
    if source.path.endswith(".py") and not (opens and ast.get_docstring(source.tree) and body):
        yield source.finding("file", 1, "the first line is no docstring")


def file_names(source: Source) -> Iterator[Finding]:
    """Files and folders named for nothing in particular."""
    path = PurePosixPath(source.path)
    for part in (*path.parent.parts, path.stem):
        if part in VAGUE or part.endswith(tuple(f"_{word}" for word in VAGUE)):
            yield source.finding(part, 1, "says nothing about what is inside; name it after its noun")


def documented(source: Source) -> Iterator[Finding]:
    """Public functions and classes of a module without a docstring."""
    for node in source.tree.body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None:
            yield source.finding(node.name, node.lineno, "has no docstring")


def broad_except(source: Source) -> Iterator[Finding]:
    """Handlers that catch anything and do not raise it again."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ExceptHandler) or _raises_again(node):
            continue
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        if any(kind is None or (isinstance(kind, ast.Name) and kind.id in BROAD) for kind in caught):
            yield source.finding(source.around(node.lineno), node.lineno, "catches anything, tells nobody")


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _is_minor(node: ast.AST) -> bool:
    """Whether an expression is a name or attribute that holds minor units."""
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name.endswith("_minor")


def float_money(source: Source) -> Iterator[Finding]:
    """Money typed as float, turned into float, or divided with a rest that a float would lose."""
    conversions = source.path.startswith("src/") and not source.path.startswith(FLOATS_ARE_FINE)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.arg) and node.arg.endswith("_minor") and _says_float(node.annotation):
            yield source.finding(node.arg, node.lineno, "money is typed as float")
        elif isinstance(node, ast.AnnAssign) and _is_minor(node.target) and _says_float(node.annotation):
            yield source.finding(ast.unparse(node.target), node.lineno, "money is typed as float")
        elif conversions and _is_float_of_money(node):
            yield source.finding(ast.unparse(node)[:60], getattr(node, "lineno", 0), "money becomes a float")


def _says_float(annotation: ast.expr | None) -> bool:
    return annotation is not None and "float" in ast.unparse(annotation)


def _is_float_of_money(node: ast.AST) -> bool:
    """Whether this is float(x_minor) or a true division by or of minor units."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float":
        return any(_is_minor(inner) for argument in node.args for inner in ast.walk(argument))
    division = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
    return division and any(_is_minor(side) for side in ast.iter_child_nodes(node))


def clock(source: Source) -> Iterator[Finding]:
    """Reading the machine's clock anywhere but in the clock."""
    if source.path == "src/jingwei/kernel/clock.py":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in NOW:
            owner = ast.unparse(node.value)
            if owner.split(".")[-1] in ("datetime", "date", "time"):
                yield source.finding(f"{owner}.{node.attr}", node.lineno, "reads the clock; take a Clock")
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            for alias in node.names:
                if alias.name in NOW:
                    yield source.finding(f"time.{alias.name}", node.lineno, "reads the clock; take a Clock")


def commits(source: Source) -> Iterator[Finding]:
    """Committing a transaction outside the stores. (`bank.commit` and `store.commit` hand work to them.)"""
    if source.path.startswith("src/jingwei/stores/"):
        return
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner, said = ast.unparse(node.func.value), _said(node)
        by_call = node.func.attr == "commit" and owner.split(".")[-1] not in COMMITTERS
        by_text = node.func.attr.startswith("execute") and said.startswith(("commit", "end transaction"))
        if by_call or by_text:
            yield source.finding(owner, node.lineno, "commits; only a store does")


def _said(call: ast.Call) -> str:
    """The text a call is given first, if it is written there."""
    first = call.args[0] if call.args else None
    return str(first.value).strip(" ;").lower() if isinstance(first, ast.Constant) else ""


def unsafe(source: Source) -> Iterator[Finding]:
    """Running text as code, or loading objects that can run code."""
    for node in ast.walk(source.tree):
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Name) and called.id in ("eval", "exec"):
            yield source.finding(called.id, called.lineno, "runs text as code")
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            if name.split(".")[0] in UNSAFE:
                yield source.finding(name, getattr(node, "lineno", 0), "loads objects that can run code")


def future(source: Source) -> Iterator[Finding]:
    """Modules with annotations that do not take them lazily, as all others do."""
    imports = [node for node in source.tree.body if isinstance(node, ast.ImportFrom)]
    typed = any(isinstance(node, Function | ast.ClassDef | ast.AnnAssign) for node in source.tree.body)
    if typed and not any(node.module == "__future__" for node in imports):
        yield source.finding("file", 1, "lacks `from __future__ import annotations`")


def hidden(source: Source) -> Iterator[Finding]:
    """Comprehensions whose variable is also a name that an inner function takes from outside.

    From Python 3.12 on a comprehension is part of its function, and the inner function finds its variable.
    """
    for function in source.functions:
        held = list(_within(function))
        inner = [node for node in held if isinstance(node, Function | ast.Lambda)]
        taken = {name for node in inner for name in _names(node, ast.Load) - _bound(node)}
        own = {one.id for one in held if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
        own |= {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)}
        own |= {node.name for node in inner if isinstance(node, Function)}
        for node in held:
            if isinstance(node, COMPREHENSIONS):
                variables = {name for one in node.generators for name in _names(one.target, ast.Store)}
                for name in sorted(variables & taken - own):
                    yield source.finding(function.name, node.lineno, f"{name} hides what is taken inside")


def _within(function: Function) -> Iterator[ast.AST]:
    """What a function holds itself: not what its inner functions hold, nor what comprehensions do."""
    left = list(ast.iter_child_nodes(function))
    while left:
        node = left.pop()
        yield node
        if not isinstance(node, Function | ast.Lambda | COMPREHENSIONS):
            left += ast.iter_child_nodes(node)


def _names(node: ast.AST, how: type[ast.expr_context]) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, how)}


def _bound(inner: Function | ast.Lambda) -> set[str]:
    """The names an inner function gives a meaning of its own anywhere."""
    given = {one.arg for one in ast.walk(inner) if isinstance(one, ast.arg)}
    caught = {one.name for one in ast.walk(inner) if isinstance(one, ast.ExceptHandler) and one.name}
    return _names(inner, ast.Store) | given | caught


def shelves(source: Source) -> Iterator[Finding]:
    """Opening a trade's shelf (its SQL) from anywhere but the bank."""
    if source.path == "src/jingwei/bank.py":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and re.search(r"\.domains\.\w+(\.shelf)?$", node.module or ""):
            names = [alias.name for alias in node.names]
            if (node.module or "").endswith(".shelf") or "shelf" in names:
                yield source.finding(node.module or "", node.lineno, "opens a shelf; only the bank does")


def _lines(source: Source, pattern: re.Pattern[str], says: str) -> Iterator[Finding]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := pattern.search(line):
            yield source.finding(found[0], number, says)


_LATER = re.compile(rf"\b({'TO'}{'DO'}|{'FIX'}{'ME'}|{'HA'}{'CK'})\b")
_PLACES = re.compile(rf"(?<![\w.])/({'|'.join(('wo' + 'rk', 'ro' + 'ot', 't' + 'mp', 'ho' + 'me'))})(?=/|\b)")


def unfinished(source: Source) -> Iterator[Finding]:
    """Notes to do something later."""
    return _lines(source, _LATER, "do it, or open an issue")


def machine_paths(source: Source) -> Iterator[Finding]:
    """Paths of one machine."""
    return _lines(source, _PLACES, "is a path of one machine")


PYTHON = ("src/", "tools/", "bench/", "tests/")
PRODUCT = ("src/", "tools/", "bench/")
RULES = (
    Rule("function_lines", PYTHON, "what does not fit on a screen is not understood at once", function_lines),
    Rule("file_lines", PYTHON, "a file is one idea", file_lines),
    Rule("arguments", PYTHON, "many arguments are an unnamed thing", arguments),
    Rule("complexity", PYTHON, "each way through needs a test", complexity),
    Rule("first_line", PYTHON, "whoever opens a file learns first what it is for", first_line),
    Rule("file_names", ("",), "a name that fits everything gathers everything", file_names),
    Rule("documented", PRODUCT, "what others may call says what it takes and gives", documented),
    Rule("broad_except", ("src/", "tools/"), "a swallowed bug is money lost silently", broad_except),
    Rule("float_money", PYTHON, "a float cannot hold a cent", float_money),
    Rule("clock", ("src/", "tools/"), "what reads the clock cannot be replayed", clock),
    Rule("commits", ("src/",), "all or nothing holds only where one place commits", commits),
    Rule("unsafe", PYTHON, "data must never become code", unsafe),
    Rule("future", PYTHON, "one way of writing types", future),
    Rule("hidden", PYTHON, "one name means one thing, on every version of Python", hidden),
    Rule("shelves", ("src/",), "only the bank reads and writes a trade's tables", shelves),
    Rule("unfinished", ("",), "a note in a file is a promise nobody keeps", unfinished),
    Rule("machine_paths", ("",), "it must run on any machine", machine_paths),
)


def project_files(root: Path) -> Iterator[Source]:
    """Every text file of the project that git keeps or would keep."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=root, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in sorted(set(names)):
        file = root / name
        if file.suffix in TEXT_FILES and file.is_file():
            yield Source(name, file.read_text("utf-8"))


def main(names: list[str]) -> int:
    """Print every breach in the files named, or in all; return how the run ends (1: something found)."""
    root = Path(__file__).resolve().parents[1]
    found = 0
    for source in project_files(root):
        if names and source.path not in names:
            continue
        for rule in RULES:
            for finding in rule.findings(source):
                found += 1
                print(f"{finding}  [{rule.name}: {rule.reason}]")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
