"""What the bank is made of: licences of all it installs, nothing unpickled, no secret in the tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
SKIP = {".git", ".venv", "__pycache__", "shared"}
SKIP |= {".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache", ".hypothesis"}

# ---- Licences

PERMISSIVE = re.compile(
    r"\b(apache|mit|bsd|isc|psf|python software foundation|zlib|unlicense|0bsd|cc0|mpl|mozilla)\b",
    re.IGNORECASE,
)
LENDING = {"psycopg": "LGPL: used as a library, unchanged; an extra, not needed for SQLite",
           "psycopg-binary": "LGPL: the same", "psycopg_binary": "LGPL: the same"}  # fmt: skip
"""Licences that ask for more than a notice, each with the reason it may stay."""


Package = metadata.Distribution


def licence(package: metadata.Distribution) -> str:
    """What a package says its licence is: the expression, the classifiers, or the first words of the text."""
    told = package.metadata
    classifiers = [one for one in told.get_all("Classifier") or () if one.startswith("License ::")]
    return " | ".join([told.get("License-Expression") or "", (told.get("License") or "")[:200], *classifiers])


def installed(root: str = "jingwei", extras: tuple[str, ...] = ("postgres",)) -> dict[str, Package]:
    """Everything an install of the bank brings, by name."""
    found: dict[str, Package] = {}
    waiting = [(root, extras)]
    while waiting:
        name, wanted = waiting.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in found:
            continue
        try:
            found[key] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # for another platform
        for line in found[key].requires or ():
            need = Requirement(line)
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in (*wanted, "")):
                waiting.append((need.name, tuple(need.extras)))
    del found[root]
    return found


def not_permissive(packages: dict[str, str]) -> list[str]:
    """Packages whose licence is neither permissive nor excepted with a reason."""
    named = {re.sub(r"[-_.]+", "-", name) for name in LENDING}
    return [name for name, told in packages.items() if not PERMISSIVE.search(told) and name not in named]


def test_every_package_an_install_brings_has_a_permissive_licence() -> None:
    packages = {name: licence(package) for name, package in installed().items()}
    assert {"msgspec", "numpy", "cryptography", "typer", "starlette"} <= set(packages)
    assert not_permissive(packages) == []


def test_a_licence_that_asks_for_more_is_found() -> None:
    planted = {"a": "GPL-3.0-only", "b": "", "c": "AGPL", "d": "SSPL-1.0", "e": "MIT", "f": "Proprietary"}
    assert not_permissive(planted) == ["a", "b", "c", "d", "f"]


# ---- Nothing is unpickled

LOADERS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "pandas.read_pickle"}


def unpickling(source: str) -> list[str]:
    """What of a program could run code from a file of data: imports and calls that unpickle."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [one.name for one in node.names if one.name.partition(".")[0] in LOADERS]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in LOADERS:
            found.append(node.module or "")
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            if not (isinstance(node.value, ast.Constant) and node.value.value is False):
                found.append("allow_pickle")
        elif isinstance(node, ast.Attribute) and node.attr in ("read_pickle", "load_pickle"):
            found.append(node.attr)
    return found


def test_nothing_in_the_bank_unpickles() -> None:
    programs = [*ROOT.glob("src/**/*.py"), *ROOT.glob("tools/*.py")]
    assert len(programs) > 100
    found = {str(path.relative_to(ROOT)): unpickling(path.read_text("utf-8")) for path in programs}
    assert {path: what for path, what in found.items() if what} == {}


PICKLING = ("import pickle", "from joblib import load", "np.load(f, allow_pickle=True)", "pd.read_pickle(f)",
            "import dill as d", "np.load(f, allow_pickle=yes)")  # fmt: skip


@pytest.mark.parametrize("line", PICKLING)
def test_unpickling_is_found(line: str) -> None:
    assert unpickling(line) and not unpickling("np.load(f, allow_pickle=False)")


def test_a_model_file_that_is_a_pickle_is_refused() -> None:
    from jingwei.models.contract import ModelError
    from jingwei.models.kinds import load_model

    with pytest.raises(ModelError):
        load_model(b"\x80\x04}\x94\x8c\x01a\x94K\x01s.")


# ---- No secret in the tree

SECRETS = {
    "a private key": re.compile(rb"-----BEGIN [A-Z ]*PRIVATE" rb" KEY-----"),
    "a cloud key": re.compile(rb"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a personal token": re.compile(rb"\b(gh[pousr]_[A-Za-z0-9]{36}|xox[abpr]-[A-Za-z0-9-]{20,})\b"),
    "a password in an address": re.compile(rb"postgres(ql)?://[A-Za-z0-9_]+:[^@\s{}\"'<.]{6,}@"),
    "a token file": re.compile(rb'"(customer|staff|system):[a-z_]+"\s*:\s*"[A-Za-z0-9_-]{24,}"'),
}


def secrets_in(content: bytes) -> list[str]:
    """What of a file looks like key material."""
    return [name for name, pattern in SECRETS.items() if pattern.search(content)]


def tree() -> Iterator[Path]:
    """Every file of the project, installed and made things aside."""
    for path in sorted(ROOT.rglob("*")):
        if path.is_file() and not SKIP.intersection(path.relative_to(ROOT).parts):
            yield path


def test_no_secret_lies_in_the_tree() -> None:
    files = list(tree())
    assert len(files) > 300
    found = {str(path.relative_to(ROOT)): secrets_in(path.read_bytes()) for path in files}
    assert {path: what for path, what in found.items() if what} == {}
    assert not [path for path in files if path.name in ("tokens.json", "signing.pem", ".env")]


def test_a_planted_secret_is_found(tmp_path: Path) -> None:
    from jingwei.audit.heads import SigningKey
    from jingwei.channels.identity import Tokens

    SigningKey.open(tmp_path / "signing.pem")
    known = Tokens(tmp_path / "tokens.json")
    known.grant("customer:alice")
    assert secrets_in((tmp_path / "signing.pem").read_bytes()) == ["a private key"]
    assert secrets_in((tmp_path / "tokens.json").read_bytes()) == ["a token file"]
    assert secrets_in(b"AKIA" + b"ABCDEFGHIJKLMNOP") == ["a cloud key"]
    assert secrets_in(b"postgresql://bank:" + b"hunter22@db/bank") == ["a password in an address"]
    assert secrets_in(b"gh" + b"p_" + b"a" * 36) == ["a personal token"]
    assert not secrets_in(b"postgresql://... and a public -----BEGIN PUBLIC KEY-----")
