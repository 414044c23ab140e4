"""What makes the app installable: its manifest, icons, the worker, the page without a network."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

from jingwei.channels.release import release
from jingwei.channels.web.pages import GUARD
from jingwei.channels.web.phrases import LANGUAGES, say
from jingwei.channels.web.visit import Visit

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site

SIZES = (192, 512)
"""Widths of the icons, in pixels; static/ holds them, tools/draw_icons.py draws them."""


def add_installed(router: Router, site: Site) -> None:
    """Add /manifest.webmanifest, /worker.js, /offline, and /writing for pages that are open meanwhile."""

    async def manifest(visit: Visit) -> Response:
        return Response(msgspec.json.encode(manifest_of(visit.lang)), media_type="application/manifest+json")

    async def worker(_: Visit) -> Response:
        text = (files("jingwei.channels.web") / "static" / "worker.js").read_text("utf-8")
        headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
        return Response(text.replace("VERSION", release()), media_type="text/javascript", headers=headers)

    async def offline(visit: Visit) -> Response:
        return site.page(visit._replace(session=None), "offline.html")

    async def writing(visit: Visit) -> Response:
        under_way = site.desk.writing
        says = say(visit.lang, "writing.done")
        if under_way is not None:
            says = say(visit.lang, "writing").format(percent=under_way.percent)
        told = {"done": under_way is None, "says": says}
        return Response(msgspec.json.encode(told), headers=GUARD, media_type="application/json")

    site.add(router, "/writing", writing)
    site.add(router, "/manifest.webmanifest", manifest)
    site.add(router, "/worker.js", worker)
    site.add(router, "/offline", offline)


def manifest_of(lang: str) -> dict[str, Any]:
    """The web app manifest in this language."""
    return {
        "name": say(lang, "bank"),
        "short_name": say(lang, "bank"),
        "description": say(lang, "installed.says"),
        "lang": LANGUAGES[lang],
        "id": "/app",
        "start_url": "/app",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f5f8f9",
        "theme_color": "#0d4a63",
        "icons": [
            {
                "src": f"/static/icon-{size}.png",
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for size in SIZES
            for purpose in ("any", "maskable")
        ],
    }
