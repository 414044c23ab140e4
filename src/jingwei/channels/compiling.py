"""Compiled passes made ready before the first customer comes: on two processors, once for an installation.

Numba keeps what it compiled on disk, for every process. The hashing of the log is compiled by this module
in a process of its own, while the opening bank compiles the features; each takes about ten seconds.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from jingwei.audit.lanes import trusted

LONGEST_S = 300
"""If the other process takes longer, the bank goes on without it and compiles what it needs itself."""


@contextmanager
def half_beside() -> Iterator[None]:
    """Compile half of it in another process meanwhile; both halves are ready at the end."""
    other = subprocess.Popen([sys.executable, "-m", __name__], stdout=subprocess.DEVNULL)
    try:
        yield
        other.wait(LONGEST_S)
    except subprocess.TimeoutExpired:
        pass
    finally:
        other.kill()
        other.wait()


if __name__ == "__main__":
    trusted()
