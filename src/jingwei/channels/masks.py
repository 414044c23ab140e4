"""Masks: what of a name, number or date staff see before they say what they need it for."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\s·]+")


def masked_name(name: str) -> str:
    """Only the first letter of each part: "Alice 爱丽丝" is "A•••• 爱••"."""
    return _WORD.sub(lambda word: word[0][0] + "•" * min(len(word[0]) - 1, 4), name)


def masked_number(number: str) -> str:
    """Only the ends of an account number: "6222021234567" is "62••67"; a short one shows its first sign."""
    if len(number) < 6:
        return number[:1] + "•" * max(len(number) - 1, 0)
    return f"{number[:2]}••••{number[-2:]}"


def masked_date(date: str) -> str:
    """Only the year of an ISO date; nothing of one that is not known."""
    return f"{date[:4]}-••-••" if date else ""
