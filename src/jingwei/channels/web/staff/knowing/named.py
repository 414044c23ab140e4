"""What sources, kinds, categories and fields are called on the pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from jingwei.channels.sources.shipped import shipped
from jingwei.channels.web.phrases import phrases, say
from jingwei.domains.insight.happenings import KINDS

OURS: dict[Any, str] = {"en": "Our own books", "zh": "本行账簿"}
Named = Callable[[str], str]


@cache
def _sources() -> dict[str, dict[Any, str]]:
    return {one.mapping.source: {**one.mapping.title} for one in shipped()} | {"bank": OURS}


def source_name(lang: str) -> Named:
    """What a source system is called: as its mapping says, else by its own name."""
    return lambda source: _sources().get(source, {}).get("zh" if lang == "zh" else "en", source)


def kind_name(lang: str) -> Named:
    """What a kind of happening is called."""

    def named(kind: str) -> str:
        words = KINDS[kind].words
        return words.zh if lang == "zh" else words.en

    return named


def category_name(lang: str) -> Named:
    """What a category is called; one nobody worded stands as the source writes it."""

    def named(category: str) -> str:
        key = f"category.{category}"
        return say(lang, key) if key in phrases() else category

    return named
