"""The language a problem is told in: `detail` follows Accept-Language; `zh` and `en` are always there."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from starlette.types import Message, Send

from jingwei.channels.problems import Body
from jingwei.channels.rest.reading import Headers

_TONGUE = re.compile(r"\s*(zh|en|\*)(?:-[a-z0-9-]+)?\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?", re.I)
MOST = 500
"""Characters of Accept-Language that are looked at."""


def liked(accept: str) -> str:
    """ "zh" or "en": what this Accept-Language likes better, else English."""
    weights: dict[str, float] = {}
    for one in accept[:MOST].split(","):
        if found := _TONGUE.fullmatch(one):
            tongue = found[1].lower()
            weights[tongue] = max(weights.get(tongue, 0.0), float(found[2] or 1))
    others = weights.get("*", 0.0)
    return "zh" if weights.get("zh", others) > weights.get("en", others) else "en"


def speaks_chinese(headers: Headers) -> bool:
    """Whether who asks likes Chinese better."""
    return any(
        name == b"accept-language" and liked(value.decode("latin-1")) == "zh" for name, value in headers
    )


def in_chinese(problem: bytes) -> bytes:
    """A problem's bytes with its detail in Chinese."""
    told = msgspec.json.decode(problem, type=Body)
    return msgspec.json.encode(msgspec.structs.replace(told, detail=told.zh))


def chinese(send: Send) -> Send:
    """A `send` that tells problems in Chinese and leaves everything else as it is."""
    held: list[Message] = []

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            if (b"content-type", b"application/problem+json") in message["headers"]:
                held.append(message)
                return
        elif held:
            start, body = held.pop(), in_chinese(message["body"])
            start["headers"] = [*_without_length(start), (b"content-length", b"%d" % len(body))]
            await send(start)
            message = {**message, "body": body}
        await send(message)

    return told


def _without_length(start: Message) -> list[Any]:
    return [(name, value) for name, value in start["headers"] if name != b"content-length"]
