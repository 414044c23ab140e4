"""Finds the lines on which a policy file writes its fields, so that errors can name them."""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*\[\[?\s*\"?([A-Za-z0-9_-]+)\"?\s*\]")
_KEY = re.compile(r"\s*\"?([A-Za-z0-9_-]+)\"?\s*=")
_FENCES = ('"""', "'''")


def field_lines(written: str) -> dict[tuple[int | None, str], int]:
    """Line of each field: (place of the rule or None, field) -> line; a rule's own header is under ""."""
    lines: dict[tuple[int | None, str], int] = {}
    rule: int | None = None
    inside = ""
    for number, line in enumerate(written.splitlines(), 1):
        if not inside and (header := _HEADER.match(line)):
            lines.setdefault((None, header[1]), number)
            if header[1] == "rules":
                rule = 0 if rule is None else rule + 1
                lines[rule, ""] = number
        elif not inside and (found := _KEY.match(line)):
            lines.setdefault((rule, found[1]), number)
        inside = _fence_after(line, inside)
    return lines


def _fence_after(line: str, inside: str) -> str:
    """Which kind of text over several lines is open after this line; "" for none."""
    for fence in _FENCES:
        if inside in ("", fence) and line.count(fence) % 2:
            inside = "" if inside else fence
    return inside
