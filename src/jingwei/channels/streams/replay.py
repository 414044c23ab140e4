"""Replay: the card stream through a home's bank, timed and counted."""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import Any

from jingwei.channels.streams.card_stream import FEW, CardFile, Progress, Tally, parts_of, run
from jingwei.home import open_home
from jingwei.kernel.clock import ManualClock


def replay(
    home_path: Path,
    file: Path,
    *,
    limit: int = 0,
    batch: int = 4096,
    progress: Progress = lambda done, total: None,
) -> dict[str, Any]:
    """Bring the first `limit` payments of a card file (0: all) through the bank at `home_path`.

    Returns the counts of `Tally`, seconds, decisions_per_second, audit_root (hex) and peak_rss_mb; the
    same file gives the same root for every batch size. Raises StreamError, StoreError.
    """
    cards = CardFile(file)
    total = min(limit, cards.rows) if limit else cards.rows
    first = next(iter(cards.chunks(1)), None)
    start = int(first["at"][0]) if first is not None and len(first["at"]) else 0
    clock = ManualClock(start)
    home = open_home(home_path, clock, pipelined=batch >= FEW)
    try:
        began = time.perf_counter()

        def told(tally: Tally) -> None:
            progress(tally.decisions, total)

        tally = run(home.bank, parts_of(cards, total, file.stem), batch, told)
        seconds = time.perf_counter() - began
        clock.at = cards.last_at(total)
        cards.close()
        _, root = home.store.root()
    finally:
        home.close()
    peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "decisions": tally.decisions,
        "seconds": round(seconds, 3),
        "decisions_per_second": round(tally.decisions / seconds) if seconds else 0,
        "allowed": tally.allowed,
        "stepped_up": tally.stepped_up,
        "held": tally.held,
        "refused": tally.refused,
        "postings": tally.postings,
        "replayed": tally.replayed,
        "not_taken": tally.not_taken,
        "audit_root": root.hex(),
        "last_decision": tally.last_decision,
        "peak_rss_mb": round(peak / 1024, 1),
    }
