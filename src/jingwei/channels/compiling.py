"""Compiled passes made ready before the first customer comes: on two processors, once for an installation.

    python -m jingwei.channels.compiling     (`make install` does it)

Numba keeps what it compiled on disk, for every process. The hashing of the log is compiled in a process of
its own, while this one compiles the features; each takes some ten seconds. A bank opened without it does
the same before its first customer.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jingwei.audit.lanes import trusted

if TYPE_CHECKING:
    from jingwei.home import Home

LONGEST_S = 300
"""If the other process takes longer, the bank goes on without it and compiles what it needs itself."""

MODULE, HASHING = "jingwei.channels.compiling", "hashing"


def warm(home: Home) -> None:
    """Judge one made-up payment of each kind on a judge of its own, so that the first customer need not wait.

    Compiled features and models are loaded by it; the bank's own features and records do not change.
    """
    from jingwei.decisions.judge import Judge, Observed
    from jingwei.domains.fraud.features import FRAUD
    from jingwei.features.live import LiveFeatures
    from jingwei.home import MODEL_SLOTS, HomeCourt

    features = LiveFeatures(FRAUD)
    judge = Judge(features, home.bank.judge.columns[:-1])
    HomeCourt(home.path, home.registry).appoint(judge, home.store)
    now = home.clock.now()
    seen = [Observed(0, now, now, 100, "someone", "payee", "device", "terminal") for _ in MODEL_SLOTS]
    judge.judge(seen, list(MODEL_SLOTS))
    features.forget()


@contextmanager
def half_beside() -> Iterator[None]:
    """Compile the hashing in another process meanwhile; it is ready at the end."""
    other = subprocess.Popen([sys.executable, "-m", MODULE, HASHING], stdout=subprocess.DEVNULL)
    try:
        yield
        other.wait(LONGEST_S)
    except subprocess.TimeoutExpired:
        pass
    finally:
        other.kill()
        other.wait()


def main(half: bool) -> None:
    """Compile everything, or the hashing alone."""
    if half:
        trusted()
        return
    from jingwei.home import open_home

    print("Compiling what the bank computes with (once, about half a minute) ...", flush=True)
    with half_beside(), tempfile.TemporaryDirectory() as scratch:
        home = open_home(Path(scratch) / "home")
        warm(home)
        home.close()


if __name__ == "__main__":
    main(HASHING in sys.argv[1:])
