"""Draws the app's icons into static/: the bank's sign, white on blue. Run it after changing the sign."""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path

from jingwei.channels.web.installed import SIZES

INK, PAPER = (0x0D, 0x4A, 0x63), (0xFF, 0xFF, 0xFF)
THREADS: tuple[tuple[int, int, int, int, bool], ...] = (
    (9, 3, 9, 15, True), (9, 21, 9, 29, True), (16, 3, 16, 8, True), (16, 14, 16, 29, True),
    (23, 3, 23, 15, True), (23, 21, 23, 29, True), (3, 9, 6, 9, False), (12, 9, 29, 9, False),
    (3, 18, 20, 18, False), (26, 18, 29, 18, False), (3, 25, 6, 25, False), (12, 25, 29, 25, False),
)  # fmt: skip
"""The bank's sign on a field of 32 x 32: threads from (x, y) to (x, y); warp is drawn full, weft half."""


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


def main() -> None:
    """Write every size."""
    static = Path(sys.modules["jingwei.channels.web.installed"].__file__ or "").with_name("static")
    for size in SIZES:
        (static / f"icon-{size}.png").write_bytes(png(size))


if __name__ == "__main__":
    main()
