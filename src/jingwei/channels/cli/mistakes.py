"""User mistakes: what is wrong, where, why and how to fix it; never a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FAILURE, USAGE = 1, 2
"""Exit codes: it could not be done; it was asked for in a way that cannot be read."""

SMALL = 1 << 20
"""Most bytes of a file that people write by hand: a policy, a lesson, a key."""


class Mistake(Exception):
    """Something the person at the keyboard can put right."""

    def __init__(self, what: str, fix: str, *, code: int = FAILURE) -> None:
        super().__init__(what)
        self.what, self.fix, self.code = what, fix, code


FIXES: dict[str, str] = {
    "StoreError": "put right what the message names; `jingwei doctor` checks the whole home",
    "UnsafeStore": "let the bank set up its own store: use another directory with --home",
    "DamagedStore": "restore the last backup of the home; `jingwei doctor` tells what is damaged",
    "CommandError": "shorten or correct what is named; it is kept exactly as written, so it must be right",
    "PolicyError": "correct the line named and run `jingwei policy check FILE` again",
    "ProductError": "correct the line named in the product's file",
    "StreamError": "give a parquet or CSV file with the columns at, customer, terminal, amount_minor",
    "BerkaError": "give the folder that holds the original files (account.asc, trans*.asc, ...)",
    "ModelError": "see the models kept with `jingwei model list`",
    "KeyFileError": "do what the message says, then try again",
    "TokenFileError": "do what the message says, then try again",
    "BackupError": "do what the message says; what was there before is untouched",
    "VaultError": "do what the message says, then try again",
    "ProofError": "run `jingwei audit verify` to see what is damaged",
    "TreeError": "run `jingwei audit verify` to see what is damaged",
    "MoneyError": "write amounts like 12.30 and currencies like CNY",
    "TableError": "put right the file, or name other columns; `jingwei evaluate --help` tells what is read",
    "TrainingError": "choose days that lie inside the data",
}
"""How to fix what rooms below complain about, by the name of their exception."""

SYSTEM: dict[type[OSError], str] = {
    FileNotFoundError: "check the path; it is read from where you run the command",
    PermissionError: "give yourself the right to it (ls -l shows who has), or choose another path",
    IsADirectoryError: "name a file, not a directory",
    NotADirectoryError: "name a directory, not a file",
}


def mistake_of(error: Exception) -> Mistake | None:
    """The mistake behind an exception, or None when it is a bug."""
    if isinstance(error, Mistake):
        return error
    for kind in type(error).__mro__:
        if kind.__name__ in FIXES and kind.__module__.startswith("jingwei."):
            return Mistake(_sentence(str(error)), FIXES[kind.__name__])
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        fix = next(
            (fix for kind, fix in SYSTEM.items() if isinstance(error, kind)),
            "free what is in the way, then try again",
        )
        return Mistake(f"{where}{error.strerror or error}", fix)
    if isinstance(error, UnicodeEncodeError):
        return Mistake("a word of the command line is not UTF-8 text", "write it as UTF-8, then try again")
    if isinstance(error, UnicodeDecodeError):
        return Mistake("the file is not UTF-8 text", "save it as UTF-8, then try again")
    return None


def _sentence(text: str) -> str:
    return text.strip() or "something could not be done"


@contextmanager
def told(as_json: bool) -> Iterator[None]:
    """Turn a mistake into words and an exit code; a bug goes through with its traceback."""
    try:
        yield
    except Exception as error:
        if (mistake := mistake_of(error)) is not None:
            tell(mistake, as_json)
            sys.exit(mistake.code)
        raise


def tell(mistake: Mistake, as_json: bool) -> None:
    """Say on stderr what is wrong and how to fix it; with --json also as the last line on stdout."""
    print(f"Error: {seen(mistake.what)}\nFix:   {seen(mistake.fix)}", file=sys.stderr)
    if as_json:
        import msgspec

        body: dict[str, Any] = {
            "error": {"what": mistake.what, "fix": mistake.fix, "exit_code": mistake.code}
        }
        print(msgspec.json.encode(body).decode(), flush=True)


def seen(text: object) -> str:
    """The text as a terminal may show it: nothing it acts on, and no line that could pass for ours."""
    lines = str(text).split("\n")
    return "\n       ".join("".join(c if c.isprintable() else ascii(c)[1:-1] for c in line) for line in lines)


def existing(path: Path, what: str, most: int = 0) -> Path:
    """The path of a file that is there and can be read, of at most so many bytes (0: any). Raises Mistake."""
    if path.is_dir():
        raise Mistake(f"{path} is a directory, not {what}", f"name the file of {what} itself", code=USAGE)
    if not path.exists():
        raise Mistake(
            f"there is no file {path}", f"check the path of {what}; it is read from {Path.cwd()}", code=USAGE
        )
    no_device(path, what)
    if most and path.stat().st_size > most:
        fix = f"name the file of {what} itself"
        raise Mistake(f"{path} is larger than {most:,} bytes, which {what} never is", fix, code=USAGE)
    with path.open("rb"):
        return path


def no_device(path: Path, what: str) -> None:
    """Raise Mistake for a device, a pipe or a socket: reading one may never end."""
    if path.exists() and not path.is_file() and not path.is_dir():
        fix = "write what it gives to a file first, and name that"
        raise Mistake(f"{path} is a device or a pipe, not {what}", fix, code=USAGE)


def moment_of(text: str, option: str) -> int:
    """Microseconds of a date such as 2018-07-25 (midnight UTC). Raises Mistake."""
    from jingwei.kernel.clock import parse_iso

    try:
        return parse_iso(text)
    except ValueError:
        raise Mistake(f"{option} {text!r} is not a date", "write it like 2018-07-25", code=USAGE) from None
