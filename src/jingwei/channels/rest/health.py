"""Health, readiness and metrics: alive, able to write, and how it goes."""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.responses import Response

from jingwei.channels.rest.counting import Counted
from jingwei.channels.rest.desk import Desk
from jingwei.channels.rest.paper import METERED, metered, plain
from jingwei.channels.rest.told import HealthTold, ReadyTold
from jingwei.channels.rest.views import answer
from jingwei.stores.store import StoreError

PROBE_BYTES = 65_536


def add_health(app: FastAPI, desk: Desk, counted: Counted) -> None:
    """Add /health, /ready and /metrics."""

    @app.get("/health", **plain(HealthTold, "Whether the process lives"))
    async def health() -> Response:
        """Always 200 while the process answers; it says when a model made by hand scores for a lost one."""
        lost = ", ".join(sorted(desk.home.warnings))
        why = f"the approved model cannot be loaded, one made by hand scores: {lost}; see jingwei doctor"
        return answer(HealthTold("alive", why if lost else ""))

    @app.get("/ready", **plain(ReadyTold, "Whether payments can be taken", 200, 503))
    async def ready(request: Request) -> Response:
        """200 while the bank can write; 503 from the moment its store fails until it can write again."""
        why = not_ready(desk)
        response = answer(ReadyTold("not_ready", why) if why else ReadyTold("ready"))
        response.status_code = 503 if why else 200
        return response

    @app.get("/metrics", **metered("Figures for Prometheus"))
    async def metrics() -> Response:
        """Decisions by result, latencies, batch sizes."""
        return Response(counted.text(), media_type=METERED)


def not_ready(desk: Desk) -> str:
    """Why no payment can be taken now, or ""."""
    try:
        desk.reader.size()
        if desk.joined.failed is not None:
            probe(desk.home.path)
            desk.home.store.set_notes({"probe": "written to see whether the store can write again"})
            desk.joined.failed = None
    except StoreError as error:
        return error.advice
    except OSError as error:
        return error.strerror or "the disk does not take what is written"
    return ""


def probe(home: Path) -> None:
    """Write and sync a small file where the bank lives; raises OSError while the disk does not take it."""
    path = home / "ready.probe"
    with path.open("wb") as file:
        file.write(bytes(PROBE_BYTES))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
