"""What makes the app installable: its manifest, icons, the worker, the page without a network."""

from __future__ import annotations

import struct
import zlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

from jingwei.channels.release import release
from jingwei.channels.web.phrases import LANGUAGES, say
from jingwei.channels.web.visit import Visit

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site

INK, PAPER = (0x0D, 0x4A, 0x63), (0xFF, 0xFF, 0xFF)
SIZES = (192, 512)
THREADS: tuple[tuple[int, int, int, int, bool], ...] = (
    (9, 3, 9, 15, True), (9, 21, 9, 29, True), (16, 3, 16, 8, True), (16, 14, 16, 29, True),
    (23, 3, 23, 15, True), (23, 21, 23, 29, True), (3, 9, 6, 9, False), (12, 9, 29, 9, False),
    (3, 18, 20, 18, False), (26, 18, 29, 18, False), (3, 25, 6, 25, False), (12, 25, 29, 25, False),
)  # fmt: skip
"""The bank's sign on a field of 32 x 32: threads from (x, y) to (x, y); warp is drawn full, weft half."""


def add_installed(router: Router, site: Site) -> None:
    """Add /manifest.webmanifest, /worker.js, /offline and the icons."""

    async def manifest(visit: Visit) -> Response:
        return Response(msgspec.json.encode(manifest_of(visit.lang)), media_type="application/manifest+json")

    async def worker(_: Visit) -> Response:
        text = (files("jingwei.channels.web") / "static" / "worker.js").read_text("utf-8")
        headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
        return Response(text.replace("VERSION", release()), media_type="text/javascript", headers=headers)

    async def offline(visit: Visit) -> Response:
        return site.page(visit._replace(session=None), "offline.html")

    async def icon(visit: Visit) -> Response:
        size = visit.request.path_params["size"]
        drawn = png(size) if size in SIZES else b""
        headers = {"cache-control": "public, max-age=86400", "x-content-type-options": "nosniff"}
        return Response(drawn, 200 if drawn else 404, headers, "image/png")

    site.add(router, "/manifest.webmanifest", manifest)
    site.add(router, "/worker.js", worker)
    site.add(router, "/offline", offline)
    site.add(router, "/icon-{size:int}.png", icon)


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
            {"src": f"/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
            for size in SIZES
            for purpose in ("any", "maskable")
        ],
    }


@cache
def png(size: int) -> bytes:
    """The bank's sign as a PNG of this many pixels each way, drawn here: no picture file to go stale.

    The sign fills the middle 70 % so that a maskable icon may be cut round. The format is RFC 2083's:
    signature, then IHDR, IDAT and IEND chunks, each with its length and CRC-32.
    """
    rows = b"".join(b"\0" + _row(size, y) for y in range(size))
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def _row(size: int, y: int) -> bytes:
    """One line of pixels, RGB: threads are three units wide with round ends."""
    line = bytearray(bytes(INK) * size)
    unit = 32 / 0.7 / size
    down = (y + 0.5) * unit - (32 / 0.7 - 32) / 2
    near = [thread for thread in THREADS if thread[1] - 1.5 <= down <= thread[3] + 1.5]
    for x in range(size) if near else ():
        across = (x + 0.5) * unit - (32 / 0.7 - 32) / 2
        for x1, y1, x2, y2, warp in near:
            dx, dy = across - min(max(across, x1), x2), down - min(max(down, y1), y2)
            if dx * dx + dy * dy <= 2.25:
                line[3 * x : 3 * x + 3] = bytes(PAPER if warp else _mixed())
                if warp:
                    break
    return bytes(line)


def _mixed() -> tuple[int, ...]:
    return tuple((9 * ink + 11 * paper) // 20 for ink, paper in zip(INK, PAPER, strict=True))
