"""Names of payees: whether a written name is the account's, and how little of a stranger's name is shown."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opencc import OpenCC

MARKS = frozenset("·•.,'’-_ \u3000")
"""What stands between the parts of a name and does not tell names apart."""


class Match(StrEnum):
    """How a written name compares with the account's."""

    SAME = "same"
    CLOSE = "close"
    OTHER = "other"
    NO_ACCOUNT = "no_account"


@cache
def _simplifier() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")


def plain(name: str) -> str:
    """The name as it is compared: simplified characters, small letters, no accents, spaces or dots."""
    wide = unicodedata.normalize("NFKD", name).casefold()
    bare = "".join(c for c in wide if c not in MARKS and not unicodedata.combining(c) and not c.isspace())
    return str(_simplifier().convert(bare))


def compare(given: str, real: str) -> Match:
    """Compare a written name with the account's, whole or in one of its scripts (张三, Zhang San)."""
    wrote = plain(given)
    if not wrote:
        return Match.OTHER
    ways = {plain(real), *map(plain, scripts(real))} - {""}
    if wrote in ways:
        return Match.SAME
    turned = {"".join(sorted(plain(part) for part in way.split())) for way in scripts(real)}
    if "".join(sorted(plain(part) for part in given.split())) in turned:
        return Match.CLOSE
    return Match.CLOSE if any(_near(wrote, way) for way in ways) else Match.OTHER


def scripts(name: str) -> tuple[str, str]:
    """The name's part in Chinese characters and its part in other letters."""
    han = "".join(c if _is_han(c) else " " for c in name).strip()
    other = "".join(" " if _is_han(c) else c for c in name).strip()
    return han, other


def _is_han(c: str) -> bool:
    return unicodedata.name(c, "").startswith("CJK")


def _near(one: str, other: str) -> bool:
    """One letter away: two of Chinese characters' names must share two, of others three."""
    least = 3 if _is_han(other[0]) else 4
    if min(len(one), len(other)) < least - 1 or max(len(one), len(other)) < least:
        return False
    return distance(one, other) <= 1


def distance(one: str, other: str) -> int:
    """How many letters must be changed, added or left out (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def masked(name: str) -> str:
    """As little of a name as still lets one recognise it: **明, Z*** S***."""
    parts = []
    for part in name.split():
        han = all(_is_han(c) for c in part)
        parts.append("*" * min(len(part) - 1, 2) + part[-1] if han and len(part) > 1 else part[0] + "***")
    return " ".join(parts) or "***"
