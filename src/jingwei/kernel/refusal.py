"""Refusals are values: a code that reads like a sentence, worded in Chinese and English."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec


class Words(msgspec.Struct, frozen=True):
    """One sentence for people, in both languages; {name} is filled from the refusal's detail."""

    en: str
    zh: str

    def told(self, detail: dict[str, str]) -> Words:
        """The sentence with its blanks filled; a blank without a value shows as an ellipsis."""
        filled = _Blanks(detail)
        return Words(self.en.format_map(filled), self.zh.format_map(filled))


class _Blanks(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


class Refusal(msgspec.Struct, frozen=True):
    """Why something was not done: the code and the facts its sentence needs (text only)."""

    code: str
    detail: dict[str, str] = {}

    def words(self) -> Words:
        """The sentence in both languages."""
        words, reader = REFUSALS[self.code], DETAILS.get(self.code)
        if reader is None:
            return words.told(self.detail)
        both = {name: reader(value) for name, value in self.detail.items()}
        english, chinese = ({name: getattr(one, lang) for name, one in both.items()} for lang in ("en", "zh"))
        return Words(words.told(english).en, words.told(chinese).zh)


REFUSALS: dict[str, Words] = {}
"""Every refusal code of the bank with its words; rooms declare their own."""

DETAILS: dict[str, Callable[[str], Words]] = {}
"""Refusal codes whose details are sentences themselves, with what words them in both languages. What is kept
stays as it was told; it is worded when it is read."""


def word_details(codes: Iterable[str], reader: Callable[[str], Words]) -> None:
    """Have the details of these codes worded by `reader` whenever a refusal is told."""
    for code in codes:
        assert DETAILS.get(code, reader) is reader, f"the details of {code} are worded twice"
        DETAILS[code] = reader


def declare(codes: dict[str, Words]) -> None:
    """Add a room's refusal codes. A code declared twice with other words is a bug."""
    for code, words in codes.items():
        assert REFUSALS.get(code, words) == words, f"refusal code {code} is declared twice"
        REFUSALS[code] = words
