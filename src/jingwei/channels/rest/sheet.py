"""The sheet every page of the bank is written on: frame, style, script, and the headers that guard it."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from html import escape
from importlib.resources import files
from typing import NamedTuple

from jingwei.channels.release import release
from jingwei.kernel.refusal import Words

LANGUAGES = {"en": "en", "zh": "zh-CN"}
"""The languages of the pages, by the name used in addresses, each with its HTML tag."""

WEAVE = (
    '<svg viewBox="0 0 32 32" aria-hidden="true" focusable="false" fill="none" stroke="currentColor"'
    ' stroke-width="3" stroke-linecap="round"><path d="M9 3v12M9 21v8M16 3v5M16 14v15M23 3v12M23 21v8"/>'
    '<path d="M3 9h3M12 9h17M3 18h17M26 18h3M3 25h3M12 25h17" opacity=".55"/></svg>'
)
"""The sign of the bank: warp and weft."""

ICON = "data:image/svg+xml," + (
    "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32' fill='none' stroke='%23227fa6'"
    " stroke-width='3' stroke-linecap='round'%3E%3Cpath d='M9 3v12M9 21v8M16 3v5M16 14v15M23 3v12M23 21v8"
    "M3 9h3M12 9h17M3 18h17M26 18h3M3 25h3M12 25h17'/%3E%3C/svg%3E"
)
_QUOTED = re.compile(r"`([^`]+)`")


class Asked(NamedTuple):
    """What a page is made for: its language ("en" or "zh") and the origin its examples call."""

    lang: str
    origin: str

    def say(self, en: str, zh: str) -> str:
        """The text in the page's language, safe inside HTML."""
        return escape(zh if self.lang == "zh" else en)

    def rich(self, en: str, zh: str) -> str:
        """The text in the page's language, as HTML; what stands between backticks is code."""
        return inline(zh if self.lang == "zh" else en)

    def words(self, words: Words) -> str:
        """Words in the page's language, safe inside HTML."""
        return self.say(words.en, words.zh)

    def to(self, path: str) -> str:
        """A link to a page of ours that keeps the language."""
        page, mark, anchor = path.partition("#")
        return escape(f"{page}?lang={self.lang}{mark}{anchor}")


@cache
def part(name: str) -> str:
    """The text of page.css or page.js, which stand beside this file."""
    return (files("jingwei.channels.rest") / name).read_text("utf-8")


@cache
def guard() -> dict[str, str]:
    """Headers of every page: only our style and script run, known by their SHA-256; nothing is fetched."""
    rules = {
        "default-src": "'none'",
        "style-src": _hash_of("page.css"),
        "script-src": _hash_of("page.js"),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in rules.items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
        "vary": "Accept-Language, Host",
    }


def _hash_of(name: str) -> str:
    digest = hashlib.sha256(part(name).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def prose(text: str) -> str:
    """Escaped paragraphs of a plain text; what stands between backticks is code."""
    paragraphs = (" ".join(one.split()) for one in text.split("\n\n"))
    return "".join(f"<p>{inline(one)}</p>" for one in paragraphs if one)


def inline(text: str) -> str:
    """One escaped line of a plain text; what stands between backticks is code."""
    return _QUOTED.sub(r"<code>\1</code>", escape(text))


def copied(asked: Asked, code: str, label: str) -> str:
    """A block of code with a button that copies it; `label`, plain text, says what it is."""
    return (
        f'<div class="code"><pre tabindex="0" role="region" aria-label="{escape(label)}">'
        f"<code>{escape(code)}</code></pre>"
        f'<button type="button" class="copy" hidden data-done="{asked.say("Copied", "已复制")}"'
        f' aria-live="polite">{asked.say("Copy", "复制")}</button></div>'
    )


def sheet(asked: Asked, path: str, title: str, main: str) -> str:
    """A whole page: `title` is plain text, `main` is HTML; `path` is where it stands ("/" or "/docs")."""
    return (
        f'<!doctype html>\n<html lang="{LANGUAGES[asked.lang]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title>"
        f'<link rel="icon" href="{ICON}">'
        f"<style>{part('page.css')}</style></head>\n<body>"
        f'<a class="skip" href="#main">{asked.say("Skip to content", "跳到正文")}</a>'
        f"{_top(asked, path)}\n"
        f'<main id="main" class="wide">{main}</main>\n'
        f'<footer><div class="wide">{asked.say("Jingwei, an open intelligent bank", "经纬，开放的智能银行")}'
        f" · {escape(release())} · Apache-2.0</div></footer>"
        f"<script>{part('page.js')}</script></body></html>\n"
    )


def _top(asked: Asked, path: str) -> str:
    pages = (("/", asked.say("Welcome", "首页")), ("/docs", asked.say("Interface", "接口")))
    links = "".join(
        f'<a href="{asked.to(where)}"{_current(where == path)}>{name}</a>' for where, name in pages
    )
    tongues = "".join(
        f'<a href="{path}?lang={lang}" hreflang="{tag}" lang="{tag}"{_current(lang == asked.lang, "true")}>'
        f"{name}</a>"
        for (lang, tag), name in zip(LANGUAGES.items(), ("English", "中文"), strict=True)
    )
    return (
        f'<header class="top"><div class="wide"><a class="brand" href="{asked.to("/")}">{WEAVE}'
        '<span>Jingwei <span lang="zh-CN">经纬</span></span></a>'
        f'<nav aria-label="{asked.say("Pages", "页面")}">{links}</nav>'
        f'<nav aria-label="{asked.say("Language", "语言")}">{tongues}</nav></div></header>'
    )


def _current(is_it: bool, value: str = "page") -> str:
    return f' aria-current="{value}"' if is_it else ""
