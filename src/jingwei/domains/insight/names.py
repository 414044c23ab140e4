"""Names of people as they sound: simplified or traditional, Chinese or in Latin letters, either order."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any, Final

_LATIN: Final = re.compile(r"[a-z]+")
_HAN: Final = re.compile(r"[㐀-鿿豈-﫿]")
_UMLAUT: Final = re.compile(r"(?<=[ln])(?:v|yu)")
"""The ü of 吕 is written u, v and, in passports, yu."""

_VOICED: Final = "\u3099\u309a"

MOST_WORDS: Final = 4

SURNAMES: Final = {"单": "shan", "解": "xie", "仇": "qiu", "曾": "zeng", "区": "ou", "查": "zha", "任": "ren"}
"""Surnames that are read otherwise than the same sign in other words."""


@lru_cache(maxsize=65_536)
def simplified(name: str) -> str:
    """A name in simplified signs and small letters, without spaces and dots between Chinese signs.

    Of a name without Chinese signs the words are left, in whatever letters they are written; "" for none.
    """
    plain = unicodedata.normalize("NFKC", name).casefold().strip()
    if not _HAN.search(plain):
        return " ".join("".join(sign if _of_a_word(sign) else " " for sign in _bare(plain)).split())
    return re.sub(r"[\s·•.]+", "", _to_simplified().convert(plain))


@lru_cache(maxsize=65_536)
def place(address: str) -> str:
    """An address in simplified signs and small letters, without spaces and stops; its numbers stay."""
    plain = unicodedata.normalize("NFKC", address).casefold()
    told = _to_simplified().convert(plain) if _HAN.search(plain) else _bare(plain)
    return re.sub(r"[\s·•.,，。]+", "", told)


def _of_a_word(sign: str) -> bool:
    """Whether a sign is a letter, or a mark that belongs to one."""
    return unicodedata.category(sign)[0] in "LM"


@cache
def _to_simplified() -> Any:
    """The table of signs; read when the first Chinese name comes, not when the bank starts."""
    from opencc import OpenCC

    return OpenCC("t2s")


def _bare(text: str) -> str:
    """Letters without their marks: é becomes e, ü becomes u. What voices a kana makes it another letter."""
    apart = unicodedata.normalize("NFD", text)
    left = "".join(sign for sign in apart if not unicodedata.combining(sign) or sign in _VOICED)
    return unicodedata.normalize("NFC", left)


@lru_cache(maxsize=16_384)
def _sound(sign: str) -> str:
    """How one Chinese sign is most often read, without tone."""
    from pypinyin import Style, pinyin

    read = pinyin(sign, style=Style.NORMAL, errors="ignore")
    return _UMLAUT.sub("u", _bare(read[0][0])) if read else sign


@lru_cache(maxsize=65_536)
def sounds(name: str) -> frozenset[str]:
    """Every way a name may sound as one word: one in letters with the surname first and last."""
    plain = simplified(name)
    if not plain:
        return frozenset()
    if _HAN.search(plain):
        signs = [sign for sign in plain if _HAN.match(sign)]
        read = [SURNAMES.get(signs[0], _sound(signs[0])), *map(_sound, signs[1:])]
        also = ["".join(words)] if (words := _LATIN.findall(plain)) else []
        return frozenset({"".join(read), *also})
    words = [_UMLAUT.sub("u", word) for word in plain.split()[:MOST_WORDS]]
    return frozenset({"".join(words[i:] + words[:i]) for i in range(len(words))})


def surname_sound(name: str) -> str:
    """How the surname sounds: of a Chinese name its first sign, of one in letters its first word."""
    plain = simplified(name)
    if _HAN.search(plain):
        return SURNAMES.get(plain[0], _sound(plain[0])) if _HAN.match(plain[0]) else plain[0]
    return plain.split()[0] if plain else ""


def near(one: str, other: str) -> bool:
    """Whether one change (a letter more, less or other, or two neighbours swapped) makes them the same.

    The optimal string alignment distance (Damerau, 1964) is at most 1.
    """
    if one == other:
        return True
    if abs(len(one) - len(other)) > 1:
        return False
    first = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if first is None:
        return True
    rest, others = one[first:], other[first:]
    if len(rest) == len(others):
        swapped = rest[:2] == others[1::-1] and rest[2:] == others[2:]
        return rest[1:] == others[1:] or swapped
    return rest[1:] == others if len(rest) > len(others) else rest == others[1:]
