"""Every sentence of the web pages, in both languages, from the TOML files beside this one."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from jingwei.kernel.refusal import Words

LANGUAGES = {"en": "en", "zh": "zh-CN"}
"""The languages of the pages, by the name used in addresses and cookies, each with its HTML tag."""


class MissingPhrase(KeyError):
    """A page asks for a sentence that no file holds, or that one language lacks."""


@cache
def phrases() -> dict[str, Words]:
    """All sentences by key ("home.left_to_spend"). A key twice, or in one language only, is a bug."""
    found: dict[str, Words] = {}
    folder = files("jingwei.channels.web") / "phrases"
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if not file.name.endswith(".toml"):
            continue
        for key, words in tomllib.loads(file.read_text("utf-8")).items():
            if key in found:
                raise MissingPhrase(f"{key} stands twice, the second time in {file.name}")
            try:
                found[key] = Words(words["en"], words["zh"])
            except (KeyError, TypeError) as error:
                raise MissingPhrase(f"{key} in {file.name} needs en and zh") from error
    return found


def say(lang: str, key: str, /, **values: object) -> str:
    """The sentence in this language with its blanks filled. Raises MissingPhrase."""
    try:
        words = phrases()[key]
    except KeyError:
        raise MissingPhrase(key) from None
    text = words.zh if lang == "zh" else words.en
    return text.format_map(values) if values else text
