"""The house rules hold everywhere, exceptions have reasons, and each rule is shown to catch an error."""

from __future__ import annotations

import ast
import importlib
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from string import Formatter
from typing import NamedTuple

import pytest

import jingwei
import tidy

ROOT = Path(__file__).resolve().parents[1]


class Exempt(NamedTuple):
    """One breach that stays: which rule, which file, which name, and why. The list only shrinks."""

    rule: str
    path: str
    name: str
    reason: str


EXCEPTIONS: tuple[Exempt, ...] = (
    Exempt(
        "broad_except",
        "src/jingwei/bank.py",
        "do_each",
        "a bug met by one waiting request is handed to that request and spares the others in its batch",
    ),
)


@cache
def sources() -> tuple[tidy.Source, ...]:
    return tuple(tidy.project_files(ROOT))


@cache
def breaches(rule: tidy.Rule) -> tuple[tidy.Finding, ...]:
    return tuple(finding for source in sources() for finding in rule.findings(source))


@pytest.mark.parametrize("rule", tidy.RULES, ids=lambda rule: rule.name)
def test_rule(rule):
    exempt = {(one.path, one.name) for one in EXCEPTIONS if one.rule == rule.name}
    found = [str(finding) for finding in breaches(rule) if (finding.path, finding.name) not in exempt]
    assert not found, f"{rule.reason}:\n" + "\n".join(found)


@pytest.mark.parametrize("one", EXCEPTIONS, ids=lambda one: f"{one.rule}-{one.path}-{one.name}")
def test_exception_is_still_needed(one):
    rule = next(rule for rule in tidy.RULES if rule.name == one.rule)
    assert one.reason
    assert (one.path, one.name) in {(finding.path, finding.name) for finding in breaches(rule)}, "remove it"


def test_the_rules_look_at_the_project():
    seen = {source.path for source in sources()}
    assert {"src/jingwei/kernel/money.py", "tools/tidy.py", "tests/test_tidy.py", "pyproject.toml"} <= seen
    assert len([path for path in seen if path.startswith("src/jingwei/")]) > 20


DOC = '"""It says what it is for."""\n'
FUTURE = DOC + "from __future__ import annotations\n"
LONG = "def long():\n" + "    x = 1\n" * 49
PLANTED = (
    ("function_lines", "src/jingwei/a.py", LONG + "    x = 2\n", LONG),
    ("file_lines", "src/jingwei/a.py", "#\n" * 401, "#\n" * 400),
    ("arguments", "src/jingwei/a.py", "def f(a, b, c, *, d, e, f, g): 1", "def f(self, a, b, c, d, e, f): 1"),
    ("complexity", "src/jingwei/a.py", "def f():\n" + " if x: ...\n" * 10, "def f():\n" + " if x: ...\n" * 9),
    ("first_line", "src/jingwei/a.py", "x = 1\n", DOC),
    ("first_line", "src/jingwei/a.py", "\n" + DOC, DOC),
    ("file_names", "src/jingwei/utils.py", "", None),
    ("file_names", "src/jingwei/money_helpers.py", "", None),
    ("file_names", "src/jingwei/common/money.py", "", None),
    ("documented", "src/jingwei/a.py", "def f(): ...", 'def f(): "it does"\ndef _g(): ...'),
    ("documented", "src/jingwei/a.py", "class A: ...", 'class A: "it is"'),
    ("broad_except", "src/jingwei/a.py", "try: ...\nexcept: ...", "try: ...\nexcept ValueError: ..."),
    ("broad_except", "src/jingwei/a.py", "try: ...\nexcept (OSError, Exception) as e: ...", None),
    ("broad_except", "src/jingwei/a.py", "try: x\nexcept Exception: pass", "try: x\nexcept Exception: raise"),
    ("float_money", "src/jingwei/a.py", "def f(fee_minor: float): ...", "def f(fee_minor: int): ..."),
    ("float_money", "src/jingwei/a.py", "class A:\n fee_minor: float | None", "class A:\n rate: float = 0.1"),
    ("float_money", "src/jingwei/a.py", "x = float(a.fee_minor)", "x = float(a.rate)"),
    ("float_money", "src/jingwei/a.py", "x = fee_minor / 100", "x = fee_minor // 100"),
    ("clock", "src/jingwei/a.py", "x = datetime.now()", "x = clock.now()"),
    ("clock", "src/jingwei/a.py", "x = datetime.datetime.utcnow()", "x = time.perf_counter()"),
    ("clock", "src/jingwei/a.py", "x = time.time()", "x = time.monotonic()"),
    ("clock", "src/jingwei/a.py", "from time import time_ns", "from time import sleep"),
    ("clock", "src/jingwei/a.py", "x = date.today()", None),
    ("commits", "src/jingwei/bank.py", "self._connection.commit()", "self._store.commit(writes)"),
    ("commits", "src/jingwei/bank.py", "db.execute('COMMIT')", "db.execute('SELECT 1')"),
    ("unsafe", "src/jingwei/a.py", "eval(text)", "evaluate(text)"),
    ("unsafe", "src/jingwei/a.py", "exec(text)", None),
    ("unsafe", "src/jingwei/a.py", "import pickle", "import json"),
    ("unsafe", "src/jingwei/a.py", "from joblib import load", None),
    ("future", "src/jingwei/a.py", DOC + "x: int = 1\n", FUTURE + "x: int = 1\n"),
    (
        "hidden", "src/jingwei/a.py",
        "def f(own):\n def g():\n  x = [own for own in 'ab']\n  return lambda: own(x)",
        "def f(own):\n def g():\n  x = [one for one in 'ab']\n  return lambda: own(x)",
    ),
    (
        "hidden", "src/jingwei/a.py",
        "def g():\n x = {own: 1 for own in 'ab'}\n def h(): return own\n return h",
        "def g():\n x = {own: 1 for own in 'ab'}\n def h(own): return own\n return h",
    ),
    ("shelves", "src/jingwei/learning/a.py", "from jingwei.domains.a import shelf", "import jingwei.a"),
    ("shelves", "src/jingwei/journeys/a.py", "from jingwei.domains.fraud.shelf import save", None),
    ("unfinished", "docs/a.md", "TO" + "DO: write this", "to do: write this"),
    ("unfinished", "src/jingwei/a.py", "x = 1  # FIX" + "ME", None),
    ("machine_paths", "docs/a.md", "see /wo" + "rk/shared/x", "see ../shared/x"),
    ("machine_paths", "Makefile", "cp a /tm" + "p/b", "cp a https://example.com/work"),
)


@pytest.mark.parametrize(("name", "path", "bad", "good"), PLANTED)
def test_a_planted_error_is_found(name, path, bad, good):
    rule = next(rule for rule in tidy.RULES if rule.name == name)
    assert rule.findings(tidy.Source(path, bad))
    if good is not None:
        assert not rule.findings(tidy.Source(path, good))


def test_every_rule_has_a_planted_error():
    assert {name for name, *_ in PLANTED} == {rule.name for rule in tidy.RULES}


def test_a_store_may_commit_and_the_clock_may_read_the_time():
    rules = {rule.name: rule for rule in tidy.RULES}
    assert not rules["commits"].findings(tidy.Source("src/jingwei/stores/a.py", "db.commit()"))
    assert not rules["clock"].findings(tidy.Source("src/jingwei/kernel/clock.py", "time.time_ns()"))
    assert not rules["float_money"].findings(tidy.Source("src/jingwei/features/a.py", "float(a_minor)"))


# ---- The walls: import contracts, and that each of them can fall

BREAKING = {
    "No trade imports another": ("domains/aaa/__init__.py", "import jingwei.domains.fraud"),
    "No import circles": ("audit/aaa.py", "import jingwei.audit.bbb"),
    "What decides does no input": ("ledger/aaa.py", "import sqlite3"),
    "The kernel stays light": ("kernel/aaa.py", "import numpy"),
    "Imports point down only": ("models/aaa.py", "import jingwei.features"),
}


def _lint(folder: Path) -> str:
    program = Path(sys.executable).with_name("lint-imports")
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "COLUMNS": "200"}
    run = [program, "--no-cache", "--config", "pyproject.toml"]
    done = subprocess.run(run, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.stdout


def test_every_wall_can_fall(tmp_path):
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, code in (*BREAKING.values(), ("audit/bbb.py", "import jingwei.audit.aaa")):
        file = tmp_path / "src" / "jingwei" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(code)
    told = _lint(tmp_path)
    kept = [line for line in told.splitlines() if line.endswith("KEPT")]
    broken = [line for line in told.splitlines() if line.endswith("BROKEN")]
    assert not kept, told
    for wall in BREAKING:
        assert any(line.startswith(wall) for line in broken), told


def test_a_new_room_must_be_given_its_place(tmp_path):
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "src" / "jingwei" / "attic.py").write_text("")
    assert "jingwei.attic" in _lint(tmp_path)


# ---- Words: every code worded in both languages, every sentence its own

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@cache
def modules() -> tuple[str, ...]:
    """Every module of the bank, imported, so that all of them have declared their words."""
    names = tuple(found.name for found in pkgutil.walk_packages(jingwei.__path__, "jingwei."))
    for name in names:
        if not name.endswith("__main__"):
            importlib.import_module(name)
    return names


def _blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_refusal_is_worded_in_both_languages():
    modules()
    from jingwei.kernel.refusal import REFUSALS

    assert len(REFUSALS) > 10
    for code, words in REFUSALS.items():
        assert re.fullmatch(r"[a-z][a-z0-9_]+", code)
        assert words.en and not CHINESE.search(words.en), code
        assert CHINESE.search(words.zh), code
        assert _blanks(words.en) == _blanks(words.zh), f"{code}: other blanks in one language"


def test_every_refusal_made_is_declared():
    modules()
    from jingwei.kernel.refusal import REFUSALS

    made = {
        (node.args[0].value, source.path)
        for source in sources()
        if source.path.startswith("src/")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Refusal")
        if node.args and isinstance(node.args[0], ast.Constant)
    }
    assert len(made) > 10
    assert not [(code, path) for code, path in made if code not in REFUSALS]


def _rules_in(table: object) -> list[dict[str, str]]:
    """Every table with a `says` in a parsed TOML file, at any depth."""
    below = table.values() if isinstance(table, dict) else table if isinstance(table, list) else ()
    here = [table] if isinstance(table, dict) and "says" in table else []
    return here + [rule for inner in below for rule in _rules_in(inner)]


def test_every_reason_is_worded_in_both_languages_and_no_sentence_serves_two():
    said: dict[str, str] = {}
    for file in sorted((ROOT / "src").rglob("*.toml")):
        for rule in _rules_in(tomllib.loads(file.read_text("utf-8"))):
            code = rule.get("code", rule.get("name", "?"))
            assert rule["says"] and not CHINESE.search(rule["says"]), (file.name, code)
            assert CHINESE.search(rule.get("says_zh", "")), (file.name, code)
            for sentence in (rule["says"], rule["says_zh"]):
                assert said.setdefault(sentence, code) == code, (file.name, code, sentence)
    assert said


def test_every_feature_says_something_of_its_own_in_both_languages():
    from jingwei.features.definition import Derived, Feature

    shelves = [value for name in modules() for value in vars(sys.modules.get(name, jingwei)).values()]
    named = {
        id(feature): feature
        for value in shelves
        for feature in (value if isinstance(value, tuple | list) else (value,))
        if isinstance(feature, Feature | Derived)
    }
    told: dict[str, str] = {}
    for feature in named.values():
        assert feature.says and not CHINESE.search(feature.says), feature.name
        assert CHINESE.search(feature.says_zh), feature.name
        for sentence in (feature.says, feature.says_zh):
            assert told.setdefault(sentence, feature.name) == feature.name, sentence
    assert len(told) > 20


# ---- Documents: what can be asked or set stands in them


@cache
def documents() -> str:
    return "\n".join(s.text for s in sources() if s.path.endswith(".md"))


def test_every_setting_is_documented():
    code = "\n".join(s.text for s in sources() if s.path.startswith("src/"))
    settings = sorted(set(re.findall(r"\bJINGWEI_[A-Z_]+\b", code)))
    assert not [name for name in settings if name not in documents()]


def _commands(command: object, path: str) -> list[str]:
    below = getattr(command, "commands", {})
    return [name for word, inner in below.items() for name in _commands(inner, f"{path} {word}")] or [path]


def test_every_command_is_documented():
    cli = pytest.importorskip("jingwei.channels.cli")
    import typer

    commands = _commands(typer.main.get_command(cli.app), "jingwei")
    assert len(commands) > 5
    spoken = re.sub(r"jingwei( --\S+( [A-Z]+)?)+", "jingwei", documents())
    assert not [command for command in commands if command not in spoken]
