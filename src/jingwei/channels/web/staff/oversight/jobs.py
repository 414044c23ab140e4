"""Work that takes longer than a page: one at a time, on a thread of its own, with its progress."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

from jingwei.audit.heads import KeyFileError
from jingwei.models.contract import ModelError
from jingwei.stores.store import StoreError

KEPT = 30
Tell = Callable[[int, int], None]


class Job:
    """Something under way: `done` of `total` records; then `result`, or `failed` says why there is none.

    `rules` is the name and version of the policy that is tried, "" where none is.
    """

    def __init__(self, kind: str, about: str, by: str, at: int, rules: str = "") -> None:
        self.id = secrets.token_hex(8)
        self.kind = kind
        self.about = about
        self.rules = rules
        self.by = by
        self.at = at
        self.done, self.total = 0, 0
        self.result: Any = None
        self.failed = ""
        self.over = False
        self.took_s = 0.0

    @property
    def percent(self) -> int:
        """How far it is."""
        return 100 * self.done // self.total if self.total else 0

    def tell(self, done: int, total: int) -> None:
        """Note how far it is, and let the bank's own thread go first."""
        self.done, self.total = done, total
        time.sleep(0)


class Jobs:
    """The newest jobs; at most one is under way, for payments come first."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}

    def start(self, job: Job, work: Callable[[Tell], Any]) -> Job | None:
        """Begin it; None while another one is under way."""
        if any(not one.over for one in self._jobs.values()):
            return None
        self._jobs[job.id] = job
        while len(self._jobs) > KEPT:
            del self._jobs[next(iter(self._jobs))]
        threading.Thread(target=_run, args=(job, work), name=f"job-{job.kind}", daemon=True).start()
        return job

    def find(self, some_id: str) -> Job | None:
        """The job with this id, or None."""
        return self._jobs.get(some_id)

    def newest(self, kind: str, about: str = "") -> Job | None:
        """The newest job of a kind, about this thing when named."""
        fitting = (one for one in reversed(self._jobs.values()) if one.kind == kind)
        return next((one for one in fitting if not about or one.about == about), None)


def _run(job: Job, work: Callable[[Tell], Any]) -> None:
    began = time.perf_counter()
    try:
        job.result = work(job.tell)
    except (StoreError, ModelError, KeyFileError, ValueError, OSError) as error:
        job.failed = str(error)
    finally:
        job.took_s = time.perf_counter() - began
        if job.result is None and not job.failed:
            job.failed = "a bug of the program; its log says more"
        job.over = True
