"""A fence round what a test may write: whoever runs the tests, nothing outside of its folders is touched.

The words tried on the command line are paths, too, and tests are often run by root: `--out /etc/passwd` must
not be a matter of luck. Python tells every file it opens, makes, moves or removes to an audit hook (PEP 578);
libraries that open files in C are not seen, and no command hands them a name to write to.
"""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = {
    "os.mkdir": 1, "os.rmdir": 1, "os.remove": 1, "os.truncate": 1, "os.chmod": 1, "os.chown": 1,
    "os.rename": 2, "os.link": 2, "os.symlink": 2, "sqlite3.connect": 1,
}  # fmt: skip
"""What changes files, and how many of its first arguments are paths."""

DEVICES = {f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom")}

_open: list[str] = []


@contextmanager
def fenced(*folders: Path) -> Iterator[None]:
    """Within it, writing anywhere but in these folders and the one for temporary files is not permitted."""
    _hook()
    before = list(_open)
    _open[:] = [os.path.realpath(one) for one in (*folders, tempfile.gettempdir())]
    try:
        yield
    finally:
        _open[:] = before


@cache
def _hook() -> None:
    sys.addaudithook(_see)  # it cannot be taken away again; without a fence it lets everything pass


def _see(event: str, arguments: tuple[Any, ...]) -> None:
    if not _open:
        return
    if event == "open":
        paths = arguments[:1] if arguments[2] & WRITES else ()
    else:
        paths = arguments[: CHANGES.get(event, 0)]
    for path in paths:
        if isinstance(path, (str, bytes, os.PathLike)) and not _inside(os.fsdecode(path)):
            raise PermissionError(errno.EACCES, "Permission denied: outside the fence", os.fsdecode(path))


def _inside(path: str) -> bool:
    real = os.path.realpath(path)
    if real in DEVICES or "/__pycache__/" in real or path == ":memory:":
        return True
    if path.startswith("file:"):
        return path.endswith("?mode=ro")
    return any(real == one or real.startswith(one + os.sep) for one in _open)
